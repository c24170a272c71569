from __future__ import annotations

import dataclasses
import html
from typing import Any

import numpy as np
import pytest

from fasrepro.report import recorded, worlds
from fasrepro.report.recorded import Run

SETTINGS = {
    "evaluation": {"replicates": 2000, "confidence": 0.95, "seed": 1, "digits": 6},
    "ledger": {"metric": "hter_dev", "margin": 0.0, "min_seeds": 3, "min_subjects": 8},
}


def world(name: str, letter: str, strength: float, low: float, high: float, alone: float = 0.3) -> Run:
    row: dict[str, Any] = {"run": "reasoning", "baseline": "vanilla", "metric": "hter_dev", "level": "video", "channel": "head"}
    row |= {"seeds": 3, "subjects": 8, "transfer": False, "protocol": "oci_m"}
    one = {**row, "difference": 9.0, "low": 9.0, "high": 9.0}
    mean = {**row, "protocol": "mean", "protocols": ["oci_m", "ocm_i"], "difference": (low + high) / 2, "low": low, "high": high}
    job = {"run": "label_only", "transfer": False, "mean": {"video": {"hter_dev": {"value": alone}}}}
    jobs = {protocol: {**job, "protocol": protocol} for protocol in ("oci_m", "ocm_i")}
    sections = {"synthetic": f"{letter} {strength}"}
    return Run(name, letter, strength, 1.5, sections, {"paired": [one, mean], "jobs": jobs, "settings": SETTINGS})


def cells(text: str) -> list[list[str]]:
    rows = [line for line in html.unescape(text).splitlines() if line.startswith("|")]
    return [[cell.strip().replace("\xa0", " ") for cell in row.strip("|").split("|")] for row in rows[2:]]


def test_each_world_has_its_verdict_and_all_together_one() -> None:
    this, other = world("this book", "a", 0.9, -0.3, -0.1), world("full_b", "b", 0.9, -0.1, 0.3)
    third = world("full_c", "c", 0.9, -0.1, 0.0)
    (row,) = cells(worlds.verdicts([this, other, third], SETTINGS))
    assert row[0] == "P1-1"
    assert row[2] == "-0.200 [-0.300, -0.100]: mechanism seen"
    assert row[3] == "+0.100 [-0.100, +0.300]: undecided"
    assert row[5].startswith("-0.050 [")
    assert row[5].endswith("undecided")
    (row,) = cells(worlds.verdicts([this, other], SETTINGS))
    assert len(row) == 4  # two do not tell how worlds vary


def test_worlds_of_few_seeds_decide_nothing_together() -> None:
    three = [world(name, name, 0.9, -0.3, -0.1) for name in "abc"]
    for one in three:
        one.metrics["paired"][1] |= {"seeds": 1, "subjects": 4}
    (row,) = cells(worlds.verdicts(three, SETTINGS))
    assert [cell.split(": ")[-1] for cell in row[2:]] == ["undecided", "undecided", "undecided", "–"]


def test_the_interval_over_worlds_is_as_wide_as_the_worlds_differ() -> None:
    rows = [
        worlds.overall(worlds.CLAIMS[0], world(str(n), "abc"[n], 0.9, at - 0.01, at + 0.01))
        for n, at in enumerate((-0.3, 0.0, 0.3))
    ]
    value, low, high = worlds.pooled(rows, 0.95, 4000, 1) or pytest.fail("three worlds have a mean")
    # by hand: of two draws from -0.3, 0 and 0.3 one pair in nine is the lowest twice, so that 2.5 % lie below -0.3
    assert (value, low, high) == (pytest.approx(0.0), pytest.approx(-0.3, abs=0.01), pytest.approx(0.3, abs=0.01))
    alike = [worlds.overall(worlds.CLAIMS[0], world(str(n), "abc"[n], 0.9, -0.2, 0.0)) for n in range(3)]
    value, low, high = worlds.pooled(alike, 0.95, 4000, 1) or pytest.fail("three worlds have a mean")
    assert (value, high - low) == (pytest.approx(-0.1), pytest.approx(0.2 / 2**0.5, rel=0.1))  # the mean of two draws
    assert worlds.pooled(alike[:2], 0.95, 100, 1) is None


def test_the_variance_between_worlds_is_that_of_a_mean_of_so_many() -> None:
    at = [-0.21, 0.02, 0.15, 0.17]
    rows = [worlds.overall(worlds.CLAIMS[0], world(str(n), "abcd"[n], 0.9, d, d)) for n, d in enumerate(at)]
    _, low, high = worlds.pooled(rows, 0.68, 40000, 1) or pytest.fail("four worlds have a mean")
    assert (high - low) / 2 == pytest.approx(np.std(at, ddof=1) / len(at) ** 0.5, rel=0.1)


def test_two_runs_of_one_world_are_no_two_worlds() -> None:
    same = [world("this book", "a", 0.9, -0.3, -0.1), world("full", "a", 0.9, -0.3, -0.1)]
    (row,) = cells(worlds.verdicts(same, SETTINGS))
    assert [cell.partition(":")[2] for cell in row[2:]] == [" mechanism seen"] * 2  # and no column over worlds


def test_ties_are_told_from_loose_to_tight_and_another_world_s_are_not_mixed_in() -> None:
    here = [
        world("this book", "a", 0.9, -0.3, -0.1, 0.35),
        world("loose", "a", 0.0, -0.2, 0.1, 0.1),
        world("full_b", "b", 0.5, 0, 1),
    ]
    told = cells(worlds.strengths(here, SETTINGS))
    assert told[0] == ["", "label_only, HTER", "0.100", "0.350", "–"]
    assert told[1][2:4] == ["-0.050 [-0.200, +0.100]: undecided", "-0.200 [-0.300, -0.100]: mechanism seen"]
    assert len(told) == 2  # no row for a claim that nothing was run for
    # by hand: (-0.2 + 0.05) / 0.9, and half of its interval is (0.1 ** 2 + 0.15 ** 2) ** 0.5 / 0.9 = 0.2
    assert told[-1][-1].startswith("-0.167 [-0.3") and told[-1][-1].endswith("]: undecided")
    assert worlds.strengths(here[:1], SETTINGS) == worlds.NOTHING


def test_a_trend_is_told_only_where_its_whole_interval_lies_on_one_side() -> None:
    loose, tight = world("loose", "a", 0.1, -0.01, 0.01), world("this book", "a", 0.9, -0.3, -0.2)
    assert cells(worlds.strengths([tight, loose], SETTINGS))[-1][-1].endswith("]: more, the tighter")
    loose, tight = world("loose", "a", 0.1, -0.3, -0.2), world("this book", "a", 0.9, -0.01, 0.01)
    assert cells(worlds.strengths([tight, loose], SETTINGS))[-1][-1].endswith("]: less, the tighter")


def test_a_trend_is_the_line_of_least_squares_through_all_strengths_with_an_interval() -> None:
    at = {0.0: -0.05, 0.5: -0.20, 0.9: -0.15}
    rows = {s: worlds.overall(worlds.CLAIMS[0], world(str(s), "a", s, d - 0.02, d + 0.02)) for s, d in at.items()}
    value, low, high = worlds.trend(rows, 0.95, 20000, 1) or pytest.fail("three strengths have a trend")
    slope, _ = np.polyfit(list(at), list(at.values()), 1)
    spread = sum((s - sum(at) / 3) ** 2 for s in at)
    assert value == pytest.approx(slope)
    assert (low, high) == (
        pytest.approx(slope - 0.02 / spread**0.5, abs=2e-3),
        pytest.approx(slope + 0.02 / spread**0.5, abs=2e-3),
    )
    rows[0.5] = dataclasses.replace(rows[0.5], low=None, high=None)
    value, *_ = worlds.trend(rows, 0.95, 100, 1) or pytest.fail("two strengths have a trend")
    assert value == pytest.approx(-0.1 / 0.9)
    assert worlds.trend({0.0: rows[0.0], 0.5: rows[0.5]}, 0.95, 100, 1) is None


def test_a_run_that_only_adds_to_this_one_has_no_column() -> None:
    this, again, more = (world(name, "a", 0.9, -0.3, -0.1) for name in ("this book", "full", "recipes"))
    pair = {"run": "reasoning_prompt_head", "baseline": "vanilla_prompt_head"}
    rows = [{**row, **pair} for row in more.metrics["paired"]]
    more = dataclasses.replace(more, metrics={**more.metrics, "paired": rows})
    runs = [again, more, world("full_b", "b", 0.9, -0.1, 0.3)]
    found = worlds.fragments_of(recorded.completed(this, runs), runs, synthetic=True)
    heading = html.unescape(found["worlds_table"]).splitlines()[0]
    assert "(full)" in heading and "(full_b)" in heading and "(recipes)" not in heading
    (added,) = [row for row in cells(found["worlds_table"]) if row[0] == "C-10"]
    assert added[2] == "-0.200 [-0.300, -0.100]: mechanism seen"
    assert added[3:] == ["not run", "not run"]
    assert [row[0] for row in cells(found["recorded_table"])] == ["full", "recipes", "full_b"]


def test_licensed_archives_are_of_one_world() -> None:
    found = worlds.fragments_of(world("this book", "a", 0.9, 0, 1), [], synthetic=False)
    assert set(found.values()) == {worlds.LICENSED}


def test_hours_say_of_how_many_stages_no_time_is_known() -> None:
    runs = [world("full_b", "b", 0.9, 0, 1), dataclasses.replace(world("full_c", "c", 0.9, 0, 1), untimed=2)]
    assert [row[3] for row in cells(worlds.hours(runs))] == ["1.500", "1.500, 2 stages not timed"]
