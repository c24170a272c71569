"""Percentile bootstrap over subjects, and over seeds where there are several.

**Subjects** are resampled with all their videos and frames, because the trials of one person are not independent: a second frame
of the same face must not narrow an interval. In the archives at hand every subject has both labels, so the draw is not
stratified; where some subjects have one label only, a replicate that lacks a label is drawn again. A species that a replicate
lacks is omitted from that replicate's worst APCER, and the replicate is omitted from the interval of that species' APCER.
Comparisons between species keep each species' subjects in every replicate (`draw_stratified`).

**Thresholds.** The dev threshold is fixed: an interval is about this threshold on new subjects of the target, not about a new
choice on dev. EER is found again in every replicate.

**Seeds.** Each replicate also draws as many seeds as there are, with replacement, and averages over them. With K seeds that shows
about (K - 1) / K of the variance between seeds; with one seed it shows none. So these intervals describe one run's figures; the
difference between two runs is tested in `inference`.

**A chosen optimum** (an oracle threshold, the worst species, the best seed) is chosen again in every replicate, and comes out
better or worse than on the rows themselves. In simulation such intervals held the truth in far fewer cases than they say. So the
figures that choose (`metrics.Metric.chosen`, `analyses.optimism.CHOSEN`) have none.

**Coverage.** With few subjects a percentile interval is too narrow. In a simulation of two equal recipes (nominal 95 %, nothing
else varied), of 100 intervals of the paired HTER difference about 25 excluded zero with 3 subjects, 15 with 5, 9 with 8, and 6
with 20.

Every draw is a pure function of the seed and the name of its stream.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fasrepro import hashing
from fasrepro.evaluation.metrics import MetricError, check_labels
from fasrepro.evaluation.results import Figure

CHUNK = 2_000_000  # elements of a replicates x rows matrix in memory at once: 16 MB
REDRAWS = 1000
ROUNDING = 1e-9  # replicates that repeat a figure may differ from it by as much

Values = dict[str, np.ndarray]  # by name, each of shape (replicates,)


def generator(seed: int, stream: str) -> np.random.Generator:
    """Return the random numbers of a named stream."""
    return np.random.default_rng([seed, int(hashing.sha256_bytes(stream.encode())[:15], 16)])


def draw_subjects(
    subjects: Sequence[str], labels: np.ndarray, replicates: int, seed: int, stream: str
) -> tuple[np.ndarray, np.ndarray]:
    """Draw replicates of the subjects; the draws depend on the subjects, not on how many rows each has.

    Args:
        subjects: the subject of each row.
        labels: the label of each row, 0 or 1.
        replicates: how many.
        seed: of the draws.
        stream: the name of the draws.

    Returns:
        How often each replicate draws each subject, (replicates, distinct subjects, sorted); and the number of each row's
        subject, (rows,).

    Raises:
        MetricError: where a label is missing.
    """
    check_labels(np.asarray(labels), stream)
    names, subject_of_row = np.unique(np.asarray(subjects), return_inverse=True)
    has_label = np.zeros((len(names), 2))
    has_label[subject_of_row, np.asarray(labels)] = 1
    random = generator(seed, f"{stream}/subjects")
    even = np.full(len(names), 1 / len(names))
    counts = random.multinomial(len(names), even, size=replicates).astype(float)
    for _ in range(REDRAWS):
        lacks_label = ((counts @ has_label) == 0).any(axis=1)
        if not lacks_label.any():
            return counts, subject_of_row
        counts[lacks_label] = random.multinomial(len(names), even, size=int(lacks_label.sum()))
    raise MetricError(f"{stream}: no replicate of {len(names)} subjects holds both labels; too few subjects have one of them")


def draw_stratified(
    subjects: Sequence[str], kinds: Sequence[str], replicates: int, seed: int, stream: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw replicates of the subjects among those with rows of the same set of kinds.

    A subject that is alone in its stratum appears exactly once in every replicate, and contributes no variance.

    Args:
        subjects: the subject of each row.
        kinds: the kind of each row, such as its species.
        replicates: how many.
        seed: of the draws.
        stream: the name of the draws.

    Returns:
        Counts and the number of each row's subject, as `draw_subjects` does; and which rows, (rows,), belong to a subject that is
        not alone in its stratum.
    """
    names, subject_of_row = np.unique(np.asarray(subjects), return_inverse=True)
    kinds_of_subject: list[set[str]] = [set() for _ in names]
    for number, kind in zip(subject_of_row.tolist(), kinds, strict=True):
        kinds_of_subject[number].add(kind)
    strata: dict[tuple[str, ...], list[int]] = {}
    for number, subject_kinds in enumerate(kinds_of_subject):
        strata.setdefault(tuple(sorted(subject_kinds)), []).append(number)
    random = generator(seed, f"{stream}/within")
    counts, varies = np.zeros((replicates, len(names))), np.zeros(len(names), bool)
    for _, members in sorted(strata.items()):
        even = np.full(len(members), 1 / len(members))
        counts[:, members] = random.multinomial(len(members), even, size=replicates)
        varies[members] = len(members) > 1
    return counts, subject_of_row, varies[subject_of_row]


def draw_seeds(seeds: int, replicates: int, seed: int, stream: str) -> np.ndarray:
    """Draw which of `seeds` trainings each replicate averages over, (replicates, seeds)."""
    return generator(seed, f"{stream}/seeds").integers(seeds, size=(replicates, seeds))


def replicate(measure: Callable[[np.ndarray], Values], counts: np.ndarray, subject_of_row: np.ndarray) -> Values:
    """Return `measure` of all replicates, computed in chunks.

    `measure` takes weights of shape (some replicates, rows) and returns named values of shape (some replicates,); `counts` and
    `subject_of_row` are those of `draw_subjects`.
    """
    step = max(1, CHUNK // max(1, len(subject_of_row)))
    chunks = [measure(np.take(counts[start : start + step], subject_of_row, axis=1)) for start in range(0, len(counts), step)]
    return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0]}


def point_and_replicates(
    measure: Callable[[np.ndarray], Values], counts: np.ndarray, subject_of_row: np.ndarray
) -> tuple[dict[str, float], Values]:
    """Return `measure` of the rows as they are, each row weighing 1, and of all replicates, as `replicate` does."""
    point = measure(np.ones((1, len(subject_of_row))))
    return {name: float(value[0]) for name, value in point.items()}, replicate(measure, counts, subject_of_row)


def mean_over_seeds(values: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Average replicates over the drawn seeds: `values` (seeds, replicates), `draws` (replicates, seeds) -> (replicates,)."""
    return np.take_along_axis(values, draws.T, axis=0).mean(axis=0)


def seed_mean(seeds: Sequence[tuple[Mapping[str, float], Values]], name: str, draws: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the mean over seeds of one figure, and of its replicates over the drawn seeds, (replicates,).

    `seeds`: what `point_and_replicates` returned for each seed; `draws`: (replicates, seeds).
    """
    value = float(np.mean([point[name] for point, _ in seeds]))
    return value, mean_over_seeds(np.stack([replicates[name] for _, replicates in seeds]), draws)


def mean_with_replicates(by_seed: np.ndarray, draws: np.ndarray) -> np.ndarray:
    """Average figures and their replicates over seeds: `by_seed` (seeds, 1 + replicates, figures) -> (1 + replicates, figures).

    Row 0 is the figure itself, averaged over all seeds; the other rows average over the `draws`, (replicates, seeds).
    """
    replicates = np.take_along_axis(by_seed[:, 1:], draws.T[:, :, None], axis=0).mean(axis=0)
    return np.concatenate([by_seed[:, 0].mean(axis=0)[None], replicates])


def interval(values: np.ndarray, confidence: float) -> tuple[float, float] | tuple[None, None]:
    """Return the percentile interval of the replicates that are not NaN; (None, None) where all are."""
    values = values[~np.isnan(values)]
    if values.size == 0:
        return None, None
    low, high = np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def figure(value: float, values: np.ndarray, confidence: float, subjects: int) -> Figure:
    """Return a figure with its interval: no value where it is NaN, and no interval over fewer than two subjects.

    An interval that excludes its own figure is omitted: its replicates are of something else.
    """
    low, high = interval(values, confidence) if subjects > 1 else (None, None)
    if low is None or high is None or not low - ROUNDING <= value <= high + ROUNDING:
        return without_interval(value)
    return Figure(float(value), low, high)


def without_interval(value: float) -> Figure:
    """Return a figure that has no interval; no value where it is NaN."""
    return Figure(None if np.isnan(value) else float(value), None, None)
