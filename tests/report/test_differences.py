"""A pair of runs is stored once, and read in either direction."""

from __future__ import annotations

import dataclasses

from fasrepro.evaluation.results import Figure
from fasrepro.report import differences
from tests.report.samples import difference, mean_difference

ROW = difference("oci_m", -0.5, 0.75, run="b", baseline="a", difference=0.25)


def test_flipping_swaps_runs_signs_and_bounds() -> None:
    row = dataclasses.replace(ROW, baseline_value=0.5)
    wanted = dataclasses.replace(row, run="a", baseline="b", difference=-0.25, low=-0.75, high=0.5, baseline_value=0.75)
    assert differences.flipped(row) == wanted
    assert differences.flipped(wanted) == row


def test_flipping_a_mean_swaps_its_interval_over_targets() -> None:
    mean = mean_difference(["oci_m", "oci_w"], 0.0, 0.5, over_targets=Figure(0.25, -1.0, 1.5))
    assert differences.flipped(mean).over_targets == Figure(-0.25, -1.5, 1.0)


def test_flipping_keeps_a_missing_interval_and_gives_zero_no_sign() -> None:
    flipped = differences.flipped(dataclasses.replace(ROW, difference=0.0, low=None, high=None))
    assert (flipped.low, flipped.high) == (None, None)
    assert f"{flipped.difference:+.3f}" == "+0.000"


def test_oriented_returns_only_rows_of_the_two_runs() -> None:
    rows = [ROW, dataclasses.replace(ROW, run="c"), dataclasses.replace(ROW, run="c", baseline="b")]
    assert differences.oriented(rows, "b", "a") == [ROW]
    assert differences.oriented(rows, "a", "b") == [differences.flipped(ROW)]
    assert differences.oriented(rows, "a", "a") == []


def test_a_row_names_its_cells_and_targets() -> None:
    mean = mean_difference(["oci_m", "oci_w"], 0.1, 0.2)
    assert differences.cells_of(ROW) == ["oci_m"] and differences.targets_of(ROW) == ["msu"]
    assert differences.cells_of(mean) == ["oci_m", "oci_w"] and differences.targets_of(mean) == ["msu", "siw_mv2"]
