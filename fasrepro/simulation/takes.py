"""Everything that is chosen about one presentation before anything is drawn, each choice from a seed of its own.

So a presentation can be drawn again with a cue taken out or put in, and all else stays as it was.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from fasrepro.archives.layout import Presentation
from fasrepro.rows.faces import Label
from fasrepro.simulation import attacks, cameras, motion, people, portraits, ties, worlds
from fasrepro.simulation.effects import LOOK_ALIKES
from fasrepro.simulation.layers import Instrument, Place

NOISE_FIELDS = 4
FRAME_HEIGHT = 180  # lengths below are in pixels of a frame of this height


@dataclasses.dataclass(frozen=True, slots=True)
class Scene:
    """What all presentations of the archives share."""

    seed: int
    world: str  # of worlds.WORLDS
    frames: int
    width: int
    height: int
    look_alike_rate: float  # of each look-alike, in every picture of a person
    spurious_strength: float  # how tightly setting and label are tied, in [0, 1]


def scene(section: Mapping[str, Any]) -> Scene:
    """Return the scene that params.yaml's `synthetic` section holds among other settings."""
    return Scene(**{field.name: section[field.name] for field in dataclasses.fields(Scene)})


@dataclasses.dataclass(frozen=True, slots=True)
class Take:
    """One presentation, chosen and not yet drawn."""

    shown: Presentation
    seed: int
    frames: int
    size: tuple[int, int]  # height, width
    who: people.Person | portraits.Sitter
    where: people.Sitting  # of the person, or of their picture
    room: people.Sitting  # behind a sheet
    place: Place
    kind: attacks.Kind | None  # None: a bona fide presentation
    cues: dict[str, float]  # name -> strength; none in a bona fide presentation
    look_alikes: tuple[str, ...]
    instrument: Instrument
    head: motion.Sway  # of the person, or in the picture
    hold: motion.Sway  # of the sheet
    blinks: frozenset[int]  # frames
    shot: cameras.Shot
    camera: str  # of cameras.CAMERAS
    sensor: cameras.Sensor


def rng_of(*parts: object) -> np.random.Generator:
    """Return a generator that is a pure function of `parts`."""
    return np.random.default_rng(people.seed_of(*parts))


def person_of(shown: Presentation, scene: Scene) -> people.Person:
    """Return the procedural person that a presentation's subject is in a world."""
    seed = people.seed_of(scene.seed, scene.world, shown.dataset, shown.split, shown.subject)
    return people.person(seed, people.PEOPLE[worlds.world(scene.world).people])


def take(shown: Presentation, who: people.Person | portraits.Sitter, scene: Scene, attempt: int = 0) -> Take:
    """Choose one presentation: a pure function of the scene, the presentation, the person and, for its cues, the attempt.

    Raises `ValueError` for an unknown world.
    """
    world = worlds.world(scene.world)
    studio = world.studios[shown.dataset]
    camera, tie, workshop = studio.parts()
    seed = people.seed_of(scene.seed, scene.world, shown.id)
    attack = shown.label is Label.ATTACK
    kind = attacks.KINDS[shown.species] if attack else None
    setting = ties.draw(tie, attack, scene.spurious_strength, rng_of(seed, "setting"))
    unit = scene.height / FRAME_HEIGHT

    rng = rng_of(seed, "place")
    place = Place(
        scene.width / 2 + rng.uniform(-18, 18) * unit,
        scene.height * 0.47 + rng.uniform(-5, 5) * unit,
        rng.uniform(40, 46) * unit * setting.distance,
    )
    rng = rng_of(seed, "motion")
    live, held = rng.uniform(0.8, 2.2, 2) * unit
    head = motion.sway(rng, scene.frames, (place.x, place.y), live, turning=1.0)
    fixed = shown.instrument.startswith("fixed/")
    hold = motion.sway(rng, scene.frames, (place.x, place.y), 0.3 * unit if fixed else held)
    start = int(rng.integers(0, scene.frames))
    blinks = frozenset(range(start, min(start + 3, scene.frames)))
    rng = rng_of(seed, "shot")
    shot = cameras.draw(camera, rng, setting.exposure, setting.warmth, setting.focus)
    rng = rng_of(seed, "look-alikes")
    return Take(
        shown=shown,
        seed=seed,
        frames=scene.frames,
        size=(scene.height, scene.width),
        who=who,
        where=_in_setting(people.sitting(people.seed_of(seed, "sitting")), setting, rng_of(seed, "in setting")),
        room=people.sitting(people.seed_of(seed, "room")),
        place=place,
        kind=kind,
        cues=attacks.draw_cues(attacks.CUE_RATES[shown.species], world.strength, rng_of(seed, "cues", attempt)) if attack else {},
        look_alikes=tuple(name for name in LOOK_ALIKES if rng.random() < scene.look_alike_rate),
        instrument=attacks.draw_instrument(workshop, rng_of(seed, "instrument")),
        head=motion.still(scene.frames) if kind and not kind.moving else head,
        hold=hold,
        blinks=blinks,
        shot=shot,
        camera=studio.camera,
        sensor=cameras.sensor(shot, scene.height, scene.width, NOISE_FIELDS, rng_of(seed, "sensor")),
    )


def _in_setting(where: people.Sitting, setting: ties.Setting, rng: np.random.Generator) -> people.Sitting:
    """Return a sitting with the light, background and wall of a setting, where it names any."""
    draws = rng.random(3)
    wanted = {"light": setting.lights, "background": setting.backgrounds, "wall": setting.walls}
    chosen = {field: names[int(draw * len(names))] for (field, names), draw in zip(wanted.items(), draws, strict=True) if names}
    return dataclasses.replace(where, **chosen)
