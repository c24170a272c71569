"""Which runs are compared, and what a mean over cells counts, on estimates made by hand."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import pytest

from fasrepro.evaluation import differences
from fasrepro.evaluation.differences import pairs
from fasrepro.evaluation.estimates import Estimate, Estimates
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import Cell, Counts
from fasrepro.evaluation.results.metrics import CellDifference, MeanDifference


def cell(name: str, run: str) -> Cell:
    return Cell(f"protocol of {name}", run, f"target of {name}", name)


def estimates(value: float, people: list[str], metrics: tuple[str, ...] = ("hter_dev",)) -> Estimates:
    """Return a head's estimates on two videos of each of `people`, to whose figures everybody contributes `value`."""
    ids = np.array([f"{person}/{number}" for person in people for number in range(2)])
    contributed = {0: {name: np.full(len(people), value) for name in metrics}}
    counts = Counts(bona_fide=len(people), attack=len(people), subjects=len(people))
    species = np.tile(["bona_fide", "print"], len(people))
    redrawn = {0: np.full(4, value)}
    estimate = Estimate(ids, np.repeat(people, 2), species, counts, {}, contributed, redrawn)
    return {("head", level): estimate for level in ("video", "frame")}


def compared(
    runs: dict[Cell, Estimates], pools: Mapping[str, Hashable] | None = None, fewest: int = 5
) -> tuple[list[CellDifference], list[MeanDifference]]:
    """Return the differences and their means; by default all cells are of one pool."""
    pools = pools or {cell.cell: 0 for cell in runs}
    return differences.differences(runs, dict.fromkeys(runs, fewest), pools, 0.95)


def two_runs(values: dict[str, float]) -> dict[Cell, Estimates]:
    """Return run "b", which has these values on these cells, and run "a", which has 0."""
    return {cell(name, run): estimates(v, ["x", "y"]) for name, value in values.items() for run, v in (("a", 0.0), ("b", value))}


def test_every_pair_of_runs_is_compared_once_in_alphabetical_order() -> None:
    runs = {cell("oci_m", run): estimates(value, ["x", "y"]) for run, value in (("wide", 0.5), ("narrow", 0.25))}
    rows, means = compared(runs)
    assert [(row.run, row.baseline, row.difference, row.level) for row in rows] == [
        ("wide", "narrow", 0.25, "video"),
        ("wide", "narrow", 0.25, "frame"),
    ]
    assert means == []


def test_only_runs_of_one_cell_are_paired() -> None:
    cells = [cell("m", "b"), cell("m", "a"), cell("i", "c"), cell("m", "c"), cell("i", "a"), cell("c", "a")]
    assert [(run.cell, run.run, baseline.run) for run, baseline in pairs(cells)] == [
        ("m", "b", "a"),
        ("m", "c", "a"),
        ("m", "c", "b"),
        ("i", "c", "a"),
    ]
    assert pairs([]) == []


def test_a_difference_has_its_error_and_what_it_rests_on() -> None:
    runs = {cell("oci_m", run): estimates(0.25, ["x", "y"]) for run in "ab"}
    for level in ("video", "frame"):
        estimate = runs[cell("oci_m", "b")]["head", level]
        estimate.contributions[0]["hter_dev"] = np.array([0.25, 0.75])
        estimate.redrawn[0] = 0.25 + np.array([0.0, 0.2, 0.0, 0.2])
    (row, _), means = compared(runs, fewest=3)
    # b minus a: 0 and 0.5 by subject, so a variance of 0.125 over two; with other dev people 0 or 0.2, so one of 0.04 / 3.
    assert (row.difference, row.baseline_value, row.seeds, row.subjects, row.training_sets) == (0.25, 0.25, 1, 2, 1)
    assert row.error == pytest.approx((0.125 / 2 + 0.04 / 3) ** 0.5)
    assert row.variance == {
        "people": pytest.approx(0.0625 / (0.0625 + 0.04 / 3)),
        "dev people": pytest.approx(0.04 / 3 / (0.0625 + 0.04 / 3)),
    }
    assert row.degrees == pytest.approx((0.0625 + 0.04 / 3) ** 2 / (0.0625**2 / 1 + (0.04 / 3) ** 2 / 2))
    assert row.low is not None and row.high is not None and row.low < 0 < row.high
    assert means == []


def test_one_dev_person_cannot_be_drawn_again() -> None:
    runs = two_runs({"oci_m": 0.5})
    runs[cell("oci_m", "b")]["head", "video"].redrawn[0] = np.array([0.0, 0.4, 0.0, 0.4])
    assert {row.error is None for row in compared(runs, fewest=1)[0]} == {True}
    assert compared(runs, fewest=2)[0][0].variance == {"dev people": 1.0}


def test_only_the_dev_threshold_depends_on_dev_people() -> None:
    runs = {cell("oci_m", run): estimates(0.5, ["x", "y"], ("auc",)) for run in "ab"}
    runs[cell("oci_m", "b")]["head", "video"].redrawn[0] = np.array([0.0, 0.4, 0.0, 0.4])
    assert {row.error for row in compared(runs)[0]} == {None}


def test_drawn_dev_people_are_the_same_in_every_cell_of_a_mean() -> None:
    runs = two_runs({"oci_m": 0.5, "ocm_i": 0.5})
    for name, draws in (("oci_m", [0.0, 0.4, 0.0, 0.4]), ("ocm_i", [0.4, 0.0, 0.4, 0.0])):
        runs[cell(name, "b")]["head", "video"].redrawn[0] = np.array(draws)
    rows, means = compared(runs)
    assert [row.error is not None for row in rows if row.level == "video"] == [True, True]
    assert {mean.error for mean in means} == {None}  # what one gains, the other loses


def test_without_spread_there_is_no_interval() -> None:
    rows, _ = compared({cell("oci_m", run): estimates(0.5, ["x", "y"]) for run in "ab"})
    assert {(row.low, row.high, row.error, row.degrees, tuple(row.variance)) for row in rows} == {(None, None, None, None, ())}


def test_a_mean_has_an_interval_over_its_targets() -> None:
    _, means = compared(two_runs({"oci_m": 0.1, "ocm_i": 0.2, "icm_o": 0.3}))
    over = means[0].over_targets
    half = 4.302653 * 0.1 / 3**0.5
    assert (over.value, over.low, over.high) == (pytest.approx(0.2), pytest.approx(0.2 - half), pytest.approx(0.2 + half))


def test_a_figure_that_is_undefined_is_not_compared() -> None:
    runs = two_runs({"oci_m": 0.1})
    runs[cell("oci_m", "a")]["head", "video"].contributions[0]["hter_dev"] = np.full(2, np.nan)
    assert compared(runs) == ([], [])


def test_by_frame_few_metrics_are_compared() -> None:
    metrics = ("hter_dev", "auc", "bpcer", "hter", "undecided")
    runs = {cell("oci_m", run): estimates(0.5, ["x", "y"], metrics) for run in "ab"}
    rows, _ = compared(runs)
    by_level = {level: [row.metric for row in rows if row.level == level] for level in ("video", "frame")}
    assert by_level == {"video": list(metrics), "frame": ["hter_dev", "auc", "hter"]}


@pytest.mark.parametrize(
    ("second", "target", "subjects"),
    [(["m1", "m2", "m3"], "msu", 3), (["m3", "m4"], "msu", 4), (["m1", "m2"], "casia", 5)],
    ids=["the same people", "some of them", "people of another data set"],
)
def test_a_mean_counts_each_subject_once(second: list[str], target: str, subjects: int) -> None:
    cells = {"oci_m": ("msu", ["m1", "m2", "m3"]), "ocw_m": (target, second)}
    runs = {}
    for name, (place, people) in cells.items():
        for run, value in (("a", 0.25), ("b", 0.75)):
            runs[Cell(f"protocol of {name}", run, place, name)] = estimates(value, people)
    _, means = compared(runs)
    (mean,) = [row for row in means if row.level == "video"]
    assert (mean.subjects, mean.difference, mean.cells) == (subjects, 0.5, ["oci_m", "ocw_m"])
    assert mean.protocols == ["protocol of oci_m", "protocol of ocw_m"]
    assert (mean.targets, mean.training_sets, mean.baseline_value) == (["msu", target], 2, 0.25)


def test_each_pool_has_its_own_mean() -> None:
    runs = two_runs({"oci_m": 0.1, "ocm_i": 0.3, "oci_w": 0.5, "ocm_w": 0.9, "mi_c": 0.4})
    pools = {"oci_m": "first", "ocm_i": "first", "oci_w": "second", "ocm_w": "second", "mi_c": "alone"}
    _, means = compared(runs, pools)
    assert [(row.cells, row.difference) for row in means if row.level == "video"] == [
        (["oci_m", "ocm_i"], pytest.approx(0.2)),
        (["oci_w", "ocm_w"], pytest.approx(0.7)),
    ]


def test_runs_without_a_common_seed_are_not_compared() -> None:
    runs = two_runs({"oci_m": 0.1})
    contributed = runs[cell("oci_m", "b")]["head", "video"].contributions  # the frames' too
    contributed[7] = contributed.pop(0)
    assert compared(runs) == ([], [])


def test_runs_judged_on_different_faces_are_refused() -> None:
    runs = {cell("oci_m", "a"): estimates(0.5, ["x", "y"]), cell("oci_m", "b"): estimates(0.5, ["x", "z"])}
    with pytest.raises(MetricError, match="oci_m: two runs were judged on different faces"):
        compared(runs)
