"""What a large reply store holds, in a file beside it, so that the store opens without a look at each of its lines.

An index is about the first bytes of the store, whose checksum it keeps. It is believed only if these bytes are still the same, so
a store that was damaged or cut is read line by line again, as one without an index.
"""

from __future__ import annotations

import dataclasses
import json
import os
import zlib
from pathlib import Path
from typing import Any

from fasrepro import files

VERSION = 1  # raised when lines are read in another way
CHUNK = 1 << 24  # bytes that are read at a time


@dataclasses.dataclass(slots=True)
class Index:
    """What the first `size` bytes of a store hold.

    Args:
        size: in bytes, up to the end of a line.
        crc32: the checksum of these bytes.
        rows: lines that can be read and are as they were written.
        torn: lines that cannot be read.
        damaged: lines that are not as they were written.
        places: where each reply is, as (offset, length), by key.
        errors: the last error of each attempt that failed, by key.
        final: the last error of each attempt that would fail again, by key.
        usage: rows of (model, prompt version, batch, prompt tokens, completion tokens, replies, seconds).
    """

    size: int
    crc32: int
    rows: int
    torn: int
    damaged: int
    places: dict[str, tuple[int, int]]
    errors: dict[str, str]
    final: dict[str, str]
    usage: list[list[Any]]


def write(path: Path, index: Index) -> None:
    """Write an index whole or not at all. Raises `OSError`."""
    fields = {field.name: getattr(index, field.name) for field in dataclasses.fields(index) if field.name != "places"}
    places = {
        "keys": list(index.places),
        "offsets": [offset for offset, _ in index.places.values()],
        "lengths": [length for _, length in index.places.values()],
    }
    content = json.dumps({"version": VERSION, **fields, **places}).encode("ascii")
    with files.replaced(path) as temporary:
        temporary.write_bytes(b"%08x\n" % zlib.crc32(content) + content)


def read(path: Path, store: int) -> Index | None:
    """Return the index at `path` if it is whole and about the first bytes of the open file `store`; None otherwise."""
    try:
        checksum, _, content = path.read_bytes().partition(b"\n")
        if int(checksum, 16) != zlib.crc32(content):
            return None
        fields = json.loads(content)
        if fields.pop("version") != VERSION:
            return None
        keys, offsets, lengths = (fields.pop(name) for name in ("keys", "offsets", "lengths"))
        places = dict(zip(keys, zip(offsets, lengths, strict=True), strict=True))
        index = Index(**fields, places=places)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return index if crc32_of(store, index.size) == index.crc32 else None


def crc32_of(file: int, size: int) -> int | None:
    """Return the checksum of the first `size` bytes of an open file; None if it has fewer."""
    value, place = 0, 0
    while place < size:
        data = os.pread(file, min(CHUNK, size - place), place)
        if not data:
            return None
        value, place = zlib.crc32(data, value), place + len(data)
    return value
