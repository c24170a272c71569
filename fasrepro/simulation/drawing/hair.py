"""Hair, beard and head cover, as shapes laid over the skull."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from fasrepro.simulation.drawing import people
from fasrepro.simulation.drawing.layers import Array, bump, noise, smooth
from fasrepro.simulation.drawing.people import Person
from fasrepro.simulation.drawing.relief import MOUTH

# How far hair stands off the head at the sides, on top and over the forehead; the roughness of its outline; the v of its end.
VOLUME: dict[str, tuple[float, float, float, float, float]] = {
    "cropped": (0.02, 0.03, 0.015, 0.006, -0.02),
    "short": (0.06, 0.12, 0.05, 0.018, 0.08),
    "swept": (0.08, 0.21, 0.12, 0.018, 0.02),
    "curly": (0.20, 0.26, 0.12, 0.110, 0.28),
    "long": (0.12, 0.13, 0.06, 0.014, 9.0),
    "tied back": (0.035, 0.05, 0.03, 0.008, 0.10),
}


@dataclasses.dataclass(slots=True)
class Cover:
    """Something over the skin, on the relief's grid."""

    height: Array
    mask: Array  # in [0, 1]
    colour: Array  # (rows, columns, 3)


def lay(height: Array, cover: Cover) -> None:
    """Put a cover on a relief, in place."""
    height += (cover.height - height) * cover.mask


def _egg(a: Array, b: Array, wide: float, tall: float) -> Array:
    """Return the distance of a place from the middle of a head's shape, 1 at its outline; below the eyes the outline is
    straight."""
    return (np.abs(a / wide) ** 2.4 + np.abs(np.minimum(b + 0.10, 0) / tall) ** 2.4) ** np.float32(1 / 2.4)


def _shell(a: Array, b: Array, wide: float, tall: float, deep: float) -> Array:
    """Return the height of that shape over the plane of the ears; it falls off steeply beside it."""
    far = _egg(a, b, wide, tall)
    return -0.14 + deep * np.sqrt(np.clip(1 - far**2.4, 0, 1)) - 3.0 * np.maximum(far - 1, 0)


def _strands(rng: np.random.Generator, a: Array, b: Array, lock: float) -> Array:
    """Return noise of deviation about 1 that runs outwards from the crown and then down."""
    fine = noise(rng, (48, 420), lock, 9.0)
    around = np.arctan2(a, np.maximum(-(b + 0.25), 0.30)) + 0.8 * a * smooth(b, -0.5, 0.4)
    away = np.hypot(a, b + 0.25)
    return cv2.remap(fine, (around + 4.5) / 9.0 * 419, away * 18, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def _hairline(person: Person, u: Array) -> Array:
    """Return v of the hairline: higher at the temples of old rugged heads, lower at the sides."""
    side = np.abs(u)
    parting = 0.15 * u if person.style == "swept" else 0.0
    temples = (0.05 + 0.16 * person.rugged * person.age) * np.exp(-(((side - 0.52) / 0.20) ** 2))
    fringe = person.fringe * smooth(0.95 - side, 0.0, 0.35) * (0.85 + 0.15 * np.cos(4 * u + person.seed % 7))
    return person.hairline + fringe + parting - temples + 0.42 * side**3 + 0.40 * smooth(side, 0.74, 0.98)


def hair(
    person: Person, axes: tuple[Array, Array], face: tuple[Array, Array], skin: Array, rng: np.random.Generator
) -> Cover | None:
    """Return a person's hair; None if they have none.

    Args:
        person: whose hair.
        axes: a and b of the relief's grid.
        face: u and v of the grid.
        skin: height of the relief.
        rng: of the strands.
    """
    if person.style == "none":
        return None
    (a, b), (u, v) = axes, face
    sides, top, front, rough, end = VOLUME[person.style]
    side = np.abs(u)
    strands = _strands(rng, a + 0 * b, b + 0 * a, 0.7)
    tufts = noise(rng, skin.shape, 3.2, 3.2) if person.style == "curly" else strands
    width = person.width + sides
    height = np.maximum(skin + front, _shell(a, b, width, 1.30 + top, 1.05 + front)) + rough * tufts
    line = _hairline(person, u) + 0.02 * strands + (0.05 * tufts if person.style == "curly" else 0.0)
    scalp = smooth(line - v, -0.035, 0.035)
    burns = smooth(side + 0.02 * strands, 0.90, 0.96) * smooth(0.05 + 0.25 * person.rugged + 0.04 * strands - v, -0.08, 0.08)
    mask = np.maximum(scalp, burns) * smooth(end - v, -0.05, 0.05)
    mask = mask * smooth(1.06 + 0.5 * rough * tufts - _egg(a, b, width, 1.30 + top), 0.0, 0.04)
    if person.style == "long":
        locks = smooth(side + 0.03 * strands, 0.90, 0.97) * smooth(1.75 + 0.10 * strands - b, -0.05, 0.10)
        outer = width + 0.10 * smooth(b, -0.3, 1.4)
        hanging = 0.10 + 0.22 * np.sqrt(np.clip(1 - ((np.abs(a) - outer + 0.20) / 0.22) ** 2, 0, 1))
        hanging = hanging - 3.0 * np.maximum(np.abs(a) - outer, 0)
        low = smooth(b, -0.35, 0.30)
        height = height * (1 - low) + np.maximum(hanging, np.minimum(height, hanging + 0.3)) * low
        mask = np.maximum(mask, locks * smooth(1.08 - np.abs(a) / outer, 0.0, 0.04))
    if person.style == "tied back":
        bun = bump(a, b, 0.0, -1.55, 0.30, 0.24)
        height = np.maximum(height, np.where(bun > 0.37, -0.55 + 0.8 * np.sqrt(bun), -2.0))
        mask = np.maximum(mask, smooth(bun, 0.30, 0.37))
    depth = 0.13 if person.hair in ("grey", "white", "blond") else 0.22
    colour = np.asarray(people.HAIR[person.hair], np.float32) * np.clip(1 + depth * tufts + 0.10 * strands, 0.3, 2.0)[..., None]
    if person.style == "cropped":
        mask = mask * np.clip(0.86 + 0.06 * strands, 0, 1)
    return Cover(height.astype(np.float32), mask.astype(np.float32), colour.astype(np.float32))


def beard(
    person: Person, face: tuple[Array, Array], skull: tuple[Array, Array], width: float, rng: np.random.Generator
) -> Cover | None:
    """Return a person's beard; None if they have none.

    Args:
        person: whose beard.
        face: u and v of the relief's grid.
        skull: height of the relief, and its inside (0 to 1).
        width: half the mouth's, in u.
        rng: of the whiskers.
    """
    if person.beard == "none":
        return None
    (u, v), (height, inside) = face, skull
    rough = noise(rng, height.shape, 0.6, 1.2)
    side = np.abs(u)
    around = np.hypot(u / (width + 0.03), (v - MOUTH) / 0.125)
    lips = smooth(around, 0.90, 1.12)
    moustache = np.clip(1.7 * bump(u, v - 0.12 * side, 0.0, 0.655, 0.34, 0.062), 0, 1)
    line = 0.98 - 0.30 * smooth(side, 0.25, 0.62) - 0.85 * smooth(side, 0.70, 0.98)
    jaw = smooth(v + 0.03 * rough - line, -0.07, 0.07)
    jaw = np.maximum(jaw, smooth(1.75 + 0.1 * rough - around, 0.0, 0.4) * (v > MOUTH - 0.05))
    mask = {"stubble": np.maximum(jaw, moustache), "moustache": moustache, "full": np.maximum(jaw, moustache)}[
        person.beard
    ] * lips
    thick = {"stubble": 0.0, "moustache": 0.03, "full": 0.05}[person.beard]
    shape = height
    if person.beard == "full":  # stands off the chin and cheeks
        size = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))
        shape, inside = cv2.dilate(height, size), cv2.dilate(inside, size)
    mask = mask * inside
    if person.beard == "stubble":
        mask = mask * np.clip(0.42 + 0.14 * rough, 0, 1)
    colour = np.asarray(people.HAIR[person.hair], np.float32) * np.clip(1.05 + 0.22 * rough, 0.3, 2.0)[..., None]
    return Cover((shape + thick * (1 + 0.3 * rough)).astype(np.float32), mask.astype(np.float32), colour)


def _beanie(a: Array, b: Array, u: Array, v: Array) -> tuple[Array, Array, Array]:
    band = smooth(-0.86 + 0.10 * u * u - v, 0.02, -0.02)
    around = np.arctan2(a, np.maximum(-(b + 0.25), 0.30))
    ribs = 0.5 + 0.5 * np.cos(around * 46)
    height = _shell(a, b, 1.08, 1.48, 1.16) + 0.035 * band + 0.012 * ribs
    return height, smooth(-0.52 + 0.12 * u * u - v, -0.02, 0.02), 0.84 + 0.20 * ribs - 0.10 * (1 - band)


def _cap(a: Array, b: Array, u: Array, v: Array) -> tuple[Array, Array, Array]:
    crown = smooth(-0.66 + 0.10 * u * u - v, -0.02, 0.02)
    along = np.clip(1 - (u / 0.98) ** 2, 0, 1)
    out = (v + 0.72 + 0.02 * along) / (0.30 * np.sqrt(along) + 1e-3)  # 0 at the crown, 1 at the brim's edge
    brim = smooth(1 - out, 0.0, 0.08) * (out > 0) * (along > 0)
    seams = np.exp(-((u / 0.02) ** 2)) * crown * (1 - brim)
    height = np.where(brim > 0, 0.98 + 0.42 * np.clip(out, 0, 1) * along, _shell(a, b, 1.05, 1.36, 1.14))
    tone = 1 - 0.20 * brim - 0.25 * seams + 0.25 * np.exp(-(((out - 0.93) / 0.05) ** 2)) * brim
    return height, np.maximum(crown, brim), tone


def _headscarf(a: Array, b: Array, u: Array, v: Array) -> tuple[Array, Array, Array]:
    around = np.hypot(u / 0.88, (v - 0.22) / np.where(v > 0.22, 1.06, 0.98))
    outer = 1.14 + 0.7 * smooth(b, 0.7, 2.4) - 0.10 * smooth(b, 0.2, 1.3)
    round_head = _shell(a, b, 1.14, 1.42, 1.10)
    hanging = -0.14 + 0.95 * np.sqrt(np.clip(1 - (a / outer) ** 2, 0, 1)) - 3.0 * np.maximum(np.abs(a) - outer, 0)
    folds = np.sin(9 * around + 5 * u + 2.5 * np.sin(3 * v + 2 * u))
    height = np.where(b > -0.10, np.minimum(hanging, round_head + 0.6 * smooth(b, 0.9, 1.6)), round_head) + 0.018 * folds
    return height, smooth(around, 0.985, 1.015) * (v < 2.4), 0.95 + 0.07 * folds


def _turban(a: Array, b: Array, u: Array, v: Array) -> tuple[Array, Array, Array]:
    wraps = np.sin(17 * (v + 0.42 * np.abs(u)) + 0.6 * u)
    height = _shell(a, b + 0.10, 1.17, 1.44, 1.22) + 0.035 * wraps
    return height, smooth(-0.72 + 0.42 * np.abs(u) - v, -0.02, 0.02) * (np.abs(a) < 1.21), 0.90 + 0.14 * wraps


def _hood(a: Array, b: Array, u: Array, v: Array) -> tuple[Array, Array, Array]:
    around = np.hypot(u / 1.03, (v - 0.20) / np.where(v > 0.2, 1.35, 1.25))
    outer = 1.30 + 0.25 * smooth(b, 0.9, 2.2)
    hanging = -0.05 + 1.0 * np.sqrt(np.clip(1 - (a / outer) ** 2, 0, 1)) - 3.0 * np.maximum(np.abs(a) - outer, 0)
    rim = np.exp(-(((around - 1.05) / 0.05) ** 2))
    folds = np.sin(5 * around + 3 * v)
    height = np.where(b > -0.10, hanging, _shell(a, b, 1.30, 1.58, 1.09)) + 0.06 * rim + 0.02 * folds
    return height, smooth(around, 0.98, 1.02) * (np.abs(a) < outer + 0.1), 0.92 + 0.10 * rim + 0.05 * folds


_COVERS = {"beanie": _beanie, "cap": _cap, "headscarf": _headscarf, "turban": _turban, "hood": _hood}


def cover(person: Person, axes: tuple[Array, Array], face: tuple[Array, Array], height: Array) -> Cover | None:
    """Return the cover on a person's head, over a relief; None if they wear none."""
    if person.cover == "none":
        return None
    shape, mask, tone = _COVERS[person.cover](*axes, *face)
    whole = np.broadcast_to(mask, height.shape).astype(np.float32)
    # Cloth lies on the head, but does not follow hair that stands off.
    under = np.minimum(height, shape + 0.05) if person.cover != "cap" else np.minimum(height, shape)
    shape = np.maximum(shape, under + 0.02).astype(np.float32)
    colour = np.asarray(people.CLOTHES[person.cover_colour], np.float32) * np.broadcast_to(tone, height.shape)[..., None]
    return Cover(shape, whole, colour.astype(np.float32))
