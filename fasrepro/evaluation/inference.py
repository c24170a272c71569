"""Tests of the difference between two runs on the same rows, as the field's papers report them, and the detectable difference.

The tests are descriptive: only the paired bootstrap (`bootstrap`) decides a verdict. Each test compares *one* training of either
run, and assumes independent rows. Videos of one subject are not independent, so these p-values are as a rule too small for a
statement about new subjects, and they say nothing about another training.

Conventions are those of `metrics`: label 0 is bona fide, 1 is an attack, a score is `p_attack` in [0, 1]. A difference is `a`
minus `b`; swapping the two turns its sign and keeps p.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from fasrepro.evaluation.metrics import LABELS, UNDECIDED, MetricError, check, check_labels

POWER = 0.8  # the share of repetitions in which a difference of `detectable` is detected: the usual choice
EQUAL = 1e-12  # replicates that differ by less are equal but for rounding
NAN = float("nan")


@dataclasses.dataclass(frozen=True)
class AucDifference:
    """AUC of a minus AUC of b, in [-1, 1]; its standard `error`; the two-sided `p`. NaN where the rows do not determine it."""

    difference: float
    error: float
    p: float


@dataclasses.dataclass(frozen=True)
class Discordant:
    """How many rows only a decided correctly, how many only b did, and the two-sided exact `p` that both chances are equal."""

    only_a: int
    only_b: int
    p: float


def _placements(scores: np.ndarray, attack: np.ndarray) -> np.ndarray:
    """Return with how many rows of the other label each row is in the right order, ties counting half; (rows,).

    A row's midrank among all rows, minus its midrank among its own label, is the number of the other label's rows below it.
    """
    below = stats.rankdata(scores)
    for own in (attack, ~attack):
        below[own] -= stats.rankdata(scores[own])
    return np.where(attack, below, attack.sum() - below)


def delong(labels: ArrayLike, scores_a: ArrayLike, scores_b: ArrayLike) -> AucDifference:
    """Test whether two runs have the same AUC on the same rows; all arguments (rows,).

    This is the correlated test of DeLong, DeLong and Clarke-Pearson (Biometrics 44, 837-845, 1988), with placements from midranks
    as in Sun and Xu (IEEE Signal Processing Letters 21, 1389-1393, 2014). It is meant for scores, not for verdicts: ties weaken
    it.

    Degenerate cases. Where no row changes its placement, as between equal scores, the difference and its error are 0 and p is 1.
    The spread of placements is undefined where all rows of each label change theirs by the same amount (the error is 0), and
    where a label has a single row: then p is NaN, not 0.

    Raises:
        MetricError: where a label has no rows, and for scores outside [0, 1].
    """
    labels, a, b = np.asarray(labels), np.asarray(scores_a, float), np.asarray(scores_b, float)
    check(labels, a, "DeLong, first run")
    check(labels, b, "DeLong, second run")
    attack = labels == 1
    attacks, bona_fide = int(attack.sum()), int((~attack).sum())
    # Placements are multiples of one half, so equal ones are exactly equal, and a variance of 0 is exactly 0.
    change = _placements(a, attack) - _placements(b, attack)
    if not change.any():
        return AucDifference(0.0, 0.0, 1.0)
    difference = float(change[attack].sum() / (attacks * bona_fide))
    if min(attacks, bona_fide) < 2:
        return AucDifference(difference, NAN, NAN)
    of_attacks = change[attack].var(ddof=1) / (bona_fide**2 * attacks)
    of_bona_fide = change[~attack].var(ddof=1) / (attacks**2 * bona_fide)
    error = float(np.sqrt(of_attacks + of_bona_fide))
    if error == 0:
        return AucDifference(difference, 0.0, NAN)
    return AucDifference(difference, error, float(2 * stats.norm.sf(abs(difference) / error)))


def mcnemar(labels: ArrayLike, decided_a: ArrayLike, decided_b: ArrayLike) -> dict[str, Discordant]:
    """Test whether two runs are correct equally often on the same rows: on "bona_fide" rows, on "attack" rows, and on "all".

    This is McNemar's test (Psychometrika 12, 153-157, 1947) in its exact form: under the null hypothesis, each of the rows that
    one run alone decides correctly belongs to either run with probability one half. Without such a row p is 1.

    Args:
        labels: 0 or 1, (rows,).
        decided_a: 0, 1, or -1 for undecided, which is never correct; (rows,).
        decided_b: of the other run.

    Raises:
        MetricError: where a label has no rows, and for values that are no decision.
    """
    labels, a, b = np.asarray(labels), np.asarray(decided_a), np.asarray(decided_b)
    check_labels(labels, "McNemar")
    for decided in (a, b):
        if decided.shape != labels.shape or not np.isin(decided, (*LABELS, UNDECIDED)).all():
            raise MetricError(f"McNemar: decisions must be 0, 1 or {UNDECIDED}, one for each of {labels.size} rows")
    right_a, right_b = a == labels, b == labels
    groups = {"bona_fide": labels == 0, "attack": labels == 1, "all": np.ones(labels.shape, bool)}
    return {
        name: _discordant(int((right_a & ~right_b & rows).sum()), int((right_b & ~right_a & rows).sum()))
        for name, rows in groups.items()
    }


def _discordant(only_a: int, only_b: int) -> Discordant:
    total = only_a + only_b
    return Discordant(only_a, only_b, float(stats.binomtest(only_a, total, 0.5).pvalue) if total else 1.0)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's step-down adjusted p-values (Scandinavian Journal of Statistics 6, 65-70, 1979), in the order given.

    The k-th smallest of m is multiplied by m - k + 1; it is at least as large as those before it, and at most 1. A NaN (an
    undefined test) stays NaN, and m does not count it. Raises `MetricError` for a value outside [0, 1].

    >>> holm([0.25, 0.125])
    [0.25, 0.25]
    """
    values = np.asarray(p_values, float)
    if ((values < 0) | (values > 1)).any():
        raise MetricError(f"Holm: p-values must be in [0, 1], not {values.tolist()}")
    defined = np.flatnonzero(~np.isnan(values))
    order = defined[np.argsort(values[defined], kind="stable")]
    adjusted = np.full(values.shape, NAN)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * np.arange(len(order), 0, -1)), 1)
    return adjusted.tolist()


def detectable(differences_replicates: ArrayLike, confidence: float, power: float = POWER) -> float:
    """Return the smallest difference that would be detected in a share `power` of repetitions, in the metric's own unit, >= 0.

    (z(1 - alpha / 2) + z(power)) * standard error, with alpha = 1 - `confidence`: the minimum detectable effect of Bloom
    (Evaluation Review 19, 547-556, 1995).

    Limits. It assumes that the difference is normal, with the same spread whatever its size; near 0 and 1 a rate has neither
    property. It is about these two runs, and includes only what the bootstrap draws: with few subjects their spread is too small,
    and of the variance between trainings K seeds show about (K - 1) / K, one seed none. So it errs on the small side. It is about
    an interval that excludes zero: a rule with a margin needs a difference larger by the margin.

    Args:
        differences_replicates: of the paired bootstrap, (replicates,), whose standard deviation is the standard error; NaN are
            omitted.
        confidence: of the interval, in (0, 1).
        power: in (0, 1).

    Returns:
        NaN for fewer than two replicates, and where all are equal: two runs that decide alike on every subject have no spread.

    Raises:
        MetricError: unless both shares lie between 0 and 1.
    """
    if not (0 < confidence < 1 and 0 < power < 1):
        raise MetricError(f"confidence {confidence} and power {power} must lie between 0 and 1")
    values = np.asarray(differences_replicates, float)
    values = values[~np.isnan(values)]
    if values.size < 2 or np.ptp(values) <= EQUAL:
        return NAN
    return float((stats.norm.ppf((1 + confidence) / 2) + stats.norm.ppf(power)) * values.std(ddof=1))
