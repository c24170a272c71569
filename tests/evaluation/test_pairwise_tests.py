"""Which tests there are, over which cells they are adjusted, and that an undefined p is None."""

from __future__ import annotations

import numpy as np
import pytest

from fasrepro.evaluation import pairwise_tests
from fasrepro.evaluation.aggregate import Columns
from fasrepro.evaluation.differences import pairs
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.pairwise_tests import Decisions
from fasrepro.evaluation.results import Cell
from fasrepro.evaluation.results.metrics import AucTest, DecisionTest
from tests import layout

LABELS = np.repeat([0, 1], 8)
IDS = np.array([f"video{number:02}" for number in range(16)])
A, B = (Cell("oci_m", run, "msu", "oci_m") for run in "ab")


def missing(attacks: int, scores: bool = True) -> Decisions:
    """Return decisions that miss the first `attacks` attacks, scored below every bona fide video, and are correct elsewhere."""
    decided = LABELS.copy()
    decided[8 : 8 + attacks] = 0
    order = np.linspace(0.2, 0.3, 16) + 0.5 * decided - 0.2 * (decided != LABELS)
    return Decisions(IDS, LABELS, decided, order if scores else None)


def test_there_is_a_row_for_every_channel_and_seed_of_both_runs() -> None:
    decisions = {
        A: {("head", 0): missing(0), ("head", 1): missing(1), ("lexical", 0): missing(2, scores=False)},
        B: {("head", 0): missing(2), ("head", 2): missing(1), ("lexical", 0): missing(3, scores=False)},
    }
    head, reader = pairwise_tests.rows(decisions, pairs(decisions))
    names = head.protocol, head.target, head.cell, head.run, head.baseline, head.channel, head.seed
    assert names == ("oci_m", "msu", "oci_m", "b", "a", "head", 0)
    assert head.attack == head.all == DecisionTest(run_only=0, baseline_only=2, p=0.5, p_holm=0.5)
    assert head.bona_fide == DecisionTest(run_only=0, baseline_only=0, p=1.0, p_holm=1.0)
    assert head.auc is not None
    assert head.auc.difference == pytest.approx(-2 / 8)  # two of eight attacks score below all bona fide videos
    assert 0 < head.auc.p == head.auc.p_holm < 1
    assert (reader.channel, reader.attack.baseline_only, reader.auc) == ("lexical", 1, None)


def test_p_is_adjusted_over_cells_alone() -> None:
    decisions: dict[Cell, dict[tuple[str, int], Decisions]] = {}
    for name, missed in (("oci_m", 6), ("ocm_i", 7), ("omi_c", 1)):
        run, baseline = Cell(name, "b", "t", name), Cell(name, "a", "t", name)
        decisions[baseline] = {("head", seed): missing(0) for seed in (0, 1)}
        decisions[run] = {("head", 0): missing(missed), ("head", 1): missing(8)}
    rows = pairwise_tests.rows(decisions, pairs(decisions))
    adjusted = {row.cell: (row.attack.p, row.attack.p_holm) for row in rows if row.seed == 0}
    assert adjusted == {"oci_m": (2 / 2**6, 2 * 2 / 2**6), "ocm_i": (2 / 2**7, 3 * 2 / 2**7), "omi_c": (1.0, 1.0)}
    assert {row.attack.p_holm for row in rows if row.seed == 1} == {3 * 2 / 2**8}


def test_an_undefined_p_is_none() -> None:
    decisions = {
        A: {("head", 0): Decisions(IDS, LABELS, LABELS, LABELS * 1.0)},
        B: {("head", 0): Decisions(IDS, LABELS, 1 - LABELS, 1.0 - LABELS)},
    }
    (row,) = pairwise_tests.rows(decisions, pairs(decisions))
    assert row.auc == AucTest(-1.0, None, None)


def test_runs_judged_on_different_videos_are_named() -> None:
    decisions = {
        A: {("api", 0): missing(0, scores=False)},
        B: {("api", 0): Decisions(IDS[::-1], LABELS, LABELS, None)},
    }
    with pytest.raises(MetricError, match="oci_m, api: b and a were judged on different videos"):
        pairwise_tests.rows(decisions, pairs(decisions))


def test_a_score_at_the_threshold_is_an_attack() -> None:
    columns = Columns(IDS[:3], LABELS[:3], IDS[:3], IDS[:3], IDS[:3], np.array([0.4, 0.5, 0.6]))
    assert pairwise_tests.of_scores(columns, 0.5).decided.tolist() == [0, 1, 1]
    assert pairwise_tests.of_verdicts(columns).scores is None


def test_without_runs_there_are_no_rows() -> None:
    assert pairwise_tests.rows({}, []) == []


def test_no_model_is_imported() -> None:
    modules = layout.closure("fasrepro.evaluation.pairwise_tests")
    assert "fasrepro.evaluation.inference" in modules
    assert not {name.split(".")[0] for module in modules for name in layout.imported(module)} & {"torch", "transformers"}
