"""Decoding, on files that PyAV really writes and that are then broken."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fasrepro.data.frames import VideoError, decode
from fasrepro.synthetic.video import write_video


def grey_frames(count: int) -> list[np.ndarray]:
    """Frames whose brightness tells their number."""
    return [np.full((64, 96, 3), 40 + 3 * number, np.uint8) for number in range(count)]


def noisy_frames(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (64, 96, 3), dtype=np.uint8) for _ in range(count)]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".avi"])
def test_every_fifth_frame_is_kept_and_is_the_right_one(tmp_path: Path, suffix: str) -> None:
    write_video(tmp_path / f"v{suffix}", grey_frames(52), 25, 2)
    frames = decode(tmp_path / f"v{suffix}", 5)
    assert frames.count == 52
    assert list(frames.kept) == list(range(0, 52, 5))
    for number in frames.kept:
        assert abs(frames.rgb(number).mean() - (40 + 3 * number)) < 3
    assert frames.grey(5).shape == (64, 96)


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("no video at all\n" * 50)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".avi"])
@pytest.mark.parametrize(
    ("fault", "message"),
    [(cut_in_half, r"truncated: \d+ of 52|not decodable"), (empty, "empty file"), (text, "not decodable")],
)
def test_broken_videos_are_named_errors(tmp_path: Path, suffix: str, fault: Callable[[Path], None], message: str) -> None:
    path = tmp_path / f"v{suffix}"
    write_video(path, noisy_frames(52), 25, 20)
    fault(path)
    with pytest.raises(VideoError, match=message):
        decode(path, 5)


def test_a_video_of_no_frames_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    write_video(path, noisy_frames(2), 25, 20)
    data = path.read_bytes()
    at = data.index(b"movi") + 4  # nothing but the headers is left
    path.write_bytes(data[:at])
    with pytest.raises(VideoError, match=r"no frames|not decodable|truncated"):
        decode(path, 5)
