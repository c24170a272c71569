"""Differences between runs in the requested direction: metrics.json holds each pair of runs once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, TypeVar

from fasrepro.evaluation.results import Figure
from fasrepro.evaluation.results.metrics import Difference, MeanDifference

Row = TypeVar("Row", bound=Difference)
MEAN_OF = "mean of"  # begins the scope of a row over several cells
NAMED_CELLS = 4  # of more than these, a scope gives the number
SHOWN = ("hter_dev", "auc", "apcer_pooled", "bpcer")  # of the head, by video, on the page of results


def negated(value: float | None) -> float | None:
    """Return the negative of a value; never -0.0, which would be printed as "-0.000"."""
    return None if value is None else 0.0 - value


def flipped(row: Row) -> Row:
    """Return baseline minus run for a row of run minus baseline: signs change, and the intervals' bounds swap."""
    reverse: dict[str, Any] = {
        "run": row.baseline,
        "baseline": row.run,
        "difference": negated(row.difference),
        "low": negated(row.high),
        "high": negated(row.low),
        "baseline_value": row.baseline_value + row.difference,
    }
    if isinstance(row, MeanDifference):
        over = row.over_targets
        reverse["over_targets"] = Figure(negated(over.value), negated(over.high), negated(over.low))
    return dataclasses.replace(row, **reverse)


def oriented(rows: Iterable[Row], run: str, baseline: str) -> list[Row]:
    """Return the rows that compare the two runs, each as `run` minus `baseline`."""
    return [row if row.run == run else flipped(row) for row in rows if {row.run, row.baseline} == {run, baseline}]


def cells_of(row: Difference) -> list[str]:
    """Return the short names of the cells that a row is about: one, or those that it is a mean of."""
    return row.cells if isinstance(row, MeanDifference) else [row.cell]


def targets_of(row: Difference) -> list[str]:
    """Return the targets that a row is about."""
    return row.targets if isinstance(row, MeanDifference) else [row.target]


def protocols_of(row: Difference) -> list[str]:
    """Return the protocols that a row is about."""
    return row.protocols if isinstance(row, MeanDifference) else [row.protocol]


def scope(cells: Iterable[str]) -> str:
    """Return which cells a row is about, in words; of many targets their number.

    >>> scope(["oci_m", "ocm_i"])
    'mean of oci_m, ocm_i'
    >>> scope(f"two_to_eleven/{target}" for target in ("casia", "hkbu", "msu", "oulu", "wmca"))
    'mean of 5 targets of two_to_eleven'
    """
    cells = list(cells)
    if len(cells) > NAMED_CELLS and all("/" in cell for cell in cells):
        protocols = dict.fromkeys(cell.partition("/")[0] for cell in cells)
        return f"{MEAN_OF} {len(cells)} targets of {', '.join(protocols)}"
    return cells[0] if len(cells) == 1 else f"{MEAN_OF} {', '.join(cells)}"
