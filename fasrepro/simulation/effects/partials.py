"""Cues of paper and paint on a part of the face: printed strips, paper glasses, painted eyes, and a printer's dots."""

from __future__ import annotations

import cv2
import numpy as np

from fasrepro.simulation.drawing import people
from fasrepro.simulation.drawing.layers import Array, Colour, Figure, smooth
from fasrepro.simulation.effects.face_window import MOUTH, Point, View, around, cut, lit, paint, view

PAPER = (0.94, 0.93, 0.90)
# Of a strip over the eyes or the mouth: half its width, half its height, v of its middle.
STRIPS = {"eyes": (0.80, 0.27, -0.09), "mouth": (0.52, 0.27, MOUTH)}
GLASSES = ((0.94, 0.93, 0.89), (0.10, 0.09, 0.10), (0.80, 0.12, 0.12), (0.12, 0.25, 0.68), (0.93, 0.78, 0.16), (0.12, 0.50, 0.26))
PERIOD = (4.3, 5.8)  # of a printer's dots, in pixels of the frame


def _strip(figure: Figure) -> tuple[float, float, float]:
    return STRIPS["mouth" if figure.covered == "mouth" else "eyes"]


def _box(x: Array, y: Array, across: float, down: float, corner: float) -> Array:
    """Return the distance outwards from a box with round corners around the origin."""
    dx, dy = np.abs(x) - across + corner, np.abs(y) - down + corner
    return np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - corner


def _filled(distance: Array, face: View) -> Array:
    """Return the mask of negative distances, with an edge one pixel soft."""
    return np.clip(0.5 - distance * face.radius, 0, 1)


def _eye(face: View, u: Array, v: Array, size: tuple[float, float], iris: Colour, within: Array) -> None:
    """Paint a flat wide eye around the origin of (u, v): white, iris, pupil, outline and a dab of white."""
    across, down = size
    lens = down * np.clip(1 - (u / across) ** 2, 0, None) ** 0.62
    inside = np.minimum(v + lens, 0.85 * lens - v)
    white = np.clip(inside * face.radius + 0.5, 0, 1) * (np.abs(u) < across * 1.05)
    r = np.hypot(u, v + 0.1 * down)
    line = np.exp(-((inside / 0.030) ** 2)) * (np.abs(u) < across * 1.06)
    for mask, colour in (
        (white, (0.96, 0.96, 0.94)),
        (white * _filled(r - 0.78 * down, face), iris),
        (white * _filled(r - 0.38 * down, face), (0.02, 0.02, 0.03)),
        (white * _filled(np.hypot(u - 0.25 * down, v + 0.4 * down) - 0.15 * down, face), (1.0, 1.0, 1.0)),
        (line, (0.08, 0.05, 0.05)),
    ):
        paint(face, colour, mask * within)


def _turned(face: View, middle: Point, angle: float) -> tuple[Array, Array]:
    """Return face coordinates around `middle`, turned by `angle`."""
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    u, v = face.u - middle[0], face.v - middle[1]
    return u * cos + v * sin, v * cos - u * sin


def _printed_mouth(face: View, x: Array, y: Array, tone: Array, within: Array) -> None:
    taper = np.clip(1 - (x / 0.34) ** 2, 0, 1)
    lips = np.clip((0.085 * taper**0.7 - np.abs(y)) * 30, 0, 1) * (taper > 0)
    line = np.exp(-((y / 0.022) ** 2)) * (taper > 0)
    paint(face, tone * np.array([0.90, 0.52, 0.52], np.float32), 0.9 * lips * within)
    paint(face, (0.18, 0.06, 0.06), 0.85 * line * within)


def _printed_eye(face: View, x: Array, y: Array, size: float, iris: Colour) -> None:
    within = 0.95 * face.alpha
    _eye(face, x, y - 0.03, (0.22 * size, 0.105 * size), iris, within)
    brow = np.exp(-(((y + 0.165 * size - 0.3 * x**2) / 0.032) ** 2)) * (np.abs(x) < 0.24 * size)
    paint(face, (0.12, 0.08, 0.06), 0.8 * brow * within)


def pasted_patch(figure: Figure, strength: float, rng: np.random.Generator) -> None:
    """Paste a printed strip of another person over the eyes or the mouth, slightly turned, with a cut edge and a shadow."""
    face = view(figure)
    across, down, middle = _strip(figure)
    size = 0.72 + 0.28 * strength
    across, down = across * size * rng.uniform(0.94, 1.04), down * (0.80 + 0.20 * strength)
    angle = float(rng.choice((-1.0, 1.0)) * rng.uniform(0.03, 0.13))
    spot = (rng.uniform(-0.05, 0.05), middle)
    # One of the three tones that differ most from the face's own.
    tones = sorted(people.SKIN.values(), key=lambda c: -sum(abs(a - b) for a, b in zip(c, face.skin, strict=True)))
    tone = np.asarray(tones[int(rng.integers(3))], np.float32)
    iris = tuple(people.EYES.values())[int(rng.integers(len(people.EYES)))]

    face = around(face, spot, across + 0.22, down + 0.30)
    x, y = _turned(face, spot, angle)
    lx, up = face.light
    outside, edge = _box(x, y, across, down, 0.02), 0.012 + 0.022 * strength
    sheet, printed = (_filled(outside + inset, face) * face.alpha for inset in (0.0, edge))
    shadow_distance = _box(x + 0.055 * (lx + 0.2), y - 0.055 * (0.4 + up), across, down, 0.05)  # away from the light
    shadow = (1 - smooth(shadow_distance, -0.03, 0.08)) * (1 - sheet) * face.face
    own = np.asarray(face.skin, np.float32)
    ink = own + (tone - own) * (0.35 + 0.65 * strength)
    ink = ink * (0.97 - 0.12 * (y / down) - 0.10 * (x / across) ** 2)[..., None]
    paint(face, own * 0.2, shadow * (0.30 + 0.40 * strength))
    paint(face, PAPER, sheet, np.clip(0.55 + 0.45 * lit(face), 0.6, 1.05))
    paint(face, ink, printed)
    if figure.covered == "mouth":
        _printed_mouth(face, x, y, tone, printed)
        return
    for side in (-0.42 * size, 0.42 * size):
        at = (spot[0] + side * float(np.cos(angle)), spot[1] + side * float(np.sin(angle)))
        near = around(face, at, 0.30, 0.24)
        _printed_eye(near, *_turned(near, at, angle), size, iris)


def paper_glasses(figure: Figure, strength: float, rng: np.random.Generator) -> None:
    """Put on opaque paper glasses that stand off the face: a plate with a hole around each eye, a bridge and arms."""
    face = view(figure)
    paper = np.asarray(GLASSES[int(rng.integers(len(GLASSES)))], np.float32)
    corner, slope = rng.uniform(0.06, 0.20), rng.uniform(-0.05, 0.05)
    thick = 0.05 + 0.09 * strength
    line = (face.eyes[0][1] + face.eyes[1][1]) / 2
    face = around(face, (0.0, line), 1.10, 0.65)
    v = face.v + slope * face.u
    parts, holes = [], []
    for eu, ev in face.eyes:
        parts.append(_box(face.u - eu, v - ev - 0.02, 0.24 + thick, 0.16 + thick, corner))
        holes.append(_box(face.u - eu, v - ev - 0.02, 0.24, 0.16, 0.6 * corner))
    parts.append(_box(face.u, v - line + 0.02, 0.24, 0.03 + 0.3 * thick, 0.02))  # the bridge
    parts.append(_box(np.abs(face.u) - 0.86, v - line + 0.03, 0.22, 0.03 + 0.3 * thick, 0.02))  # the arms
    distance = np.maximum(np.minimum.reduce(parts), -np.minimum(*holes))
    # The arms go under hair and scarves.
    worn = _filled(distance, face) * np.where(np.abs(face.u) < 0.68, face.alpha, face.face)
    lx, up = face.light
    # The shadow falls away from the light: the same outline a little lower and to the other side.
    away = np.array([[1, 0, -0.05 * lx * face.radius], [0, 1, (0.03 + 0.04 * up) * face.radius]], np.float32)
    shadow = cv2.GaussianBlur(cv2.warpAffine(worn.astype(np.float32), away, worn.shape[::-1]), (0, 0), 1.2)
    edge = np.exp(-((distance / 0.018) ** 2)) * worn
    outline = paper * 0.35 + (0.0 if float(paper.mean()) > 0.3 else 0.25)
    paint(face, np.asarray(face.skin) * 0.18, shadow * (1 - worn) * face.face * (0.25 + 0.40 * strength))
    paint(face, paper, worn, np.clip(0.45 + 0.55 * lit(face), 0.5, 1.1))
    paint(face, outline, 0.7 * edge)
    face.depth[...] += cut(worn) * np.float32(0.10 * face.radius)


def painted_eyes(figure: Figure, strength: float, rng: np.random.Generator) -> None:
    """Paint flat, wide, staring eyes over the person's own; they stay open when those close."""
    face = view(figure)
    colours = (*people.EYES.values(), (0.10, 0.35, 0.75), (0.16, 0.55, 0.30))
    iris = colours[int(rng.integers(len(colours)))]
    size = (0.225 + 0.075 * strength) * rng.uniform(0.97, 1.06)
    for eu, ev in face.eyes:
        near = around(face, (eu, ev), 1.4 * size, 1.1 * size)
        _eye(near, near.u - eu, near.v - ev, (size, 0.60 * size), iris, near.alpha * (0.80 + 0.20 * strength))


def halftone_on_face(figure: Figure, strength: float, rng: np.random.Generator) -> None:
    """Print dots over the covered part, with one phase an ink: a strip over eyes or mouth, or the whole face."""
    face = view(figure)
    columns, rows = np.meshgrid(np.arange(face.u.shape[1], dtype=np.float32), np.arange(face.u.shape[0], dtype=np.float32))
    turn, period = rng.uniform(0.2, 0.6), rng.uniform(*PERIOD)
    area = face.face
    if figure.covered in STRIPS:
        across, down, middle = _strip(figure)
        area = face.alpha * (1 - smooth(_box(face.u, face.v - middle, across, down, 0.05), -0.06, 0.04))
    area = cut(area)
    amplitude = 0.06 + 0.22 * strength
    for channel in range(3):
        angle = turn + 0.26 * channel
        along = (columns * np.cos(angle) + rows * np.sin(angle)) * (2 * np.pi / period)
        across = (rows * np.cos(angle) - columns * np.sin(angle)) * (2 * np.pi / period)
        dots = (0.5 * amplitude * (np.cos(along) + np.cos(across))).astype(np.float32) * area
        for picture in face.both():
            ink = picture[..., channel]
            # Dark skin is printed in dots too, with paper between them.
            picture[..., channel] = np.clip(ink + dots * (0.40 + 0.60 * ink), 0, 1)
