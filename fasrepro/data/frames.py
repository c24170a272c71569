"""Frames of a video file, decoded with PyAV and turned upright."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import av
import numpy as np

KEPT_BYTES = 256 << 20  # of decoded frames of one video that may be held: 86 frames of 1920 x 1080; the rest is read again
WHOLE = 0.9  # a video that yields less than this share of the frames that its header declares is truncated


class VideoError(ValueError):
    """A video that cannot be decoded whole; the message says why, and does not name the file."""


@dataclasses.dataclass(frozen=True, slots=True)
class Frames:
    """Some frames of a video, the first of them kept as decoded, and how many frames there are in all.

    `sizes` has every candidate frame's stored height and width; those that are not in `kept` are to be had by `look`. `turns` are
    the quarter turns, counter-clockwise, that make a decoded frame upright: all methods speak of the upright frame.
    """

    count: int
    kept: dict[int, av.VideoFrame]
    sizes: dict[int, tuple[int, int]]
    turns: int = 0

    @property
    def candidates(self) -> list[int]:
        """The candidate frames' numbers, in order."""
        return list(self.sizes)

    def size(self, number: int) -> tuple[int, int]:
        """Return a candidate frame's height and width in pixels."""
        height, width = self.sizes[number]
        return (width, height) if self.turns % 2 else (height, width)

    def rgb(self, number: int) -> np.ndarray:
        """Return a kept frame as uint8 RGB of (height, width, 3)."""
        return self._upright(number, "rgb24")

    def grey(self, number: int) -> np.ndarray:
        """Return a kept frame as uint8 of (height, width)."""
        return self._upright(number, "gray")

    def _upright(self, number: int, pixels: str) -> np.ndarray:
        try:
            stored = self.kept[number].to_ndarray(format=pixels)
        except av.FFmpegError as error:
            raise VideoError(f"frame {number}: no picture: {error.strerror}") from None
        return np.ascontiguousarray(np.rot90(stored, self.turns)) if self.turns else stored


def stream(path: Path) -> Iterator[tuple[int, av.VideoFrame]]:
    """Decode a video whole and yield its frames, numbered from 0.

    Raises `VideoError` for a file that is empty, no video, without frames, broken, or truncated; the last two perhaps after
    some frames.
    """
    if path.stat().st_size == 0:
        raise VideoError("empty file")
    count = 0
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise VideoError("no video stream")
            video = container.streams.video[0]
            declared = video.frames
            video.codec_context.thread_count = 1
            for frame in container.decode(video):
                yield count, frame
                count += 1
    except av.FFmpegError as error:
        raise VideoError(f"not decodable after {count} frames: {error.strerror}") from None
    if not count:
        raise VideoError("no frames")
    if count < WHOLE * declared:
        raise VideoError(f"truncated: {count} of {declared} frames")


def decode(path: Path, every: int, turns: int | None = 0) -> Frames:
    """Decode a video whole; its frames 0, `every`, 2 `every`, ... are candidates, and kept as long as `KEPT_BYTES` hold them.

    With `turns` None, frames are turned as the file asks a player to. Raises `VideoError`.
    """
    kept: dict[int, av.VideoFrame] = {}
    sizes: dict[int, tuple[int, int]] = {}
    held, number = 0, -1
    for number, frame in stream(path):
        if turns is None:
            turns = round(frame.rotation / 90) % 4
        if number % every:
            continue
        sizes[number] = (frame.height, frame.width)
        held += sum(plane.buffer_size for plane in frame.planes)
        if held <= KEPT_BYTES:
            kept[number] = frame
    return Frames(number + 1, kept, sizes, turns or 0)


def one_by_one(path: Path, numbers: Collection[int], turns: int) -> Iterator[Frames]:
    """Decode a video again and yield each of the frames `numbers` that it has, alone, so that only one is held at a time."""
    last = max(numbers, default=-1)
    for number, frame in stream(path):
        if number in numbers:
            yield Frames(number + 1, {number: frame}, {number: (frame.height, frame.width)}, turns)
        if number >= last:
            return


def look(path: Path, frames: Frames, numbers: Sequence[int]) -> Iterator[tuple[int, Frames]]:
    """Yield each of the frames `numbers` of a decoded video, in order, with what holds it; the video is read again for others.

    Raises `VideoError` for a frame that the video does not have.
    """
    others = one_by_one(path, set(numbers) - frames.kept.keys(), frames.turns)
    for number in numbers:
        held = frames if number in frames.kept else next(others, None)
        if held is None or number not in held.kept:
            raise VideoError(f"frame {number} is not there when the video is read again")
        yield number, held
