"""The verdict's test by hand, its components where people or trainings are shared, and its error rate under a null."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fasrepro.evaluation import inference
from fasrepro.evaluation.inference import Component, MeanDifference, TargetDifference, mean_difference
from fasrepro.evaluation.metrics import MetricError

P_VALUES = st.lists(st.floats(0, 1), max_size=8)


def on_target(people: str, training_set: str, values: list[list[float]], subjects: str = "") -> TargetDifference:
    """Return differences by seed and subject; subjects are named by letters."""
    array = np.array(values)
    return TargetDifference(people, training_set, list(subjects or "abcdefgh"[: array.shape[1]]), array)


def parts(difference: MeanDifference) -> dict[tuple[str, str], tuple[float, float]]:
    return {(one.kind, one.name): (pytest.approx(one.variance), one.degrees) for one in difference.components}


def test_one_target_by_hand() -> None:
    # By subject 0.1 and 0.3, so a variance of 0.02 over two; by seed 0.1, 0.2 and 0.3, so one of 0.01 over three.
    difference = mean_difference([on_target("msu", "oci_m", [[0.0, 0.2], [0.1, 0.3], [0.2, 0.4]])])
    assert difference.value == pytest.approx(0.2)
    assert parts(difference) == {("people", "msu"): (0.02 / 2, 1), ("trainings", "oci_m"): (0.01 / 3, 2)}
    variance = 0.02 / 2 + 0.01 / 3
    assert difference.error == pytest.approx(math.sqrt(variance))
    assert difference.degrees == pytest.approx(variance**2 / (0.01**2 / 1 + (0.01 / 3) ** 2 / 2))
    t = 0.2 / difference.error
    assert difference.p == pytest.approx(2 * stats.t.sf(t, difference.degrees))
    low, high = difference.interval(0.95) or (0, 0)
    half = stats.t.ppf(0.975, difference.degrees) * difference.error
    assert (low, high) == (pytest.approx(0.2 - half), pytest.approx(0.2 + half))


def test_three_seeds_alone_are_judged_by_two_degrees_of_freedom() -> None:
    # Without spread between subjects, differences of -0.01, -0.02 and -0.03: t = -3.46 with 2 degrees of freedom.
    difference = mean_difference([on_target("msu", "oci_m", [[-0.01] * 9, [-0.02] * 9, [-0.03] * 9], "abcdefghi")])
    assert difference.p == pytest.approx(0.0742, abs=1e-4)


def test_people_that_targets_share_vary_together() -> None:
    values = [[0.0, 0.4]]
    shared = mean_difference([on_target("siw_mv2", protocol, values) for protocol in ("oci_m", "ocm_i")])
    apart = mean_difference([on_target(people, people, values) for people in ("msu", "casia")])
    assert parts(shared) == {("people", "siw_mv2"): (0.08 / 2, 1)}  # as on one target: a second one shows no other people
    assert parts(apart) == {("people", "msu"): (0.08 / 2 / 4, 1), ("people", "casia"): (0.08 / 2 / 4, 1)}


def test_people_are_shared_by_name_where_targets_show_different_ones() -> None:
    pair = [on_target("siw_mv2", "oci_m", [[0.0, 0.4]], "ab"), on_target("siw_mv2", "ocm_i", [[0.0, 0.4]], "bc")]
    # Each deviates by 0.2 / (2 subjects x 2 targets); b is low in one and high in the other. Over three people.
    assert parts(mean_difference(pair)) == {("people", "siw_mv2"): (3 / 2 * (0.05**2 + 0.0 + 0.05**2), 2)}


def test_trainings_that_targets_share_vary_together() -> None:
    seeds = [[0.0], [0.2]]
    shared = mean_difference([on_target(people, "one_to_eleven", seeds) for people in ("msu", "casia")])
    apart = mean_difference([on_target(people, people, seeds) for people in ("msu", "casia")])
    assert parts(shared) == {("trainings", "one_to_eleven"): (0.02 / 2, 1)}
    assert sum(one.variance for one in apart.components) == pytest.approx(0.02 / 2 / 2)


def test_dev_people_add_their_component() -> None:
    component = Component(inference.DEV_PEOPLE, "sources", 0.03, 4)
    difference = mean_difference([on_target("msu", "oci_m", [[0.0, 0.2]])], component)
    assert difference.error == pytest.approx(math.sqrt(0.02 / 2 + 0.03))


def test_without_variation_nothing_is_tested() -> None:
    for values in ([[0.1]], [[0.1, 0.1], [0.1, 0.1]]):
        difference = mean_difference([on_target("msu", "oci_m", values)])
        assert difference.error == 0
        assert math.isnan(difference.p) and math.isnan(difference.degrees)
        assert difference.interval(0.95) is None


def test_malformed_differences_are_refused() -> None:
    with pytest.raises(MetricError, match="at least one target"):
        mean_difference([])
    with pytest.raises(MetricError, match="for 3 subjects"):
        mean_difference([on_target("msu", "oci_m", [[0.1, 0.2]], "abc")])
    with pytest.raises(MetricError, match="one_to_eleven: its targets have unequal numbers of seeds"):
        mean_difference([on_target("msu", "one_to_eleven", [[0.1]]), on_target("casia", "one_to_eleven", [[0.1], [0.2]])])


@pytest.mark.parametrize("shared", ["people", "trainings"])
def test_a_null_is_called_a_difference_in_five_of_a_hundred_cases(shared: str) -> None:
    """Four targets that share either their people or their training, which is also all that varies."""
    random = np.random.default_rng(7)
    rejected = 0
    for _ in range(400):
        people, trainings = random.normal(0, 1, (2, 12)), random.normal(0, 1, (2, 5))
        effect = (people[0] - people[1])[None, :] if shared == "people" else (trainings[0] - trainings[1])[:, None]
        targets = []
        for number in range(4):
            values = effect + random.normal(0, 0.2, (5, 12))
            names = ("siw_mv2", f"protocol {number}") if shared == "people" else (f"target {number}", "one_to_eleven")
            targets.append(TargetDifference(*names, range(12), values))
        rejected += mean_difference(targets).p < 0.05
    assert 0.02 < rejected / 400 < 0.09  # four standard errors on either side


def test_the_mean_of_draws_by_hand() -> None:
    error, degrees = inference.of_draws([0.1, 0.2, 0.3]) or (0, 0)
    assert (error, degrees) == (pytest.approx(0.1 / math.sqrt(3)), 2)
    low, high = inference.over_draws([0.1, 0.2, 0.3], 0.95) or (0, 0)
    assert (low, high) == (pytest.approx(0.2 - 4.302653 * error), pytest.approx(0.2 + 4.302653 * error))
    assert inference.of_draws([0.1]) is None and inference.over_draws([0.1], 0.95) is None
    assert inference.over_draws([0.1, 0.1], 0.95) is None


def test_detectable_by_hand() -> None:
    # Quantiles of Student's t with 4 degrees of freedom: 2.776445 and 0.940965.
    assert inference.detectable(0.5, 4, 0.95) == pytest.approx((2.776445 + 0.940965) * 0.5, rel=1e-6)
    assert math.isnan(inference.detectable(0.0, math.nan, 0.95))


def test_a_detectable_difference_is_detected_with_its_power() -> None:
    random, error, degrees = np.random.default_rng(1), 0.05, 6
    truth = inference.detectable(error, degrees, 0.95, 0.8)
    estimates = random.normal(truth, error, 5000)
    errors = error * np.sqrt(random.chisquare(degrees, 5000) / degrees)
    assert (estimates / errors > stats.t.ppf(0.975, degrees)).mean() == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(("confidence", "power"), [(1.0, 0.8), (0.95, 0.0), (95, 0.8)])
def test_confidence_and_power_must_be_shares(confidence: float, power: float) -> None:
    with pytest.raises(MetricError, match="between 0 and 1"):
        inference.detectable(0.1, 3, confidence, power)


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
