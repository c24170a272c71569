"""Pictures one after another on one stream, such as a camera's frames on a pipe.

The end of a picture is found by walking its parts, never by searching for its last bytes, which a thumbnail inside it has too.
One picture is in memory at a time, and each is yielded as soon as its last byte is there.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

PATHS, PIPE = "-", "pipe:"  # how a command line names standard input: as a list of paths, and as pictures
LARGEST = 128 << 20  # bytes of one picture
BLOCK = 1 << 16  # bytes that are read at once, or as many as are there
JPEG, PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
END_OF_IMAGE, START_OF_SCAN = 0xD9, 0xDA
RESTARTS = range(0xD0, 0xD8)
WITHOUT_LENGTH = (0x01, *RESTARTS)
REMEDY = "send JPEG or PNG pictures one after another, as `ffmpeg ... -f mjpeg -` writes them"


class StreamError(ValueError):
    """A stream that is not pictures one after another; the message names the picture and the remedy."""


class _Reader:
    """The bytes of a stream from the beginning of a picture on."""

    def __init__(self, file: io.BufferedIOBase) -> None:
        self.file, self.held = file, bytearray()

    def at_end(self) -> bool:
        """Return whether no byte is left; waits for one."""
        if not self.held:
            self.held += self.file.read1(BLOCK)
        return not self.held

    def need(self, count: int) -> None:
        """Hold at least `count` bytes of the picture. Raises `StreamError` where it ends before, or is larger than `LARGEST`."""
        if count > LARGEST:
            raise StreamError(f"more than {LARGEST} bytes")
        while len(self.held) < count:
            more = self.file.read1(BLOCK)
            if not more:
                raise StreamError("the stream ends in the middle of it")
            self.held += more


def split(file: io.BufferedIOBase) -> Iterator[bytes]:
    """Yield the JPEG and PNG files of a stream.

    Raises:
        StreamError: something else is on the stream, or it ends in the middle of a picture; perhaps after some pictures.
    """
    reader, number = _Reader(file), 0
    while not reader.at_end():
        try:
            end = _end(reader)
        except StreamError as error:
            raise StreamError(f"standard input, picture {number}: {error}; {REMEDY}") from None
        picture = bytes(reader.held[:end])
        del reader.held[:end]
        yield picture
        number += 1


def _end(reader: _Reader) -> int:
    """Return the number of bytes of the picture at the beginning."""
    reader.need(2)
    if reader.held.startswith(JPEG):
        return _jpeg_end(reader)
    if reader.held[:2] == PNG[:2]:
        reader.need(len(PNG))
        if reader.held.startswith(PNG):
            return _png_end(reader)
    raise StreamError(f"it begins with {bytes(reader.held[:8])!r}, which is neither JPEG nor PNG")


def _jpeg_end(reader: _Reader) -> int:
    at = len(JPEG)
    while True:
        reader.need(at + 2)
        marker = reader.held[at + 1]
        if reader.held[at] != 0xFF:
            raise StreamError(f"no JPEG marker at byte {at}")
        if marker == 0xFF:  # a fill byte before the marker
            at += 1
            continue
        at += 2
        if marker == END_OF_IMAGE:
            return at
        if marker not in WITHOUT_LENGTH:
            reader.need(at + 2)
            at += max(int.from_bytes(reader.held[at : at + 2], "big"), 2)
        if marker == START_OF_SCAN:
            at = _scan_end(reader, at)


def _scan_end(reader: _Reader, at: int) -> int:
    """Return where the marker behind coded data begins; in these, 0xFF stands only before 0 and in restart markers."""
    while True:
        held = len(reader.held)
        at = reader.held.find(b"\xff", at)
        if at < 0:
            at = held
            reader.need(at + 1)
            continue
        reader.need(at + 2)
        following = reader.held[at + 1]
        if following != 0 and following not in RESTARTS:
            return at
        at += 2


def _png_end(reader: _Reader) -> int:
    at = len(PNG)
    while True:
        reader.need(at + 8)
        name = bytes(reader.held[at + 4 : at + 8])
        at += 12 + int.from_bytes(reader.held[at : at + 4], "big")
        reader.need(at)
        if name == b"IEND":
            return at
