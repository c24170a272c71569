"""What lies under a head in a picture: ears, neck, clothes, and long hair behind them."""

from __future__ import annotations

import cv2
import numpy as np

from fasrepro.simulation.drawing import lighting, people, relief
from fasrepro.simulation.drawing.layers import Array, bump, mix, smooth
from fasrepro.simulation.drawing.people import Person, Sitting
from fasrepro.simulation.drawing.relief import Pose

NECK_LEAN = 0.35  # share of the head's roll that the neck follows


def _ears(picture: Array, person: Person, pose: Pose, level: tuple[Array, Array], light: tuple[float, float, float]) -> Array:
    """Draw both ears in place and return their mask."""
    x, y = level
    tone = np.asarray(people.SKIN[person.skin], np.float32)
    ears = np.zeros_like(x)
    for sign in (-1, 1):
        seen_x, seen_y, _ = pose.seen(sign * (person.width - 0.02), 0.14, -0.05)
        wide, tall = float(0.155 - 0.10 * sign * np.sin(pose.yaw)), 0.27
        near = relief.bounding_window((np.abs(x - float(seen_x)) < 0.4) & (np.abs(y - float(seen_y)) < 0.4))
        out, down = (x[near] - float(seen_x)) * sign / wide, (y[near] - float(seen_y)) / tall
        out = out - 0.22 * (-down) * (down < 0)
        far = np.sqrt(out**2 + (down * (1 + 0.25 * (down > 0))) ** 2)
        shape = smooth(1 - far, -0.02, 0.12)
        inner = np.exp(-(((far - 0.62) / 0.16) ** 2)) * (out > -0.3) + 0.9 * bump(out, down, 0.0, 0.12, 0.35, 0.30)
        lit = 0.62 + 0.28 * max(sign * light[0], -0.6) + 0.10 * light[2]
        mix(picture[near], tone * (lit, 0.90 * lit, 0.88 * lit), shape)
        mix(picture[near], tone * (0.45, 0.33, 0.31), 0.55 * shape * np.clip(inner, 0, 1))
        ears[near] = np.maximum(ears[near], shape)
    return ears


def _neck(picture: Array, person: Person, x: Array, y: Array, sideways: float, shade: Array) -> Array:
    """Draw the neck in place and return its mask."""
    tone = np.asarray(people.SKIN[person.skin], np.float32)
    half = 0.54 + 0.12 * person.rugged + 0.55 * smooth(y, 1.45, 2.1) ** 2
    across = x / half
    shape = smooth(1 - np.abs(across), -0.03, 0.05) * (y > 0.3)
    round_light = np.clip(0.80 + 0.45 * sideways * across - 0.25 * across**4, 0.2, 1.1)
    cords = 0.05 * np.exp(-(((np.abs(x) - 0.30 + 0.10 * (y - 1.3)) / 0.06) ** 2))
    bones = 0.10 * np.exp(-(((y - 1.92 - 0.10 * np.abs(x)) / 0.05) ** 2)) * smooth(np.abs(x), 0.08, 0.2)
    light = (round_light - cords - bones) * shade
    mix(picture, tone * np.stack([light, light * (0.86 + 0.1 * shade), light * (0.83 + 0.12 * shade)], axis=-1), shape)
    return shape


def _clothes(picture: Array, sitting: Sitting, x: Array, y: Array, sideways: float, shade: Array) -> Array:
    """Draw the clothes in place and return their mask."""
    side = np.abs(x)
    shoulder = 1.50 + 0.42 * smooth(side, 0.55, 2.4) ** 1.2 * 1.6
    neckline = 1.52 + 0.36 * np.sqrt(np.clip(1 - (side / 0.74) ** 2, 0, 1))
    if sitting.pattern == "collared":
        neckline = 1.50 + 0.60 * np.clip(1 - side / 0.62, 0, 1)
    top = np.maximum(shoulder, np.where(side < 0.76, neckline, 0))
    shape = smooth(y - top, -0.02, 0.03)
    tone = np.asarray(people.CLOTHES[sitting.clothes], np.float32)
    folds = 0.05 * np.sin(5 * x + 3 * y) + 0.05 * np.sin(9 * x - 4 * y + 1.3)
    light = np.clip(0.84 + 0.20 * sideways * np.clip(x, -1, 1) + folds - 0.30 * smooth(side, 1.3, 2.3), 0.2, 1.2)
    light = light * (0.6 + 0.4 * shade)
    colour = np.broadcast_to(tone, picture.shape).copy()
    if sitting.pattern == "striped":
        other = np.asarray((0.86, 0.85, 0.82) if tone.mean() < 0.6 else (0.25, 0.28, 0.38), np.float32)
        mix(colour, other, smooth(np.sin((y + 0.06 * x * x) * 34), 0.1, 0.5))
    mix(picture, colour * light[..., None], shape)
    if sitting.pattern == "collared":
        flap = smooth(0.17 - np.abs(y - top - 0.10), 0, 0.03) * smooth(0.74 - side, 0, 0.04) * shape
        mix(picture, np.clip(tone * 1.12 + 0.03, 0, 1) * light[..., None], flap)
        edge = np.exp(-(((y - top - 0.27) / 0.02) ** 2)) * smooth(0.74 - side, 0, 0.04)
        mix(picture, tone * 0.45, 0.7 * edge * shape)
    else:
        hem = np.exp(-(((y - top - 0.07) / 0.025) ** 2)) * (side < 0.8)
        mix(picture, tone * 0.6, 0.5 * hem * shape)
    return shape


def draw_body(
    person: Person,
    sitting: Sitting,
    pose: Pose,
    upright: tuple[Array, Array],
    level: tuple[Array, Array],
    head: Array,
    radius: float,
) -> tuple[Array, Array]:
    """Draw the body under a head.

    Args:
        person: whose body.
        sitting: their clothes and the light.
        pose: of the head.
        upright: x and y from the head's middle, in units of half the face's width.
        level: the same, turned with the head's roll.
        head: its mask.
        radius: half the face's width, in pixels.

    Returns:
        float32 RGB, and its alpha.
    """
    light = lighting.direction(sitting)
    picture = np.zeros((*head.shape, 3), np.float32)
    x, y = upright[0] + np.float32(0.25 * np.sin(pose.yaw) + 1.2 * NECK_LEAN * np.sin(pose.roll)), upright[1]
    # The shadow of the head on the neck, and of the chin, away from the light.
    moved = np.array([[1, 0, -light[0] * 0.30 * radius], [0, 1, (0.22 - 0.25 * light[1]) * radius]], np.float32)
    shadow = cv2.GaussianBlur(cv2.warpAffine(head, moved, head.shape[1::-1]), (0, 0), 0.11 * radius)
    shade = 1 - (0.40 + 0.25 * lighting.hardness(sitting)) * shadow
    alpha = np.zeros_like(head)
    if person.style == "long" and person.cover != "headscarf":
        behind = smooth(1.02 - np.abs(level[0]), 0, 0.08) * smooth(1.62 - level[1], 0, 0.1) * (level[1] > 0)
        mix(picture, np.asarray(people.HAIR[person.hair], np.float32) * 0.45, behind)
        alpha = np.maximum(alpha, behind)
    alpha = np.maximum(alpha, _ears(picture, person, pose, level, light))
    if person.cover == "hood":
        lining = smooth(1.20 - np.hypot(level[0], (level[1] - 0.3) / 1.4), 0, 0.06)
        mix(picture, np.asarray(people.CLOTHES[person.cover_colour], np.float32) * 0.30, lining)
        alpha = np.maximum(alpha, lining)
    low = relief.bounding_window(y > 0.4)
    neck = _neck(picture[low], person, x[low], y[low], light[0], shade[low])
    cloth = _clothes(picture[low], sitting, x[low], y[low], light[0], shade[low])
    alpha[low] = np.maximum.reduce([alpha[low], neck, cloth])
    return picture, alpha
