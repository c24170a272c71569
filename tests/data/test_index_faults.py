"""Broken files of still-image and HDF5 archives cost themselves, each with its reason."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fasrepro import archives
from fasrepro.archives import threedmad, wmca
from fasrepro.archives.layout import Exclusion
from fasrepro.data import index
from fasrepro.data.settings import IndexSettings

SETTINGS = IndexSettings(every=5, first=4, min_face=30, neighbours=0, max_exclusion_rate=0.05, crop="tight")
NOISE = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)


def save_image(path: Path) -> None:
    Image.fromarray(NOISE).save(path)


@pytest.mark.parametrize(
    ("name", "size", "write", "reason"),
    [
        ("celeba_spoof", {"train": 1, "test": 0, "live": 1, "per_type": 1}, save_image, "not decodable: image file is truncated"),
        ("wfas", {"living": 1, "per_type": 0, "images": 1}, save_image, "not decodable: image file is truncated"),
        ("casia_surf", {"train": 1, "dev": 0, "test": 0}, save_image, "not decodable: image file is truncated"),
        ("threedmad", {"subjects": 1, "takes": 1}, lambda path: threedmad.write_frames(path, [NOISE]), "not a whole HDF5 file"),
        ("wmca", {"share": 0.001}, lambda path: wmca.write_frames(path, [NOISE]), "not a whole HDF5 file"),
    ],
)
def test_a_file_that_was_cut_off_is_excluded_with_its_reason(
    name: str, size: dict[str, int], write: Callable[[Path], None], reason: str, tmp_path: Path
) -> None:
    shown = archives.plan(name, size)[0]
    path = tmp_path / shown.path
    path.parent.mkdir(parents=True)
    write(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    result = index.index_video(tmp_path, shown, SETTINGS, [])
    assert isinstance(result, Exclusion)
    assert (result.path, result.by_design) == (shown.path, False)
    assert reason in result.reason and str(tmp_path) not in result.reason
