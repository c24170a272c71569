"""A face: one frame of one presentation, its label, and the crop that models see."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from fasrepro.rows.table import Fault, none_of


class Label(enum.IntEnum):
    """The one polarity of this project, in the terms of ISO/IEC 30107-3: an attack is the positive class."""

    BONA_FIDE = 0
    ATTACK = 1


BONA_FIDE_SPECIES = "bona_fide"
SPLITS = ("train", "dev", "test")
BOX_SOURCES = ("sidecar", "detector", "centre", "none")  # none: of a crop, whose place in a frame is not known


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
    box: tuple[int, ...]  # x, y, width, height in pixels of the frame; the whole picture where the box's source is none
    box_source: str
    crop: str  # its name: see fasrepro.crops
    crop_sha256: str  # of the decoded pixels: see hashing.pixel_hash

    @staticmethod
    def faults(columns: pa.RecordBatch) -> Iterator[Fault]:
        """Yield the faults of a face: see `table.RowType`."""
        yield none_of(columns["split"], SPLITS), lambda face: f"split {face.split!r} is none of {list(SPLITS)}"
        yield (
            none_of(columns["box_source"], BOX_SOURCES),
            lambda face: f"box source {face.box_source!r} is none of {list(BOX_SOURCES)}",
        )
        number = pc.utf8_lpad(pc.cast(columns["frame"], pa.string()), 4, "0")
        yield (
            pc.not_equal(columns["face_id"], pc.binary_join_element_wise(columns["presentation"], number, "#")),
            lambda _: "id does not name presentation and frame",
        )
        bona_fide = pc.equal(columns["label"], Label.BONA_FIDE.value)
        yield (
            pc.not_equal(bona_fide, pc.equal(columns["species"], BONA_FIDE_SPECIES)),
            lambda face: f"label {face.label.name} does not go with species {face.species!r}",
        )
        box = columns["box"]
        yield pc.not_equal(pc.list_value_length(box), 4), lambda face: f"box {face.box} is not x, y, width, height"
        shorter_side = pc.min_element_wise(pc.list_element(box, 2), pc.list_element(box, 3))
        yield pc.less_equal(shorter_side, 0), lambda face: f"box {face.box} is empty"
