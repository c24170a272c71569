"""The table of grounding: cues that explanations name against cues that are in the image, and what a sampler gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fasrepro.report import fragments, tables

UNKNOWN = "Which cues are in an image is known of synthetic archives alone.\n"
COLUMNS = (
    "protocol",
    "run",
    "attacks",
    "precision",
    "recall",
    "F1",
    "F1 of the sampler",
    "F1 minus the sampler's",
    "cues named, a bona fide face",
    "by the sampler",
)


def table(grounding: Mapping[str, Any], runs: Sequence[str], synthetic: bool) -> str:
    """Return the fragment, a row a job with captions; `grounding` is results/grounding.json, `runs` gives the order."""
    if not synthetic:
        return UNKNOWN
    if not grounding:
        return tables.NOTHING
    rows = []
    for job in tables.by_protocol(grounding.values(), runs):
        told, chance, more = job["explained"], job["sampler"], job["difference"]
        rows.append(
            (
                job["protocol"],
                job["run"],
                job["counts"]["attack"],
                *(tables.interval(told[name]) for name in ("precision", "recall", "f1")),
                tables.interval(chance["f1"]),
                tables.interval(more["f1"], signed=True),
                tables.interval(told["named_on_bona_fide"]),
                tables.interval(chance["named_on_bona_fide"]),
            )
        )
    return fragments.table(COLUMNS, rows)
