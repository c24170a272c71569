"""What came of annotation, as tables: by style, by species and by data set, and captions that nobody chose.

All are made from the reports in results/captions_report, by style; a caption is text that a model wrote, and is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fasrepro.datasets import DATASETS
from fasrepro.report import fragments, gallery, tables

SHARES = {"near_duplicates": "near-duplicates", "no_cue": "names no cue", "fits_not_image": "fits, is not there"}
LENGTHS = {"mean": "mean words", "p5": "5th percentile", "p50": "50th", "p95": "95th"}

Reports = Mapping[str, Mapping[str, Any]]


def _words(value: float | None) -> str:
    return tables.NONE if value is None else f"{value:.1f}"


def _shares(found: Mapping[str, Any]) -> list[str]:
    return [tables.number(found[name]) for name in SHARES]


def by_style(reports: Reports) -> str:
    """Return the table of lengths and shares, a row a style, and from when on two captions are near-duplicates."""
    rows = [
        (style, found["captions"], *(_words(found["words"][name]) for name in LENGTHS), *_shares(found))
        for style, found in reports.items()
    ]
    said = [
        f"Two captions are near-duplicates if their sets of runs of {near['words_a_run']} words have a Jaccard similarity of"
        f" {near['jaccard']:g} or more.\n"
        for near in [found["near"] for found in reports.values()][:1]
    ]
    return "\n".join([fragments.table(("style", "captions", *LENGTHS.values(), *SHARES.values()), rows), *said])


def by_species(reports: Reports) -> str:
    """Return the table of captions of each species, a row a style and species."""
    rows = [
        (style, name.replace("_", " "), group["captions"], _words(group["words"]["mean"]), *_shares(group))
        for style, found in reports.items()
        for name, group in sorted(found["species"].items())
    ]
    return fragments.table(("style", "species", "captions", "mean words", *SHARES.values()), rows)


def by_dataset(reports: Reports) -> str:
    """Return the table of each data set, a row a style and data set, with what annotation took there."""
    rows = [
        (
            style,
            DATASETS[name].title,
            found["datasets"][name]["faces"],
            found["datasets"][name]["failed"],
            sum(found["datasets"][name]["rejected"].values()),
            _words(found["datasets"][name]["words"]["mean"]),
            *_shares(found["datasets"][name]),
        )
        for style, found in reports.items()
        for name in DATASETS
        if name in found["datasets"]
    ]
    columns = ("style", "data set", "faces", "without a caption", "replies asked again", "mean words", *SHARES.values())
    return fragments.table(columns, rows)


def examples(reports: Reports) -> str:
    """Return the example captions as cards, by species and style."""
    items = [
        gallery.card(f"{name.replace('_', ' ')}, {style}: {example['face_id']}", gallery.escaped(example["text"]), None)
        for name in sorted({name for found in reports.values() for name in found["examples"]})
        for style, found in reports.items()
        for example in found["examples"].get(name, [])
    ]
    return gallery.cards(items) if items else tables.NOTHING


def fragments_of(reports: Reports) -> dict[str, str]:
    """Return every fragment of this module by its name; `reports` maps a style to its report."""
    return {
        "caption_reports": fragments.caption_reports(reports),
        "caption_figures": by_style(reports),
        "caption_species": by_species(reports),
        "caption_datasets": by_dataset(reports),
        "caption_examples": examples(reports),
    }
