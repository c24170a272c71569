"""Where a cue is in a frame: a grid of cells, as the text in which the table of truths keeps it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

CELL = 4  # pixels of the frame: a cell's side
# A mask's columns, rows and runs. Possessive, so that even a long text takes one pass.
_MASK = re.compile(r"([1-9]\d{0,2})x([1-9]\d{0,2}):((?:0,)?(?:[1-9]\d*+,)*+[1-9]\d*+)", re.ASCII)


def encode_mask(grid: np.ndarray) -> str:
    """Write where a cue is as text: "60x45:100,3,57,3,..." is a grid of 60 cells across and 45 down, `CELL` pixels a side.

    After the colon the lengths of runs in row-major order, in turn of cells without and with the cue; the first may be 0.
    `grid` is boolean, (rows, columns), at most 999 a side. Raises `ValueError` for any other array.
    """
    if grid.dtype != np.bool_ or grid.ndim != 2 or not all(0 < side < 1000 for side in grid.shape):
        raise ValueError(f"a mask is a boolean grid of 1 to 999 cells a side, not {grid.dtype} of {grid.shape}")
    flat = grid.ravel()
    ends = [*(np.flatnonzero(flat[1:] != flat[:-1]) + 1).tolist(), flat.size]
    runs = [end - start for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    return f"{grid.shape[1]}x{grid.shape[0]}:{','.join(map(str, [0, *runs] if flat[0] else runs))}"


def is_mask(text: str) -> bool:
    """Return whether a text has the form of a mask; cheap, for that its runs add up is left to `decode_mask`."""
    return _MASK.fullmatch(text) is not None


def decode_mask(text: str) -> np.ndarray:
    """Return the boolean grid (rows, columns) of a mask that `encode_mask` wrote. Raises `ValueError` for any other text."""
    match = _MASK.fullmatch(text)
    if not match:
        raise ValueError(f"no mask, which is like 60x45:100,3,2597: {text[:60]!r}")
    columns, rows, runs = int(match[1]), int(match[2]), [int(run) for run in match[3].split(",")]
    if sum(runs) != rows * columns:
        raise ValueError(f"a mask's runs add up to {sum(runs)} cells, not {columns} x {rows}: {text[:60]!r}")
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(rows, columns)


def share(box: Sequence[float], mask: str) -> float:
    """Return how much of a box's area a mask covers, from 0 to 1; `box` is x, y, width, height in pixels of the frame.

    A cell counts by its overlap with the box. What of the box lies outside the frame counts as not covered.
    """
    x, y, width, height = box
    grid = decode_mask(mask)
    down, across = (
        np.clip(np.minimum(CELL * np.arange(1, count + 1), start + length) - np.maximum(CELL * np.arange(count), start), 0, None)
        for count, start, length in ((grid.shape[0], y, height), (grid.shape[1], x, width))
    )
    return float(down @ grid @ across) / (width * height)
