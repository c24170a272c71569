"""Light on a relief that is seen: diffuse light from its normals, shadows that it casts, creases, and highlights."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from fasrepro.simulation import people
from fasrepro.simulation.layers import Array
from fasrepro.simulation.people import Sitting

WRAP = (0.34, 0.20, 0.15)  # how far light creeps round skin: red the furthest
AHEAD = 0.80  # how far a light stands before the face, against its offset
STEEPEST = 3.0  # slope of a normal that is believed: edges are steeper
SHADOW_STEPS = (0.06, 0.12, 0.20, 0.30, 0.42, 0.58)


@dataclasses.dataclass(frozen=True, slots=True)
class Shading:
    """Light at each pixel; 1 is what a surface that faces the light gets."""

    skin: Array  # (height, width, 3)
    cloth: Array  # (height, width)
    shine: Array  # (height, width): a broad highlight


def direction(where: Sitting) -> tuple[float, float, float]:
    """Return the unit vector towards the light: right, down and to the viewer."""
    right, up = people.LIGHTS[where.light]
    length = float(np.sqrt(right * right + up * up + AHEAD * AHEAD))
    return right / length, -up / length, AHEAD / length


def hardness(where: Sitting) -> float:
    """Return how hard a sitting's light is, 0 to 1."""
    low, high = people.HARDNESS[where.light]
    return low + (high - low) * where.hardness


def _shifted(field: Array, x: float, y: float) -> Array:
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(field, matrix, field.shape[1::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)


def cast(near: Array, towards: tuple[float, float, float], radius: float) -> Array:
    """Return how much of the light is kept off each pixel by what lies between, 0 to 1; `near` and steps in face units."""
    x, y, ahead = towards
    shadow = np.zeros_like(near)
    for step in SHADOW_STEPS:
        over = _shifted(near, step * x * radius, step * y * radius) - near - np.float32(step * ahead)
        np.maximum(shadow, np.clip((over + 0.02) / (0.05 + 0.35 * step), 0, 1), out=shadow)
    return cv2.GaussianBlur(shadow, (0, 0), 1.2)


def creases(near: Array, radius: float) -> Array:
    """Return how open each pixel lies to the sky, about 0.6 in hollows to 1."""
    fine, broad = (cv2.GaussianBlur(near, (0, 0), share * radius) for share in (0.06, 0.17))
    return 1 - np.clip(1.9 * (fine - near), 0, 0.25) - np.clip(1.1 * (broad - near), 0, 0.28)


def shade(near: Array, where: Sitting, radius: float) -> Shading:
    """Return the light on a relief whose `near` is the nearness to the viewer of each pixel, in units of the radius."""
    soft = cv2.GaussianBlur(near, (0, 0), 0.8)
    across, down = (np.clip(cv2.Sobel(soft, -1, *d, ksize=3, scale=radius / 8), -STEEPEST, STEEPEST) for d in ((1, 0), (0, 1)))
    length = np.sqrt(across * across + down * down + 1)
    x, y, ahead = direction(where)
    facing = (np.float32(ahead) - x * across - y * down) / length
    half = float(np.sqrt(x * x + y * y + (1 + ahead) ** 2))
    shine = np.clip(((1 + ahead) - x * across - y * down) / (half * length), 0, 1)
    hard = hardness(where)
    key, fill = 0.42 + 0.36 * hard, 0.66 - 0.34 * hard
    lit = 1 - (0.35 + 0.55 * hard) * cast(near, (x, y, ahead), radius)
    sky = (fill * creases(near, radius) * (1 + 0.12 * down / length)).astype(np.float32)
    channels = [sky + key * lit * np.clip((facing + wrap) / (1 + wrap), 0, 1) for wrap in WRAP]
    cloth = sky + key * lit * np.clip((facing + 0.1) / 1.1, 0, 1)
    return Shading(np.stack(channels, axis=-1).astype(np.float32), cloth.astype(np.float32), (shine**18 * lit).astype(np.float32))
