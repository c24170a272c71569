"""The end of a sheet inside the face's box, which the margin of paper and the border of a device have in common."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fasrepro.simulation.drawing.layers import Array, Colour, Sheet, grid

SIDES = ("left", "right", "bottom", "top")
SIDE_RATES = (0.35, 0.35, 0.2, 0.1)
INSIDE = (0.05, 0.15)  # distance of the end inside the face's box, and what strength 1 adds to it, in face widths


def _distances_inside(sheet: Sheet, inside: float, slant: float, rows: Array, columns: Array) -> dict[str, Array]:
    """Return, for each side of the face's box, the distance of each pixel inside the picture; negative beyond its end."""
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
    """End the picture inside the face's box on one or two sides with a rim, beyond which the room is seen.

    Args:
        sheet: changed in place.
        strength: of the cue.
        rim: breadth of the rim, in face widths.
        colour: of the rim.
        profile: brightness of the rim by place, from 0 at the picture to 1 at the outer edge.
        rng: of sides and slant.
    """
    rows, columns = grid(sheet.picture)
    order = rng.choice(len(SIDES), size=2, replace=False, p=SIDE_RATES)
    sides = [SIDES[i] for i in order[: int(rng.integers(1, 3))]]
    distances = _distances_inside(
        sheet, (INSIDE[0] + INSIDE[1] * strength) * sheet.box[2], float(rng.uniform(-0.06, 0.06)), rows, columns
    )
    band = rim * sheet.box[2]
    for side in sides:
        beyond = 1 - np.clip(distances[side] + 0.5, 0, 1)[..., None]
        shade = profile(np.clip(-distances[side] / band, 0, 1))[..., None]
        sheet.gain *= 1 - beyond
        sheet.add *= 1 - beyond
        sheet.add += beyond * np.asarray(colour, np.float32) * shade
        sheet.alpha *= np.clip(distances[side] + band + 0.5, 0, 1)
