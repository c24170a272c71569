"""The layers that people and cues are drawn on: a person without a background, and a sheet or screen that shows a picture.

Pictures are float32 RGB in [0, 1] of (height, width, 3); places are in pixels of the frame. Face coordinates are u to the right
and v downwards, in units of half the face's width, from the middle of the head; they turn and foreshorten with the head. The eyes
lie at about v = -0.05, the mouth at 0.80, the chin at 1.3.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

Array = np.ndarray
Colour = tuple[float, float, float]  # red, green, blue in [0, 1]


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """The place of a head in a picture: its middle, and half the face's width, in pixels."""

    x: float
    y: float
    radius: float


@dataclasses.dataclass(slots=True)
class Figure:
    """A person without a background. Cues that are worn or painted on a face change it in place."""

    rgb: Array  # with open eyes
    closed: Array  # with closed eyes
    alpha: Array  # (height, width), in [0, 1]
    depth: Array  # (height, width): distance before the plane of the ears, in pixels; 0 beside the head
    face: Array  # (height, width), in [0, 1]: skin of the face, without hair and head cover
    u: Array  # (height, width): face coordinates of each pixel
    v: Array
    eyes: tuple[float, float, float, float]  # x, y of the eye at the picture's left, then of the other
    box: tuple[float, float, float, float]  # of the face: x, y, width, height
    radius: float  # half the face's width
    skin: Colour
    light: tuple[float, float]  # direction of its source: to the viewer's right, upwards
    glasses: bool
    covered: str = "face"  # by a mask or a patch of the species: face | eyes | mouth

    def both(self) -> tuple[Array, Array]:
        """Return the pictures with open and with closed eyes, to draw on both."""
        return self.rgb, self.closed


@dataclasses.dataclass(frozen=True, slots=True)
class Instrument:
    """The printer and the screen of a presentation."""

    raster: float  # period of the printer's dots, in pixels of the frame
    pixels: float  # spatial frequency of the screen's pixels, in cycles per pixel of the frame
    paper: Colour
    device: Colour  # of the border


@dataclasses.dataclass(slots=True)
class Sheet:
    """A printed or displayed picture before it is filmed: the eye sees picture x gain + add, where alpha is 1.

    A video on a screen moves in `picture`, behind `gain` and `add`.
    """

    picture: Array
    closed: Array  # the same with closed eyes
    gain: Array  # (height, width, 3)
    add: Array  # (height, width, 3)
    alpha: Array  # (height, width)
    box: tuple[float, float, float, float]  # of the face in it
    eyes: tuple[float, float, float, float]
    radius: float
    skin: Colour  # of the hand that holds it
    instrument: Instrument

    @classmethod
    def of(cls, figure: Figure, behind: Array, instrument: Instrument) -> Sheet:
        """Return a picture of a person before a background, without cues, as large as the frame."""
        alpha = figure.alpha[..., None]
        opened, closed = (behind + (picture - behind) * alpha for picture in figure.both())
        ones, zeros = np.ones(opened.shape, np.float32), np.zeros(opened.shape, np.float32)
        whole = np.ones(opened.shape[:2], np.float32)
        return cls(opened, closed, ones, zeros, whole, figure.box, figure.eyes, figure.radius, figure.skin, instrument)


def grid(picture: Array) -> tuple[Array, Array]:
    """Return each pixel's row and column, float32 of (height, width)."""
    rows, columns = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
    return rows.astype(np.float32), columns.astype(np.float32)


def smooth(value: Array, low: float, high: float) -> Array:
    """Return the cubic step from 0 at `low` to 1 at `high`."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def bump(u: Array, v: Array, u0: float, v0: float, su: float, sv: float) -> Array:
    """Return a Gaussian hill of height 1."""
    return np.exp(-(((u - u0) / su) ** 2) - ((v - v0) / sv) ** 2)


def noise(rng: np.random.Generator, shape: tuple[int, int], across: float, down: float) -> Array:
    """Return smooth noise of deviation 1, with grains of `across` x `down` pixels."""
    field = cv2.GaussianBlur(rng.standard_normal(shape, dtype=np.float32), (0, 0), max(across, 0.3), sigmaY=max(down, 0.3))
    return field / max(float(field.std()), 1e-6)


def mix(base: Array, colour: Array | Colour, mask: Array) -> None:
    """Lay `colour` over `base`, in place, by `mask` (height, width) in [0, 1]; where it is 0 nothing changes."""
    base += (np.asarray(colour, dtype=np.float32) - base) * mask[..., None].astype(np.float32)
