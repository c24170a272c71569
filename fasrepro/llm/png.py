"""PNG files as they are sent to an annotator: the picture, and nothing that tells where, when or with what it was taken."""

from __future__ import annotations

import struct

PICTURE_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
SIGNATURE = b"\x89PNG\r\n\x1a\n"


class PictureError(ValueError):
    """Bytes that are no whole PNG file."""


def bare(data: bytes) -> bytes:
    """Return PNG bytes with nothing but what draws the picture: no text, time, place, profile or other metadata.

    Raises `PictureError`.
    """
    kept, place = [data[:8]], 8
    while data[:8] == SIGNATURE and place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if kind in PICTURE_CHUNKS:
            kept.append(data[place:end])
        place = end
        if kind == b"IEND" and place <= len(data):
            return b"".join(kept)
    raise PictureError("not a whole PNG file")


def size(data: bytes) -> tuple[int, int]:
    """Return (width, height) of PNG bytes, read from their header. Raises `PictureError`."""
    if data[:8] != SIGNATURE or len(data) < 24:
        raise PictureError("not a PNG file")
    width, height = struct.unpack_from(">II", data, 16)
    return width, height
