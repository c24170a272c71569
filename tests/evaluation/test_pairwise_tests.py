"""The descriptive tests by hand and against slower computations; over which cells they are adjusted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fasrepro.evaluation import metrics, pairwise_tests, roc
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

FOUR = [1, 1, 0, 0]
# Few distinct scores, so that there are ties.
ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6), st.integers(0, 6)), max_size=20).map(
    lambda rows: [*rows, (0, 1, 2), (0, 3, 3), (1, 2, 5), (1, 4, 3)]
)


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


def columns(rows: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    labels, a, b = np.array(rows).T
    return labels, a / 6, b / 6


def by_pairs(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the placement values of attacks and of bona fide rows, by comparing every two."""
    wins = np.array([[float(x > y) + 0.5 * float(x == y) for y in scores[labels == 0]] for x in scores[labels == 1]])
    return wins.mean(axis=1), wins.mean(axis=0)


def test_delong_by_hand() -> None:
    # a: the lower attack scores below one bona fide row, AUC 3/4. b: none does, AUC 1. The placements differ by 0 and -1/2 among
    # the attacks, by -1/2 and 0 among the bona fide rows: both variances are 1/8, each over two rows.
    test = pairwise_tests.delong(FOUR, [0.8, 0.4, 0.6, 0.2], [0.8, 0.7, 0.6, 0.2])
    assert test.difference == -0.25
    assert test.error == pytest.approx(math.sqrt(1 / 8 / 2 + 1 / 8 / 2))
    assert test.p == pytest.approx(0.479500, abs=1e-6)  # z = -1 / sqrt(2)


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_delong_equals_a_comparison_of_every_two_rows(rows: list[tuple[int, int, int]]) -> None:
    labels, a, b = columns(rows)
    placed = [np.stack(pair) for pair in zip(by_pairs(labels, a), by_pairs(labels, b), strict=True)]  # (2 runs, rows of a label)
    sigma = sum(np.cov(values) / values.shape[1] for values in placed)
    contrast = np.array([1, -1])
    test = pairwise_tests.delong(labels, a, b)
    assert test.difference == pytest.approx(contrast @ placed[0].mean(axis=1), abs=1e-12)
    assert test.difference == pytest.approx(metrics.auc(labels, a) - metrics.auc(labels, b), abs=1e-12)
    assert test.error == pytest.approx(math.sqrt(max(contrast @ sigma @ contrast, 0)), abs=1e-8)


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_swapping_the_runs_changes_signs_and_keeps_p(rows: list[tuple[int, int, int]]) -> None:
    labels, a, b = columns(rows)
    ours, theirs = pairwise_tests.delong(labels, a, b), pairwise_tests.delong(labels, b, a)
    assert (ours.difference, ours.error) == (-theirs.difference, theirs.error)
    assert ours.p == theirs.p or (math.isnan(ours.p) and math.isnan(theirs.p))
    decided = [(scores >= 0.5).astype(int) for scores in (a, b)]
    first, second = pairwise_tests.mcnemar(labels, *decided), pairwise_tests.mcnemar(labels, *decided[::-1])
    for group, test in first.items():
        assert (test.only_a, test.only_b, test.p) == (second[group].only_b, second[group].only_a, second[group].p)


def correlated(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return labels and two runs' scores that share half of their noise, the first a little better."""
    random = np.random.default_rng(3)
    labels = np.tile([0, 1], rows)
    shared = random.normal(0, 1, 2 * rows)
    a, b = (stats.norm.cdf(shift * labels + shared + random.normal(0, 1, 2 * rows)) for shift in (1.1, 1.0))
    return labels, a, b


def test_delong_agrees_with_a_permutation_test() -> None:
    labels, a, b = correlated(60)
    test, random = pairwise_tests.delong(labels, a, b), np.random.default_rng(4)
    many = []
    for _ in range(1000):
        swapped = random.random(len(labels)) < 0.5
        first, second = np.where(swapped, b, a), np.where(swapped, a, b)
        many.append(metrics.auc(labels, first) - metrics.auc(labels, second))
    assert 0.05 < test.p < 0.9  # where the two could differ
    assert test.p == pytest.approx(np.mean(np.abs(many) >= abs(test.difference)), abs=0.04)


def test_delongs_error_agrees_with_a_bootstrap_of_rows() -> None:
    labels, a, b = correlated(60)
    weights, random = np.zeros((2000, len(labels))), np.random.default_rng(5)
    for label in (0, 1):
        rows = np.flatnonzero(labels == label)
        weights[:, rows] = random.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=len(weights))
    many = roc.curve(labels, a, weights).auc - roc.curve(labels, b, weights).auc
    assert pairwise_tests.delong(labels, a, b).error == pytest.approx(many.std(), rel=0.1)


@pytest.mark.parametrize("other", [[0.8, 0.4, 0.6, 0.2], [0.9, 0.5, 0.7, 0.1]], ids=["the same scores", "the same order"])
def test_runs_with_the_same_order_have_a_p_of_one(other: list[float]) -> None:
    assert pairwise_tests.delong(FOUR, [0.8, 0.4, 0.6, 0.2], other) == pairwise_tests.AucDifference(0.0, 0.0, 1.0)


def test_without_spread_p_is_nan_and_not_zero() -> None:
    # One run separates, the other has every attack below every bona fide row: each row moves by as much as all of its label.
    test = pairwise_tests.delong(FOUR, [0.8, 0.9, 0.1, 0.2], [0.1, 0.2, 0.8, 0.9])
    assert (test.difference, test.error) == (1.0, 0.0)
    assert math.isnan(test.p)
    alone = pairwise_tests.delong([1, 0, 0], [0.5, 0.4, 0.6], [0.7, 0.4, 0.6])
    assert alone.difference == -0.5
    assert math.isnan(alone.error)
    assert math.isnan(alone.p)


def test_delong_refuses_rows_that_it_cannot_rank() -> None:
    with pytest.raises(MetricError, match="no attack rows"):
        pairwise_tests.delong([0, 0], [0.1, 0.2], [0.1, 0.2])
    with pytest.raises(MetricError, match=r"second run: score 1\.5 in row 0"):
        pairwise_tests.delong([0, 1], [0.1, 0.2], [1.5, 0.2])


def test_mcnemar_by_hand() -> None:
    # Attacks: a alone is right in one, b alone in six, both in two, none in one. Bona fide: a alone in two, both in one.
    labels = [1] * 10 + [0] * 3
    a = [1] + [0] * 6 + [1, 1, 0] + [0, 0, 0]
    b = [0] + [1] * 6 + [1, 1, 0] + [1, 1, 0]
    groups = pairwise_tests.mcnemar(labels, a, b)
    assert groups["attack"] == pairwise_tests.Discordant(1, 6, pytest.approx(2 * (1 + 7) / 2**7))
    assert groups["bona_fide"] == pairwise_tests.Discordant(2, 0, pytest.approx(2 / 2**2))
    assert groups["all"] == pairwise_tests.Discordant(3, 6, pytest.approx(stats.binomtest(3, 9, 0.5).pvalue))


def test_an_undecided_verdict_is_never_correct() -> None:
    groups = pairwise_tests.mcnemar([1, 0, 1, 0], [-1, -1, 1, 0], [1, 0, -1, -1])
    assert groups["bona_fide"] == groups["attack"] == pairwise_tests.Discordant(1, 1, 1.0)
    assert pairwise_tests.mcnemar([1, 0], [-1, -1], [0, 1])["all"] == pairwise_tests.Discordant(0, 0, 1.0)


def test_mcnemar_refuses_values_that_are_no_decision() -> None:
    with pytest.raises(MetricError, match="decisions must be 0, 1 or -1"):
        pairwise_tests.mcnemar([0, 1], [0, 1], [0, 2])
    with pytest.raises(MetricError, match="one for each of 2 rows"):
        pairwise_tests.mcnemar([0, 1], [0, 1, 1], [0, 1, 1])
    with pytest.raises(MetricError, match="no bona fide rows"):
        pairwise_tests.mcnemar([1, 1], [0, 1], [0, 1])
