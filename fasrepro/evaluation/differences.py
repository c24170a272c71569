"""Paired differences between runs, on each cell and averaged over cells.

Each pair of runs appears once, as run minus baseline, in alphabetical order: the reverse is the same difference with the other
sign. Differences are of the metrics that subjects contribute to (`contributions`), and `inference` says how sure each is. By
frame only `FRAME_METRICS` are compared, because pairs grow as the square of the runs.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from fasrepro.evaluation import inference
from fasrepro.evaluation.estimates import Estimate, Estimates
from fasrepro.evaluation.inference import Component, TargetDifference
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import Cell, Figure
from fasrepro.evaluation.results.metrics import CellDifference, MeanDifference

FRAME_METRICS = ("hter_dev", "auc", "hter", "accuracy", "hter_decided", "accuracy_decided")
AT_DEV_THRESHOLD = "hter_dev"  # the metric for which other dev people are drawn


class Compared(NamedTuple):
    """What a difference compares: the names of `results.metrics.Difference`."""

    run: str
    baseline: str
    channel: str
    level: str
    metric: str


@dataclasses.dataclass(frozen=True)
class OnCell:
    """What two runs left about one cell, for one metric.

    Args:
        cell: of the run.
        difference: by seed and subject.
        baseline_value: the baseline's figure, over the same seeds and subjects.
        redrawn: the difference with other dev people, (draws,); None of a metric without a dev threshold.
        fewest_people: of a source's dev people; 0 of a metric without a dev threshold.
    """

    cell: Cell
    difference: TargetDifference
    baseline_value: float
    redrawn: np.ndarray | None = None
    fewest_people: int = 0


def pairs(cells: Iterable[Cell]) -> list[tuple[Cell, Cell]]:
    """Return every two runs of a (protocol, target) once, as (run, baseline); in the order in which cells come."""
    by_run: dict[str, dict[str, Cell]] = {}
    for cell in cells:
        by_run.setdefault(cell.cell, {})[cell.run] = cell
    return [(runs[run], runs[baseline]) for runs in by_run.values() for baseline, run in itertools.combinations(sorted(runs), 2)]


def differences(
    estimates: Mapping[Cell, Estimates], fewest_people: Mapping[Cell, int], pools: Mapping[str, Hashable], confidence: float
) -> tuple[list[CellDifference], list[MeanDifference]]:
    """Return the differences on every cell, and their means over the cells of a pool where these are several.

    Two runs that share no seed are not compared.

    Args:
        estimates: by cell.
        fewest_people: dev people of the source that has the fewest, by cell.
        pools: by the cell's short name, as `cells.pools` returns them.
        confidence: of intervals, in (0, 1).

    Raises:
        MetricError: where two runs were judged on different faces.
    """
    rows: list[CellDifference] = []
    by_pool: dict[tuple[Compared, Hashable], list[OnCell]] = {}
    for run, baseline in pairs(estimates):
        for (channel, level), ours in estimates[run].items():
            theirs = estimates[baseline].get((channel, level))
            if theirs is None:
                continue
            for metric, one in _on_cell(run, level, ours, theirs, fewest_people[run]):
                compared = Compared(run.run, baseline.run, channel, level, metric)
                rows.append(on_cell(compared, one, confidence))
                by_pool.setdefault((compared, pools[run.cell]), []).append(one)
    return rows, [over_cells(compared, group, confidence) for (compared, _), group in by_pool.items() if len(group) > 1]


def on_cell(compared: Compared, one: OnCell, confidence: float) -> CellDifference:
    """Return the difference on one cell."""
    place = {"protocol": one.cell.protocol, "target": one.cell.target, "cell": one.cell.cell}
    return CellDifference(**compared._asdict(), **place, **_tested([one], confidence))


def over_cells(compared: Compared, group: Sequence[OnCell], confidence: float) -> MeanDifference:
    """Return the difference averaged over cells."""
    values = [float(one.difference.values.mean()) for one in group]
    bounds = inference.over_draws(values, confidence) or (None, None)
    return MeanDifference(
        **compared._asdict(),
        protocols=[one.cell.protocol for one in group],
        targets=[one.cell.target for one in group],
        cells=[one.cell.cell for one in group],
        over_targets=Figure(float(np.mean(values)), *bounds),
        **_tested(group, confidence),
    )


def _on_cell(run: Cell, level: str, ours: Estimate, theirs: Estimate, fewest_people: int) -> Iterator[tuple[str, OnCell]]:
    """Yield each metric of one channel and level, with what the two runs left; not where a figure is undefined."""
    seeds = sorted(ours.contributions.keys() & theirs.contributions.keys())
    if not seeds:
        return
    if not np.array_equal(ours.ids, theirs.ids):
        raise MetricError(f"{run.cell}: two runs were judged on different faces; run `dvc repro`")
    subjects = np.unique(ours.subjects).tolist()
    for metric in ours.contributions[seeds[0]]:
        if level == "frame" and metric not in FRAME_METRICS:
            continue
        values = np.stack([ours.contributions[seed][metric] for seed in seeds])
        base = np.stack([theirs.contributions[seed][metric] for seed in seeds])
        if np.isnan(values).any() or np.isnan(base).any():
            continue
        redrawn = None
        if metric == AT_DEV_THRESHOLD:
            redrawn = np.mean([ours.redrawn[seed] - theirs.redrawn[seed] for seed in seeds], axis=0)
        difference = TargetDifference(run.target, run.protocol, subjects, values - base)
        yield metric, OnCell(run, difference, float(base.mean()), redrawn, fewest_people)


def _tested(group: Sequence[OnCell], confidence: float) -> dict[str, Any]:
    """Return what cells and means have in common: the difference, its interval, and what they rest on."""
    mean = inference.mean_difference([one.difference for one in group], _of_dev_people(group))
    bounds = mean.interval(confidence) or (None, None)
    total = mean.error**2
    variance: dict[str, float] = {}
    for component in mean.components:
        if component.variance > 0:
            variance[component.kind] = variance.get(component.kind, 0.0) + component.variance / total
    people = {(one.difference.people, subject) for one in group for subject in one.difference.subjects}
    return {
        "difference": mean.value,
        "low": bounds[0],
        "high": bounds[1],
        "error": mean.error if total > 0 else None,
        "degrees": mean.degrees if total > 0 else None,
        "variance": variance,
        "baseline_value": float(np.mean([one.baseline_value for one in group])),
        "seeds": min(len(one.difference.values) for one in group),
        "subjects": len(people),
        "training_sets": len({one.difference.training_set for one in group}),
    }


def _of_dev_people(group: Sequence[OnCell]) -> Component | None:
    """Return the component of the dev people: draws are the same in every cell, so that their mean is a draw of the mean."""
    redrawn = [one.redrawn for one in group if one.redrawn is not None]
    fewest = min(one.fewest_people for one in group)
    if not redrawn or fewest < 2:
        return None
    return Component(inference.DEV_PEOPLE, "sources", float(np.mean(redrawn, axis=0).var(ddof=1)), fewest - 1)
