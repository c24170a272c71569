"""This machine against a record: single trainings, and means over them, each with a tolerance of its own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from fasrepro.evaluation.results import Metrics
from fasrepro.report import comparison
from fasrepro.report.recorded import Run
from tests.report.samples import cell_metrics, metrics


def record(given: Metrics, **outputs_md5: str) -> Run:
    return Run("study", "9.9", "a", 0.9, 1.0, 0, {}, {}, {}, given, outputs_md5)


def given(value: float, cells: Sequence[str], seeds: Sequence[int]) -> Metrics:
    return metrics(cells=[cell_metrics(cell, "vanilla", value, seeds) for cell in cells])


def test_only_trainings_of_both_are_compared() -> None:
    rows = comparison.rows(record(given(0.3, ["oci_m", "omi_c"], [0, 1])), given(0.4, ["oci_m", "icm_o"], [1, 2]), {})
    assert {(row.name, row.target) for row in rows} == {("oci_m-vanilla-1", "msu")}
    assert [row.measure for row in rows] == ["hter_dev (head)", "auc (head)", "hter (lexical)"]
    assert [row.difference for row in rows] == [pytest.approx(0.1)] * 3
    assert all(row.is_within for row in rows)  # 0.15 of a single training


def test_a_mean_is_over_all_common_trainings_and_needs_three() -> None:
    here, there = given(0.3, ["oci_m", "omi_c"], [0, 1]), given(0.4, ["oci_m", "omi_c"], [0, 1])
    rows = comparison.rows(record(there), here, {})
    means = [row for row in rows if not row.target]
    assert len(rows) == 4 * 3 + 3
    assert [row.name for row in means] == ["vanilla, mean of 4"] * 3
    assert [row.difference for row in means] == [pytest.approx(-0.1)] * 3
    assert not any(row.is_within for row in means)  # 0.075 of a mean
    assert len(comparison.rows(record(given(0.3, ["oci_m"], [0, 1])), here, {})) == 2 * 3


def test_bytes_are_compared_where_both_are_known() -> None:
    path = "results/predictions/oci_m-vanilla-0"
    one = record(given(0.3, ["oci_m"], [0]), **{path: "a"})
    same = [comparison.rows(one, one.metrics, known)[0].same_bytes for known in ({path: "a"}, {path: "b"}, {})]
    assert same == [True, False, None]
    assert comparison.rows(record(one.metrics), one.metrics, {path: "a"})[0].same_bytes is None
