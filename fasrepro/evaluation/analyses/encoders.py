"""What a job's encoder is asked: linear probes of its frozen states, and of the foundation's, with the same questions.

One question is attack against bona fide. The others are about one cue each, among attacks alone: among all faces a probe for a
cue could read the label, which every training teaches. What the answers amount to: `encoder_gains`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from fasrepro import files
from fasrepro.evaluation.analyses import probes

Array = np.ndarray
Probe = Callable[[Array], Array]  # margins of (faces, numbers)
ATTACK = "attack"  # the first question
DEV = "dev"
ENCODERS = ("foundation", "trained")  # those that each question is put to
LEAST_FACES = probes.LEAST_FACES  # with and without, among the fitted, for a probe


@dataclasses.dataclass(frozen=True)
class Readouts:
    """What was read from one job's encoder, and from the foundation's.

    Args:
        questions: `ATTACK`, and the cues with enough fitted faces.
        face_ids: (faces,) of the measured faces.
        groups: (faces,) `DEV`, or the target.
        answers: (faces, questions) bool: whether it is an attack, and shows the cue.
        margins: (2, faces, questions) of `ENCODERS`.
        pictured: (pictures,) face_id of each picture that was occluded.
        coverage: (pictures, patches, patches) the share of a patch inside the cues' regions.
        falls: (3, pictures, patches, patches) of `saliency.SCORES`, as `saliency.falls` returns them.
    """

    questions: Array
    face_ids: Array
    groups: Array
    answers: Array
    margins: Array
    pictured: Array
    coverage: Array
    falls: Array


def write(path: Path, readouts: Readouts) -> None:
    """Write a job's readouts."""
    arrays = {field.name: getattr(readouts, field.name) for field in dataclasses.fields(readouts)}
    with files.replaced(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)


def read(path: Path) -> Readouts:
    """Read what `write` wrote. Raises `ValueError` for a file that lacks an array."""
    with np.load(path) as content:
        missing = [field.name for field in dataclasses.fields(Readouts) if field.name not in content.files]
        if missing:
            raise ValueError(f"{path}: has no {missing[0]}; run `dvc repro encoders@{path.stem}`")
        return Readouts(**{name: content[name] for name in content.files})


def questions(labels: Array, shown: Sequence[Sequence[str]], cues: Sequence[str]) -> list[str]:
    """Return the questions that the fitted faces allow: `ATTACK`, then cues in the order given; none without the first.

    Args:
        labels: (faces,) 1 for an attack.
        shown: the cues of each face's crop.
        cues: those that exist.
    """
    asked = [ATTACK, *cues]
    rows = [rows_of(labels, shown, question) for question in asked]
    enough = [min(positive.sum(), (among & ~positive).sum()) >= LEAST_FACES for among, positive in rows]
    return [question for question, one in zip(asked, enough, strict=True) if one] if enough[0] else []


def rows_of(labels: Array, shown: Sequence[Sequence[str]], question: str) -> tuple[Array, Array]:
    """Return which faces a question is about, and which of them it holds for; both (faces,) bool."""
    attacks = np.asarray(labels) == 1
    if question == ATTACK:
        return np.ones(len(attacks), dtype=bool), attacks
    return attacks, attacks & np.array([question in cues for cues in shown], dtype=bool)


def fit(numbers: Array, labels: Array, shown: Sequence[Sequence[str]], asked: Sequence[str]) -> dict[str, Probe]:
    """Fit a probe for each question; return them by question.

    Args:
        numbers: (faces, numbers), states of one encoder.
        labels: (faces,) 1 for an attack.
        shown: the cues of each face's crop.
        asked: what `questions` returned.
    """
    fitted = {}
    for question in asked:
        among, positive = rows_of(labels, shown, question)
        fitted[question] = probes.fit(numbers[among], positive[among].astype(int))
    return fitted


def margins(fitted: Mapping[str, Probe], numbers: Array) -> Array:
    """Return the margins of probes on other faces; (faces, numbers) -> (faces, questions)."""
    return np.stack([probe(numbers) for probe in fitted.values()], axis=1) if fitted else np.zeros((len(numbers), 0))
