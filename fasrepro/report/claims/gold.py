"""The ledger's row on the edits of gold captions: how many there are. It has no verdict where the editor is simulated."""

from __future__ import annotations

from scipy import stats

from fasrepro.evaluation.results import Figure
from fasrepro.report.claims.claim import Claim
from fasrepro.report.claims.rows import NOT_RUN, NOT_TESTED, SHARE_EDITED, Evidence, LedgerRow, reason_of, without_result
from fasrepro.report.published import derived_mark

CHANNEL = "captions"
GOLD = "gold"


def rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return the row with the share of sampled faces whose caption was edited, and who edited; `evidence.gold_report`."""
    if evidence.gold_report is None:
        return [without_result(claim, evidence, SHARE_EDITED, "no gold captions here", NOT_RUN)]
    steps = evidence.gold_report["funnel"]
    sampled, edited = steps["sampled"], sum(steps["edited"].values())
    interval = stats.binomtest(edited, sampled).proportion_ci(evidence.metrics.settings.evaluation.confidence)
    editors = ", ".join(f"{author} ({count})" for author, count in sorted(steps["edited"].items())) or "nobody"
    basis = (
        f"exact binomial interval, as if each face had a person of its own; of {sampled} faces {steps['agreed']} agree at once;"
        f" edited by {editors}; {reason_of(claim, evidence)}"
    )
    difference = Figure(edited / sampled, float(interval.low), float(interval.high))
    return [LedgerRow(claim, (GOLD,), CHANNEL, SHARE_EDITED, _paper(evidence), difference, basis, NOT_TESTED)]


def _paper(evidence: Evidence) -> str:
    """Return the paper's counts, and the share of edited captions that follows from them."""
    sampled, agreed, edited = (evidence.published[f"p2_gold_{step}"] for step in ("sampled", "agreed", "edited"))
    share = f"{edited.value / sampled.value:.4f} {derived_mark(sampled, edited)}"
    return f"of {sampled.shown}, {agreed.shown} agree at once and {edited.shown} were edited: {share}"
