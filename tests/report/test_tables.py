"""How figures are printed, and the order of rows."""

from __future__ import annotations

from fasrepro.evaluation.results import Figure
from fasrepro.report import tables
from tests.report.samples import NO_FIGURE, cell_metrics, difference, figure


def test_an_interval_is_printed_in_brackets_and_a_missing_figure_as_a_dash() -> None:
    assert tables.interval(Figure(0.12345, 0.1, 0.2)) == "0.123 [0.100, 0.200]"
    assert tables.interval(tables.as_figure(difference("oci_m", -0.12, 0.02)), signed=True) == "-0.050 [-0.120, +0.020]"
    assert tables.interval(Figure(0.5, None, None)) == "0.500"
    assert tables.interval(NO_FIGURE) == tables.interval(None) == "–"


def test_cells_are_ordered_by_name_then_by_run() -> None:
    cells = [cell_metrics(cell, run) for cell in ("ocm_i", "oci_m") for run in ("reasoning", "unknown", "vanilla")]
    ordered = [(cell.cell, cell.run) for cell in tables.in_order(cells, ["vanilla", "reasoning"])]
    assert ordered == [(cell, run) for cell in ("oci_m", "ocm_i") for run in ("vanilla", "reasoning", "unknown")]


def test_a_table_without_rows_is_a_notice() -> None:
    assert tables.table_or_notice(["a"], []) == tables.NO_RESULTS
    assert tables.table_or_notice(["a"], [[tables.interval(figure(0.5))]]).endswith(
        "| 0.500 [0.500, 0.500] |\n".replace("[", "&#91;").replace("]", "&#93;").replace(", ", ",&nbsp;")
    )
