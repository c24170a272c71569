"""Harmless things that look like a cue: on the skin of a bona fide person, worn by them, or around them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np

from fasrepro.simulation.drawing.layers import Array, Colour, Figure, bump, smooth
from fasrepro.simulation.effects import makeup, masks, surroundings
from fasrepro.simulation.effects.face_window import Point, View, around, blob, cut, lines, lit, paint, part, shapes, span, view

LIPSTICKS: tuple[Colour, ...] = ((0.72, 0.16, 0.22), (0.76, 0.28, 0.36), (0.55, 0.14, 0.20), (0.80, 0.36, 0.34))
STRAPS: tuple[Colour, ...] = ((0.16, 0.17, 0.20), (0.55, 0.56, 0.58), (0.62, 0.20, 0.20), (0.24, 0.32, 0.48), (0.82, 0.78, 0.70))
RIMS: tuple[Colour, ...] = ((0.86, 0.82, 0.74), (0.74, 0.72, 0.72), (0.80, 0.66, 0.50))
# A hand on the right half of a face: its fingers as capsules (knuckle, tip, thickness), then its back (middle, half width, half
# height).
HANDS: dict[str, tuple[tuple[tuple[Point, Point, float], ...], tuple[Point, float, float]]] = {
    "cheek": (
        (
            ((1.06, 1.30), (0.97, 0.56), 0.105),
            ((0.93, 1.32), (0.78, 0.50), 0.110),
            ((0.79, 1.38), (0.60, 0.60), 0.110),
            ((0.68, 1.46), (0.30, 1.12), 0.105),
        ),
        ((0.95, 1.58), 0.34, 0.36),
    ),
    "chin": (
        (
            ((0.52, 1.60), (-0.26, 1.42), 0.110),
            ((0.50, 1.50), (-0.22, 1.24), 0.115),
            ((0.62, 1.44), (0.46, 0.96), 0.120),
        ),
        ((0.66, 1.62), 0.32, 0.30),
    ),
}


def oily_skin(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Let forehead, nose and cheeks shine with oil: like hard highlights, but soft."""
    face = view(figure)
    lx, up = face.light
    shine = np.zeros_like(face.u)
    for su, sv, across, down, bright in masks.SPOTS[:5]:
        facing = bright * (1.0 if su * lx >= 0 else 0.4) * rng.uniform(0.8, 1.1)
        shine = np.maximum(shine, facing * bump(face.u, face.v, su + 0.12 * lx, sv - 0.06 * up, 0.9 * across, 1.1 * down))
    paint(face, np.asarray(face.skin) * 0.4 + 0.60, 0.50 * shine**1.5 * face.face)


def cream(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Smooth the skin a little and let it gleam, as young skin or fresh cream does: like wax."""
    face = view(figure)
    masks.wax(face, face.face, 0.28, rng)


def powder(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Powder the skin a little: like one even tone."""
    masks.even(view(figure), float(rng.uniform(0.28, 0.36)))


def freckles(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Sprinkle cheeks and nose with freckles: like a printer's dots, but scattered."""
    face = view(figure)
    count = int(rng.integers(45, 80))
    across, down = rng.normal(0, 0.36, count), rng.normal(0.30, 0.15, count)
    sizes, powers = rng.uniform(0.016, 0.030, count), rng.uniform(0.35, 0.8, count)
    spots = np.zeros_like(face.u)
    for u, v, size, power in zip(across.tolist(), down.tolist(), sizes.tolist(), powers.tolist(), strict=True):
        window = span(face, (u, v), 3 * size, 3 * size)
        spots[window] = np.maximum(spots[window], power * bump(face.u[window], face.v[window], u, v, size, size))
    keep = 1 - np.maximum(*(bump(face.u, face.v, *eye, 0.26, 0.16) for eye in face.eyes))
    paint(face, np.asarray(face.skin) * (0.55, 0.42, 0.34), 0.95 * spots * keep * face.face)


def lipstick(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Put lipstick on: like heavy makeup, without the rest."""
    face = view(figure)
    colour = LIPSTICKS[int(rng.integers(len(LIPSTICKS)))]
    makeup.redden(face, colour, 0.65, np.clip(0.3 + 0.7 * lit(face), 0, 1.15))


def birthmark(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Draw a brown birthmark or a plaster on the face: like a patch of paint."""
    face = view(figure)
    spots = ((-0.55, 0.42), (0.55, 0.42), (-0.44, 0.60), (0.44, 0.60), (0.20, 1.08))
    u, v = spots[int(rng.integers(len(spots)))]
    outline = blob((u, v), rng.uniform(0.11, 0.16), rng.uniform(0.08, 0.13), rng)
    angle, plaster = rng.uniform(-0.7, 0.7), rng.random() < 0.5
    window = span(face, (u, v), 0.35, 0.35)
    near, light = part(face, window), np.clip(0.3 + 0.7 * lit(face), 0, 1.15)[window]
    if not plaster:
        paint(near, np.asarray(face.skin) * (0.58, 0.42, 0.38), 0.85 * shapes(near, [outline], 0.02) * near.face)
        return
    way, turn = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    ends = (tuple((np.array([u, v]) + s * 0.13 * way).tolist()) for s in (-1, 1))
    strip = lines(near, [list(ends)], 0.12, 0.004)
    pad = [tuple((np.array([u, v]) + a * 0.05 * way + b * 0.05 * turn).tolist()) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    paint(near, np.array([0.86, 0.68, 0.54]) * (0.35 + 0.65 * min(sum(face.skin) / 1.8, 1)), 0.85 * strip * near.face, light)
    paint(near, (0.90, 0.80, 0.70), 0.5 * shapes(near, [pad], 0.004) * near.face, light)


def deep_lines(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Draw the soft lines of age: like drawn wrinkles."""
    face = view(figure)
    paths = makeup.wrinkles(rng, 0.05)
    some = [path for path in paths if rng.random() < 0.75] or paths
    soft = lines(face, some, 0.030, 0.016)
    paint(face, np.asarray(face.skin) * (0.42, 0.34, 0.32), 0.55 * soft * face.face)
    lower = [[(u, v + 0.035) for u, v in path] for path in some]  # the other side of a fold catches light
    paint(face, np.asarray(face.skin) * 1.05 + 0.06, 0.22 * lines(face, lower, 0.030, 0.016) * face.face, lit(face))


def reading_glasses(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Put on thick pale reading glasses: like glasses of paper."""
    face = view(figure)
    colour = RIMS[int(rng.integers(len(RIMS)))]
    low = rng.uniform(0.02, 0.07)
    line = (face.eyes[0][1] + face.eyes[1][1]) / 2
    face = around(face, (0.0, line), 1.1, 0.5)
    worn = np.zeros_like(face.u)
    for eu, ev in face.eyes:
        r = (np.abs((face.u - eu) / 0.30) ** 3 + np.abs((face.v - ev - low) / 0.21) ** 3) ** (1 / 3)
        worn = np.maximum(worn, 1 - smooth(np.abs(r - 1) * 0.25, 0.020, 0.045))
    hold = np.exp(-(((face.v - line - low + 0.06) / 0.032) ** 2))
    bar = hold * ((np.abs(face.u) < 0.16) | ((np.abs(face.u) > 0.70) & (np.abs(face.u) < 1.0)))
    worn = np.maximum(worn, bar) * np.where(np.abs(face.u) < 0.68, face.alpha, face.face)
    shadow = cv2.warpAffine(worn.astype(np.float32), np.array([[1, 0, 0], [0, 1, 1.5]], np.float32), worn.shape[::-1])
    paint(face, np.asarray(face.skin) * 0.3, 0.35 * shadow * (1 - worn) * face.face)
    paint(face, colour, 0.85 * worn, np.clip(0.4 + 0.6 * lit(face), 0.4, 1.1))


def chin_strap(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Lay a helmet's strap along the jaw, or wrap a scarf up to the chin: like a mask's edge."""
    face = view(figure, 0.35)
    colour = STRAPS[int(rng.integers(len(STRAPS)))]
    scarf, low = rng.random() < 0.5, rng.uniform(-0.03, 0.03)
    if scarf:
        edge = 1.16 + low - 0.16 * face.u**2 + 0.025 * np.sin(7 * face.u + 20 * low)
        mask = np.clip((face.v - edge) * face.radius + 0.5, 0, 1) * (1 - smooth(face.v, 1.55, 1.60)) * (face.alpha > 0.3)
        mask *= np.clip((0.74 + 0.14 * (face.v - 1.2) - np.abs(face.u)) * face.radius, 0, 1)
        folds = 0.85 + 0.15 * np.sin(24 * (face.v - edge) + 3 * face.u) - 0.30 * smooth(np.abs(face.u), 0.40, 0.78)
    else:
        r = ((np.abs(face.u) / 0.95) ** 2.6 + (np.abs(face.v - 0.20) / 1.03) ** 2.6) ** (1 / 2.6)
        mask = np.clip((0.045 - np.abs(r - 1.0)) * face.radius + 0.5, 0, 1) * smooth(face.v, -0.05, 0.05) * face.face
        folds = np.ones_like(mask)
    shadow = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.5) * (1 - mask) * face.face
    paint(face, np.asarray(face.skin) * 0.3, 0.45 * shadow)
    paint(face, colour, 0.9 * mask, np.clip(0.35 + 0.65 * lit(face), 0.35, 1.1) * folds)


def dark_rings(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Draw dark rings or kajal around the eyes: like the rims of a mask's openings."""
    face = view(figure)
    kajal, power = rng.random() < 0.5, rng.uniform(0.85, 1.1)
    for eye in face.eyes:
        near = around(face, eye, 0.42, 0.42)
        du, dv = near.u - eye[0], near.v - eye[1]
        ring = np.hypot(du / 0.24, dv / 0.135)
        below = smooth(dv, -0.04, 0.08)
        if kajal:
            mask = 0.60 * np.exp(-(((ring - 1) / 0.16) ** 2)) * (0.6 + 0.4 * below)
            paint(near, (0.07, 0.05, 0.06), power * mask * near.face)
        else:
            bags = np.exp(-(((ring - 1.25) / 0.42) ** 2)) * (0.30 + 0.70 * below)
            paint(near, np.asarray(face.skin) * (0.50, 0.40, 0.44), 0.70 * power * bags * near.face)


def _finger(face: View, skin: Array, ends: tuple[Point, Point, float]) -> Array:
    """Draw a finger in place and return its mask."""
    (ku, kv), (tu, tv), thick = ends
    length = (tu - ku) ** 2 + (tv - kv) ** 2
    along = np.clip(((face.u - ku) * (tu - ku) + (face.v - kv) * (tv - kv)) / length, 0, 1)
    r = np.hypot(face.u - ku - along * (tu - ku), face.v - kv - along * (tv - kv)) / (thick * (1 - 0.12 * along))
    mask = cut((1 - r) * 5)
    bulge = np.sqrt(np.clip(1 - r * r, 0, 1))
    crease = 1 - 0.22 * (np.exp(-(((along - 0.40) / 0.035) ** 2)) + np.exp(-(((along - 0.72) / 0.03) ** 2)))
    paint(face, skin, mask, (0.50 + 0.48 * bulge) * crease)
    nail = np.clip((1 - np.hypot((along - 1.0) * float(np.sqrt(length)) / 0.09, r / 0.55)) * 3, 0, 1)
    paint(face, skin * 0.6 + (0.34, 0.26, 0.25), 0.6 * nail * mask)
    return mask


def _plane(figure: Figure, face: View) -> tuple[Array, Array]:
    """Return the face coordinates of a flat face: tilted with the eyes, and continued beside the head."""
    ax, ay, bx, by = (float(value) for value in figure.eyes)
    tilt = np.arctan2(by - ay, bx - ax)
    height, width = face.u.shape
    corner = face.corner
    rows, columns = np.mgrid[corner[0] : corner[0] + height, corner[1] : corner[1] + width].astype(np.float32)
    x, y = columns - (figure.box[0] + figure.box[2] / 2), rows - (ay + by) / 2
    cos, sin = float(np.cos(tilt)) / figure.radius, float(np.sin(tilt)) / figure.radius
    return x * cos + y * sin, y * cos - x * sin - 0.05


def hand_at_face(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Rest the person's own hand at their cheek or chin: like a hand that holds a medium."""
    side = 1.0 if rng.random() < 0.5 else -1.0
    fingers, (middle, across, down) = HANDS["cheek" if rng.random() < 0.5 else "chin"]
    du, dv = rng.uniform(-0.05, 0.05, 2).tolist()
    face = view(figure, 0.70)
    # The hand is drawn at the right of the picture, in a flat plane before the face, and mirrored.
    x, y = _plane(figure, face)
    face = dataclasses.replace(face, u=x * side - du, v=y - dv)
    face = around(face, (0.45, 1.20), 0.95, 0.85)
    skin = np.asarray(figure.skin, np.float32) * 0.95
    back = np.hypot((face.u - middle[0]) / across, (face.v - middle[1]) / down)
    wrist = np.maximum(np.abs(face.u - middle[0] - 0.10) / (0.8 * across), (middle[1] - face.v) * 3 + 1)
    inside = np.minimum(back, wrist)
    hand = cut((1 - inside) * 8)
    paint(face, skin, hand, 0.88 - 0.20 * np.clip(inside, 0, 1) ** 2)
    for knuckle, tip, thick in fingers:
        centre = (knuckle[0] + tip[0]) / 2, (knuckle[1] + tip[1]) / 2
        reach = abs(knuckle[0] - tip[0]) / 2 + 1.2 * thick, abs(knuckle[1] - tip[1]) / 2 + 1.2 * thick
        window = span(face, centre, *reach)
        hand[window] = np.maximum(hand[window], _finger(part(face, window), skin, (knuckle, tip, thick)))
    face.alpha[...] = np.maximum(face.alpha, hand)
    face.face[...] *= 1 - hand
    face.depth[...] = np.where(hand > 0.5, np.maximum(face.depth, 0.5 * figure.radius), face.depth)


# cue -> the look-alike, which changes figure and background in place
LOOK_ALIKES: dict[str, Callable[[Figure, Array, np.random.Generator], None]] = {
    "flat_light": surroundings.overcast,
    "narrow_gamut": surroundings.window_haze,
    "uniform_texture": powder,
    "waxy_skin": cream,
    "hard_specular": oily_skin,
    "halftone": freckles,
    "heavy_makeup": lipstick,
    "drawn_lines": deep_lines,
    "face_paint": birthmark,
    "eye_hole_seam": dark_rings,
    "paper_glasses": reading_glasses,
    "mask_edge": chin_strap,
    "moire": surroundings.fine_stripes,
    "pixel_grid": surroundings.small_tiles,
    "curl": surroundings.wavy_curtain,
    "paper_border": surroundings.pale_frame,
    "bezel": surroundings.dark_frame,
    "hand_on_medium": hand_at_face,
    "glare": surroundings.lamp,
    "screen_tint": surroundings.monitor_light,
    "banding": surroundings.blinds,
    "refresh_lines": surroundings.mains_bands,
}
