"""`fasrepro book`: build the book from the recorded outputs, without the stages before it and without torch.

It fetches from `recorded` the outputs that are missing here, runs report, notebooks and book, and no other stage.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fasrepro import config
from fasrepro.commands import recorded_outputs, reproduce, scheduling, side_by_side, site


def stages_of_book(notebooks: list[str]) -> scheduling.WaitsFor:
    """Return the stages that make the book of recorded outputs, each with those that it waits for.

    >>> stages_of_book(["shares"])["book"] == {"report", "notebook@shares"}
    True
    """
    pages = ["report", *(f"notebook@{name}" for name in notebooks)]
    return {**dict.fromkeys(pages, frozenset()), "book": frozenset(pages)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--workers", type=int, help="how many stages run at once (default: one a core)")


def run(arguments: argparse.Namespace) -> int:
    """Build the book, and print its place."""
    folder = Path()
    params = config.load("threads", "ablations")
    workers = reproduce.checked_workers(arguments.workers, params.threads)
    with side_by_side.only_one(folder):
        fetched = recorded_outputs.fetch(folder)
        print(f"{len(fetched)} recorded outputs fetched")
        waits_for = stages_of_book(list(params.ablations))
        seconds = scheduling.estimates(waits_for, side_by_side.times(folder))
        status, taken = side_by_side.run(folder, waits_for, seconds, workers, reproduce.environment())
    if status == 0:
        print(f"{len(taken)} stages. The book: {site.write(folder)}")
    return status
