"""Bona fide faces for the foundation, which has never seen an attack: other people, cameras and scenes than the archives'."""

from __future__ import annotations

import functools
import multiprocessing
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from fasrepro.synthetic import cameras, drawing, people, portraits, scenes
from fasrepro.synthetic.layers import Array, Place

PROCESSES = 2


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
    picture = (np.clip(behind + (figure.rgb - behind) * figure.alpha[..., None], 0, 1) * 255 + 0.5).astype(np.uint8)
    shot = cameras.draw(cameras.ANY, rng)
    picture = cameras.film(picture, shot, cameras.sensor(shot, tall, wide, 1, rng), 0)
    return cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA if size < wide else cv2.INTER_LINEAR), words
