"""Faithfulness: when a cue is taken out of the image, does the score fall, and is the cue still named? Synthetic images only.

A pair is one attack rendered twice, with a cue and without it, all else equal (simulation/rerender.py). It remains an attack:
most images keep other cues, so the score need not fall to that of a bona fide face. A faithful model lowers its score and stops
naming the cue. A model that names what goes with attacks in general, without looking at the image, names the cue as often without
it as with it, whatever its score does; so `named_change` is the part of naming that depends on the cue.

Score and text come from two parts of a model. `agreement` asks whether they change together: it is Pearson's correlation, over
faces, of the change in naming (1: named only with the cue, -1: only without it, 0: in both or neither) and the change in
log-odds. A correlation does not show that one change causes the other.

`redrawn` is how far scores move when a face is merely rendered again: the absolute difference between the face with its cue and
the index's crop, which was encoded in a whole video. Smaller changes are within the noise of rendering.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fasrepro import vocabulary
from fasrepro.evaluation import bootstrap
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import Cell, EvaluationSettings, Figures
from fasrepro.evaluation.results.explanations import CellFaithfulness, CueFaithfulness, PairCounts
from fasrepro.evaluation.results.shared import FaceCounts

MEASURES = (
    "score_change",  # mean p_attack with the cue minus without
    "logit_change",  # the same of its log-odds
    "fell",  # share of faces whose p_attack falls when the cue is taken out
    "redrawn",  # mean absolute difference of p_attack between the rendered face and the index's crop
    "named_with",  # share of explanations that name the cue, of images with it
    "named_without",  # share of explanations that name the cue, of images without it
    "named_change",  # named_with minus named_without
    "still_named",  # of faces whose cue is named with it, the share whose cue is named without it too
    "newly_named",  # of faces whose cue is not named with it, the share whose cue is named without it
    "agreement",  # correlation, in [-1, 1]
)
CUE_MEASURES = ("score_change", "fell", "named_with", "named_without", "named_change")  # of each cue alone
LEAST = 1e-6  # p_attack is kept this far from 0 and 1, so that log-odds stay finite


@dataclasses.dataclass(frozen=True)
class Pairs:
    """One model's scores and namings, a row a pair.

    Args:
        subjects: of each face.
        cues: the cue of each pair.
        scores: (rows, 3), `p_attack` without the cue, with it, and of the index's crop.
        named: (rows, 2), 1 where the explanation names the cue, without and with it.
    """

    subjects: Sequence[str]
    cues: Sequence[str]
    scores: np.ndarray
    named: np.ndarray


def gather(
    pairs: Mapping[str, Mapping[str, Any]], subjects: Mapping[str, str], scores: Mapping[str, float], texts: Mapping[str, str]
) -> Pairs:
    """Return one model's rows of the pairs that it scored, sorted by face_id.

    Args:
        pairs: the contents of results/counterfactual/pairs.json.
        subjects: by face_id.
        scores: by face_id of the index's crop, and by the ids of both crops of a pair.
        texts: explanations by the ids of both crops of a pair.

    Raises:
        MetricError: where the model scored no pair, or the score or text of a crop is missing.
    """
    face_ids = [face_id for face_id in sorted(pairs) if face_id in scores]
    if not face_ids:
        raise MetricError("no face of results/counterfactual/pairs.json has a score; `dvc repro --force counterfactual`")
    values, named = [], []
    for face_id in face_ids:
        pair = pairs[face_id]
        crops = [pair[side]["face_id"] for side in ("without", "with")]
        missing = [crop for crop in crops if crop not in scores or crop not in texts]
        if missing:
            raise MetricError(f"{missing[0]}: no score or no explanation; `dvc repro --force counterfactual` rewrites both")
        values.append([*(scores[crop] for crop in crops), scores[face_id]])
        named.append([pair["cue"] in vocabulary.named_cues(texts[crop]) for crop in crops])
    cues = [pairs[face_id]["cue"] for face_id in face_ids]
    return Pairs([subjects[face_id] for face_id in face_ids], cues, np.array(values), np.array(named, dtype=float))


def logit(p: np.ndarray) -> np.ndarray:
    """Return log-odds of probabilities, which are kept `LEAST` away from 0 and 1."""
    clipped = np.clip(p, LEAST, 1 - LEAST)
    return np.log(clipped) - np.log1p(-clipped)


def measure(rows: Pairs, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return `MEASURES`, each (replicates,), for weights (replicates, rows); NaN where there is nothing to average."""
    without_cue, with_cue, indexed = rows.scores.T
    named_with, named_without = rows.named[:, 1], rows.named[:, 0]
    logit_drop = logit(with_cue) - logit(without_cue)

    def mean(values: np.ndarray, among: np.ndarray | None = None) -> np.ndarray:
        share = weights if among is None else weights * among
        return share @ values / share.sum(axis=1)

    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "score_change": mean(with_cue - without_cue),
            "logit_change": mean(logit_drop),
            "fell": mean((without_cue < with_cue).astype(float)),
            "redrawn": mean(np.abs(with_cue - indexed)),
            "named_with": mean(named_with),
            "named_without": mean(named_without),
            "named_change": mean(named_with - named_without),
            "still_named": mean(named_without, named_with),
            "newly_named": mean(named_without, 1 - named_with),
            "agreement": correlation(named_with - named_without, logit_drop, weights),
        }


def correlation(one: np.ndarray, other: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of two values of each row, (rows,), under weights (replicates, rows): (replicates,).

    NaN where one of them does not vary, but for rounding, among the rows with weight.
    """
    total = weights.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        deviations = [values - weights @ values[:, None] / total for values in (one, other)]
        variances = [(weights * part**2).sum(axis=1) / total[:, 0] for part in deviations]
        covariance = (weights * deviations[0] * deviations[1]).sum(axis=1) / total[:, 0]
        coefficient = covariance / np.sqrt(variances[0] * variances[1])
    constant = np.minimum(*variances) < LEAST**2
    return np.where(constant, np.nan, np.clip(coefficient, -1, 1))


def rows_of_cue(rows: Pairs, cue: str) -> np.ndarray:
    """Return which rows are pairs of a cue, as 0 and 1."""
    return np.array([name == cue for name in rows.cues], dtype=float)


def summarise(by_seed: Mapping[int, Pairs], cell: Cell, settings: EvaluationSettings) -> CellFaithfulness:
    """Return a cell's figures: means over seeds, with intervals that resample subjects and seeds.

    Unlike the draws of the metrics, no replicate can lack a label, because all faces are attacks.

    Args:
        by_seed: rows of the same faces in the same order.
        cell: its short name names the draws.
        settings: of the bootstrap.
    """
    rows = next(iter(by_seed.values()))
    names, subject_of_row = np.unique(np.asarray(rows.subjects), return_inverse=True)
    random = bootstrap.generator(settings.seed, f"{cell.cell}/counterfactual subjects")
    even = np.full(len(names), 1 / len(names))
    counts = random.multinomial(len(names), even, size=settings.replicates).astype(float)
    draws = bootstrap.draw_seeds(len(by_seed), settings.replicates, settings.seed, cell.cell)

    def figures(measures: Sequence[str], included: np.ndarray, subjects: int) -> Figures:
        """Return some measures over the rows where `included` is 1."""
        seeds = []
        for _, pairs in sorted(by_seed.items()):

            def measure_included(weights: np.ndarray, pairs: Pairs = pairs) -> dict[str, np.ndarray]:
                return measure(pairs, weights * included)

            seeds.append(bootstrap.point_and_replicates(measure_included, counts, subject_of_row))
        by_name = {}
        for name in measures:
            value, replicates = bootstrap.seed_mean(seeds, name, draws)
            by_name[name] = bootstrap.figure(value, replicates, settings.confidence, subjects)
        return by_name

    cues = {}
    for cue in (name for name in vocabulary.CUES if name in rows.cues):
        included = rows_of_cue(rows, cue)
        subjects = len({subject for subject, name in zip(rows.subjects, rows.cues, strict=True) if name == cue})
        cues[cue] = CueFaithfulness(FaceCounts(int(included.sum()), subjects), figures(CUE_MEASURES, included, subjects))
    return CellFaithfulness(
        **cell.names,
        counts=PairCounts(len(rows.cues), len(names), len(by_seed)),
        figures=figures(MEASURES, np.ones(len(rows.cues)), len(names)),
        cues=cues,
    )
