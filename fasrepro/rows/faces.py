"""A face: one frame of one presentation, its label, and the crop that models see."""

from __future__ import annotations

import dataclasses
import enum
from typing import ClassVar

from fasrepro.rows.table import require


class Label(enum.IntEnum):
    """The one polarity of this project (in the words of ISO/IEC 30107-3): an attack is the positive class."""

    BONA_FIDE = 0
    ATTACK = 1


BONA_FIDE_SPECIES = "bona_fide"
SPLITS = ("train", "dev", "test")
BOX_SOURCES = ("sidecar", "detector", "centre")


def face_id(presentation: str, frame: int) -> str:
    """Return the id that joins all tables.

    Args:
        presentation: its id, which begins with the data set.
        frame: its number in the video, from 0.

    >>> face_id("msu/real/client001", 20)
    'msu/real/client001#0020'
    """
    return f"{presentation}#{frame:04d}"


@dataclasses.dataclass(frozen=True, slots=True)
class Face:
    """One frame of one presentation, and the crop of its face."""

    KEY: ClassVar = ("face_id",)

    face_id: str
    dataset: str
    split: str
    subject: str
    presentation: str
    frame: int
    label: Label
    species: str  # PAI species; "bona_fide" for a live face
    instrument: str  # the archive's own word for the attack ("ipad_video"); "" for a live face
    camera: str
    box: tuple[int, ...]  # x, y, width, height in pixels of the frame
    box_source: str
    crop: str  # its name: see fasrepro.crops
    crop_sha256: str  # of the decoded pixels: see hashing.pixel_hash

    def check(self) -> None:
        """Raise `RowError` where fields contradict each other."""
        require(self.split in SPLITS, f"{self.face_id}: split {self.split!r} is none of {list(SPLITS)}")
        require(self.box_source in BOX_SOURCES, f"{self.face_id}: box source {self.box_source!r} is none of {list(BOX_SOURCES)}")
        require(
            self.face_id == face_id(self.presentation, self.frame), f"{self.face_id}: id does not name presentation and frame"
        )
        require(
            (self.label is Label.BONA_FIDE) == (self.species == BONA_FIDE_SPECIES),
            f"{self.face_id}: label {self.label.name} does not go with species {self.species!r}",
        )
        require(len(self.box) == 4 and self.box[2] > 0 and self.box[3] > 0, f"{self.face_id}: box {self.box} is empty")
