"""A recording as frames: a person before a camera, with what they wear on their face, or the sheet or screen that shows them.

Layers are drawn once a video and moved for each frame. They can be drawn with any set of cues: a counterfactual is the same
recording with another set.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

import cv2
import numpy as np

from fasrepro.simulation import cameras, motion
from fasrepro.simulation.drawing import backgrounds, figures, portraits
from fasrepro.simulation.drawing.layers import Array, Figure, Sheet
from fasrepro.simulation.drawing.people import Person, Sitting
from fasrepro.simulation.drawing.portraits import Sitter
from fasrepro.simulation.effects import FACE_EFFECTS, LOOK_ALIKES, SHEET_EFFECTS, SITTING_EFFECTS
from fasrepro.simulation.recordings import Recording, rng_of


@dataclasses.dataclass(slots=True)
class Layers:
    """The drawing of a video, before any motion. Pictures are uint8 of (height, width, 3).

    Args:
        picture: with open eyes.
        closed: with closed eyes, where the eyes blink; else the same.
        body: what moves with the head.
        eyes: x, y of the eye at the left of the picture, then of the other.
        box: of the face: x, y, width, height.
        sheet: the surface of a print or a screen; None where there is no medium.
    """

    picture: Array
    closed: Array
    body: motion.Body
    eyes: tuple[float, float, float, float]
    box: tuple[float, float, float, float]
    sheet: Surface | None


@dataclasses.dataclass(slots=True)
class Surface:
    """A sheet's surface over the picture that it shows, and the room behind it."""

    gain: Array  # float32
    add: Array  # float32, of 255
    alpha: Array  # float32 of (height, width)
    room: Array

    def moved(self, matrix: Array) -> Surface:
        """Return what lies over the picture as it lies in a frame; alpha and room stay."""
        return dataclasses.replace(self, gain=motion.affine(self.gain, matrix), add=motion.affine(self.add, matrix))


def byte(picture: Array) -> Array:
    """Return a float picture in [0, 1] as uint8."""
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def possible_cues(recording: Recording) -> list[str]:
    """Return the cues that can be drawn on a recording's medium, in drawing order; none on a bona fide face."""
    if recording.kind is None:
        return []
    if recording.kind.medium == "sheet":
        return list(SHEET_EFFECTS)
    return [*(SITTING_EFFECTS if isinstance(recording.person, Person) else ()), *FACE_EFFECTS]


def seated(recording: Recording, cues: Mapping[str, float]) -> tuple[Person | Sitter, Sitting]:
    """Return person and sitting after those cues that change how a face is held."""
    person, sitting = recording.person, recording.sitting
    if isinstance(person, Person):
        for cue, effect in SITTING_EFFECTS.items():
            if cue in cues:
                person, sitting = effect(person, sitting, cues[cue], rng_of(recording.seed, "cue", cue))
    return person, sitting


def figure_of(recording: Recording, cues: Mapping[str, float]) -> tuple[Figure, Array]:
    """Draw the person with all that is on their face, and the background."""
    person, sitting = seated(recording, cues)
    if isinstance(person, Person):
        figure = figures.draw_figure(person, sitting, *recording.size, recording.place)
    else:
        portrait = portraits.read_portrait(person.images[sitting.seed % len(person.images)])
        figure = portraits.figure(portrait, *recording.size, recording.place)
    behind = backgrounds.background(sitting, *recording.size)
    for name in recording.look_alikes:
        LOOK_ALIKES[name](figure, behind, rng_of(recording.seed, "look-alike", name))
    if recording.kind is not None:
        figure.covered = recording.kind.covered
    if recording.kind is not None and recording.kind.medium == "worn":
        for cue, effect in FACE_EFFECTS.items():
            if cue in cues:
                effect(figure, cues[cue], rng_of(recording.seed, "cue", cue))
    return figure, behind


def draw_layers(
    recording: Recording, cues: Mapping[str, float], figure_and_background: tuple[Figure, Array] | None = None
) -> Layers:
    """Draw a recording.

    Args:
        recording: to draw.
        cues: cue -> strength.
        figure_and_background: the result of `figure_of` for these cues, to save drawing it again.
    """
    figure, behind = figure_and_background or figure_of(recording, cues)
    sheet = Sheet.of(figure, behind, recording.instrument)
    surface = None
    blinking = recording.kind is None or recording.kind.blinking
    if recording.kind is not None and recording.kind.medium == "sheet":
        for cue, effect in SHEET_EFFECTS.items():
            if cue in cues:
                effect(sheet, cues[cue], rng_of(recording.seed, "cue", cue))
        surface = Surface(
            gain=sheet.gain,
            add=sheet.add * 255,
            alpha=sheet.alpha,
            room=byte(backgrounds.background(recording.room, *recording.size)),
        )
        blinking |= "cut_eyes" in cues  # the eyes behind the holes are alive
    picture = byte(sheet.picture)
    closed = byte(sheet.closed) if blinking else picture
    return Layers(picture, closed, motion.Body.of(figure), figure.eyes, figure.box, surface)


def show(surface: Surface, picture: Array) -> Array:
    """Return what the eye sees of a picture (uint8) on a surface."""
    return cv2.add(cv2.multiply(picture, surface.gain, dtype=cv2.CV_32F), surface.add, dtype=cv2.CV_8U)


def pictures(recording: Recording, layers: Layers, numbers: Iterable[int] | None = None) -> Iterator[Array]:
    """Yield what is before the camera, uint8 RGB, in all frames or in those of `numbers`."""
    surface, head_moves = layers.sheet, bool(recording.head.turns.any())
    still = {}
    if surface is not None and not head_moves:
        still = {False: show(surface, layers.picture), True: show(surface, layers.closed)}
    for number in range(recording.frames) if numbers is None else numbers:
        shut = number in recording.blinks
        picture = layers.closed if shut else layers.picture
        displacement = layers.body.displacement(recording.head, number)
        if surface is None:
            yield layers.body.warp(picture, displacement)
            continue
        # Each pixel is interpolated once, even where a picture moves on a sheet that moves: twice would make replays soft.
        matrix = recording.hold.matrices[number]
        if head_moves:
            layer = show(surface.moved(matrix), layers.body.warp(picture, displacement, matrix))
        else:
            layer = motion.affine(still[shut], matrix)
        alpha = motion.affine(surface.alpha, matrix)
        yield cv2.blendLinear(layer, surface.room, alpha, 1 - alpha)


def film(recording: Recording, before: Iterable[Array], numbers: Iterable[int] | None = None) -> Iterator[Array]:
    """Yield what the camera makes of the pictures `before` it, which are all frames or those of `numbers`."""
    for number, picture in zip(range(recording.frames) if numbers is None else numbers, before, strict=True):
        yield cameras.film(picture, recording.shot, recording.sensor, number)
