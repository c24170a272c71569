"""How cues are drawn, and what harmlessly looks like them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fasrepro.simulation.effects import makeup, masks, prints, screens
from fasrepro.simulation.effects.look_alikes import LOOK_ALIKES
from fasrepro.simulation.effects.masks import SITTING_EFFECTS
from fasrepro.simulation.layers import Figure, Sheet

__all__ = ["FACE_EFFECTS", "LOOK_ALIKES", "SHEET_EFFECTS", "SITTING_EFFECTS"]

# In drawing order: what changes the picture first, then patterns over it, then where it ends, how it bends and who holds it.
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

# What is worn or stuck on first, which starts with the skin itself, then what is painted on.
FACE_EFFECTS: dict[str, Callable[[Figure, float, np.random.Generator], None]] = {**masks.FACE_EFFECTS, **makeup.FACE_EFFECTS}
