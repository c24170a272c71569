"""Where a sheet ends inside the face's box: what a paper's margin and a device's border have in common."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fasrepro.simulation.layers import Array, Colour, Sheet, grid

SIDES = ("left", "right", "bottom", "top")
SIDE_RATES = (0.35, 0.35, 0.2, 0.1)
INSIDE = (0.05, 0.15)  # how far inside the face's box the picture ends, and what strength 1 adds, in face widths


def _ways_in(sheet: Sheet, inside: float, slant: float, rows: Array, columns: Array) -> dict[str, Array]:
    """Return, for each side of the face's box, how far each pixel lies within the picture: negative beyond its end."""
    x, y, width, height = sheet.box
    down, along = slant * (rows - y - height / 2), slant * (columns - x - width / 2)
    return {
        "left": columns - (x + inside) - down,
        "right": (x + width - inside) - columns + down,
        "top": rows - (y + 0.8 * inside) + along,
        "bottom": (y + height - 0.8 * inside) - rows - along,
    }


def end_picture(
    sheet: Sheet, strength: float, rim: float, colour: Colour, profile: Callable[[Array], Array], rng: np.random.Generator
) -> None:
    """End the picture inside the face's box on one or two sides: a rim of `colour`, then what lies behind the sheet.

    `rim` is the rim's breadth in face widths; `profile` gives its brightness from 0, at the picture, to 1, at its outer edge.
    """
    rows, columns = grid(sheet.picture)
    order = rng.choice(len(SIDES), size=2, replace=False, p=SIDE_RATES)
    sides = [SIDES[i] for i in order[: int(rng.integers(1, 3))]]
    ways = _ways_in(sheet, (INSIDE[0] + INSIDE[1] * strength) * sheet.box[2], float(rng.uniform(-0.06, 0.06)), rows, columns)
    band = rim * sheet.box[2]
    for side in sides:
        beyond = 1 - np.clip(ways[side] + 0.5, 0, 1)[..., None]
        shade = profile(np.clip(-ways[side] / band, 0, 1))[..., None]
        sheet.gain *= 1 - beyond
        sheet.add *= 1 - beyond
        sheet.add += beyond * np.asarray(colour, np.float32) * shade
        sheet.alpha *= np.clip(ways[side] + band + 0.5, 0, 1)
