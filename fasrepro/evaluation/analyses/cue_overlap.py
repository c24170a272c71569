"""The overlap of cues between a target's attacks and the attacks that a model was trained on.

The overlap of a face is the share of the cues visible in it (`regions.visible`) that are visible in any attack of the training
rows. It lies in [0, 1], and is NaN for a face in which no cue is visible.

The nominal overlap of a species needs no truth: the share of its cues (`vocabulary.cues_of`) that also go with a species of the
sources. It assumes that all cues of a species are equally frequent, and replaces the overlap where the cues in the images are
unknown, as in licensed archives.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence

from fasrepro import vocabulary
from fasrepro.evaluation.metrics import MetricError
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face, Label


@dataclasses.dataclass(frozen=True)
class CueOverlap:
    """The overlap of each attack face, by face_id, and the nominal overlap of each species.

    `measured`: whether `by_face` comes from the cues in the images; otherwise it is nominal.
    """

    by_face: Mapping[str, float]
    nominal: Mapping[str, float]
    measured: bool


def family(species: str) -> str:
    """Return the family in `vocabulary.FAMILIES` of a species; bona fide is its own. Raises `MetricError` for an unknown one."""
    if species == BONA_FIDE_SPECIES:
        return species
    for name, members in vocabulary.FAMILIES.items():
        if species in members:
            return name
    raise MetricError(f"species {species!r} is in no family of vocabulary.FAMILIES; add it there")


def families(faces: Iterable[Face]) -> set[str]:
    """Return the families of the attacks among `faces`."""
    return {family(species) for species in {face.species for face in faces if face.label is Label.ATTACK}}


def share(cues: Collection[str], among: Collection[str]) -> float:
    """Return the share of `cues` that are `among` others, in [0, 1]; NaN of no cue.

    >>> share(["moire", "bezel"], {"moire", "glare"})
    0.5
    """
    return sum(name in among for name in cues) / len(cues) if cues else float("nan")


def nominal(species: str, source_species: Collection[str]) -> float:
    """Return the share of the cues of a species that go with one of the source species too, in [0, 1]; NaN if it has none."""
    source_cues = {name for name, cue in vocabulary.CUES.items() if set(cue.species) & set(source_species)}
    return share(vocabulary.cues_of(species), source_cues)


def overlap(target: Sequence[Face], trained: Sequence[Face], visible: Mapping[str, Collection[str]] | None) -> CueOverlap:
    """Return the overlap of the attacks among `target`.

    Args:
        target: faces of the target.
        trained: the faces of the training rows.
        visible: the cues visible in the attacks of both, by face_id; None where they are unknown.

    Raises:
        MetricError: where the training rows hold no attack.
    """
    attacks = [face for face in target if face.label is Label.ATTACK]
    source_attacks = [face for face in trained if face.label is Label.ATTACK]
    if not source_attacks:
        raise MetricError("no attack among the training rows: there are no cues to overlap with; run `dvc repro trainset`")
    source_species = {face.species for face in source_attacks}
    by_species = {name: nominal(name, source_species) for name in {face.species for face in attacks}}
    if visible is None:
        return CueOverlap({face.face_id: by_species[face.species] for face in attacks}, by_species, False)
    source_cues = {name for face in source_attacks for name in visible[face.face_id]}
    return CueOverlap({face.face_id: share(visible[face.face_id], source_cues) for face in attacks}, by_species, True)
