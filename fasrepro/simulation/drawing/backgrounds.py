"""Backgrounds: rooms and gardens, out of focus and in the colour of a wall."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from fasrepro.simulation.drawing import people
from fasrepro.simulation.drawing.layers import Array, mix, noise, smooth

WOOD = (0.36, 0.25, 0.16)
SKY = (0.86, 0.91, 0.96)


def _wall(colour: Array, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Plaster, and at times a line of panels below."""
    plaster = 1 + 0.012 * noise(rng, shape, 2, 2) + 0.020 * noise(rng, shape, 30, 30)
    picture = colour * plaster[..., None]
    rail = int(shape[0] * rng.uniform(0.45, 0.75))
    if rng.random() < 0.4:
        picture[rail:] *= 0.82
        picture[rail : rail + 3] *= 1.15
    return picture


def _shelves(colour: Array, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Rows of books."""
    height, width = shape
    unit = height / 180
    picture = np.broadcast_to(colour * 0.45, (*shape, 3)).astype(np.float32)
    palette = np.asarray(list(people.CLOTHES.values()), np.float32)
    for shelf in range(int(rng.integers(20, 44) * unit), height + int(50 * unit), max(int(rng.integers(44, 60) * unit), 8)):
        left = 0
        while left < width:
            thick, tall = (max(int(rng.integers(*span) * unit), 2) for span in ((6, 16), (24, 38)))
            spine = palette[int(rng.integers(len(palette)))] * 0.8 * rng.uniform(0.6, 1.1)
            if rng.random() < 0.9:
                picture[max(shelf - tall, 0) : max(shelf, 0), left : left + thick - 1] = spine
                picture[max(shelf - tall + 5, 0) : max(shelf - tall + 8, 0), left : left + thick - 1] *= 1.3
            left += thick
        picture[shelf : shelf + max(int(4 * unit), 1)] = WOOD
    return cv2.GaussianBlur(picture, (0, 0), 1.3 * unit)


def _curtain(colour: Array, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Cloth in folds that widen downwards."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32) * (180 / shape[0])
    period, phase = rng.uniform(18, 34), rng.uniform(0, 6)
    along = columns * 2 * np.pi / period + 2.2 * np.sin(columns / 37 + phase) + 0.004 * rows * np.sin(columns / 23)
    folds = 0.84 + 0.13 * np.sin(along) + 0.05 * np.sin(2 * along + 1)
    return colour * folds[..., None]


def _doorway(colour: Array, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """A dim opening beside the head, in a frame."""
    picture = _wall(colour, shape, rng)
    left, wide = (int(share * shape[1]) for share in (rng.choice((-0.05, 0.68)) + rng.uniform(-0.04, 0.08), 0.28))
    inside = np.asarray((0.30, 0.27, 0.25), np.float32) * rng.uniform(0.6, 1.3)
    picture[:, max(left, 0) : left + wide] = inside
    picture[:, left + wide // 2 : left + wide] *= 1.15  # the far wall's corner
    for side in (left, left + wide):
        picture[:, max(side - 4, 0) : max(side + 3, 0)] = np.clip(colour * 0.70, 0, 1)
    return cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1.8 * shape[0] / 180)


def _garden(colour: Array, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Leaves with the sky between them; no wall is seen."""
    del colour
    unit = shape[0] / 180
    leaves = 0.45 * noise(rng, shape, 3 * unit, 3 * unit) + 0.45 * noise(rng, shape, 8 * unit, 8 * unit)
    leaves += 0.35 * noise(rng, shape, 20 * unit, 20 * unit)
    warm = noise(rng, shape, 12 * unit, 12 * unit)
    picture = np.empty((*shape, 3), np.float32)
    picture[:] = np.asarray((0.26, 0.38, 0.17), np.float32) * rng.uniform(0.85, 1.15)
    mix(picture, (0.45, 0.47, 0.18), 0.5 * smooth(warm, 0.0, 1.8))
    picture *= (1 + 0.33 * leaves)[..., None]
    high = np.linspace(0.35, -0.5, shape[0], dtype=np.float32)[:, None]
    mix(picture, SKY, 0.75 * smooth(leaves + high, 0.9, 1.7))
    return picture


def _window(colour: Array, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """A bright window with its bars at one side of the wall."""
    picture = _wall(colour * 0.85, shape, rng)
    height, width = shape
    left = int(width * (rng.choice((-0.06, 0.62)) + rng.uniform(0.0, 0.06)))
    right, top, bottom = left + int(0.38 * width), int(rng.uniform(-0.1, 0.08) * height), int(rng.uniform(0.55, 0.75) * height)
    view = np.empty((*shape, 3), np.float32)
    view[:] = SKY
    trees = noise(rng, shape, 16, 8) + np.linspace(-1.2, 1.8, height, dtype=np.float32)[:, None]
    mix(view, (0.50, 0.60, 0.42), smooth(trees, 0, 1.2))
    picture[max(top - 5, 0) : bottom + 5, max(left - 5, 0) : right + 5] = (0.86, 0.85, 0.82)
    bars = (left + (right - left) // 2, top + (bottom - top) // 2)
    picture[max(top, 0) : bottom, max(left, 0) : right] = view[max(top, 0) : bottom, max(left, 0) : right]
    picture[max(top, 0) : bottom, max(bars[0] - 2, 0) : bars[0] + 2] = (0.80, 0.79, 0.76)
    picture[max(bars[1] - 2, 0) : bars[1] + 2, max(left, 0) : right] = (0.80, 0.79, 0.76)
    return cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1.6 * height / 180)


def _laid(shape: tuple[int, int], wide: float, tall: float, shift: float, gap: float) -> tuple[Array, Array]:
    """Return the mask of the joints between stones of a size in pixels, and each pixel's stone by number."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    row = np.floor(rows / tall)
    across = columns / wide + shift * (row % 2)
    column = np.floor(across)
    aside, above = across - column, rows / tall - row
    off = np.minimum(np.minimum(aside, 1 - aside) * wide, np.minimum(above, 1 - above) * tall)
    return 1 - smooth(off, gap, gap + 1.2), (row * 97 + column).astype(np.int64)


def _tiles(colour: Array, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Square tiles with pale joints."""
    size = rng.uniform(22, 34) * shape[0] / 180
    joints, number = _laid(shape, size, size, 0.0, 0.4)
    tones = rng.uniform(0.95, 1.04, 512).astype(np.float32)
    picture = (colour * tones[number % 512][..., None]).astype(np.float32)
    mix(picture, np.clip(colour * 0.80, 0, 1), 0.9 * joints)
    return cv2.GaussianBlur(picture, (0, 0), 1.0)


def _bricks(colour: Array, shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Bricks, painted or bare."""
    unit = shape[0] / 180
    tall = rng.uniform(9, 13) * unit
    joints, number = _laid(shape, 2.7 * tall, tall, 0.5, 0.5)
    tones = rng.uniform(0.82, 1.12, 512).astype(np.float32)
    clay = np.asarray((0.58, 0.36, 0.28), np.float32)
    base = 0.7 * colour + 0.3 * clay
    picture = (base * (tones[number % 512] * (1 + 0.03 * noise(rng, shape, 1.5, 1.5)))[..., None]).astype(np.float32)
    mix(picture, np.clip(base * 0.78 + 0.05, 0, 1), 0.85 * joints)
    return cv2.GaussianBlur(picture, (0, 0), 1.1)


BACKGROUNDS: dict[str, Callable[[Array, tuple[int, int], np.random.Generator], Array]] = {
    "wall": _wall,
    "shelves": _shelves,
    "curtain": _curtain,
    "doorway": _doorway,
    "garden": _garden,
    "window": _window,
    "tiles": _tiles,
    "bricks": _bricks,
}


def background(sitting: people.Sitting, height: int, width: int) -> Array:
    """Draw the background of a sitting: float32 RGB in [0, 1] of (height, width, 3)."""
    rng = np.random.default_rng(people.seed_of("background", sitting.seed))
    wall = np.asarray(people.WALLS[sitting.wall], np.float32) * np.float32(rng.uniform(0.75, 1.05))
    picture = BACKGROUNDS[sitting.background](wall, (height, width), rng)
    right, _ = people.LIGHTS[sitting.light]
    across = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None]
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    # The lamp that lights the face lights the wall from the same side.
    return np.clip(picture * (1 + 0.16 * right * across - 0.10 * down)[..., None], 0, 1).astype(np.float32)
