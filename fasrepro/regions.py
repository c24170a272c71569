"""Where a cue is in a frame: a grid of cells, encoded as text in the table of truths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

CELL = 4  # side of a cell, in pixels of the frame
VISIBLE_SHARE = 0.005  # of the crop's area; a cue that covers less counts as not visible
# A region's columns, rows and runs. Possessive quantifiers, so that even a long text takes one pass.
_REGION = re.compile(r"([1-9]\d{0,2})x([1-9]\d{0,2}):((?:0,)?(?:[1-9]\d*+,)*+[1-9]\d*+)", re.ASCII)


def encode_region(grid: np.ndarray) -> str:
    """Write a grid of cells as text.

    "60x45:100,3,57,3,..." is a grid of 60 cells across and 45 down, `CELL` pixels a side. After the colon stand the lengths of
    runs in row-major order, alternately of cells without and with the cue; the first may be 0.

    Args:
        grid: boolean, of shape (rows, columns), each from 1 to 999.

    Raises:
        ValueError: for any other array.

    >>> encode_region(np.array([[True, False, False]]))
    '3x1:0,1,2'
    """
    if grid.dtype != np.bool_ or grid.ndim != 2 or not all(0 < side < 1000 for side in grid.shape):
        raise ValueError(f"a region is a boolean grid of 1 to 999 cells a side, not {grid.dtype} of {grid.shape}")
    flat = grid.ravel()
    ends = [*(np.flatnonzero(flat[1:] != flat[:-1]) + 1).tolist(), flat.size]
    runs = [end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    return f"{grid.shape[1]}x{grid.shape[0]}:{','.join(map(str, [0, *runs] if flat[0] else runs))}"


def is_region(text: str) -> bool:
    """Return whether a text has the form of a region. Only `decode_region` checks that its runs add up.

    >>> is_region("3x1:0,1,2"), is_region("1 1 2 2")
    (True, False)
    """
    return _REGION.fullmatch(text) is not None


def decode_region(text: str) -> np.ndarray:
    """Return the boolean grid, of shape (rows, columns), that `encode_region` wrote. Raises `ValueError` for any other text."""
    match = _REGION.fullmatch(text)
    if not match:
        raise ValueError(f"no region, which is like 60x45:100,3,2597: {text[:60]!r}")
    columns, rows, runs = int(match[1]), int(match[2]), [int(run) for run in match[3].split(",")]
    if sum(runs) != rows * columns:
        raise ValueError(f"a region's runs add up to {sum(runs)} cells, not {columns} x {rows}: {text[:60]!r}")
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(rows, columns)


def share(box: Sequence[float], region: str) -> float:
    """Return the share of a box's area that a region covers, in [0, 1].

    Cells count by their overlap with the box. The part of a box outside the frame counts as not covered.

    Args:
        box: x, y, width, height in pixels of the frame.
        region: as `encode_region` writes it.

    >>> share((0, 0, 8, 4), "3x1:0,1,2")
    0.5
    """
    x, y, width, height = box
    grid = decode_region(region)
    down, across = (
        np.clip(np.minimum(CELL * np.arange(1, count + 1), start + length) - np.maximum(CELL * np.arange(count), start), 0, None)
        for count, start, length in ((grid.shape[0], y, height), (grid.shape[1], x, width))
    )
    return float(down @ grid @ across) / (width * height)


def visible(box: Sequence[float], names: Iterable[str], regions: Iterable[str]) -> list[str]:
    """Return the cues that are visible in a face's crop: their regions cover at least `VISIBLE_SHARE` of its box.

    Args:
        box: of the face: x, y, width, height in pixels of the frame.
        names: of cues.
        regions: one a name, as in `rows.truth.Truth`.
    """
    return [name for name, region in zip(names, regions, strict=True) if share(box, region) >= VISIBLE_SHARE]
