"""Error rates of presentation attack detection, on numpy arrays, for one weighting of the rows or for many at once.

Conventions, everywhere: label 0 is bona fide and 1 an attack; `p_attack` lies in [0, 1]; **a row is called an attack if and only
if p_attack >= threshold**, so rows that share a score fall on one side together, and a score that equals the threshold is an
attack. A threshold between two neighbouring scores is put in the middle of them, so that no row of the set it was chosen on ties
with it; the one under which nothing is an attack lies just above the highest score.

- APCER of a species: share of its attacks that pass as bona fide. `apcer_max`: the worst species (ISO/IEC 30107-3, as OULU-NPU
  reports it); `apcer_pooled`: all attacks in one pot. BPCER: share of bona fide rows called attacks.
- ACER = (apcer_max + BPCER) / 2; `acer_pooled` = HTER = (apcer_pooled + BPCER) / 2 (bob.measure's guide: FAR is the pooled APCER,
  FRR the BPCER). At the dev threshold `acer_pooled` and `hter_dev` are thus one number under two names that the field uses.
- EER: the mean of FAR and FRR where they differ least; of several such points the lowest mean, then the lowest threshold.
- Oracle: the lowest HTER any threshold gives on the rows themselves. It is chosen on the target, so never a result by itself.
- AUC: the chance that an attack scores above a bona fide row, ties counting half.

`weights` are counts of a bootstrap replicate: shape (rows,), or (replicates, rows) for many at once, which is why the curve is
computed here and not by scikit-learn one replicate at a time; the tests hold equality with scikit-learn. A rate whose
denominator is 0 is NaN.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

Array = np.ndarray
LABELS = {0: "bona fide", 1: "attack"}
UNDECIDED = -1  # a reader's verdict beside the labels 0 and 1


class MetricError(ValueError):
    """Rows from which a metric cannot be computed; the message names what is missing."""


def check(labels: Array, p_attack: Array, where: str = "scores") -> None:
    """Raise `MetricError` unless there are rows of both labels, as many scores as labels, and every score is in [0, 1]."""
    check_labels(labels, where)
    if p_attack.shape != labels.shape:
        raise MetricError(f"{where}: {p_attack.size} scores for {labels.size} labels")
    missing = np.isnan(p_attack)
    if missing.any():
        raise MetricError(f"{where}: {int(missing.sum())} of {p_attack.size} scores are NaN, the first in row {_first(missing)}")
    outside = (p_attack < 0) | (p_attack > 1)
    if outside.any():
        raise MetricError(f"{where}: score {p_attack[outside][0]} in row {_first(outside)} is not in [0, 1]")


def check_labels(labels: Array, where: str) -> None:
    """Raise `MetricError` unless `labels` holds rows of both labels and nothing else."""
    if labels.size == 0:
        raise MetricError(f"{where}: no rows")
    if labels.ndim != 1 or not np.isin(labels, (0, 1)).all():
        raise MetricError(f"{where}: labels must be one row of 0 (bona fide) and 1 (attack)")
    for label, name in LABELS.items():
        if not (labels == label).any():
            raise MetricError(f"{where}: no {name} rows among {labels.size}; error rates need both")


def _first(mask: Array) -> int:
    return int(np.flatnonzero(mask)[0])


def ratio(numerator: Array, denominator: Array) -> Array:
    """Divide; NaN where the denominator is 0."""
    numerator, denominator = np.broadcast_arrays(np.asarray(numerator, float), np.asarray(denominator, float))
    return np.divide(numerator, denominator, out=np.full(numerator.shape, np.nan), where=denominator > 0)


@dataclasses.dataclass(frozen=True)
class Curve:
    """Errors at every threshold that tells rows apart.

    Shapes: thresholds (k,); missed, false (replicates, k); the rest (replicates,).

    `missed` is the weight of attacks below the threshold, `false` that of bona fide rows at or above it.
    """

    thresholds: Array
    missed: Array
    false: Array
    attacks: Array
    bona_fide: Array
    auc: Array

    @functools.cached_property
    def sum_and_gap(self) -> tuple[Array, Array]:
        """FAR + FRR and |FAR - FRR|, both times both totals: whole numbers for whole weights, so that ties are found exactly.

        Kept, because EER and oracle both need them.
        """
        far, frr = self.missed * self.bona_fide[:, None], self.false * self.attacks[:, None]
        total = far + frr
        gap = np.subtract(far, frr, out=far)
        return total, np.abs(gap, out=gap)


def thresholds(values: Array) -> Array:
    """Return the thresholds for ascending distinct scores: the lowest, the middles, and one above the highest; shape (k + 1,)."""
    middles = (values[:-1] + values[1:]) / 2
    middles = np.where(middles > values[:-1], middles, values[1:])  # neighbours so close that their middle rounds down
    return np.concatenate([values[:1], middles, [np.nextafter(values[-1], np.inf)]])


def curve(labels: Array, p_attack: Array, weights: Array) -> Curve:
    """Return the errors at all thresholds; `labels` and `p_attack` of shape (rows,), `weights` of shape (replicates, rows)."""
    order = np.argsort(p_attack, kind="stable")
    values, starts = np.unique(p_attack[order], return_index=True)
    ends = np.append(starts[1:], len(order)) - 1
    weights = np.take(weights, order, axis=1)  # weights[:, order] would lie in memory by columns, and be slow to sum by rows
    missed = _sums(weights * (labels[order] == 1), ends)
    passed = _sums(weights, ends)
    passed -= missed
    attacks, bona_fide = missed[:, -1], passed[:, -1].copy()
    wins = np.einsum("rk,rk->r", np.diff(missed, axis=1), passed[:, :-1] + passed[:, 1:]) / 2
    auc = ratio(wins, attacks * bona_fide)
    false = np.subtract(bona_fide[:, None], passed, out=passed)
    return Curve(thresholds(values), missed, false, attacks, bona_fide, auc)


def _sums(weights: Array, ends: Array) -> Array:
    """Return 0, then the sum of the weights up to and with each of the places `ends`; shape (replicates, ends + 1)."""
    sums = np.zeros((len(weights), len(ends) + 1))
    if len(ends) == weights.shape[1]:  # no two scores are alike
        np.cumsum(weights, axis=1, out=sums[:, 1:])
    else:
        sums[:, 1:] = np.take(np.cumsum(weights, axis=1), ends, axis=1)
    return sums


def _lowest(first: Array, second: Array) -> Array:
    """Return, per replicate, the place of the smallest `first`; ties go to the smallest `second`, then to the lowest place."""
    slack = 1e-12 * np.maximum(first.max(axis=1, keepdims=True), 1e-300)
    return np.where(first <= first.min(axis=1, keepdims=True) + slack, second, np.inf).argmin(axis=1)


def _at(curve: Curve, place: Array) -> Array:
    """Return the HTER at the thresholds numbered `place`, shape (replicates,)."""
    total = np.take_along_axis(curve.sum_and_gap[0], place[:, None], axis=1)[:, 0]
    return ratio(total, 2 * curve.attacks * curve.bona_fide)


def equal_error(curve: Curve) -> tuple[Array, Array]:
    """Return the EER, in [0, 1], and its threshold, in the scores' own unit; each of shape (replicates,)."""
    total, gap = curve.sum_and_gap
    place = _lowest(gap, total)
    return _at(curve, place), curve.thresholds[place]


def lowest_error(curve: Curve) -> tuple[Array, Array]:
    """Return the lowest HTER, in [0, 1], and its threshold, in the scores' own unit; each of shape (replicates,)."""
    place = _lowest(*curve.sum_and_gap)
    return _at(curve, place), curve.thresholds[place]


def bpcer_at_apcer(curve: Curve, limit: float) -> Array:
    """Return the lowest BPCER of all thresholds whose pooled APCER is at most `limit`; shape (replicates,), in [0, 1].

    1 minus it is "TPR at FPR = limit" where bona fide is the positive class, as in FLIP's code, which takes the same point of the
    curve: nothing is interpolated, and APCER never exceeds the limit (SA-FAS's code takes the nearest point, which may). Chosen
    on the rows themselves, so an oracle figure. NaN where a label has no weight.
    """
    return _lowest_under(curve.false, curve.bona_fide, curve.missed, curve.attacks, limit)


def apcer_at_bpcer(curve: Curve, limit: float) -> Array:
    """Return the lowest pooled APCER of all thresholds whose BPCER is at most `limit`; shape (replicates,), in [0, 1].

    1 minus it is "TPR at FPR = limit" where an attack is the positive class, as in CelebA-Spoof's code: the same words as for
    `bpcer_at_apcer`, and the opposite meaning. The rest is as there.
    """
    return _lowest_under(curve.missed, curve.attacks, curve.false, curve.bona_fide, limit)


def _lowest_under(errors: Array, total: Array, others: Array, others_total: Array, limit: float) -> Array:
    """Return the lowest share of `errors` where that of `others` is at most `limit`, a quotient that needs no slack: k / n is
    rounded once, to what the limit itself is rounded to where they are equal."""
    allowed = ratio(others, others_total[:, None]) <= limit
    lowest = np.where(allowed, errors, np.inf).min(axis=1)
    return ratio(lowest, np.where(others_total > 0, total, 0))


@dataclasses.dataclass(frozen=True)
class Sample:
    """Checked rows under one threshold and many weightings: what every metric is a function of.

    Shapes: labels, p_attack, species (rows,); weights (replicates, rows).
    """

    labels: Array
    p_attack: Array
    species: Array
    threshold: float
    weights: Array

    @functools.cached_property
    def curve(self) -> Curve:
        return curve(self.labels, self.p_attack, self.weights)

    @functools.cached_property
    def attack_species(self) -> list[str]:
        return sorted(set(self.species[self.labels == 1].tolist()))

    @functools.cached_property
    def _rates(self) -> Array:
        """BPCER, pooled APCER, then APCER of each of `attack_species`; shape (replicates, 2 + species)."""
        called = self.p_attack >= self.threshold
        groups = np.column_stack([self.labels == 0, self.labels == 1, *(self._is(name) for name in self.attack_species)]).astype(
            float
        )
        wrong = groups * np.where(self.labels == 0, called, ~called)[:, None]
        return ratio(self.weights @ wrong, self.weights @ groups)

    def _is(self, name: str) -> Array:
        return (self.labels == 1) & (self.species == name)

    @property
    def bpcer(self) -> Array:
        return self._rates[:, 0]

    @property
    def apcer_pooled(self) -> Array:
        return self._rates[:, 1]

    @property
    def apcer(self) -> dict[str, Array]:
        return {name: self._rates[:, 2 + number] for number, name in enumerate(self.attack_species)}

    @property
    def apcer_max(self) -> Array:
        """Return the worst APCER of the species that a replicate holds."""
        return np.fmax.reduce(self._rates[:, 2:], axis=1)

    @property
    def hter(self) -> Array:
        return (self.apcer_pooled + self.bpcer) / 2


# What is told of scores: a function of a `Sample`, which returns one value a replicate. Add a metric here.
METRICS: dict[str, Callable[[Sample], Array]] = {
    "hter_dev": lambda sample: sample.hter,
    "hter_oracle": lambda sample: lowest_error(sample.curve)[0],
    "eer": lambda sample: equal_error(sample.curve)[0],
    "auc": lambda sample: sample.curve.auc,
    "bpcer": lambda sample: sample.bpcer,
    "apcer_max": lambda sample: sample.apcer_max,
    "apcer_pooled": lambda sample: sample.apcer_pooled,
    "acer": lambda sample: (sample.apcer_max + sample.bpcer) / 2,
    "acer_pooled": lambda sample: sample.hter,
}
HIGHER_IS_BETTER = frozenset({"auc", "accuracy", "accuracy_decided"})  # every other metric is an error


@dataclasses.dataclass(frozen=True)
class Readings:
    """A reader's verdicts: 0 bona fide, 1 attack, -1 undecided. Shapes: labels, verdicts (rows,); weights (replicates, rows)."""

    labels: Array
    verdicts: Array
    weights: Array

    def share(self, mask: Array, among: Array) -> Array:
        """Return the weighted share of `mask` among the rows in `among`, shape (replicates,)."""
        return ratio(self.weights @ (mask & among).astype(float), self.weights @ among.astype(float))

    def accuracy(self, among: Array) -> Array:
        return self.share(self.verdicts == self.labels, among)

    def hter(self, among: Array) -> Array:
        """Return the mean of the two labels' shares of verdicts that are not right."""
        wrong = self.verdicts != self.labels
        return (self.share(wrong, among & (self.labels == 0)) + self.share(wrong, among & (self.labels == 1))) / 2

    @property
    def all(self) -> Array:
        return np.ones(len(self.labels), bool)

    @property
    def decided(self) -> Array:
        return self.verdicts != UNDECIDED


# What is told of a reader's verdicts. An undecided one is an error, or, in `*_decided`, left out.
READER_METRICS: dict[str, Callable[[Readings], Array]] = {
    "accuracy": lambda rows: rows.accuracy(rows.all),
    "hter": lambda rows: rows.hter(rows.all),
    "accuracy_decided": lambda rows: rows.accuracy(rows.decided),
    "hter_decided": lambda rows: rows.hter(rows.decided),
    "undecided": lambda rows: rows.share(~rows.decided, rows.all),
}


def measure(sample: Sample) -> dict[str, Array]:
    """Return every metric of `METRICS`, and each species' APCER as "apcer/<species>"; each of shape (replicates,)."""
    values = {name: metric(sample) for name, metric in METRICS.items()}
    return values | {f"apcer/{name}": value for name, value in sample.apcer.items()}


def measure_readings(rows: Readings) -> dict[str, Array]:
    """Return every metric of `READER_METRICS`, each of shape (replicates,)."""
    return {name: metric(rows) for name, metric in READER_METRICS.items()}


def _arrays(labels: ArrayLike, p_attack: ArrayLike, weights: ArrayLike | None) -> tuple[Array, Array, Array]:
    labels, p_attack = np.asarray(labels), np.asarray(p_attack, float)
    check(labels, p_attack)
    weights = np.ones(labels.shape) if weights is None else np.asarray(weights, float)
    if weights.shape[-1:] != labels.shape or (weights < 0).any():
        raise MetricError(f"weights of shape {weights.shape} must be at least 0, one for each of {labels.size} rows")
    return labels, p_attack, np.atleast_2d(weights)


def auc(labels: ArrayLike, p_attack: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the area under the ROC curve, in [0, 1]. Raises `MetricError`, as all functions below do."""
    return float(curve(*_arrays(labels, p_attack, weights)).auc[0])


def eer(labels: ArrayLike, p_attack: ArrayLike, weights: ArrayLike | None = None) -> tuple[float, float]:
    """Return the equal error rate and its threshold."""
    value, threshold = equal_error(curve(*_arrays(labels, p_attack, weights)))
    return float(value[0]), float(threshold[0])


def oracle(labels: ArrayLike, p_attack: ArrayLike, weights: ArrayLike | None = None) -> tuple[float, float]:
    """Return the lowest HTER that a threshold gives on these rows, and it: to be shown beside the honest figure only."""
    value, threshold = lowest_error(curve(*_arrays(labels, p_attack, weights)))
    return float(value[0]), float(threshold[0])


def rates(labels: ArrayLike, p_attack: ArrayLike, species: Sequence[str], threshold: float) -> dict[str, float]:
    """Return the rates at `threshold`: bpcer, apcer_max, apcer_pooled, acer, acer_pooled, hter, and "apcer/<species>" of each."""
    labels, p_attack, weights = _arrays(labels, p_attack, None)
    sample = Sample(labels, p_attack, np.asarray(species), float(threshold), weights)
    named = {name: METRICS[name](sample) for name in ("bpcer", "apcer_max", "apcer_pooled", "acer", "acer_pooled")}
    named |= {"hter": sample.hter} | {f"apcer/{name}": value for name, value in sample.apcer.items()}
    return {name: float(value[0]) for name, value in named.items()}


def balanced_weights(labels: ArrayLike, datasets: Sequence[str]) -> Array:
    """Return row weights under which each data set has weight 1 for each label: its FAR and FRR count as much as any other's.

    Raises `MetricError` naming the data set that lacks a label.
    """
    labels, datasets = np.asarray(labels), np.asarray(datasets)
    weights = np.zeros(labels.shape)
    for dataset in np.unique(datasets):
        check_labels(labels[datasets == dataset], f"dev of {dataset}")
        for label in LABELS:
            rows = (datasets == dataset) & (labels == label)
            weights[rows] = 1 / rows.sum()
    return weights


def dev_threshold(labels: ArrayLike, p_attack: ArrayLike, datasets: Sequence[str]) -> float:
    """Return the EER threshold of the sources' dev rows, each data set weighing the same however many rows it has."""
    check(np.asarray(labels), np.asarray(p_attack, float), "dev")
    return eer(labels, p_attack, balanced_weights(labels, datasets))[1]
