"""The drawing of cues, and of harmless things that look like them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fasrepro.simulation.drawing.layers import Figure, Sheet
from fasrepro.simulation.effects import makeup, masks, prints, screens
from fasrepro.simulation.effects.look_alikes import LOOK_ALIKES
from fasrepro.simulation.effects.masks import SITTING_EFFECTS

__all__ = ["FACE_EFFECTS", "LOOK_ALIKES", "SHEET_EFFECTS", "SITTING_EFFECTS"]

# In drawing order: first changes of the picture, then patterns over it, then its end, its bend, and the hand that holds it.
SHEET_EFFECTS: dict[str, Callable[[Sheet, float, np.random.Generator], None]] = {
    "flat_light": prints.flat_light,
    "narrow_gamut": prints.narrow_gamut,
    "banding": screens.banding,
    "halftone": prints.halftone,
    "screen_tint": screens.screen_tint,
    "pixel_grid": screens.pixel_grid,
    "moire": screens.moire,
    "refresh_lines": screens.refresh_lines,
    "glare": screens.glare,
    "cut_eyes": prints.cut_eyes,
    "paper_border": prints.paper_border,
    "bezel": screens.bezel,
    "curl": prints.curl,
    "hand_on_medium": prints.hand_on_medium,
}

# In drawing order: first masks, from the skin outwards, then paint.
FACE_EFFECTS: dict[str, Callable[[Figure, float, np.random.Generator], None]] = {**masks.FACE_EFFECTS, **makeup.FACE_EFFECTS}
