"""Error rates of presentation attack detection: `METRICS` of scores, `READER_METRICS` of verdicts, `CUE_METRICS` of named cues.

**To add a metric**, add one entry: its title and its direction go with it to tables, figures, ledger and notebooks.

Conventions, everywhere: label 0 is bona fide and 1 is an attack; `p_attack` lies in [0, 1]; **a row is called an attack if and
only if p_attack >= threshold**. So rows with equal scores fall on one side together, and a score that equals the threshold is an
attack. A threshold between two neighbouring scores is their middle, so no row of the set that it was chosen on ties with it; the
threshold at which nothing is an attack lies just above the highest score.

- APCER of a species: share of its attacks that pass as bona fide. `apcer_max`: the worst species (ISO/IEC 30107-3, as OULU-NPU
  reports it). `apcer_pooled`: all attacks together. BPCER: share of bona fide rows called attacks.
- ACER = (apcer_max + BPCER) / 2. `acer_pooled` = HTER = (apcer_pooled + BPCER) / 2 (bob.measure's guide: FAR is the pooled APCER,
  FRR is the BPCER). At the dev threshold `acer_pooled` and `hter_dev` are therefore one number under the field's two names.
- EER: the mean of FAR and FRR where they differ least; of several such points the lowest mean, then the lowest threshold.
- Oracle: the lowest HTER of any threshold on the rows themselves. It is chosen on the target, so it is never a result by itself.
- AUC: the chance that an attack scores above a bona fide row, ties counting half.

Every metric is a function of a sample, which holds the rows and `weights` of shape (replicates, rows): the counts of bootstrap
replicates. It returns one value a replicate. A rate whose denominator is 0 is NaN.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from fasrepro.evaluation import roc
from fasrepro.evaluation.roc import ratio

Array = np.ndarray
LABELS = {0: "bona fide", 1: "attack"}
UNDECIDED = -1  # a reader's verdict that is neither label


class MetricError(ValueError):
    """Rows from which a metric cannot be computed; the message names what is missing."""


def check(labels: Array, p_attack: Array, where: str = "scores") -> None:
    """Raise `MetricError` unless there are rows of both labels, one score a row, and every score is in [0, 1]."""
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
    """Raise `MetricError` unless `labels` holds rows of both labels and nothing else; `where` begins the message."""
    if labels.size == 0:
        raise MetricError(f"{where}: no rows")
    if labels.ndim != 1 or not np.isin(labels, (0, 1)).all():
        raise MetricError(f"{where}: labels must be one row of 0 (bona fide) and 1 (attack)")
    for label, name in LABELS.items():
        if not (labels == label).any():
            raise MetricError(f"{where}: no {name} rows among {labels.size}; error rates need both")


def _first(mask: Array) -> int:
    return int(np.flatnonzero(mask)[0])


@dataclasses.dataclass(frozen=True)
class ScoreSample:
    """Checked scores under one threshold and many weightings.

    Shapes: labels, p_attack, species (rows,); weights (replicates, rows).
    """

    labels: Array
    p_attack: Array
    species: Array
    threshold: float
    weights: Array

    @functools.cached_property
    def curve(self) -> roc.Curve:
        """The errors at every threshold."""
        return roc.curve(self.labels, self.p_attack, self.weights)

    @functools.cached_property
    def attack_species(self) -> list[str]:
        """The species of attacks, sorted."""
        return sorted(set(self.species[self.labels == 1].tolist()))

    @functools.cached_property
    def _rates(self) -> Array:
        """BPCER, pooled APCER, then APCER of each of `attack_species`; (replicates, 2 + species)."""
        called_attack = self.p_attack >= self.threshold
        by_species = [(self.labels == 1) & (self.species == name) for name in self.attack_species]
        groups = np.column_stack([self.labels == 0, self.labels == 1, *by_species]).astype(float)
        wrong = groups * np.where(self.labels == 0, called_attack, ~called_attack)[:, None]
        return ratio(self.weights @ wrong, self.weights @ groups)

    @property
    def bpcer(self) -> Array:
        """BPCER at the threshold."""
        return self._rates[:, 0]

    @property
    def apcer_pooled(self) -> Array:
        """APCER of all attacks together, at the threshold."""
        return self._rates[:, 1]

    @property
    def apcer(self) -> dict[str, Array]:
        """APCER of each species, at the threshold."""
        return {name: self._rates[:, 2 + number] for number, name in enumerate(self.attack_species)}

    @property
    def apcer_max(self) -> Array:
        """The worst APCER of the species that a replicate holds, at the threshold."""
        return np.fmax.reduce(self._rates[:, 2:], axis=1)

    @property
    def hter(self) -> Array:
        """HTER at the threshold."""
        return (self.apcer_pooled + self.bpcer) / 2


@dataclasses.dataclass(frozen=True)
class VerdictSample:
    """A reader's verdicts: 0 bona fide, 1 attack, -1 undecided. Shapes: labels, verdicts (rows,); weights (replicates, rows)."""

    labels: Array
    verdicts: Array
    weights: Array

    def share(self, mask: Array, among: Array) -> Array:
        """Return the weighted share of `mask` among the rows in `among`, (replicates,)."""
        return ratio(self.weights @ (mask & among).astype(float), self.weights @ among.astype(float))

    def accuracy(self, among: Array) -> Array:
        """Return the share of correct verdicts among some rows."""
        return self.share(self.verdicts == self.labels, among)

    def hter(self, among: Array) -> Array:
        """Return the mean over the two labels of the share of verdicts that are not correct."""
        wrong = self.verdicts != self.labels
        return (self.share(wrong, among & (self.labels == 0)) + self.share(wrong, among & (self.labels == 1))) / 2

    @property
    def all(self) -> Array:
        """Every row."""
        return np.ones(len(self.labels), bool)

    @property
    def decided(self) -> Array:
        """The rows whose verdict is a label."""
        return self.verdicts != UNDECIDED


@dataclasses.dataclass(frozen=True)
class CueSample:
    """Cues that texts name against cues that are in the image.

    `hits` (rows, 3): cues named and present, named and absent, present and not named. Shapes: labels (rows,); weights
    (replicates, rows).
    """

    labels: Array
    hits: Array
    weights: Array

    @functools.cached_property
    def attack_hits(self) -> tuple[Array, Array, Array]:
        """The three counts of `hits` over attacks, each (replicates,)."""
        attack = self.labels == 1
        right, wrong, missed = (self.weights[:, attack] @ self.hits[attack]).T
        return right, wrong, missed

    @property
    def precision(self) -> Array:
        """Share of the cues named on attacks that are present."""
        right, wrong, _ = self.attack_hits
        return ratio(right, right + wrong)

    @property
    def recall(self) -> Array:
        """Share of the cues present in attacks that are named."""
        right, _, missed = self.attack_hits
        return ratio(right, right + missed)

    @property
    def f1(self) -> Array:
        """The harmonic mean of precision and recall."""
        right, wrong, missed = self.attack_hits
        return ratio(2 * right, 2 * right + wrong + missed)

    @property
    def named_on_bona_fide(self) -> Array:
        """Cues named, a bona fide face; none of them is present."""
        bona_fide = self.labels != 1
        return ratio(self.weights[:, bona_fide] @ self.hits[bona_fide, 1], self.weights[:, bona_fide].sum(axis=1))


Sample = TypeVar("Sample")


@dataclasses.dataclass(frozen=True)
class Metric(Generic[Sample]):
    """A figure of a sample.

    Args:
        title: its name in tables, on axes and in the ledger.
        compute: returns one value a replicate, (replicates,).
        higher_is_better: False of an error rate.
        in_tables: whether the book's tables of results have a column of it; the columns have the order of the entries.
        chosen: whether it chooses something on the rows themselves, a threshold or a worst species. Then it has no interval:
            replicates of a chosen optimum lie to one side of it, and their interval often excludes the truth.
    """

    title: str
    compute: Callable[[Sample], Array]
    higher_is_better: bool = False
    in_tables: bool = False
    chosen: bool = False


# Of a model's scores. The oracle is shown beside the honest figure, never alone.
METRICS: dict[str, Metric[ScoreSample]] = {
    "hter_dev": Metric("HTER, dev threshold", lambda sample: sample.hter, in_tables=True),
    "auc": Metric("AUC", lambda sample: sample.curve.auc, higher_is_better=True, in_tables=True),
    "apcer_max": Metric("APCER, worst species", lambda sample: sample.apcer_max, in_tables=True, chosen=True),
    "bpcer": Metric("BPCER", lambda sample: sample.bpcer, in_tables=True),
    "acer": Metric("ACER", lambda sample: (sample.apcer_max + sample.bpcer) / 2, in_tables=True, chosen=True),
    "oracle_eer": Metric("EER (chosen on the target)", lambda sample: roc.equal_error(sample.curve)[0], in_tables=True),
    "oracle_hter": Metric(
        "HTER, oracle threshold (chosen on the target)",
        lambda sample: roc.lowest_error(sample.curve)[0],
        in_tables=True,
        chosen=True,
    ),
    "apcer_pooled": Metric("APCER, all attacks", lambda sample: sample.apcer_pooled),
    "acer_pooled": Metric("ACER, all attacks", lambda sample: sample.hter),
}
# Of a reader's verdicts. An undecided verdict is wrong; the figures `*_decided` omit it.
READER_METRICS: dict[str, Metric[VerdictSample]] = {
    "hter": Metric("reader's HTER, undecided wrong", lambda sample: sample.hter(sample.all), in_tables=True),
    "accuracy": Metric(
        "reader's accuracy, undecided wrong", lambda sample: sample.accuracy(sample.all), higher_is_better=True, in_tables=True
    ),
    "undecided": Metric("undecided", lambda sample: sample.share(~sample.decided, sample.all), in_tables=True),
    "hter_decided": Metric("reader's HTER, decided only", lambda sample: sample.hter(sample.decided), in_tables=True),
    "accuracy_decided": Metric(
        "reader's accuracy, decided only", lambda sample: sample.accuracy(sample.decided), higher_is_better=True, in_tables=True
    ),
}
# Of the cues that texts name, pooled over faces.
CUE_METRICS: dict[str, Metric[CueSample]] = {
    "precision": Metric("precision of named cues", lambda sample: sample.precision, higher_is_better=True),
    "recall": Metric("recall of cues", lambda sample: sample.recall, higher_is_better=True),
    "f1": Metric("F1 of named cues", lambda sample: sample.f1, higher_is_better=True),
    "named_on_bona_fide": Metric("cues named, a bona fide face", lambda sample: sample.named_on_bona_fide),
}
ALL_METRICS: dict[str, Metric] = {**METRICS, **READER_METRICS, **CUE_METRICS}


def title(name: str) -> str:
    """Return a metric's title; its name where there is no such metric.

    >>> title("hter_dev"), title("kappa")
    ('HTER, dev threshold', 'kappa')
    """
    return ALL_METRICS[name].title if name in ALL_METRICS else name


def compute(table: Mapping[str, Metric[Sample]], sample: Sample) -> dict[str, Array]:
    """Return every metric of a table, each (replicates,)."""
    return {name: metric.compute(sample) for name, metric in table.items()}


def score_metrics(sample: ScoreSample) -> dict[str, Array]:
    """Return every metric of `METRICS`, and each species' APCER as "apcer/<species>"; each (replicates,)."""
    return compute(METRICS, sample) | {f"apcer/{name}": value for name, value in sample.apcer.items()}


def _arrays(labels: ArrayLike, p_attack: ArrayLike, weights: ArrayLike | None) -> tuple[Array, Array, Array]:
    labels, p_attack = np.asarray(labels), np.asarray(p_attack, float)
    check(labels, p_attack)
    weights = np.ones(labels.shape) if weights is None else np.asarray(weights, float)
    if weights.shape[-1:] != labels.shape or (weights < 0).any():
        raise MetricError(f"weights of shape {weights.shape} must be at least 0, one for each of {labels.size} rows")
    return labels, p_attack, np.atleast_2d(weights)


def auc(labels: ArrayLike, p_attack: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Return the area under the ROC curve, in [0, 1]. Raises `MetricError`, as all functions below do."""
    return float(roc.curve(*_arrays(labels, p_attack, weights)).auc[0])


def eer(labels: ArrayLike, p_attack: ArrayLike, weights: ArrayLike | None = None) -> tuple[float, float]:
    """Return the equal error rate and its threshold."""
    value, threshold = roc.equal_error(roc.curve(*_arrays(labels, p_attack, weights)))
    return float(value[0]), float(threshold[0])


def oracle(labels: ArrayLike, p_attack: ArrayLike, weights: ArrayLike | None = None) -> tuple[float, float]:
    """Return the lowest HTER of any threshold on these rows, and that threshold; show it beside the honest figure only."""
    value, threshold = roc.lowest_error(roc.curve(*_arrays(labels, p_attack, weights)))
    return float(value[0]), float(threshold[0])


def rates(labels: ArrayLike, p_attack: ArrayLike, species: Sequence[str], threshold: float) -> dict[str, float]:
    """Return bpcer, apcer_max, apcer_pooled, acer, acer_pooled, hter and each "apcer/<species>" at `threshold`."""
    labels, p_attack, weights = _arrays(labels, p_attack, None)
    sample = ScoreSample(labels, p_attack, np.asarray(species), float(threshold), weights)
    values = {name: METRICS[name].compute(sample) for name in ("bpcer", "apcer_max", "apcer_pooled", "acer", "acer_pooled")}
    values["hter"] = sample.hter
    values |= {f"apcer/{name}": value for name, value in sample.apcer.items()}
    return {name: float(value[0]) for name, value in values.items()}


def balanced_weights(labels: ArrayLike, datasets: Sequence[str]) -> Array:
    """Return row weights that sum to 1 for each label of each data set, so that every data set's FAR and FRR count the same.

    Raises `MetricError` naming a data set that lacks a label.
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
    """Return the EER threshold of the sources' dev rows; data sets weigh the same, however many rows they have."""
    check(np.asarray(labels), np.asarray(p_attack, float), "dev")
    return eer(labels, p_attack, balanced_weights(labels, datasets))[1]
