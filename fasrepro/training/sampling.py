"""How often each training row is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from fasrepro import names
from fasrepro.rows.training import TrainRow


def balanced(rows: Sequence[TrainRow]) -> list[float]:
    """Return a weight a row, so that a draw falls on each data set equally often. Rows of one data set share theirs."""
    sizes = Counter(row.dataset for row in rows)
    return [1 / sizes[row.dataset] for row in rows]


# None: every row once an epoch. `natural` is paper 1's pooling, in which the largest data set has most of the rows (71 % OULU).
SAMPLINGS: dict[str, Callable[[Sequence[TrainRow]], list[float]] | None] = {"natural": None, "balanced": balanced}


def weights(rows: Sequence[TrainRow], sampling: str) -> list[float] | None:
    """Return a weight a row for drawing with replacement, or None for each row once an epoch. Raises `ValueError`."""
    draw = names.lookup(SAMPLINGS, sampling, "sampling")
    return None if draw is None else draw(rows)
