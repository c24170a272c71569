"""A take as frames: a person before a camera, what they wear on their face, or the sheet or screen that shows them.

Layers are drawn once a video, then moved for each frame. Any set of cues can be asked for: a counterfactual is the same take
with another set.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

import cv2
import numpy as np

from fasrepro.simulation import cameras, drawing, motion, people, portraits, scenes
from fasrepro.simulation.effects import FACE_EFFECTS, LOOK_ALIKES, SHEET_EFFECTS, SITTING_EFFECTS
from fasrepro.simulation.layers import Array, Figure, Sheet
from fasrepro.simulation.takes import Take, rng_of


@dataclasses.dataclass(slots=True)
class Layers:
    """What is drawn once a video, before any motion. uint8 pictures of (height, width, 3) unless said otherwise."""

    picture: Array
    closed: Array  # with closed eyes, where there are eyes that blink; else the same
    body: motion.Body
    eyes: tuple[float, float, float, float]
    box: tuple[float, float, float, float]
    sheet: Surface | None  # None: no medium


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


def effects_of(take: Take) -> list[str]:
    """Return the names of the cues that can be drawn on a take's medium, in drawing order; none on a bona fide face."""
    if take.kind is None:
        return []
    if take.kind.medium == "sheet":
        return list(SHEET_EFFECTS)
    return [*(SITTING_EFFECTS if isinstance(take.who, people.Person) else ()), *FACE_EFFECTS]


def seated(take: Take, cues: Mapping[str, float]) -> tuple[people.Person | portraits.Sitter, people.Sitting]:
    """Return person and sitting as the cues leave them that change how a face is held."""
    who, where = take.who, take.where
    if isinstance(who, people.Person):
        for cue, effect in SITTING_EFFECTS.items():
            if cue in cues:
                who, where = effect(who, where, cues[cue], rng_of(take.seed, "cue", cue))
    return who, where


def figure_of(take: Take, cues: Mapping[str, float]) -> tuple[Figure, Array]:
    """Draw the person with all that is on their face, and what is behind them."""
    who, where = seated(take, cues)
    if isinstance(who, people.Person):
        figure = drawing.figure(who, where, *take.size, take.place)
    else:
        portrait = portraits.read_portrait(who.images[where.seed % len(who.images)])
        figure = portraits.figure(portrait, *take.size, take.place)
    behind = scenes.background(where, *take.size)
    for name in take.look_alikes:
        LOOK_ALIKES[name](figure, behind, rng_of(take.seed, "look-alike", name))
    if take.kind is not None:
        figure.covered = take.kind.covered
    if take.kind is not None and take.kind.medium == "worn":
        for cue, effect in FACE_EFFECTS.items():
            if cue in cues:
                effect(figure, cues[cue], rng_of(take.seed, "cue", cue))
    return figure, behind


def layers(take: Take, cues: Mapping[str, float], person: tuple[Figure, Array] | None = None) -> Layers:
    """Draw a take with `cues` (name -> strength); `person` is what `figure_of` gave for them, where it is known."""
    figure, behind = person or figure_of(take, cues)
    sheet = Sheet.of(figure, behind, take.instrument)
    surface = None
    blinking = take.kind is None or take.kind.blinking
    if take.kind is not None and take.kind.medium == "sheet":
        for cue, draw in SHEET_EFFECTS.items():
            if cue in cues:
                draw(sheet, cues[cue], rng_of(take.seed, "cue", cue))
        surface = Surface(
            gain=sheet.gain,
            add=sheet.add * 255,
            alpha=sheet.alpha,
            room=byte(scenes.background(take.room, *take.size)),
        )
        blinking |= "cut_eyes" in cues  # the eyes behind the holes are alive
    picture = byte(sheet.picture)
    closed = byte(sheet.closed) if blinking else picture
    return Layers(picture, closed, motion.Body.of(figure), figure.eyes, figure.box, surface)


def show(surface: Surface, picture: Array) -> Array:
    """Return what the eye sees of a picture (uint8) on a surface."""
    return cv2.add(cv2.multiply(picture, surface.gain, dtype=cv2.CV_32F), surface.add, dtype=cv2.CV_8U)


def pictures(take: Take, drawn: Layers, numbers: Iterable[int] | None = None) -> Iterator[Array]:
    """Yield what is before the camera in each frame, or in the frames of these `numbers`: uint8 RGB."""
    surface, moves = drawn.sheet, bool(take.head.turns.any())
    still = {}
    if surface is not None and not moves:
        still = {False: show(surface, drawn.picture), True: show(surface, drawn.closed)}
    for number in range(take.frames) if numbers is None else numbers:
        shut = number in take.blinks
        picture = drawn.closed if shut else drawn.picture
        displacement = drawn.body.displacement(take.head, number)
        if surface is None:
            yield drawn.body.warp(picture, displacement)
            continue
        # Every pixel is looked up once, also where a picture moves on a sheet that moves: twice would make replays soft.
        matrix = take.hold.matrices[number]
        if moves:
            layer = show(surface.moved(matrix), drawn.body.warp(picture, displacement, matrix))
        else:
            layer = motion.affine(still[shut], matrix)
        alpha = motion.affine(surface.alpha, matrix)
        yield cv2.blendLinear(layer, surface.room, alpha, 1 - alpha)


def film(take: Take, before: Iterable[Array], numbers: Iterable[int] | None = None) -> Iterator[Array]:
    """Yield what the camera makes of the pictures before it, which are all frames or those of `numbers`."""
    for number, picture in zip(range(take.frames) if numbers is None else numbers, before, strict=True):
        yield cameras.film(picture, take.shot, take.sensor, number)
