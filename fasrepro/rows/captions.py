"""A caption, and the verdict that it or a reader of explanations comes to."""

from __future__ import annotations

import dataclasses
import enum
from typing import ClassVar

from fasrepro.rows.table import require


class Verdict(enum.StrEnum):
    """What a text says that a face is."""

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

    def check(self) -> None:
        """Raise `RowError` for a caption without text or without an attempt."""
        require(bool(self.text.strip()), f"{self.face_id}: empty {self.style} caption")
        require(self.attempts >= 1, f"{self.face_id}: a caption needs at least one attempt")


@dataclasses.dataclass(frozen=True, slots=True)
class Review:
    """A person's edit of one caption, as a JSON line in reviews/ holds it. `why` says why the face was given to people."""

    KEY: ClassVar = ("face_id", "style")

    face_id: str
    style: str
    crop: str
    crop_sha256: str  # of the crop's pixels: the edit is about this image
    label: str
    species: str
    why: str
    text: str

    def check(self) -> None:
        """Raise `RowError` for an edit of no face."""
        require(bool(self.face_id), "an edit without a face_id")
