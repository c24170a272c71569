"""How scene and label are tied in a data set, as they are in the real ones: attacks were recorded in another session.

Each data set has two settings. With probability `spurious_strength` a presentation is recorded in its label's setting, else in
either, by a coin; so at 0 nothing of the setting tells the label, and the scenes are as varied as at 0.9. What goes with an
attack in one data set goes with a live face in another.
"""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """Where and how something is recorded. Empty words and zeros: as anywhere."""

    lights: tuple[str, ...] = ()  # of people.LIGHTS; () any
    backgrounds: tuple[str, ...] = ()  # of scenes.BACKGROUNDS; () any
    walls: tuple[str, ...] = ()  # of people.WALLS; () any
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
    "office": Tie(  # attacks by the window, on a stand that the camera is not focused on
        Setting(lights=("above",), backgrounds=("shelves", "doorway"), exposure=0.08),
        Setting(lights=("window", "right"), backgrounds=("curtain",), exposure=-0.08, focus=0.45),
    ),
    "campus": Tie(  # attacks outside, live people inside
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
}


def draw(tie: Tie, attack: bool, strength: float, rng: np.random.Generator) -> Setting:
    """Return the setting of one presentation; `strength` in [0, 1] is how tightly it goes with the label."""
    tied, coin = rng.random() < strength, rng.random() < 0.5
    return tie.attack if (attack if tied else coin) else tie.bona_fide
