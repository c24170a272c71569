"""Small video files for tests, written with PyAV alone."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np

CODECS = {".mp4": "libx264", ".mov": "libx264", ".avi": "mpeg4"}
# degrees clockwise -> a, b, c, d of the display matrix
MATRICES = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


def write(path: Path, frames: Iterable[np.ndarray]) -> None:
    """Encode uint8 RGB frames of one even size into `path`, almost without loss."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as output:
        stream = None
        for frame in frames:
            if stream is None:
                stream = output.add_stream(CODECS[path.suffix], rate=25)
                stream.height, stream.width, stream.pix_fmt = *frame.shape[:2], "yuv420p"
                stream.thread_count = 1
                stream.codec_context.options = {"crf": "4", "preset": "superfast", "threads": "1"}
                stream.codec_context.qmin = stream.codec_context.qmax = 2
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        if stream is not None:
            output.mux(stream.encode())


def ask_to_turn(path: Path, degrees: int) -> None:
    """Let an .mp4 file ask players to turn it clockwise by `degrees`, as the video of a phone held sideways does."""
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 44  # of the track's header: its name, then 40 bytes of flags, times and numbers
    a, b, c, d = (value << 16 for value in MATRICES[degrees])
    data[matrix : matrix + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
