"""Whose figures of paper 2 the pages and the ledger show: this machine's, else those of a recorded run.

Paper 2 has a profile of its own, with data sets and tuning that the default profile does not have. So its record never has the
default's params, and `shown`, which compares them, does not take its figures.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from fasrepro.evaluation.results import CaptionModels, Fairness, Metrics
from fasrepro.evaluation.results.metrics import CellMetrics
from fasrepro.report.recorded import Run

PROFILE = "one_to_eleven"  # whose record comes first
PROTOCOLS = ("one_to_eleven", "two_to_eleven")  # trained on CelebA-Spoof alone, and with WFAS
OWN = "this machine"


@dataclasses.dataclass(frozen=True)
class Results:
    """Figures of paper 2.

    Args:
        metrics: differences of a recorded run say so in `recorded`.
        caption_models: of the same run.
        source: of both, in words.
    """

    metrics: Metrics
    caption_models: CaptionModels
    source: str

    @property
    def cells(self) -> list[CellMetrics]:
        """The cells of paper 2's protocols."""
        return [cell for cell in self.metrics.cells.values() if cell.protocol in PROTOCOLS]


def results(metrics: Metrics, caption_models: CaptionModels, recorded: Sequence[Run]) -> Results:
    """Return this machine's figures, or where it has none of paper 2 those of a recorded run, that of `PROFILE` first."""
    own = Results(metrics, caption_models, OWN)
    if own.cells or caption_models.models:
        return own
    for run in in_order(recorded):
        of_run = of_record(run, own)
        if of_run.cells or of_run.caption_models.models:
            return of_run
    return own


def in_order(recorded: Sequence[Run]) -> list[Run]:
    """Return recorded runs in the order in which pages look for figures of paper 2: that of `PROFILE` first."""
    return sorted(recorded, key=lambda run: run.profile != PROFILE)


def of_record(run: Run, own: Results) -> Results:
    """Return the figures of a recorded run. The rule of verdicts is a question of presentation, and so this machine's."""
    source = f"a recorded run, profile {run.source}"
    metrics = dataclasses.replace(
        run.metrics,
        paired=[dataclasses.replace(row, recorded=source) for row in run.metrics.paired],
        means=[dataclasses.replace(row, recorded=source) for row in run.metrics.means],
        settings=own.metrics.settings,
    )
    none = dataclasses.replace(own.caption_models, models={})
    return Results(metrics, run.caption_models or none, source)


def is_of_paper_2(protocols: Iterable[str]) -> bool:
    """Return whether figures over these protocols are of paper 2."""
    return not set(protocols).isdisjoint(PROTOCOLS)


def fairness(own: Fairness, recorded: Sequence[Run]) -> tuple[Fairness, str]:
    """Return paper 2's figures by group and their source in words: this machine's, or else the first record's that has any."""
    candidates = [(own, OWN)]
    candidates += [(run.fairness, f"a recorded run, profile {run.source}") for run in in_order(recorded) if run.fairness]
    for figures, source in candidates:
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
