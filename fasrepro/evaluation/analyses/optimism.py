"""Optimistic practices, tried on our own scores: how much better each makes a figure look than the honest one.

The honest figure of a cell is the HTER on the target by video, from mean scores over a video's frames, at the EER threshold of
the sources' dev, as in metrics.json. Three practices are tried on the same scores:

- `oracle_threshold`: the threshold that is best on the target itself;
- `one_frame`: only the first frame of every video, on dev as well, where the threshold is chosen again;
- `best_seed`: of several trainings the one that is best on the target, in place of their mean.

The optimism of a practice is the honest HTER minus the practice's own: above 0 the model looks better than it is. "TPR at FPR =
1 %" has two opposite meanings in the field's code, so both are reported; either takes its threshold from the target.

Intervals resample subjects, and seeds where there are several, with the draws of metrics.json; a choice on the target is made
again in every replicate. The best seed is about the seeds at hand, so only subjects are resampled there. Picking the best of
several options can only improve a figure, so these intervals never cross zero: read them for size, not as a test.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from fasrepro.evaluation import aggregate, bootstrap, metrics, roc
from fasrepro.evaluation.aggregate import Columns
from fasrepro.evaluation.cells import CellResults, Pool, pools
from fasrepro.evaluation.estimates import operating_point
from fasrepro.evaluation.metrics import ScoreSample
from fasrepro.evaluation.results import EvaluationSettings, Figures
from fasrepro.evaluation.results.optimism import CellOptimism, MeanOptimism, OptimismCounts, SeedThresholds
from fasrepro.rows.faces import Face

LIMIT = 0.01  # of APCER or BPCER, at which the other is reported
HONEST, ORACLE = "hter/honest", "hter/oracle_threshold"
GROUPS = ("hter", "optimism", "tpr")
# What is chosen on the target: without an interval, as `bootstrap` says.
CHOSEN = ("oracle_threshold", "best_seed", "bona_fide_positive", "attack_positive", "difference")

# By name, "<group>/<name>": a figure, NaN where it is undefined, and its replicates (replicates,).
Estimates = dict[str, tuple[float, np.ndarray]]


def choice_gain(honest: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return honest minus chosen, for a choice on the same rows, which can only lower a figure.

    The two are summed in different orders, so equal ones may differ by rounding: the result is never below 0.
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
class ModelScores:
    """One model's scores of the target's videos, and the thresholds that dev gives, in the unit of scores.

    Args:
        mean: by mean over frames.
        threshold: by mean over frames.
        dev_auc: the mean AUC over dev's data sets, by mean over frames, in [0, 1].
        first_frame: by first frame.
        first_frame_threshold: by first frame.
    """

    mean: Columns
    threshold: float
    dev_auc: float
    first_frame: Columns
    first_frame_threshold: float

    def measure(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return one model's figures by "<group>/<name>", each (replicates,), for `weights` (replicates, videos)."""
        sample = _sample(self.mean, self.threshold, weights)
        oracle = roc.lowest_error(sample.curve)[0]
        one_frame = _sample(self.first_frame, self.first_frame_threshold, weights).hter
        bona_fide = 1 - roc.bpcer_at_apcer(sample.curve, LIMIT)
        attack = 1 - roc.apcer_at_bpcer(sample.curve, LIMIT)
        return {
            HONEST: sample.hter,
            ORACLE: oracle,
            "hter/one_frame": one_frame,
            "optimism/oracle_threshold": choice_gain(sample.hter, oracle),
            "optimism/one_frame": sample.hter - one_frame,
            "tpr/bona_fide_positive": bona_fide,
            "tpr/attack_positive": attack,
            "tpr/difference": bona_fide - attack,
        }


def _sample(columns: Columns, threshold: float, weights: np.ndarray) -> ScoreSample:
    return ScoreSample(columns.labels, columns.values, columns.species, threshold, weights)


def models_of(cell: CellResults, where: str) -> dict[int, ModelScores]:
    """Return the scores of each of a cell's models, by seed in ascending order.

    Raises:
        MetricError: which begins with `where` and the seed.
    """
    one_frame = dataclasses.replace(cell, dev=first_frames(cell.dev), test=first_frames(cell.test))
    models = {}
    for seed in sorted(cell.scores):
        place = f"{where} {seed}"
        point, first_point = operating_point(cell, seed, place), operating_point(one_frame, seed, place)
        models[seed] = ModelScores(
            mean=aggregate.scores(cell.test, cell.scores[seed], "video", f"{place}, test"),
            threshold=point.threshold,
            dev_auc=float(np.mean(list(point.dev_auc.values()))),
            first_frame=aggregate.scores(one_frame.test, cell.scores[seed], "video", f"{place}, test"),
            first_frame_threshold=first_point.threshold,
        )
    return models


def measure_models(
    models: Sequence[ModelScores], target: str, settings: EvaluationSettings
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return figures (models,) and their replicates (models, replicates) by name, of the same drawn subjects for all models."""
    columns = models[0].mean
    metrics.check_labels(columns.labels, f"test of {target}")
    draws = bootstrap.draw_subjects(columns.subjects, columns.labels, settings.replicates, settings.seed, target)
    estimates = [bootstrap.point_and_replicates(model.measure, *draws) for model in models]
    names = estimates[0][0]
    points = {name: np.array([point[name] for point, _ in estimates]) for name in names}
    return points, {name: np.stack([replicates[name] for _, replicates in estimates]) for name in names}


def estimate(models: Sequence[ModelScores], stream: str, target: str, settings: EvaluationSettings) -> Estimates:
    """Return every figure of a cell by "<group>/<name>".

    Args:
        models: one a seed, in ascending order.
        stream: the name of the draws of seeds.
        target: the name of the draws of subjects.
        settings: of the bootstrap.
    """
    points, replicates = measure_models(models, target, settings)
    draws = bootstrap.draw_seeds(len(models), settings.replicates, settings.seed, stream)
    estimates = {name: (float(points[name].mean()), bootstrap.mean_over_seeds(replicates[name], draws)) for name in points}
    best, best_replicates = points[HONEST].min(), replicates[HONEST].min(axis=0)
    if len(models) == 1:  # there is no seed to choose from
        best, best_replicates = np.nan, np.full_like(best_replicates, np.nan)
    gain = float(choice_gain(points[HONEST].mean(), best))
    estimates["hter/best_seed"] = (float(best), best_replicates)
    estimates["optimism/best_seed"] = (gain, choice_gain(replicates[HONEST].mean(axis=0), best_replicates))
    return estimates


def _figures(estimates: Estimates, confidence: float, subjects: int) -> dict[str, Figures]:
    """Return the figures of each of `GROUPS`."""
    groups: dict[str, Figures] = {group: {} for group in GROUPS}
    for key, (value, replicates) in estimates.items():
        group, _, name = key.partition("/")
        if name in CHOSEN:
            groups[group][name] = bootstrap.without_interval(value)
        else:
            groups[group][name] = bootstrap.figure(value, replicates, confidence, subjects)
    return groups


def seed_thresholds(model: ModelScores) -> SeedThresholds:
    """Return one seed's two thresholds, and HTER at each."""
    oracle, threshold = metrics.oracle(model.mean.labels, model.mean.values)
    rates = metrics.rates(model.mean.labels, model.mean.values, model.mean.species.tolist(), model.threshold)
    return SeedThresholds(model.threshold, threshold, rates["hter"], oracle)


def counts_of(columns: Columns) -> OptimismCounts:
    """Return the videos of each label, the subjects, and how many errors of each label a rate of `LIMIT` allows."""
    attacks = int(columns.labels.sum())
    bona_fide = len(columns.labels) - attacks
    return OptimismCounts(
        bona_fide, attacks, len(np.unique(columns.subjects)), allowed_errors(bona_fide, LIMIT), allowed_errors(attacks, LIMIT)
    )


def allowed_errors(rows: int, limit: float) -> int:
    """Return the largest number of errors among `rows` whose rate is at most `limit`."""
    return int(np.sum(np.arange(1, rows + 1) / rows <= limit))


def summarise(results: Iterable[CellResults], settings: EvaluationSettings) -> tuple[dict[str, CellOptimism], list[MeanOptimism]]:
    """Return every cell, and the mean of each run over the cells of a pool where these are several. Raises `MetricError`."""
    results = list(results)
    pool_of = pools(results)
    entries = {}
    by_pool: dict[tuple[str, Pool], list[tuple[CellResults, Estimates, set[str]]]] = {}
    for cell in results:
        models = models_of(cell, f"{cell.key}, seed")
        estimates = estimate(list(models.values()), cell.cell, cell.target, settings)
        columns = next(iter(models.values())).mean
        counts = counts_of(columns)
        entries[cell.key] = CellOptimism(
            **cell.names,
            counts=counts,
            seeds={seed: seed_thresholds(model) for seed, model in models.items()},
            **_figures(estimates, settings.confidence, counts.subjects),
        )
        by_pool.setdefault((cell.run, pool_of[cell.cell]), []).append((cell, estimates, set(columns.subjects.tolist())))
    means = []
    for (run, _), group in sorted(by_pool.items()):
        if len(group) > 1:
            subjects = len(set.union(*(subjects for _, _, subjects in group)))  # two cells may share a target
            averaged = {key: _mean([estimates[key] for _, estimates, _ in group]) for key in group[0][1]}
            means.append(
                MeanOptimism(
                    run=run,
                    protocols=[cell.protocol for cell, _, _ in group],
                    targets=[cell.target for cell, _, _ in group],
                    cells=[cell.cell for cell, _, _ in group],
                    subjects=subjects,
                    **_figures(averaged, settings.confidence, subjects),
                )
            )
    return entries, means


def _mean(estimates: Sequence[tuple[float, np.ndarray]]) -> tuple[float, np.ndarray]:
    """Average over cells; NaN where one of them has no figure."""
    return float(np.mean([value for value, _ in estimates])), np.mean([replicates for _, replicates in estimates], axis=0)


def score_difference(p_attack: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Return the largest difference between two models' scores of the same faces, by face_id.

    >>> score_difference({"a": 0.5, "b": 0.25}, {"b": 0.75, "a": 0.5})
    0.5
    """
    return max(abs(value - other[face_id]) for face_id, value in p_attack.items())
