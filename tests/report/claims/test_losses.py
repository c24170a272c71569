"""The loss of the chain where both runs have brought the label's as low: by hand, over seeds, and not without both tasks."""

from __future__ import annotations

import pytest

from fasrepro.evaluation.results.training_losses import PhaseLosses, RunLosses, TrainingLosses
from fasrepro.report import published
from fasrepro.report.claims import ledger, losses, paper2, verdicts
from fasrepro.report.claims.rows import Evidence, LedgerRow
from tests.report.samples import metrics

ONE_STAGE = [PhaseLosses("both", 4, {"caption": [4.0, 3.0], "answer": [0.6, 0.3]})]
TWO_STAGES = [
    PhaseLosses("describe", 4, {"caption": [3.0, 1.0]}),
    PhaseLosses("joint", 4, {"caption": [2.0, 1.0], "answer": [0.7, 0.5]}),
]


def rows(*cells: RunLosses) -> list[LedgerRow]:
    given = TrainingLosses({f"{cell.protocol}-{cell.run}": cell for cell in cells})
    evidence = Evidence(metrics(), None, published.load(), verdicts.SYNTHETIC, [], training_losses=given)
    return [row for row in ledger.rows(evidence, paper2.CLAIMS) if row.claim.id == "P2-11"]


def test_the_chain_is_compared_at_the_lowest_level_that_both_reach() -> None:
    """Both reach .5: one stage with its second tenth, where its chain has 3; two stages with their last, where it has 1."""
    assert losses.at_equal_loss(ONE_STAGE, TWO_STAGES) == (2.0, 0.5)
    assert losses.at_equal_loss(ONE_STAGE, ONE_STAGE) == (0.0, 0.3)


def test_a_training_on_one_task_alone_has_no_such_point() -> None:
    assert losses.at_equal_loss(ONE_STAGE, TWO_STAGES[:1]) is None


def test_seeds_give_the_interval_and_one_gives_none() -> None:
    later = [PhaseLosses("both", 4, {"caption": [4.0, 2.0], "answer": [0.6, 0.3]})]
    two = RunLosses("two_to_eleven", "cepl", {0: TWO_STAGES, 1: TWO_STAGES})
    (row,) = rows(RunLosses("two_to_eleven", "single_stage_long", {0: ONE_STAGE, 1: later}), two)
    assert row.difference.value == pytest.approx(1.5)
    assert row.difference.low == pytest.approx(1.5 - 12.706 * 0.5, abs=1e-3)  # t with one degree of freedom; an error of .5
    assert row.basis.startswith("t over seeds, 1 degrees of freedom; 2 seeds; the label's loss is 0.500, on rows of training")
    (row,) = rows(RunLosses("two_to_eleven", "single_stage_long", {0: ONE_STAGE}), two)
    assert (row.difference.low, row.basis.partition(";")[0]) == (None, "one seed has no interval")


def test_without_losses_the_row_says_what_makes_them() -> None:
    (row,) = rows()
    assert (row.verdict, row.cells) == ("not run", ())
    assert row.basis.endswith("make reproduce PROFILE=one_to_eleven makes them")
