"""Frames of a video file, decoded with PyAV."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import av
import numpy as np

WHOLE = 0.9  # a video that yields less than this share of the frames that its header declares is truncated


class VideoError(ValueError):
    """A video that cannot be decoded whole; the message says why, and does not name the file."""


@dataclasses.dataclass(frozen=True, slots=True)
class Frames:
    """Every n-th frame of a video, kept as decoded, and how many frames there are in all."""

    count: int
    kept: dict[int, av.VideoFrame]

    def rgb(self, number: int) -> np.ndarray:
        """Return a kept frame as uint8 RGB of (height, width, 3)."""
        return self.kept[number].to_ndarray(format="rgb24")

    def grey(self, number: int) -> np.ndarray:
        """Return a kept frame as uint8 of (height, width)."""
        return self.kept[number].to_ndarray(format="gray")


def decode(path: Path, every: int) -> Frames:
    """Decode a video whole and keep its frames 0, `every`, 2 `every`, ...

    Raises `VideoError` for a file that is empty, no video, without frames, broken, or truncated.
    """
    if path.stat().st_size == 0:
        raise VideoError("empty file")
    kept: dict[int, av.VideoFrame] = {}
    count = 0
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise VideoError("no video stream")
            stream = container.streams.video[0]
            declared = stream.frames
            stream.codec_context.thread_count = 1
            for frame in container.decode(stream):
                if count % every == 0:
                    kept[count] = frame
                count += 1
    except av.FFmpegError as error:
        raise VideoError(f"not decodable after {count} frames: {error.strerror}") from None
    if not count:
        raise VideoError("no frames")
    if count < WHOLE * declared:
        raise VideoError(f"truncated: {count} of {declared} frames")
    return Frames(count, kept)
