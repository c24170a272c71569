"""Official trees of small videos with a cartoon face, for tests that read archives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fasrepro import archives
from fasrepro.archives import archive
from tests import videos
from tests.cartoon import cartoon, eyes

HEIGHT, WIDTH, RADIUS = 90, 120, 24.0
FRAMES = 50
MIDDLE = (60.0, 46.0)


def frames(shift: int = 0) -> list[np.ndarray]:
    """Return the frames of a video in which the face moves to the right by a pixel every ten frames, starting at `shift`."""
    pictures = [cartoon(HEIGHT, WIDTH, MIDDLE[0] + shift + step, MIDDLE[1], RADIUS) for step in range(FRAMES // 10)]
    return [pictures[number // 10] for number in range(FRAMES)]


def box(number: int, shift: int = 0) -> tuple[int, int, int, int]:
    """Return the face's box in a frame."""
    return (36 + shift + number // 10, 22, 48, 58)


def make(folder: Path, sizes: dict[str, dict[str, Any]]) -> Path:
    """Write official trees of the given sizes, with sidecars and lists."""
    pictures = frames()
    boxes = {number: box(number) for number in range(FRAMES)}
    eyes_of = {n: tuple(round(v) for v in eyes(MIDDLE[0] + n // 10, MIDDLE[1], RADIUS)) for n in boxes}
    for name, size in sizes.items():
        official, plan = archive(name), archives.plan(name, size)
        root = folder / official.FOLDER
        root.mkdir(parents=True, exist_ok=True)
        for presentation in plan:
            turns = official.rotation(presentation.path)
            stored = [np.ascontiguousarray(np.rot90(picture, -(turns or 0))) for picture in pictures]
            videos.write(root / presentation.path, stored)
            official.write_sidecar(root, presentation.path, boxes, eyes_of)
        official.write_lists(root, plan)
    return folder
