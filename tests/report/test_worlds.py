"""Other worlds: each has its own verdict, worlds are pooled, and ties have a trend."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy import stats

from fasrepro.report import claims, published, worlds
from fasrepro.report.claims import ledger, verdicts
from fasrepro.report.claims.ledger import LedgerRow
from fasrepro.report.pages import ledger as page
from fasrepro.report.recorded import Run
from tests.report.conftest import cells as table_cells
from tests.report.samples import DEGREES, cell_metrics, difference, material, mean_difference, metrics, settings

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


def cells(table: str) -> list[list[str]]:
    """Return the rows of a table without its headings."""
    return table_cells(table)[1:]


def test_each_world_has_its_interval_and_three_worlds_a_verdict_together() -> None:
    this, other = world("this book", "a", 0.9, -0.3, -0.1), world("world_b", "b", 0.9, -0.1, 0.3)
    third = world("world_c", "c", 0.9, -0.1, 0.0)
    (row,) = cells(worlds.verdict_table([this, other, third], SETTINGS))
    assert row[0] == "P1-1"
    assert row[2] == "-0.200 [-0.300, -0.100]"
    assert row[3] == "+0.100 [-0.100, +0.300]"
    assert row[5].startswith("-0.050 [")
    assert row[5].endswith("undecided")
    (row,) = cells(worlds.verdict_table([this, other], SETTINGS))
    assert len(row) == 4  # two do not tell how worlds vary


def test_worlds_of_few_seeds_decide_nothing_together() -> None:
    three = [world(name, name, 0.9, -0.3, -0.1, seeds=1, subjects=4) for name in "abc"]
    (row,) = cells(worlds.verdict_table(three, SETTINGS))
    assert row[5] == "–"


def test_over_worlds_each_counts_as_one_value() -> None:
    at = [-0.3, -0.2, -0.1]
    rows = [overall(world(str(n), "abc"[n], 0.9, d - 0.4, d + 0.4)) for n, d in enumerate(at)]
    mean = worlds.over_worlds(rows)
    assert mean is not None
    assert (mean.difference, mean.error, mean.degrees) == (pytest.approx(-0.2), pytest.approx(0.1 / 3**0.5), 2)
    assert mean.p == pytest.approx(2 * stats.t.sf(0.2 / (0.1 / 3**0.5), 2))
    assert worlds.over_worlds(rows[:2]) is None


def test_p_over_worlds_is_adjusted_within_the_family() -> None:
    reading = {"channel": "lexical", "metric": "hter", "level": "frame"}
    at = {"a": -0.30, "b": -0.28, "c": -0.20}  # p 0.0135
    alone = [world(name, name, 0.9, d - 0.1, d + 0.1) for name, d in at.items()]
    both = []
    for one, low in zip(alone, (-0.3, 0.3, -0.1), strict=True):
        more = mean_difference(CELLS, low, low + 0.1, **reading)
        both.append(dataclasses.replace(one, metrics=dataclasses.replace(one.metrics, means=[*one.metrics.means, more])))
    for runs, wanted in ((alone, "mechanism seen"), (both, "mechanism seen")):
        assert worlds.verdicts_over_worlds(runs, SETTINGS)["P1-1"].endswith(wanted)
    strict = settings(confidence=0.98)
    assert worlds.verdicts_over_worlds(alone, strict)["P1-1"].endswith("mechanism seen")
    assert not worlds.verdicts_over_worlds(both, strict)["P1-1"].endswith("mechanism seen")


def test_two_runs_of_one_world_are_not_two_worlds() -> None:
    same = [world("this book", "a", 0.9, -0.3, -0.1), world("study", "a", 0.9, -0.3, -0.1)]
    (row,) = cells(worlds.verdict_table(same, SETTINGS))
    assert len(row) == 4  # no column over worlds


def test_another_foundation_has_its_own_column_and_joins_no_mean_and_no_trend() -> None:
    this = world("this book", "a", 0.9, -0.3, -0.1)
    other = world("plain", "a", 0.0, -0.3, -0.1)
    other = dataclasses.replace(other, sections_sha256={**other.sections_sha256, "foundation": "plain"})
    columns = table_cells(worlds.verdict_table([this, other], SETTINGS))[0]
    assert columns[2:] == ["a, ties 0.9 (this book)", "a, ties 0 (plain)"]
    assert worlds.with_same_foundation([this, other]) == [this]
    assert worlds.strength_table([this, other], SETTINGS) == worlds.NOTHING


def test_what_another_foundation_changes_of_a_difference_has_the_errors_of_both() -> None:
    this = world("this book", "a", 0.9, -0.3, -0.1)
    this = dataclasses.replace(this, sections_sha256={**this.sections_sha256, "foundation": "media"})
    plain = world("plain", "a", 0.9, -0.1, 0.3)
    plain = dataclasses.replace(plain, sections_sha256={**this.sections_sha256, "foundation": "plain"})
    elsewhere = world("elsewhere", "b", 0.9, -0.1, 0.3)
    (heading, row) = table_cells(worlds.foundation_table([this, plain, elsewhere], SETTINGS))
    assert heading[2:] == ["this book", "plain", "plain minus this book"]
    assert row[2:4] == ["-0.200 [-0.300, -0.100]", "+0.100 [-0.100, +0.300]"]
    assert row[4].startswith("+0.300 [") and "; p 0.0" in row[4]
    change = worlds.interaction(overall(this), overall(plain))
    own, other = overall(this).tested, overall(plain).tested
    assert change is not None and own is not None and other is not None
    assert change.value == pytest.approx(0.3)
    assert change.error == pytest.approx(np.hypot(own.error, other.error))
    assert DEGREES < change.degrees < 2 * DEGREES
    assert worlds.interaction(overall(this), dataclasses.replace(overall(plain), tested=None)) is None
    assert worlds.foundation_table([this, elsewhere], SETTINGS) == worlds.NO_FOUNDATION


def test_ties_are_ordered_from_loose_to_tight_in_one_world() -> None:
    here = [
        world("this book", "a", 0.9, -0.3, -0.1, 0.35),
        world("loose", "a", 0.0, -0.2, 0.1, 0.1),
        world("world_b", "b", 0.5, 0, 1),
    ]
    rows = cells(worlds.strength_table(here, SETTINGS))
    assert rows[0] == ["", "label_only, HTER", "0.100", "0.350", "–"]
    assert rows[1][2:4] == ["-0.050 [-0.200, +0.100]", "-0.200 [-0.300, -0.100]"]
    assert len(rows) == 2  # no row for a claim that nothing was run for
    assert rows[-1][-1].startswith("-0.167 [-0.3") and "]; p 0." in rows[-1][-1]  # (-0.2 + 0.05) / 0.9
    assert worlds.strength_table(here[:1], SETTINGS) == worlds.NOTHING


def test_a_trend_is_the_least_squares_line_through_all_strengths() -> None:
    at = {0.0: -0.05, 0.5: -0.20, 0.9: -0.15}
    rows = {s: overall(world(str(s), "a", s, d - 0.02, d + 0.02)) for s, d in at.items()}
    slope = worlds.trend(rows)
    assert slope is not None and rows[0.0].tested is not None
    spread = sum((s - sum(at) / 3) ** 2 for s in at)
    assert slope.value == pytest.approx(np.polyfit(list(at), list(at.values()), 1)[0])
    assert slope.error == pytest.approx(rows[0.0].tested.error / spread**0.5)
    assert DEGREES < slope.degrees < 3 * DEGREES
    rows[0.5] = dataclasses.replace(rows[0.5], tested=None)
    slope = worlds.trend(rows)
    assert slope is not None and slope.value == pytest.approx(-0.1 / 0.9)
    assert worlds.trend({0.0: rows[0.0], 0.5: rows[0.5]}) is None


def test_a_recorded_part_of_this_run_has_no_column() -> None:
    this, part = (world(name, "a", 0.9, -0.3, -0.1) for name in ("this book", "recipes"))
    assert worlds.shown(this, [part, world("world_b", "b", 0.9, -0.1, 0.3)]) == [this, world("world_b", "b", 0.9, -0.1, 0.3)]


def test_a_run_of_another_version_says_so() -> None:
    old = dataclasses.replace(world("world_b", "b", 0.9, 0, 1), version="0.1.0")
    assert worlds.title(old) == "b, ties 0.9 (world_b, version 0.1.0)"
    assert [row[3] for row in cells(worlds.recorded_table([old]))] == ["0.1.0"]


def test_licensed_archives_have_no_other_worlds() -> None:
    one = material(
        page="ledger",
        params={"archives": type("Archives", (), {"source": "licensed"})},
        metrics=metrics(),
        published={},
        recorded=[],
    )
    rows = ledger.rows(ledger.Evidence(metrics(), None, published.load(), verdicts.LICENSED, []))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "ledger_rows", lambda material: rows)
        rendered = page.render(one)
    assert {rendered[name] for name in ("worlds", "strengths", "recorded")} == {worlds.LICENSED}


def test_hours_say_for_how_many_stages_the_time_is_unknown() -> None:
    runs = [world("world_b", "b", 0.9, 0, 1), dataclasses.replace(world("world_c", "c", 0.9, 0, 1), untimed_stages=2)]
    assert [row[4] for row in cells(worlds.recorded_table(runs))] == ["1.5 hours", "1.5 hours and 2 stages that were not timed"]
    assert worlds.recorded_table([]) == worlds.NOTHING
