"""The page on groups: what could be told of gaps, and whether a run widens or narrows them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from fasrepro.report.pages import fairness as page
from tests.report.conftest import cells
from tests.report.groups import CELLS, NONE, compared, fairness, run_groups
from tests.report.samples import material

RUNS = ["label_only", "reasoning"]


def scope() -> page.Scope:
    given = fairness()
    (one,) = page.scopes_of(given.runs.values(), given, RUNS)
    return one


def test_the_answer_counts_what_can_be_told_and_how_large_a_gap_must_be() -> None:
    text = page.answer([scope()], 0.95)
    assert "Of 6 gaps, 1 have an interval that excludes zero, where chance alone would give 0.3; **1 can be told**" in text
    assert "label&#95;only, BPCER, age old +0.600" in text
    assert f"only from {compared(0.0).detectable:.3f} upwards" in text
    assert "reasoning narrows BPCER, age old, by -0.500" in text
    assert text.startswith("**2 of the differences")


def test_without_a_gap_that_can_be_told_the_answer_says_none() -> None:
    small = dataclasses.replace(scope(), runs=[run_groups("label_only", 0.01)], changes=[])
    text = page.answer([small], 0.95)
    assert "0 have an interval that excludes zero" in text
    assert "**none can be told**" in text
    assert text.startswith("**No gap")


def test_of_two_groups_one_gap_is_counted_and_shown() -> None:
    assert page.distinct({"old": 1, "young": 2}) == ["old"]
    assert [row[1] for row in cells(page.gap_table(scope())) if row[0] == "age"] == ["old", "old"]


@pytest.mark.parametrize(
    ("before", "change", "word"), [(0.3, -0.1, "narrows"), (0.3, -0.7, "widens"), (-0.3, -0.1, "widens"), (-0.3, 0.2, "narrows")]
)
def test_a_change_away_from_zero_widens_a_gap(before: float, change: float, word: str) -> None:
    assert page.direction(page.Gap("", "bpcer", "", compared(change), before)) == word


def test_a_row_of_rates_has_people_videos_and_every_run() -> None:
    first, second, *_ = cells(page.rate_table(scope()))[1:]
    assert first[:4] == ["skin tone", "Monk 1 to 4", "5 / 6", "9 / 20"]
    assert first[4] == "0.200 [0.100, 0.600]"
    assert len(first) == 4 + 2 * len(RUNS)
    assert second[0] == ""  # an attribute is named once
    assert "Not known, over all protocols: age of 2 videos or images." in page.rate_table(scope())


def test_a_gap_that_no_size_could_be_told_of_says_never() -> None:
    wide = run_groups("label_only")
    ages = {"old": dataclasses.replace(wide.attributes["age"]["old"], gaps={"bpcer": compared(0.1, 0.9), "apcer": compared(0.1)})}
    row = cells(page.gap_table(page.Scope([dataclasses.replace(wide, attributes={"age": ages})], [])))[1]
    assert row[4] == "never"
    assert row[6] == f"{compared(0.1).detectable:.3f}"


def test_a_change_has_the_baselines_gap_beside_it() -> None:
    text = page.change_tables(scope())
    old = cells(text)[2]
    assert old[:3] == ["age", "old", "+0.600"]
    assert old[3].startswith("-0.500 [")
    assert old[-1].startswith("-0.200 [")


def test_a_figure_is_described_by_its_extremes() -> None:
    text = page.described(scope().runs)
    assert "BPCER of label only" not in text
    assert "from 0.150 (age young) to 0.750 (age old)" in text


def test_runs_that_are_not_compared_are_not_drawn() -> None:
    with_third = dataclasses.replace(scope(), runs=[*scope().runs, run_groups("vanilla")])
    assert [entry.run for entry in page.drawn_runs(with_third)] == RUNS
    assert len(page.drawn_runs(dataclasses.replace(with_third, changes=[]))) == 3


def test_faces_without_groups_and_no_run_say_so(tmp_path: Path) -> None:
    empty = dataclasses.replace(run_groups("vanilla"), attributes={"age": {}})
    for runs in ({}, {"x": empty}):
        fragments = page.render(material(tmp_path, fairness=dataclasses.replace(NONE, runs=runs), recorded=[]))
        assert page.NO_GROUPS in fragments["answer"]
        assert fragments["changes"] == page.NO_PAIR


def test_scopes_of_paper_2_come_last_and_say_whose_they_are() -> None:
    given = fairness()
    of_second = dataclasses.replace(run_groups("cepl"), cells=["two_to_eleven/msu"], protocols=["two_to_eleven"], targets=["msu"])
    both = dataclasses.replace(given, runs={**given.runs, "z": of_second})
    scopes = page.all_scopes(material(fairness=both, recorded=[]))
    assert [one.runs[0].cells for one in scopes] == [CELLS, ["two_to_eleven/msu"]]
    assert scopes[1].title == "MSU-MFSD (trained on two&#95;to&#95;eleven; 3 seeds)"
