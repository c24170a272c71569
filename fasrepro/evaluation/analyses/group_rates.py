"""Error rates of groups of rows, their differences, and how sure these are.

A rate or a difference of rates is a weighted sum of wrong decisions, g = sum over rows i of w_i wrong_i. Each row belongs to a
*part*, such as a group's bona fide rows, which has a rate of its own. To first order a subject moves g by

    d_s = sum over the rows i of s of w_i (wrong_i - rate of the part of i),

which is the infinitesimal jackknife of `contributions`. The variance of g has the three kinds of components of `inference`:

- people: m / (m - 1) times the sum of d_s squared, with m - 1 degrees of freedom, where m is the number of subjects of the
  *smaller* part. That is larger than the exact variance, and errs on the cautious side where one group has few people.
- trainings: of each protocol, the variance over seeds of its share of g.
- dev people: the variance of g at the thresholds of other dev people.

A **rate** takes all rows of a group together. A **gap** is the group's rate minus that of all others, inside each target and then
averaged over targets with weights 1 / (1 / n + 1 / m), of n subjects inside and m outside: a Mantel-Haenszel difference of rates
(Greenland and Robins, Biometrics 41, 55-68, 1985). So a group does not differ merely because it is frequent on a hard target. A
target with fewer than two subjects on either side shows no spread there, and is omitted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

from fasrepro.evaluation import inference
from fasrepro.evaluation.inference import Component, MeanDifference
from fasrepro.evaluation.results import Cell, Figure
from fasrepro.evaluation.results.fairness import Compared

Array = np.ndarray
LABELS_OF = {"bpcer": (0,), "apcer": (1,), "hter": (0, 1)}  # a rate is the mean over labels of the shares of wrong decisions
LEAST_SUBJECTS = 2  # of a side, to show how people differ
Mask = Callable[["Decisions"], Array]  # the rows of a cell that are in a group, (rows,) of bool


@dataclasses.dataclass(frozen=True)
class Decisions:
    """What the trainings of a run decided about the rows of one cell, or two runs' difference in that.

    Args:
        cell: of the run.
        labels: (rows,).
        subjects: (rows,), names that no other data set has.
        groups: by attribute, the group of each row, (rows,); "" where it is not known.
        wrong: (seeds, rows) 1 for a wrong decision at the dev threshold; of a difference -1, 0 or 1.
        redrawn: (seeds, draws, rows), the same at the thresholds of other dev people.
        dev_people: of the source that has the fewest.
    """

    cell: Cell
    labels: Array
    subjects: Array
    groups: dict[str, Array]
    wrong: Array
    redrawn: Array
    dev_people: int


@dataclasses.dataclass(frozen=True)
class Weighted:
    """A figure as a weighted sum of the decisions on the rows of some cells.

    Args:
        cells: whose rows it takes.
        weights: of each cell's rows, (rows,).
        parts: of each cell's rows, (rows,), the number of the part whose rate a row belongs to; -1 of a row without weight.
        least: subjects of the smaller part, by the set of people whose subjects are compared.
        people_of: the set of people of each cell, a key of `least`.
    """

    cells: list[Decisions]
    weights: list[Array]
    parts: list[Array]
    least: dict[str, int]
    people_of: list[str]


def rate(cells: Sequence[Decisions], measure: str, group: Mask) -> Weighted | None:
    """Return a rate of a group over all rows of `cells`; None where it has no rows of a label."""
    labels = LABELS_OF[measure]
    masks = [[group(cell) & (cell.labels == label) for cell in cells] for label in labels]
    totals = [sum(int(mask.sum()) for mask in of_label) for of_label in masks]
    if not all(totals):
        return None
    weights, parts = [], []
    for number in range(len(cells)):
        own = [of_label[number] for of_label in masks]
        weights.append(sum(mask / (total * len(labels)) for mask, total in zip(own, totals, strict=True)))
        parts.append(np.select(own, range(len(labels)), -1))
    people = [_people(cells, of_label) for of_label in masks]
    return Weighted(list(cells), weights, parts, {"": min(people)}, [""] * len(cells))


def gap(cells: Sequence[Decisions], measure: str, group: Mask, others: Mask) -> Weighted | None:
    """Return a group's rate minus that of `others`, averaged over targets; None where no target has enough people of both.

    `measure`: of one label, "bpcer" or "apcer".
    """
    (label,) = LABELS_OF[measure]
    kept, sizes, least = [], [], {}
    for cell in cells:
        sides = [mask(cell) & (cell.labels == label) for mask in (group, others)]
        people = [_people([cell], [side]) for side in sides]
        if min(people) >= LEAST_SUBJECTS:
            kept.append((cell, sides))
            sizes.append(1 / sum(1 / count for count in people))
            least[cell.cell.target] = min(people)
    if not kept:
        return None
    weights, parts = [], []
    for number, ((_, (inside, outside)), size) in enumerate(zip(kept, sizes, strict=True)):
        weights.append(size / sum(sizes) * (inside / inside.sum() - outside / outside.sum()))
        parts.append(np.select([inside, outside], [2 * number, 2 * number + 1], -1))
    return Weighted([cell for cell, _ in kept], weights, parts, least, [cell.cell.target for cell, _ in kept])


def _people(cells: Sequence[Decisions], masks: Sequence[Array]) -> int:
    """Return how many subjects some rows have."""
    return len({name for cell, mask in zip(cells, masks, strict=True) for name in cell.subjects[mask].tolist()})


def measured(figure: Weighted) -> MeanDifference:
    """Return a figure with the components of its variance."""
    seeds = len(figure.cells[0].wrong)
    by_training: dict[str, Array] = {}
    redrawn = np.zeros(figure.cells[0].redrawn.shape[1])
    for cell, weights in zip(figure.cells, figure.weights, strict=True):
        name = cell.cell.protocol
        by_training[name] = by_training.get(name, np.zeros(seeds)) + cell.wrong @ weights
        redrawn += (cell.redrawn @ weights).mean(axis=0)
    components = list(_of_people(figure))
    if seeds > 1:
        for name, values in by_training.items():
            components.append(Component(inference.TRAININGS, name, float(values.var(ddof=1)) / seeds, seeds - 1))
    fewest = min(cell.dev_people for cell in figure.cells)
    if fewest > 1:
        components.append(Component(inference.DEV_PEOPLE, "sources", float(redrawn.var(ddof=1)), fewest - 1))
    value = float(sum(values.mean() for values in by_training.values()))
    return MeanDifference(value, tuple(components))


def _of_people(figure: Weighted) -> Sequence[Component]:
    """Return the component of each set of people that has at least `LEAST_SUBJECTS` in its smaller part."""
    wrong = [cell.wrong.mean(axis=0) for cell in figure.cells]
    rows = list(zip(figure.cells, figure.weights, figure.parts, wrong, figure.people_of, strict=True))
    count = 1 + max(int(parts.max()) for parts in figure.parts)
    sums, totals = np.zeros(count), np.zeros(count)
    for _, weights, parts, values, _ in rows:
        used = parts >= 0
        sums += np.bincount(parts[used], (np.abs(weights) * values)[used], minlength=count)
        totals += np.bincount(parts[used], np.abs(weights)[used], minlength=count)
    rates = sums / totals
    moved: dict[str, dict[str, float]] = {}
    for cell, weights, parts, values, people in rows:
        used = parts >= 0
        shares = weights[used] * (values[used] - rates[parts[used]])
        of_people = moved.setdefault(people, {})
        for name, share in zip(cell.subjects[used].tolist(), shares.tolist(), strict=True):
            of_people[name] = of_people.get(name, 0.0) + share
    components = []
    for people, of_people in moved.items():
        least = figure.least[people]
        if least >= LEAST_SUBJECTS:
            squares = float(np.square(list(of_people.values())).sum())
            components.append(Component(inference.PEOPLE, people, least / (least - 1) * squares, least - 1))
    return components


def rate_figure(figure: Weighted | None, confidence: float) -> Figure:
    """Return a rate with an interval that stays in [0, 1]; no value of no rows, and no interval of fewer than two subjects.

    Exact binomial bounds for as many independent rows as would have the rate's variance (Korn and Graubard, Survey Methodology
    24, 193-201, 1998): at most the rows there are, and where no decision differs, as many as there are subjects. So a group of
    three people without an error is not called free of errors.
    """
    if figure is None:
        return Figure(None, None, None)
    result, subjects = measured(figure), min(figure.least.values())
    value = min(max(result.value, 0.0), 1.0)  # a sum of weights may leave it by a rounding error
    if subjects < LEAST_SUBJECTS:
        return Figure(value, None, None)
    rows = sum(int((parts >= 0).sum()) for parts in figure.parts)
    size = float(subjects)
    if result.error > 0 and 0 < value < 1:
        wider = stats.norm.ppf((1 + confidence) / 2) / stats.t.ppf((1 + confidence) / 2, result.degrees)
        size = min(value * (1 - value) / result.error**2 * wider**2, float(rows))
    low, high = _exact(value, size, confidence)
    return Figure(value, low, high)


def _exact(share: float, size: float, confidence: float) -> tuple[float, float]:
    """Return Clopper and Pearson's bounds of a share of `size` rows, which need be no whole number."""
    tail, hits = (1 - confidence) / 2, share * size
    low = float(stats.beta.ppf(tail, hits, size - hits + 1)) if hits > 0 else 0.0
    high = float(stats.beta.ppf(1 - tail, hits + 1, size - hits)) if hits < size else 1.0
    return low, high


def compared(figure: Weighted | None, confidence: float) -> Compared:
    """Return a difference with its interval, and the smallest difference that would probably have been told."""
    if figure is None:
        return Compared(None, None, None, None, None, None, 0)
    result, subjects = measured(figure), sum(figure.least.values())
    bounds = result.interval(confidence) if min(figure.least.values()) >= LEAST_SUBJECTS else None
    if bounds is None or not any(one.kind == inference.PEOPLE and one.variance > 0 for one in result.components):
        return Compared(result.value, None, None, None, None, None, subjects)
    detectable = inference.detectable(result.error, result.degrees, confidence)
    return Compared(result.value, *bounds, result.error, result.degrees, detectable, subjects)
