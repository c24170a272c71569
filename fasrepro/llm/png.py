"""PNG files as they are sent to a model: the picture, and nothing about where, when or with what it was taken."""

from __future__ import annotations

import struct

PICTURE_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
SIGNATURE = b"\x89PNG\r\n\x1a\n"


class PictureError(ValueError):
    """Bytes that are not a whole PNG file."""


def without_metadata(data: bytes) -> bytes:
    """Return PNG bytes with only the chunks that draw the picture: no text, time, place, profile or other metadata.

    Raises `PictureError`.
    """
    chunks, place = [data[:8]], 8
    while data[:8] == SIGNATURE and place + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if kind in PICTURE_CHUNKS:
            chunks.append(data[place:end])
        place = end
        if kind == b"IEND" and place <= len(data):
            return b"".join(chunks)
    raise PictureError("not a whole PNG file")


def size(data: bytes) -> tuple[int, int]:
    """Return (width, height) of PNG bytes, from their header. Raises `PictureError`."""
    if data[:8] != SIGNATURE or len(data) < 24:
        raise PictureError("not a PNG file")
    width, height = struct.unpack_from(">II", data, 16)
    return width, height
