"""Other worlds: each has its own verdict, worlds are pooled, and ties have a trend."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from fasrepro.evaluation.results import EvaluationSettings, Figure
from fasrepro.report import claims, recorded, worlds
from fasrepro.report.claims.ledger import LedgerRow
from fasrepro.report.pages import ledger as page
from fasrepro.report.recorded import Run
from tests.report.conftest import cells as table_cells
from tests.report.samples import cell_metrics, difference, material, mean_difference, metrics, settings

SETTINGS = settings(replicates=2000)
CELLS = ["oci_m", "ocm_i"]


def world(name: str, letter: str, strength: float, low: float, high: float, alone: float = 0.3, **changes: Any) -> Run:
    """Return a run with one cell's difference, which must not be read, and their mean; `alone`: HTER of the labels alone."""
    rows = [difference("oci_m", 9.0, 9.0, **changes), mean_difference(CELLS, low, high, **changes)]
    baseline = [cell_metrics(cell, "label_only", alone) for cell in CELLS]
    sections = {"synthetic": f"{letter} {strength}"}
    return Run(name, "", letter, strength, 1.5, 0, sections, {}, {}, metrics(*rows, cells=baseline, of=SETTINGS))


def overall(one: Run) -> LedgerRow:
    return worlds.overall(claims.CLAIMS[0], one.metrics)


def evaluation(confidence: float, replicates: int) -> EvaluationSettings:
    return EvaluationSettings(replicates, confidence, 1, 6)


def cells(table: str) -> list[list[str]]:
    """Return the rows of a table without its headings."""
    return table_cells(table)[1:]


def ends(figure: Figure | None) -> tuple[float, float, float]:
    assert figure is not None and figure.value is not None and figure.low is not None and figure.high is not None
    return figure.value, figure.low, figure.high


def test_each_world_has_a_verdict_and_three_worlds_one_together() -> None:
    this, other = world("this book", "a", 0.9, -0.3, -0.1), world("full_b", "b", 0.9, -0.1, 0.3)
    third = world("full_c", "c", 0.9, -0.1, 0.0)
    (row,) = cells(worlds.verdict_table([this, other, third], SETTINGS))
    assert row[0] == "P1-1"
    assert row[2] == "-0.200 [-0.300, -0.100]: mechanism seen"
    assert row[3] == "+0.100 [-0.100, +0.300]: undecided"
    assert row[5].startswith("-0.050 [")
    assert row[5].endswith("undecided")
    (row,) = cells(worlds.verdict_table([this, other], SETTINGS))
    assert len(row) == 4  # two do not tell how worlds vary


def test_worlds_of_few_seeds_decide_nothing_together() -> None:
    three = [world(name, name, 0.9, -0.3, -0.1, seeds=1, subjects=4) for name in "abc"]
    (row,) = cells(worlds.verdict_table(three, SETTINGS))
    assert [cell.split(": ")[-1] for cell in row[2:]] == ["undecided", "undecided", "undecided", "–"]


def test_the_interval_over_worlds_is_as_wide_as_the_worlds_differ() -> None:
    rows = [overall(world(str(n), "abc"[n], 0.9, at - 0.01, at + 0.01)) for n, at in enumerate((-0.3, 0.0, 0.3))]
    value, low, high = ends(worlds.pooled(rows, evaluation(0.95, 4000)))
    # by hand: of two draws from -0.3, 0 and 0.3 one pair in nine is the lowest twice, so that 2.5 % lie below -0.3
    assert (value, low, high) == (pytest.approx(0.0), pytest.approx(-0.3, abs=0.01), pytest.approx(0.3, abs=0.01))
    alike = [overall(world(str(n), "abc"[n], 0.9, -0.2, 0.0)) for n in range(3)]
    value, low, high = ends(worlds.pooled(alike, evaluation(0.95, 4000)))
    assert (value, high - low) == (pytest.approx(-0.1), pytest.approx(0.2 / 2**0.5, rel=0.1))  # the mean of two draws
    assert worlds.pooled(alike[:2], evaluation(0.95, 100)) is None


def test_the_variance_between_worlds_is_that_of_a_mean_of_so_many() -> None:
    at = [-0.21, 0.02, 0.15, 0.17]
    rows = [overall(world(str(n), "abcd"[n], 0.9, d, d)) for n, d in enumerate(at)]
    _, low, high = ends(worlds.pooled(rows, evaluation(0.68, 40000)))
    assert (high - low) / 2 == pytest.approx(np.std(at, ddof=1) / len(at) ** 0.5, rel=0.1)


def test_two_runs_of_one_world_are_not_two_worlds() -> None:
    same = [world("this book", "a", 0.9, -0.3, -0.1), world("full", "a", 0.9, -0.3, -0.1)]
    (row,) = cells(worlds.verdict_table(same, SETTINGS))
    assert [cell.partition(":")[2] for cell in row[2:]] == [" mechanism seen"] * 2  # and no column over worlds


def test_ties_are_ordered_from_loose_to_tight_in_one_world() -> None:
    here = [
        world("this book", "a", 0.9, -0.3, -0.1, 0.35),
        world("loose", "a", 0.0, -0.2, 0.1, 0.1),
        world("full_b", "b", 0.5, 0, 1),
    ]
    rows = cells(worlds.strength_table(here, SETTINGS))
    assert rows[0] == ["", "label_only, HTER", "0.100", "0.350", "–"]
    assert rows[1][2:4] == ["-0.050 [-0.200, +0.100]: undecided", "-0.200 [-0.300, -0.100]: mechanism seen"]
    assert len(rows) == 2  # no row for a claim that nothing was run for
    # by hand: (-0.2 + 0.05) / 0.9, and half of its interval is (0.1 ** 2 + 0.15 ** 2) ** 0.5 / 0.9 = 0.2
    assert rows[-1][-1].startswith("-0.167 [-0.3") and rows[-1][-1].endswith("]: undecided")
    assert worlds.strength_table(here[:1], SETTINGS) == worlds.NOTHING


def test_a_trend_needs_its_whole_interval_on_one_side() -> None:
    loose, tight = world("loose", "a", 0.1, -0.01, 0.01), world("this book", "a", 0.9, -0.3, -0.2)
    assert cells(worlds.strength_table([tight, loose], SETTINGS))[-1][-1].endswith("]: grows with the ties")
    loose, tight = world("loose", "a", 0.1, -0.3, -0.2), world("this book", "a", 0.9, -0.01, 0.01)
    assert cells(worlds.strength_table([tight, loose], SETTINGS))[-1][-1].endswith("]: shrinks with the ties")


def test_a_trend_is_the_least_squares_line_through_all_strengths() -> None:
    at = {0.0: -0.05, 0.5: -0.20, 0.9: -0.15}
    rows = {s: overall(world(str(s), "a", s, d - 0.02, d + 0.02)) for s, d in at.items()}
    value, low, high = ends(worlds.trend(rows, evaluation(0.95, 20000)))
    slope, _ = np.polyfit(list(at), list(at.values()), 1)
    spread = sum((s - sum(at) / 3) ** 2 for s in at)
    assert value == pytest.approx(slope)
    assert (low, high) == (
        pytest.approx(slope - 0.02 / spread**0.5, abs=2e-3),
        pytest.approx(slope + 0.02 / spread**0.5, abs=2e-3),
    )
    rows[0.5] = dataclasses.replace(rows[0.5], difference=Figure(-0.2, None, None))
    value, *_ = ends(worlds.trend(rows, evaluation(0.95, 100)))
    assert value == pytest.approx(-0.1 / 0.9)
    assert worlds.trend({0.0: rows[0.0], 0.5: rows[0.5]}, evaluation(0.95, 100)) is None


def test_a_run_that_only_extends_this_one_has_no_column() -> None:
    this, again = (world(name, "a", 0.9, -0.3, -0.1) for name in ("this book", "full"))
    more = world("recipes", "a", 0.9, -0.3, -0.1, run="reasoning_prompt_head", baseline="vanilla_prompt_head")
    alike = {f"runs.{run}": "same" for run in ("reasoning_prompt_head", "vanilla_prompt_head")}
    this, more = (dataclasses.replace(one, sections_sha256={**one.sections_sha256, **alike}) for one in (this, more))
    runs = [again, more, world("full_b", "b", 0.9, -0.1, 0.3)]
    table = worlds.verdict_table(worlds.shown(recorded.completed(this, runs), runs), SETTINGS)
    heading = table_cells(table)[0]
    assert [name for name in ("full", "full_b", "recipes") if any(f"({name})" in cell for cell in heading)] == ["full", "full_b"]
    (added,) = [row for row in cells(table) if row[0] == "C-10"]
    assert added[2] == "-0.200 [-0.300, -0.100]: mechanism seen"
    assert added[3:] == ["not run", "not run"]


def test_a_run_of_another_version_says_so() -> None:
    old = dataclasses.replace(world("full_b", "b", 0.9, 0, 1), version="0.1.0")
    assert worlds.title(old) == "b, ties 0.9 (full_b, version 0.1.0)"
    assert [row[3] for row in cells(worlds.recorded_table([old]))] == ["0.1.0"]


def test_licensed_archives_have_no_other_worlds() -> None:
    one = material(
        page="ledger",
        params={"archives": type("Archives", (), {"source": "licensed"})},
        metrics=metrics(),
        published={},
        recorded=[],
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "ledger_rows", lambda material: [])
        rendered = page.render(one)
    assert {rendered[name] for name in ("worlds", "strengths", "recorded")} == {worlds.LICENSED}


def test_hours_say_for_how_many_stages_the_time_is_unknown() -> None:
    runs = [world("full_b", "b", 0.9, 0, 1), dataclasses.replace(world("full_c", "c", 0.9, 0, 1), untimed_stages=2)]
    assert [row[4] for row in cells(worlds.recorded_table(runs))] == ["1.500", "1.500, 2 stages not timed"]
    assert worlds.recorded_table([]) == worlds.NOTHING
