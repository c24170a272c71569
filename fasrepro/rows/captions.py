"""A caption of a face, people's edit of one, and the verdict of a text."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from fasrepro.rows.table import Fault


class Verdict(enum.StrEnum):
    """The verdict of a text on a face."""

    BONA_FIDE = "bona_fide"
    ATTACK = "attack"
    UNDECIDED = "undecided"


@dataclasses.dataclass(frozen=True, slots=True)
class Caption:
    """An author's text about one face, in one style."""

    KEY: ClassVar = ("face_id", "style")

    face_id: str
    style: str
    text: str
    verdict: Verdict
    prompt_version: str
    model: str
    label_aware: bool
    attempts: int  # replies and errors up to and including the one that was kept
    request_key: str  # of the reply in the store

    @staticmethod
    def faults(columns: pa.RecordBatch) -> Iterator[Fault]:
        """Yield the faults of a caption: see `table.RowType`."""
        text = columns["text"]
        yield pc.or_(pc.equal(text, ""), pc.utf8_is_space(text)), lambda caption: f"empty {caption.style} caption"
        yield pc.less(columns["attempts"], 1), lambda _: "a caption needs at least one attempt"


@dataclasses.dataclass(frozen=True, slots=True)
class Review:
    """A person's edit of one caption, as a JSON line in reviews/ holds it. `why` says why the face was given to people."""

    face_id: str
    style: str
    crop: str
    crop_sha256: str  # of the crop's pixels: the edit is about this image
    label: str
    species: str
    why: str
    text: str
