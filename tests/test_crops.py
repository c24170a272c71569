from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fasrepro import crops
from fasrepro.provenance import pixel_hash


def test_a_crop_comes_back_as_it_was(tmp_path: Path) -> None:
    rgb = np.arange(7 * 6 * 3, dtype=np.uint8).reshape(7, 6, 3)
    sha256 = crops.write_crop(tmp_path / "a" / "b.png", rgb)
    assert sha256 == pixel_hash(rgb)
    assert np.array_equal(np.asarray(crops.read_crop(tmp_path, "a/b.png", sha256)), rgb)
    assert crops.read_png(tmp_path, "a/b.png", sha256)[0] == (tmp_path / "a" / "b.png").read_bytes()


def test_a_crop_that_is_missing_broken_or_another_is_an_error(tmp_path: Path) -> None:
    sha256 = crops.write_crop(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(crops.CropError, match=r"b\.png: no such crop"):
        crops.read_crop(tmp_path, "b.png", sha256)
    crops.write_crop(tmp_path / "a.png", np.ones((4, 4, 3), np.uint8))
    with pytest.raises(crops.CropError, match=r"a\.png: its pixels are not those of the index"):
        crops.read_crop(tmp_path, "a.png", sha256)
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    with pytest.raises(crops.CropError, match=r"a\.png: not a readable picture"):
        crops.read_crop(tmp_path, "a.png", sha256)
