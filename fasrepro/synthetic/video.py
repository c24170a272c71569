"""Frames into video files whose bytes depend on the frames alone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np

from fasrepro.provenance import replaced

# container -> codec, options; "+bitexact" keeps times and the encoder's name out of the file
FORMATS: dict[str, tuple[str, str, str]] = {
    ".mp4": ("mp4", "libx264", "crf"),
    ".mov": ("mov", "libx264", "crf"),
    ".avi": ("avi", "mpeg4", "qscale"),
}


def write_video(path: Path, frames: Iterable[np.ndarray], frame_rate: int, quality: int) -> int:
    """Encode uint8 RGB frames of one even size into `path`, whole or not at all; return how many there were.

    `quality` is H.264's constant rate factor, in an .avi MPEG-4's quantiser: less is better.
    """
    container, codec, control = FORMATS[path.suffix]
    count = 0
    with (
        replaced(path) as temporary,
        av.open(str(temporary), "w", format=container, options={"fflags": "+bitexact"}) as output,
    ):
        stream = None
        for frame in frames:
            if stream is None:
                stream = output.add_stream(codec, rate=frame_rate)
                stream.height, stream.width, stream.pix_fmt = frame.shape[0], frame.shape[1], "yuv420p"
                stream.thread_count = 1
                stream.codec_context.options = {"flags": "+bitexact", "threads": "1"}
                if control == "crf":
                    stream.codec_context.options |= {"crf": str(quality), "preset": "superfast", "g": "25"}
                else:
                    stream.codec_context.qmin = stream.codec_context.qmax = quality
                    stream.codec_context.options |= {"g": "12"}
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            count += 1
        if stream is not None:
            output.mux(stream.encode())
    return count
