"""The errors at every threshold that separates two rows, for many weightings of the rows at once, and what follows from them.

Conventions are those of `metrics`: label 1 is an attack, and a row is called an attack if and only if its score >= threshold.
scikit-learn computes one weighting at a time; the tests hold that each figure equals scikit-learn's.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from scipy import stats

Array = np.ndarray
SLACK = 1e-12  # relative: sums that differ by less are equal but for rounding


def ratio(numerator: Array, denominator: Array) -> Array:
    """Divide; NaN where the denominator is 0."""
    numerator, denominator = np.broadcast_arrays(np.asarray(numerator, float), np.asarray(denominator, float))
    return np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0)


@dataclasses.dataclass(frozen=True)
class Curve:
    """Errors at each of k thresholds, under each of several weightings (replicates).

    Args:
        thresholds: (k,), ascending, in the unit of the scores.
        passed_attacks: (replicates, k), the weight of attacks below the threshold.
        false_alarms: (replicates, k), the weight of bona fide rows at or above the threshold.
        attacks: (replicates,), the weight of all attacks.
        bona_fide: (replicates,), the weight of all bona fide rows.
        auc: (replicates,), in [0, 1].
    """

    thresholds: Array
    passed_attacks: Array
    false_alarms: Array
    attacks: Array
    bona_fide: Array
    auc: Array

    @functools.cached_property
    def sum_and_gap(self) -> tuple[Array, Array]:
        """FAR + FRR and |FAR - FRR|, both times both totals; each (replicates, k).

        The products are whole numbers where weights are, so that ties are exact. EER and oracle share them.
        """
        far, frr = self.passed_attacks * self.bona_fide[:, None], self.false_alarms * self.attacks[:, None]
        total = far + frr
        gap = np.subtract(far, frr, out=far)
        return total, np.abs(gap, out=gap)


def placements(scores: Array, attack: Array) -> Array:
    """Return with how many rows of the other label each row is in the right order, ties counting half; (rows,).

    A row's midrank among all rows, minus its midrank among its own label, is the number of the other label's rows below it.

    Args:
        scores: (rows,).
        attack: which rows are attacks, (rows,) of bool.
    """
    below = stats.rankdata(scores)
    for own in (attack, ~attack):
        below[own] -= stats.rankdata(scores[own])
    return np.where(attack, below, attack.sum() - below)


def thresholds(scores: Array) -> Array:
    """Return the lowest of ascending distinct scores, the middles between neighbours, and one above the highest; (k + 1,)."""
    middles = (scores[:-1] + scores[1:]) / 2
    middles = np.where(middles > scores[:-1], middles, scores[1:])  # the middle of two adjacent floats rounds down
    return np.concatenate([scores[:1], middles, [np.nextafter(scores[-1], np.inf)]])


def curve(labels: Array, scores: Array, weights: Array) -> Curve:
    """Return the errors at all thresholds; `labels` and `scores` (rows,), `weights` (replicates, rows)."""
    order = np.argsort(scores, kind="stable")
    values, starts = np.unique(scores[order], return_index=True)
    ends = np.append(starts[1:], len(order)) - 1
    weights = np.take(weights, order, axis=1)  # weights[:, order] would be laid out by columns, and slow to sum by rows
    passed_attacks = _cumulated(weights * (labels[order] == 1), ends)
    below = _cumulated(weights, ends)
    below -= passed_attacks  # bona fide rows below the threshold
    attacks, bona_fide = passed_attacks[:, -1], below[:, -1].copy()
    wins = np.einsum("rk,rk->r", np.diff(passed_attacks, axis=1), below[:, :-1] + below[:, 1:]) / 2
    auc = ratio(wins, attacks * bona_fide)
    false_alarms = np.subtract(bona_fide[:, None], below, out=below)
    return Curve(thresholds(values), passed_attacks, false_alarms, attacks, bona_fide, auc)


def _cumulated(weights: Array, ends: Array) -> Array:
    """Return 0, then the sum of the weights up to and including each place of `ends`; (replicates, ends + 1)."""
    sums = np.zeros((len(weights), len(ends) + 1))
    if len(ends) == weights.shape[1]:  # no two scores are equal
        np.cumsum(weights, axis=1, out=sums[:, 1:])
    else:
        sums[:, 1:] = np.take(np.cumsum(weights, axis=1), ends, axis=1)
    return sums


def _argmin(first: Array, second: Array) -> Array:
    """Return, per replicate, the place of the smallest `first`; ties go to the smallest `second`, then to the lowest place."""
    slack = SLACK * np.maximum(first.max(axis=1, keepdims=True), 1e-300)
    return np.where(first <= first.min(axis=1, keepdims=True) + slack, second, np.inf).argmin(axis=1)


def _hter_at(curve: Curve, place: Array) -> Array:
    """Return the HTER at the thresholds numbered `place`, (replicates,)."""
    total = np.take_along_axis(curve.sum_and_gap[0], place[:, None], axis=1)[:, 0]
    return ratio(total, 2 * curve.attacks * curve.bona_fide)


def equal_error(curve: Curve) -> tuple[Array, Array]:
    """Return the EER, in [0, 1], and its threshold, in the unit of the scores; each (replicates,)."""
    total, gap = curve.sum_and_gap
    place = _argmin(gap, total)
    return _hter_at(curve, place), curve.thresholds[place]


def lowest_error(curve: Curve) -> tuple[Array, Array]:
    """Return the lowest HTER, in [0, 1], and its threshold, in the unit of the scores; each (replicates,)."""
    place = _argmin(*curve.sum_and_gap)
    return _hter_at(curve, place), curve.thresholds[place]


def bpcer_at_apcer(curve: Curve, limit: float) -> Array:
    """Return the lowest BPCER of all thresholds whose pooled APCER is at most `limit`; (replicates,), in [0, 1].

    1 minus it is "TPR at FPR = limit" with bona fide as the positive class, as in FLIP's code, which takes the same point of the
    curve: no interpolation, and APCER never exceeds the limit (SA-FAS's code takes the nearest point, which may exceed it). The
    threshold is chosen on the rows themselves, so this is an oracle figure. NaN where a label has no weight.
    """
    return _lowest_under(curve.false_alarms, curve.bona_fide, curve.passed_attacks, curve.attacks, limit)


def apcer_at_bpcer(curve: Curve, limit: float) -> Array:
    """Return the lowest pooled APCER of all thresholds whose BPCER is at most `limit`; (replicates,), in [0, 1].

    1 minus it is "TPR at FPR = limit" with attacks as the positive class, as in CelebA-Spoof's code: the same words as for
    `bpcer_at_apcer`, with the opposite meaning. Otherwise as there.
    """
    return _lowest_under(curve.passed_attacks, curve.attacks, curve.false_alarms, curve.bona_fide, limit)


def _lowest_under(errors: Array, total: Array, others: Array, others_total: Array, limit: float) -> Array:
    """Return the lowest share of `errors` where the share of `others` is at most `limit`.

    The comparison needs no slack: k / n is rounded once, to the same float as a limit that equals it.
    """
    allowed = ratio(others, others_total[:, None]) <= limit
    lowest = np.where(allowed, errors, np.inf).min(axis=1)
    return ratio(lowest, np.where(others_total > 0, total, 0))
