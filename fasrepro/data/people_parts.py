"""Parts of a source's people: for gold captions, for reinforcement learning, for silver captions, and for the two dev sets.

Where captions are written by a model that is trained here, the official train people of a source are cut once, by subject. Then
there are people of whom the caption model never saw a label, and thresholds are chosen on people on whom nothing was trained. The
shares stand in the section `parts` of params.yaml:

    parts:
      celeba_spoof: {A: 0.3, B: 0.3, C: 0.2, D_cap: 0.1, D: 0.1}

A protocol trains on A, B and C of such a source and chooses thresholds on its D.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from fasrepro import names
from fasrepro.data.protocols import ProtocolError
from fasrepro.datasets import DATASETS
from fasrepro.hashing import unit_hash
from fasrepro.rows.faces import Face

GOLD, POOL, SILVER, CAPTION_DEV, DEV = "A", "B", "C", "D_cap", "D"
# The parts, and what their people are for.
PURPOSES: dict[str, str] = {
    GOLD: "gold captions",
    POOL: "the pool of reinforcement learning",
    SILVER: "silver captions alone",
    CAPTION_DEV: "dev of the caption model",
    DEV: "dev of the detector",
}
NOT_TRAINED_ON = (CAPTION_DEV, DEV)
OF_CAPTION_MODELS = (GOLD, POOL)  # whose labels a caption model is trained on: no figure of it is about them

Shares: TypeAlias = Mapping[str, float]  # part -> share of the people, in [0, 1]; a part that is not named has nobody


def check(parts: Mapping[str, Shares], where: str = "params.yaml: parts") -> None:
    """Check the section `parts`.

    Raises:
        ProtocolError: for an unknown data set or part, a share outside [0, 1], shares that do not add up to 1, and a data set
            without people in D, on whom thresholds would be chosen.
    """
    for dataset, shares in parts.items():
        names.lookup(DATASETS, dataset, "data set", ProtocolError, where)
        for part, share in shares.items():
            names.lookup(PURPOSES, part, "part", ProtocolError, f"{where}.{dataset}")
            if not 0 <= share <= 1:
                raise ProtocolError(f"{where}.{dataset}.{part}: {share:g} is no share between 0 and 1")
        total = sum(shares.values())
        if not math.isclose(total, 1):
            raise ProtocolError(f"{where}.{dataset}: the shares add up to {total:g}, not to 1")
        if not shares.get(DEV):
            raise ProtocolError(f"{where}.{dataset}: {DEV} ({PURPOSES[DEV]}) needs a share above 0")


def cut(shown: Iterable[tuple[str, str]], shares: Shares) -> dict[str, str]:
    """Return the part of each subject of one data set.

    Subjects who show the same species are dealt out one after another, in the order of their hashes; each goes to the part that
    lacks most of its share of the subjects dealt so far. So a part has each species as often as its share says, to within a few
    people, and the cut depends on the subjects and their species alone.

    Args:
        shown: (subject, species) of the official train faces.
        shares: of the parts, which add up to 1.

    >>> cut([("ann", "print"), ("ben", "print"), ("cem", "print"), ("dan", "print")], {"A": 0.75, "D": 0.25})
    {'ann': 'A', 'cem': 'A', 'dan': 'D', 'ben': 'A'}
    """
    species: dict[str, set[str]] = {}
    for subject, kind in shown:
        species.setdefault(subject, set()).add(kind)
    dealt = {part: 0 for part in PURPOSES if part in shares}
    part_of: dict[str, str] = {}
    for subject in sorted(species, key=lambda name: (sorted(species[name]), unit_hash("part", name), name)):
        lacking = {part: shares[part] * (len(part_of) + 1) - count for part, count in dealt.items()}
        part = max(lacking, key=lacking.__getitem__)
        dealt[part] += 1
        part_of[subject] = part
    return part_of


def people(shown: Iterable[tuple[str, str]], shares: Shares, parts: Collection[str]) -> list[str]:
    """Return the subjects of one data set who are in one of some parts, sorted; `shown` and `shares` as for `cut`."""
    return sorted(subject for subject, part in cut(shown, shares).items() if part in parts)


def faces_of_part(faces: Sequence[Face], parts: Mapping[str, Shares], part: str) -> list[Face]:
    """Return the official train faces of a part's people, in the order of `faces`.

    Args:
        faces: all faces of each of their data sets: the cut depends on all of its subjects.
        parts: shares by data set; faces of other data sets are left out.
        part: a key of `PURPOSES`.
    """
    train = [face for face in faces if face.split == "train" and face.dataset in parts]
    subjects: set[tuple[str, str]] = set()
    for dataset in sorted({face.dataset for face in train}):
        shown = {(face.subject, face.species) for face in train if face.dataset == dataset}
        subjects |= {(dataset, subject) for subject in people(shown, parts[dataset], [part])}
    return [face for face in train if (face.dataset, face.subject) in subjects]
