"""The ledger's rows on the targets of one training that metrics.json has no row for: a mean over some of them, a count of them,
the change of a difference with the resolution, and the change of an error with the sources.

**A mean over some targets.** A row of a single target says which shares of its squared error people, trainings and dev people
have. Targets have people of their own, so their variances add up. All targets share trainings and dev people: their errors add up
before they are squared, as if they moved all targets alike, which is the most that they can do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy import stats

from fasrepro.evaluation import inference
from fasrepro.evaluation.inference import DEV_PEOPLE, PEOPLE, TRAININGS, Component
from fasrepro.evaluation.results import Figure, Metrics
from fasrepro.evaluation.results.metrics import CellDifference, MeanDifference
from fasrepro.report import differences, tables
from fasrepro.report.claims import paired
from fasrepro.report.claims.claim import Claim
from fasrepro.report.claims.rows import (
    NOT_RUN,
    NOT_TESTED,
    SHARE_OF_TARGETS,
    Evidence,
    LedgerRow,
    counted,
    paper_figures,
    reason_of,
    untested_rows,
    without_result,
)


def some_rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return the rows of a claim about some targets of a training: a row each, then their mean for each training."""
    single = paired.rows(claim, evidence)
    by_protocol: dict[str, list[CellDifference]] = {}
    for row in paired.differences_of(claim, evidence):
        if isinstance(row, CellDifference):
            by_protocol.setdefault(row.protocol, []).append(row)
    confidence = evidence.metrics.settings.evaluation.confidence
    means = [mean_of(group, confidence) for group in by_protocol.values() if {row.target for row in group} == set(claim.targets)]
    return [*single, *(paired.row_of(claim, mean, evidence) for mean in means)]


def mean_of(rows: Sequence[CellDifference], confidence: float) -> MeanDifference:
    """Return the mean over targets of one training, each with people of its own.

    Args:
        rows: of one comparison, each on another target; at least one.
        confidence: of intervals, in (0, 1).
    """
    first, count = rows[0], len(rows)
    components = [
        Component(PEOPLE, row.target, _variance(row, PEOPLE) / count**2, row.subjects - 1) for row in rows if row.subjects > 1
    ]
    least = min((row.degrees for row in rows if row.degrees is not None), default=0.0)
    for kind, degrees in ((TRAININGS, min(row.seeds for row in rows) - 1), (DEV_PEOPLE, least)):
        shared = sum(_variance(row, kind) ** 0.5 for row in rows) / count
        if shared > 0 and degrees > 0:
            components.append(Component(kind, first.protocol, shared**2, degrees))
    values = [row.difference for row in rows]
    whole = inference.MeanDifference(float(np.mean(values)), tuple(components))
    varies = whole.error > 0 and all(row.error is not None for row in rows)
    low, high = (whole.interval(confidence) if varies else None) or (None, None)
    return MeanDifference(
        run=first.run,
        baseline=first.baseline,
        channel=first.channel,
        level=first.level,
        metric=first.metric,
        difference=whole.value,
        low=low,
        high=high,
        error=whole.error if varies else None,
        degrees=whole.degrees if varies else None,
        variance={},
        baseline_value=float(np.mean([row.baseline_value for row in rows])),
        seeds=min(row.seeds for row in rows),
        subjects=sum(row.subjects for row in rows),
        training_sets=1,
        recorded=first.recorded,
        protocols=[row.protocol for row in rows],
        targets=[row.target for row in rows],
        cells=[row.cell for row in rows],
        over_targets=Figure(whole.value, *(inference.over_draws(values, confidence) or (None, None))),
    )


def _variance(row: CellDifference, kind: str) -> float:
    """Return the part of a row's squared error that is due to one kind of component; 0 where it has no error."""
    return 0.0 if row.error is None else row.error**2 * row.variance.get(kind, 0.0)


def count_rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return the row that counts the targets on which the run is better, and those of the difference itself."""
    own = paired.rows(claim, evidence)
    single = [row for row in own if len(row.cells) == 1]
    if not single:
        return own
    changes = [row.difference.value for row in single if row.difference.value]  # neither missing nor zero: a tie says nothing
    lower = sum(change < 0 for change in changes)
    parts = [f"lower on {lower} of {len(single)} targets"]
    share = Figure(lower / len(single), None, None)
    if changes:
        test = stats.binomtest(lower, len(changes))
        bounds = test.proportion_ci(evidence.metrics.settings.evaluation.confidence)
        share = Figure(lower / len(changes), float(bounds.low), float(bounds.high))
        parts.append(f"sign test, p {tables.p_value(float(test.pvalue))}, as if no two targets shared a training")
    parts += [row.basis for row in single[:1]]
    cells = tuple(row.cells[0] for row in single)
    count = dataclasses.replace(single[0], cells=cells, metric=SHARE_OF_TARGETS, difference=share, basis="; ".join(parts))
    return [dataclasses.replace(count, tested=None, over_targets=None), *own]


def resolution_rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return the rows of a claim at either resolution, and how much its difference changes where pictures hold less."""
    own = paired.rows(claim, evidence)
    reason = f"no results of {paired.compared_on(claim)} at both resolutions"
    if evidence.low_resolution is None:
        return [without_result(claim, evidence, own[0].metric, reason, NOT_RUN)]
    at_low = dataclasses.replace(evidence, metrics=evidence.low_resolution)
    means = [[row for row in paired.differences_of(claim, one) if isinstance(row, MeanDifference)] for one in (evidence, at_low)]
    if not all(means):
        return [without_result(claim, evidence, own[0].metric, reason, NOT_RUN)]
    normal, low = (rows[0] for rows in means)
    components = tuple(
        Component("resolution", name, (row.error or 0.0) ** 2, row.degrees)
        for name, row in (("as they are", normal), ("fewer pixels", low))
        if row.degrees is not None
    )
    change = inference.MeanDifference(low.difference - normal.difference, components)
    bounds = change.interval(evidence.metrics.settings.evaluation.confidence) or (None, None)
    fewest = min(normal.seeds, low.seeds)
    basis = f"t, {change.degrees:.1f} degrees of freedom; {counted(fewest, 'seed')}; the people are the same, which is not used"
    return [
        LedgerRow(
            claim=claim,
            cells=tuple(differences.cells_of(normal)),
            channel=normal.channel,
            metric=normal.metric,
            paper=paper_figures(claim, evidence.published),
            difference=Figure(change.value, *bounds),
            basis=f"the difference with fewer pixels minus the one with all: {basis}",
        ),
        *(paired.row_of(claim, row, one) for row, one in ((normal, evidence), (low, at_low))),
    ]


def source_rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return the row on how the mean error changes from a claim's first protocol to its second; it decides nothing."""
    first, second = claim.protocols
    of_first, of_second = (_means(evidence.metrics, protocol, claim.targets) for protocol in (first, second))
    both = [run for run in of_first if run in of_second]
    if not both:
        return untested_rows(claim, evidence)
    figures = [f"{run} {tables.number(of_first[run])} on {first}, {tables.number(of_second[run])} on {second}" for run in both]
    row = LedgerRow(
        claim=dataclasses.replace(claim, run=second, baseline=first),
        cells=(second,),
        channel=claim.channel,
        metric=evidence.metrics.settings.ledger.metric,
        paper=paper_figures(claim, evidence.published),
        difference=Figure(float(np.mean([of_second[run] - of_first[run] for run in both])), None, None),
        basis=f"mean over {len(claim.targets)} targets: {'; '.join(figures)}; {reason_of(claim, evidence)}",
        verdict=NOT_TESTED,
    )
    return [row]


def _means(metrics: Metrics, protocol: str, targets: Sequence[str]) -> dict[str, float]:
    """Return each run's figure of the ledger's metric, the mean over all `targets`, of the runs that were tested on all."""
    by_run: dict[str, dict[str, float]] = {}
    for cell in metrics.cells.values():
        figure = cell.mean.units.figures.get(metrics.settings.ledger.metric)
        if cell.protocol == protocol and figure is not None and figure.value is not None:
            by_run.setdefault(cell.run, {})[cell.target] = figure.value
    return {run: float(np.mean(list(values.values()))) for run, values in by_run.items() if values.keys() == set(targets)}
