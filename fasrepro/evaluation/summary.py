"""What results/metrics.json holds: per job and seed, and over seeds; paired differences between runs; descriptive tests.

The operating point of a seed is one number: the dev threshold of the sources' *video* scores, used for frames as well, because
what is deployed has one threshold.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from fasrepro.evaluation import aggregate, bootstrap, inference, metrics, pairwise_tests
from fasrepro.evaluation.aggregate import LEVELS, Columns
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.pairwise_tests import Decisions
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face

HEAD = "head"  # the channel of the scores; the other channels are readers
# What runs are compared in by frame, of the head and of readers; by video in everything: pairs grow as the runs' square.
FRAME_PAIRS = ("hter_dev", "auc", "hter", "accuracy", "hter_decided", "accuracy_decided")
MEAN = "mean"  # the "protocol" of a difference averaged over protocols that have both runs


@dataclasses.dataclass(frozen=True)
class JobResults:
    """What one job left: scores of its dev and test faces by seed, and verdicts on explanations of test faces."""

    protocol: str
    run: str
    target: str
    dev: Sequence[Face]
    test: Sequence[Face]
    scores: Mapping[int, Mapping[str, float]]  # seed -> face_id -> p_attack
    verdicts: Mapping[str, Mapping[int, Mapping[str, Verdict]]]  # reader -> seed -> face_id -> verdict
    transfer: bool = False  # whether the models were trained for another target: their means are apart


@dataclasses.dataclass(frozen=True)
class Settings:
    """`replicates` of the bootstrap, the interval's `confidence` in (0, 1), the `seed` of its draws."""

    replicates: int
    confidence: float
    seed: int


@dataclasses.dataclass
class Estimate:
    """One channel of a job at one level. `ids`: what was judged, of `subjects`; `values[seed][metric]`: figure, replicates."""

    ids: np.ndarray
    subjects: np.ndarray
    counts: dict[str, int]
    values: dict[int, dict[str, tuple[float, np.ndarray]]]

    def stacked(self, metric: str, seeds: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return the figures (seeds,) and their replicates (seeds, replicates)."""
        found = [self.values[seed][metric] for seed in seeds]
        return np.array([value for value, _ in found]), np.stack([replicates for _, replicates in found])


Estimates = dict[tuple[str, str], Estimate]  # (channel, level) -> Estimate


def operating_point(job: JobResults, seed: int, where: str) -> tuple[float, dict[str, float]]:
    """Return the dev threshold and the AUC on each source's dev, both by video."""
    dev = aggregate.scores(job.dev, job.scores.get(seed, {}), "video", f"{where}, dev")
    threshold = metrics.dev_threshold(dev.labels, dev.values, dev.datasets)
    aucs = {
        name: metrics.auc(dev.labels[dev.datasets == name], dev.values[dev.datasets == name]) for name in np.unique(dev.datasets)
    }
    return threshold, {str(name): value for name, value in aucs.items()}


def _counts(columns: Columns) -> dict[str, int]:
    attacks = int(columns.labels.sum())
    return {"bona_fide": len(columns.labels) - attacks, "attack": attacks, "subjects": len(np.unique(columns.subjects))}


def _measure(columns: Columns, channel: str, threshold: float, weights: np.ndarray) -> dict[str, np.ndarray]:
    if channel == HEAD:
        return metrics.measure(metrics.Sample(columns.labels, columns.values, columns.species, threshold, weights))
    return metrics.measure_readings(metrics.Readings(columns.labels, columns.values, weights))


def estimate(
    columns: Mapping[int, Columns], channel: str, cuts: Mapping[int, float], job: JobResults, set_: Settings
) -> Estimate:
    """Return figures and replicates of one channel at one level; `columns` and `cuts` (dev thresholds) by seed."""
    first = next(iter(columns.values()))
    where = f"{job.protocol}-{job.run}, {channel}"
    values: dict[int, dict[str, tuple[float, np.ndarray]]] = {}
    for seed, rows in columns.items():
        if not np.array_equal(rows.ids, first.ids):
            raise MetricError(f"{where}: seed {seed} was judged on other faces than the first seed; run `dvc repro`")
        if channel == HEAD:
            metrics.check(rows.labels, rows.values, f"{where}, seed {seed}")
        counts, place = bootstrap.draw_subjects(rows.subjects, rows.labels, set_.replicates, set_.seed, job.target)
        point = _measure(rows, channel, cuts[seed], np.ones((1, len(rows.labels))))
        drawn = bootstrap.replicated(lambda w, rows=rows, cut=cuts[seed]: _measure(rows, channel, cut, w), counts, place)
        values[seed] = {name: (float(point[name][0]), drawn[name]) for name in point}
    return Estimate(first.ids, first.subjects, _counts(first), values)


def estimates(job: JobResults, cuts: Mapping[int, float], settings: Settings) -> Estimates:
    """Return every channel of a job at both levels."""
    name, found = f"{job.protocol}-{job.run}", {}
    for level in LEVELS:
        columns = {seed: aggregate.scores(job.test, job.scores[seed], level, f"{name}, seed {seed}, test") for seed in cuts}
        found[HEAD, level] = estimate(columns, HEAD, cuts, job, settings)
        for reader, by_seed in job.verdicts.items():
            lacking = [seed for seed in cuts if not by_seed.get(seed)]
            if lacking:
                raise MetricError(f"{name}: reader {reader} judged no explanation of seed {lacking[0]}; run `dvc repro judge`")
            columns = {seed: aggregate.verdicts(job.test, by_seed[seed], level) for seed in cuts}
            found[reader, level] = estimate(columns, reader, cuts, job, settings)
    return found


def decisions(job: JobResults, cuts: Mapping[int, float]) -> dict[tuple[str, int], Decisions]:
    """Return what each channel of a job decided on the target's videos, by (channel, seed); `cuts` as in `estimate`."""
    name, made = f"{job.protocol}-{job.run}", {}
    for seed, cut in cuts.items():
        columns = aggregate.scores(job.test, job.scores[seed], "video", f"{name}, seed {seed}, test")
        made[HEAD, seed] = pairwise_tests.of_scores(columns, cut)
        for reader, by_seed in job.verdicts.items():
            made[reader, seed] = pairwise_tests.of_verdicts(aggregate.verdicts(job.test, by_seed[seed], "video"))
    return made


def _figures(found: Estimate, seeds: Sequence[int], draws: np.ndarray, confidence: float) -> dict[str, Any]:
    """Return what a level of a cell holds; a metric "apcer/<species>" goes under "apcer"."""
    cell: dict[str, Any] = {"counts": found.counts}
    for metric in found.values[seeds[0]]:
        values, replicates = found.stacked(metric, seeds)
        entry = bootstrap.figure(
            float(values.mean()), bootstrap.over_seeds(replicates, draws), confidence, found.counts["subjects"]
        )
        group, _, species = metric.partition("/")
        if species:
            cell.setdefault(group, {})[species] = entry
        else:
            cell[metric] = entry
    return cell


def cell(
    found: Estimates, points: Mapping[int, tuple[float, dict[str, float]]], protocol: str, settings: Settings
) -> dict[str, Any]:
    """Return the cell of metrics.json for the seeds in `points` (threshold and dev AUC by seed); means if they are several."""
    seeds = list(points)
    draws = bootstrap.draw_seeds(len(seeds), settings.replicates, settings.seed, protocol)
    readers: dict[str, dict[str, Any]] = {}
    made: dict[str, Any] = {
        "threshold_dev": float(np.mean([threshold for threshold, _ in points.values()])),
        "dev_auc": {name: float(np.mean([aucs[name] for _, aucs in points.values()])) for name in next(iter(points.values()))[1]},
        "readers": readers,
    }
    for (channel, level), values in found.items():
        into = made if channel == HEAD else readers.setdefault(channel, {})
        into[level] = _figures(values, seeds, draws, settings.confidence)
    return made


def pairs(runs: Sequence[str]) -> list[tuple[str, str]]:
    """Return every two runs once as (run, baseline), by name: the other way round is the same difference with its sign turned.

    Negative differences of an error rate favour the run. Who reads them for a baseline of their choice goes by `report.paired`.
    """
    return [(run, baseline) for baseline, run in itertools.combinations(sorted(runs), 2)]


def compared(found: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Return (protocol, run, baseline) of `pairs` on every protocol; `found`: the (protocol, run) that there are."""
    found = list(found)
    return [
        (protocol, run, baseline)
        for protocol in dict.fromkeys(protocol for protocol, _ in found)
        for run, baseline in pairs([name for place, name in found if place == protocol])
    ]


def sources(protocol: str) -> int:
    """Return how many data sets a protocol such as `oci_m` trains on: it has a letter of each."""
    return len(protocol.partition("_")[0])


def paired(
    found: Mapping[tuple[str, str], Estimates], settings: Settings, transfers: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return run minus baseline of `pairs` for every metric, by frame for `FRAME_PAIRS` alone; `found` by (protocol, run).

    Where two protocols have both runs, also their mean: of those with as many sources, since fewer make another task; that of
    `transfers` (protocols) is apart. Of the head by video also the
    "detectable" difference (`comparisons`). Raises `MetricError` where the two were not judged on the same faces. Runs that share
    no seed are not compared.
    """
    rows: list[dict[str, Any]] = []
    pooled: dict[tuple[Any, ...], list[tuple[dict[str, Any], np.ndarray, set[str]]]] = {}
    for protocol, run, baseline in compared(found):
        transfer = protocol in transfers
        for key, ours in found[protocol, run].items():
            theirs = found[protocol, baseline].get(key)
            subjects = set(ours.subjects.tolist())
            for row, replicates in _differences(ours, theirs, protocol, settings) if theirs else []:
                if key[1] == "frame" and row["metric"] not in FRAME_PAIRS:
                    continue
                row |= {"protocol": protocol, "run": run, "baseline": baseline, "channel": key[0], "level": key[1]}
                row["transfer"] = transfer
                rows.append(_interval(row, replicates, settings.confidence))
                group = run, baseline, *key, row["metric"], transfer, sources(protocol)
                pooled.setdefault(group, []).append((row, replicates, subjects))
    for group in pooled.values():
        if len(group) > 1:
            mean = np.mean([replicates for _, replicates, _ in group], axis=0)
            # Two protocols may have one target, and then its subjects, in common.
            subjects = set.union(*(subjects for _, _, subjects in group))
            rows.append(_interval(_mean_row([row for row, _, _ in group], len(subjects)), mean, settings.confidence))
    return rows


def _differences(ours: Estimate, theirs: Estimate, protocol: str, settings: Settings) -> list[tuple[dict[str, Any], np.ndarray]]:
    seeds = sorted(ours.values.keys() & theirs.values.keys())
    if not seeds:
        return []
    if not np.array_equal(ours.ids, theirs.ids):
        raise MetricError(f"{protocol}: two runs were judged on different faces; run `dvc repro`")
    draws = bootstrap.draw_seeds(len(seeds), settings.replicates, settings.seed, protocol)
    made = []
    for metric in (name for name in ours.values[seeds[0]] if "/" not in name):
        (a, many_a), (b, many_b) = ours.stacked(metric, seeds), theirs.stacked(metric, seeds)
        difference, replicates = bootstrap.paired_difference(a, b, many_a, many_b, draws)
        if not np.isnan(difference):
            row = {"metric": metric, "difference": difference, "seeds": len(seeds), "subjects": ours.counts["subjects"]}
            made.append((row, replicates))
    return made


def _interval(row: dict[str, Any], replicates: np.ndarray, confidence: float) -> dict[str, Any]:
    bounds = bootstrap.figure(row["difference"], replicates, confidence, row["subjects"])
    row = row | {"low": bounds["low"], "high": bounds["high"]}
    if (row["channel"], row["level"]) != (HEAD, "video"):
        return row
    # As with an interval: over fewer than two subjects there is no spread to speak of.
    least = inference.detectable(replicates, confidence) if row["subjects"] > 1 else math.nan
    return row | {"detectable": None if math.isnan(least) else least}


def _mean_row(rows: Sequence[dict[str, Any]], subjects: int) -> dict[str, Any]:
    """Average over protocols: differences are averaged, the fewest seeds named; `subjects` of all targets, each counted once."""
    difference = float(np.mean([row["difference"] for row in rows]))
    sizes = {"seeds": min(row["seeds"] for row in rows), "subjects": subjects}
    return rows[0] | sizes | {"protocol": MEAN, "difference": difference, "protocols": [row["protocol"] for row in rows]}


def summarise(jobs: Mapping[str, JobResults], settings: Settings) -> dict[str, Any]:
    """Return {"jobs", "paired", "descriptive"} of metrics.json; `jobs` by name. Raises `MetricError`."""
    cells: dict[str, Any] = {}
    found: dict[tuple[str, str], Estimates] = {}
    decided: dict[tuple[str, str], dict[tuple[str, int], Decisions]] = {}
    for name, job in jobs.items():
        points = {seed: operating_point(job, seed, f"{name}, seed {seed}") for seed in sorted(job.scores)}
        cuts = {seed: threshold for seed, (threshold, _) in points.items()}
        made = estimates(job, cuts, settings)
        by_seed = {str(seed): cell(made, {seed: point}, job.protocol, settings) for seed, point in points.items()}
        mean = cell(made, points, job.protocol, settings)
        cells[name] = {"protocol": job.protocol, "run": job.run, "target": job.target, "seeds": by_seed, "mean": mean}
        cells[name]["transfer"] = job.transfer
        found[job.protocol, job.run] = made
        decided[job.protocol, job.run] = decisions(job, cuts)
    rows = paired(found, settings, {job.protocol for job in jobs.values() if job.transfer})
    return {"jobs": cells, "paired": rows, "descriptive": pairwise_tests.rows(decided, compared(decided))}
