"""Tables of results as MyST fragments for the book's pages, and named values for their prose, from what metrics.json holds.

Shares are printed as in paper 1, from 0 to 1, with their interval in brackets. Every text that reaches a cell is escaped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fasrepro import files, vocabulary
from fasrepro.report import claims, fragments, headings
from fasrepro.report import ledger as ledgers
from fasrepro.report.ledger import OVERALL, LedgerRow
from fasrepro.report.paired import oriented
from fasrepro.report.published import EVIDENCE, Figure

NOTHING = "No results yet: `dvc repro` makes them.\n"
NONE = "–"

PAIRED = ("hter_dev", "auc", "apcer_max", "bpcer")


def number(value: float | None, signed: bool = False) -> str:
    """Return a share with three decimals; a dash where there is none."""
    return NONE if value is None else f"{value:+.3f}" if signed else f"{value:.3f}"


def interval(entry: Mapping[str, Any] | None, key: str = "value", signed: bool = False) -> str:
    """Return "0.123 [0.100, 0.150]" of {"value", "low", "high"} (or another `key` than "value")."""
    if not entry or entry.get(key) is None:
        return NONE
    bounds = "" if entry.get("low") is None else f" [{number(entry['low'], signed)}, {number(entry['high'], signed)}]"
    return number(entry[key], signed) + bounds


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    rows = list(rows)
    return fragments.table(columns, rows) if rows else NOTHING


def in_order(metrics: Mapping[str, Any], runs: Sequence[str]) -> dict[str, Any]:
    """Return `metrics` with its jobs by protocol, then in the order of `runs`: the order that every table keeps."""
    place = {run: number for number, run in enumerate(runs)}
    jobs = sorted(metrics["jobs"].items(), key=lambda job: (job[1]["protocol"], place.get(job[1]["run"], len(place))))
    return {**metrics, "jobs": dict(jobs)}


def by_protocol(found: Iterable[Mapping[str, Any]], runs: Sequence[str]) -> list[Mapping[str, Any]]:
    """Return entries that name a "protocol" and a "run" by protocol, then in the order of `runs`: the order of every table."""
    return sorted(found, key=lambda entry: (entry["protocol"], runs.index(entry["run"])))


def _jobs(metrics: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(metrics["jobs"].values())


def results(metrics: Mapping[str, Any], level: str) -> str:
    """Return the table of results per protocol and run, means over seeds; `level` is "video" or "frame"."""
    rows = []
    for job in _jobs(metrics):
        cell = job["mean"][level]
        counts = cell["counts"]
        sizes = f"{counts['bona_fide']} + {counts['attack']}"
        figures = [interval(cell[name]) for name in headings.RESULTS]
        rows.append([job["protocol"], job["run"], len(job["seeds"]), sizes, counts["subjects"], *figures])
    return _table(["protocol", "run", "seeds", f"{level}s (bona fide + attack)", "subjects", *headings.RESULTS.values()], rows)


def readers(metrics: Mapping[str, Any]) -> str:
    """Return the table of readers' verdicts on explanations, by video."""
    rows = [
        [job["protocol"], job["run"], reader, sum(levels["video"]["counts"][name] for name in ("bona_fide", "attack"))]
        + [interval(levels["video"][name]) for name in headings.READERS]
        for job in _jobs(metrics)
        for reader, levels in sorted(job["mean"]["readers"].items())
    ]
    return _table(["protocol", "run", "reader", "videos", *headings.READERS.values()], rows)


def species(metrics: Mapping[str, Any]) -> str:
    """Return the table of APCER per PAI species at the dev threshold, by video; a dash where a target lacks a species."""
    jobs = _jobs(metrics)
    names = [name for name in vocabulary.SPECIES if any(name in job["mean"]["video"]["apcer"] for job in jobs)]
    rows = [[job["protocol"], job["run"], *(interval(job["mean"]["video"]["apcer"].get(name)) for name in names)] for job in jobs]
    return _table(["protocol", "run", *(name.replace("_", " ") for name in names)], rows)


def paired(metrics: Mapping[str, Any]) -> str:
    """Return the table of paired differences by video of the head's scores, of `claims.compared`: later run minus earlier."""
    runs = list(dict.fromkeys(job["run"] for job in _jobs(metrics)))
    rows = []
    for baseline, run in claims.compared(runs):
        found: dict[str, dict[str, Mapping[str, Any]]] = {}
        for row in oriented(metrics["paired"], run, baseline):
            if row["channel"] == claims.HEAD and row["level"] == "video" and row["metric"] in PAIRED:
                found.setdefault(protocols_of(row), {})[row["metric"]] = row
        for scope, entries in sorted(found.items(), key=lambda item: (" " in item[0], item[0])):
            first = next(iter(entries.values()))
            figures = [interval(entries.get(name), "difference", signed=True) for name in PAIRED]
            rows.append([scope, f"{run} − {baseline}", first["seeds"], first["subjects"], *figures])
    return _table(["protocol", "run − baseline", "seeds", "subjects", *(headings.RESULTS[name] for name in PAIRED)], rows)


def protocols_of(row: Mapping[str, Any]) -> str:
    """Return the protocol of a paired row, or those that it is a mean of."""
    return f"{OVERALL} {', '.join(row['protocols'])}" if "protocols" in row else row["protocol"]


def published(figures: Mapping[str, Figure]) -> str:
    """Return the table of published numbers, each with its evidence mark, and what the marks mean."""
    rows = [[f.source, f.where or NONE, f.setting, f.method, f.measured, f.shown, f.note] for f in figures.values()]
    marks = "; ".join(f"**[{mark}]** {meaning}" for mark, meaning in EVIDENCE.items())
    return _table(["source", "where", "setting", "method", "metric", "value", "note"], rows) + f"\n{marks}.\n"


def ledger(rows: Sequence[LedgerRow]) -> str:
    """Return the claims ledger; a claim's text stands in its first row, and the paper's figure in the one that it is about."""
    first = {row.claim.id: row for row in reversed(rows)}
    paper = {name: ledgers.published_at([row for row in rows if row.claim.id == name]) for name in first}
    cells = [
        [
            row.claim.id,
            row.claim.text if row is first[row.claim.id] else "",
            row.paper if row is paper[row.claim.id] else "",
            row.scope,
            ledgers.compared(row) if row.metric else NONE,
            interval({"value": row.difference, "low": row.low, "high": row.high}, signed=True),
            row.test,
            row.verdict,
        ]
        for row in rows
    ]
    return _table(["", "claim", "paper", "protocol", "measured", "difference", "test", "verdict"], cells)


def ledger_in_short(rows: Sequence[LedgerRow]) -> str:
    """Return one row a claim: its text, and what came out over all protocols, by the head or by the first reader that counts."""
    cells = []
    for name in dict.fromkeys(row.claim.id for row in rows):
        found = [row for row in rows if row.claim.id == name]
        found = [row for row in found if row.channel == found[0].channel]
        whole = [row for row in found if row.scope.startswith(OVERALL)] or (found if len(found) == 1 else [])
        if whole:
            row = whole[0]
            told = interval({"value": row.difference, "low": row.low, "high": row.high}, signed=True)
            cells.append([name, row.claim.text, ledgers.measured(row) if row.metric else NONE, told, row.verdict])
        else:
            counted = Counter(row.verdict for row in found)
            told = ", ".join(f"{count} of {len(found)} protocols: {verdict}" for verdict, count in counted.most_common())
            cells.append([name, found[0].claim.text, ledgers.measured(found[0]), NONE, told])
    return _table(["", "claim", "measured", "difference, mean over protocols", "verdict"], cells)


def rule(settings: Mapping[str, Any], synthetic: bool) -> str:
    """Return the ledger's rule as a paragraph."""
    return f"{ledgers.rule(settings, 'synthetic' if synthetic else 'licensed')}\n"


def fragments_of(
    metrics: Mapping[str, Any], figures: Mapping[str, Figure], rows: Sequence[LedgerRow], synthetic: bool
) -> dict[str, str]:
    """Return every fragment by its name: what a page includes as `_generated/<name>.md`."""
    return {
        "results_table": results(metrics, "video"),
        "results_frame_table": results(metrics, "frame"),
        "readers_table": readers(metrics),
        "species_table": species(metrics),
        "paired_table": paired(metrics),
        "published_table": published(figures),
        "ledger_table": ledger(rows),
        "ledger_short": ledger_in_short(rows),
        "ledger_rule": rule(metrics["settings"], synthetic),
        "ledger_chance": f"{ledgers.chance(metrics['settings'], rows)}\n",
    }


def write_tables(
    metrics: Mapping[str, Any], figures: Mapping[str, Figure], rows: Sequence[LedgerRow], folder: Path, synthetic: bool
) -> list[Path]:
    """Write every fragment into `folder` and return the paths."""
    made = fragments_of(metrics, figures, rows, synthetic)
    for name, text in made.items():
        files.write_text(folder / f"{name}.md", text)
    return [folder / f"{name}.md" for name in made]


def values(metrics: Mapping[str, Any], figures: Mapping[str, Figure]) -> dict[str, str]:
    """Return named texts for ``{{ name }}`` on a page: results and published figures.

    "<protocol>_<run>_<metric>" is a figure with its interval, by video; "<protocol>_<run>_<reader>_<metric>" one of a reader's
    verdicts; "published_<id>" a published figure with its mark. Raises `ValueError` where two would have one name.
    """
    made: dict[str, str] = {}

    def add(text: str, *parts: str) -> None:
        name = re.sub(r"\W", "_", "_".join(parts))
        if name in made:
            raise ValueError(f"two values of the book are named {name!r}: give a run or protocol another name")
        made[name] = text

    for job in _jobs(metrics):
        for metric in headings.RESULTS:
            add(interval(job["mean"]["video"][metric]), job["protocol"], job["run"], metric)
        for reader, levels in sorted(job["mean"]["readers"].items()):
            for metric in headings.READERS:
                add(interval(levels["video"][metric]), job["protocol"], job["run"], reader, metric)
    for name, entry in figures.items():
        add(entry.shown, "published", name)
    return made
