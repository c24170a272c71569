"""Ties between scene and label inside a data set, as real data sets have them, where attacks were recorded in another session.

Each data set has two settings. With probability `spurious_strength` a presentation is recorded in the setting of its label, else
in one of the two at random. So at 0 the setting does not tell the label, and scenes are as varied as at 0.9. A setting of attacks
in one data set resembles a setting of bona fide faces in another.
"""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """Where and how a presentation is recorded. A field with its default adds nothing to the camera and the sitting."""

    lights: tuple[str, ...] = ()  # of people.LIGHTS; () for any
    backgrounds: tuple[str, ...] = ()  # of people.BACKGROUNDS; () for any
    walls: tuple[str, ...] = ()  # of people.WALLS; () for any
    exposure: float = 0.0  # log2 gain on top of the camera's
    warmth: float = 0.0  # log gain of red against blue on top of the camera's
    focus: float = 0.0  # blur on top of the camera's, in pixels
    distance: float = 1.0  # factor on the face's size


@dataclasses.dataclass(frozen=True, slots=True)
class Tie:
    """The two settings of a data set."""

    bona_fide: Setting
    attack: Setting


TIES: dict[str, Tie] = {
    "lobby": Tie(  # attacks in a lamp-lit corner
        Setting(lights=("window", "left"), backgrounds=("garden", "window"), exposure=-0.08),
        Setting(lights=("front", "above"), backgrounds=("wall",), walls=("cream",), exposure=0.12, warmth=0.04),
    ),
    "laboratory": Tie(  # attacks close to the lens, under cold tubes
        Setting(lights=("front",), backgrounds=("curtain", "wall"), warmth=0.03, distance=0.96),
        Setting(lights=("above", "right"), backgrounds=("shelves",), exposure=-0.12, warmth=-0.03, distance=1.06),
    ),
    "office": Tie(  # attacks by the window, on a stand that is out of focus
        Setting(lights=("above",), backgrounds=("shelves", "doorway"), exposure=0.08),
        Setting(lights=("window", "right"), backgrounds=("curtain",), exposure=-0.08, focus=0.45),
    ),
    "campus": Tie(  # attacks outdoors, bona fide people indoors
        Setting(lights=("right", "above"), backgrounds=("wall", "doorway"), walls=("blue", "grey"), focus=0.45, warmth=-0.03),
        Setting(lights=("left", "front"), backgrounds=("garden",), exposure=0.08, warmth=0.03),
    ),
    "living_room": Tie(
        Setting(lights=("left", "above"), backgrounds=("doorway", "curtain"), warmth=0.04, focus=0.40, distance=1.05),
        Setting(
            lights=("window",),
            backgrounds=("wall", "shelves"),
            walls=("green", "pink"),
            warmth=-0.03,
            exposure=-0.15,
            distance=0.96,
        ),
    ),
    "hall": Tie(
        Setting(lights=("above", "front"), backgrounds=("doorway", "bricks"), exposure=0.06, warmth=-0.02),
        Setting(lights=("left", "window"), backgrounds=("shelves", "window"), exposure=-0.06, focus=0.35),
    ),
    "clinic": Tie(
        Setting(lights=("front", "right"), backgrounds=("tiles", "curtain"), focus=0.35, distance=0.97),
        Setting(lights=("above", "left"), backgrounds=("wall",), walls=("grey", "blue"), warmth=0.03, distance=1.04),
    ),
    "stage": Tie(
        Setting(lights=("right", "window"), backgrounds=("curtain", "wall"), exposure=-0.10, warmth=0.03),
        Setting(lights=("front", "above"), backgrounds=("doorway", "tiles"), exposure=0.10, warmth=-0.03),
    ),
    "corridor": Tie(
        Setting(lights=("left", "window"), backgrounds=("wall",), walls=("cream", "pink"), exposure=0.10, distance=1.03),
        Setting(lights=("right", "above"), backgrounds=("bricks", "doorway"), exposure=-0.08, distance=0.97),
    ),
    "kitchen": Tie(
        Setting(lights=("above", "left"), backgrounds=("tiles", "window"), warmth=0.04, distance=1.04),
        Setting(lights=("window", "front"), backgrounds=("garden", "wall"), walls=("green", "brown"), warmth=-0.04, focus=0.30),
    ),
    "street": Tie(  # of a collection from the web, as the next: many scenes on either side
        Setting(lights=("window", "left", "right"), backgrounds=("garden", "bricks", "doorway"), exposure=-0.06),
        Setting(lights=("front", "above", "left"), backgrounds=("wall", "shelves", "window"), exposure=0.06, warmth=0.02),
    ),
    "gallery": Tie(
        Setting(lights=("front", "window", "above"), backgrounds=("window", "wall", "curtain", "garden"), focus=0.20),
        Setting(
            lights=("right", "left", "above"),
            backgrounds=("shelves", "tiles", "bricks", "doorway"),
            exposure=-0.06,
            distance=1.03,
        ),
    ),
    "attic": Tie(
        Setting(lights=("right", "front"), backgrounds=("shelves", "window"), exposure=-0.10, warmth=-0.03),
        Setting(lights=("left", "above"), backgrounds=("garden", "curtain"), exposure=0.08, warmth=0.03, focus=0.30),
    ),
}


def draw(tie: Tie, attack: bool, strength: float, rng: np.random.Generator) -> Setting:
    """Return the setting of one presentation; `strength` in [0, 1] is the probability that it is the one of the label."""
    follows_label, coin = rng.random() < strength, rng.random() < 0.5
    attack_setting = attack if follows_label else coin
    return tie.attack if attack_setting else tie.bona_fide
