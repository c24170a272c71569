"""What each subject contributes to a figure: one number a subject, whose mean over subjects is the figure itself.

A figure of error rates is a sum of means over groups of rows (all bona fide rows, all attacks). To first order, leaving subject s
out of n changes it by the deviation of the subject's own rows from those means, so that

    contribution(s) = figure + n * sum over groups g of c_g * sum over rows i of s in g of (v_i - mean_g) / rows in g

with c_g the weight of the group in the figure and v_i the value of a row, such as 1 for a wrong decision. It is the infinitesimal
jackknife (Efron, The Jackknife, the Bootstrap and Other Resampling Plans, 1982, chapter 6). For HTER and equal counts it is the
subject's own HTER. A subject with rows of one label alone, as in SiW-Mv2, contributes through that label. For the AUC it gives
the structural components of Obuchowski (Biometrics 53, 567-578, 1997): DeLong's test for rows that come in clusters.

Means over subjects of these contributions have the variance of the figure over new subjects, which `inference` estimates. The
worst species' APCER, ACER, EER and oracle figures choose something on the rows themselves: they are no such sums, and have none.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fasrepro.evaluation import roc
from fasrepro.evaluation.metrics import METRICS, READER_METRICS, Metric, ScoreSample, VerdictSample

Array = np.ndarray
Group = tuple[float, Array, Array]  # its weight c_g; which rows belong to it, (rows,) of bool; the rows' values, (rows,)


def _wrong(sample: ScoreSample) -> Array:
    called_attack = sample.p_attack >= sample.threshold
    return (called_attack != (sample.labels == 1)).astype(float)


def _hter(sample: ScoreSample) -> list[Group]:
    wrong = _wrong(sample)
    return [(0.5, sample.labels == label, wrong) for label in (0, 1)]


def _bpcer(sample: ScoreSample) -> list[Group]:
    return [(1.0, sample.labels == 0, _wrong(sample))]


def _apcer_pooled(sample: ScoreSample) -> list[Group]:
    return [(1.0, sample.labels == 1, _wrong(sample))]


def _auc(sample: ScoreSample) -> list[Group]:
    attack = sample.labels == 1
    others = np.where(attack, (~attack).sum(), attack.sum())
    placements = roc.placements(sample.p_attack, attack) / others
    return [(1.0, attack, placements), (1.0, ~attack, placements)]


def _reader_hter(sample: VerdictSample, among: Array) -> list[Group]:
    wrong = (sample.verdicts != sample.labels).astype(float)
    return [(0.5, among & (sample.labels == label), wrong) for label in (0, 1)]


def _reader_accuracy(sample: VerdictSample, among: Array) -> list[Group]:
    return [(1.0, among, (sample.verdicts == sample.labels).astype(float))]


def _undecided(sample: VerdictSample) -> list[Group]:
    return [(1.0, sample.all, (~sample.decided).astype(float))]


SCORES: dict[str, Callable[[ScoreSample], list[Group]]] = {
    "hter_dev": _hter,
    "auc": _auc,
    "bpcer": _bpcer,
    "apcer_pooled": _apcer_pooled,
}
VERDICTS: dict[str, Callable[[VerdictSample], list[Group]]] = {
    "hter": lambda sample: _reader_hter(sample, sample.all),
    "accuracy": lambda sample: _reader_accuracy(sample, sample.all),
    "undecided": _undecided,
    "hter_decided": lambda sample: _reader_hter(sample, sample.decided),
    "accuracy_decided": lambda sample: _reader_accuracy(sample, sample.decided),
}


def of_sample(sample: ScoreSample | VerdictSample, subject_of_row: Array) -> dict[str, Array]:
    """Return the contributions of every metric of `SCORES` or `VERDICTS`, each (subjects,).

    Args:
        sample: each row weighs 1: `weights` are ones of shape (1, rows).
        subject_of_row: the number of each row's subject, (rows,), from 0.

    Returns:
        By metric; NaN where the rows do not determine the figure.
    """
    if isinstance(sample, ScoreSample):
        return {name: _contributions(METRICS[name], sample, groups(sample), subject_of_row) for name, groups in SCORES.items()}
    return {
        name: _contributions(READER_METRICS[name], sample, groups(sample), subject_of_row) for name, groups in VERDICTS.items()
    }


def _contributions(metric: Metric, sample: ScoreSample | VerdictSample, groups: list[Group], subject_of_row: Array) -> Array:
    subjects = int(subject_of_row.max()) + 1
    figure = float(metric.compute(sample)[0])
    if np.isnan(figure):
        return np.full(subjects, np.nan)
    total = np.zeros(subjects)
    for weight, rows, values in groups:
        deviations = (values[rows] - values[rows].mean()) / rows.sum()
        total += weight * np.bincount(subject_of_row[rows], deviations, minlength=subjects)
    return figure + subjects * total
