"""Grounding: are the cues that an explanation names those that are in the image? Known of synthetic images alone.

A cue counts as present if it is seen in the face's crop (`cues.visible`), and as named if one of its phrasings stands in the text
(`cues.named_cues`). A model that has learnt which cues go with attacks, and looks at no image, names some that are there by
chance. So each figure stands beside that of a *sampler*, which answers with a caption of the run's own training set, drawn from
those of faces with the same label: what can be had without looking. It is told the label, which a model is not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from fasrepro import vocabulary
from fasrepro.evaluation import bootstrap
from fasrepro.evaluation.metrics import MetricError
from fasrepro.rows.faces import Face, Label

# Of the cues named on attacks, how many are there; of those that are there, how many are named; their harmonic mean, all
# pooled over faces; and the cues named on a bona fide face, where none is, a face.
MEASURES = ("precision", "recall", "f1", "named_on_bona_fide")


@dataclasses.dataclass(frozen=True)
class Rows:
    """One row an explained face: `hits` (rows, 3) are cues named and there, named and not there, there and not named."""

    labels: np.ndarray  # (rows,) of 0 and 1
    subjects: Sequence[str]
    hits: np.ndarray


def hits(named: Collection[str], present: Collection[str]) -> tuple[int, int, int]:
    """Return how many cues are named and there, named and not there, there and not named."""
    there = set(named) & set(present)
    return len(there), len(set(named)) - len(there), len(set(present)) - len(there)


def explained(faces: Sequence[Face], texts: Mapping[str, str], present: Mapping[str, Collection[str]]) -> Rows:
    """Return the rows of what was written about `faces`; `texts` and `present` by face_id."""
    found = [hits(vocabulary.named_cues(texts[face.face_id]), present[face.face_id]) for face in faces]
    return _rows(faces, found)


def sampled(faces: Sequence[Face], captions: Mapping[Label, Sequence[str]], present: Mapping[str, Collection[str]]) -> Rows:
    """Return the rows of the sampler: for each face the mean over all training captions of its label, which is its expectation.

    Raises `MetricError` where a label has no captions.
    """
    named = {label: [vocabulary.named_cues(text) for text in texts] for label, texts in captions.items()}
    found = []
    for face in faces:
        if not named.get(face.label):
            raise MetricError(f"no training caption of a face that is {face.label.name.lower()}: nothing to sample from")
        drawn = [hits(names, present[face.face_id]) for names in named[face.label]]
        found.append(tuple(np.mean(drawn, axis=0)))
    return _rows(faces, found)


def _rows(faces: Sequence[Face], found: Sequence[tuple[float, ...]]) -> Rows:
    labels = np.array([int(face.label) for face in faces], dtype=int)
    return Rows(labels, [face.subject for face in faces], np.array(found, dtype=float).reshape(-1, 3))


def measure(rows: Rows, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return `MEASURES`, each of shape (replicates,), for weights (replicates, rows); NaN where there is nothing to count."""
    attack = rows.labels == 1
    right, wrong, missed = (weights[:, attack] @ rows.hits[attack]).T
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "precision": right / (right + wrong),
            "recall": right / (right + missed),
            "f1": 2 * right / (2 * right + wrong + missed),
            "named_on_bona_fide": weights[:, ~attack] @ rows.hits[~attack, 1] / weights[:, ~attack].sum(axis=1),
        }


def replicated(rows: Rows, counts: np.ndarray, place: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return `MEASURES` of `rows`, each (1,), and of the replicates that `statistics` drew, each (replicates,)."""
    whole = measure(rows, np.ones((1, len(rows.labels))))
    return whole, bootstrap.replicated(lambda weights: measure(rows, weights), counts, place)


def sizes(rows: Rows) -> dict[str, int]:
    """Return how many faces and subjects the figures of `rows` are of: "attack", "bona_fide" and "subjects"."""
    attacks = int(rows.labels.sum())
    return {"attack": attacks, "bona_fide": len(rows.labels) - attacks, "subjects": len(set(rows.subjects))}


def summarise(
    by_seed: Mapping[int, Rows], sampler: Rows, target: str, protocol: str, replicates: int, confidence: float, seed: int
) -> dict[str, Any]:
    """Return {"explained", "sampler", "difference"}, each with a figure for each of `MEASURES`, and the counts behind them.

    All rows are of the same faces in the same order. Figures are means over seeds; intervals resample subjects and seeds as
    those of the metrics do. "difference" is explained minus sampler, on the same drawn subjects and seeds. `target` names
    the draws of subjects, `protocol` those of seeds, as they do for the metrics.
    """
    counts, place = bootstrap.draw_subjects(sampler.subjects, sampler.labels, replicates, seed, target)
    draws = bootstrap.draw_seeds(len(by_seed), replicates, seed, protocol)
    found = [replicated(rows, counts, place) for _, rows in sorted(by_seed.items())]
    chance, chances = replicated(sampler, counts, place)
    size = sizes(sampler)
    report: dict[str, Any] = {"explained": {}, "sampler": {}, "difference": {}, "counts": {**size, "seeds": len(by_seed)}}
    for name in MEASURES:
        values = np.array([whole[name][0] for whole, _ in found])
        drawn = bootstrap.over_seeds(np.stack([many[name] for _, many in found]), draws)
        for part, value, many in (
            ("explained", values.mean(), drawn),
            ("sampler", chance[name][0], chances[name]),
            ("difference", values.mean() - chance[name][0], drawn - chances[name]),
        ):
            report[part][name] = bootstrap.figure(float(value), many, confidence, size["subjects"])
    return report
