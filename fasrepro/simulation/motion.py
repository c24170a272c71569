"""Motion from frame to frame: of a head before its background, and of a sheet that is held or stands before the camera.

A motion maps a pixel of the frame to its source in the picture: frame(p) = picture(p + displacement(p)).
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from fasrepro.simulation.drawing.layers import Array, Figure, grid

PARALLAX = 0.05  # pixels that a point slides at the largest turn, for each pixel that it is nearer to the camera


@dataclasses.dataclass(frozen=True, slots=True)
class Sway:
    """A smooth motion: affine maps from a frame's pixels to the picture's, and the head's turns."""

    matrices: Array  # (frames, 2, 3)
    turns: Array  # (frames, 2): to the side and upwards, in [-1, 1]


def sway(rng: np.random.Generator, frames: int, middle: tuple[float, float], amplitude: float, turning: float = 0.0) -> Sway:
    """Return a small sway: shifts of up to about `amplitude` pixels, rotation and zoom about `middle`, turns of up to
    `turning`."""
    time = np.arange(frames)[:, None]
    rates, phases = rng.uniform(0.03, 0.16, (1, 12)), rng.uniform(0, 2 * np.pi, (1, 12))
    waves = np.sin(time * rates + phases)
    pairs = waves[:, 0::2] * 0.65 + waves[:, 1::2] * 0.35
    turn, zoom = 0.008 * amplitude * pairs[:, 2], 1 + 0.004 * amplitude * pairs[:, 3]
    cos, sin = zoom * np.cos(turn), zoom * np.sin(turn)
    x, y = middle
    # Without an offset between pixels, what hardly moves would lie on whole pixels and be sharper than what moves.
    between = rng.uniform(-0.5, 0.5, 2)
    shift_x, shift_y = amplitude * pairs[:, 0] + between[0], 0.7 * amplitude * pairs[:, 1] + between[1]
    rows = [cos, -sin, x - cos * x + sin * y + shift_x, sin, cos, y - sin * x - cos * y + shift_y]
    return Sway(np.stack(rows, axis=1).reshape(frames, 2, 3), turning * pairs[:, 4:6])


def still(frames: int) -> Sway:
    """Return no motion."""
    return Sway(np.tile(np.eye(2, 3), (frames, 1, 1)), np.zeros((frames, 2)))


@dataclasses.dataclass(frozen=True, slots=True)
class Body:
    """The part of a picture that moves with a head, computed once a video."""

    rows: Array  # float32 of (height, width)
    columns: Array
    follows: Array  # in [0, 1]: 1 on the person, fading out around them
    depth: Array  # pixels

    @classmethod
    def of(cls, figure: Figure) -> Body:
        """Return the body of a figure in its picture."""
        rows, columns = grid(figure.rgb)
        reach = cv2.dilate(figure.alpha, np.ones((7, 7), np.uint8))
        return cls(rows, columns, cv2.GaussianBlur(reach, (0, 0), 5.0), cv2.GaussianBlur(figure.depth, (0, 0), 1.5))

    def displacement(self, motion: Sway, number: int) -> tuple[Array, Array]:
        """Return how far to the right and down the source of each pixel of frame `number` lies, float32 in pixels."""
        (a, b, c), (d, e, f) = motion.matrices[number]
        side, up = PARALLAX * motion.turns[number]
        across = (np.float32(a - 1) * self.columns + np.float32(b) * self.rows + np.float32(c)) * self.follows
        down = (np.float32(d) * self.columns + np.float32(e - 1) * self.rows + np.float32(f)) * self.follows
        return across + np.float32(side) * self.depth, down + np.float32(up) * self.depth

    def warp(self, picture: Array, displacement: tuple[Array, Array], matrix: Array | None = None) -> Array:
        """Return a frame of `picture` (uint8); with a `matrix`, the picture is on a sheet that moves by it."""
        columns, rows = self.columns + displacement[0], self.rows + displacement[1]
        if matrix is not None:
            columns, rows = affine(columns, matrix), affine(rows, matrix)
        return cv2.remap(picture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def affine(picture: Array, matrix: Array) -> Array:
    """Return a frame of a layer that moves as a whole."""
    size = picture.shape[1::-1]
    return cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)


def follow(points: Array, displacement: tuple[Array, Array]) -> Array:
    """Return the places in a frame of points of the picture, (n, 2) as x and y; exact to the second order of the motion."""
    across, down = displacement
    height, width = across.shape
    x, y = (np.clip(points[:, i].round().astype(int), 0, limit - 1) for i, limit in ((0, width), (1, height)))
    return points - np.stack([across[y, x], down[y, x]], axis=1)


def follow_affine(points: Array, matrix: Array) -> Array:
    """Return the places in a frame of points of a sheet."""
    return (points - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
