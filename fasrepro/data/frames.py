"""Frames of a video, of a still image or of an HDF5 file, decoded and turned upright."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import av
import numpy as np
from PIL import Image

from fasrepro.archives import hdf5

KEPT_BYTES = 256 << 20  # of decoded frames held of one video: 86 frames of 1920 x 1080; the rest is decoded again
IMAGES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
WHOLE = 0.9  # a video with less than this share of the frames that its header declares is truncated


class VideoError(ValueError):
    """A video that cannot be decoded whole; the message states the reason without the file's name."""


@dataclasses.dataclass(frozen=True, slots=True)
class Frames:
    """Candidate frames of a video, as many of them held in memory as the cap allows. All methods refer to upright frames.

    Args:
        count: of all frames of the video.
        kept: decoded frames, by number; `held_frames` yields the others too.
        sizes: stored height and width of every candidate frame.
        turns: quarter turns, counter-clockwise, that make a decoded frame upright.
    """

    count: int
    kept: dict[int, av.VideoFrame]
    sizes: dict[int, tuple[int, int]]
    turns: int = 0

    @property
    def candidates(self) -> list[int]:
        """The numbers of the candidate frames, in order."""
        return list(self.sizes)

    def size(self, number: int) -> tuple[int, int]:
        """Return a candidate frame's height and width in pixels."""
        height, width = self.sizes[number]
        return (width, height) if self.turns % 2 else (height, width)

    def rgb(self, number: int) -> np.ndarray:
        """Return a kept frame as uint8 RGB of (height, width, 3)."""
        try:
            stored = self.kept[number].to_ndarray(format="rgb24")
        except av.FFmpegError as error:
            raise VideoError(f"frame {number}: no picture: {error.strerror}") from None
        return np.ascontiguousarray(np.rot90(stored, self.turns)) if self.turns else stored


def stream(path: Path) -> Iterator[tuple[int, av.VideoFrame]]:
    """Yield the frames of a video, of a still image or of an HDF5 file, each with its number, from 0.

    A frame that does not decode is left out, and the others keep their numbers, so that side files still fit.

    Raises:
        VideoError: the file is empty, is none of these, has no frames, or is broken or truncated; in the last two cases perhaps
            after some frames.
    """
    if path.stat().st_size == 0:
        raise VideoError("empty file")
    suffix = path.suffix.lower()
    if suffix in IMAGES:
        yield 0, _picture(path)
    elif suffix in hdf5.SUFFIXES:
        yield from _hdf5_frames(path)
    else:
        yield from _video_frames(path)


def _picture(path: Path) -> av.VideoFrame:
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # Pillow raises these for malformed files
        raise VideoError(f"not decodable: {' '.join(str(error).split())}") from None
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")


def _hdf5_frames(path: Path) -> Iterator[tuple[int, av.VideoFrame]]:
    number = None
    try:
        for number, pixels in hdf5.frames(path):
            yield number, av.VideoFrame.from_ndarray(pixels, format="rgb24")
    except ValueError as error:  # of an archive that is damaged, or of pixels that are no colour frame
        raise VideoError(str(error).removeprefix(f"{path}: ")) from None
    if number is None:
        raise VideoError("no frames")


def _video_frames(path: Path) -> Iterator[tuple[int, av.VideoFrame]]:
    count = broken = 0
    number_of: dict[int, int] = {}  # by the time of its presentation, once a frame is broken
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise VideoError("no video stream")
            video = container.streams.video[0]
            declared = video.frames
            video.codec_context.thread_count = 1
            for packet in container.demux(video):
                try:
                    frames = packet.decode()
                except av.InvalidDataError:
                    broken += 1
                    number_of = number_of or _numbers(path)
                    continue
                for frame in frames:
                    if broken and frame.pts not in number_of:
                        raise VideoError(f"a frame is broken, and those behind frame {count - 1} cannot be numbered")
                    yield number_of[frame.pts] if broken else count, frame
                    count += 1
    except av.FFmpegError as error:
        raise VideoError(f"not decodable after {count} frames: {error.strerror}") from None
    if not count:
        raise VideoError("no frames")
    if count < WHOLE * max(declared, count + broken):
        raise VideoError(f"truncated: {count} of {max(declared, count + broken)} frames")


def _numbers(path: Path) -> dict[int, int]:
    """Return the number of each frame of a video by its time of presentation, from its packets, none of which is decoded."""
    with av.open(str(path)) as container:
        times = [packet.pts for packet in container.demux(video=0) if packet.size and packet.pts is not None]
    return {time: number for number, time in enumerate(sorted(times))}


def decode(path: Path, every: int, turns: int | None = 0) -> Frames:
    """Decode a video whole; its frames 0, `every`, 2 `every`, ... are candidates, and kept up to `KEPT_BYTES`.

    Args:
        path: of the video.
        every: distance of the candidates.
        turns: quarter turns, counter-clockwise, that make a frame upright; None for the rotation that the file asks players to
            apply.

    Raises:
        VideoError: as `stream` does.
    """
    kept: dict[int, av.VideoFrame] = {}
    sizes: dict[int, tuple[int, int]] = {}
    bytes_held, number = 0, -1
    for number, frame in stream(path):
        if turns is None:
            turns = _turns(frame)
        if number % every:
            continue
        sizes[number] = (frame.height, frame.width)
        bytes_held += sum(plane.buffer_size for plane in frame.planes)
        if bytes_held <= KEPT_BYTES:
            kept[number] = frame
    return Frames(number + 1, kept, sizes, turns or 0)


def decode_one(path: Path, number: int, turns: int | None) -> Frames:
    """Decode a video up to a frame, which is its only candidate; `turns` as `decode` takes it.

    Raises:
        VideoError: as `stream` does, or the video lacks the frame.
    """
    for each, frame in stream(path):
        if each == number:
            sizes = {number: (frame.height, frame.width)}
            return Frames(number + 1, {number: frame}, sizes, _turns(frame) if turns is None else turns)
    raise VideoError(f"no frame {number}")


def _turns(frame: av.VideoFrame) -> int:
    """Return the quarter turns that a file asks players to apply."""
    return round(frame.rotation / 90) % 4


def one_by_one(path: Path, numbers: Collection[int], turns: int) -> Iterator[Frames]:
    """Decode a video again and yield its frames `numbers` one at a time, each alone in memory; frames that it lacks are
    skipped."""
    last = max(numbers, default=-1)
    for number, frame in stream(path):
        if number in numbers:
            yield Frames(number + 1, {number: frame}, {number: (frame.height, frame.width)}, turns)
        if number >= last:
            return


def held_frames(path: Path, frames: Frames, numbers: Sequence[int]) -> Iterator[tuple[int, Frames]]:
    """Yield the frames `numbers` of a decoded video, each with a `Frames` that holds it. Frames that are not kept are decoded
    again.

    Raises `VideoError` for a frame that the video lacks.
    """
    others = one_by_one(path, set(numbers) - frames.kept.keys(), frames.turns)
    for number in numbers:
        holder = frames if number in frames.kept else next(others, None)
        if holder is None or number not in holder.kept:
            raise VideoError(f"frame {number} is missing when the video is decoded again")
        yield number, holder
