"""Light on a projected relief: diffuse light from its normals, shadows that it casts, creases, and highlights."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from fasrepro.simulation.drawing import people
from fasrepro.simulation.drawing.layers import Array
from fasrepro.simulation.drawing.people import Sitting

WRAP = (0.34, 0.20, 0.15)  # how far light of each colour reaches around skin
AHEAD = 0.80  # distance of a light before the face, relative to its offset
STEEPEST = 3.0  # limit of a slope: edges are steeper
SHADOW_STEPS = (0.06, 0.12, 0.20, 0.30, 0.42, 0.58)


@dataclasses.dataclass(frozen=True, slots=True)
class Shading:
    """Light at each pixel; 1 on a surface that faces the light."""

    skin: Array  # (height, width, 3)
    cloth: Array  # (height, width)
    shine: Array  # (height, width): a broad highlight


def direction(sitting: Sitting) -> tuple[float, float, float]:
    """Return the unit vector towards the light: right, down and to the viewer."""
    right, up = people.LIGHTS[sitting.light]
    length = float(np.sqrt(right * right + up * up + AHEAD * AHEAD))
    return right / length, -up / length, AHEAD / length


def hardness(sitting: Sitting) -> float:
    """Return the hardness of a sitting's light, 0 to 1."""
    low, high = people.HARDNESS[sitting.light]
    return low + (high - low) * sitting.hardness


def _shifted(field: Array, x: float, y: float) -> Array:
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(field, matrix, field.shape[1::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)


def cast(near: Array, towards: tuple[float, float, float], radius: float) -> Array:
    """Return the share of the light that is blocked from each pixel, 0 to 1; `near` is in units of the radius."""
    x, y, ahead = towards
    shadow = np.zeros_like(near)
    for step in SHADOW_STEPS:
        over = _shifted(near, step * x * radius, step * y * radius) - near - np.float32(step * ahead)
        np.maximum(shadow, np.clip((over + 0.02) / (0.05 + 0.35 * step), 0, 1), out=shadow)
    return cv2.GaussianBlur(shadow, (0, 0), 1.2)


def creases(near: Array, radius: float) -> Array:
    """Return the openness of each pixel to the sky, from about 0.6 in hollows to 1."""
    fine, broad = (cv2.GaussianBlur(near, (0, 0), share * radius) for share in (0.06, 0.17))
    return 1 - np.clip(1.9 * (fine - near), 0, 0.25) - np.clip(1.1 * (broad - near), 0, 0.28)


def shade(near: Array, sitting: Sitting, radius: float) -> Shading:
    """Return the light on a relief; `near` is the nearness of each pixel to the viewer, in units of the radius."""
    soft = cv2.GaussianBlur(near, (0, 0), 0.8)
    across, down = (np.clip(cv2.Sobel(soft, -1, *d, ksize=3, scale=radius / 8), -STEEPEST, STEEPEST) for d in ((1, 0), (0, 1)))
    length = np.sqrt(across * across + down * down + 1)
    x, y, ahead = direction(sitting)
    facing = (np.float32(ahead) - x * across - y * down) / length
    half = float(np.sqrt(x * x + y * y + (1 + ahead) ** 2))
    shine = np.clip(((1 + ahead) - x * across - y * down) / (half * length), 0, 1)
    hard = hardness(sitting)
    key, fill = 0.42 + 0.36 * hard, 0.66 - 0.34 * hard
    lit = 1 - (0.35 + 0.55 * hard) * cast(near, (x, y, ahead), radius)
    sky = (fill * creases(near, radius) * (1 + 0.12 * down / length)).astype(np.float32)
    channels = [sky + key * lit * np.clip((facing + wrap) / (1 + wrap), 0, 1) for wrap in WRAP]
    cloth = sky + key * lit * np.clip((facing + 0.1) / 1.1, 0, 1)
    return Shading(np.stack(channels, axis=-1).astype(np.float32), cloth.astype(np.float32), (shine**18 * lit).astype(np.float32))
