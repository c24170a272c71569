"""optimism.json, which the stage `optimism` writes: how much optimistic practices improve our own figures."""

from __future__ import annotations

import dataclasses

from fasrepro.evaluation.results.shared import Cell, Counts, EvaluationSettings, Figure, Figures


@dataclasses.dataclass(frozen=True)
class OptimismCounts(Counts):
    """The target's videos, and how many errors of each label a rate of 1 % allows."""

    bona_fide_allowed: int
    attack_allowed: int


@dataclasses.dataclass(frozen=True)
class SeedThresholds:
    """One training's thresholds, in the unit of scores, and its HTER at each."""

    threshold_dev: float
    threshold_oracle: float
    hter_dev: float
    oracle_hter: float


@dataclasses.dataclass(frozen=True)
class CellOptimism(Cell):
    """A cell under optimistic practices, by video; means over seeds.

    Args:
        counts: of the target's videos.
        seeds: by seed.
        hter: "honest", and by practice.
        optimism: honest HTER minus that of a practice, by practice; above 0 the practice looks better than it is.
        tpr: at an FPR of 1 %: "bona_fide_positive", "attack_positive", and the first minus the second, "difference".
    """

    counts: OptimismCounts
    seeds: dict[int, SeedThresholds]
    hter: Figures
    optimism: Figures
    tpr: Figures


@dataclasses.dataclass(frozen=True)
class MeanOptimism:
    """A run averaged over cells (`evaluation.cells.pools`), as in `CellOptimism`; the lists name each averaged cell.

    `subjects`: of all targets, each counted once.
    """

    run: str
    protocols: list[str]
    targets: list[str]
    cells: list[str]
    subjects: int
    hter: Figures
    optimism: Figures
    tpr: Figures


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A model during its training, after `step` steps: its threshold, mean dev AUC over sources, and HTER on the target."""

    step: int
    threshold_dev: float
    dev_auc: float
    hter_dev: Figure
    oracle_hter: Figure


@dataclasses.dataclass(frozen=True)
class SnapshotChoice:
    """The snapshot that a rule selects: its HTER, and the last snapshot's HTER minus it."""

    step: int
    hter: Figure
    optimism: Figure


@dataclasses.dataclass(frozen=True)
class SnapshotOptimism(Cell):
    """The choice of a training's last step on the target, for one job.

    Args:
        seed: of the job.
        subjects: of the target.
        steps: every snapshot, by step.
        last: the honest choice.
        best_on_dev: the highest dev AUC.
        best_on_target: the lowest HTER at the dev threshold.
        best_on_target_with_oracle_threshold: the lowest HTER at any threshold.
        score_difference: the largest difference, >= 0, between a score of the last snapshot and of the job itself.
    """

    seed: int
    subjects: int
    steps: list[Snapshot]
    last: SnapshotChoice
    best_on_dev: SnapshotChoice
    best_on_target: SnapshotChoice
    best_on_target_with_oracle_threshold: SnapshotChoice
    score_difference: float


@dataclasses.dataclass(frozen=True)
class OptimismSettings:
    """Settings that the figures depend on; `limit` is the FPR of `tpr`."""

    evaluation: EvaluationSettings
    limit: float


@dataclasses.dataclass(frozen=True)
class Optimism:
    """optimism.json: every cell, means over cells, and the snapshots of one job (None where no job has any)."""

    cells: dict[str, CellOptimism]
    means: list[MeanOptimism]
    snapshots: SnapshotOptimism | None
    settings: OptimismSettings
