"""Anybody's scores, read from one CSV file with a row a frame or a video, and checked on entry.

Required columns: `split` (dev or test), `label` (bona_fide or attack; or 0 and 1), `score`. Optional columns: `video` (scores are
averaged over its frames; without it every row is a video), `subject` (the bootstrap resamples subjects; without it, videos),
`species` of an attack, `dataset`. With a column `dataset`, names of videos and subjects are unique within a data set only.

A score is any finite number. Its direction is not guessed: an option states it, and this module alone reverses scores. Past it a
higher score means an attack, and scores are otherwise unchanged.
"""

from __future__ import annotations

import csv
import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fasrepro import names
from fasrepro.evaluation import metrics

REQUIRED = ("split", "label", "score")
OPTIONAL = ("video", "subject", "species", "dataset")
SPLITS = ("dev", "test")
LABELS = {"bona_fide": 0, "attack": 1, "0": 0, "1": 1}
LARGEST = 1e300  # absolute: the middle of two scores, and the sum of a video's scores, stay finite


class ScoresError(ValueError):
    """A file that cannot be scored; the message names the place, the fault and the remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One row of the file.

    Args:
        number: of the line; the header's is 1.
        split: of `SPLITS`.
        label: 0 bona fide, 1 attack.
        score: as in the file.
        video: its name; without the column the row's own.
        subject: "" without the column.
        species: "" without the column.
        dataset: "" without the column.
    """

    number: int
    split: str
    label: int
    score: float
    video: str
    subject: str
    species: str
    dataset: str


@dataclasses.dataclass(frozen=True)
class Table:
    """The checked rows of a file, in its order, and its columns."""

    path: Path
    columns: frozenset[str]
    rows: list[Row]


@dataclasses.dataclass(frozen=True)
class Videos:
    """One row a video, by ascending score; a higher score means attack. All arrays are (videos,).

    Args:
        labels: 0 bona fide, 1 attack.
        scores: mean over frames.
        first: the score of the first frame in the file.
        species: of attacks.
        datasets: "" where unknown.
        units: number of the subject, or of the video where subjects are unknown.
        frames: how many rows of the file the video has.
    """

    labels: np.ndarray
    scores: np.ndarray
    first: np.ndarray
    species: np.ndarray
    datasets: np.ndarray
    units: np.ndarray
    frames: np.ndarray

    def where(self, rows: np.ndarray) -> Videos:
        """Return some of the videos; `rows`: bool of shape (videos,)."""
        return Videos(*(getattr(self, field.name)[rows] for field in dataclasses.fields(self)))


def read(path: Path) -> Table:
    """Read and check a file, UTF-8 and comma-separated. Raises `ScoresError` naming file, row, column and remedy."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *lines = [[cell.strip() for cell in line] for line in csv.reader(file, strict=True)] or [[]]
    except FileNotFoundError:
        raise ScoresError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ScoresError(f"{path}: cannot be read: {error}; save it as CSV in UTF-8") from None
    if not any(header):
        raise ScoresError(f"{path}: no header; its first row names the columns, such as {','.join((*REQUIRED, *OPTIONAL))}")
    for name in header:
        if name not in (*REQUIRED, *OPTIONAL):
            remedy = "separate columns by commas" if ";" in name or "\t" in name else "rename it or remove it"
            raise ScoresError(f"{path}: {names.unknown(name, (*REQUIRED, *OPTIONAL), 'column')}; {remedy}")
        if header.count(name) > 1:
            raise ScoresError(f"{path}: {header.count(name)} columns are named {name!r}; keep one")
    for name in REQUIRED:
        if name not in header:
            raise ScoresError(f"{path}: no column {name!r}; add it: {', '.join(REQUIRED)} are required")
    rows = [_row(f"{path}, row {number}", number, header, cells) for number, cells in enumerate(lines, 2) if any(cells)]
    if not rows:
        raise ScoresError(f"{path}: no rows below the header; add one for each frame or video")
    _check_names(path, rows, "dataset" in header)
    return Table(path, frozenset(header), rows)


def _row(where: str, number: int, header: Sequence[str], cells: Sequence[str]) -> Row:
    if len(cells) != len(header):
        raise ScoresError(f"{where}: {len(cells)} cells for {len(header)} columns; quote what holds a comma")
    cell_of = dict(zip(header, cells, strict=True))
    if cell_of["split"] not in SPLITS:
        fault = names.unknown(cell_of["split"], SPLITS, "split")
        raise ScoresError(f"{where}, column split: {fault}; remove rows of other splits")
    if cell_of["label"] not in LABELS:
        raise ScoresError(
            f"{where}, column label: {names.unknown(cell_of['label'], LABELS, 'label')}; 0 is bona fide, 1 an attack"
        )
    label = LABELS[cell_of["label"]]
    try:
        score = float(cell_of["score"])
    except ValueError:
        score = math.nan
    if not abs(score) <= LARGEST:
        fault = f"{cell_of['score']!r} is no number from {-LARGEST:g} to {LARGEST:g}"
        raise ScoresError(f"{where}, column score: {fault}; give the row a score, or remove the row and report that")
    for column in OPTIONAL:
        if cell_of.get(column) == "" and (column != "species" or label == 1):
            raise ScoresError(f"{where}, column {column}: empty; fill it in, or remove the whole column")
    optional = {column: cell_of.get(column, "") for column in OPTIONAL} | {"video": cell_of.get("video", f"row {number}")}
    return Row(number, cell_of["split"], label, score, **optional)


def _check_names(path: Path, rows: Sequence[Row], has_dataset: bool) -> None:
    """Raise `ScoresError` for a video whose rows contradict each other, and for a subject in both splits."""
    videos: dict[tuple[str, str], Row] = {}
    subjects: dict[tuple[str, str], Row] = {}
    for row in rows:
        _check_same(path, "video", videos.setdefault((row.dataset, row.video), row), row, has_dataset)
        if row.subject:
            _check_same(path, "subject", subjects.setdefault((row.dataset, row.subject), row), row, has_dataset)


# The columns in which the rows of one video, or of one subject, must agree.
COMMON = {"video": ("split", "label", "subject", "species"), "subject": ("split",)}


def _check_same(path: Path, kind: str, first: Row, row: Row, has_dataset: bool) -> None:
    for column in COMMON[kind]:
        before, now = getattr(first, column), getattr(row, column)
        if now == before:
            continue
        if column == "label":
            before, now = metrics.LABELS[before], metrics.LABELS[now]
        raise ScoresError(
            f"{path}, row {row.number}, column {column}: {kind} {getattr(row, kind)!r} has {column} {now!r} here and {before!r} "
            f"in row {first.number}; a {kind} has one {column}: correct it, or remove the {kind} from one"
            + ("" if has_dataset else "; if two data sets use the same names, add a column dataset")
        )


def videos(table: Table, split: str, higher_is_bona_fide: bool) -> Videos:
    """Return a split by video. Raises `ScoresError` where a label is missing."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in table.rows:
        if row.split == split:
            groups.setdefault((row.dataset, row.video), []).append(row)
    heads = [rows[0] for rows in groups.values()]
    labels = np.array([row.label for row in heads], int)
    for label, name in metrics.LABELS.items():
        if not (labels == label).any():
            fault = f"split {split}: no {name} among {len(heads)} videos"
            raise ScoresError(f"{table.path}: {fault}; error rates need both labels: add such rows")
    sign = -1 if higher_is_bona_fide else 1
    # `fsum` rounds once, so a mean depends neither on the order of the frames nor on the sign.
    scores = sign * np.array([math.fsum(row.score for row in group) / len(group) for group in groups.values()])
    units = [(row.dataset, row.subject or row.video) for row in heads]
    numbers = {unit: number for number, unit in enumerate(sorted(set(units)))}
    return Videos(
        labels=labels,
        scores=scores,
        first=sign * np.array([row.score for row in heads]),
        species=np.array([row.species for row in heads]),
        datasets=np.array([row.dataset for row in heads]),
        units=np.array([numbers[unit] for unit in units]),
        frames=np.array([len(group) for group in groups.values()]),
    ).where(np.argsort(scores, kind="stable"))  # sorted once, so that no chunk of replicates has to sort again
