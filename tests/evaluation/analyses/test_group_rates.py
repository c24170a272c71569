"""Rates and gaps of groups: by hand, on people of whom every figure can be checked, and against the truth in simulation."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from fasrepro.evaluation import inference
from fasrepro.evaluation.analyses import group_rates
from fasrepro.evaluation.analyses.group_rates import Decisions, Mask
from fasrepro.evaluation.results import Cell
from fasrepro.evaluation.results.fairness import Compared

CONFIDENCE = 0.95


def decisions(
    people: Sequence[str], groups: Sequence[str], wrong: Sequence[Sequence[float]], target: str = "msu", protocol: str = "oci_m"
) -> Decisions:
    """Return bona fide rows; `wrong`: by seed. Other dev people change nothing."""
    values = np.array(wrong, float)
    return Decisions(
        Cell(protocol, "vanilla", target, protocol),
        np.zeros(len(people), int),
        np.array([f"{target}/{name}" for name in people]),
        {"age": np.array(groups)},
        values,
        np.repeat(values[:, None], 3, axis=1),
        dev_people=5,
    )


def group(name: str) -> Mask:
    return lambda cell: cell.groups["age"] == name


def gap_of(*cells: Decisions) -> Compared:
    return group_rates.compared(group_rates.gap(cells, "bpcer", group("old"), group("young")), CONFIDENCE)


# Two old people with an error in 1 of 2 and 2 of 2 videos, and three young ones with 1, 0 and 0 errors in 1 video each.
OLD_AND_YOUNG = decisions("aabbcde", ["old"] * 4 + ["young"] * 3, [[1, 0, 1, 1, 1, 0, 0]])


def test_a_rate_and_its_variance_by_hand() -> None:
    figure = group_rates.rate([OLD_AND_YOUNG], "bpcer", group("old"))
    result = group_rates.measured(figure)
    assert result.value == 0.75
    # a moves the rate by (1 - 2 * 0.75) / 4 = -0.125, b by as much upwards; with two people the sum of squares doubles.
    assert result.error**2 == pytest.approx(2 / 1 * 2 * 0.125**2)
    assert result.degrees == 1


def test_a_gap_and_its_variance_by_hand() -> None:
    gap = gap_of(OLD_AND_YOUNG)
    assert gap.value == pytest.approx(0.75 - 1 / 3)
    moved = [-0.125, 0.125, -2 / 9, 1 / 9, 1 / 9]  # of the young, (wrong - 1/3) / 3 with the other sign
    error = np.sqrt(2 / 1 * np.square(moved).sum())
    assert (gap.error, gap.degrees, gap.subjects) == (pytest.approx(error), 1, 2)
    assert gap.low == pytest.approx(gap.value - 12.706 * error, abs=1e-3)
    assert gap.detectable == pytest.approx(inference.detectable(error, 1, CONFIDENCE))


def test_a_gap_is_taken_inside_each_target() -> None:
    """Old people are frequent where everybody errs: the rates differ, and no gap is inside either target."""
    hard = decisions("abcdef", ["old"] * 4 + ["young"] * 2, [[1, 1, 1, 1, 1, 1]])
    easy = decisions("abcdef", ["old"] * 2 + ["young"] * 4, [[0, 0, 0, 0, 0, 0]], "casia", "omi_c")
    rates = [group_rates.measured(group_rates.rate([hard, easy], "bpcer", group(name))).value for name in ("old", "young")]
    assert rates == pytest.approx([4 / 6, 2 / 6])
    assert gap_of(hard, easy).value == 0.0


def test_targets_weigh_by_the_people_of_both_sides() -> None:
    first = decisions("abcd", ["old", "old", "young", "young"], [[1, 1, 0, 0]])  # gap 1, weight 1 / (1/2 + 1/2) = 1
    second = decisions("abcdefgh", ["old"] * 4 + ["young"] * 4, [[0] * 8], "casia", "omi_c")  # gap 0, weight 2
    assert gap_of(first, second).value == pytest.approx(1 / 3)


def test_a_target_with_one_person_on_a_side_is_omitted() -> None:
    alone = decisions("abc", ["old", "young", "young"], [[1, 0, 0]], "casia", "omi_c")
    assert gap_of(OLD_AND_YOUNG, alone) == gap_of(OLD_AND_YOUNG)
    assert gap_of(alone) == Compared(None, None, None, None, None, None, 0)


def test_one_person_or_no_error_has_no_interval_of_a_gap() -> None:
    none = decisions("abcd", ["old", "old", "young", "young"], [[0, 0, 0, 0]])
    assert gap_of(none) == Compared(0.0, None, None, None, None, None, 2)
    one = group_rates.rate([decisions("aa", ["old", "old"], [[1, 0]])], "bpcer", group("old"))
    assert dataclasses.astuple(group_rates.rate_figure(one, CONFIDENCE)) == (0.5, None, None)


def test_a_group_without_an_error_is_not_called_free_of_errors() -> None:
    """The bounds are those of as many rows as there are people: with three, an error rate of 0.7 may pass unseen."""
    figure = group_rates.rate([decisions("aabbcc", ["old"] * 6, [[0] * 6])], "bpcer", group("old"))
    bounds = group_rates.rate_figure(figure, CONFIDENCE)
    assert (bounds.value, bounds.low) == (0.0, 0.0)
    assert bounds.high == pytest.approx(1 - 0.025 ** (1 / 3))


def test_a_group_without_rows_of_a_label_has_no_rate() -> None:
    assert group_rates.rate([OLD_AND_YOUNG], "apcer", group("old")) is None
    assert group_rates.rate([OLD_AND_YOUNG], "hter", group("old")) is None
    assert dataclasses.astuple(group_rates.rate_figure(None, CONFIDENCE)) == (None, None, None)


def test_seeds_and_dev_people_widen_a_gap() -> None:
    seeds = decisions("abcd", ["old", "old", "young", "young"], [[1, 0, 0, 0], [1, 1, 0, 0]])
    kinds = {one.kind: one.variance for one in group_rates.measured(_gap(seeds)).components}
    assert kinds[inference.TRAININGS] == pytest.approx(np.var([0.5, 1.0], ddof=1) / 2)
    redrawn = np.stack([seeds.wrong * 0, seeds.wrong], axis=1)  # gaps of 0 and 0.75, means over seeds
    kinds = {one.kind: one.variance for one in group_rates.measured(_gap(dataclasses.replace(seeds, redrawn=redrawn))).components}
    assert kinds[inference.DEV_PEOPLE] == pytest.approx(np.var([0.0, 0.75], ddof=1))


def _gap(cell: Decisions) -> group_rates.Weighted:
    figure = group_rates.gap([cell], "bpcer", group("old"), group("young"))
    assert figure is not None
    return figure


def test_intervals_hold_the_truth_and_gaps_are_rarely_called_where_there_is_none() -> None:
    """Two targets with few people, each with an error rate of their own, in 400 worlds; nominal are 95 and 5 of 100."""
    random = np.random.default_rng(7)
    held = called = 0
    for _ in range(400):
        cells = []
        for target, protocol in (("msu", "oci_m"), ("casia", "omi_c")):
            rates = random.beta(1.2, 2.8, size=8)  # mean 0.3
            wrong = random.random((8, 3)) < rates[:, None]
            groups = np.repeat(["old"] * 3 + ["young"] * 5, 3).tolist()
            cells.append(decisions(np.repeat(list("abcdefgh"), 3).tolist(), groups, [wrong.ravel()], target, protocol))
        rate = group_rates.rate_figure(group_rates.rate(cells, "bpcer", group("old")), CONFIDENCE)
        held += rate.low <= 0.3 <= rate.high
        gap = gap_of(*cells)
        called += gap.low is not None and not gap.low <= 0 <= gap.high
    assert held / 400 >= 0.93
    assert called / 400 <= 0.07
