"""Every random choice about one presentation, made before anything is drawn, each from a seed of its own.

So a presentation can be drawn again without one of its cues, or with one more, while all else stays the same.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from fasrepro import names
from fasrepro.archives import hdf5, layout
from fasrepro.archives.layout import Presentation
from fasrepro.config import Synthetic
from fasrepro.rows.faces import Label
from fasrepro.simulation import attacks, cameras, motion, spurious_ties, worlds
from fasrepro.simulation.drawing import people
from fasrepro.simulation.drawing.layers import Instrument, Place
from fasrepro.simulation.drawing.people import Person, Sitting
from fasrepro.simulation.drawing.portraits import Sitter
from fasrepro.simulation.effects import LOOK_ALIKES

NOISE_FIELDS = 4
HDF5_FRAMES = 26  # of a file that holds frames uncompressed, each as large as fifty in a video; the frame rule still takes two
ALIGNED_SIDE = 128  # pixels: frames in such a file are faces that were cropped and aligned, as in WMCA's
ALIGNED_RADIUS = 0.38  # of their side: half the face's width
FRAME_HEIGHT = 180  # the lengths below are in pixels of a frame of this height


@dataclasses.dataclass(frozen=True, slots=True)
class Recording:
    """One presentation with all choices made, not yet drawn.

    Args:
        presentation: its official name, split, label and species.
        seed: from which all other seeds of the recording are derived.
        frames: how many.
        size: height and width of a frame, in pixels.
        person: before the camera, or in the picture that is presented.
        sitting: pose, expression, light and background of the person.
        room: light and background behind a sheet.
        place: of the head in the frame.
        kind: how an attack is presented; None for a bona fide presentation.
        cues: cue -> strength; none in a bona fide presentation.
        look_alikes: harmless things that resemble a cue.
        instrument: the printer and the screen of an attack.
        head: motion of the head, before the camera or in the picture.
        hold: motion of the sheet.
        blinks: frames with closed eyes.
        shot: settings of the camera.
        camera: key of `cameras.CAMERAS`.
        sensor: noise and vignette of the camera.
    """

    presentation: Presentation
    seed: int
    frames: int
    size: tuple[int, int]
    person: Person | Sitter
    sitting: Sitting
    room: Sitting
    place: Place
    kind: attacks.Kind | None
    cues: dict[str, float]
    look_alikes: tuple[str, ...]
    instrument: Instrument
    head: motion.Sway
    hold: motion.Sway
    blinks: frozenset[int]
    shot: cameras.Shot
    camera: str
    sensor: cameras.Sensor


def rng_of(*parts: object) -> np.random.Generator:
    """Return a generator that is a pure function of `parts`."""
    return np.random.default_rng(people.seed_of(*parts))


def person_of(presentation: Presentation, synthetic: Synthetic) -> Person:
    """Return the procedural person of a presentation's subject."""
    seed = people.seed_of(synthetic.seed, synthetic.world, presentation.dataset, presentation.split, presentation.subject)
    return people.draw_person(seed, people.PEOPLE[worlds.world(synthetic.world).people])


def frame_count(presentation: Presentation, synthetic: Synthetic) -> int:
    """Return how many frames a presentation has: one on a still image."""
    if layout.suffix_of(presentation.path).lower() in layout.STILLS:
        return 1
    return min(synthetic.frames, HDF5_FRAMES) if is_aligned(presentation) else synthetic.frames


def is_aligned(presentation: Presentation) -> bool:
    """Return whether an archive holds a presentation as a face that was cropped and aligned."""
    return layout.suffix_of(presentation.path).lower() in hdf5.SUFFIXES


def frame_size(presentation: Presentation, synthetic: Synthetic) -> tuple[int, int]:
    """Return height and width of a frame, in pixels."""
    return (ALIGNED_SIDE, ALIGNED_SIDE) if is_aligned(presentation) else (synthetic.height, synthetic.width)


def _place(aligned: bool, size: tuple[int, int], distance: float, rng: np.random.Generator) -> Place:
    """Return the place of the head in a frame; where it was in the room does not show in an aligned face."""
    height, width = size
    if aligned:
        return Place(width / 2, height / 2, ALIGNED_RADIUS * height)
    unit = height / FRAME_HEIGHT
    return Place(
        width / 2 + rng.uniform(-18, 18) * unit,
        height * 0.47 + rng.uniform(-5, 5) * unit,
        rng.uniform(40, 46) * unit * distance,
    )


def plan_recording(presentation: Presentation, person: Person | Sitter, synthetic: Synthetic, attempt: int = 0) -> Recording:
    """Make all choices about one presentation: a pure function of the arguments.

    Args:
        presentation: to record.
        person: before the camera, or in the picture that is presented.
        synthetic: settings of the synthetic world.
        attempt: draws other cues, and leaves all else the same.

    Raises:
        ValueError: for an unknown world, and a data set that is not drawn in it.
    """
    world = worlds.world(synthetic.world)
    studio = names.lookup(world.studios, presentation.dataset, "data set", where=f"worlds.WORLDS[{synthetic.world!r}].studios")
    camera, tie, workshop = studio.parts()
    seed = people.seed_of(synthetic.seed, synthetic.world, presentation.id)
    is_attack = presentation.label is Label.ATTACK
    kind = attacks.KINDS[presentation.species] if is_attack else None
    setting = spurious_ties.draw(tie, is_attack, synthetic.spurious_strength, rng_of(seed, "setting"))
    size = frame_size(presentation, synthetic)
    unit = size[0] / FRAME_HEIGHT
    frames = frame_count(presentation, synthetic)

    place = _place(is_aligned(presentation), size, setting.distance, rng_of(seed, "place"))
    rng = rng_of(seed, "motion")
    head_amplitude, hand_amplitude = rng.uniform(0.8, 2.2, 2) * unit
    head = motion.sway(rng, frames, (place.x, place.y), head_amplitude, turning=1.0)
    on_a_stand = presentation.instrument.startswith("fixed/")
    hold = motion.sway(rng, frames, (place.x, place.y), 0.3 * unit if on_a_stand else hand_amplitude)
    start = int(rng.integers(0, synthetic.frames))  # so that the eyes on a still image are as rarely closed as in a video
    blinks = frozenset(range(start, min(start + 3, frames)))
    rng = rng_of(seed, "shot")
    shot = cameras.draw(camera, rng, setting.exposure, setting.warmth, setting.focus)
    rng = rng_of(seed, "look-alikes")
    look_alikes = tuple(name for name in LOOK_ALIKES if rng.random() < synthetic.look_alike_rate)
    cues: dict[str, float] = {}
    if is_attack:
        rates = attacks.CUE_RATES[presentation.species]
        cues = attacks.draw_cues(rates, world.strength, rng_of(seed, "cues", attempt))
    return Recording(
        presentation=presentation,
        seed=seed,
        frames=frames,
        size=size,
        person=person,
        sitting=_in_setting(people.draw_sitting(people.seed_of(seed, "sitting")), setting, rng_of(seed, "in setting")),
        room=people.draw_sitting(people.seed_of(seed, "room")),
        place=place,
        kind=kind,
        cues=cues,
        look_alikes=look_alikes,
        instrument=attacks.draw_instrument(workshop, rng_of(seed, "instrument")),
        head=motion.still(frames) if kind and not kind.moving else head,
        hold=hold,
        blinks=blinks,
        shot=shot,
        camera=studio.camera,
        sensor=cameras.sensor(shot, *size, min(NOISE_FIELDS, frames), rng_of(seed, "sensor")),
    )


def _in_setting(sitting: Sitting, setting: spurious_ties.Setting, rng: np.random.Generator) -> Sitting:
    """Return a sitting with the light, background and wall of a setting, as far as the setting names them."""
    draws = rng.random(3)
    options = {"light": setting.lights, "background": setting.backgrounds, "wall": setting.walls}
    changes = {}
    for (field, values), draw in zip(options.items(), draws, strict=True):
        if values:
            changes[field] = values[int(draw * len(values))]
    return dataclasses.replace(sitting, **changes)
