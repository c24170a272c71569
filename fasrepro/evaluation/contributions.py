"""What each subject contributes to a figure: one number a subject, whose mean over subjects is the figure itself.

A figure of error rates is a weighted sum of ratios, such as the share of wrong decisions among bona fide rows. To first order,
leaving subject s out of n changes it by how far the subject's own rows lie from those ratios, so that

    contribution(s) = figure + n * sum over ratios r of c_r * sum over rows i of s of (a_i - r b_i) / (sum of all b)

with c_r the weight of a ratio r, and a_i and b_i what row i adds to its numerator and denominator. It is the infinitesimal
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
from fasrepro.evaluation.metrics import CUE_METRICS, METRICS, READER_METRICS, CueSample, Metric, ScoreSample, VerdictSample

Array = np.ndarray
Sample = ScoreSample | VerdictSample | CueSample
Ratio = tuple[float, Array, Array]  # its weight; what each row adds to its numerator and to its denominator, (rows,)


def _share(weight: float, rows: Array, values: Array) -> Ratio:
    """Return the mean of `values` over some `rows`, (rows,) of bool, as a ratio."""
    return weight, np.where(rows, values, 0), rows.astype(float)


def _wrong(sample: ScoreSample) -> Array:
    called_attack = sample.p_attack >= sample.threshold
    return (called_attack != (sample.labels == 1)).astype(float)


def _hter(sample: ScoreSample) -> list[Ratio]:
    return [_share(0.5, sample.labels == label, _wrong(sample)) for label in (0, 1)]


def _bpcer(sample: ScoreSample) -> list[Ratio]:
    return [_share(1.0, sample.labels == 0, _wrong(sample))]


def _apcer_pooled(sample: ScoreSample) -> list[Ratio]:
    return [_share(1.0, sample.labels == 1, _wrong(sample))]


def _auc(sample: ScoreSample) -> list[Ratio]:
    attack = sample.labels == 1
    others = np.where(attack, (~attack).sum(), attack.sum())
    placements = roc.placements(sample.p_attack, attack) / others
    return [_share(1.0, attack, placements), _share(1.0, ~attack, placements)]


def _reader_hter(sample: VerdictSample, among: Array) -> list[Ratio]:
    wrong = (sample.verdicts != sample.labels).astype(float)
    return [_share(0.5, among & (sample.labels == label), wrong) for label in (0, 1)]


def _reader_accuracy(sample: VerdictSample, among: Array) -> list[Ratio]:
    return [_share(1.0, among, (sample.verdicts == sample.labels).astype(float))]


def _undecided(sample: VerdictSample) -> list[Ratio]:
    return [_share(1.0, sample.all, (~sample.decided).astype(float))]


def _f1(sample: CueSample) -> list[Ratio]:
    right, wrong, missed = (sample.hits * (sample.labels == 1)[:, None]).T
    return [(1.0, 2 * right, 2 * right + wrong + missed)]


SCORES: dict[str, Callable[[ScoreSample], list[Ratio]]] = {
    "hter_dev": _hter,
    "auc": _auc,
    "bpcer": _bpcer,
    "apcer_pooled": _apcer_pooled,
}
VERDICTS: dict[str, Callable[[VerdictSample], list[Ratio]]] = {
    "hter": lambda sample: _reader_hter(sample, sample.all),
    "accuracy": lambda sample: _reader_accuracy(sample, sample.all),
    "undecided": _undecided,
    "hter_decided": lambda sample: _reader_hter(sample, sample.decided),
    "accuracy_decided": lambda sample: _reader_accuracy(sample, sample.decided),
}


CUES: dict[str, Callable[[CueSample], list[Ratio]]] = {"f1": _f1}


def of_sample(sample: Sample, subject_of_row: Array) -> dict[str, Array]:
    """Return the contributions of every metric of `SCORES`, `VERDICTS` or `CUES`, each (subjects,).

    Args:
        sample: each row weighs 1: `weights` are ones of shape (1, rows).
        subject_of_row: the number of each row's subject, (rows,), from 0.

    Returns:
        By metric; NaN where the rows do not determine the figure.
    """
    if isinstance(sample, ScoreSample):
        return {name: _contributions(METRICS[name], sample, ratios(sample), subject_of_row) for name, ratios in SCORES.items()}
    if isinstance(sample, VerdictSample):
        return {
            name: _contributions(READER_METRICS[name], sample, ratios(sample), subject_of_row)
            for name, ratios in VERDICTS.items()
        }
    return {name: _contributions(CUE_METRICS[name], sample, ratios(sample), subject_of_row) for name, ratios in CUES.items()}


def _contributions(metric: Metric, sample: Sample, ratios: list[Ratio], subject_of_row: Array) -> Array:
    subjects = int(subject_of_row.max()) + 1
    figure = float(metric.compute(sample)[0])
    if np.isnan(figure):
        return np.full(subjects, np.nan)
    total = np.zeros(subjects)
    for weight, numerators, denominators in ratios:
        ratio = numerators.sum() / denominators.sum()
        shares = (numerators - ratio * denominators) / denominators.sum()
        total += weight * np.bincount(subject_of_row, shares, minlength=subjects)
    return figure + subjects * total
