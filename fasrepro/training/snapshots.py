"""Which training steps to evaluate, and how to name those snapshots. Imports no torch: the report needs only the names."""

from __future__ import annotations

import re


def steps(total: int, count: int) -> list[int]:
    """Return the steps after which to score: `count` of `total` at even distances, the last step among them.

    Raises `ValueError` for fewer than one snapshot, or more than there are steps.

    >>> steps(24, 5)
    [5, 10, 14, 19, 24]
    """
    if not 1 <= count <= total:
        raise ValueError(f"params.yaml: snapshots.count: {count} snapshots of {total} training steps; give 1 to {total}")
    return [round(total * number / count) for number in range(1, count + 1)]


def name(run: str, step: int) -> str:
    """Return the name of a run after a step.

    >>> name("vanilla", 30)
    'vanilla@step30'
    """
    return f"{run}@step{step}"


def parse(snapshot: str) -> tuple[str, int]:
    """Return the run and the step of a snapshot's name. Raises `ValueError` for any other text.

    >>> parse("vanilla@step30")
    ('vanilla', 30)
    """
    match = re.fullmatch(r"(\w+)@step(\d+)", snapshot)
    if not match:
        raise ValueError(f"run {snapshot!r} is not named as a snapshot is: <run>@step<number>")
    return match[1], int(match[2])
