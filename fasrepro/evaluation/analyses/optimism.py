"""The field's habits, tried on our own scores: how much better each makes a figure look than an honest one.

The honest figure of a job is the HTER on the target by video, the mean over a video's frames, at the EER threshold of the
sources' dev, as `metrics.json` has it. Beside it, on the same scores:

- `oracle_threshold`: the threshold that is best on the target itself;
- `one_frame`: only the first frame of every video, on dev as well, where the threshold is chosen anew;
- `best_seed`: of several trainings the one that does best on the target, in place of their mean.

A habit flatters by the honest figure minus its own: above 0 it makes a model look better than it is. "TPR at FPR = 1 %" has two
opposite meanings in the field's code, so both are told; either takes its threshold from the target.

Intervals resample subjects, and seeds where there are several, with the draws of metrics.json; what is chosen on the target is
chosen anew in every replicate. The best seed is about the seeds at hand: there subjects alone are resampled.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fasrepro.evaluation import aggregate, bootstrap, metrics
from fasrepro.evaluation.aggregate import Columns
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.summary import JobResults, Settings, operating_point, sources
from fasrepro.rows.faces import Face

LIMIT = 0.01  # of APCER or BPCER, where the other is told
HONEST, ORACLE = "hter/honest", "hter/oracle_threshold"

# By name, "<group>/<name>": a figure, NaN where it cannot be told, and its replicates (replicates,).
Estimates = dict[str, tuple[float, np.ndarray]]


def flatters_by(honest: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return honest minus chosen, of what a choice on the same rows can only lower.

    The two are summed in another order, so that what is equal may differ by rounding: never below 0.
    """
    return np.maximum(honest - chosen, 0)


def first_frames(faces: Sequence[Face]) -> list[Face]:
    """Return the face with the lowest frame number of each video."""
    first: dict[str, Face] = {}
    for face in faces:
        if face.presentation not in first or face.frame < first[face.presentation].frame:
            first[face.presentation] = face
    return list(first.values())


@dataclasses.dataclass(frozen=True)
class Rows:
    """What one model gives the target's videos, and the thresholds that dev gives: by mean over frames, by first frame.

    `dev_auc`: the mean AUC over dev's data sets, by mean over frames, in [0, 1].
    """

    mean: Columns
    cut: float
    dev_auc: float
    first: Columns
    first_cut: float

    def measure(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return one model's figures by "<group>/<name>", each of shape (replicates,), for `weights` (replicates, videos)."""
        sample = _sample(self.mean, self.cut, weights)
        oracle = metrics.lowest_error(sample.curve)[0]
        one_frame = _sample(self.first, self.first_cut, weights).hter
        bona_fide = 1 - metrics.bpcer_at_apcer(sample.curve, LIMIT)
        attack = 1 - metrics.apcer_at_bpcer(sample.curve, LIMIT)
        return {
            HONEST: sample.hter,
            ORACLE: oracle,
            "hter/one_frame": one_frame,
            "flatters_by/oracle_threshold": flatters_by(sample.hter, oracle),
            "flatters_by/one_frame": sample.hter - one_frame,
            "tpr/bona_fide_positive": bona_fide,
            "tpr/attack_positive": attack,
            "tpr/difference": bona_fide - attack,
        }


def _sample(columns: Columns, cut: float, weights: np.ndarray) -> metrics.Sample:
    return metrics.Sample(columns.labels, columns.values, columns.species, cut, weights)


def rows_of(job: JobResults, where: str) -> dict[int, Rows]:
    """Return the rows of each of a job's models, in ascending order. Raises `MetricError` naming `where` and what is missing."""
    first = dataclasses.replace(job, dev=first_frames(job.dev), test=first_frames(job.test))
    made = {}
    for number in sorted(job.scores):
        place = f"{where} {number}"
        (cut, aucs), (first_cut, _) = (operating_point(one, number, place) for one in (job, first))
        mean, by_first = (aggregate.scores(one.test, one.scores[number], "video", f"{place}, test") for one in (job, first))
        made[number] = Rows(mean, cut, float(np.mean(list(aucs.values()))), by_first, first_cut)
    return made


def _measured(models: Sequence[Rows], target: str, settings: Settings) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the figures (models,) and their replicates (models, replicates) by name: of the same drawn subjects for all."""
    columns = models[0].mean
    metrics.check_labels(columns.labels, f"test of {target}")
    counts, place = bootstrap.draw_subjects(columns.subjects, columns.labels, settings.replicates, settings.seed, target)
    whole = [rows.measure(np.ones((1, len(columns.labels)))) for rows in models]
    drawn = [bootstrap.replicated(rows.measure, counts, place) for rows in models]
    points = {name: np.array([found[name][0] for found in whole]) for name in whole[0]}
    return points, {name: np.stack([found[name] for found in drawn]) for name in drawn[0]}


def estimate(models: Sequence[Rows], protocol: str, target: str, settings: Settings) -> Estimates:
    """Return every figure of a job over its `models`, one a seed in ascending order, by "<group>/<name>"."""
    points, replicates = _measured(models, target, settings)
    draws = bootstrap.draw_seeds(len(models), settings.replicates, settings.seed, protocol)
    made = {name: (float(points[name].mean()), bootstrap.over_seeds(replicates[name], draws)) for name in points}
    best, bests = points[HONEST].min(), replicates[HONEST].min(axis=0)
    if len(models) == 1:  # nothing to choose from
        best, bests = np.nan, np.full_like(bests, np.nan)
    made["hter/best_seed"] = (float(best), bests)
    gained = flatters_by(replicates[HONEST].mean(axis=0), bests)
    made["flatters_by/best_seed"] = (float(flatters_by(points[HONEST].mean(), best)), gained)
    return made


def _figures(found: Estimates, confidence: float, subjects: int) -> dict[str, dict[str, Any]]:
    """Return {group: {name: {"value", "low", "high"}}}."""
    made: dict[str, dict[str, Any]] = {}
    for key, (value, replicates) in found.items():
        group, _, name = key.partition("/")
        made.setdefault(group, {})[name] = bootstrap.figure(value, replicates, confidence, subjects)
    return made


def _points(rows: Rows) -> dict[str, float]:
    """Return one seed's two thresholds, and HTER at each."""
    oracle, threshold = metrics.oracle(rows.mean.labels, rows.mean.values)
    rates = metrics.rates(rows.mean.labels, rows.mean.values, rows.mean.species.tolist(), rows.cut)
    return {"threshold_dev": rows.cut, "threshold_oracle": threshold, "hter_dev": rates["hter"], "hter_oracle": oracle}


def _counts(columns: Columns) -> dict[str, int]:
    """Return the videos and subjects, and of each label how many errors 1 % of its videos allows."""
    attacks = int(columns.labels.sum())
    sizes = {"attack": attacks, "bona_fide": len(columns.labels) - attacks}
    allowed = {f"{name}_allowed": int(np.sum(np.arange(1, count + 1) / count <= LIMIT)) for name, count in sizes.items()}
    return {**sizes, **allowed, "subjects": len(np.unique(columns.subjects))}


def summarise(jobs: Mapping[str, JobResults], settings: Settings) -> dict[str, Any]:
    """Return {"jobs", "means"} of habits.json; `jobs` by name.

    A job: "hter", honest and of each habit; what each habit "flatters_by"; "tpr" in both polarities and their "difference"; means
    over seeds; "seeds", with the thresholds of each; "counts". "means": a row a run with several targets, where all is averaged
    over those with as many sources, transfers apart, as `summary.paired` does. A figure is {"value", "low", "high"}, None where
    it cannot be told. Raises `MetricError`.
    """
    cells: dict[str, Any] = {}
    pooled: dict[tuple[str, bool, int], list[tuple[JobResults, Estimates, set[str]]]] = {}
    for name, job in jobs.items():
        models = rows_of(job, f"{name}, seed")
        found = estimate(list(models.values()), job.protocol, job.target, settings)
        columns = next(iter(models.values())).mean
        counts = _counts(columns)
        cells[name] = {"protocol": job.protocol, "run": job.run, "target": job.target, "transfer": job.transfer}
        cells[name] |= {"counts": counts, "seeds": {str(seed): _points(rows) for seed, rows in models.items()}}
        cells[name] |= _figures(found, settings.confidence, counts["subjects"])
        pooled.setdefault((job.run, job.transfer, sources(job.protocol)), []).append((job, found, set(columns.subjects.tolist())))
    means = []
    for (run, transfer, _), group in sorted(pooled.items()):
        if len(group) > 1:
            subjects = set.union(*(subjects for _, _, subjects in group))  # two protocols may have one target
            mean = {key: _mean([found[key] for _, found, _ in group]) for key in group[0][1]}
            row = {"run": run, "transfer": transfer, "protocols": [job.protocol for job, _, _ in group]}
            means.append(row | {"subjects": len(subjects)} | _figures(mean, settings.confidence, len(subjects)))
    return {"jobs": cells, "means": means}


def _mean(estimates: Sequence[tuple[float, np.ndarray]]) -> tuple[float, np.ndarray]:
    """Average over protocols; NaN where one of them has no figure."""
    return float(np.mean([value for value, _ in estimates])), np.mean([replicates for _, replicates in estimates], axis=0)


def trace(job: JobResults, settings: Settings) -> dict[str, Any]:
    """Return what choosing a training's step on the target would flatter; `job` has its scores by step, not by seed.

    "steps": of each look the dev threshold, HTER at it and at the oracle threshold, the mean AUC over dev's data sets. "last":
    the honest one. "best_on_dev": the step with the highest dev AUC, for which no target was asked. "best_on_target": the step
    with the lowest HTER at its dev threshold; "best_on_target_with_oracle_threshold": both chosen there. Of equal steps the
    first. Each of these "flatters_by" the last step's HTER minus its own; what the target chose is chosen anew in every
    replicate. Raises `MetricError`.
    """
    where = f"{job.protocol}-{job.run}, step"
    if not job.scores:
        raise MetricError(f"{where}: no look at the training; run `dvc repro trace`")
    found = rows_of(job, where)
    steps, models = list(found), list(found.values())
    points, replicates = _measured(models, job.target, settings)
    subjects = len(np.unique(models[0].mean.subjects))

    def figure(value: float, drawn: np.ndarray) -> dict[str, float | None]:
        return bootstrap.figure(float(value), drawn, settings.confidence, subjects)

    def against_last(place: int, name: str, drawn: np.ndarray) -> dict[str, Any]:
        value, last = points[name][place], points[HONEST][-1]
        return {
            "step": steps[place],
            "hter": figure(value, drawn),
            "flatters_by": figure(last - value, replicates[HONEST][-1] - drawn),
        }

    made: dict[str, Any] = {"protocol": job.protocol, "run": job.run, "target": job.target, "subjects": subjects, "steps": []}
    for place, step in enumerate(steps):
        entry = {"step": step, "threshold_dev": models[place].cut, "dev_auc": models[place].dev_auc}
        entry |= {"hter_dev": figure(points[HONEST][place], replicates[HONEST][place])}
        entry |= {"hter_oracle": figure(points[ORACLE][place], replicates[ORACLE][place])}
        made["steps"].append(entry)
    on_dev = int(np.argmax([rows.dev_auc for rows in models]))
    made["last"] = against_last(len(steps) - 1, HONEST, replicates[HONEST][-1])
    made["best_on_dev"] = against_last(on_dev, HONEST, replicates[HONEST][on_dev])
    for key, name in (("best_on_target", HONEST), ("best_on_target_with_oracle_threshold", ORACLE)):
        made[key] = against_last(int(np.argmin(points[name])), name, replicates[name].min(axis=0))
    return made


def apart(p_attack: Mapping[str, float], other: Mapping[str, float], where: str) -> float:
    """Return the largest difference between two models' scores. Raises `MetricError` if they are not of the same faces."""
    if p_attack.keys() != other.keys():
        raise MetricError(f"{where}: the last look has scores of other faces than the job; run `dvc repro`")
    return max(abs(value - other[face_id]) for face_id, value in p_attack.items())
