"""Shares of pairs in order, by hand: means over cues, paired differences, and intervals over people and seeds."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fasrepro.evaluation.analyses import pair_gains
from fasrepro.evaluation.analyses.pair_orders import PairOrders
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results.pair_gains import difference

CUES = np.array(["moire", "moire", "moire", "moire", "glare", "glare"])
PEOPLE = np.array(["a", "b", "c", "d", "a", "b"])
HALF = [1.0, 1.0, 0.0, 0.0, 1.0, 0.0]
ALL = [1.0] * 6
PLACE = ("two_to_eleven", "cepl")


def orders(foundation: list[float], trained: list[float]) -> PairOrders:
    return PairOrders(CUES, PEOPLE, np.array([foundation, trained]))


def test_each_cue_weighs_the_same() -> None:
    """Of moire all four pairs are in order, of glare one of two: (1 + 1/2) / 2, not 5/6."""
    assert pair_gains.mean_over_cues(np.array([1, 1, 1, 1, 1, 0]), CUES) == 0.75


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=6, max_size=6))
def test_contributions_average_to_the_mean_over_cues(values: list[float]) -> None:
    own = pair_gains.contributions(np.array(values), CUES, np.unique(PEOPLE, return_inverse=True)[1])
    assert own.shape == (4,)
    assert own.mean() == pytest.approx(pair_gains.mean_over_cues(np.array(values), CUES))


def test_one_seed_has_an_interval_over_people() -> None:
    """Of one cue with a pair a person the changes are 0, 0, 1, 1: a mean of 1/2 with the usual standard error."""
    entry = pair_gains.against_foundation(*PLACE, {0: orders(HALF, ALL)}, 0.95)
    assert (entry.pairs, entry.subjects, entry.seeds) == (6, 4, [0])
    assert (entry.mean.baseline, entry.mean.run, entry.mean.change.value) == (0.5, 1.0, 0.5)
    moire = entry.by_cue["moire"]
    half = stats.t.ppf(0.975, 3) * np.std([0, 0, 1, 1], ddof=1) / 2
    assert (moire.change.low, moire.change.high) == pytest.approx((0.5 - half, 0.5 + half))


def test_seeds_widen_the_interval() -> None:
    same = {0: orders(HALF, ALL), 1: orders(HALF, ALL)}
    other = same | {1: orders(HALF, HALF)}
    first, second = (pair_gains.against_foundation(*PLACE, by_seed, 0.95).mean.change for by_seed in (same, other))
    assert second.value == 0.25
    assert second.high - second.low > first.high - first.low


def test_an_encoder_that_was_not_changed_gains_nothing_and_has_no_interval() -> None:
    change = pair_gains.against_foundation(*PLACE, {0: orders(HALF, HALF)}, 0.95).mean.change
    assert (change.value, change.low, change.high) == (0.0, None, None)


def test_runs_are_compared_by_pair_on_the_seeds_that_both_have() -> None:
    runs = {
        ("two_to_eleven", "cepl"): {0: orders(HALF, ALL), 1: orders(HALF, HALF)},
        ("two_to_eleven", "label_two_stage"): {0: orders(HALF, HALF)},
        ("one_to_eleven", "cepl"): {0: orders(HALF, ALL)},
    }
    gains = pair_gains.summarise(runs, 0.95)
    assert list(gains.cells) == ["two_to_eleven-cepl", "two_to_eleven-label_two_stage", "one_to_eleven-cepl"]
    (kept,) = gains.differences
    assert kept.seeds == [0]
    one = difference(gains, "two_to_eleven", "cepl", "label_two_stage")
    other = difference(gains, "two_to_eleven", "label_two_stage", "cepl")
    assert one is not None and other is not None
    assert (one.mean.baseline, one.mean.run, one.mean.change.value, other.mean.change.value) == (0.5, 1.0, 0.5, -0.5)
    assert (one.mean.change.low, one.mean.change.high) == (-other.mean.change.high, -other.mean.change.low)
    assert difference(gains, "one_to_eleven", "cepl", "label_two_stage") is None


def test_runs_without_a_seed_in_common_are_not_compared() -> None:
    assert pair_gains.between_runs("p", ("a", {0: orders(HALF, ALL)}), ("b", {1: orders(HALF, ALL)}), 0.95) is None


def test_runs_that_were_asked_about_different_pairs_are_refused() -> None:
    other = dataclasses.replace(orders(HALF, ALL), subjects=PEOPLE[::-1])
    with pytest.raises(MetricError, match="p: a and b were asked about different pairs"):
        pair_gains.between_runs("p", ("a", {0: orders(HALF, ALL)}), ("b", {0: other}), 0.95)
