"""The ledger's row on what an encoder sees: the share of counterfactual pairs that two runs' encoders put in order."""

from __future__ import annotations

from fasrepro.evaluation.results.pair_gains import ComparedOrders, difference
from fasrepro.report.claims.claim import Claim
from fasrepro.report.claims.rows import NOT_RUN, PAIRS_IN_ORDER, Evidence, LedgerRow, counted, paper_figures, without_result
from fasrepro.report.tables import interval, number

CHANNEL = "encoders"


def rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return a claim's row for each protocol on which both runs were trained; or one that says why there is none."""
    gains = evidence.pair_gains
    compared = [] if gains is None else [difference(gains, protocol, claim.run, claim.baseline) for protocol in claim.protocols]
    known = [_row(claim, one, evidence) for one in compared if one is not None]
    reason = f"no pairs in order by the encoders of {claim.run} and {claim.baseline} with a seed in common"
    return known or [without_result(claim, evidence, PAIRS_IN_ORDER, reason, NOT_RUN)]


def _row(claim: Claim, compared: ComparedOrders, evidence: Evidence) -> LedgerRow:
    parts = [
        "t over people and seeds" if len(compared.seeds) > 1 else "t over people; one seed does not show how trainings vary",
        f"{compared.pairs} pairs of {compared.subjects} people",
        counted(len(compared.seeds), "seed"),
        f"in order by {claim.run} {number(compared.mean.run)}, by {claim.baseline} {number(compared.mean.baseline)}",
    ]
    own = None if evidence.pair_gains is None else evidence.pair_gains.cells.get(f"{compared.protocol}-{claim.run}")
    if own is not None:
        foundation = f"by the foundation {number(own.mean.baseline)}"
        parts.append(f"{foundation}, {claim.run} minus it {interval(own.mean.change, signed=True)}")
    return LedgerRow(
        claim=claim,
        cells=(compared.protocol,),
        channel=CHANNEL,
        metric=PAIRS_IN_ORDER,
        paper=paper_figures(claim, evidence.published),
        difference=compared.mean.change,
        basis="; ".join(parts),
    )
