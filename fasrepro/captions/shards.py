"""Texts of a caption model in shards: files of a fixed number of faces, each written whole, so that a killed stage goes on.

Shards are cut from the faces in order, and a batch never reaches beyond its shard. So a text does not depend on where a run was
killed, nor on which worker wrote its shard.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from fasrepro import files
from fasrepro.captions.silver import SilverError, Text
from fasrepro.rows.faces import Face

Write: TypeAlias = Callable[[Sequence[Face]], list[Text]]


@dataclasses.dataclass(frozen=True, slots=True)
class Shard:
    """Some faces, and the file of what is written about them."""

    path: Path
    faces: Sequence[Face]

    @property
    def is_written(self) -> bool:
        """Whether its file is there, which is then whole."""
        return self.path.is_file()

    def write(self, texts: Sequence[Text]) -> None:
        """Write its file whole or not at all. Raises `SilverError` for texts about other faces."""
        self._check(texts)
        files.write_json(self.path, [dataclasses.astuple(text) for text in texts])

    def read(self) -> list[Text]:
        """Return its texts. Raises `ValueError` for a file that is damaged, or holds texts about other faces."""
        try:
            texts = [Text(*row) for row in files.read_json(self.path)]
        except TypeError:
            raise SilverError(f"{self.path}: no texts of a caption model; delete it and run the stage again") from None
        self._check(texts)
        return texts

    def _check(self, texts: Sequence[Text]) -> None:
        wanted, written = [face.face_id for face in self.faces], [text.face_id for text in texts]
        if wanted != written:
            raise SilverError(
                f"{self.path}: {len(written)} texts, the first of {written[:1]}, for {len(wanted)} faces, the first {wanted[:1]};"
                " delete it and run the stage again"
            )


def cut(faces: Sequence[Face], size: int, folder: Path) -> list[Shard]:
    """Return the shards of `faces`, `size` faces each, with files under `folder`. Raises `SilverError` for a size below 1."""
    if size < 1:
        raise SilverError(f"shard_size is {size}: a shard holds at least one face")
    starts = range(0, len(faces), size)
    return [Shard(folder / f"{number:05d}.json", faces[start : start + size]) for number, start in enumerate(starts)]


def missing(shards: Sequence[Shard]) -> list[Shard]:
    """Return the shards that are not written yet."""
    return [shard for shard in shards if not shard.is_written]


def fill(shards: Sequence[Shard], write: Write) -> Iterator[Shard]:
    """Write each missing shard, and yield it."""
    for shard in missing(shards):
        shard.write(write(shard.faces))
        yield shard


def texts(shards: Sequence[Shard]) -> list[Text]:
    """Return the texts of all shards, in order. Raises `ValueError` for a shard that is missing or damaged."""
    return [text for shard in shards for text in shard.read()]
