"""Which stage goes next, and how long all take: by hand, and within what any order must respect."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro import config
from fasrepro.commands import scheduling
from fasrepro.commands.scheduling import WaitsFor
from tests.layout import ROOT

# a 2 s and b 1 s are ready at once; c waits for a, d for both.
WAITS: WaitsFor = {"a": frozenset(), "b": frozenset(), "c": frozenset("a"), "d": frozenset("ab")}
SECONDS = {"a": 2.0, "b": 1.0, "c": 5.0, "d": 3.0}


@st.composite
def graphs(draw: st.DrawFn) -> tuple[WaitsFor, dict[str, float]]:
    """Up to nine stages, each of which waits for some before it."""
    names = "abcdefghi"[: draw(st.integers(1, 9))]
    waits = {name: frozenset(draw(st.sets(st.sampled_from(names[:n])))) if n else frozenset() for n, name in enumerate(names)}
    return waits, {name: float(draw(st.integers(1, 9))) for name in names}


def test_the_longest_way_to_the_end_goes_first() -> None:
    ways = scheduling.ways_to_the_end(WAITS, SECONDS)
    assert ways == {"a": 7.0, "b": 4.0, "c": 5.0, "d": 3.0}
    assert scheduling.next_stage(WAITS, ways, done=(), begun=()) == "a"
    assert scheduling.next_stage(WAITS, ways, done=(), begun=("a", "b")) is None
    assert scheduling.next_stage(WAITS, ways, done=("a",), begun=("a", "b")) == "c"


def test_the_wall_clock_by_hand() -> None:
    # One: all 11 s. Two: a and b, then c from 2 to 7 beside d from 2 to 5.
    assert scheduling.wall_clock(WAITS, SECONDS, 1) == 11.0
    assert scheduling.wall_clock(WAITS, SECONDS, 2) == 7.0
    assert scheduling.wall_clock({}, {}, 4) == 0.0


@settings(deadline=None)
@given(graphs(), st.integers(1, 4))
def test_the_wall_clock_lies_between_what_the_stages_need_and_one_after_another(
    graph: tuple[WaitsFor, dict[str, float]], workers: int
) -> None:
    waits, seconds = graph
    total, longest = sum(seconds.values()), max(scheduling.ways_to_the_end(waits, seconds).values())
    taken = scheduling.wall_clock(waits, seconds, workers)
    assert max(longest, total / workers) <= taken + 1e-9
    # Graham: at most 2 - 1 / workers times the shortest possible.
    assert taken <= total / workers + longest * (1 - 1 / workers) + 1e-9
    assert scheduling.wall_clock(waits, seconds, 1) == pytest.approx(total)


def test_a_stage_without_a_time_takes_that_of_its_like() -> None:
    times = {"train@a": 10.0, "train@b": 30.0}
    assert scheduling.estimates(["train@a", "train@c"], times) == {"train@a": 10.0, "train@c": 20.0}


def test_a_kind_that_was_never_timed_takes_what_is_typical_as_far_as_this_run_is_typical() -> None:
    typical = scheduling.TYPICAL
    assert scheduling.estimates(["foundation", "later"], {}) == {"foundation": typical["foundation"], "later": scheduling.UNKNOWN}
    half = {"train@a": typical["train"] / 2, "archives@msu": typical["archives"] / 2, "book": typical["book"]}
    assert scheduling.estimates(["foundation", "later"], half) == {
        "foundation": typical["foundation"] / 2,
        "later": scheduling.UNKNOWN / 2,
    }


def test_every_kind_of_stage_has_a_typical_time() -> None:
    stages = config.read_yaml(ROOT / "dvc.yaml")["stages"]
    assert scheduling.TYPICAL.keys() == stages.keys()
