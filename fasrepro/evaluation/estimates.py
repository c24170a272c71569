"""Figures of one cell with their bootstrap replicates: of the head's scores and of every reader's verdicts, by video and frame.

A training has one operating point: the dev threshold of the sources' *video* scores, and of the images of a source that has no
videos, each data set weighing the same. It is used for frames as well, because a deployed model has one threshold.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from fasrepro.evaluation import aggregate, bootstrap, contributions, dev_people, metrics, pairwise_tests
from fasrepro.evaluation.aggregate import Columns
from fasrepro.evaluation.cells import CellResults
from fasrepro.evaluation.metrics import METRICS, MetricError, ScoreSample, VerdictSample
from fasrepro.evaluation.pairwise_tests import Decisions
from fasrepro.evaluation.results import HEAD, Counts, EvaluationSettings, Figures
from fasrepro.evaluation.results.metrics import LevelMetrics, ReaderMetrics, SeedMetrics


@dataclasses.dataclass(frozen=True)
class OperatingPoint:
    """One training's dev threshold, in the unit of scores, and its AUC on each source's dev; both by video or still image."""

    threshold: float
    dev_auc: dict[str, float]


@dataclasses.dataclass(frozen=True)
class Estimate:
    """Figures of one channel at one level.

    Args:
        ids: of the videos or faces that were judged, (rows,).
        subjects: of each row, (rows,).
        species: of each row, (rows,).
        counts: of the rows.
        values: seed -> metric -> (figure, replicates of shape (replicates,)); a species' APCER is "apcer/<species>".
        contributions: seed -> metric -> what each subject contributes, (distinct subjects, sorted).
        redrawn: seed -> HTER at the thresholds of other dev people, (draws,); empty of a reader.
    """

    ids: np.ndarray
    subjects: np.ndarray
    species: np.ndarray
    counts: Counts
    values: dict[int, dict[str, tuple[float, np.ndarray]]]
    contributions: dict[int, dict[str, np.ndarray]]
    redrawn: dict[int, np.ndarray]

    def stacked(self, metric: str, seeds: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return a metric's figures (seeds,) and their replicates (seeds, replicates)."""
        pairs = [self.values[seed][metric] for seed in seeds]
        return np.array([value for value, _ in pairs]), np.stack([replicates for _, replicates in pairs])


Estimates = dict[tuple[str, str], Estimate]  # by channel and level


def operating_point(cell: CellResults, seed: int, where: str) -> OperatingPoint:
    """Return a training's operating point. Raises `MetricError`, which begins with `where`."""
    dev = aggregate.scores(cell.dev, cell.scores.get(seed, {}), "video", f"{where}, dev")
    threshold = metrics.dev_threshold(dev.labels, dev.values, dev.datasets)
    dev_auc = {}
    for dataset in np.unique(dev.datasets):
        rows = dev.datasets == dataset
        dev_auc[str(dataset)] = metrics.auc(dev.labels[rows], dev.values[rows])
    return OperatingPoint(threshold, dev_auc)


def redrawn_thresholds(cell: CellResults, seed: int, draw_seed: int) -> np.ndarray:
    """Return the dev thresholds that a training would have with other dev people, (draws,); `draw_seed`: of the draws."""
    dev = aggregate.scores(cell.dev, cell.scores[seed], "video", f"{cell.key}, seed {seed}, dev")
    return dev_people.thresholds(dev, dev_people.weights(dev, draw_seed))


def _sample(columns: Columns, channel: str, threshold: float, weights: np.ndarray) -> ScoreSample | VerdictSample:
    if channel == HEAD:
        return ScoreSample(columns.labels, columns.values, columns.species, threshold, weights)
    return VerdictSample(columns.labels, columns.values, weights)


def _measure(sample: ScoreSample | VerdictSample) -> dict[str, np.ndarray]:
    if isinstance(sample, ScoreSample):
        return metrics.score_metrics(sample)
    return metrics.compute(metrics.READER_METRICS, sample)


def estimate(
    columns: Mapping[int, Columns],
    channel: str,
    points: Mapping[int, OperatingPoint],
    cell: CellResults,
    settings: EvaluationSettings,
) -> Estimate:
    """Return the figures and replicates of one channel at one level.

    Args:
        columns: scores or verdicts, by seed.
        channel: `HEAD` or a reader.
        points: operating points, by seed.
        cell: the target names the draws of subjects.
        settings: of the bootstrap.

    Raises:
        MetricError: where two seeds were judged on different faces.
    """
    first = next(iter(columns.values()))
    where = f"{cell.key}, {channel}"
    draws = bootstrap.draw_subjects(first.subjects, first.labels, settings.replicates, settings.seed, cell.target)
    one_each = np.ones((1, len(first.labels)))
    values: dict[int, dict[str, tuple[float, np.ndarray]]] = {}
    contributed: dict[int, dict[str, np.ndarray]] = {}
    for seed, rows in columns.items():
        if not np.array_equal(rows.ids, first.ids):
            raise MetricError(f"{where}: seed {seed} was judged on other faces than the first seed; run `dvc repro`")
        if channel == HEAD:
            metrics.check(rows.labels, rows.values, f"{where}, seed {seed}")
        threshold = points[seed].threshold

        def measure(weights: np.ndarray, rows: Columns = rows, threshold: float = threshold) -> dict[str, np.ndarray]:
            return _measure(_sample(rows, channel, threshold, weights))

        point, replicates = bootstrap.point_and_replicates(measure, *draws)
        values[seed] = {name: (point[name], replicates[name]) for name in point}
        contributed[seed] = contributions.of_sample(_sample(rows, channel, threshold, one_each), draws[1])
    attacks = int(first.labels.sum())
    counts = Counts(len(first.labels) - attacks, attacks, len(np.unique(first.subjects)))
    return Estimate(first.ids, first.subjects, first.species, counts, values, contributed, {})


def estimates(cell: CellResults, points: Mapping[int, OperatingPoint], settings: EvaluationSettings) -> Estimates:
    """Return every channel of a cell at each level that its target has; `points` by seed.

    Raises:
        MetricError: where a face has no score, or a reader judged no explanation of a seed.
    """
    by_channel = {}
    thresholds = {seed: redrawn_thresholds(cell, seed, settings.seed) for seed in points}
    for level in aggregate.levels_of(cell.target):
        columns = {
            seed: aggregate.scores(cell.test, cell.scores[seed], level, f"{cell.key}, seed {seed}, test") for seed in points
        }
        redrawn = {seed: dev_people.hter(rows.labels, rows.values, thresholds[seed]) for seed, rows in columns.items()}
        by_channel[HEAD, level] = dataclasses.replace(estimate(columns, HEAD, points, cell, settings), redrawn=redrawn)
        for reader, verdicts in cell.verdicts.items():
            unjudged = [seed for seed in points if not verdicts.get(seed)]
            if unjudged:
                raise MetricError(
                    f"{cell.key}: reader {reader} judged no explanation of seed {unjudged[0]}; run `dvc repro readers`"
                )
            columns = {seed: aggregate.verdicts(cell.test, verdicts[seed], level) for seed in points}
            by_channel[reader, level] = estimate(columns, reader, points, cell, settings)
    return by_channel


def decisions(cell: CellResults, points: Mapping[int, OperatingPoint]) -> dict[tuple[str, int], Decisions]:
    """Return the decisions of each channel on the target's videos or still images, by (channel, seed); `points` by seed."""
    by_channel = {}
    for seed, point in points.items():
        columns = aggregate.scores(cell.test, cell.scores[seed], "video", f"{cell.key}, seed {seed}, test")
        by_channel[HEAD, seed] = pairwise_tests.of_scores(columns, point.threshold)
        for reader, verdicts in cell.verdicts.items():
            by_channel[reader, seed] = pairwise_tests.of_verdicts(aggregate.verdicts(cell.test, verdicts[seed], "video"))
    return by_channel


def level_metrics(estimate: Estimate, seeds: Sequence[int], draws: np.ndarray, confidence: float) -> LevelMetrics:
    """Return means over `seeds` with their intervals; `draws` of seeds, (replicates, seeds)."""
    figures: Figures = {}
    apcer: Figures = {}
    for metric in estimate.values[seeds[0]]:
        values, replicates = estimate.stacked(metric, seeds)
        means = bootstrap.mean_over_seeds(replicates, draws)
        if metric in METRICS and METRICS[metric].chosen:
            figures[metric] = bootstrap.without_interval(float(values.mean()))
            continue
        _, _, species = metric.partition("/")
        rows = estimate.species == species if species else np.full(len(estimate.subjects), True)
        subjects = len(np.unique(estimate.subjects[rows]))
        figure = bootstrap.figure(float(values.mean()), means, confidence, subjects)
        if species:
            apcer[species] = figure
        else:
            figures[metric] = figure
    return LevelMetrics(estimate.counts, figures, apcer)


def seed_metrics(
    by_channel: Estimates, points: Mapping[int, OperatingPoint], stream: str, settings: EvaluationSettings
) -> SeedMetrics:
    """Return figures of one seed, or means over several.

    Args:
        by_channel: of the cell.
        points: the seeds, with their operating points.
        stream: the name of the draws of seeds.
        settings: of the bootstrap.
    """
    seeds = list(points)
    draws = bootstrap.draw_seeds(len(seeds), settings.replicates, settings.seed, stream)
    levels = {key: level_metrics(estimate, seeds, draws, settings.confidence) for key, estimate in by_channel.items()}
    readers = dict.fromkeys(channel for channel, _ in by_channel if channel != HEAD)
    datasets = next(iter(points.values())).dev_auc
    return SeedMetrics(
        threshold_dev=float(np.mean([point.threshold for point in points.values()])),
        dev_auc={name: float(np.mean([point.dev_auc[name] for point in points.values()])) for name in datasets},
        video=levels.get((HEAD, "video")),
        frame=levels[HEAD, "frame"],
        readers={name: ReaderMetrics(levels.get((name, "video")), levels[name, "frame"]) for name in readers},
    )
