"""The row on edits of gold captions: a share with its exact interval, and no verdict of simulated edits."""

from __future__ import annotations

from typing import Any

import pytest

from fasrepro.report import published
from fasrepro.report.claims import ledger, paper2, verdicts
from fasrepro.report.claims.rows import Evidence, LedgerRow
from tests.report.pages.test_gold import FUNNEL
from tests.report.samples import metrics


def row_of(gold_report: dict[str, Any] | None) -> LedgerRow:
    evidence = Evidence(metrics(), None, published.load(), verdicts.SYNTHETIC, [], gold_report=gold_report)
    (row,) = [row for row in ledger.rows(evidence, paper2.CLAIMS) if row.claim.id == "P2-20"]
    return row


def test_the_share_of_edits_has_an_exact_interval_and_no_verdict() -> None:
    """Three of 200."""
    row = row_of({"funnel": FUNNEL})
    assert row.difference.value == 0.015
    assert (row.difference.low, row.difference.high) == pytest.approx((0.0031, 0.0432), abs=1e-4)
    assert row.verdict == "not tested"
    assert "of 200 faces 190 agree at once; edited by people (1), simulated editor (2); edits are simulated here" in row.basis
    assert row.paper == "of 100,000 [2], 98,976 [2] agree at once and 581 [2] were edited: 0.0058 [2, D]"


def test_without_gold_captions_the_row_says_what_makes_them() -> None:
    row = row_of(None)
    assert (row.verdict, row.basis) == ("not run", "no gold captions here; make reproduce PROFILE=one_to_eleven makes them")
