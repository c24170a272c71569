"""The figures of metrics.json: cells, paired differences, descriptive tests."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from fasrepro.evaluation import cells, differences, estimates, pairwise_tests
from fasrepro.evaluation.cells import CellResults
from fasrepro.evaluation.results import EvaluationSettings, LedgerSettings, Metrics
from fasrepro.evaluation.results.metrics import CellMetrics, MetricsSettings


def summarise(results: Iterable[CellResults], evaluation: EvaluationSettings, ledger: LedgerSettings) -> Metrics:
    """Return the contents of metrics.json, but for the tuning. Raises `MetricError`."""
    results = list(results)
    entries, by_cell, fewest, decisions = {}, {}, {}, {}
    for cell in results:
        seeds = sorted(cell.scores)
        points = {seed: estimates.operating_point(cell, seed, f"{cell.key}, seed {seed}") for seed in seeds}
        by_channel = estimates.estimates(cell, points, evaluation)
        entries[cell.key] = CellMetrics(
            **cell.names,
            seeds=seeds,
            mean=estimates.seed_metrics(by_channel, points, cell.cell, evaluation),
            by_seed={
                seed: estimates.seed_metrics(by_channel, {seed: point}, cell.cell, evaluation) for seed, point in points.items()
            },
        )
        by_cell[cell.place] = {key: dataclasses.replace(one, values={}) for key, one in by_channel.items()}  # no replicates
        fewest[cell.place] = cell.fewest_dev_people
        decisions[cell.place] = estimates.decisions(cell, points)
    paired, means = differences.differences(by_cell, fewest, cells.pools(results), evaluation.confidence)
    return Metrics(
        cells=entries,
        paired=paired,
        means=means,
        settings=MetricsSettings(evaluation, ledger),
        pairwise_tests=pairwise_tests.rows(decisions, differences.pairs(decisions)),
    )
