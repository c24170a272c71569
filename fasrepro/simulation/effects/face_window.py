"""What effects on a face share: its window of the picture, the places of its features, its light, and stencils.

Face coordinates are those of `layers`: eyes at about (+-0.42, -0.05), brows at v = -0.33, the tip of the nose at (0, 0.45), the
mouth at (0, 0.80), the chin at v = 1.3. Masks are float32 of the window's shape, in [0, 1].
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from fasrepro.simulation.drawing.layers import Array, Colour, Figure, mix, smooth

FAINT = 0.004  # a mask below it is set to 0, so that a cue has an end
SCALE = 96  # pixels a unit of a stencil's canvas
LEFT, TOP, WIDE, TALL = -1.3, -1.3, 2.6, 3.0  # of the canvas, in face coordinates
MOUTH, NOSE, BROWS = 0.80, 0.45, -0.33  # v

Point = tuple[float, float]  # u, v


@dataclasses.dataclass(frozen=True, slots=True)
class View:
    """The window of a figure around its face. The arrays are views: drawing on them draws on the figure."""

    opened: Array
    closed: Array
    alpha: Array
    depth: Array
    face: Array
    u: Array
    v: Array
    eyes: tuple[Point, Point]  # at the picture's left, then the other
    radius: float
    skin: Colour
    light: tuple[float, float]
    glasses: bool
    corner: tuple[int, int]  # the window's first row and column in the picture

    def both(self) -> tuple[Array, Array]:
        """Return the pictures with open and with closed eyes."""
        return self.opened, self.closed


def view(figure: Figure, margin: float = 0.15) -> View:
    """Return the window of the face's box with `margin` more on each side, in units of half the face's width."""
    height, width = figure.alpha.shape
    x, y, w, h = figure.box
    reach = margin * figure.radius
    top, left = max(int(y - reach), 0), max(int(x - reach), 0)
    window = np.s_[top : min(int(y + h + reach) + 1, height), left : min(int(x + w + reach) + 1, width)]
    eyes = []
    for ex, ey in (figure.eyes[:2], figure.eyes[2:]):
        spot = min(max(round(ey), 0), height - 1), min(max(round(ex), 0), width - 1)
        eyes.append((float(figure.u[spot]), float(figure.v[spot])))
    return View(
        *(a[window] for a in (figure.rgb, figure.closed, figure.alpha, figure.depth, figure.face, figure.u, figure.v)),
        eyes=(eyes[0], eyes[1]),
        radius=figure.radius,
        skin=figure.skin,
        light=figure.light,
        glasses=figure.glasses,
        corner=(top, left),
    )


def span(face: View, middle: Point, across: float, down: float) -> tuple[slice, slice]:
    """Return the rows and columns that reach `across` and `down` from a place on the face, at least one pixel."""
    near = (np.abs(face.u - middle[0]) < across) & (np.abs(face.v - middle[1]) < down)
    rows, columns = (np.flatnonzero(near.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return slice(0, 1), slice(0, 1)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def part(face: View, window: tuple[slice, slice]) -> View:
    """Return a part of a window of the face."""
    arrays = ("opened", "closed", "alpha", "depth", "face", "u", "v")
    corner = face.corner[0] + window[0].start, face.corner[1] + window[1].start
    return dataclasses.replace(face, corner=corner, **{name: getattr(face, name)[window] for name in arrays})


def around(face: View, middle: Point, across: float, down: float) -> View:
    """Return the part of a window that reaches `across` and `down` from a place on the face."""
    return part(face, span(face, middle, across, down))


def cut(mask: Array) -> Array:
    """Return a mask in [0, 1] that is exactly 0 where it was below `FAINT`."""
    return np.where(mask < FAINT, 0, np.minimum(mask, 1)).astype(np.float32)


def oval(u: Array, v: Array, middle: Point, across: float, down: float, soft: float = 0.15) -> Array:
    """Return a filled ellipse of half-axes `across` and `down`, with an edge `soft` of its size to either side."""
    return 1 - smooth(np.hypot((u - middle[0]) / across, (v - middle[1]) / down), 1 - soft, 1 + soft)


def features(face: View) -> Array:
    """Return the mask of what is not skin: eyes, brows, nostrils, mouth and glasses."""
    u, v = face.u, face.v
    parts = [oval(u, v, (0.0, MOUTH + 0.02), 0.42, 0.13, 0.2), oval(u, v, (0.0, NOSE + 0.08), 0.19, 0.06, 0.3)]
    for eu, ev in face.eyes:
        parts += [oval(u, v, (eu, ev), 0.26, 0.15, 0.2), oval(u, v, (eu, BROWS), 0.30, 0.08, 0.3)]
    if face.glasses:
        parts += [oval(u, v, (eu, ev + 0.03), 0.38, 0.30) for eu, ev in face.eyes]
        parts.append(1 - smooth(np.abs(v - face.eyes[0][1] + 0.02), 0.06, 0.10))  # bridge and arms
    return np.maximum.reduce(parts)


def spread(picture: Array, weight: Array, size: float) -> Array:
    """Return `picture` blurred with a deviation of `size` pixels, averaged by `weight`."""
    if picture.ndim == 3:
        weight = weight[..., None]
    total = cv2.GaussianBlur(weight, (0, 0), size) + 1e-4
    blurred = cv2.GaussianBlur(picture * weight, (0, 0), size)
    return blurred / (total[..., None] if picture.ndim == 3 else total)


def lit(face: View, skin: Array | None = None) -> Array:
    """Return the brightness of the light on a face without its features, about 0.3 to 1.3 of the skin's colour; 1 far from the
    face."""
    if skin is None:
        skin = face.face * (1 - features(face))
    tone = sum(face.skin) / 3
    weight = skin * 0.999 + 0.001
    brightness = np.where(skin > 0.001, face.opened.mean(axis=2), tone).astype(np.float32)
    return np.clip(spread(brightness, weight, 0.10 * face.radius) / tone, 0.2, 1.5)


def paint(face: View, colour: Array | Colour, mask: Array, light: Array | float = 1.0) -> None:
    """Lay a colour times `light` over the pictures with open and closed eyes alike."""
    area = cut(mask)
    lit_colour = np.asarray(colour, np.float32) * (light[..., None] if isinstance(light, np.ndarray) else light)
    for picture in face.both():
        mix(picture, np.clip(lit_colour, 0, 1), area)


def _canvas() -> Array:
    return np.zeros((round(TALL * SCALE), round(WIDE * SCALE)), np.uint8)


def _pixels(points: Sequence[Point]) -> Array:
    """Return points in sixteenths of a pixel, for cv2."""
    return np.round((np.asarray(points) - (LEFT, TOP)) * (16 * SCALE)).astype(np.int32)


def _lay(canvas: Array, face: View, soft: float) -> Array:
    """Return a canvas as a mask over the face; `soft` is the deviation of its edges in face coordinates."""
    canvas = cv2.GaussianBlur(canvas, (0, 0), max(soft, 0.4 / face.radius) * SCALE)
    columns, rows = (face.u - LEFT) * SCALE, (face.v - TOP) * SCALE
    return cv2.remap(canvas, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT).astype(np.float32) / 255


def lines(face: View, paths: Iterable[Sequence[Point]], width: float, soft: float = 0.0) -> Array:
    """Return a mask of lines along `paths`, `width` thick."""
    canvas = _canvas()
    for path in paths:
        cv2.polylines(canvas, [_pixels(path)], False, 255, max(round(width * SCALE), 1), cv2.LINE_AA, 4)
    return _lay(canvas, face, soft)


def shapes(face: View, outlines: Iterable[Sequence[Point]], soft: float = 0.0) -> Array:
    """Return a mask of filled polygons."""
    canvas = _canvas()
    for outline in outlines:
        cv2.fillPoly(canvas, [_pixels(outline)], 255, cv2.LINE_AA, 4)
    return _lay(canvas, face, soft)


def arc(start: Point, end: Point, sag: float, points: int = 12) -> list[Point]:
    """Return a curve from `start` to `end` that is `sag` to the side of their line in the middle."""
    t = np.linspace(0, 1, points)
    du, dv = end[0] - start[0], end[1] - start[1]
    length = float(np.hypot(du, dv)) or 1.0
    off = 4 * sag * t * (1 - t)
    u, v = start[0] + du * t - off * dv / length, start[1] + dv * t + off * du / length
    return list(zip(u.tolist(), v.tolist(), strict=True))


def blob(middle: Point, across: float, down: float, rng: np.random.Generator, rough: float = 0.18) -> list[Point]:
    """Return the outline of an irregular spot."""
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    reach = np.ones(24)
    for wave, phase in enumerate(rng.uniform(0, 2 * np.pi, 4), start=2):
        reach += rough / (wave - 0.5) * np.sin(wave * angle + phase)
    u, v = middle[0] + across * reach * np.cos(angle), middle[1] + down * reach * np.sin(angle)
    return list(zip(u.tolist(), v.tolist(), strict=True))
