"""The table of grounding: a row a job, in the order of the runs, and words where nothing can be known."""

from __future__ import annotations

from typing import Any

from fasrepro.evaluation.analyses.grounding import MEASURES
from fasrepro.report import grounded, tables
from tests.report.test_tables import cells


def job(protocol: str, run: str, value: float | None) -> dict[str, Any]:
    figures = {name: {"value": value, "low": value, "high": value} for name in MEASURES}
    return {
        "protocol": protocol,
        "run": run,
        "explained": figures,
        "sampler": {name: {"value": 0.25, "low": 0.125, "high": 0.5} for name in MEASURES},
        "difference": figures,
        "counts": {"attack": 44, "bona_fide": 16, "subjects": 8, "seeds": 3},
    }


def test_a_row_a_job_in_the_order_of_the_runs() -> None:
    found = {"b": job("oci_m", "reasoning", 0.5), "a": job("oci_m", "vanilla", None), "c": job("ocm_i", "vanilla", 0.75)}
    rows = cells(grounded.table(found, ["vanilla", "reasoning"], synthetic=True))
    assert rows[0] == list(grounded.COLUMNS)
    assert [row[:3] for row in rows[1:]] == [["oci_m", "vanilla", "44"], ["oci_m", "reasoning", "44"], ["ocm_i", "vanilla", "44"]]
    assert rows[1][3:6] == ["–"] * 3
    assert rows[2][5:8] == ["0.500 [0.500, 0.500]", "0.250 [0.125, 0.500]", "+0.500 [+0.500, +0.500]"]


def test_words_where_there_is_no_row() -> None:
    assert grounded.table({}, ["vanilla"], synthetic=True) == tables.NOTHING
    assert grounded.table({}, ["vanilla"], synthetic=False) == grounded.UNKNOWN
