"""Pairs of pictures: the same frame of a recording without and with a cue, all else equal, and the region of the cue."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np

from fasrepro import regions
from fasrepro.archives.layout import Presentation
from fasrepro.config import Synthetic
from fasrepro.files import replaced
from fasrepro.rows.faces import Label
from fasrepro.simulation import attacks, recordings, render, truth
from fasrepro.simulation.drawing.layers import Array
from fasrepro.simulation.recordings import Recording
from fasrepro.vocabulary import CUES

STRENGTH = 0.7
SIDE = 128  # pixels
CANDIDATES = 4  # presentations that an example is chosen from
MIDDLE = 128  # of 255: the best brightness of an example's face, since a cue can hardly be seen in a dark frame


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """One frame of a recording without and with a cue.

    Args:
        without: uint8 RGB.
        present: the same with the cue.
        region: of the cue, bool of the frames' height and width.
        box: of the face without the cue: x, y, width, height.
    """

    without: Array
    present: Array
    region: Array
    box: tuple[int, int, int, int]

    def cut(self, frame: Array) -> Array:
        """Return the face in a frame of this size."""
        x, y, width, height = self.box
        return frame[max(y, 0) : y + height, max(x, 0) : x + width]


def pair(recording: Recording, cue: str, strength: float, number: int, filmed: bool = True) -> Pair:
    """Draw frame `number` of a recording without and with a cue. Before the camera, all else is equal to the byte.

    Args:
        recording: of an attack.
        cue: one of the recording's, which is removed, or another, which is added.
        strength: of a cue that is added.
        number: of the frame.
        filmed: whether the pictures go through the camera.

    Raises:
        ValueError: the recording's medium cannot show the cue.
    """
    possible = render.possible_cues(recording)
    if cue not in possible:
        raise ValueError(f"{recording.presentation.id}: cannot show {cue!r}. What can be shown: {', '.join(possible)}")
    rest = {name: value for name, value in recording.cues.items() if name != cue}
    present = render.draw_layers(recording, {**rest, cue: recording.cues.get(cue, strength)})
    without = truth.moving_as(present, render.draw_layers(recording, rest))
    frames = []
    for layers in (without, present):
        before = render.pictures(recording, layers, [number])
        frames.append(next(render.film(recording, before, [number]) if filmed else before))
    grid = truth.region_in_frame(truth.changed_region(present, without), recording, present, number)
    height, width = recording.size
    region = np.repeat(np.repeat(grid, regions.CELL, axis=0), regions.CELL, axis=1)[:height, :width]
    return Pair(frames[0], frames[1], region, truth.place(recording, without, number)[0])


def examples(plan: list[Presentation], synthetic: Synthetic) -> dict[str, Array]:
    """Return an example of each cue on a face: <cue>_without, <cue>_with (uint8 RGB) and <cue>_mask (its region, 0 or 1).

    An example is a presentation of the plan, of a procedural person, that shows the cue alone. Of a few candidates, the one with
    the best exposure is taken. A cue of no species of the plan is omitted.
    """
    cv2.setNumThreads(1)
    arrays: dict[str, Array] = {}
    for order, cue in enumerate(CUES):
        fitting = [p for p in plan if p.label is Label.ATTACK and cue in attacks.CUE_RATES[p.species]]
        if not fitting:
            continue
        step = -(-len(fitting) // CANDIDATES)
        candidates = [fitting[(order * 7 + place) % len(fitting)] for place in range(0, len(fitting), step)]
        best = min((_example(presentation, cue, synthetic) for presentation in candidates), key=_exposure_error)
        for name, picture in best.items():
            interpolation = cv2.INTER_NEAREST if name == "mask" else cv2.INTER_CUBIC
            arrays[f"{cue}_{name}"] = cv2.resize(picture, (SIDE, SIDE), interpolation=interpolation)
    return arrays


def _example(presentation: Presentation, cue: str, synthetic: Synthetic) -> dict[str, Array]:
    """Return the face's crop of a presentation without and with the cue alone, and the cue's region."""
    person = recordings.person_of(presentation, synthetic)
    recording = dataclasses.replace(recordings.plan_recording(presentation, person, synthetic), cues={})
    example = pair(recording, cue, STRENGTH, recording.frames // 3)
    cut = example.cut
    return {"without": cut(example.without), "with": cut(example.present), "mask": cut(example.region).astype(np.uint8)}


def _exposure_error(example: dict[str, Array]) -> float:
    """Return how far the mean of an example's face is from the best brightness."""
    return abs(float(example["without"].mean()) - MIDDLE)


def write(path: Path, arrays: dict[str, Array]) -> None:
    """Write `examples` as a .npz file."""
    with replaced(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
