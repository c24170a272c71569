"""Official trees of small videos with a cartoon face, for tests of what reads archives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fasrepro.archives import ARCHIVES
from tests import videos
from tests.cartoon import cartoon, eyes

HEIGHT, WIDTH, RADIUS = 90, 120, 24.0
FRAMES = 50
MIDDLE = (60.0, 46.0)


def frames(shift: int = 0) -> list[np.ndarray]:
    """Return the frames of a video: the face moves to the right by a pixel every ten frames, from `shift` on."""
    pictures = [cartoon(HEIGHT, WIDTH, MIDDLE[0] + shift + step, MIDDLE[1], RADIUS) for step in range(FRAMES // 10)]
    return [pictures[number // 10] for number in range(FRAMES)]


def box(number: int, shift: int = 0) -> tuple[int, int, int, int]:
    """Return the face's box in a frame."""
    return (36 + shift + number // 10, 22, 48, 58)


def make(folder: Path, sizes: dict[str, dict[str, Any]]) -> Path:
    """Write official trees, as `plan` of each archive makes them of its sizes, with sidecars and lists."""
    pictures = frames()
    for name, counts in sizes.items():
        archive, plan = ARCHIVES[name], ARCHIVES[name].plan(**counts)
        root = folder / archive.FOLDER
        root.mkdir(parents=True, exist_ok=True)
        for shown in plan:
            turns = archive.rotation(shown.path)
            videos.write(root / shown.path, [np.ascontiguousarray(np.rot90(picture, -turns)) for picture in pictures])
            boxes = {number: box(number) for number in range(FRAMES)}
            seen = {n: eyes(MIDDLE[0] + n // 10, MIDDLE[1], RADIUS) for n in boxes}
            archive.write_sidecar(root, shown.path, boxes, {n: tuple(round(v) for v in places) for n, places in seen.items()})
        archive.write_lists(root, plan)
    return folder
