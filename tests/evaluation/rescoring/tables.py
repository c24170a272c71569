"""Tables of scores for tests, read from a CSV file as a user's are."""

from __future__ import annotations

import csv
import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fasrepro.evaluation.rescoring import table as tables
from fasrepro.evaluation.rescoring.layouts import Reading
from fasrepro.evaluation.rescoring.table import Input, Table


@dataclasses.dataclass(frozen=True)
class Row:
    split: str
    label: int
    score: float
    video: str
    subject: str
    species: str = ""
    dataset: str = "a"


def table(rows: Sequence[Row], without: Sequence[str] = ()) -> Table:
    """Return the table of a file with these rows, whose columns in `without` are omitted."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            columns = [field.name for field in dataclasses.fields(Row) if field.name not in without]
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(map(_cells, rows))
        return tables.read([Input(str(path))], Reading())


def _cells(row: Row) -> dict[str, object]:
    species = row.species or ("print" if row.label else "")
    return {
        **dataclasses.asdict(row),
        "label": ("bona_fide", "attack")[row.label],
        "score": repr(float(row.score)),
        "species": species,
    }
