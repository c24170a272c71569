"""Anybody's scores, scored again: every honest figure beside its oracle, by video, with intervals.

The threshold is the EER point of dev, each data set weighing the same (`metrics.dev_threshold`). It stays as it was chosen in
every replicate; what is chosen on test is found anew (`statistics`). Conventions are those of `metrics`, but that a score is any
number, not only one in [0, 1]; thresholds are given in the file's own scale and direction.

"TPR at FPR = 1 %" has two opposite meanings in the field's code, so that it goes by other names here: BPCER at APCER <= 1 %, and
APCER at BPCER <= 1 %, with all attacks in one pot.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from fasrepro.evaluation import bootstrap, metrics, score_file
from fasrepro.evaluation.analyses.optimism import LIMIT, flatters_by
from fasrepro.evaluation.score_file import ScoresError, Table, Videos

HONEST = ("hter_dev", "apcer_pooled", "apcer_max", "bpcer", "acer")  # of `metrics.METRICS`, at the dev threshold
BPCER_AT, APCER_AT = "oracle_bpcer_at_apcer_1_percent", "oracle_apcer_at_bpcer_1_percent"
ORACLE = ("oracle_hter", "oracle_eer", BPCER_AT, APCER_AT)
ALL = "all attacks"  # the one species of a file that names none
FRAMES = ("hter_first_frame", "first_frame_minus_mean")
FEW_UNITS = 20  # an interval over fewer is much too narrow: see `statistics`
CELLS = 500_000  # of a replicates x videos matrix that is worked on at once: it stays in the processor's cache

Figure = dict[str, float | None]  # {"value", "low", "high"}; None for what cannot be told
Values = dict[str, np.ndarray]  # by name, each of shape (replicates,)


@dataclasses.dataclass(frozen=True)
class Options:
    """`replicates` >= 1, `confidence` in (0, 1) and `seed` >= 0 of the bootstrap; where scores point; what is left out."""

    replicates: int
    confidence: float
    seed: int
    higher_is_bona_fide: bool = False
    oracle_only: bool = False

    def __post_init__(self) -> None:
        """Raise `ScoresError` for a number that cannot be."""
        for name, allowed, wanted in (
            ("replicates", self.replicates >= 1, "at least 1, such as 1000"),
            ("confidence", 0 < self.confidence < 1, "between 0 and 1, such as 0.95"),
            ("seed", self.seed >= 0, "at least 0"),
        ):
            if not allowed:
                raise ScoresError(f"--{name} {getattr(self, name)}: give a number that is {wanted}")


def _replicates(found: Videos, measure: Callable[[np.ndarray], Values], options: Options, stream: str) -> Values:
    """Return `measure` of all replicates of the subjects; drawn in parts, because all counts at once may take gigabytes."""
    step = max(1, CELLS // len(found.labels))
    parts = []
    for start in range(0, options.replicates, step):
        some = min(step, options.replicates - start)
        counts, place = bootstrap.draw_subjects(found.units, found.labels, some, options.seed, f"{stream}/{start}")
        parts.append(bootstrap.replicated(measure, counts, place))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _units(found: Videos) -> int:
    return len(np.unique(found.units))


def _least(found: Videos) -> int:
    """Return how many units the label with fewer has: as many as stand behind a figure of both."""
    return min(_units(found.where(found.labels == label)) for label in metrics.LABELS)


def _behind(test: Videos) -> dict[str, int]:
    """Return how many units stand behind each figure that is about one label, or one species, alone."""
    attacks, bona_fide = (test.where(test.labels == label) for label in (1, 0))
    species = {f"apcer/{name}": _units(attacks.where(attacks.species == name)) for name in np.unique(attacks.species)}
    return species | {"apcer_pooled": _units(attacks), "apcer_max": _units(attacks), "bpcer": _units(bona_fide)}


def _measured(found: Videos, threshold: float | None, weights: np.ndarray) -> Values:
    """Return what is told of test; without a threshold, AUC and the oracle's figures alone."""
    sample = metrics.Sample(found.labels, found.scores, found.species, math.nan if threshold is None else threshold, weights)
    values = {
        "auc": metrics.METRICS["auc"](sample),
        "oracle_hter": metrics.METRICS["hter_oracle"](sample),
        "oracle_eer": metrics.METRICS["eer"](sample),
        BPCER_AT: metrics.bpcer_at_apcer(sample.curve, LIMIT),
        APCER_AT: metrics.apcer_at_bpcer(sample.curve, LIMIT),
    }
    if threshold is None:
        return values
    values |= {name: metrics.METRICS[name](sample) for name in HONEST}
    values |= {f"apcer/{species}": value for species, value in sample.apcer.items()}
    values["hter_dev_minus_oracle"] = flatters_by(values["hter_dev"], values["oracle_hter"])
    if (found.frames > 1).any():
        first = dataclasses.replace(sample, p_attack=found.first).hter
        values |= dict(zip(FRAMES, (first, first - values["hter_dev"]), strict=True))
    return values


def _dev_auc(dev: Videos, options: Options) -> Figure:
    """Return the mean AUC within data sets: a shift between them does not hide which way scores point."""
    values, replicates = [], []
    for dataset in np.unique(dev.datasets):
        own = dev.where(dev.datasets == dataset)

        def measure(weights: np.ndarray, own: Videos = own) -> Values:
            return {"auc": metrics.curve(own.labels, own.scores, weights).auc}

        values.append(measure(np.ones((1, len(own.labels))))["auc"][0])
        replicates.append(_replicates(own, measure, options, f"dev/{dataset}")["auc"])
    return bootstrap.figure(float(np.mean(values)), np.mean(replicates, axis=0), options.confidence, _least(dev))


def dev_threshold(dev: Videos) -> float:
    """Return the EER threshold of dev, as `metrics.dev_threshold` does, of any scores. Raises `MetricError` naming a data set."""
    weights = metrics.balanced_weights(dev.labels, dev.datasets)
    return float(metrics.equal_error(metrics.curve(dev.labels, dev.scores, weights[None]))[1][0])


def _counts(found: Videos, columns: frozenset[str]) -> dict[str, Any]:
    attacks = int(found.labels.sum())
    return {
        "rows": int(found.frames.sum()),
        "videos": len(found.labels),
        "bona_fide": len(found.labels) - attacks,
        "attack": attacks,
        "subjects": _units(found) if "subject" in columns else None,
        "datasets": sorted(set(found.datasets.tolist())) if "dataset" in columns else None,
    }


def _warnings(split: str, auc: Figure, options: Options) -> list[str]:
    """Say so where the whole interval of the AUC lies below one half."""
    if auc["high"] is None or auc["high"] >= 0.5:
        return []
    if options.higher_is_bona_fide:
        remedy = "if a higher score means an attack, leave out --higher-is-bona-fide"
    else:
        remedy = "if a higher score means bona fide, give --higher-is-bona-fide"
    interval = f"{options.confidence * 100:g} % interval {auc['low']:.3f} to {auc['high']:.3f}"
    return [f"polarity looks swapped: AUC on {split} is {auc['value']:.3f}, {interval}, all below 0.5; {remedy}"]


def _notes(test: Videos, columns: frozenset[str], figures: Iterable[Figure]) -> list[str]:
    notes = []
    if "subject" not in columns:
        notes.append(
            "No column subject: intervals resample videos, and are too narrow where a subject has several videos, which are no "
            "independent trials."
        )
    if _least(test) < FEW_UNITS:
        notes.append(f"Fewer than {FEW_UNITS} of one label to resample: intervals over so few are much too narrow.")
    if any(figure["value"] is not None and figure["low"] is None for figure in figures):
        notes.append("Where one subject alone stands behind a figure, it has no interval.")
    if "species" not in columns:
        notes.append("No column species: all attacks count as one species, so a species that is missed does not show.")
    if len(set(test.datasets.tolist())) > 1:
        notes.append("The data sets of test are in one pot, each video weighing the same.")
    if any(figure["value"] in (0, 1) and figure["low"] == figure["high"] for figure in figures):
        notes.append("A rate of 0 or 100 % has an interval without width: no replicate can draw an error that no video shows.")
    return notes


def _figures(test: Videos, threshold: float | None, options: Options) -> dict[str, Figure]:
    def measure(weights: np.ndarray) -> Values:
        return _measured(test, threshold, weights)

    drawn, behind, least = _replicates(test, measure, options, "test"), _behind(test), _least(test)
    return {
        name: bootstrap.figure(float(value[0]), drawn[name], options.confidence, behind.get(name, least))
        for name, value in measure(np.ones((1, len(test.labels)))).items()
    }


def report(table: Table, options: Options) -> dict[str, Any]:
    """Return the figures of a file: rates and AUC are shares in [0, 1], differences in [-1, 1], thresholds in the file's scale.

    Keys: "settings"; "counts" by split; "auc" and "oracle", of test; "dev", with its "threshold" and its AUC within data sets;
    "at_dev_threshold", with "apcer" by species; "hter_dev_minus_oracle"; "first_frame", where a video has several rows;
    "warnings" and "notes", sentences. With `oracle_only` there are none of those that hang on dev. A figure is {"value", "low",
    "high"}, its bounds None where fewer than two subjects stand behind it.

    Raises `ScoresError` where a split or a label is missing.
    """
    if not any(row.split == "test" for row in table.rows):
        raise ScoresError(f"{table.path}: no rows of split test; add those that are to be scored")
    if not (options.oracle_only or any(row.split == "dev" for row in table.rows)):
        raise ScoresError(
            f"{table.path}: no rows of split dev; an honest threshold needs dev scores, of subjects that are not in test: add "
            "them, or give --oracle-only for nothing but figures whose threshold is chosen on test"
        )
    sign = -1 if options.higher_is_bona_fide else 1
    test = score_file.videos(table, "test", options.higher_is_bona_fide)
    made: dict[str, Any] = {
        "settings": {
            "level": "video",
            "replicates": options.replicates,
            "confidence": options.confidence,
            "seed": options.seed,
            "higher_score_is": "bona_fide" if options.higher_is_bona_fide else "attack",
            "resampled": "subjects" if "subject" in table.columns else "videos",
        },
        "counts": {"test": _counts(test, table.columns)},
    }
    threshold = None
    if not options.oracle_only:
        dev = score_file.videos(table, "dev", options.higher_is_bona_fide)
        try:
            threshold = dev_threshold(dev)
        except metrics.MetricError as error:
            raise ScoresError(f"{table.path}: {error}; add such rows, or take the data set out of dev") from None
        made["counts"]["dev"] = _counts(dev, table.columns)
        made["dev"] = {"threshold": sign * threshold + 0.0, "auc": _dev_auc(dev, options)}
    figures = _figures(test, threshold, options)
    curve = metrics.curve(test.labels, test.scores, np.ones((1, len(test.labels))))
    chosen = {"oracle_hter": metrics.lowest_error(curve), "oracle_eer": metrics.equal_error(curve)}
    made["auc"] = figures["auc"]
    made["oracle"] = {name: figures[name] for name in ORACLE}
    made["oracle"] |= {f"{name}_threshold": sign * float(found[1][0]) + 0.0 for name, found in chosen.items()}
    if threshold is not None:
        species = {name.partition("/")[2] or ALL: figure for name, figure in figures.items() if name.startswith("apcer/")}
        made["at_dev_threshold"] = {name: figures[name] for name in HONEST} | {"apcer": species}
        made["hter_dev_minus_oracle"] = figures["hter_dev_minus_oracle"]
        if FRAMES[0] in figures:
            made["first_frame"] = {name: figures[name] for name in FRAMES}
    made["warnings"] = _warnings(*(("test", made["auc"]) if threshold is None else ("dev", made["dev"]["auc"])), options)
    made["notes"] = _notes(test, table.columns, figures.values())
    return made
