"""How optimistic it is to choose a training's last step on the target: one job, scored on its way (stage `snapshots`).

Of equal snapshots a rule takes the first. A choice on the target is made again in every replicate.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fasrepro.evaluation import bootstrap
from fasrepro.evaluation.analyses.optimism import HONEST, ORACLE, measure_models, models_of, score_difference
from fasrepro.evaluation.cells import CellResults
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import EvaluationSettings, Figure
from fasrepro.evaluation.results.optimism import Snapshot, SnapshotChoice, SnapshotOptimism


def summarise(cell: CellResults, seed: int, p_attack: Mapping[str, float], settings: EvaluationSettings) -> SnapshotOptimism:
    """Return every snapshot, and the snapshot that each rule selects.

    Args:
        cell: of the job, with scores by training step in place of seed.
        seed: of the job.
        p_attack: the job's own scores, by face_id.
        settings: of the bootstrap.

    Raises:
        MetricError: where there is no snapshot, or it scored other faces than the job.
    """
    where = f"{cell.key}, step"
    if not cell.scores:
        raise MetricError(f"{where}: no snapshot of the training; run `dvc repro snapshots`")
    last_scores = cell.scores[max(cell.scores)]
    if last_scores.keys() != p_attack.keys():
        raise MetricError(f"{where}: the last snapshot has scores of other faces than the job; run `dvc repro snapshots`")
    models_by_step = models_of(cell, where)
    steps, models = list(models_by_step), list(models_by_step.values())
    points, replicates = measure_models(models, cell.target, settings)
    subjects = len(np.unique(models[0].mean.subjects))

    def figure(value: float, values: np.ndarray) -> Figure:
        return bootstrap.figure(float(value), values, settings.confidence, subjects)

    def choice(place: int) -> SnapshotChoice:
        value, last = points[HONEST][place], points[HONEST][-1]
        many, last_many = replicates[HONEST][place], replicates[HONEST][-1]
        return SnapshotChoice(steps[place], figure(value, many), figure(last - value, last_many - many))

    def best_on_target(name: str) -> SnapshotChoice:
        place = int(np.argmin(points[name]))
        value = float(points[name][place])
        gain = float(points[HONEST][-1]) - value
        return SnapshotChoice(steps[place], bootstrap.without_interval(value), bootstrap.without_interval(gain))

    best_on_dev = int(np.argmax([model.dev_auc for model in models]))
    return SnapshotOptimism(
        **cell.names,
        seed=seed,
        subjects=subjects,
        steps=[
            Snapshot(
                step=step,
                threshold_dev=models[place].threshold,
                dev_auc=models[place].dev_auc,
                hter_dev=figure(points[HONEST][place], replicates[HONEST][place]),
                oracle_hter=bootstrap.without_interval(float(points[ORACLE][place])),
            )
            for place, step in enumerate(steps)
        ],
        last=choice(len(steps) - 1),
        best_on_dev=choice(best_on_dev),
        best_on_target=best_on_target(HONEST),
        best_on_target_with_oracle_threshold=best_on_target(ORACLE),
        score_difference=score_difference(last_scores, p_attack),
    )
