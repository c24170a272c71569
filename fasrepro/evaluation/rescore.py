"""Score anybody's scores again: every honest figure beside its oracle, by video, with intervals.

The threshold is the EER point of dev, each data set weighing the same (`metrics.dev_threshold`). It is fixed in every replicate;
what is chosen on test is chosen again (`bootstrap`). Conventions are those of `metrics`, except that a score is any number, not
only one in [0, 1]; thresholds are in the file's own scale and direction.

"TPR at FPR = 1 %" has two opposite meanings in the field's code, so it has other names here: BPCER at APCER <= 1 %, and APCER at
BPCER <= 1 %, with all attacks together.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable

import numpy as np

from fasrepro.evaluation import bootstrap, metrics, roc, score_file
from fasrepro.evaluation.analyses.optimism import LIMIT, choice_gain
from fasrepro.evaluation.results import Figure, Figures
from fasrepro.evaluation.score_file import ScoresError, Table, Videos

HONEST = ("hter_dev", "apcer_pooled", "apcer_max", "bpcer", "acer")  # of `metrics.METRICS`, at the dev threshold
BPCER_AT, APCER_AT = "oracle_bpcer_at_apcer_1_percent", "oracle_apcer_at_bpcer_1_percent"
ALL_ATTACKS = "all attacks"  # the one species of a file that names none
CHOSEN = ("apcer_max", "acer", "oracle_hter", BPCER_AT, APCER_AT, "hter_dev_minus_oracle")  # on the rows: without interval
FEW_UNITS = 20  # an interval over fewer is much too narrow: see `bootstrap`
CELLS = 500_000  # elements of a replicates x videos matrix in memory at once: it stays in the processor's cache

Values = dict[str, np.ndarray]  # by name, each of shape (replicates,)


@dataclasses.dataclass(frozen=True)
class Options:
    """The settings of a report.

    Args:
        replicates: of the bootstrap, at least 1.
        confidence: of intervals, in (0, 1).
        seed: of the draws, at least 0.
        higher_is_bona_fide: whether scores point the other way.
        oracle_only: omit every figure that depends on dev.
    """

    replicates: int
    confidence: float
    seed: int
    higher_is_bona_fide: bool = False
    oracle_only: bool = False

    def __post_init__(self) -> None:
        """Raise `ScoresError` for a number out of range."""
        for name, allowed, expected in (
            ("replicates", self.replicates >= 1, "at least 1, such as 1000"),
            ("confidence", 0 < self.confidence < 1, "between 0 and 1, such as 0.95"),
            ("seed", self.seed >= 0, "at least 0"),
        ):
            if not allowed:
                raise ScoresError(f"--{name} {getattr(self, name)}: give a number that is {expected}")


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
    """Rows and videos of a split; `subjects` and `datasets` are None where the file has no such column."""

    rows: int
    videos: int
    bona_fide: int
    attack: int
    subjects: int | None
    datasets: list[str] | None


@dataclasses.dataclass(frozen=True)
class DevFigures:
    """Dev's threshold, in the file's scale, and its mean AUC within data sets."""

    threshold: float
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
class OracleFigures:
    """Rates at thresholds chosen on test itself; thresholds are in the file's scale."""

    oracle_hter: Figure
    oracle_eer: Figure
    oracle_bpcer_at_apcer_1_percent: Figure
    oracle_apcer_at_bpcer_1_percent: Figure
    oracle_hter_threshold: float
    oracle_eer_threshold: float


@dataclasses.dataclass(frozen=True)
class FirstFrameFigures:
    """HTER of the first frame of each video at the dev threshold, and this minus the HTER of the mean over frames."""

    hter_first_frame: Figure
    first_frame_minus_mean: Figure


@dataclasses.dataclass(frozen=True)
class Report:
    """The figures of a file: rates and AUC in [0, 1], differences in [-1, 1].

    Args:
        settings: that the figures depend on.
        counts: by split.
        auc: of test.
        oracle: of test.
        warnings: sentences about a probable mistake.
        notes: sentences about how to read the figures.
        dev: None with `oracle_only`, as is every field below.
        at_dev_threshold: of test.
        hter_dev_minus_oracle: HTER at the dev threshold minus the lowest HTER.
        first_frame: None also where every video has one row.
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


def _replicate(videos: Videos, measure: Callable[[np.ndarray], Values], options: Options, stream: str) -> Values:
    """Return `measure` of all replicates of the subjects; drawn in parts, because all counts at once may take gigabytes."""
    step = max(1, CELLS // len(videos.labels))
    parts = []
    for start in range(0, options.replicates, step):
        replicates = min(step, options.replicates - start)
        draws = bootstrap.draw_subjects(videos.units, videos.labels, replicates, options.seed, f"{stream}/{start}")
        parts.append(bootstrap.replicate(measure, *draws))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _units(videos: Videos) -> int:
    return len(np.unique(videos.units))


def _fewest_units(videos: Videos) -> int:
    """Return the units of the label that has fewer: a figure of both labels rests on that many."""
    return min(_units(videos.where(videos.labels == label)) for label in metrics.LABELS)


def _units_by_figure(test: Videos) -> dict[str, int]:
    """Return the units of each figure that is about one label, or one species, alone."""
    attacks, bona_fide = (test.where(test.labels == label) for label in (1, 0))
    species = {f"apcer/{name}": _units(attacks.where(attacks.species == name)) for name in np.unique(attacks.species)}
    return species | {"apcer_pooled": _units(attacks), "apcer_max": _units(attacks), "bpcer": _units(bona_fide)}


def _measure(videos: Videos, threshold: float | None, weights: np.ndarray) -> Values:
    """Return the figures of test; without a threshold only AUC and the oracle's."""
    cut = math.nan if threshold is None else threshold
    sample = metrics.ScoreSample(videos.labels, videos.scores, videos.species, cut, weights)
    values = {
        "auc": metrics.METRICS["auc"].compute(sample),
        "oracle_hter": metrics.METRICS["oracle_hter"].compute(sample),
        "oracle_eer": metrics.METRICS["oracle_eer"].compute(sample),
        BPCER_AT: roc.bpcer_at_apcer(sample.curve, LIMIT),
        APCER_AT: roc.apcer_at_bpcer(sample.curve, LIMIT),
    }
    if threshold is None:
        return values
    values |= {name: metrics.METRICS[name].compute(sample) for name in HONEST}
    values |= {f"apcer/{species}": value for species, value in sample.apcer.items()}
    values["hter_dev_minus_oracle"] = choice_gain(values["hter_dev"], values["oracle_hter"])
    if (videos.frames > 1).any():
        first = dataclasses.replace(sample, p_attack=videos.first).hter
        values["hter_first_frame"] = first
        values["first_frame_minus_mean"] = first - values["hter_dev"]
    return values


def _dev_auc(dev: Videos, options: Options) -> Figure:
    """Return the mean AUC within data sets: a shift between them does not hide the direction of scores."""
    values, replicates = [], []
    for dataset in np.unique(dev.datasets):
        own = dev.where(dev.datasets == dataset)

        def measure(weights: np.ndarray, own: Videos = own) -> Values:
            return {"auc": roc.curve(own.labels, own.scores, weights).auc}

        values.append(measure(np.ones((1, len(own.labels))))["auc"][0])
        replicates.append(_replicate(own, measure, options, f"dev/{dataset}")["auc"])
    return bootstrap.figure(float(np.mean(values)), np.mean(replicates, axis=0), options.confidence, _fewest_units(dev))


def dev_threshold(dev: Videos) -> float:
    """Return the EER threshold of dev, as `metrics.dev_threshold` does, of any scores. Raises `MetricError` naming a data set."""
    weights = metrics.balanced_weights(dev.labels, dev.datasets)
    return float(roc.equal_error(roc.curve(dev.labels, dev.scores, weights[None]))[1][0])


def _counts(videos: Videos, columns: frozenset[str]) -> SplitCounts:
    attacks = int(videos.labels.sum())
    return SplitCounts(
        rows=int(videos.frames.sum()),
        videos=len(videos.labels),
        bona_fide=len(videos.labels) - attacks,
        attack=attacks,
        subjects=_units(videos) if "subject" in columns else None,
        datasets=sorted(set(videos.datasets.tolist())) if "dataset" in columns else None,
    )


def _warnings(split: str, auc: Figure, options: Options) -> list[str]:
    """Return a warning where the whole interval of the AUC is below one half."""
    if auc.high is None or auc.high >= 0.5:
        return []
    if options.higher_is_bona_fide:
        remedy = "if a higher score means an attack, omit --higher-is-bona-fide"
    else:
        remedy = "if a higher score means bona fide, give --higher-is-bona-fide"
    interval = f"{options.confidence * 100:g} % interval {auc.low:.3f} to {auc.high:.3f}"
    return [f"polarity looks swapped: AUC on {split} is {auc.value:.3f}, {interval}, all below 0.5; {remedy}"]


def _notes(test: Videos, columns: frozenset[str], figures: Iterable[Figure]) -> list[str]:
    figures = list(figures)
    notes = []
    if "subject" not in columns:
        notes.append(
            "No column subject: intervals resample videos, and are too narrow where a subject has several videos, because these "
            "are not independent trials."
        )
    if _fewest_units(test) < FEW_UNITS:
        notes.append(f"Fewer than {FEW_UNITS} of one label to resample: intervals over so few are much too narrow.")
    if any(figure.value is not None and figure.low is None for figure in figures):
        notes.append("A figure that chooses a threshold or a worst species on test, or rests on one subject, has no interval.")
    if "species" not in columns:
        notes.append("No column species: all attacks count as one species, so a species that is always missed does not show.")
    if len(set(test.datasets.tolist())) > 1:
        notes.append("The data sets of test are pooled, each video weighing the same.")
    if any(figure.value in (0, 1) and figure.low == figure.high for figure in figures):
        notes.append("A rate of 0 or 100 % has an interval of width 0: no replicate can draw an error that no video shows.")
    return notes


def _figures(test: Videos, threshold: float | None, options: Options) -> Figures:
    def measure(weights: np.ndarray) -> Values:
        return _measure(test, threshold, weights)

    replicates = _replicate(test, measure, options, "test")
    units, fewest = _units_by_figure(test), _fewest_units(test)
    figures = {}
    for name, value in measure(np.ones((1, len(test.labels)))).items():
        if name in CHOSEN:
            figures[name] = bootstrap.without_interval(float(value[0]))
        else:
            figures[name] = bootstrap.figure(float(value[0]), replicates[name], options.confidence, units.get(name, fewest))
    return figures


def _honest(figures: Figures) -> HonestFigures:
    by_species = {name.partition("/")[2]: figure for name, figure in figures.items() if name.startswith("apcer/")}
    apcer = {species or ALL_ATTACKS: figure for species, figure in by_species.items()}
    return HonestFigures(**{name: figures[name] for name in HONEST}, apcer=apcer)


def _oracle(test: Videos, figures: Figures, sign: int) -> OracleFigures:
    curve = roc.curve(test.labels, test.scores, np.ones((1, len(test.labels))))
    return OracleFigures(
        **{name: figures[name] for name in ("oracle_hter", "oracle_eer", BPCER_AT, APCER_AT)},
        oracle_hter_threshold=sign * float(roc.lowest_error(curve)[1][0]) + 0.0,  # no -0.0
        oracle_eer_threshold=sign * float(roc.equal_error(curve)[1][0]) + 0.0,
    )


def _check_splits(table: Table, options: Options) -> None:
    if not any(row.split == "test" for row in table.rows):
        raise ScoresError(f"{table.path}: no rows of split test; add those that are to be scored")
    if not (options.oracle_only or any(row.split == "dev" for row in table.rows)):
        raise ScoresError(
            f"{table.path}: no rows of split dev; an honest threshold needs dev scores, of subjects that are not in test: add "
            "them, or give --oracle-only for nothing but figures whose threshold is chosen on test"
        )


def report(table: Table, options: Options) -> Report:
    """Return the figures of a file. Raises `ScoresError` where a split or a label is missing."""
    _check_splits(table, options)
    sign = -1 if options.higher_is_bona_fide else 1
    test = score_file.videos(table, "test", options.higher_is_bona_fide)
    counts = {"test": _counts(test, table.columns)}
    threshold, dev_figures = None, None
    if not options.oracle_only:
        dev = score_file.videos(table, "dev", options.higher_is_bona_fide)
        try:
            threshold = dev_threshold(dev)
        except metrics.MetricError as error:
            raise ScoresError(f"{table.path}: {error}; add such rows, or take the data set out of dev") from None
        counts["dev"] = _counts(dev, table.columns)
        dev_figures = DevFigures(sign * threshold + 0.0, _dev_auc(dev, options))
    figures = _figures(test, threshold, options)
    checked_split, checked_auc = ("dev", dev_figures.auc) if dev_figures else ("test", figures["auc"])
    first_frame = None
    if "hter_first_frame" in figures:
        first_frame = FirstFrameFigures(figures["hter_first_frame"], figures["first_frame_minus_mean"])
    return Report(
        settings=ReportSettings(
            level="video",
            replicates=options.replicates,
            confidence=options.confidence,
            seed=options.seed,
            higher_score_is="bona_fide" if options.higher_is_bona_fide else "attack",
            resampled="subjects" if "subject" in table.columns else "videos",
        ),
        counts=counts,
        auc=figures["auc"],
        oracle=_oracle(test, figures, sign),
        warnings=_warnings(checked_split, checked_auc, options),
        notes=_notes(test, table.columns, figures.values()),
        dev=dev_figures,
        at_dev_threshold=_honest(figures) if dev_figures else None,
        hter_dev_minus_oracle=figures.get("hter_dev_minus_oracle"),
        first_frame=first_frame,
    )
