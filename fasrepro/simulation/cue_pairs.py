"""Counterfactuals: the same frame of a take without and with a cue, all else equal, and where the cue is."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np

from fasrepro import regions
from fasrepro.archives.layout import Presentation
from fasrepro.files import replaced
from fasrepro.rows.faces import Label
from fasrepro.simulation import attacks, render, takes, truth
from fasrepro.simulation.layers import Array
from fasrepro.simulation.takes import Scene, Take
from fasrepro.vocabulary import CUES

STRENGTH = 0.7
SIDE = 128  # pixels
CANDIDATES = 4  # presentations that an example is chosen from
MIDDLE = 128  # of 255: how bright an example's face should be, since a cue can hardly be seen in a dark frame


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """One frame of a take without and with a cue: uint8 RGB, and the cue's mask as bool, all of one height and width."""

    without: Array
    present: Array
    mask: Array


def pair(chosen: Take, cue: str, strength: float, number: int, filmed: bool = True) -> Pair:
    """Draw frame `number` of a take with one of its cues taken out, or one more put in; `filmed`: through the camera.

    Before the camera all else is byte-equal. Raises `ValueError` for a cue that the take's medium cannot show.
    """
    layered = render.effects_of(chosen)
    if cue not in layered:
        raise ValueError(f"{chosen.shown.id}: {cue!r} cannot be put there. What can: {', '.join(layered)}")
    rest = {name: value for name, value in chosen.cues.items() if name != cue}
    present = render.layers(chosen, {**rest, cue: chosen.cues.get(cue, strength)})
    drawn = [truth.moving_as(present, render.layers(chosen, rest)), present]
    shown = []
    for layers in drawn:
        before = render.pictures(chosen, layers, [number])
        shown.append(next(render.film(chosen, before, [number]) if filmed else before))
    grid = truth.in_frame(truth.mask_of(drawn[1], drawn[0]), chosen, drawn[1], number)
    height, width = chosen.size
    mask = np.repeat(np.repeat(grid, regions.CELL, axis=0), regions.CELL, axis=1)[:height, :width]
    return Pair(shown[0], shown[1], mask)


def examples(plan: list[Presentation], scene: Scene) -> dict[str, Array]:
    """Return an example of each cue, the face's crop: <cue>_without, <cue>_with (uint8 RGB) and <cue>_mask (0 or 1).

    Each is a presentation of the plan, of a drawn person, that shows the cue alone; of a few that could be, the one that is best
    exposed without it. A cue that no species of the plan has is left out.
    """
    arrays: dict[str, Array] = {}
    for order, cue in enumerate(CUES):
        fitting = [p for p in plan if p.label is Label.ATTACK and cue in attacks.CUE_RATES[p.species]]
        if not fitting:
            continue
        apart = -(-len(fitting) // CANDIDATES)
        chosen = [fitting[(order * 7 + place) % len(fitting)] for place in range(0, len(fitting), apart)]
        for name, picture in min((_example(shown, cue, scene) for shown in chosen), key=_exposed).items():
            how = cv2.INTER_NEAREST if name == "mask" else cv2.INTER_CUBIC
            arrays[f"{cue}_{name}"] = cv2.resize(picture, (SIDE, SIDE), interpolation=how)
    return arrays


def _example(shown: Presentation, cue: str, scene: Scene) -> dict[str, Array]:
    """Return the face's crop of a presentation without and with the cue alone, and the cue's mask."""
    chosen = dataclasses.replace(takes.take(shown, takes.person_of(shown, scene), scene), cues={})
    number = chosen.frames // 3
    made = pair(chosen, cue, STRENGTH, number)
    x, y, width, height = truth.place(chosen, render.layers(chosen, {}), number)[0]
    window = np.s_[max(y, 0) : y + height, max(x, 0) : x + width]
    return {"without": made.without[window], "with": made.present[window], "mask": made.mask[window].astype(np.uint8)}


def _exposed(example: dict[str, Array]) -> float:
    """Return how far an example's face is from being exposed as it should."""
    return abs(float(example["without"].mean()) - MIDDLE)


def write(path: Path, arrays: dict[str, Array]) -> None:
    """Write `examples` as a .npz file."""
    with replaced(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
