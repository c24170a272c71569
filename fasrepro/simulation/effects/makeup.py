"""Cues of makeup: strong cosmetics, painted lines, and paint on the skin. All of them are lit with the face."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fasrepro.simulation.drawing.layers import Array, Colour, Figure, mix, smooth
from fasrepro.simulation.effects.face_window import (
    BROWS,
    MOUTH,
    Point,
    View,
    arc,
    around,
    blob,
    cut,
    lines,
    lit,
    oval,
    paint,
    part,
    shapes,
    span,
    view,
)

LIPS: tuple[Colour, ...] = ((0.78, 0.06, 0.14), (0.80, 0.12, 0.38), (0.45, 0.04, 0.18), (0.90, 0.22, 0.16))
LIDS: tuple[Colour, ...] = ((0.20, 0.32, 0.72), (0.48, 0.20, 0.62), (0.10, 0.48, 0.46), (0.78, 0.30, 0.52), (0.42, 0.24, 0.10))
PAINTS: tuple[Colour, ...] = (
    (0.82, 0.08, 0.10),
    (0.95, 0.95, 0.93),
    (0.10, 0.22, 0.72),
    (0.10, 0.52, 0.22),
    (0.95, 0.82, 0.12),
    (0.07, 0.07, 0.08),
    (0.93, 0.76, 0.64),  # skin of other people
    (0.30, 0.19, 0.13),
)
# Places of paint: u, v, half the width, half the height.
PATCHES = (
    (-0.52, 0.38, 0.27, 0.24),
    (0.52, 0.38, 0.27, 0.24),
    (0.00, -0.58, 0.36, 0.15),
    (0.00, 0.25, 0.11, 0.30),
    (0.00, 1.10, 0.20, 0.11),
    (-0.60, -0.42, 0.20, 0.20),
    (0.60, -0.42, 0.20, 0.20),
)


def lips(face: View) -> Array:
    """Return the mask of the lips without teeth: the shape of a mouth, and pixels that are redder than the skin around them."""
    u, v = face.u, face.v
    taper = np.clip(1 - (u / 0.37) ** 2, 0, 1)
    middle = v - MOUTH
    shape = smooth(np.where(middle < 0, 0.085 * taper + middle, 0.10 * taper**0.7 - middle), -0.01, 0.04)
    near = oval(u, v, (0.0, MOUTH), 0.48, 0.17, 0.15)
    red, green = face.opened[..., 0], face.opened[..., 1]
    redder = smooth(red * face.skin[1] / (face.skin[0] * green + 0.01), 1.08, 1.30)
    teeth = smooth(green / (face.skin[1] + 0.05), 1.02, 1.30)
    return np.maximum(0.75 * shape, redder) * near * (1 - teeth) * face.face


def _above_eye(face: View, eye: Point, side: int) -> tuple[Array, Array]:
    """Return the distance outwards from the middle of an eye, and the height above the edge of its upper lid."""
    du, dv = (face.u - eye[0]) * side, face.v - eye[1]
    lid = 0.112 * np.clip(1 - (du / 0.23) ** 2, 0, None) ** 0.75 + 0.10 * np.clip(du - 0.16, 0, None)
    return du, -dv - lid


def redden(face: View, colour: Colour, power: float, light: Array) -> None:
    """Put lipstick on, in place; the dark line between the lips stays."""
    dark = np.clip(face.opened.mean(axis=2) / (0.55 * sum(face.skin) / 3), 0.25, 1)
    paint(face, colour, power * lips(face), light * dark)


def heavy_makeup(figure: Figure, strength: float, rng: np.random.Generator) -> None:
    """Paint the lips, shade the lids up to the brows, line the eyes, draw the brows and put rouge with an edge on the cheeks."""
    face = view(figure)
    light = np.clip(0.25 + 0.75 * lit(face), 0, 1.2)
    lip, lid = LIPS[int(rng.integers(len(LIPS)))], LIDS[int(rng.integers(len(LIDS)))]
    power = 0.20 + 0.80 * strength
    window = span(face, (0.0, MOUTH), 0.50, 0.20)
    redden(part(face, window), lip, 0.92 * power, light[window])
    slope = rng.uniform(0.3, 0.5)
    for side, eye in zip((-1, 1), face.eyes, strict=True):
        window = span(face, (side * 0.55, 0.30), 0.30, 0.26)
        near = part(face, window)
        out, low = near.u * side - 0.55, near.v - 0.30
        cheek = np.hypot((out + slope * low) / 0.23, (low + slope * out) / 0.14)
        paint(near, (0.85, 0.22, 0.30), 0.55 * power * (1 - smooth(cheek, 0.75, 1.15)) * near.face, light[window])
        window = span(face, eye, 0.42, 0.42)
        near = part(face, window)
        du, above = _above_eye(near, eye, side)
        wide = 1 - smooth(np.abs(du - 0.04), 0.24, 0.34)
        band = smooth(above, -0.01, 0.02) * (1 - smooth(above, 0.09, 0.20)) * wide
        closed = smooth(above, -0.16, -0.14) * (1 - smooth(above, -0.01, 0.02)) * (1 - smooth(np.abs(du), 0.17, 0.22))
        liner = np.exp(-((above / (0.018 + 0.014 * strength)) ** 2)) * smooth(du, -0.24, -0.16) * (1 - smooth(du, 0.26, 0.34))
        colour = np.clip(np.asarray(lid, np.float32) * light[window][..., None], 0, 1)
        for picture, lids in ((near.opened, band), (near.closed, np.maximum(band, closed))):
            mix(picture, colour, cut(0.85 * power * lids * near.face))
            mix(picture, (0.04, 0.03, 0.04), cut(0.90 * power * liner * near.face))
    brows = [arc((s * 0.17, BROWS + 0.03), (s * 0.66, BROWS + 0.04), -s * 0.085) for s in (-1, 1)]
    near = around(face, (0.0, BROWS), 0.75, 0.20)
    paint(near, (0.09, 0.06, 0.05), 0.80 * power * lines(near, brows, 0.055) * near.face)


def wrinkles(rng: np.random.Generator, jitter: float) -> list[list[Point]]:
    """Return the lines of an old face (forehead, brows, corners of the eyes and mouth, nose to mouth); `jitter` bends them."""
    paths = []
    for v in (-0.68, -0.57, -0.46):
        paths.append(arc((-0.46 + jitter * rng.standard_normal(), v), (0.46 + jitter * rng.standard_normal(), v), -0.045))
    for side in (-1, 1):
        for fan in (-0.13, 0.0, 0.13):
            wave = jitter * rng.standard_normal()
            paths.append(arc((side * 0.70, -0.03 + 0.5 * fan), (side * 0.88, -0.03 + 1.2 * fan + wave), side * 0.02))
        paths.append(arc((side * 0.09, -0.34), (side * (0.07 + jitter * rng.standard_normal()), -0.18), 0.0))
        paths.append(arc((side * 0.21, 0.44), (side * (0.44 + jitter * rng.standard_normal()), 0.86), -side * 0.06))
        paths.append(arc((side * 0.40, 0.86), (side * 0.36, 1.04 + jitter * rng.standard_normal()), -side * 0.02))
        paths.append(arc((side * 0.24, 0.13), (side * 0.60, 0.09 + jitter * rng.standard_normal()), side * 0.06))
    return paths


def drawn_lines(figure: Figure, strength: float, rng: np.random.Generator) -> None:
    """Draw wrinkles and contours with a dark pencil: more regular, more even and sharper than those of skin."""
    face = view(figure)
    paths = wrinkles(rng, 0.02)
    for side in (-1, 1):
        paths.append(arc((side * 0.84, 0.32), (side * 0.46, 0.66), side * 0.05))  # hollow cheeks
    paths.append(arc((-0.14, 1.06), (0.14, 1.06), -0.04))
    width, power = 0.026 + 0.012 * strength, (0.30 + 0.65 * strength) * face.face
    pale = [[(u, v + 1.1 * width) for u, v in path] for path in paths]  # a light line under each dark one, as in stage makeup
    skin = np.asarray(face.skin)
    paint(face, skin * 1.10 + 0.12, 0.45 * power * lines(face, pale, width))
    paint(face, skin * (0.16, 0.11, 0.10) + (0.02, 0.01, 0.01), power * lines(face, paths, width))


def _stripes(spot: tuple[float, float, float, float], slant: float) -> list[list[Point]]:
    """Return three bars across a place on the face."""
    u, v, across, down = spot
    bars = []
    for row in (-0.75, 0.0, 0.75):
        top, thick, lean = v + row * down, 0.22 * down, slant * across
        bars.append([(u - across, top - thick - lean), (u + across, top - thick + lean), (u + across, top + thick + lean)])
        bars[-1].append((u - across, top + thick - lean))
    return bars


def face_paint(figure: Figure, strength: float, rng: np.random.Generator) -> None:
    """Paint two to five patches or sets of stripes on the face, in colours unlike its skin."""
    face = view(figure)
    light = np.clip(0.30 + 0.70 * lit(face), 0, 1.15)
    order = rng.permutation(len(PATCHES))[: int(rng.integers(2, 6))]
    # The colours nearest to the skin would not show.
    paints = sorted(PAINTS, key=lambda c: -sum(abs(a - b) for a, b in zip(c, face.skin, strict=True)))[:-2]
    free = face.face * (1 - np.maximum(*(oval(face.u, face.v, eye, 0.25, 0.14) for eye in face.eyes)))
    for place in order.tolist():
        u, v, across, down = PATCHES[place]
        size = (0.80 + 0.30 * strength) * rng.uniform(0.90, 1.12)
        spot = (u, v, across * size, down * size)
        outline = blob((u, v), spot[2], spot[3], rng)
        bars = _stripes(spot, rng.uniform(-0.35, 0.35))
        outlines = bars if rng.random() < 0.35 else [outline]
        colour = paints[int(rng.integers(len(paints)))]
        window = span(face, (u, v), 2 * across, 2.2 * down)
        near = part(face, window)
        mask = (0.35 + 0.60 * strength) * shapes(near, outlines, 0.012) * free[window]
        paint(near, colour, mask, light[window])


FACE_EFFECTS: dict[str, Callable[[Figure, float, np.random.Generator], None]] = {
    "heavy_makeup": heavy_makeup,
    "drawn_lines": drawn_lines,
    "face_paint": face_paint,
}
