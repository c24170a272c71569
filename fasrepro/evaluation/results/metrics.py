"""metrics.json, which the stage `evaluate` writes: figures of every cell, and differences between runs."""

from __future__ import annotations

import dataclasses

from fasrepro.evaluation.results.shared import Cell, Counts, EvaluationSettings, Figure, Figures, LedgerSettings


@dataclasses.dataclass(frozen=True)
class LevelMetrics:
    """Figures of one channel by video or by frame; `figures` by `metrics.METRICS` or `metrics.READER_METRICS`.

    `apcer` by species, of the head alone.
    """

    counts: Counts
    figures: Figures
    apcer: Figures = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class ReaderMetrics:
    """One reader's verdicts on a cell's explanations; `video` is None where the target holds still images."""

    video: LevelMetrics | None
    frame: LevelMetrics


@dataclasses.dataclass(frozen=True)
class SeedMetrics:
    """Figures of one training, or their means over trainings.

    Args:
        threshold_dev: the EER threshold of the sources' dev videos or still images, in the unit of scores; used for frames as
            well.
        dev_auc: by source, on its dev videos or still images.
        video: of the head's scores; None where the target holds still images.
        frame: of the head's scores.
        readers: by reader.
    """

    threshold_dev: float
    dev_auc: dict[str, float]
    video: LevelMetrics | None
    frame: LevelMetrics
    readers: dict[str, ReaderMetrics]

    @property
    def units(self) -> LevelMetrics:
        """Of the head's scores by video; by image where the target holds still images."""
        return self.video or self.frame


@dataclasses.dataclass(frozen=True)
class CellMetrics(Cell):
    """A cell: means over its `seeds`, and each seed alone, of which a recorded run keeps the figures that claims name."""

    seeds: list[int]
    mean: SeedMetrics
    by_seed: dict[int, SeedMetrics] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Difference:
    """Run minus baseline of one metric, paired over subjects and seeds, with the test of `evaluation.inference`.

    Args:
        run: the later one in the alphabet; each pair of runs appears once.
        baseline: the other one.
        channel: `HEAD` or a reader.
        level: "video" or "frame".
        metric: of `contributions.SCORES` or `contributions.VERDICTS`.
        difference: in [-1, 1].
        low: of its interval; None where nothing varies, as over one subject and one seed.
        high: of its interval.
        error: its standard error; None where nothing varies, and in a run that version 0.1.0 recorded.
        degrees: of freedom, of Student's t; None as `error`.
        variance: shares of the squared error that "people", "trainings" and "dev people" have, which sum to 1.
        baseline_value: the baseline's figure on the same rows.
        seeds: that both runs have; of a mean the fewest of any cell.
        subjects: of the target; of a mean those of all its targets, each counted once.
        training_sets: protocols that both runs were trained on.
        recorded: where the row was taken from, in words, if it is not of the run that all other rows are of.
    """

    run: str
    baseline: str
    channel: str
    level: str
    metric: str
    difference: float
    low: float | None
    high: float | None
    error: float | None
    degrees: float | None
    variance: dict[str, float]
    baseline_value: float
    seeds: int
    subjects: int
    training_sets: int
    recorded: str = dataclasses.field(default="", kw_only=True)


@dataclasses.dataclass(frozen=True)
class CellDifference(Difference):
    """A difference on one target of one protocol."""

    protocol: str
    target: str
    cell: str


@dataclasses.dataclass(frozen=True)
class MeanDifference(Difference):
    """A difference averaged over cells (`evaluation.cells.pools`); the three lists go together and name each averaged cell.

    `over_targets`: the mean with its interval by Student's t over the cells' differences, as if targets were drawn at random.
    """

    protocols: list[str]
    targets: list[str]
    cells: list[str]
    over_targets: Figure


@dataclasses.dataclass(frozen=True)
class AucTest:
    """DeLong's test of one seed's AUC: run minus baseline, two-sided p, and p after Holm; None where p is undefined."""

    difference: float
    p: float | None
    p_holm: float | None


@dataclasses.dataclass(frozen=True)
class DecisionTest:
    """McNemar's exact test of one seed's decisions: the videos that only the run, or only the baseline, decided correctly."""

    run_only: int
    baseline_only: int
    p: float | None
    p_holm: float | None


@dataclasses.dataclass(frozen=True)
class PairwiseTests:
    """Descriptive tests of two runs, by video or still image, on one cell with one seed; `auc` of the head alone.

    They decide no verdict.
    """

    protocol: str
    target: str
    cell: str
    run: str
    baseline: str
    channel: str
    seed: int
    bona_fide: DecisionTest
    attack: DecisionTest
    all: DecisionTest
    auc: AucTest | None = None


@dataclasses.dataclass(frozen=True)
class TunedRate:
    """One learning rate: mean AUC over the dev data sets, and HTER (dev threshold) and AUC on the target, by video or still
    image."""

    dev_auc: float
    hter_dev: float
    auc: float


@dataclasses.dataclass(frozen=True)
class TuningReport:
    """The learning rates that a run chose from, by rate as text.

    Args:
        chosen: the rate with the highest dev AUC.
        protocol: whose dev people chose.
        target: the target that `rates` reports beside dev.
        rates: empty where there was nothing to choose.
        saturated: whether dev cannot tell the rates apart; None where there was nothing to choose.
    """

    chosen: float
    protocol: str
    target: str
    rates: dict[str, TunedRate]
    saturated: bool | None


@dataclasses.dataclass(frozen=True)
class MetricsSettings:
    """Settings that the figures and the verdicts depend on."""

    evaluation: EvaluationSettings
    ledger: LedgerSettings


@dataclasses.dataclass(frozen=True)
class Metrics:
    """metrics.json: `cells` by `key`, paired differences on cells and averaged over cells, descriptive tests, tuning by run."""

    cells: dict[str, CellMetrics]
    paired: list[CellDifference]
    means: list[MeanDifference]
    settings: MetricsSettings
    pairwise_tests: list[PairwiseTests] = dataclasses.field(default_factory=list)
    tuning: dict[str, TuningReport] = dataclasses.field(default_factory=dict)
