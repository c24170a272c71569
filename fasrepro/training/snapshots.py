"""When a training is looked at on its way, and what its model is called then. Without torch: who reads the scores needs none."""

from __future__ import annotations

import re


def steps(total: int, looks: int) -> list[int]:
    """Return the steps after which to look: `looks` of `total`, evenly apart, each once; the last step is always one.

    Raises `ValueError` for fewer than one look, or more than there are steps.

    >>> steps(24, 5)
    [5, 10, 14, 19, 24]
    """
    if not 1 <= looks <= total:
        raise ValueError(f"params.yaml: trace.looks: {looks} looks at {total} training steps; give 1 to {total}")
    return [round(total * number / looks) for number in range(1, looks + 1)]


def name(run: str, step: int) -> str:
    """Return what a run is called after a step: "vanilla@step30", as `tuning.name` names it by a learning rate."""
    return f"{run}@step{step}"


def parse(looked: str) -> tuple[str, int]:
    """Return the run and the step that `name` was made of. Raises `ValueError` for any other name."""
    found = re.fullmatch(r"(\w+)@step(\d+)", looked)
    if not found:
        raise ValueError(f"run {looked!r} is not named as a look at a training is: <run>@step<number>")
    return found[1], int(found[2])
