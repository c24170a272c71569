"""Which annotator is right? The cues that captions name against those in the image. Known of synthetic images alone.

Present and named are as in `grounding`, and so are the measures. An annotator that is told the label may write what goes with it,
in the image or not; one that is not told can only name what it sees, or takes for a cue. Two styles are held against each other
on the faces that have a caption in both, and on the same drawn subjects.

Intervals resample subjects within their data set (`statistics.draw_within`), so that every replicate holds all data sets.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from fasrepro import vocabulary
from fasrepro.evaluation import bootstrap
from fasrepro.evaluation.analyses import grounding
from fasrepro.evaluation.analyses.grounding import MEASURES, Rows
from fasrepro.rows.faces import Face

STREAM = "annotators"


@dataclasses.dataclass(frozen=True)
class Written:
    """The captions of one style. Two styles with one `task` differ in nothing but what the annotator was told."""

    texts: Mapping[str, str]  # by face_id
    label_aware: bool  # whether its annotator was told the label
    models: Mapping[str, int]  # who wrote how many
    task: str


@dataclasses.dataclass(frozen=True)
class Draws:
    """How figures get their intervals: the same draws for the same subjects."""

    replicates: int
    confidence: float
    seed: int


def by_cue(faces: Sequence[Face], texts: Mapping[str, str], present: Mapping[str, Collection[str]]) -> np.ndarray:
    """Return the `hits` of `grounding.Rows` for each cue by itself, of shape (faces, cues, 3), in the order of `cues.CUES`."""
    found = np.zeros((len(faces), len(vocabulary.CUES), 3))
    for row, face in enumerate(faces):
        named, there = set(vocabulary.named_cues(texts[face.face_id])), set(present[face.face_id])
        for column, cue in enumerate(vocabulary.CUES):
            found[row, column] = grounding.hits(named & {cue}, there & {cue})
    return found


def summarise(
    written: Mapping[str, Written], faces: Mapping[str, Face], present: Mapping[str, Collection[str]], draws: Draws
) -> dict[str, Any]:
    """Return {"styles", "pairs"}: an entry a style, and one for each pair of a style with the label and one without.

    `written` by style, `faces` and `present` by face_id. See `of_style` and `of_pair`.
    """
    told = [name for name, style in written.items() if style.label_aware]
    untold = [name for name, style in written.items() if not style.label_aware]
    return {
        "styles": {name: of_style(style, faces, present, draws) for name, style in written.items()},
        "pairs": [
            {"style": one, "baseline": other, **of_pair(written[one], written[other], faces, present, draws)}
            for one in told
            for other in untold
        ],
    }


def of_style(style: Written, faces: Mapping[str, Face], present: Mapping[str, Collection[str]], draws: Draws) -> dict[str, Any]:
    """Return {"label_aware", "models", "pooled", "datasets", "species", "cues"} of one style's captions.

    A part has "counts" and a figure with its interval for each of `MEASURES`. A cue has "showing", the attacks that show it,
    "named" and "named_there", the captions of attacks that name it and those of them that do so rightly, "on_bona_fide", the
    captions of bona fide faces that name it, and figures "precision" and "recall" over attacks.
    """
    chosen = [faces[face_id] for face_id in sorted(style.texts)]
    hits = by_cue(chosen, style.texts, present)
    counts, place = _drawn(chosen, draws)

    def part(take: np.ndarray) -> dict[str, Any]:
        rows = _rows(chosen, hits.sum(axis=1), take)
        return {"counts": grounding.sizes(rows), **_figures(rows, counts, place[take], draws)}

    def cue(column: int) -> dict[str, Any]:
        rows = _rows(chosen, hits[:, column], everyone)
        right, wrong, missed = (int(number) for number in rows.hits[rows.labels == 1].sum(axis=0))
        found = _figures(rows, counts, place, draws)
        return {
            "showing": right + missed,
            "named": right + wrong,
            "named_there": right,
            "on_bona_fide": int(rows.hits[rows.labels == 0, 1].sum()),
            "precision": found["precision"],
            "recall": found["recall"],
        }

    everyone = np.arange(len(chosen))
    return {
        "label_aware": style.label_aware,
        "models": dict(style.models),
        "pooled": part(everyone),
        "datasets": {name: part(take) for name, take in _groups([face.dataset for face in chosen]).items()},
        "species": {name: part(take) for name, take in _groups([face.species for face in chosen]).items()},
        "cues": {name: cue(column) for column, name in enumerate(vocabulary.CUES)},
    }


def of_pair(
    one: Written, other: Written, faces: Mapping[str, Face], present: Mapping[str, Collection[str]], draws: Draws
) -> dict[str, Any]:
    """Return {"same_task", "counts", "difference", "cues"}: one minus other on the faces that both captioned.

    "difference" has a figure for each of `MEASURES`, on the same drawn subjects; "cues" has {"precision", "recall"} for each cue.
    """
    chosen = [faces[face_id] for face_id in sorted(set(one.texts) & set(other.texts))]
    counts, place = _drawn(chosen, draws)
    hits = [by_cue(chosen, style.texts, present) for style in (one, other)]

    def difference(parts: Sequence[np.ndarray]) -> dict[str, Any]:
        rows = [_rows(chosen, part, np.arange(len(chosen))) for part in parts]
        (whole, many), (base, bases) = (grounding.replicated(part, counts, place) for part in rows)
        subjects = len(set(rows[0].subjects))
        return {
            name: bootstrap.figure(float(whole[name][0] - base[name][0]), many[name] - bases[name], draws.confidence, subjects)
            for name in MEASURES
        }

    by_name = {name: difference([part[:, column] for part in hits]) for column, name in enumerate(vocabulary.CUES)}
    return {
        "same_task": one.task == other.task,
        "counts": grounding.sizes(_rows(chosen, hits[0].sum(axis=1), np.arange(len(chosen)))),
        "difference": difference([part.sum(axis=1) for part in hits]),
        "cues": {name: {key: found[key] for key in ("precision", "recall")} for name, found in by_name.items()},
    }


def _drawn(faces: Sequence[Face], draws: Draws) -> tuple[np.ndarray, np.ndarray]:
    subjects, datasets = [face.subject for face in faces], [face.dataset for face in faces]
    counts, place, _ = bootstrap.draw_within(subjects, datasets, draws.replicates, draws.seed, STREAM)
    return counts, place


def _rows(faces: Sequence[Face], hits: np.ndarray, take: np.ndarray) -> Rows:
    labels = np.array([int(faces[row].label) for row in take], dtype=int)
    return Rows(labels, [faces[row].subject for row in take], hits[take])


def _figures(rows: Rows, counts: np.ndarray, place: np.ndarray, draws: Draws) -> dict[str, Any]:
    whole, many = grounding.replicated(rows, counts, place)
    subjects = len(set(rows.subjects))
    return {name: bootstrap.figure(float(whole[name][0]), many[name], draws.confidence, subjects) for name in MEASURES}


def _groups(names: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the places of each name."""
    return {name: np.flatnonzero(np.array(names) == name) for name in sorted(set(names))}
