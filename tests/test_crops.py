from __future__ import annotations

import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fasrepro import crops
from fasrepro.hashing import pixel_hash, sha256_file


def picture(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (9, 7, 3), dtype=np.uint8)


def write(folder: Path, pictures: dict[str, np.ndarray]) -> dict[str, str]:
    """Pack `pictures` and return the hash of each."""
    encoded = {name: crops.encode(rgb) for name, rgb in pictures.items()}
    with crops.packed(folder) as add:
        for name, (data, _) in encoded.items():
            add(name, data)
    return {name: sha256 for name, (_, sha256) in encoded.items()}


def test_a_crop_comes_back_as_it_was(tmp_path: Path) -> None:
    pictures = {"a/x/y_0020.png": picture(1), "b/y_0020.png": picture(2), "a/x/y_0045.png": picture(3)}
    hashes = write(tmp_path / "crops", pictures)
    assert sorted(path.name for path in (tmp_path / "crops").iterdir()) == ["a.zip", "b.zip"]
    for name, rgb in pictures.items():
        assert hashes[name] == pixel_hash(rgb)
        data, image = crops.read_png(tmp_path / "crops", name, hashes[name])
        assert data == crops.encode(rgb)[0]
        assert np.array_equal(np.asarray(image), rgb)


def test_a_pack_is_a_plain_zip_file_of_stored_members_and_the_same_bytes_again(tmp_path: Path) -> None:
    pictures = {f"a/{number}.png": picture(number) for number in range(5)}
    write(tmp_path / "one", pictures)
    write(tmp_path / "two", pictures)
    assert sha256_file(tmp_path / "one" / "a.zip") == sha256_file(tmp_path / "two" / "a.zip")
    with zipfile.ZipFile(tmp_path / "one" / "a.zip") as pack:
        assert pack.testzip() is None
        assert pack.namelist() == [f"{number}.png" for number in range(5)]
        assert {info.compress_type for info in pack.infolist()} == {zipfile.ZIP_STORED}


def test_a_crop_that_is_missing_broken_or_another_is_an_error(tmp_path: Path) -> None:
    sha256 = write(tmp_path, {"a/x.png": picture(1)})["a/x.png"]
    with pytest.raises(crops.CropError, match=r"b\.zip: no such file of crops; `dvc repro index`"):
        crops.read_crop(tmp_path, "b/x.png", sha256)
    with pytest.raises(crops.CropError, match=r"a\.zip: y\.png: no such crop"):
        crops.read_crop(tmp_path, "a/y.png", sha256)
    write(tmp_path, {"a/x.png": picture(2)})  # another file under the same name is seen
    with pytest.raises(crops.CropError, match=r"a\.zip: x\.png: its pixels are not those of the index"):
        crops.read_crop(tmp_path, "a/x.png", sha256)
    with crops.packed(tmp_path) as add:
        add("a/x.png", b"\x89PNG")
    with pytest.raises(crops.CropError, match=r"a\.zip: x\.png: not a readable picture"):
        crops.read_crop(tmp_path, "a/x.png", sha256)
    whole = (tmp_path / "a.zip").read_bytes()
    (tmp_path / "a.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(crops.CropError, match=r"a\.zip: not a readable file of crops.*--force index"):
        crops.read_crop(tmp_path, "a/x.png", sha256)


def test_threads_read_one_pack_at_a_time_of_their_own(tmp_path: Path) -> None:
    hashes = write(tmp_path, {f"a/{number}.png": picture(number) for number in range(40)})
    wrong: list[str] = []

    def read(first: int) -> None:
        for step in range(200):
            number = (first + 7 * step) % 40
            image = crops.read_crop(tmp_path, f"a/{number}.png", hashes[f"a/{number}.png"])
            if not np.array_equal(np.asarray(image), picture(number)):
                wrong.append(f"{first}: {number}")

    threads = [threading.Thread(target=read, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_block_that_fails_leaves_its_own_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="stop"), crops.packed(tmp_path) as add:
        add("a/x.png", b"x")
        raise KeyError("stop")


def test_a_pack_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "crops").write_text("a file where the folder belongs")
    with (
        pytest.raises(crops.CropError, match=r"crops/a\.zip: cannot be written: File exists; make room"),
        crops.packed(tmp_path / "crops") as add,
    ):
        add("a/x.png", b"x")
