"""Score anybody's scores again: every honest figure beside its oracle, by video, with intervals.

The threshold is the EER point of dev, each data set weighing the same (`metrics.dev_threshold`). It is fixed in every replicate.
Conventions are those of `metrics`, except that a score is any number, not only one in [0, 1]; thresholds are in the file's own
scale and direction. Each training has its own threshold, and figures are means over trainings, as in `bootstrap`.

- BPCER10, BPCER20 and BPCER100: BPCER on test at the highest threshold at which no species of dev has an APCER above 10, 5 and
  1 %, as in bob.pad.base; within a species every data set of dev weighs the same. bob's threshold is a score, and ours lies
  between two scores.
- "TPR at FPR = 1 %" has two opposite meanings in the field's code, so it has other names here: BPCER at APCER <= 1 %, and APCER
  at BPCER <= 1 %, with all attacks together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from fasrepro.evaluation import bootstrap, metrics, roc
from fasrepro.evaluation.analyses.optimism import choice_gain
from fasrepro.evaluation.rescoring import remarks, replicates
from fasrepro.evaluation.rescoring.figures import (
    ALL_ATTACKS,
    BpcerFigures,
    DevFigures,
    FirstFrameFigures,
    HonestFigures,
    LimitFigures,
    OracleFigures,
    Report,
    ReportSettings,
    SplitCounts,
    TrainingFigures,
    figures_of,
)
from fasrepro.evaluation.rescoring.options import Options
from fasrepro.evaluation.rescoring.remarks import SetAuc
from fasrepro.evaluation.rescoring.source import ScoresError
from fasrepro.evaluation.rescoring.table import SPLITS, Table
from fasrepro.evaluation.rescoring.videos import Videos, by_training
from fasrepro.evaluation.results import Figure

BPCER = {"bpcer10": 0.1, "bpcer20": 0.05, "bpcer100": 0.01}  # by the APCER that dev's threshold allows

Thresholds = dict[str, float]  # by name: "dev", then those of `BPCER`


@dataclasses.dataclass(frozen=True)
class Estimates:
    """Figures with their intervals: means over trainings.

    Args:
        point: by name, (trainings,).
        drawn: replicates of the means by name, (replicates,).
        confidence: of intervals.
    """

    point: dict[str, np.ndarray]
    drawn: dict[str, np.ndarray]
    confidence: float

    def figure(self, name: str, units: int) -> Figure:
        """Return a figure with its interval; `units`: how many subjects it rests on."""
        return bootstrap.figure(float(np.mean(self.point[name])), self.drawn[name], self.confidence, units)


def _estimates(samples: Sequence[replicates.Sample], units: int, options: Options, split: str, dataset: str = "") -> Estimates:
    """Return the figures of some videos of a split, or of one data set of it: people are its own, and trainings all share."""
    counts = np.ones(units, np.int64)
    one_each = [sample.figures(counts) for sample in samples]
    stream = f"{split}/{dataset}" if dataset else split
    drawn = replicates.replicated(samples, units, options.replicates, options.seed, stream)
    draws = bootstrap.draw_seeds(len(samples), options.replicates, options.seed, split)
    point = {name: np.array([figures[name] for figures in one_each]) for name in one_each[0]}
    return Estimates(
        point, {name: bootstrap.mean_over_seeds(values, draws) for name, values in drawn.items()}, options.confidence
    )


def units_of(videos: Videos) -> int:
    """Return how many subjects (or videos, where subjects are unknown) some videos have."""
    return len(np.unique(videos.units))


def fewest_units(videos: Videos) -> int:
    """Return the units of the label that has fewer: a figure of both labels rests on that many."""
    return min(units_of(videos.select(videos.labels == label)) for label in metrics.LABELS)


def _weights(dev: Videos, names: Sequence[str]) -> np.ndarray:
    return metrics.balanced_weights(dev.labels, np.array(names, object)[dev.datasets].astype(str))


def dev_eer(dev: Videos, weights: np.ndarray) -> tuple[float, float]:
    """Return dev's EER and its threshold, as `metrics.dev_threshold` does; `weights` (videos,) balance the data sets."""
    value, threshold = roc.equal_error(roc.curve(dev.labels, dev.scores, weights[None]))
    return float(value[0]), float(threshold[0])


def apcer_threshold(dev: Videos, weights: np.ndarray, limit: float) -> float:
    """Return the highest threshold at which no species of dev has an APCER above `limit`; `weights` as in `dev_eer`.

    It lies between two scores of dev, as all thresholds here do: see `metrics`.
    """
    distinct = np.unique(dev.scores)
    allowed = len(distinct)  # the number of distinct scores that may be below the threshold
    for species in np.unique(dev.species[dev.labels == 1]):
        own = (dev.labels == 1) & (dev.species == species)
        passed = np.cumsum(weights[own]) / weights[own].sum()
        beyond = np.flatnonzero(passed > limit + roc.SLACK)
        allowed = min(allowed, int(np.searchsorted(distinct, dev.scores[own][beyond[0]])))
    return float(roc.thresholds(distinct)[allowed])


def _thresholds(dev: Videos, names: Sequence[str]) -> tuple[float, Thresholds]:
    """Return dev's EER, and the thresholds that dev chooses."""
    weights = _weights(dev, names)
    eer, threshold = dev_eer(dev, weights)
    return eer, {"dev": threshold} | {name: apcer_threshold(dev, weights, limit) for name, limit in BPCER.items()}


def _set_auc(trainings: Sequence[Videos], name: str, split: str, options: Options) -> Estimates:
    """Return the AUC within one data set, whose videos are given."""
    units = np.unique(trainings[0].units)
    own = [dataclasses.replace(videos, units=np.searchsorted(units, videos.units)) for videos in trainings]
    return _estimates([replicates.prepare(videos, {}) for videos in own], len(units), options, split, name)


def _dev(trainings: Sequence[Videos], table: Table, options: Options) -> tuple[DevFigures, list[Thresholds], list[SetAuc]]:
    """Return dev's figures, each training's thresholds, and the AUC of each data set."""
    try:
        eers, thresholds = zip(*(_thresholds(dev, table.values("dataset")) for dev in trainings), strict=True)
    except metrics.MetricError as error:
        raise ScoresError(f"{table.where}: {error}; add such rows, or take the data set out of dev") from None
    names = table.values("dataset")
    by_set = {}
    for number in np.unique(trainings[0].datasets):
        own = [videos.select(videos.datasets == number) for videos in trainings]
        by_set[names[number]] = _set_auc(own, names[number], "dev", options), fewest_units(own[0])
    # The mean within data sets: a shift between them does not hide the direction of scores.
    value = float(np.mean([one.point["auc"].mean() for one, _ in by_set.values()]))
    drawn = np.mean([one.drawn["auc"] for one, _ in by_set.values()], axis=0)
    auc = bootstrap.figure(value, drawn, options.confidence, fewest_units(trainings[0]))
    set_aucs = [SetAuc("dev", name, one.figure("auc", units)) for name, (one, units) in by_set.items()]
    figures = DevFigures(
        threshold=_in_file([one["dev"] for one in thresholds], options), eer=Figure(float(np.mean(eers)), None, None), auc=auc
    )
    return figures, list(thresholds), set_aucs


def _in_file(thresholds: Sequence[float], options: Options) -> float | None:
    """Return a threshold in the file's direction; None for those of several trainings."""
    sign = -1 if options.higher_is_bona_fide else 1
    return sign * thresholds[0] + 0.0 if len(thresholds) == 1 else None  # no -0.0


def _counts(videos: Videos, table: Table) -> SplitCounts:
    attacks = int(videos.labels.sum())
    present = np.unique(videos.datasets)
    return SplitCounts(
        rows=int(videos.frames.sum()),
        videos=len(videos.labels),
        bona_fide=len(videos.labels) - attacks,
        attack=attacks,
        subjects=units_of(videos) if "subject" in table.texts else None,
        datasets=[table.values("dataset")[number] for number in present] if "dataset" in table.texts else None,
    )


def _species(test: Videos, table: Table) -> dict[int, str]:
    names = table.values("species")
    return {int(number): names[number] or ALL_ATTACKS for number in np.unique(test.species[test.labels == 1])}


def _worst(test: Videos, threshold: float) -> float:
    """Return the highest APCER of a species at a threshold."""
    each_once = np.ones((1, len(test.labels)))
    return float(metrics.ScoreSample(test.labels, test.scores, test.species.astype(str), threshold, each_once).apcer_max[0])


def _honest(estimates: Estimates, tests: Sequence[Videos], thresholds: Sequence[Thresholds], table: Table) -> HonestFigures:
    test, species = tests[0], _species(tests[0], table)
    attacks, bona_fide = test.select(test.labels == 1), test.select(test.labels == 0)
    apcer = {
        name: estimates.figure(f"apcer/{number}", units_of(attacks.select(attacks.species == number)))
        for number, name in species.items()
    }
    worst = [_worst(one, chosen["dev"]) for one, chosen in zip(tests, thresholds, strict=True)]
    acer = (np.array(worst) + estimates.point["bpcer@dev"]) / 2
    return HonestFigures(
        hter_dev=estimates.figure("hter@dev", fewest_units(test)),
        apcer_pooled=estimates.figure("apcer@dev", units_of(attacks)),
        apcer_max=bootstrap.without_interval(float(np.mean(worst))),
        bpcer=estimates.figure("bpcer@dev", units_of(bona_fide)),
        acer=bootstrap.without_interval(float(np.mean(acer))),
        apcer=apcer,
    )


def _bpcer_at(
    name: str, estimates: Estimates, tests: Sequence[Videos], thresholds: Sequence[Thresholds], options: Options
) -> BpcerFigures:
    worst = [_worst(test, chosen[name]) for test, chosen in zip(tests, thresholds, strict=True)]
    return BpcerFigures(
        dev_apcer=BPCER[name],
        threshold=_in_file([chosen[name] for chosen in thresholds], options),
        bpcer=estimates.figure(f"bpcer@{name}", units_of(tests[0].select(tests[0].labels == 0))),
        apcer_max=bootstrap.without_interval(float(np.mean(worst))),
    )


def _oracle(
    curves: Sequence[roc.Curve], eer_replicates: np.ndarray, units: int, options: Options
) -> tuple[OracleFigures, np.ndarray]:
    """Return the figures whose threshold is chosen on test, and each training's lowest HTER.

    Args:
        curves: of each training.
        eer_replicates: of the mean EER, (replicates,).
        units: how many subjects the EER rests on.
        options: of the report.
    """
    eers, eer_thresholds = zip(*(roc.equal_error(curve) for curve in curves), strict=True)
    lowest = [roc.lowest_error(curve) for curve in curves]
    hter = np.array([float(value[0]) for value, _ in lowest])
    limits = []
    for limit in options.limits:
        bpcer = np.mean([roc.bpcer_at_apcer(curve, limit)[0] for curve in curves])
        apcer = np.mean([roc.apcer_at_bpcer(curve, limit)[0] for curve in curves])
        limits.append(LimitFigures(limit, *map(bootstrap.without_interval, (float(bpcer), float(apcer)))))
    figures = OracleFigures(
        oracle_hter=bootstrap.without_interval(float(hter.mean())),
        oracle_eer=bootstrap.figure(float(np.mean(eers)), eer_replicates, options.confidence, units),
        at_limits=limits,
        oracle_hter_threshold=_in_file([float(threshold[0]) for _, threshold in lowest], options),
        oracle_eer_threshold=_in_file([float(threshold[0]) for threshold in eer_thresholds], options),
    )
    return figures, hter


def _check_splits(table: Table, options: Options) -> None:
    present = {SPLITS[place] for place in np.unique(table.splits)}
    if "test" not in present:
        raise ScoresError(f"{table.where}: no rows of split test; add those that are to be scored")
    if "dev" not in present and not options.oracle_only:
        raise ScoresError(
            f"{table.where}: no rows of split dev; an honest threshold needs dev scores, of subjects that are not in test: add "
            "them, or give --oracle-only for nothing but figures whose threshold is chosen on test"
        )


def report(table: Table, options: Options) -> Report:
    """Return the figures of a file. Raises `ScoresError` where a split or a label is missing."""
    _check_splits(table, options)
    tests = by_training(table, "test", options.higher_is_bona_fide)
    counts = {"test": _counts(tests[0], table)}
    dev_figures = None
    set_aucs: list[SetAuc] = []
    thresholds: list[Thresholds] = [{} for _ in tests]
    if not options.oracle_only:
        devs = by_training(table, "dev", options.higher_is_bona_fide)
        counts["dev"] = _counts(devs[0], table)
        dev_figures, thresholds, set_aucs = _dev(devs, table, options)
    has_frames = bool((tests[0].frames > 1).any())
    samples = [
        replicates.prepare(test, chosen, chosen["dev"] if chosen and has_frames else None)
        for test, chosen in zip(tests, thresholds, strict=True)
    ]
    estimates = _estimates(samples, int(tests[0].units.max()) + 1, options, "test")
    curves = [roc.curve(test.labels, test.scores, np.ones((1, len(test.labels)))) for test in tests]
    fewest = fewest_units(tests[0])
    oracle, oracle_hter = _oracle(curves, estimates.drawn["oracle_eer"], fewest, options)
    auc = estimates.figure("auc", fewest)
    set_aucs += _test_aucs(tests, table, auc, options)
    whole = Report(
        settings=ReportSettings(
            level="video",
            replicates=options.replicates,
            confidence=options.confidence,
            seed=options.seed,
            higher_score_is="bona_fide" if options.higher_is_bona_fide else "attack",
            resampled="subjects" if "subject" in table.texts else "videos",
        ),
        counts=counts,
        auc=auc,
        oracle=oracle,
        warnings=[*remarks.polarity(set_aucs, options, table.numeric_labels), *remarks.one_label(tests[0], table)],
        notes=[],
        dev=dev_figures,
        trainings=_trainings(table, estimates, thresholds, options),
    )
    if dev_figures:
        honest = _honest(estimates, tests, thresholds, table)
        gain = choice_gain(estimates.point["hter@dev"], oracle_hter)
        whole = dataclasses.replace(
            whole,
            at_dev_threshold=honest,
            at_dev_apcer={name: _bpcer_at(name, estimates, tests, thresholds, options) for name in BPCER},
            hter_dev_minus_oracle=bootstrap.without_interval(float(gain.mean())),
            first_frame=_first_frame(estimates, fewest, table) if has_frames else None,
        )
    return dataclasses.replace(whole, notes=remarks.notes(tests[0], table, fewest, list(figures_of(whole))))


def _test_aucs(tests: Sequence[Videos], table: Table, auc: Figure, options: Options) -> list[SetAuc]:
    """Return the AUC within each data set of test, without an interval where it is above one half: that needs no warning."""
    names = table.values("dataset")
    present = np.unique(tests[0].datasets)
    if len(present) == 1:
        return [SetAuc("test", names[present[0]], auc)]
    aucs = []
    for number in present:
        own = [videos.select(videos.datasets == number) for videos in tests]
        if len(set(own[0].labels.tolist())) < 2:
            continue
        value = np.mean([roc.curve(one.labels, one.scores, np.ones((1, len(one.labels)))).auc for one in own])
        figure = bootstrap.without_interval(float(value))
        if value < 0.5:
            figure = _set_auc(own, names[number], "test", options).figure("auc", fewest_units(own[0]))
        aucs.append(SetAuc("test", names[number], figure))
    return aucs


def _first_frame(estimates: Estimates, fewest: int, table: Table) -> FirstFrameFigures:
    first, mean = f"hter@{replicates.FIRST}", "hter@dev"
    point = {"difference": estimates.point[first] - estimates.point[mean]}
    drawn = {"difference": estimates.drawn[first] - estimates.drawn[mean]}
    difference = Estimates(point, drawn, estimates.confidence)
    chosen_by = "row" if table.frame_numbers() is None else "frame"
    return FirstFrameFigures(chosen_by, estimates.figure(first, fewest), difference.figure("difference", fewest))


def _trainings(table: Table, estimates: Estimates, thresholds: Sequence[Thresholds], options: Options) -> list[TrainingFigures]:
    """Return each training's own figures; none without a column seed."""
    if "seed" not in table.texts:
        return []
    figures = []
    for number, (name, chosen) in enumerate(zip(table.values("seed"), thresholds, strict=True)):
        hter = float(estimates.point["hter@dev"][number]) if chosen else None
        threshold = _in_file([chosen["dev"]], options) if chosen else None
        figures.append(TrainingFigures(name, threshold, hter, float(estimates.point["auc"][number])))
    return figures
