"""How much the attacks of a target share cues with those that a model was trained on.

The sharing of a face is the share of the cues seen in it (`cues.visible`) that the sources show at all: that are seen in one or
more of the attack faces that the model was trained on. In [0, 1]; a face in which no cue is seen has none, which is NaN.

The nominal sharing of a species needs no truth: the share of its cues (`cues.cues_of`) that go with a species of the sources. It
takes all of a species' cues for equally frequent, and stands in where truths are lacking, as those of licensed archives are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence

from fasrepro import vocabulary
from fasrepro.evaluation.metrics import MetricError
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face, Label


@dataclasses.dataclass(frozen=True)
class Shared:
    """The sharing of each attack face, by face_id, and the nominal sharing of each species; `measured`: whether by truths."""

    by_face: Mapping[str, float]
    nominal: Mapping[str, float]
    measured: bool


def family(species: str) -> str:
    """Return the family in `cues.FAMILIES` of a species; bona fide is its own. Raises `MetricError` for an unknown one."""
    if species == BONA_FIDE_SPECIES:
        return species
    for name, members in vocabulary.FAMILIES.items():
        if species in members:
            return name
    raise MetricError(f"species {species!r} is in no family of cues.FAMILIES; add it there")


def families(faces: Iterable[Face]) -> set[str]:
    """Return the families of the attacks among `faces`."""
    return {family(species) for species in {face.species for face in faces if face.label is Label.ATTACK}}


def share(found: Collection[str], known: Collection[str]) -> float:
    """Return which share of the cues `found` are `known`, in [0, 1]; NaN of none."""
    return sum(name in known for name in found) / len(found) if found else float("nan")


def nominal(species: str, sources: Collection[str]) -> float:
    """Return which share of the cues of a species go with one of the species `sources` too, in [0, 1]; NaN if it has none."""
    return share(vocabulary.cues_of(species), {name for name, cue in vocabulary.CUES.items() if set(cue.species) & set(sources)})


def shared(target: Sequence[Face], sources: Sequence[Face], seen: Mapping[str, Collection[str]] | None) -> Shared:
    """Return the sharing of the attacks among `target`.

    `sources`: the faces of the training rows; `seen`: the cues seen in either's attacks, by face_id, None if that is not known.
    Raises `MetricError` where the sources hold no attack.
    """
    attacks = [face for face in target if face.label is Label.ATTACK]
    learnt = [face for face in sources if face.label is Label.ATTACK]
    if not learnt:
        raise MetricError("no attack among the training rows: there is nothing to share cues with; run `dvc repro trainset`")
    species = {face.species for face in learnt}
    by_species = {name: nominal(name, species) for name in {face.species for face in attacks}}
    if seen is None:
        return Shared({face.face_id: by_species[face.species] for face in attacks}, by_species, False)
    known = {name for face in learnt for name in seen[face.face_id]}
    return Shared({face.face_id: share(seen[face.face_id], known) for face in attacks}, by_species, True)
