"""What NeuroLibre gives to a reproducible preprint is enough: 8 hours, 2 cores, 7.5 GB. So is the development container."""

from __future__ import annotations

import json

import pytest

from fasrepro import config
from fasrepro.commands import book, plan, scheduling
from fasrepro.report import recorded
from tests.layout import ROOT

HOURS, CORES, GIGABYTES = 8, 2, 7.5


def default_stages() -> scheduling.WaitsFor:
    return scheduling.stages_to_run(ROOT, every=True)


def test_the_default_profile_and_its_book_are_made_within_the_limits() -> None:
    waits_for = default_stages()
    seconds = scheduling.estimates(waits_for, {})
    assert {"foundation", "book"} < waits_for.keys()
    assert scheduling.wall_clock(waits_for, seconds, CORES) < HOURS * 3600
    assert scheduling.memory(waits_for, {}, CORES) < GIGABYTES


def test_the_door_of_readers_takes_minutes() -> None:
    """README's five minutes hold the download of the environment too, which nothing here measures."""
    waits_for = book.stages_of_book(list(config.load("ablations", path=ROOT / "params.yaml").ablations))
    assert scheduling.wall_clock(waits_for, scheduling.estimates(waits_for, {}), CORES) < 4 * 60
    assert scheduling.memory(waits_for, {}, CORES) < GIGABYTES / 2


def test_each_recorded_run_took_fewer_hours_of_stages_than_two_cores_have() -> None:
    """A stage has one thread, and the recorded hours are the sum over stages."""
    runs = recorded.load(ROOT / "results" / "recorded")
    timed = {run.profile: run.hours for run in runs if run.hours is not None}
    assert timed
    assert {profile: hours for profile, hours in timed.items() if hours > HOURS * CORES} == {}


def test_the_plan_says_time_and_memory(capsys: pytest.CaptureFixture[str]) -> None:
    waits_for = {"train@a": frozenset[str](), "train@b": frozenset[str](), "book": frozenset({"train@a", "train@b"})}
    times = {"train@a": 60.0, "train@b": 90.0, "book": 30.0}
    assert plan.forecast(waits_for, times, {"train@a": 2.0, "train@b": 1.0, "book": 0.2}, [1, 2]) == [
        "1 at once: 3:00, 2.3 GB of memory at most",
        "2 at once: 2:00, 3.6 GB of memory at most",
    ]


def test_the_development_container_names_a_target_of_make_and_a_machine_that_is_large_enough() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    machine = container["hostRequirements"]
    assert machine["cpus"] == CORES
    memory = float(machine["memory"].removesuffix("gb"))
    assert scheduling.memory(default_stages(), {}, CORES) < memory <= 8
    make, target, python = container["postCreateCommand"].split()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert make == "make" and f"\n{target}:" in makefile
    variable, _, program = python.partition("=")
    assert f"\n{variable} ?=" in makefile
    # The image has the interpreter that the Makefile asks for, under another name.
    assert program == "python3" and container["image"].rpartition(":")[2].startswith("3.11-")
