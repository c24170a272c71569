"""What the front page says: every sentence has its verdict, means are over all targets, and figures are drawn of any ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from fasrepro.evaluation.results import Grounding, Metrics
from fasrepro.evaluation.results.explanations import CellGrounding, GroundingCounts
from fasrepro.report import claims, overview, published
from fasrepro.report.claims import ledger, verdicts
from fasrepro.report.claims.ledger import LedgerRow
from tests.report.conftest import cells
from tests.report.samples import cell_metrics, difference, figure, mean_difference, metrics


def rows(given: Metrics) -> list[LedgerRow]:
    return ledger.rows(ledger.Evidence(given, None, published.load(), verdicts.SYNTHETIC, ["lexical"]))


SEEN = mean_difference(["oci_m", "ocm_i"], -0.2, -0.1)


def named(cell: str, run: str, f1: float | None, sampler: float = 0.1) -> CellGrounding:
    counts, own, drawn = GroundingCounts(1, 1, 1, 1), {"f1": figure(f1)}, {"f1": figure(sampler)}
    return CellGrounding(**cell_metrics(cell, run).names, counts=counts, explained=own, sampler=drawn, difference={})


def test_each_statement_has_its_verdict_and_what_it_rests_on() -> None:
    lines = overview.sentences(rows(metrics(SEEN))).splitlines()
    assert len(lines) == 1 + len(overview.STATEMENTS)
    assert lines[0].startswith(f"1. Of {len(claims.CLAIMS)} claims and controls, 1 are tested here")
    assert "**mechanism seen** (reasoning − vanilla: HTER, dev threshold (scores)&#58; -0.150 " in lines[1].replace(
        "vanilla&#58;", "vanilla:"
    )
    assert lines[6].endswith("decides does better than one that learns both at once: **not run**.")


def test_statements_and_rivals_are_about_known_claims() -> None:
    known = {claim.id for claim in claims.CLAIMS}
    assert overview.STATEMENTS.keys() | overview.RIVALS.keys() <= known


def test_rivals_have_the_verdict_words_of_their_rows() -> None:
    text = overview.rivals(rows(metrics()))
    assert text.count("*not run*") == len(overview.RIVALS)


def test_a_run_counts_with_every_target_or_not_at_all() -> None:
    given = metrics(cells=[cell_metrics("oci_m", "a", 0.2), cell_metrics("ocm_i", "a", 0.4), cell_metrics("oci_m", "b", 0.9)])
    texts = [named("oci_m", "a", 0.3), named("ocm_i", "a", 0.5)]
    grounding = Grounding({cell.key: cell for cell in texts})
    (one,) = overview.sights(given, grounding, ["oci_m", "ocm_i"], ["msu", "replay"], ["b", "a"])
    assert one.run == "a"
    assert (one.hter, one.f1, one.sampler) == pytest.approx((0.3, 0.4, 0.1))
    undefined = Grounding({cell.key: cell for cell in (texts[0], named("ocm_i", "a", None))})
    (one,) = overview.sights(given, undefined, ["oci_m", "ocm_i"], ["msu", "replay"], ["a"])
    assert one.f1 is None


def test_the_table_numbers_the_marks() -> None:
    own = [overview.Sight("a", 0.3, 0.4, 0.1), overview.Sight("b", 0.2, None, None)]
    printed = cells(overview.sight_table({"paper 1": own}))[1:]
    assert printed == [["paper 1", "1", "a", "0.300", "0.400", "0.100"], ["paper 1", "2", "b", "0.200", "–", "–"]]


def test_every_claim_is_counted_once() -> None:
    counts = overview.counts_by_verdict(rows(metrics(SEEN)))
    assert sum(one.total() for one in counts.values()) == len(claims.CLAIMS)
    assert counts["paper 1"]["mechanism seen"] == 1


@pytest.mark.parametrize("given", [metrics(), metrics(SEEN, difference("oci_m", -0.2, -0.1))])
def test_figures_are_drawn_of_any_ledger(given: Metrics, tmp_path: Path) -> None:
    overview.draw_differences(rows(given), tmp_path / "differences.png")
    overview.draw_verdicts(rows(given), tmp_path / "verdicts.png")
    own = [overview.Sight("a", 0.3, 0.4, 0.1), overview.Sight("b", 0.2, None, None)]
    overview.draw_sights({"paper 1": own, "paper 2": own[1:]}, tmp_path / "sights.png")
    assert all((tmp_path / f"{name}.png").stat().st_size for name in ("differences", "verdicts", "sights"))
