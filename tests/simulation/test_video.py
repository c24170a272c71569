"""Video files: reproducible bytes, and decoded frames."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from fasrepro.hashing import sha256_file
from fasrepro.simulation.video import recode, write_still, write_video


def moving(count: int = 8) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    picture = cv2.GaussianBlur(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8), (0, 0), 3)
    return [np.roll(picture, 2 * number, axis=1) for number in range(count)]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".avi"])
def test_videos_are_reproducible_and_decode_to_their_frames(tmp_path: Path, suffix: str) -> None:
    frames = moving()
    for name in ("a", "b"):
        assert write_video(tmp_path / f"{name}{suffix}", frames, 25, crf=20, quantiser=3) == 8
    assert sha256_file(tmp_path / f"a{suffix}") == sha256_file(tmp_path / f"b{suffix}")
    with av.open(str(tmp_path / f"a{suffix}")) as container:
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(decoded) == 8
    assert np.abs(decoded[3].astype(int) - frames[3]).mean() < 8
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"a{suffix}", f"b{suffix}"]
    assert np.array_equal(recode(frames, suffix, 25, crf=20, quantiser=3), decoded)


def test_lower_quality_loses_more_of_the_frames() -> None:
    frames = moving(2)
    fine, coarse = (recode(frames, ".mp4", 25, crf=crf, quantiser=1)[0] for crf in (15, 40))
    assert np.abs(fine.astype(int) - frames[0]).mean() < np.abs(coarse.astype(int) - frames[0]).mean()


@pytest.mark.parametrize(("suffix", "worst"), [(".jpg", 8.0), (".png", 0.0)])
def test_a_still_image_is_reproducible_and_decodes_to_its_frame(tmp_path: Path, suffix: str, worst: float) -> None:
    (frame,) = moving(1)
    for name in ("a", "b"):
        write_still(tmp_path / f"{name}{suffix}", frame, crf=20)
    assert sha256_file(tmp_path / f"a{suffix}") == sha256_file(tmp_path / f"b{suffix}")
    decoded = cv2.cvtColor(cv2.imread(str(tmp_path / f"a{suffix}")), cv2.COLOR_BGR2RGB)
    assert np.abs(decoded.astype(int) - frame).mean() <= worst
    (recoded,) = recode([frame], suffix, 25, crf=20, quantiser=3)
    assert np.array_equal(recoded, decoded)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".avi"])
def test_a_suffix_in_capitals_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name in (f"a{suffix}", f"b{suffix.upper()}"):
        write_video(tmp_path / name, moving(3), 25, crf=20, quantiser=3)
    assert sha256_file(tmp_path / f"a{suffix}") == sha256_file(tmp_path / f"b{suffix.upper()}")


def test_whole_frames_stay_as_they_are() -> None:
    frames = moving(3)
    assert np.array_equal(recode(frames, ".hdf5", 25, 20, 3), frames)
