"""Scores as a CSV file that `fasrepro rescore` reads, whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from fasrepro import files

NAME = "scores.csv"  # in an exported folder
LABELS = {0: "bona_fide", 1: "attack"}


def write(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows, all of the same columns; those of `rescore`: split, label, score, and what else is known."""
    rows = list(rows)
    with files.replaced(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0] if rows else ("split", "label", "score"), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
