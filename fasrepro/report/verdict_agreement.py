"""Tables of what readers make of explanations with and without their verdict, and of how readers and head go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fasrepro.report import fragments, headings, tables

SIGNS = {"": "whole", "_cut": "verdict cut out", "_flipped": "verdict turned"}


def variants(readings: Mapping[str, Any], runs: Sequence[str], readers: Sequence[str]) -> str:
    """Return the table of each reader's HTER on the whole text, the cut one and the turned one, a row a job and reader.

    A reader that decides nothing of a run's whole texts, which state no verdict, has no row.
    """
    rows = []
    for job in tables.by_protocol(readings.values(), runs):
        for reader in readers:
            found = [job["channels"].get(reader + suffix) for suffix in SIGNS]
            if found[0] is None or found[0]["undecided"]["value"] == 1:
                continue
            errors = [tables.interval(entry["hter"]) for entry in found]
            rows.append([job["protocol"], job["run"], reader, *errors, tables.interval(found[1]["undecided"])])
    columns = ["protocol", "run", "reader", *(f"HTER, {words}" for words in SIGNS.values()), "undecided, verdict cut out"]
    return fragments.table(columns, rows) if rows else tables.NOTHING


def by_frame(metrics: Mapping[str, Any]) -> str:
    """Return accuracy and HTER of readers' verdicts by frame, as paper 1 counts: undecided ones wrong, and left out."""
    names = ("accuracy", "hter", "undecided", "accuracy_decided", "hter_decided")
    rows = []
    for job in metrics["jobs"].values():
        for reader, levels in sorted(job["mean"]["readers"].items()):
            cell = levels["frame"]
            size = cell["counts"]["bona_fide"] + cell["counts"]["attack"]
            rows.append([job["protocol"], job["run"], reader, size, *(tables.interval(cell[name]) for name in names)])
    columns = ["protocol", "run", "reader", "frames", *(headings.words(name) for name in names)]
    return fragments.table(columns, rows) if rows else tables.NOTHING


def agreement(readings: Mapping[str, Any], runs: Sequence[str], first: str) -> str:
    """Return the table of how the head and the other readers go with the reader `first`, and of texts without their form."""
    others = sorted(
        {name for job in readings.values() for name, cell in job["channels"].items() if "kappa" in cell and plain(name)}
    )
    rows = []
    for job in tables.by_protocol(readings.values(), runs):
        cells = job["channels"]
        if first not in cells or cells[first]["undecided"]["value"] == 1:
            continue
        kappas = [tables.interval(cells[name]["kappa"]) if name in cells else tables.NONE for name in others]
        unparsed = tables.number(job["unparsed"])
        counted = job["counts"]["explanations"]
        rows.append([job["protocol"], job["run"], counted, tables.interval(cells[first]["disagreement"]), *kappas, unparsed])
    columns = ["protocol", "run", "frames", f"head and {first} disagree", *(f"kappa, {name} and {first}" for name in others)]
    return fragments.table([*columns, "without the form of its captions"], rows) if rows else tables.NOTHING


def plain(channel: str) -> bool:
    """Return whether a channel is of whole texts."""
    return not any(suffix and channel.endswith(suffix) for suffix in SIGNS)


def fragments_of(
    readings: Mapping[str, Any], metrics: Mapping[str, Any], runs: Sequence[str], readers: Sequence[str], counted: Sequence[str]
) -> dict[str, str]:
    """Return every fragment of this module by its name; `readers` as params.yaml has them, the first one the measure; `counted`
    those of them that are not simulated."""
    return {
        "readings_table": variants(readings, runs, counted),
        "readers_frame_table": by_frame(metrics),
        "agreement_table": agreement(readings, runs, readers[0]),
    }
