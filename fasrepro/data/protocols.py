"""Who is trained on, who chooses thresholds, who is tested: the cross-data-set protocols of the MCIO literature."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from fasrepro.datasets import DATASETS
from fasrepro.rows.faces import Face

# The field's letters; I is Replay-Attack, after Idiap. W is this project's, for SiW-Mv2.
LETTERS = {"m": "msu", "c": "casia", "i": "replay", "o": "oulu", "w": "siw"}


class ProtocolError(ValueError):
    """A protocol name or a set of faces that allows no honest split; the message names the fault and the remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class Protocol:
    """Train on `sources`, test on `target` (short data set names)."""

    name: str
    sources: tuple[str, ...]
    target: str


@dataclasses.dataclass(frozen=True, slots=True)
class Split:
    """The faces of a protocol. Dev belongs to the sources."""

    train: list[Face]
    dev: list[Face]
    test: list[Face]


def protocol(name: str) -> Protocol:
    """Parse a name such as `oci_m` (train on O, C and I, test on M). Raises `ProtocolError`."""
    sources, _, target = name.partition("_")
    letters = ", ".join(f"{letter} ({DATASETS[dataset].title})" for letter, dataset in LETTERS.items())
    if not sources or len(target) != 1 or set(sources + target) - set(LETTERS):
        raise ProtocolError(
            f"protocol {name!r}: expected source letters, '_' and a target letter, as in oci_m. Letters: {letters}"
        )
    if len(set(sources)) < len(sources) or target in sources:
        raise ProtocolError(f"protocol {name!r}: a letter stands twice; a target is no source")
    return Protocol(name, tuple(LETTERS[letter] for letter in sources), LETTERS[target])


def split_faces(faces: Iterable[Face], protocol: Protocol) -> Split:
    """Return the train, dev and test faces of a protocol, in the order of `faces`.

    Train: the official train split of each source. Dev: a source's official dev split where it has one, else its official
    test subjects, which nothing else uses while it is a source; so the papers' training rows stay whole. Test: the official
    test split of the target. Raises `ProtocolError` if one of them is empty or a subject stands in two.
    """
    faces = list(faces)
    with_dev = {face.dataset for face in faces if face.split == "dev"}
    dev_split = {dataset: "dev" if dataset in with_dev else "test" for dataset in protocol.sources}
    split = Split(
        train=[face for face in faces if face.dataset in protocol.sources and face.split == "train"],
        dev=[face for face in faces if face.dataset in protocol.sources and face.split == dev_split[face.dataset]],
        test=[face for face in faces if face.dataset == protocol.target and face.split == "test"],
    )
    for dataset in protocol.sources:
        for part, rows in (("train", split.train), ("dev", split.dev)):
            if not any(face.dataset == dataset for face in rows):
                raise ProtocolError(f"{protocol.name}: {DATASETS[dataset].title} has no {part} faces; is its archive indexed?")
    if not split.test:
        raise ProtocolError(f"{protocol.name}: {DATASETS[protocol.target].title} has no test faces; is its archive indexed?")
    sides: dict[str, str] = {}
    for part, rows in (("train", split.train), ("dev", split.dev), ("test", split.test)):
        for face in rows:
            if sides.setdefault(face.subject, part) != part:
                raise ProtocolError(f"{protocol.name}: subject {face.subject} stands in {sides[face.subject]} and in {part}")
    return split
