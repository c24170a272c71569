"""Three synthetic worlds. The difficulty was set in world a; worlds b and c check that a verdict is not an accident of a.

A world has people, and for each data set a camera, a tie between scene and label, and a workshop. Worlds b and c were written
down before any model was run on them, and nothing was tuned on them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from fasrepro import names
from fasrepro.archives.layout import Presentation
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
            "celeba_spoof": Studio("web", "gallery", "agency"),
            "wfas": Studio("feed", "street", "market"),
            "siw": Studio("mirrorless", "corridor", "copy_shop"),
            "hkbu": Studio("compact", "clinic", "foundry"),
            "hifimask": Studio("action", "stage", "theatre"),
            "wmca": Studio("depth_camera", "attic", "bench"),
            "surf_3dmask": Studio("phone", "hall", "garage"),
            "rose_youtu": Studio("tablet", "kitchen", "shop_window"),
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
            "celeba_spoof": Studio("feed", "street", "market"),
            "wfas": Studio("album", "gallery", "copy_shop"),
            "siw": Studio("reflex", "clinic", "foundry"),
            "hkbu": Studio("security", "stage", "theatre"),
            "hifimask": Studio("front_phone", "attic", "bench"),
            "wmca": Studio("laptop", "hall", "garage"),
            "surf_3dmask": Studio("action", "kitchen", "shop_window"),
            "rose_youtu": Studio("compact", "corridor", "agency"),
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
            "celeba_spoof": Studio("album", "corridor", "copy_shop"),
            "wfas": Studio("web", "attic", "foundry"),
            "siw": Studio("webcam", "stage", "theatre"),
            "hkbu": Studio("mirrorless", "hall", "bench"),
            "hifimask": Studio("reflex", "kitchen", "garage"),
            "wmca": Studio("security", "gallery", "shop_window"),
            "surf_3dmask": Studio("depth_camera", "street", "agency"),
            "rose_youtu": Studio("phone", "clinic", "market"),
        },
    ),
}


def world(name: str) -> World:
    """Return a world. Raises `ValueError` that names the known ones."""
    return names.lookup(WORLDS, name, "world", where="params.yaml: synthetic.world")


def tables(name: str, presentations: Iterable[Presentation]) -> dict[str, Any]:
    """Return the tables of a world as JSON, for the book, as far as some presentations need them: people, strengths, studios with
    their parts, and kinds of attack with their rates of cues."""
    table = world(name)
    presentations = list(presentations)
    species = {shown.species for shown in presentations}
    datasets = {shown.dataset for shown in presentations}
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
            if dataset in datasets
        },
    }
