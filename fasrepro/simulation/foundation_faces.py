"""Bona fide faces for the foundation, which never sees an attack: other people, cameras and scenes than those of the archives.

Like the people of the archives, these may have freckles, patterned walls and lamps behind them. Their captions have words for
these things, and for the sharpness and colours of the picture: a backbone that was pretrained on the web has seen and read of
such things too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from fasrepro.simulation import cameras
from fasrepro.simulation.descriptions import describe
from fasrepro.simulation.drawing import backgrounds, figures, people, portraits
from fasrepro.simulation.drawing.layers import Array, Figure, Place
from fasrepro.simulation.effects import LOOK_ALIKES

LOOK_ALIKE_RATE = 0.06  # of each
SEEN_LEVEL = 8 / 255  # a caption names a look-alike if it changes the picture by this
SEEN_SHARE = 0.01  # in this share of it


def captioned_faces(seeds: Sequence[int], size: int, people_from: str) -> list[tuple[Array, str]]:
    """Draw a face for each seed, and describe it neutrally.

    Args:
        seeds: one a face.
        size: of the picture's sides, in pixels.
        people_from: params.yaml's `synthetic.people`.
    """
    cv2.setNumThreads(1)
    faces = []
    for number, seed in enumerate(seeds):
        picture, words = draw_face(seed, size, people_from)
        faces.append((picture, describe(words, number)))
    return faces


def draw_face(seed: int, size: int, people_from: str = "procedural", folder: Path | None = None) -> tuple[Array, dict[str, str]]:
    """Draw a bona fide face.

    Person, sitting and camera come from seeds that no archive uses, the camera from a broad distribution of its own. Portraits
    are those of the last people in their folder, who are in no archive.

    Args:
        seed: of the face.
        size: of the picture's sides, in pixels.
        people_from: "procedural" or "portraits".
        folder: of portraits; None for the usual one.

    Returns:
        A tight crop, uint8 RGB of (size, size, 3), and its attributes in words.
    """
    base = people.seed_of("foundation", seed)
    rng = np.random.default_rng(base)
    sitting = people.draw_sitting(people.seed_of(base, "sitting"))
    radius = rng.uniform(38, 48)
    width, height = round(radius * rng.uniform(1.95, 2.25)), round(radius * rng.uniform(2.25, 2.6))
    place = Place(width / 2 + rng.uniform(-3, 3), height * 0.43 + rng.uniform(-3, 3), radius)
    if people_from == "portraits":
        reserved = portraits.sitters(folder or portraits.folder())[-portraits.FOUNDATION_PEOPLE :]
        sitter = reserved[seed % len(reserved)]
        portrait = portraits.read_portrait(sitter.images[sitting.seed % len(sitter.images)])
        figure, words = portraits.figure(portrait, height, width, place), people.attributes(None, sitting)
    else:
        person = people.draw_person(people.seed_of(base, "person"))
        figure, words = figures.draw_figure(person, sitting, height, width, place), people.attributes(person, sitting)
    behind = backgrounds.background(sitting, height, width)
    harmless = _look_alikes(figure, behind, rng)
    picture = (np.clip(_composed(figure, behind), 0, 1) * 255 + 0.5).astype(np.uint8)
    shot = cameras.draw(cameras.ANY, rng)
    words |= {"harmless": " ".join(harmless), **cameras.words(shot)}
    picture = cameras.film(picture, shot, cameras.sensor(shot, height, width, 1, rng), 0)
    interpolation = cv2.INTER_AREA if size < width else cv2.INTER_LINEAR
    return cv2.resize(picture, (size, size), interpolation=interpolation), words


def _composed(figure: Figure, behind: Array) -> Array:
    return behind + (figure.rgb - behind) * figure.alpha[..., None]


def _look_alikes(figure: Figure, behind: Array, rng: np.random.Generator) -> list[str]:
    """Draw harmless things on a person and behind them, in place; return the names of those that can be seen."""
    names = [name for name in LOOK_ALIKES if rng.random() < LOOK_ALIKE_RATE]
    visible = []
    for name in names:
        before = _composed(figure, behind)
        LOOK_ALIKES[name](figure, behind, rng)
        if (np.abs(_composed(figure, behind) - before).max(axis=2) > SEEN_LEVEL).mean() > SEEN_SHARE:
            visible.append(name)
    return visible
