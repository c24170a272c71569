"""The row of P2-9: two runs' encoders on the same pairs, whichever way round the difference is kept."""

from __future__ import annotations

from fasrepro.evaluation.results import Figure
from fasrepro.evaluation.results.pair_gains import FOUNDATION, ComparedOrders, Order, PairGains
from fasrepro.report import published
from fasrepro.report.claims import ledger, paper2, verdicts
from fasrepro.report.claims.rows import Evidence, LedgerRow
from tests.report.samples import metrics

AGAINST = ComparedOrders("two_to_eleven", "cepl", FOUNDATION, [0, 1], 30, 12, Order(0.5, 0.75, Figure(0.25, 0.125, 0.375)), {})
# As the stage keeps it: runs by name, so that cepl is the baseline.
KEPT = ComparedOrders(
    "two_to_eleven", "label_two_stage", "cepl", [0, 1], 30, 12, Order(0.75, 0.625, Figure(-0.125, -0.25, 0.0625)), {}
)


def rows(gains: PairGains | None) -> list[LedgerRow]:
    evidence = Evidence(metrics(), None, published.load(), verdicts.SYNTHETIC, [], pair_gains=gains)
    return [row for row in ledger.rows(evidence, paper2.CLAIMS) if row.claim.id == "P2-9"]


def test_the_difference_is_cepl_minus_labels_with_the_foundation_beside() -> None:
    (row,) = rows(PairGains({"two_to_eleven-cepl": AGAINST}, [KEPT]))
    assert row.difference == Figure(0.125, -0.0625, 0.25)
    assert row.verdict == verdicts.INTERVAL_ONLY
    assert row.basis == (
        "t over people and seeds; 30 pairs of 12 people; 2 seeds; in order by cepl 0.750, by label_two_stage 0.625; by the"
        " foundation 0.500, cepl minus it +0.250 [+0.125, +0.375]"
    )
    assert "cepl − label_two_stage: share of counterfactual pairs" in ledger.compared(row)


def test_without_pairs_the_row_says_what_makes_them() -> None:
    for gains in (None, PairGains({}, [])):
        (row,) = rows(gains)
        assert (row.verdict, row.cells) == ("not run", ())
        assert row.basis.endswith("make reproduce PROFILE=one_to_eleven makes them")
