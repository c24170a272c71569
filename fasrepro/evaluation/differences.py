"""Paired differences between runs, on each cell and averaged over cells.

Each pair of runs appears once, as run minus baseline, in alphabetical order: the reverse is the same difference with the other
sign. By frame only `FRAME_METRICS` are compared, because pairs grow as the square of the runs.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from fasrepro.evaluation import bootstrap, inference
from fasrepro.evaluation.estimates import Estimate, Estimates
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import HEAD, Cell, EvaluationSettings
from fasrepro.evaluation.results.metrics import CellDifference, MeanDifference

FRAME_METRICS = ("hter_dev", "auc", "hter", "accuracy", "hter_decided", "accuracy_decided")


@dataclasses.dataclass(frozen=True)
class _Replicated:
    """A difference on one cell, with its replicates (replicates,) and the subjects that it is about."""

    row: CellDifference
    replicates: np.ndarray
    subjects: frozenset[str]


def pairs(cells: Iterable[Cell]) -> list[tuple[Cell, Cell]]:
    """Return every two runs of a (protocol, target) once, as (run, baseline); in the order in which cells come."""
    by_run: dict[str, dict[str, Cell]] = {}
    for cell in cells:
        by_run.setdefault(cell.cell, {})[cell.run] = cell
    return [(runs[run], runs[baseline]) for runs in by_run.values() for baseline, run in itertools.combinations(sorted(runs), 2)]


def differences(
    estimates: Mapping[Cell, Estimates], pools: Mapping[str, Hashable], settings: EvaluationSettings
) -> tuple[list[CellDifference], list[MeanDifference]]:
    """Return the differences on every cell, and their means over the cells of a pool where these are several.

    Two runs that share no seed are not compared. Of the head by video each row has the "detectable" difference
    (`inference.detectable`).

    Args:
        estimates: by cell.
        pools: by the cell's short name, as `cells.pools` returns them.
        settings: of the bootstrap.

    Raises:
        MetricError: where two runs were judged on different faces.
    """
    rows: list[CellDifference] = []
    by_pool: dict[tuple[Hashable, ...], list[_Replicated]] = {}
    for run, baseline in pairs(estimates):
        for (channel, level), estimate in estimates[run].items():
            other = estimates[baseline].get((channel, level))
            if other is None:
                continue
            for one in _on_cell(run, baseline, (channel, level), estimate, other, settings):
                rows.append(one.row)
                pool = (run.run, baseline.run, channel, level, one.row.metric, pools[run.cell])
                by_pool.setdefault(pool, []).append(one)
    return rows, [_mean(group, settings.confidence) for group in by_pool.values() if len(group) > 1]


def _on_cell(
    run: Cell, baseline: Cell, key: tuple[str, str], ours: Estimate, theirs: Estimate, settings: EvaluationSettings
) -> Iterator[_Replicated]:
    """Yield the difference of every metric of one channel and level, but for species' APCER and undefined ones."""
    seeds = sorted(ours.values.keys() & theirs.values.keys())
    if not seeds:
        return
    if not np.array_equal(ours.ids, theirs.ids):
        raise MetricError(f"{run.cell}: two runs were judged on different faces; run `dvc repro`")
    channel, level = key
    draws = bootstrap.draw_seeds(len(seeds), settings.replicates, settings.seed, run.cell)
    for metric in ours.values[seeds[0]]:
        if "/" in metric or (level == "frame" and metric not in FRAME_METRICS):
            continue
        (values, many), (base, base_many) = ours.stacked(metric, seeds), theirs.stacked(metric, seeds)
        difference, replicates = bootstrap.paired_difference(values, base, many, base_many, draws)
        if np.isnan(difference):
            continue
        row = CellDifference(
            protocol=run.protocol,
            target=run.target,
            cell=run.cell,
            run=run.run,
            baseline=baseline.run,
            channel=channel,
            level=level,
            metric=metric,
            seeds=len(seeds),
            **_spread(difference, replicates, ours.counts.subjects, key, settings.confidence),
        )
        yield _Replicated(row, replicates, frozenset(ours.subjects.tolist()))


def _spread(difference: float, replicates: np.ndarray, subjects: int, key: tuple[str, str], confidence: float) -> dict[str, Any]:
    """Return a difference with its interval, its subjects, and, of the head by video, the detectable difference."""
    bounds = bootstrap.figure(difference, replicates, confidence, subjects)
    detectable = None
    if key == (HEAD, "video") and subjects > 1:
        least = inference.detectable(replicates, confidence)
        detectable = None if math.isnan(least) else least
    return {
        "difference": difference,
        "low": bounds.low,
        "high": bounds.high,
        "subjects": subjects,
        "detectable": detectable,
    }


def _mean(group: Sequence[_Replicated], confidence: float) -> MeanDifference:
    """Average differences over cells; each subject counts once, because two cells may share a target."""
    rows = [one.row for one in group]
    first = rows[0]
    subjects = frozenset.union(*(one.subjects for one in group))
    replicates = np.mean([one.replicates for one in group], axis=0)
    difference = float(np.mean([row.difference for row in rows]))
    return MeanDifference(
        protocols=[row.protocol for row in rows],
        targets=[row.target for row in rows],
        cells=[row.cell for row in rows],
        run=first.run,
        baseline=first.baseline,
        channel=first.channel,
        level=first.level,
        metric=first.metric,
        seeds=min(row.seeds for row in rows),
        **_spread(difference, replicates, len(subjects), (first.channel, first.level), confidence),
    )
