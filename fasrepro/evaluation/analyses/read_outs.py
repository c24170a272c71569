"""Chains and their Conclusions: whose faces are read, which chains are forced on which images, and the rows.

A chain is what a detector writes about a face in tags. Its Conclusion holds Yes or No, so P(attack) can be read there, behind the
chain, as well as behind the label question.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from fasrepro.hashing import unit_hash
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.table import Fault

GREEDY = 0  # the number of the greedy chain about a face; sampled ones count from 1
UNREAD = 0.0  # stands for P(attack) in the row of an unfinished chain


@dataclasses.dataclass(frozen=True, slots=True)
class ChainScore:
    """P(attack) at the Conclusion of a chain behind an image.

    `finished`: whether the chain reaches its Conclusion; of one that does not, `p_attack` is `UNREAD` and says nothing.
    """

    KEY: ClassVar = ("face_id", "donor", "number")

    face_id: str  # of the image
    donor: str  # the face that the chain was written about: the image's own, or another subject's
    number: int  # `GREEDY`, or of the sample
    finished: bool
    p_attack: float

    @staticmethod
    def faults(columns: pa.RecordBatch) -> Iterator[Fault]:
        """Yield the faults of a score: see `table.RowType`."""
        within = pc.and_(pc.greater_equal(columns["p_attack"], 0.0), pc.less_equal(columns["p_attack"], 1.0))
        yield pc.invert(within), lambda row: f"p_attack {row.p_attack} is not in [0, 1]"
        yield pc.less(columns["number"], GREEDY), lambda row: f"chain number {row.number} is below {GREEDY}"


def one_a_presentation(faces: Iterable[Face]) -> list[Face]:
    """Return the first frame of each presentation, by face_id: frames of a video hardly differ, and a chain takes long."""
    face_of: dict[str, Face] = {}
    for face in sorted(faces, key=lambda face: (face.frame, face.face_id)):
        face_of.setdefault(face.presentation, face)
    return sorted(face_of.values(), key=lambda face: face.face_id)


def balanced(faces: Iterable[Face], count: int) -> list[Face]:
    """Return at most `count` faces, one a presentation and as many of each label of each data set, by hash.

    So they are the same for every run, and a threshold can be chosen on them that weighs data sets and labels alike.

    Raises:
        ValueError: where `count` does not give each label of each data set a face.
    """
    groups: dict[tuple[str, Label], list[Face]] = {}
    for face in sorted(one_a_presentation(faces), key=lambda face: unit_hash("read-outs", face.face_id)):
        groups.setdefault((face.dataset, face.label), []).append(face)
    if count < len(groups):
        raise ValueError(f"params.yaml: read_outs.dev_faces: {count} faces for {len(groups)} labels of data sets; raise it")
    chosen = [face for group in groups.values() for face in group[: count // len(groups)]]
    return sorted(chosen, key=lambda face: face.face_id)


@dataclasses.dataclass(frozen=True, slots=True)
class ForcedChain:
    """An image, and the face whose chain is put behind it."""

    image: Face
    donor: Face

    @property
    def cell(self) -> tuple[Label, Label]:
        """Return the image's label and the chain's label, which is that of the face it was written about."""
        return self.image.label, self.donor.label


def force_chains(faces: Sequence[Face]) -> list[ForcedChain]:
    """Give each image one chain of each label, always of another subject.

    The donor is chosen by a hash of both faces, so it depends neither on their order nor on the run.

    Args:
        faces: of one target, each with a chain that reaches its Conclusion.

    Returns:
        Pairs by image, then by the chain's label. An image has none of a label that no other subject has.
    """
    pairs = []
    for image in sorted(faces, key=lambda face: face.face_id):
        for label in Label:
            donors = [face for face in faces if face.label == label and face.subject != image.subject]
            if donors:
                donor = min(donors, key=lambda face: (unit_hash("forced chain", image.face_id, face.face_id), face.face_id))
                pairs.append(ForcedChain(image, donor))
    return pairs
