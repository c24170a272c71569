"""Bytes per frame, of small videos."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from fasrepro.archives import formats, threedmad, wmca
from fasrepro.archives.layout import WHOLE, ArchiveError, MediaFile, Reading
from fasrepro.data import file_sizes
from tests import videos


def reading_of(folder: Path) -> Callable[[str], tuple[Path, Reading]]:
    return lambda name: formats.read(folder, name, "")


def noisy(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (64, 96, 3), dtype=np.uint8) for _ in range(count)]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".avi"])
def test_bytes_per_frame_is_file_size_over_frames(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"v{suffix}"
    videos.write(path, noisy(13))
    assert file_sizes.bytes_per_frame(path) == pytest.approx(path.stat().st_size / 13)


@pytest.mark.parametrize("official", [wmca, threedmad])
def test_an_hdf5_file_is_counted_by_the_frames_in_it(tmp_path: Path, official: ModuleType) -> None:
    path = tmp_path / "v.hdf5"
    official.write_frames(path, noisy(4))
    assert file_sizes.bytes_per_frame(path) == pytest.approx(path.stat().st_size / 4)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_still_image_is_one_frame(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"v{suffix}"
    Image.fromarray(noisy(1)[0]).save(path)
    assert file_sizes.bytes_per_frame(path) == path.stat().st_size


def test_only_the_requested_presentations_are_read(tmp_path: Path) -> None:
    root = tmp_path / "CASIA-FASD"
    videos.write(root / "train_release/1/1.avi", noisy(6))
    (root / "train_release/1/2.avi").write_bytes(b"no video, and not asked for")
    sizes = file_sizes.of_presentations(reading_of(tmp_path), ["casia/train_release/1/1"])
    assert sizes == {"casia/train_release/1/1": (root / "train_release/1/1.avi").stat().st_size / 6}


def test_progress_is_shown_for_each_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "CASIA-FASD"
    for number in (1, 2):
        videos.write(root / f"train_release/1/{number}.avi", noisy(6))
    shown: list[tuple[int, int]] = []
    monkeypatch.setattr(file_sizes.progress, "to_stderr", lambda what, total: lambda done: shown.append((done, total)))
    file_sizes.of_presentations(reading_of(tmp_path), ["casia/train_release/1/1", "casia/train_release/1/2"])
    assert shown == [(1, 2), (2, 2)]


def test_a_broken_or_missing_video_is_an_error(tmp_path: Path) -> None:
    root = tmp_path / "CASIA-FASD"
    videos.write(root / "train_release/1/1.avi", noisy(6))
    (root / "train_release/1/2.avi").write_bytes(b"no video")
    with pytest.raises(ArchiveError, match=r"train_release/1/2\.avi: not readable as a video"):
        file_sizes.of_presentations(reading_of(tmp_path), ["casia/train_release/1/2"])
    with pytest.raises(ArchiveError, match=r"no video of casia/train_release/9/1, which the index names"):
        file_sizes.of_presentations(reading_of(tmp_path), ["casia/train_release/1/1", "casia/train_release/9/1"])


def test_pictures_have_their_mean_size_and_a_listed_video_its_own(tmp_path: Path) -> None:
    (tmp_path / "1.png").write_bytes(b"x" * 10)
    (tmp_path / "2.png").write_bytes(b"x" * 40)
    assert file_sizes.of_files(tmp_path, [MediaFile("1.png", 5, WHOLE), MediaFile("2.png", 10, WHOLE)]) == 25.0
    videos.write(tmp_path / "v.avi", noisy(5))
    assert file_sizes.of_files(tmp_path, [MediaFile("v.avi", None, None)]) == (tmp_path / "v.avi").stat().st_size / 5
