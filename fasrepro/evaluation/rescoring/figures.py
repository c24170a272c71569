"""What `report` returns, and `fasrepro rescore --json` writes: rates and AUC in [0, 1], differences in [-1, 1].

A threshold is in the file's scale and direction; it is None where several trainings have one each.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from fasrepro.evaluation.results import Figure, Figures

ALL_ATTACKS = "all attacks"  # the one species of a file that names none


@dataclasses.dataclass(frozen=True)
class ReportSettings:
    """The settings that the figures depend on; `resampled`: "subjects", or "videos" where subjects are unknown."""

    level: str
    replicates: int
    confidence: float
    seed: int
    higher_score_is: str
    resampled: str


@dataclasses.dataclass(frozen=True)
class SplitCounts:
    """Rows of the first training and videos of a split; `subjects` and `datasets` are None where the file has no such column."""

    rows: int
    videos: int
    bona_fide: int
    attack: int
    subjects: int | None
    datasets: list[str] | None


@dataclasses.dataclass(frozen=True)
class DevFigures:
    """Dev's EER, data sets weighing the same, its threshold, and the mean AUC within data sets."""

    threshold: float | None
    eer: Figure
    auc: Figure


@dataclasses.dataclass(frozen=True)
class HonestFigures:
    """Rates on test at the dev threshold; `apcer` by species."""

    hter_dev: Figure
    apcer_pooled: Figure
    apcer_max: Figure
    bpcer: Figure
    acer: Figure
    apcer: Figures


@dataclasses.dataclass(frozen=True)
class BpcerFigures:
    """BPCER on test, and the APCER of its worst species, at the threshold that holds dev's species to an APCER of `dev_apcer`."""

    dev_apcer: float
    threshold: float | None
    bpcer: Figure
    apcer_max: Figure


@dataclasses.dataclass(frozen=True)
class LimitFigures:
    """BPCER where APCER is at most `limit`, and APCER where BPCER is, at thresholds chosen on test itself."""

    limit: float
    bpcer_at_apcer: Figure
    apcer_at_bpcer: Figure


@dataclasses.dataclass(frozen=True)
class OracleFigures:
    """Rates at thresholds chosen on test itself."""

    oracle_hter: Figure
    oracle_eer: Figure
    at_limits: list[LimitFigures]
    oracle_hter_threshold: float | None
    oracle_eer_threshold: float | None


@dataclasses.dataclass(frozen=True)
class FirstFrameFigures:
    """HTER of the first frame of each video at the dev threshold, and this minus the HTER of the mean over frames.

    `first` says which one that is: "frame", the frame with the lowest number, or "row", the video's first row in the file.
    """

    first: str
    hter_first_frame: Figure
    first_frame_minus_mean: Figure


@dataclasses.dataclass(frozen=True)
class TrainingFigures:
    """One training's figures on test; `seed`: as in the file. Without dev, threshold and HTER are None."""

    seed: str
    threshold: float | None
    hter_dev: float | None
    auc: float


@dataclasses.dataclass(frozen=True)
class Report:
    """The figures of scores; of several trainings the means over them.

    Args:
        settings: that the figures depend on.
        counts: by split.
        auc: of test.
        oracle: of test.
        warnings: sentences about a probable mistake.
        notes: sentences about how to read the figures.
        dev: None with `oracle_only`, as is every field below but `trainings`.
        at_dev_threshold: of test.
        hter_dev_minus_oracle: HTER at the dev threshold minus the lowest HTER.
        first_frame: None also where every video has one row.
        at_dev_apcer: bpcer10, bpcer20, bpcer100; empty with `oracle_only`.
        trainings: one each; empty without a column seed.
    """

    settings: ReportSettings
    counts: dict[str, SplitCounts]
    auc: Figure
    oracle: OracleFigures
    warnings: list[str]
    notes: list[str]
    dev: DevFigures | None = None
    at_dev_threshold: HonestFigures | None = None
    hter_dev_minus_oracle: Figure | None = None
    first_frame: FirstFrameFigures | None = None
    at_dev_apcer: dict[str, BpcerFigures] = dataclasses.field(default_factory=dict)
    trainings: list[TrainingFigures] = dataclasses.field(default_factory=list)


def figures_of(part: Any) -> Iterator[Figure]:
    """Yield every figure that is printed of a report, or of a part of it."""
    if isinstance(part, Figure):
        yield part
    elif dataclasses.is_dataclass(part):
        for field in dataclasses.fields(part):
            yield from figures_of(getattr(part, field.name))
    elif isinstance(part, dict | list):
        for one in part.values() if isinstance(part, dict) else part:
            yield from figures_of(one)
