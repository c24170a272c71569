"""Regions of boxes, for tests that need the truth of a frame."""

import numpy as np

from fasrepro.regions import CELL, encode_region


def box_region(x: int, y: int, width: int, height: int) -> str:
    """Return the region of a cue that covers a box of whole cells, in pixels of a frame of 240 x 180."""
    assert not any(value % CELL for value in (x, y, width, height))
    grid = np.zeros((180 // CELL, 240 // CELL), dtype=bool)
    grid[y // CELL : (y + height) // CELL, x // CELL : (x + width) // CELL] = True
    return encode_region(grid)
