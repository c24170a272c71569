"""Whose figures of paper 2 the pages and the ledger show: this machine's, else those of a recorded run.

Paper 2 has a profile of its own, with data sets and tuning that the default profile does not have. So its record never has the
default's params, and `shown`, which compares them, does not take its figures.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from fasrepro.config import Experiment
from fasrepro.evaluation.results import CaptionModels, Fairness, Grounding, Metrics
from fasrepro.evaluation.results.metrics import CellMetrics
from fasrepro.evaluation.results.pair_gains import PairGains
from fasrepro.evaluation.results.training_losses import TrainingLosses
from fasrepro.report.recorded import Run

PROFILE = "one_to_eleven"  # whose record comes first
LOW_RESOLUTION = "low_resolution"  # a profile of the same runs on pictures that were passed through fewer pixels
PROTOCOLS = ("one_to_eleven", "two_to_eleven")  # trained on CelebA-Spoof alone, and with WFAS
PAGES = ("caption_model", "one_to_eleven", "read_outs", "single_stage", "data_scale", "tags")  # of paper 2's figures alone
OWN = "this machine"
Figures = TypeVar("Figures", Metrics, Grounding)
Analysis = TypeVar("Analysis")  # of a type of `recorded.ANALYSES`


@dataclasses.dataclass(frozen=True)
class Results:
    """Figures of paper 2.

    Args:
        metrics: differences of a recorded run say so in `recorded`.
        caption_models: of the same run.
        source: of all, in words.
        grounding: None where there is none.
        training_losses: None where none are kept.
        pair_gains: None where none are kept.
        caption_detectors: None where none are kept.
    """

    metrics: Metrics
    caption_models: CaptionModels
    source: str
    grounding: Grounding | None = None
    training_losses: TrainingLosses | None = None
    pair_gains: PairGains | None = None
    caption_detectors: Metrics | None = None

    @property
    def cells(self) -> list[CellMetrics]:
        """The cells of paper 2's protocols."""
        return [cell for cell in self.metrics.cells.values() if cell.protocol in PROTOCOLS]


def results(metrics: Metrics, caption_models: CaptionModels, recorded: Sequence[Run]) -> Results:
    """Return this machine's figures, or where it has none of paper 2 those of a recorded run, that of `PROFILE` first."""
    return sources(Results(metrics, caption_models, OWN), recorded)[0]


def sources(own: Results, recorded: Sequence[Run]) -> list[Results]:
    """Return all figures of paper 2: this machine's if it has any, then those of recorded runs, that of `PROFILE` first.

    Where there are none at all, this machine's stand alone. Those of pictures with fewer pixels are not among them.
    """
    runs = [of_record(run, own) for run in in_order(recorded) if run.profile != LOW_RESOLUTION]
    known = [one for one in (own, *runs) if one.cells or one.caption_models.models]
    return known or [own]


def of_profile(profile: str, own: Results, recorded: Sequence[Run]) -> Results | None:
    """Return the figures of one profile's record; None where it is not recorded."""
    return next((of_record(run, own) for run in recorded if run.profile == profile), None)


def in_order(recorded: Sequence[Run]) -> list[Run]:
    """Return recorded runs in the order in which pages look for figures of paper 2: that of `PROFILE` first."""
    return sorted(recorded, key=lambda run: run.profile != PROFILE)


def of_record(run: Run, own: Results) -> Results:
    """Return the figures of a recorded run. The rule of verdicts is a question of presentation, and so this machine's."""
    source = f"a recorded run, profile {run.source}"
    metrics = dataclasses.replace(_marked(run.metrics, source), settings=own.metrics.settings)
    grounding = None if run.grounding is None else _marked(run.grounding, source)
    none = dataclasses.replace(own.caption_models, models={})
    detectors = None if run.caption_detectors is None else _marked(run.caption_detectors, source)
    return Results(metrics, run.caption_models or none, source, grounding, run.training_losses, run.pair_gains, detectors)


def _marked(figures: Figures, source: str) -> Figures:
    """Return figures whose differences say where they were taken from."""
    paired = [dataclasses.replace(row, recorded=source) for row in figures.paired]
    return dataclasses.replace(figures, paired=paired, means=[dataclasses.replace(row, recorded=source) for row in figures.means])


def of_paper_2(recorded: Sequence[Run]) -> list[Run]:
    """Return the recorded runs that trained on paper 2's protocols, that of `PROFILE` first."""
    return [run for run in in_order(recorded) if is_of_paper_2(protocols_of(run.experiments))]


def protocols_of(experiments: Mapping[str, Experiment]) -> set[str]:
    """Return the protocols that experiments train on."""
    return {protocol for experiment in experiments.values() for protocol in experiment.protocols}


def is_of_paper_2(protocols: Iterable[str]) -> bool:
    """Return whether figures over these protocols are of paper 2."""
    return not set(protocols).isdisjoint(PROTOCOLS)


def fairness(own: Fairness, recorded: Sequence[Run]) -> tuple[Fairness, str]:
    """Return paper 2's figures by group and their source in words: this machine's, or else the first record's that has any."""
    for figures, source in with_records("fairness", own, recorded):
        runs = {name: entry for name, entry in figures.runs.items() if is_of_paper_2(entry.protocols)}
        if runs:
            changes = [change for change in figures.changes if is_of_paper_2(change.protocols)]
            return Fairness(runs, changes, figures.confidence), source
    return Fairness({}, [], own.confidence), OWN


def with_baselines(metrics: Metrics, baselines: Metrics, recorded: Sequence[Run]) -> tuple[list[CellMetrics], str]:
    """Return paper 2's cells of baselines and of the runs beside them, this machine's or else the first record's that has any.

    The second value is their source in words.
    """
    candidates = [(metrics, baselines, OWN)]
    for run in in_order(recorded):
        if run.baselines is not None:
            candidates.append((run.metrics, run.baselines, f"a recorded run, profile {run.source}"))
    for of_runs, of_baselines, source in candidates:
        cells = [cell for cell in of_baselines.cells.values() if is_of_paper_2([cell.protocol])]
        if cells:
            return [*cells, *(cell for cell in of_runs.cells.values() if is_of_paper_2([cell.protocol]))], source
    return [], OWN


def caption_detectors(own: Metrics, recorded: Sequence[Run]) -> tuple[list[CellMetrics], str]:
    """Return the cells of caption models as detectors, this machine's or else the first record's that has any.

    The second value is their source in words.
    """
    for figures, source in with_records("caption_detectors", own, recorded):
        if figures.cells:
            return list(figures.cells.values()), source
    return [], OWN


def with_records(analysis: str, own: Analysis, recorded: Sequence[Run]) -> Iterator[tuple[Analysis, str]]:
    """Yield an analysis with its source in words: this machine's, then those of recorded runs, that of `PROFILE` first.

    Args:
        analysis: a key of `recorded.ANALYSES`.
        own: this machine's.
        recorded: the runs; those without the analysis are skipped.
    """
    yield own, OWN
    for run in in_order(recorded):
        figures = getattr(run, analysis)
        if figures is not None:
            yield figures, f"a recorded run, profile {run.source}"
