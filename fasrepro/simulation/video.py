"""Videos and still images whose bytes depend on their frames alone."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import av
import cv2
import numpy as np

from fasrepro.archives import layout
from fasrepro.files import replaced

# suffix, whatever case a path has it in -> format, codec, name of its quality
FORMATS: dict[str, tuple[str, str, str]] = {
    ".mp4": ("mp4", "libx264", "crf"),
    ".mov": ("mov", "libx264", "crf"),
    ".avi": ("avi", "mpeg4", "quantiser"),
}


def write_video(path: Path, frames: Iterable[np.ndarray], frame_rate: int, crf: int, quantiser: int) -> int:
    """Encode uint8 RGB frames into `path`, whole or not at all.

    Args:
        path: its suffix is a key of `FORMATS`, in any letter case.
        frames: of one size, with even sides.
        frame_rate: a second.
        crf: the constant rate factor of H.264 (.mp4, .mov); less is better.
        quantiser: of MPEG-4 (.avi); less is better.

    Returns:
        The number of frames.
    """
    with replaced(path) as temporary:
        return _encode(str(temporary), path.suffix, frames, frame_rate, crf, quantiser)


def write_still(path: Path, frame: np.ndarray, crf: int) -> None:
    """Write a uint8 RGB frame as a still image, whole or not at all.

    Args:
        path: its suffix is one of `layout.STILLS`.
        frame: of (height, width, 3).
        crf: the constant rate factor that the camera's videos have; a JPEG of the same camera is as much compressed.
    """
    with replaced(path) as temporary:
        temporary.write_bytes(_still(frame, path.suffix, crf))


def _still(frame: np.ndarray, suffix: str, crf: int) -> bytes:
    """Return the bytes of a still image: of a JPEG with quality 92 for the best of the cameras, 78 for the worst."""
    options = [cv2.IMWRITE_JPEG_QUALITY, 130 - 2 * crf] if suffix.lower() == ".jpg" else []
    _, encoded = cv2.imencode(suffix, cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), options)
    return encoded.tobytes()


def recode(frames: Iterable[np.ndarray], suffix: str, frame_rate: int, crf: int, quantiser: int) -> list[np.ndarray]:
    """Return frames as they are decoded from a file with this `suffix`, without writing one.

    Frames of a video are encoded as one; a still image holds one; other files, such as HDF5, hold whole frames.
    """
    if suffix.lower() in layout.STILLS:
        pictures = (np.frombuffer(_still(frame, suffix, crf), np.uint8) for frame in frames)
        return [cv2.cvtColor(cv2.imdecode(picture, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB) for picture in pictures]
    if suffix.lower() not in FORMATS:
        return list(frames)
    memory = io.BytesIO()
    _encode(memory, suffix, frames, frame_rate, crf, quantiser)
    memory.seek(0)
    with av.open(memory) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def _encode(target: str | IO[bytes], suffix: str, frames: Iterable[np.ndarray], frame_rate: int, crf: int, quantiser: int) -> int:
    container, codec, control = FORMATS[suffix.lower()]
    count = 0
    # "+bitexact" keeps times and the encoder's name out of the file.
    with av.open(target, "w", format=container, options={"fflags": "+bitexact"}) as output:
        stream = None
        for frame in frames:
            if stream is None:
                stream = output.add_stream(codec, rate=frame_rate)
                stream.height, stream.width, stream.pix_fmt = frame.shape[0], frame.shape[1], "yuv420p"
                stream.thread_count = 1
                stream.codec_context.options = {"flags": "+bitexact", "threads": "1"}
                if control == "crf":
                    stream.codec_context.options |= {"crf": str(crf), "preset": "superfast", "g": "25"}
                else:
                    stream.codec_context.qmin = stream.codec_context.qmax = quantiser
                    stream.codec_context.options |= {"g": "12"}
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            count += 1
        if stream is not None:
            output.mux(stream.encode())
    return count
