"""What every table of results shares: how figures are printed, and the order of rows.

Shares are printed from 0 to 1, as in paper 1, with their interval in brackets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from fasrepro.evaluation.results import Cell, Figure
from fasrepro.evaluation.results.metrics import Difference
from fasrepro.report import markdown

NO_RESULTS = "No results yet: run `dvc repro`.\n"
NONE = "–"
STILL_IMAGES = "still images"  # what a target holds that has no figures by video
NO_VIDEO = "no video"  # stands where such a target's figure by video would
SMALL_P = 0.001  # a smaller p is printed as such: three decimals would round it to 0
CellEntry = TypeVar("CellEntry", bound=Cell)


def number(value: float | None, signed: bool = False) -> str:
    """Return a share with three decimals; a dash if there is none."""
    if value is None:
        return NONE
    return f"{value:+.3f}" if signed else f"{value:.3f}"


def p_value(value: float | None) -> str:
    """Return a p-value with three decimals, "< 0.001" below that, and a dash if there is none."""
    return f"< {SMALL_P:g}" if value is not None and value < SMALL_P else number(value)


def interval(figure: Figure | None, signed: bool = False) -> str:
    """Return a figure with its interval.

    >>> interval(Figure(0.1234, 0.1, 0.2))
    '0.123 [0.100, 0.200]'
    """
    if figure is None or figure.value is None:
        return NONE
    bounds = "" if figure.low is None else f" [{number(figure.low, signed)}, {number(figure.high, signed)}]"
    return number(figure.value, signed) + bounds


def intervals(figures: Mapping[str, Figure] | None, names: Iterable[str]) -> list[str]:
    """Return the figures `names` with their intervals; `NO_VIDEO` for each where a target has no figures by video (None).

    >>> intervals({"auc": Figure(0.9, None, None)}, ["auc"]), intervals(None, ["auc"])
    (['0.900'], ['no video'])
    """
    return [NO_VIDEO if figures is None else interval(figures[name]) for name in names]


def as_figure(row: Difference) -> Figure:
    """Return a difference between runs with its interval."""
    return Figure(row.difference, row.low, row.high)


def words(name: str) -> str:
    """Return the name of a cue, a species or a probe as a text shows it."""
    return name.replace("_", " ")


def in_order(cells: Iterable[CellEntry], runs: Sequence[str]) -> list[CellEntry]:
    """Return cells by their short name, then in the order of `runs`: the order of every table."""
    place = {run: number for number, run in enumerate(runs)}
    return sorted(cells, key=lambda cell: (cell.cell, place.get(cell.run, len(place))))


def table_or_notice(columns: Sequence[str], rows: Sequence[Sequence[Any]], notice: str = NO_RESULTS) -> str:
    """Return a table of the rows; of no rows, the notice."""
    return markdown.table(columns, rows) if rows else notice
