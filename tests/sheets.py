"""Sheets to test effects on, their appearance, and their differences."""

from __future__ import annotations

import numpy as np

from fasrepro.simulation.drawing import backgrounds, figures, people
from fasrepro.simulation.drawing.layers import Array, Instrument, Place, Sheet
from fasrepro.simulation.effects import SHEET_EFFECTS

LAYERS = ("picture", "closed", "gain", "add", "alpha")


def sheet(person: int = 2, raster: float = 5.0, pixels: float = 1.08) -> Sheet:
    """Return a picture, without cues, of the person with this seed."""
    sitting = people.draw_sitting(person + 1)
    figure = figures.draw_figure(people.draw_person(person), sitting, 180, 240, Place(120, 85, 43))
    behind = backgrounds.background(sitting, 180, 240)
    return Sheet.of(figure, behind, Instrument(raster, pixels, (0.93, 0.92, 0.89), (0.05, 0.05, 0.06)))


def with_cue(name: str, strength: float, seed: int = 7, person: int = 2, pixels: float = 1.08) -> Sheet:
    """Return the same sheet with one cue."""
    after = sheet(person, pixels=pixels)
    SHEET_EFFECTS[name](after, strength, np.random.default_rng(seed))
    return after


def appearance(sheet: Sheet) -> Array:
    """Return what the eye sees of a sheet before a grey room."""
    return 0.5 + (np.clip(sheet.picture * sheet.gain + sheet.add, 0, 1) - 0.5) * sheet.alpha[..., None]


def changed(after: Sheet, before: Sheet) -> Array:
    """Return where any layer differs."""
    return np.any([np.atleast_3d(getattr(after, n) != getattr(before, n)).any(axis=2) for n in LAYERS], axis=0)
