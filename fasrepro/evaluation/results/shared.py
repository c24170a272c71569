"""What the files of figures have in common: figures with intervals, cells, counts, settings; the reader and the writer."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TypeVar

from fasrepro import files, schema

Contents = TypeVar("Contents")
HEAD = "head"  # the channel of a model's scores; every other channel is a reader of its explanations


def key(cell: str, run: str) -> str:
    """Return the key of a cell's entry.

    >>> key("oci_w", "vanilla")
    'oci_w-vanilla'
    """
    return f"{cell}-{run}"


@dataclasses.dataclass(frozen=True)
class Figure:
    """A figure and its percentile interval; None where the rows do not determine it, or fewer than two subjects do."""

    value: float | None
    low: float | None
    high: float | None


Figures = dict[str, Figure]  # by metric


@dataclasses.dataclass(frozen=True)
class Cell:
    """The place of a result: a run trained on a protocol and tested on a target (a key of `datasets.DATASETS`)."""

    protocol: str
    run: str
    target: str
    cell: str

    @property
    def key(self) -> str:
        """The key of the cell's entry."""
        return key(self.cell, self.run)

    @property
    def place(self) -> Cell:
        """The cell alone, of what is more than that."""
        return Cell(self.protocol, self.run, self.target, self.cell)

    @property
    def names(self) -> dict[str, str]:
        """The four names, as keyword arguments of an entry."""
        return dataclasses.asdict(self.place)


@dataclasses.dataclass(frozen=True)
class Counts:
    """The rows behind figures: faces or videos of each label, and their subjects."""

    bona_fide: int
    attack: int
    subjects: int


@dataclasses.dataclass(frozen=True)
class FaceCounts:
    """Faces and their subjects."""

    faces: int
    subjects: int


@dataclasses.dataclass(frozen=True)
class Pair:
    """A run, and the baseline that it is compared with."""

    run: str
    baseline: str


@dataclasses.dataclass(frozen=True)
class EvaluationSettings:
    """The bootstrap (`replicates`, the `confidence` of intervals in (0, 1), `seed` of its draws) and the rounding of results."""

    replicates: int
    confidence: float
    seed: int
    digits: int


@dataclasses.dataclass(frozen=True)
class LedgerSettings:
    """The rule of the claims ledger (`report.claims.verdicts`).

    Args:
        metric: that a claim is about if it names none of its own.
        effect: the relative effect, in (0, 1), of a claim without a published one: a share of the baseline's error.
        equivalence: the share of the claimed effect, in (0, 1), within which two runs do not differ.
        min_seeds: of each training set.
        min_seeds_alone: of the training set of a row that rests on one alone.
        min_subjects: of a row.
    """

    metric: str
    effect: float
    equivalence: float
    min_seeds: int
    min_seeds_alone: int
    min_subjects: int


def read(path: Path, kind: type[Contents]) -> Contents:
    """Read a file of figures, such as `read(paths.METRICS, Metrics)`.

    Raises:
        ValueError: naming the file, the key and the command that rewrites the file.
    """
    remedy = f"run `dvc repro {path.stem}`" if path.stem != "metrics" else "run `dvc repro evaluate`"
    try:
        return schema.build(kind, files.read_json(path), str(path))
    except schema.SchemaError as error:
        raise ValueError(f"{error}; {remedy}") from None


def write(path: Path, contents: object, digits: int) -> None:
    """Write a file of figures with sorted keys, every float rounded to `digits` decimals."""
    files.write_json(path, files.rounded(schema.plain(contents), digits))
