"""Bona fide faces for the foundation, which has never seen an attack: other people, cameras and scenes than the archives'.

They have freckles, patterned walls and lamps behind them as the archives' people may, and words for these and for the picture's
sharpness and colours: a backbone that was pretrained on the web has seen and read of such things too.
"""

from __future__ import annotations

import functools
import multiprocessing
import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from fasrepro.simulation import cameras, drawing, people, portraits, scenes
from fasrepro.simulation.effects import LOOK_ALIKES
from fasrepro.simulation.layers import Array, Figure, Place

LOOK_ALIKE_RATE = 0.06  # of each
SEEN_LEVEL = 8 / 255  # a look-alike is spoken of if it changes the picture by this
SEEN_SHARE = 0.01  # in this share of it
PROCESSES = os.cpu_count() or 1


def neutral_portraits(
    seeds: Sequence[int], size: int, people_from: str, processes: int = PROCESSES
) -> list[tuple[Array, dict[str, str]]]:
    """Draw a `neutral_portrait` of each seed; the result does not depend on `processes`."""
    draw = functools.partial(neutral_portrait, size=size, people_from=people_from)
    with multiprocessing.get_context("spawn").Pool(processes, cv2.setNumThreads, (1,)) as pool:
        return pool.map(draw, seeds, chunksize=50)


def neutral_portrait(
    seed: int, size: int, people_from: str = "procedural", folder: Path | None = None
) -> tuple[Array, dict[str, str]]:
    """Draw a bona fide face: uint8 RGB of (size, size, 3), a tight crop, and its words.

    Person, sitting and camera come from seeds that no archive uses, the camera from a broad distribution of its own. With
    `people_from` "portraits" the people are the last ones of the folder of portraits (`folder`, or the usual one), which no
    archive shows.
    """
    base = people.seed_of("foundation", seed)
    rng = np.random.default_rng(base)
    where = people.sitting(people.seed_of(base, "sitting"))
    radius = rng.uniform(38, 48)
    wide, tall = round(radius * rng.uniform(1.95, 2.25)), round(radius * rng.uniform(2.25, 2.6))
    place = Place(wide / 2 + rng.uniform(-3, 3), tall * 0.43 + rng.uniform(-3, 3), radius)
    if people_from == "portraits":
        reserved = portraits.sitters(folder or portraits.folder())[-portraits.FOUNDATION_PEOPLE :]
        sitter = reserved[seed % len(reserved)]
        portrait = portraits.read_portrait(sitter.images[where.seed % len(sitter.images)])
        figure, words = portraits.figure(portrait, tall, wide, place), people.attributes(None, where)
    else:
        who = people.person(people.seed_of(base, "person"))
        figure, words = drawing.figure(who, where, tall, wide, place), people.attributes(who, where)
    behind = scenes.background(where, tall, wide)
    harmless = _look_alikes(figure, behind, rng)
    picture = (np.clip(_composed(figure, behind), 0, 1) * 255 + 0.5).astype(np.uint8)
    shot = cameras.draw(cameras.ANY, rng)
    words |= {"harmless": " ".join(harmless), **cameras.words(shot)}
    picture = cameras.film(picture, shot, cameras.sensor(shot, tall, wide, 1, rng), 0)
    return cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA if size < wide else cv2.INTER_LINEAR), words


def _composed(figure: Figure, behind: Array) -> Array:
    return behind + (figure.rgb - behind) * figure.alpha[..., None]


def _look_alikes(figure: Figure, behind: Array, rng: np.random.Generator) -> list[str]:
    """Draw harmless things on a person and behind them, in place; return the names of those that can be seen."""
    seen = []
    for name in [name for name in LOOK_ALIKES if rng.random() < LOOK_ALIKE_RATE]:
        before = _composed(figure, behind)
        LOOK_ALIKES[name](figure, behind, rng)
        if (np.abs(_composed(figure, behind) - before).max(axis=2) > SEEN_LEVEL).mean() > SEEN_SHARE:
            seen.append(name)
    return seen
