"""`fasrepro plan`: list the stages that `dvc repro` would run, without running any, and how long they would take side by side.

`dvc repro --dry` is meant for that, but stops at the first stage whose input is not made yet (DVC 3.67: it hashes the inputs of
each stage, dry or not), which is so for every new job.

`fasrepro plan --profile NAME` counts the stages of a profile and says how long they would take from nothing; a published study is
priced at its own size: `mcio` (paper 1) and `facecot` (paper 2).
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from fasrepro import config, names
from fasrepro.commands import jobs, published_joint, published_size, reproduce, scheduling, side_by_side
from fasrepro.commands.published_size import Cost, Plan

# What a profile's plan prices: paper 2's chains, caption model and two stages, or paper 1's joint training.
COSTS: dict[str, Callable[[Plan], list[Cost]]] = {"chains": published_size.costs, "joint": published_joint.costs}
WORKERS = (1, 2, 4, 8, 16, 64)


def forecast(waits_for: scheduling.WaitsFor, times: dict[str, float], peaks: dict[str, float], workers: list[int]) -> list[str]:
    """Return a line for each number of workers: the time and memory that the stages would take, by what each took before.

    It takes a stage to be as fast beside others as it was when it was timed.
    """
    seconds = scheduling.estimates(waits_for, times)
    guessed = sum(stage not in times for stage in waits_for)
    lines = []
    for count in workers:
        time = scheduling.clock(scheduling.wall_clock(waits_for, seconds, count))
        lines.append(f"{count} at once: {time}, {scheduling.memory(waits_for, peaks, count):.1f} GB of memory at most")
    if guessed:
        lines.append(f"({guessed} of {len(waits_for)} stages were never timed here: each is taken to last as long as its like)")
    return lines


def of_profile(name: str, workers: list[int]) -> list[str]:
    """Return how many stages of each kind a profile has, and the time that they would take if none had run.

    The profile's own times count first, then this machine's of the default profile.
    """
    with tempfile.TemporaryDirectory() as folder:
        waits_for = scheduling.stages_to_run(reproduce.make_copy(Path(), name, Path(folder)), every=True)
    times = {**side_by_side.times(Path()), **side_by_side.times(reproduce.BUILD / name)}
    peaks = {**side_by_side.peaks(Path()), **side_by_side.peaks(reproduce.BUILD / name)}
    kinds = Counter(stage.partition("@")[0] for stage in waits_for)
    return [*(f"{count} x {kind}" for kind, count in kinds.items()), *forecast(waits_for, times, peaks, workers)]


def of_study(path: Path) -> list[str]:
    """Return what a published study costs at its own size. Raises `ConfigError` for a plan that is incomplete."""
    study = published_size.read_plan(path)
    costs = names.lookup(COSTS, study.costs, "kind of costs", config.ConfigError, study.where)
    return published_size.lines(study, costs(study))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--workers", type=int, help="only the time with so many stages at once")
    parser.add_argument("--profile", help="a name in profiles/, from nothing; one with a section plan is priced")
    parser.add_argument("--all", action="store_true", help="of all stages, as if none had run")


def run(arguments: argparse.Namespace) -> int:
    """Print the stages, one a line, and the time that they would take; or what a profile, or a study at its own size, costs."""
    workers = list(WORKERS) if arguments.workers is None else [arguments.workers]
    if arguments.profile:
        path = reproduce.profile_path(Path(), arguments.profile)
        priced = reproduce.PLAN in config.read_yaml(path)
        print("\n".join(of_study(path) if priced else of_profile(arguments.profile, workers)))
        return 0
    if jobs.is_stale():
        raise config.ConfigError("jobs.yaml is stale: run `fasrepro jobs`")
    waits_for = scheduling.stages_to_run(Path(), every=arguments.all)
    print("\n".join([*jobs.notices(), *waits_for]) or "nothing: everything is up to date")
    if waits_for:
        print("\n".join(forecast(waits_for, side_by_side.times(Path()), side_by_side.peaks(Path()), workers)))
    return 0
