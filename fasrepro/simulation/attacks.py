"""The make of an attack: how each PAI species is presented, and how often it shows each cue.

No species shows a cue in all its presentations, and every common cue belongs to at least two species (tests hold both).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from fasrepro.simulation.drawing.layers import Colour, Instrument


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """How a species is presented."""

    medium: str  # worn | sheet (of paper, or a screen)
    moving: bool  # whether the head in the picture moves
    blinking: bool  # whether its eyes blink
    covered: str = "face"  # by a mask or a patch: face | eyes | mouth


KINDS: dict[str, Kind] = {
    "print": Kind("sheet", False, False),
    "warped_photo": Kind("sheet", False, False),
    "cut_photo": Kind("sheet", False, False),
    "replay_photo": Kind("sheet", False, False),
    "replay_video": Kind("sheet", True, True),
    "makeup_cosmetic": Kind("worn", True, True),
    "makeup_impersonation": Kind("worn", True, True),
    "makeup_obfuscation": Kind("worn", True, True),
    "mannequin": Kind("worn", True, False),
    "silicone_mask": Kind("worn", True, True),
    "half_mask": Kind("worn", True, True, "eyes"),
    "paper_mask": Kind("worn", True, True),
    "transparent_mask": Kind("worn", True, True),
    "partial_eye": Kind("worn", True, True, "eyes"),
    "partial_mouth": Kind("worn", True, True, "mouth"),
    "partial_paper_glasses": Kind("worn", True, True, "eyes"),
    "partial_funny_eye": Kind("worn", True, True, "eyes"),
    "a4_print": Kind("sheet", False, False),
    "poster": Kind("sheet", False, False),
    "album_photo": Kind("sheet", False, False),
    "newspaper_photo": Kind("sheet", False, False),
    "upper_body_photo": Kind("sheet", False, False),
    "cloth_print": Kind("sheet", False, False),
    "replay_pad": Kind("sheet", False, False),
    "replay_pc": Kind("sheet", False, False),
    "replay_phone": Kind("sheet", False, False),
    "facial_photo": Kind("worn", True, True),
    "region_mask": Kind("worn", True, True, "eyes"),
    "mask_3d": Kind("worn", True, True),
    "rigid_mask": Kind("worn", True, True),
    "flexible_mask": Kind("worn", True, True),
    "plaster_mask": Kind("worn", True, True),
    "resin_mask": Kind("worn", True, True),
    "adult_doll": Kind("worn", True, False),
    "garage_kit": Kind("worn", True, False),
}

# species -> cue -> probability that it is drawn. Whether it can then be seen is decided in truth.py.
CUE_RATES: dict[str, dict[str, float]] = {
    "print": {
        "halftone": 0.60,
        "paper_border": 0.45,
        "curl": 0.30,
        "narrow_gamut": 0.50,
        "flat_light": 0.50,
        "hand_on_medium": 0.25,
        "glare": 0.20,
    },
    "warped_photo": {
        "halftone": 0.55,
        "paper_border": 0.40,
        "curl": 0.75,
        "narrow_gamut": 0.50,
        "flat_light": 0.40,
        "cut_eyes": 0.10,
        "hand_on_medium": 0.30,
    },
    "cut_photo": {"halftone": 0.55, "paper_border": 0.40, "cut_eyes": 0.80, "narrow_gamut": 0.50, "flat_light": 0.45},
    "replay_photo": {
        "moire": 0.60,
        "pixel_grid": 0.40,
        "banding": 0.35,
        "glare": 0.45,
        "bezel": 0.45,
        "screen_tint": 0.50,
        "refresh_lines": 0.25,
        "hand_on_medium": 0.20,
    },
    "replay_video": {
        "moire": 0.55,
        "pixel_grid": 0.40,
        "banding": 0.40,
        "glare": 0.40,
        "bezel": 0.45,
        "screen_tint": 0.50,
        "refresh_lines": 0.45,
        "hand_on_medium": 0.15,
    },
    "makeup_cosmetic": {"heavy_makeup": 0.90, "uniform_texture": 0.60},
    "makeup_impersonation": {"heavy_makeup": 0.50, "face_paint": 0.50, "drawn_lines": 0.55, "uniform_texture": 0.50},
    "makeup_obfuscation": {"face_paint": 0.75, "drawn_lines": 0.65},
    "mannequin": {
        "uniform_texture": 0.70,
        "waxy_skin": 0.55,
        "rigid_expression": 0.70,
        "hard_specular": 0.55,
        "painted_eyes": 0.50,
    },
    "silicone_mask": {
        "waxy_skin": 0.70,
        "eye_hole_seam": 0.60,
        "rigid_expression": 0.50,
        "uniform_texture": 0.40,
        "hard_specular": 0.25,
        "mask_edge": 0.30,
    },
    "half_mask": {"mask_edge": 0.75, "waxy_skin": 0.55, "eye_hole_seam": 0.50, "rigid_expression": 0.35},
    "paper_mask": {"halftone": 0.50, "eye_hole_seam": 0.70, "mask_edge": 0.55, "rigid_expression": 0.50},
    "transparent_mask": {"hard_specular": 0.75, "mask_edge": 0.55, "eye_hole_seam": 0.45, "rigid_expression": 0.35},
    "partial_eye": {"pasted_patch": 0.85, "halftone": 0.40},
    "partial_mouth": {"pasted_patch": 0.85, "halftone": 0.40},
    "partial_paper_glasses": {"paper_glasses": 0.85, "painted_eyes": 0.45, "halftone": 0.35},
    "partial_funny_eye": {"painted_eyes": 0.85, "paper_glasses": 0.60},
    "a4_print": {
        "halftone": 0.50,
        "paper_border": 0.55,
        "curl": 0.40,
        "narrow_gamut": 0.50,
        "flat_light": 0.45,
        "hand_on_medium": 0.35,
    },
    "poster": {"halftone": 0.65, "narrow_gamut": 0.40, "flat_light": 0.55, "glare": 0.30},
    "album_photo": {"paper_border": 0.60, "glare": 0.45, "flat_light": 0.45, "narrow_gamut": 0.40, "hand_on_medium": 0.30},
    "newspaper_photo": {"halftone": 0.80, "narrow_gamut": 0.70, "paper_border": 0.35, "curl": 0.30, "flat_light": 0.45},
    "upper_body_photo": {
        "halftone": 0.50,
        "paper_border": 0.60,
        "curl": 0.35,
        "narrow_gamut": 0.45,
        "flat_light": 0.45,
        "hand_on_medium": 0.30,
    },
    "cloth_print": {"halftone": 0.35, "curl": 0.70, "narrow_gamut": 0.60, "flat_light": 0.50},
    "replay_pad": {"moire": 0.50, "pixel_grid": 0.35, "glare": 0.50, "bezel": 0.50, "screen_tint": 0.45, "hand_on_medium": 0.25},
    "replay_pc": {"moire": 0.60, "pixel_grid": 0.45, "banding": 0.35, "bezel": 0.35, "screen_tint": 0.50, "refresh_lines": 0.35},
    "replay_phone": {
        "moire": 0.45,
        "pixel_grid": 0.30,
        "banding": 0.40,
        "glare": 0.40,
        "bezel": 0.60,
        "screen_tint": 0.45,
        "hand_on_medium": 0.40,
    },
    "facial_photo": {"halftone": 0.50, "eye_hole_seam": 0.60, "mask_edge": 0.65, "rigid_expression": 0.50},
    "region_mask": {"pasted_patch": 0.80, "halftone": 0.45},
    "mask_3d": {
        "eye_hole_seam": 0.55,
        "mask_edge": 0.40,
        "rigid_expression": 0.60,
        "uniform_texture": 0.50,
        "hard_specular": 0.35,
    },
    "rigid_mask": {
        "rigid_expression": 0.80,
        "hard_specular": 0.50,
        "eye_hole_seam": 0.55,
        "mask_edge": 0.45,
        "uniform_texture": 0.45,
    },
    "flexible_mask": {
        "waxy_skin": 0.65,
        "eye_hole_seam": 0.60,
        "uniform_texture": 0.45,
        "mask_edge": 0.35,
        "rigid_expression": 0.40,
    },
    "plaster_mask": {"uniform_texture": 0.75, "rigid_expression": 0.75, "mask_edge": 0.50, "eye_hole_seam": 0.45},
    "resin_mask": {
        "hard_specular": 0.60,
        "rigid_expression": 0.70,
        "eye_hole_seam": 0.50,
        "mask_edge": 0.40,
        "uniform_texture": 0.40,
    },
    "adult_doll": {
        "waxy_skin": 0.60,
        "painted_eyes": 0.60,
        "rigid_expression": 0.75,
        "uniform_texture": 0.60,
        "hard_specular": 0.40,
    },
    "garage_kit": {"painted_eyes": 0.75, "hard_specular": 0.60, "rigid_expression": 0.80, "uniform_texture": 0.65},
}


@dataclasses.dataclass(frozen=True, slots=True)
class Workshop:
    """The printers and screens of a data set: ranges from which the instrument of a presentation is drawn."""

    raster: tuple[float, float]  # period of printed dots, in pixels of the frame
    pixels: tuple[float, float]  # frequency of the screen's pixels, in cycles per pixel of the frame
    paper: Colour
    device: Colour


WORKSHOPS: dict[str, Workshop] = {
    "office": Workshop((4.2, 5.2), (0.88, 0.98), (0.93, 0.92, 0.89), (0.05, 0.05, 0.06)),
    "photo_shop": Workshop((4.6, 6.2), (1.04, 1.16), (0.96, 0.95, 0.95), (0.12, 0.12, 0.13)),
    "print_room": Workshop((4.0, 5.0), (0.90, 1.10), (0.90, 0.90, 0.92), (0.03, 0.03, 0.03)),
    "studio": Workshop((4.0, 5.8), (0.84, 0.96), (0.94, 0.93, 0.86), (0.20, 0.20, 0.21)),
    "home": Workshop((4.4, 6.0), (0.92, 1.14), (0.91, 0.88, 0.84), (0.08, 0.08, 0.10)),
    "copy_shop": Workshop((4.1, 5.6), (0.86, 1.00), (0.95, 0.95, 0.96), (0.06, 0.06, 0.06)),
    "agency": Workshop((4.0, 6.2), (0.84, 1.16), (0.94, 0.93, 0.91), (0.10, 0.10, 0.11)),
    "market": Workshop((4.2, 6.2), (0.86, 1.14), (0.92, 0.90, 0.86), (0.16, 0.15, 0.15)),
    "foundry": Workshop((4.3, 5.4), (0.96, 1.12), (0.93, 0.93, 0.90), (0.04, 0.04, 0.05)),
    "theatre": Workshop((4.5, 6.1), (0.88, 1.02), (0.90, 0.87, 0.85), (0.07, 0.06, 0.06)),
    "bench": Workshop((4.0, 5.3), (1.00, 1.16), (0.94, 0.94, 0.95), (0.18, 0.18, 0.19)),
    "garage": Workshop((4.4, 5.9), (0.85, 1.05), (0.91, 0.91, 0.88), (0.05, 0.06, 0.08)),
    "shop_window": Workshop((4.1, 5.5), (0.94, 1.14), (0.96, 0.94, 0.90), (0.14, 0.14, 0.15)),
}


def draw_instrument(workshop: Workshop, rng: np.random.Generator) -> Instrument:
    """Return the printer and screen of one presentation."""
    shade = rng.uniform(0.92, 1.04)
    return Instrument(
        raster=rng.uniform(*workshop.raster),
        pixels=rng.uniform(*workshop.pixels),
        paper=_scaled(workshop.paper, shade),
        device=_scaled(workshop.device, rng.uniform(0.6, 1.6)),
    )


def _scaled(colour: Colour, factor: float) -> Colour:
    red, green, blue = (float(min(part * factor, 1.0)) for part in colour)
    return red, green, blue


def draw_cues(rates: Mapping[str, float], strength: tuple[float, float], rng: np.random.Generator) -> dict[str, float]:
    """Return cue -> strength for one attack. Each cue is drawn at its rate; all are drawn again until there is at least one."""
    while True:
        cues = {cue: round(float(rng.uniform(*strength)), 3) for cue, rate in rates.items() if rng.random() < rate}
        if cues:
            return cues
