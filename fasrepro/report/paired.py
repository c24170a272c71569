"""Paired differences read the way round that is asked for: metrics.json holds each pair of runs once (`summary.pairs`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def flipped(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return baseline minus run of a row of run minus baseline: signs turned, and the interval's ends exchanged."""
    turned = {"run": row["baseline"], "baseline": row["run"], "difference": _minus(row["difference"])}
    return {**row, **turned, "low": _minus(row["high"]), "high": _minus(row["low"])}


def _minus(value: float | None) -> float | None:
    return None if value is None else 0.0 - value  # no -0.0, which would be printed as "-0.000"


def oriented(rows: Iterable[Mapping[str, Any]], run: str, baseline: str) -> list[dict[str, Any]]:
    """Return the rows that compare the two runs, each as `run` minus `baseline`."""
    return [dict(row) if row["run"] == run else flipped(row) for row in rows if {row["run"], row["baseline"]} == {run, baseline}]
