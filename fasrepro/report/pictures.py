"""Sheets of pictures for the book: rows of faces under their words. The choice of faces is a pure function of ids."""

from __future__ import annotations

import dataclasses
import itertools
import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from fasrepro.crops import read_crop
from fasrepro.datasets import DATASETS
from fasrepro.hashing import unit_hash
from fasrepro.report import figures
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face

ACROSS = 6  # columns of a contact sheet, so that their titles can be read
GAP = 0.04  # between cells, in widths of a cell
POINTS = 72  # an inch
LEADING = 1.35  # of a line of text, in sizes of its letters


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """A picture and the words above it, which may be lines."""

    picture: Image.Image | np.ndarray  # RGB
    title: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """Cells side by side, and what they have in common: a label in bold letters, and words below it."""

    cells: Sequence[Cell | None]  # None: an empty place
    label: str = ""
    words: str = ""


def chosen(faces: Sequence[Face], count: int, salt: str) -> list[Face]:
    """Return up to `count` faces, of different subjects where there are enough, by a hash that `salt` varies."""
    ranked = sorted(faces, key=lambda face: unit_hash(salt, face.face_id))
    firsts = list({face.subject: face for face in reversed(ranked)}.values())[::-1]
    rest = [face for face in ranked if face not in firsts]
    return (firsts + rest)[:count]


def spread(faces: Sequence[Face], count: int, salt: str) -> list[Face]:
    """Return up to `count` faces, `chosen` from each data set in turn, a presentation once; in the order of data sets."""
    once = {face.presentation: face for face in sorted(faces, key=lambda face: face.face_id)}.values()
    queues = [chosen([face for face in once if face.dataset == name], count, salt) for name in DATASETS]
    turns = [face for turn in itertools.zip_longest(*queues) for face in turn if face is not None]
    return sorted(turns[:count], key=lambda face: list(DATASETS).index(face.dataset))


def sheet(path: Path, rows: Sequence[Row], columns: int, labels: float = 0.0, shape: float = 1.1) -> None:
    """Draw rows of up to `columns` cells and save them as a PNG of the page's width.

    `labels` is the room for labels at the left, and `shape` a cell's height, both in widths of a cell. A picture keeps its
    shape and fills its cell as far as that allows; a row is as high as its highest picture.
    """
    inches = figures.WIDTH / (columns + labels)  # a cell's width
    small, large = max(6.0, min(7.0, 7.0 * inches)), max(7.0, min(9.0, 8.0 * inches))
    line = small * LEADING / POINTS / inches
    heads = [max((cell.title.count("\n") + 1 for cell in row.cells if cell and cell.title), default=0) * line for row in rows]
    heights = [max((_size(cell, shape)[1] for cell in row.cells if cell), default=0.0) for row in rows]
    tops = np.cumsum([0.0, *(head + height + GAP for head, height in zip(heads, heights, strict=True))]).tolist()
    figure, axes = figures.grid(1, 1, max(tops[-1], GAP) * inches)
    panel = axes[0][0]
    with figures.saved(path, figure):
        for row, head, top in zip(rows, heads, tops, strict=False):
            for place, cell in enumerate(row.cells):
                if cell is None:
                    continue
                width, height = _size(cell, shape)
                edges = (place + 0.5 - width / 2, place + 0.5 + width / 2, top + head + height, top + head)
                panel.imshow(np.asarray(cell.picture), extent=edges, interpolation="bicubic", aspect="auto")
                panel.text(place + 0.5, top + head - line / 4, cell.title, fontsize=small, ha="center", va="bottom")
            _label(panel, row, (-labels, top + head), labels * inches * POINTS, (large, small), inches)
        panel.set(xlim=(-labels, columns), ylim=(max(tops[-1], GAP), 0))
        panel.axis("off")


def _size(cell: Cell, shape: float) -> tuple[float, float]:
    """Return width and height at which a picture fills a cell, in widths of a cell."""
    height, width = np.asarray(cell.picture).shape[:2]
    scale = min((1 - GAP) / width, shape / height)
    return scale * width, scale * height


def _label(
    panel: figures.Axes, row: Row, corner: tuple[float, float], room: float, sizes: tuple[float, float], inches: float
) -> None:
    """Write a row's label and words from `corner` on, wrapped to `room` points, in letters of `sizes` points."""
    x, y = corner
    for text, size, weight, letter in ((row.label, sizes[0], "bold", 0.7), (row.words, sizes[1], "normal", 0.6)):
        width = max(int(room / (letter * size)), 1)  # in letters, whose width is on the safe side
        lines = [part for line in text.splitlines() for part in textwrap.wrap(line, width)]
        panel.text(x, y, "\n".join(lines), fontsize=size, weight=weight, va="top", linespacing=LEADING - 0.15)
        y += len(lines) * size * LEADING / POINTS / inches


def cell(face: Face, crops: Path, title: str = "") -> Cell:
    """Return a face's crop under `title`. Raises `crops.CropError`."""
    return Cell(read_crop(crops, face.crop, face.crop_sha256), title)


def contact_sheet(faces: Sequence[Face], crops: Path, path: Path, examples: int = 3) -> list[str]:
    """Draw a data set's kinds of presentation, a column each (live, then each species and instrument), `examples` faces deep.

    More kinds than `ACROSS` are drawn in bands one below the other, two faces deep.
    Returns what the columns show, for the picture's alternative text.
    """
    kinds: dict[tuple[bool, str, str], list[Face]] = {}
    for face in faces:
        kinds.setdefault((face.species != BONA_FIDE_SPECIES, face.species, face.instrument), []).append(face)
    order = sorted(kinds)
    deep = examples if len(order) <= ACROSS else min(examples, 2)
    rows = []
    for start in range(0, len(order), ACROSS):
        band = {kind: chosen(kinds[kind], deep, "contact sheet") for kind in order[start : start + ACROSS]}
        for place in range(deep):
            words = {kind: _words(kind) if place == 0 else "" for kind in band}
            rows.append(Row([cell(f[place], crops, words[kind]) if place < len(f) else None for kind, f in band.items()]))
    sheet(path, rows, min(len(order), ACROSS))
    return [_words(kind).replace("\n", ", ") for kind in order]


def _words(kind: tuple[bool, str, str]) -> str:
    attack, species, instrument = kind
    return f"{species.replace('_', ' ')}\n{instrument}" if attack else "bona fide"
