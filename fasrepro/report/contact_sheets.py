"""Sheets of pictures: rows of faces under their titles. The choice of faces is a pure function of their ids."""

from __future__ import annotations

import dataclasses
import itertools
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from fasrepro.crops import read_crop
from fasrepro.datasets import DATASETS
from fasrepro.hashing import unit_hash
from fasrepro.report import figures
from fasrepro.report.tables import words
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face

ACROSS = 6  # columns of a contact sheet at most, so that their titles can be read
FEWEST = 4  # and at least, so that the faces of two kinds are no larger than those of four
GAP = 0.04  # between cells, in widths of a cell
POINTS = 72  # an inch
LEADING = 1.35  # of a line of text, in sizes of its letters


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """A picture and the title above it, which may have several lines."""

    picture: Image.Image | np.ndarray  # RGB
    title: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """Cells side by side, with a label in bold letters and words below it at the left."""

    cells: Sequence[Cell | None]  # None: an empty place
    label: str = ""
    words: str = ""


def sample(faces: Sequence[Face], count: int, salt: str) -> list[Face]:
    """Return up to `count` faces in the order of a hash that `salt` varies, of different subjects if there are enough."""
    ranked = sorted(faces, key=lambda face: unit_hash(salt, face.face_id))
    first_of_subject = list({face.subject: face for face in reversed(ranked)}.values())[::-1]
    rest = [face for face in ranked if face not in first_of_subject]
    return (first_of_subject + rest)[:count]


def sample_across_datasets(faces: Sequence[Face], count: int, salt: str) -> list[Face]:
    """Return up to `count` faces, sampled from each data set in turn, one a presentation; in the order of data sets."""
    one_each = {face.presentation: face for face in sorted(faces, key=lambda face: face.face_id)}.values()
    queues = [sample([face for face in one_each if face.dataset == name], count, salt) for name in DATASETS]
    turns = [face for turn in itertools.zip_longest(*queues) for face in turn if face is not None]
    return sorted(turns[:count], key=lambda face: list(DATASETS).index(face.dataset))


def draw_sheet(path: Path, rows: Sequence[Row], columns: int, labels: float = 0.0, shape: float = 1.1) -> None:
    """Draw rows of up to `columns` cells and save them as a PNG of the page's width.

    A picture keeps its shape and fills its cell as far as that allows; a row is as high as its highest picture.

    Args:
        path: where to write it.
        rows: from top to bottom.
        columns: cells in the longest row.
        labels: the room for labels at the left, in widths of a cell.
        shape: a cell's height, in widths of a cell.
    """
    inches = figures.WIDTH / (columns + labels)  # a cell's width
    small, large = max(6.0, min(7.0, 7.0 * inches)), max(7.0, min(9.0, 8.0 * inches))
    line = small * LEADING / POINTS / inches
    heads = [max((cell.title.count("\n") + 1 for cell in row.cells if cell and cell.title), default=0) * line for row in rows]
    heights = [max((_size(cell, shape)[1] for cell in row.cells if cell), default=0.0) for row in rows]
    tops = np.cumsum([0.0, *(head + height + GAP for head, height in zip(heads, heights, strict=True))]).tolist()
    drawing, axes = figures.grid(1, 1, max(tops[-1], GAP) * inches)
    panel = axes[0][0]
    with figures.saved(path, drawing):
        for row, head, top in zip(rows, heads, tops, strict=False):
            for place, cell in enumerate(row.cells):
                if cell is None:
                    continue
                width, height = _size(cell, shape)
                edges = (place + 0.5 - width / 2, place + 0.5 + width / 2, top + head + height, top + head)
                panel.imshow(np.asarray(cell.picture), extent=edges, interpolation="bicubic", aspect="auto")
                panel.text(place + 0.5, top + head - line / 4, cell.title, fontsize=small, ha="center", va="bottom")
            _draw_label(panel, row, (-labels, top + head), labels * inches * POINTS, (large, small), inches)
        panel.set(xlim=(-labels, columns), ylim=(max(tops[-1], GAP), 0))
        panel.axis("off")


def _size(cell: Cell, shape: float) -> tuple[float, float]:
    """Return width and height at which a picture fills a cell, in widths of a cell."""
    height, width = np.asarray(cell.picture).shape[:2]
    scale = min((1 - GAP) / width, shape / height)
    return scale * width, scale * height


def _draw_label(
    panel: Axes, row: Row, corner: tuple[float, float], room: float, sizes: tuple[float, float], inches: float
) -> None:
    """Write a row's label and words from `corner` down, wrapped to `room` points, in letters of `sizes` points."""
    x, y = corner
    for text, size, weight, letter in ((row.label, sizes[0], "bold", 0.7), (row.words, sizes[1], "normal", 0.6)):
        width = max(int(room / (letter * size)), 1)  # in letters, whose width is on the safe side
        lines = [part for line in text.splitlines() for part in textwrap.wrap(line, width)]
        panel.text(x, y, "\n".join(lines), fontsize=size, weight=weight, va="top", linespacing=LEADING - 0.15)
        y += len(lines) * size * LEADING / POINTS / inches


def crop_cell(face: Face, crops: Path, title: str = "") -> Cell:
    """Return a face's crop under `title`. Raises `crops.CropError`."""
    return Cell(read_crop(crops, face.crop, face.crop_sha256), title)


def by_kind(faces: Sequence[Face]) -> dict[str, list[Face]]:
    """Return faces by the title of their kind of presentation: bona fide, then each species and instrument."""
    kinds: dict[tuple[bool, str, str], list[Face]] = {}
    for face in faces:
        kinds.setdefault((face.species != BONA_FIDE_SPECIES, face.species, face.instrument), []).append(face)
    return {_kind_title(kind): kinds[kind] for kind in sorted(kinds)}


def sample_kinds(faces: Sequence[Face]) -> dict[str, list[Face]]:
    """Return the faces of a contact sheet, by the title of their kind of presentation."""
    kinds = by_kind(faces)
    return {title: sample(members, _depth(len(kinds)), "contact sheet") for title, members in kinds.items()}


def _depth(kinds: int) -> int:
    """Return how many faces of a kind a contact sheet shows: fewer where the kinds need several bands."""
    return 3 if kinds <= ACROSS else 2


def draw_contact_sheet(faces: Sequence[Face], crops: Path, path: Path) -> None:
    """Draw a data set's kinds of presentation, a column each, with the faces of `sample_kinds`.

    More than `ACROSS` kinds are drawn in bands, one below the other. Fewer than `FEWEST` leave room at the right.
    """
    kinds = list(sample_kinds(faces).items())
    rows = []
    for start in range(0, len(kinds), ACROSS):
        columns = kinds[start : start + ACROSS]
        for place in range(_depth(len(kinds))):
            cells = []
            for title, members in columns:
                cells.append(crop_cell(members[place], crops, "" if place else title) if place < len(members) else None)
            rows.append(Row(cells))
    draw_sheet(path, rows, min(max(len(kinds), FEWEST), ACROSS))


def _kind_title(kind: tuple[bool, str, str]) -> str:
    attack, species, instrument = kind
    return f"{words(species)}\n{instrument}" if attack else "bona fide"
