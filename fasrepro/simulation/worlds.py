"""Three synthetic worlds. The difficulty was set in world a; worlds b and c check that a verdict is not an accident of a.

A world has people, and for each data set a camera, a tie between scene and label, and a workshop. Worlds b and c were written
down before any model was run on them, and nothing was tuned on them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any

from fasrepro import names
from fasrepro.simulation.attacks import CUE_RATES, KINDS, WORKSHOPS, Workshop
from fasrepro.simulation.cameras import CAMERAS, Camera
from fasrepro.simulation.drawing.people import PEOPLE
from fasrepro.simulation.spurious_ties import TIES, Tie


@dataclasses.dataclass(frozen=True, slots=True)
class Studio:
    """Where a data set was recorded, as keys of CAMERAS, TIES and WORKSHOPS."""

    camera: str
    tie: str
    workshop: str

    def parts(self) -> tuple[Camera, Tie, Workshop]:
        """Return the entries of these keys."""
        return CAMERAS[self.camera], TIES[self.tie], WORKSHOPS[self.workshop]


@dataclasses.dataclass(frozen=True, slots=True)
class World:
    """All that differs between two worlds, apart from their random draws."""

    people: str  # of people.PEOPLE
    strength: tuple[float, float]  # of cues: the smallest and the largest
    studios: dict[str, Studio]  # by data set that is drawn


WORLDS: dict[str, World] = {
    "a": World(
        "a",
        (0.80, 1.0),
        {
            "msu": Studio("old_phone", "lobby", "office"),
            "casia": Studio("webcam", "laboratory", "photo_shop"),
            "replay": Studio("camcorder", "office", "print_room"),
            "oulu": Studio("front_phone", "campus", "studio"),
            "siw_mv2": Studio("reflex", "living_room", "home"),
        },
    ),
    "b": World(
        "b",
        (0.30, 0.9),
        {
            "msu": Studio("tablet", "campus", "home"),
            "casia": Studio("camcorder", "living_room", "studio"),
            "replay": Studio("old_phone", "lobby", "photo_shop"),
            "oulu": Studio("phone", "laboratory", "office"),
            "siw_mv2": Studio("webcam", "office", "print_room"),
        },
    ),
    "c": World(
        "c",
        (0.45, 1.0),
        {
            "msu": Studio("laptop", "living_room", "print_room"),
            "casia": Studio("old_phone", "office", "home"),
            "replay": Studio("tablet", "campus", "studio"),
            "oulu": Studio("camcorder", "lobby", "photo_shop"),
            "siw_mv2": Studio("front_phone", "laboratory", "office"),
        },
    ),
}


def world(name: str) -> World:
    """Return a world. Raises `ValueError` that names the known ones."""
    return names.lookup(WORLDS, name, "world", where="params.yaml: synthetic.world")


def tables(name: str, species: Collection[str]) -> dict[str, Any]:
    """Return all tables of a world as JSON, for the book: people, strengths, studios with their parts, and the kinds of `species`
    with their rates of cues."""
    table = world(name)
    return {
        "world": name,
        "people": dataclasses.asdict(PEOPLE[table.people]),
        "strength": list(table.strength),
        "kinds": {one: dataclasses.asdict(kind) for one, kind in KINDS.items() if one in species},
        "cue_rates": {one: rates for one, rates in CUE_RATES.items() if one in species},
        "studios": {
            dataset: {
                **dataclasses.asdict(studio),
                "parts": dict(zip(("camera", "tie", "workshop"), map(dataclasses.asdict, studio.parts()), strict=True)),
            }
            for dataset, studio in table.studios.items()
        },
    }
