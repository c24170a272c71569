"""The videos of a data set that have been indexed, kept in one file until its index is whole, so that a killed run resumes.

A record is a line (a hash, and as JSON the key, the video and the lengths of its crops) and then its crops as PNG files. Records
are only ever appended. A kill can leave a part of the last one: it is cut off when the file is opened again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from fasrepro.data.index_report import IndexedVideo
from fasrepro.hashing import sha256_bytes
from fasrepro.rows.faces import Face, Label


class JournalError(ValueError):
    """A journal that cannot be written; the message names it and the remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Record:
    key: str
    video: dict[str, Any]
    pictures: list[bytes]


@dataclasses.dataclass(frozen=True, slots=True)
class Journal:
    """An open journal.

    Args:
        path: of its file.
        reader: of the file.
        writer: appends to it without a buffer, so that a kill loses no record that `add` returned from.
        places: key -> where its record begins.
    """

    path: Path
    reader: BinaryIO
    writer: BinaryIO
    places: dict[str, int]

    def read(self, key: str) -> tuple[IndexedVideo, list[bytes]] | None:
        """Return a video and its crops as PNG files; None if it is not kept."""
        if key not in self.places:
            return None
        self.reader.seek(self.places[key])
        record = _record(self.reader)
        return None if record is None else (_video(record.video), record.pictures)

    def add(self, key: str, video: IndexedVideo, pictures: list[bytes]) -> None:
        """Append a video and its crops. Raises `JournalError` where there is no room."""
        body = {"key": key, "video": dataclasses.asdict(video), "lengths": [len(picture) for picture in pictures]}
        text = json.dumps(body, ensure_ascii=False).encode()
        crops = b"".join(pictures)
        data = sha256_bytes(text + crops).encode() + b" " + text + b"\n" + crops
        place = self.path.stat().st_size
        try:
            while data:
                data = data[self.writer.write(data) :]
        except OSError as error:
            self.writer.truncate(place)
            reason = error.strerror or error
            raise JournalError(f"{self.path}: cannot be written: {reason}; make room and run the stage again") from None
        self.places[key] = place


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Journal]:
    """Open a journal, or begin one. Only one process at a time may have it open."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as writer, path.open("rb") as reader:
        places: dict[str, int] = {}
        end = 0
        while record := _record(reader):
            places[record.key] = end
            end = reader.tell()
        writer.truncate(end)
        yield Journal(path, reader, writer, places)


def _record(reader: BinaryIO) -> _Record | None:
    """Return the record at the reader's position; None at the end of the file, and for a record that is not whole."""
    sha256, _, text = reader.readline().removesuffix(b"\n").partition(b" ")
    try:
        body = json.loads(text)
        pictures = [reader.read(length) for length in body["lengths"]]
    except ValueError:  # half a line
        return None
    if sha256_bytes(text + b"".join(pictures)).encode() != sha256:
        return None
    return _Record(body["key"], body["video"], pictures)


def _video(data: dict[str, Any]) -> IndexedVideo:
    """Return a video as it was before JSON made lists of its tuples and text of its whole numbers."""
    rows = [Face(**{**row, "label": Label(row["label"]), "box": tuple(row["box"])}) for row in data["rows"]]
    stand_ins = {int(taken): missed for taken, missed in data["stand_ins"].items()}
    return IndexedVideo(**{**data, "rows": rows, "stand_ins": stand_ins})
