"""Tables of descriptive tests and of detectable differences: right numbers in right cells, in either direction."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from fasrepro.evaluation import inference
from fasrepro.evaluation.results import HEAD
from fasrepro.evaluation.results.metrics import AucTest, DecisionTest, PairwiseTests
from fasrepro.report import differences, pairwise_tests, published, tables
from tests.report.conftest import cells
from tests.report.samples import difference, metrics, place, settings

RUNS = ["label_only", "vanilla", "reasoning"]
ROW = PairwiseTests(
    **place("oci_m"),
    run="vanilla",
    baseline="label_only",
    channel=HEAD,
    seed=0,
    bona_fide=DecisionTest(1, 2, 1.0, 1.0),
    attack=DecisionTest(3, 4, 1.0, 1.0),
    all=DecisionTest(4, 6, 0.75, 1.0),
    auc=AucTest(0.25, 0.03, 0.06),
)


def reading(channel: str = "lexical") -> PairwiseTests:
    return dataclasses.replace(ROW, channel=channel, auc=None)


def test_flipping_swaps_runs_counts_and_the_sign_of_the_auc() -> None:
    flipped = pairwise_tests.flipped(ROW)
    assert (flipped.run, flipped.baseline, flipped.auc) == ("label_only", "vanilla", AucTest(-0.25, 0.03, 0.06))
    assert flipped.all == DecisionTest(6, 4, 0.75, 1.0)
    assert pairwise_tests.flipped(flipped) == ROW
    assert pairwise_tests.flipped(pairwise_tests.flipped(reading())) == reading()


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.0, "< 0.001"), (0.0009, "< 0.001"), (0.001, "0.001"), (0.04567, "0.046"), (1.0, "1.000")]
)
def test_a_p_value_is_never_printed_as_zero(value: float | None, text: str) -> None:
    assert tables.p_value(value) == text


@pytest.mark.parametrize(
    ("runs", "sign", "counts", "pair"),
    [
        (["label_only", "vanilla"], "+0.250", "3 : 4", "vanilla − label_only"),
        (["vanilla", "label_only"], "-0.250", "4 : 3", "label_only − vanilla"),
    ],
)
def test_the_heads_tests_are_shown_in_the_direction_of_the_runs(runs: list[str], sign: str, counts: str, pair: str) -> None:
    given = metrics(pairwise_tests=[ROW])
    heading, row = cells(pairwise_tests.test_table(given, runs, head=True))
    named = dict(zip(heading, row, strict=True))
    assert (named["AUC difference"], named["DeLong's p (Holm)"]) == (sign, "0.030 (0.060)")
    assert named["attack: only one correct"] == f"{counts}, p 1.000 (1.000)"
    assert named["run − baseline"] == pair
    assert pairwise_tests.test_table(given, runs, head=False) == tables.NO_RESULTS


def test_cells_and_seeds_are_in_order_and_readers_have_their_own_table() -> None:
    rows = [dataclasses.replace(ROW, **place(cell), seed=seed) for cell in ("ocm_i", "oci_m") for seed in (1, 0)]
    given = metrics(pairwise_tests=[*rows, reading()])
    heads = cells(pairwise_tests.test_table(given, RUNS, head=True))[1:]
    assert [(row[0], row[2]) for row in heads] == [("oci_m", "0"), ("oci_m", "1"), ("ocm_i", "0"), ("ocm_i", "1")]
    assert [row[3] for row in cells(pairwise_tests.test_table(given, RUNS, head=False))[1:]] == ["lexical"]


def test_the_name_of_a_reader_is_escaped() -> None:
    text = pairwise_tests.test_table(metrics(pairwise_tests=[reading("<b>x|y</b>")]), RUNS, head=False)
    assert "<b>" not in text
    assert cells(text)[1][3] == "<b>x|y</b>"


def test_a_whole_world_has_a_row_for_each_pair_and_cell(world: SimpleNamespace) -> None:
    heads, readers = (cells(pairwise_tests.test_table(world.metrics, RUNS, head=head))[1:] for head in (True, False))
    assert len(heads) == 3 * 2  # pairs, cells
    assert len(readers) == 3 * 2 * 2  # and readers
    assert [row[:2] for row in heads[:2]] == [["oci_m", "vanilla − label_only"], ["ocm_i", "vanilla − label_only"]]


def test_the_papers_difference_is_computed_and_keeps_its_mark() -> None:
    figures = published.load()
    wanted = figures["p1_loo_vanilla_hter"].share - figures["p1_loo_mixed_hter"].share
    assert pairwise_tests.claimed_difference(figures) == f"{wanted:.2f} [2, D]"


def test_detectable_differences_are_shown_beside_the_papers_claim(world: SimpleNamespace) -> None:
    figures, given = published.load(), world.metrics
    heading, *rows = cells(pairwise_tests.power_table(given, RUNS, figures))
    assert [row[0] for row in rows[:3]] == ["oci_m", "ocm_i", "mean of oci_m, ocm_i"]
    assert len(rows) == 3 * 3
    stored = {
        (differences.scope(differences.cells_of(row)), frozenset((row.run, row.baseline))): row
        for row in [*given.paired, *given.means]
        if (row.metric, row.level, row.channel) == ("hter_dev", "video", HEAD)
    }
    for row in rows:
        named = dict(zip(heading, row, strict=True))
        entry = stored[named["protocol"], frozenset(named["runs"].split(" − "))]
        assert entry.error is not None and entry.degrees is not None
        least = inference.detectable(entry.error, entry.degrees, given.settings.evaluation.confidence)
        assert named["smallest detectable difference: HTER, dev threshold"] == tables.number(least)
        assert (named["subjects"], named["seeds"]) == (str(entry.subjects), str(entry.seeds))
        assert named["paper 1 claims"] == pairwise_tests.claimed_difference(figures)


def test_the_meaning_takes_its_numbers_from_the_settings() -> None:
    row = difference("oci_m", None, None, run="vanilla", baseline="label_only", seeds=4, subjects=1)
    text = pairwise_tests.power_table(metrics(row, of=settings(confidence=0.9)), RUNS, published.load())
    assert "90 % interval" in text
    assert "80 % of repetitions" in text
    assert cells(text)[1][2:6] == ["1", "4", "–", "–"]


def test_the_variance_is_split_by_what_would_narrow_it() -> None:
    row = difference("oci_m", -0.1, 0.1, run="vanilla", baseline="label_only")
    heading, shown = cells(pairwise_tests.power_table(metrics(row), RUNS, published.load()))
    assert shown[heading.index("of the variance: people / trainings / dev people")] == "75% / 25% / 0%"


@pytest.mark.parametrize("runs", [(), ("label_only",)], ids=["no runs", "no pairs"])
def test_tables_without_results_say_so(runs: Sequence[str]) -> None:
    given: dict[str, Any] = {"metrics": metrics(), "runs": runs}
    assert pairwise_tests.power_table(**given, published=published.load()) == tables.NO_RESULTS
    assert {pairwise_tests.test_table(**given, head=head) for head in (True, False)} == {tables.NO_RESULTS}
