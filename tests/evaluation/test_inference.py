"""The descriptive tests by hand, against slower computations of the same numbers, and their symmetries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fasrepro.evaluation import inference, metrics, roc
from fasrepro.evaluation.metrics import MetricError

LABELS = [1, 1, 0, 0]
# Few distinct scores, so that there are ties.
ROWS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 6), st.integers(0, 6)), max_size=20).map(
    lambda rows: [*rows, (0, 1, 2), (0, 3, 3), (1, 2, 5), (1, 4, 3)]
)
P_VALUES = st.lists(st.floats(0, 1), max_size=8)


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
    test = inference.delong(LABELS, [0.8, 0.4, 0.6, 0.2], [0.8, 0.7, 0.6, 0.2])
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
    test = inference.delong(labels, a, b)
    assert test.difference == pytest.approx(contrast @ placed[0].mean(axis=1), abs=1e-12)
    assert test.difference == pytest.approx(metrics.auc(labels, a) - metrics.auc(labels, b), abs=1e-12)
    assert test.error == pytest.approx(math.sqrt(max(contrast @ sigma @ contrast, 0)), abs=1e-8)


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_swapping_the_runs_changes_signs_and_keeps_p(rows: list[tuple[int, int, int]]) -> None:
    labels, a, b = columns(rows)
    ours, theirs = inference.delong(labels, a, b), inference.delong(labels, b, a)
    assert (ours.difference, ours.error) == (-theirs.difference, theirs.error)
    assert ours.p == theirs.p or (math.isnan(ours.p) and math.isnan(theirs.p))
    decided = [(scores >= 0.5).astype(int) for scores in (a, b)]
    first, second = inference.mcnemar(labels, *decided), inference.mcnemar(labels, *decided[::-1])
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
    test, random = inference.delong(labels, a, b), np.random.default_rng(4)
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
    assert inference.delong(labels, a, b).error == pytest.approx(many.std(), rel=0.1)


@pytest.mark.parametrize("other", [[0.8, 0.4, 0.6, 0.2], [0.9, 0.5, 0.7, 0.1]], ids=["the same scores", "the same order"])
def test_runs_with_the_same_order_have_a_p_of_one(other: list[float]) -> None:
    assert inference.delong(LABELS, [0.8, 0.4, 0.6, 0.2], other) == inference.AucDifference(0.0, 0.0, 1.0)


def test_without_spread_p_is_nan_and_not_zero() -> None:
    # One run separates, the other has every attack below every bona fide row: each row moves by as much as all of its label.
    test = inference.delong(LABELS, [0.8, 0.9, 0.1, 0.2], [0.1, 0.2, 0.8, 0.9])
    assert (test.difference, test.error) == (1.0, 0.0)
    assert math.isnan(test.p)
    alone = inference.delong([1, 0, 0], [0.5, 0.4, 0.6], [0.7, 0.4, 0.6])
    assert alone.difference == -0.5
    assert math.isnan(alone.error)
    assert math.isnan(alone.p)


def test_delong_refuses_rows_that_it_cannot_rank() -> None:
    with pytest.raises(MetricError, match="no attack rows"):
        inference.delong([0, 0], [0.1, 0.2], [0.1, 0.2])
    with pytest.raises(MetricError, match=r"second run: score 1\.5 in row 0"):
        inference.delong([0, 1], [0.1, 0.2], [1.5, 0.2])


def test_mcnemar_by_hand() -> None:
    # Attacks: a alone is right in one, b alone in six, both in two, none in one. Bona fide: a alone in two, both in one.
    labels = [1] * 10 + [0] * 3
    a = [1] + [0] * 6 + [1, 1, 0] + [0, 0, 0]
    b = [0] + [1] * 6 + [1, 1, 0] + [1, 1, 0]
    groups = inference.mcnemar(labels, a, b)
    assert groups["attack"] == inference.Discordant(1, 6, pytest.approx(2 * (1 + 7) / 2**7))
    assert groups["bona_fide"] == inference.Discordant(2, 0, pytest.approx(2 / 2**2))
    assert groups["all"] == inference.Discordant(3, 6, pytest.approx(stats.binomtest(3, 9, 0.5).pvalue))


def test_an_undecided_verdict_is_never_correct() -> None:
    groups = inference.mcnemar([1, 0, 1, 0], [-1, -1, 1, 0], [1, 0, -1, -1])
    assert groups["bona_fide"] == groups["attack"] == inference.Discordant(1, 1, 1.0)
    assert inference.mcnemar([1, 0], [-1, -1], [0, 1])["all"] == inference.Discordant(0, 0, 1.0)


def test_mcnemar_refuses_values_that_are_no_decision() -> None:
    with pytest.raises(MetricError, match="decisions must be 0, 1 or -1"):
        inference.mcnemar([0, 1], [0, 1], [0, 2])
    with pytest.raises(MetricError, match="one for each of 2 rows"):
        inference.mcnemar([0, 1], [0, 1, 1], [0, 1, 1])
    with pytest.raises(MetricError, match="no bona fide rows"):
        inference.mcnemar([1, 1], [0, 1], [0, 1])


def test_holm_by_hand() -> None:
    # In order 0.005 x 4, 0.01 x 3, 0.03 x 2, and 0.04 x 1, which must not fall below the one before.
    assert inference.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert inference.holm([0.9, 0.8]) == [1.0, 1.0]
    assert inference.holm([0.2]) == [0.2]
    assert inference.holm([]) == []


@settings(deadline=None)
@given(P_VALUES)
def test_holm_raises_p_and_keeps_its_order(values: list[float]) -> None:
    adjusted = inference.holm(values)
    assert all(raw <= holm <= 1 for raw, holm in zip(values, adjusted, strict=True))
    in_order = [holm for _, holm in sorted(zip(values, adjusted, strict=True))]
    assert in_order == sorted(in_order)
    assert inference.holm(values[::-1]) == adjusted[::-1]
    assert not values or min(adjusted) == pytest.approx(min(1, len(values) * min(values)))  # the smallest is Bonferroni's


def test_holm_does_not_count_undefined_tests() -> None:
    adjusted = inference.holm([0.01, math.nan, 0.04])
    assert adjusted[::2] == pytest.approx([0.02, 0.04])
    assert math.isnan(adjusted[1])
    with pytest.raises(MetricError, match=r"must be in \[0, 1\]"):
        inference.holm([0.5, 1.5])


def test_detectable_by_hand() -> None:
    # The standard deviation of 0 and 2 is sqrt(2); the quantiles are those of every table of the normal distribution.
    assert inference.detectable([0.0, 2.0], 0.95) == pytest.approx((1.959964 + 0.841621) * math.sqrt(2), rel=1e-6)
    assert inference.detectable([0.0, math.nan, 2.0], 0.9, 0.5) == pytest.approx(1.644854 * math.sqrt(2), rel=1e-6)


@settings(deadline=None)
@given(st.floats(0.01, 0.99))
def test_the_detectable_difference_scales_with_the_spread_alone(share: float) -> None:
    values = np.random.default_rng(0).normal(0.3, 0.1, 200)
    wide = inference.detectable(values, 0.95)
    assert inference.detectable(share * values, 0.95) == pytest.approx(share * wide)
    assert inference.detectable(values + 5, 0.95) == pytest.approx(wide)
    assert inference.detectable(values, 0.95, 0.9) > wide > inference.detectable(values, 0.9)


def test_a_detectable_difference_is_detected_with_its_power() -> None:
    random, error = np.random.default_rng(1), 0.05
    truth = inference.detectable(random.normal(0, error, 5000), 0.95, 0.8)
    estimates = random.normal(truth, error, 5000)
    assert (estimates - stats.norm.ppf(0.975) * error > 0).mean() == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("values", [[], [0.1], [0.1, math.nan], [0.25] * 9, [0.3, 0.1 + 0.2]])
def test_without_spread_the_detectable_difference_is_nan(values: list[float]) -> None:
    assert math.isnan(inference.detectable(values, 0.95))


@pytest.mark.parametrize(("confidence", "power"), [(1.0, 0.8), (0.95, 0.0), (95, 0.8)])
def test_confidence_and_power_must_be_shares(confidence: float, power: float) -> None:
    with pytest.raises(MetricError, match="between 0 and 1"):
        inference.detectable([0.0, 1.0], confidence, power)
