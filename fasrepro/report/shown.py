"""Which figures pages and notebooks show: those of a recorded run with the same params, else what this machine computed.

The recorded study has more seeds and runs than the default profile, so verdicts and figures come from it. Figures of runs or
cells that the record lacks, such as a run that somebody has just added, are this machine's, and are marked. Where params differ
(another profile, an edited recipe, licensed archives) everything is this machine's own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from fasrepro import paths
from fasrepro.evaluation.results import Metrics
from fasrepro.report import comparison, recorded
from fasrepro.report.recorded import Run

STUDY = "study"  # the profile whose record the pages show
OWN_RUN = f"the run in {paths.RESULTS}/"  # of this machine, or of the one that filled this folder
# Sections of params.yaml that decide an analysis but no training, by the analysis.
DECIDING = {
    "unseen": ("unseen",),
    "optimism": ("snapshots",),
    "faithfulness": ("counterfactual",),
    "encoder_gains": ("encoders",),
    "fairness": ("fairness",),
}


def comparable_record(runs: Sequence[Run], profile: str, sections: Mapping[str, str]) -> Run | None:
    """Return what is recorded with the params of these hashes, joined, that of `profile` first; None if there is nothing."""
    alike = [one for one in runs if recorded.comparable(one, sections)]
    return recorded.joined(sorted(alike, key=lambda one: one.profile != profile)) if alike else None


def analysis(name: str, record: Run, own: Any, sections: Mapping[str, str]) -> Any:
    """Return what is shown of one analysis: the record's, with this machine's cells that the record lacks.

    Args:
        name: a key of `recorded.ANALYSES`.
        record: a run with the params of this machine's.
        own: this machine's.
        sections: the hashes of this machine's params.
    """
    kept = getattr(record, name)
    same = all(record.sections_sha256.get(section) == sections.get(section) for section in DECIDING.get(name, ()))
    if kept is None or not same:
        return own
    both = recorded.extended(kept, own, OWN_RUN, recorded.pair)
    # The rule of verdicts is a question of presentation.
    return dataclasses.replace(both, settings=own.settings) if isinstance(both, Metrics) else both


def seeds(metrics: Metrics) -> str:
    """Return how many seeds the cells have, in words: "3 seeds", or "3 to 5 seeds"."""
    counts = sorted({len(cell.seeds) for cell in metrics.cells.values()})
    if not counts:
        return "no seeds"
    if counts == [1]:
        return "1 seed"
    return f"{counts[0]} seeds" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds"


def provenance(record: Run | None, own: Metrics) -> str:
    """Return one line on where the figures come from, and how far this machine's own agree with them."""
    if record is None:
        return f"Figures and verdicts are those of {OWN_RUN} ({seeds(own)})."
    details = ", ".join(filter(None, (seeds(record.metrics), record.duration)))
    runs = "run of profile" if len(record.profiles) == 1 else "runs of profiles"
    of_record = f"the recorded {runs} {record.source} ({details})"
    compared = comparison.rows(record, own, {})
    agreeing = f"{sum(row.is_within for row in compared)} of {len(compared)}"
    return (
        f"Figures and verdicts come from {of_record}. {OWN_RUN.capitalize()} agrees with it in {agreeing} figures, within"
        f" {comparison.TOLERANCE:g} for a training and {comparison.MEAN_TOLERANCE:g} for a mean. {record.note}".strip()
    )
