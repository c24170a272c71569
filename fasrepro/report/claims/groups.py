"""The ledger's rows about groups of people and conditions: run minus baseline on the same rows, from fairness.json.

No verdict on them was announced beforehand, so they have an interval, and the size from which a change would probably be seen.
"""

from __future__ import annotations

from fasrepro.evaluation.results import Figure
from fasrepro.evaluation.results.fairness import Compared, GroupChange, GroupChanges
from fasrepro.report.claims import verdicts
from fasrepro.report.claims.claim import Claim
from fasrepro.report.claims.rows import NOT_RUN, Evidence, LedgerRow, counted, paper_figures, without_result
from fasrepro.report.tables import number, words

GAPS = {"bpcer": "BPCER", "apcer": "APCER"}


def gap_rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return the change of each gap that the claim names, by group and rate."""
    change = _change(claim, evidence)
    if change is None:
        return _not_run(claim, evidence)
    rows = []
    for attribute, name in claim.groups:
        group = change.attributes.get(attribute, {}).get(name)
        for measure, title in GAPS.items() if group is not None else ():
            before = f"the baseline's gap {number(group.baseline_gaps[measure], signed=True)}"
            measured = f"gap in {title}, {words(attribute)} {name}"
            rows.append(_row(claim, evidence, change, measured, group.gaps[measure], before))
    return rows or _not_run(claim, evidence)


def condition_rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return the HTER in each group of the claim's attribute, that of the worst group first, which decides.

    The worst group is that with the highest mean HTER of run and baseline: neither of them alone chooses it.
    """
    change = _change(claim, evidence)
    if change is None:
        return _not_run(claim, evidence)
    rows = []
    for attribute, _ in claim.groups:
        groups = {name: one for name, one in change.attributes.get(attribute, {}).items() if one.rates["hter"].value is not None}
        for place, name in enumerate(sorted(groups, key=lambda name: -_mean_hter(groups[name]))):
            before = f"the baseline's HTER {number(groups[name].baseline_rates['hter'])}"
            measured = f"HTER, {words(attribute)} {name}" + ("" if place else ", the worst")
            rows.append(_row(claim, evidence, change, measured, groups[name].rates["hter"], before))
    return rows or _not_run(claim, evidence)


def _mean_hter(group: GroupChange) -> float:
    """Return the mean of baseline and run, from the rate before and its change."""
    return (group.baseline_rates["hter"] or 0.0) + (group.rates["hter"].value or 0.0) / 2


def _change(claim: Claim, evidence: Evidence) -> GroupChanges | None:
    """Return the change over most cells of the claim's targets; None where there is none."""
    changes = evidence.fairness.changes if evidence.fairness is not None else []
    own = [
        change
        for change in changes
        if (change.run, change.baseline) == (claim.run, claim.baseline) and set(change.targets) <= set(claim.targets)
    ]
    return max(own, key=lambda change: len(change.cells), default=None)


def _not_run(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    reason = f"no results of {claim.run} and {claim.baseline} by group"
    return [without_result(claim, evidence, "", reason, NOT_RUN)]


def _row(claim: Claim, evidence: Evidence, change: GroupChanges, measured: str, difference: Compared, before: str) -> LedgerRow:
    """Return one row; `measured`: the figure, and `before`: the baseline's, both in words."""
    parts = [
        f"{difference.subjects} people on the smaller side",
        counted(len(change.protocols), "training set"),
        counted(change.seeds, "seed"),
        before,
    ]
    if difference.error is None or difference.degrees is None:
        parts.append("no standard error")
    else:
        parts.insert(0, f"t, {difference.degrees:.1f} degrees of freedom")
        parts.append(f"would probably see {number(difference.detectable)}")
        settings = evidence.metrics.settings.ledger
        if not verdicts.enough(change.seeds, difference.subjects, len(change.protocols), settings):
            parts.append("too few seeds or subjects")
    if evidence.fairness_source:
        parts.append(evidence.fairness_source)
    return LedgerRow(
        claim=claim,
        cells=tuple(change.cells),
        channel=claim.channel,
        metric=measured,
        paper=paper_figures(claim, evidence.published),
        difference=Figure(difference.value, difference.low, difference.high),
        basis="; ".join(parts),
    )
