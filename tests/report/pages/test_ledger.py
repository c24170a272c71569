"""The page of the ledger: each claim once in short, once in full, with the paper's figure at its row."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fasrepro.report import claims, published
from fasrepro.report.claims import ledger, verdicts
from fasrepro.report.claims.ledger import LedgerRow
from fasrepro.report.pages import ledger as page
from tests.report.conftest import cells
from tests.report.samples import difference, metrics


@pytest.fixture
def rows(world: SimpleNamespace) -> list[LedgerRow]:
    return ledger.rows(ledger.Evidence(world.metrics, None, published.load(), verdicts.SYNTHETIC, ["lexical"]))


def test_the_ledger_prints_each_claims_text_once(rows: list[LedgerRow]) -> None:
    printed = cells(page.ledger_table(rows))[1:]
    assert [row[0] for row in printed] == [row.claim.id for row in rows]
    assert [row[8] for row in printed] == [row.verdict for row in rows]
    assert [row[1] for row in printed if row[1]] == [claim.text for claim in claims.CLAIMS]


def test_the_short_ledger_has_each_claim_once_with_its_mean(rows: list[LedgerRow]) -> None:
    short = cells(page.short_table(rows))[1:]
    assert [row[0] for row in short] == [claim.id for claim in claims.CLAIMS]
    (mean,) = [row for row in rows if row.claim.id == "P1-1" and row.is_mean]
    assert short[0][3].startswith(f"{mean.difference.value:+.3f}")
    assert (short[0][2], short[0][4]) == ("HTER, dev threshold (scores)", mean.verdict)


def test_a_claim_without_a_mean_counts_its_verdicts(rows: list[LedgerRow]) -> None:
    single = [row for row in rows if row.claim.id == "P1-1" and not row.is_mean]
    (row,) = cells(page.short_table(single))[1:]
    assert f"of {len(single)} protocols" in row[4]
    assert page.answer(single, "P1-1").startswith("The verdict on P1-1 is *")


def test_the_answer_of_a_claim_names_its_verdict_and_difference(rows: list[LedgerRow]) -> None:
    mean = page.summary_row(rows, "P1-1")
    assert mean is not None
    text = page.answer(rows, "P1-1")
    assert text.startswith(f"The verdict on P1-1 is *{mean.verdict}*: reasoning − vanilla is")
    assert f"{mean.difference.value:+.3f}" in text and "mean of oci" in text
    assert page.answer(rows, "P1-6").startswith("P1-6: *not run*, because no results of reasoning and sampler")


def test_the_answer_counts_every_claim(rows: list[LedgerRow]) -> None:
    assert page.verdict_counts(rows).startswith(f"Of {len(claims.CLAIMS)} claims and controls: ")


def test_every_published_figure_is_printed_with_its_mark() -> None:
    figures = published.load()
    printed = cells(page.published_table(figures))[1:]
    assert len(printed) == len(figures)
    assert all(row[5].endswith(("[V]", "[2]", "[D]")) for row in printed)


def test_a_ledger_without_results_says_not_run() -> None:
    empty = ledger.rows(ledger.Evidence(metrics(), None, published.load(), verdicts.SYNTHETIC, ["lexical"]))
    assert "not run" in page.ledger_table(empty)
    some = ledger.rows(ledger.Evidence(metrics(difference("oci_m", 0.1, 0.2)), None, published.load(), verdicts.SYNTHETIC, []))
    assert page.summary_row(some, "P1-1") in some
