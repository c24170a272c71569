"""The shape of a head as a height over the plane of the ears, and its projection when it is turned.

Head coordinates are a (to the right), b (downwards) and z (towards the viewer from the plane of the ears), in units of half the
face's width. Features are placed in face coordinates u and v (see layers.py), in which the eyes, nose, mouth and chin of all
people lie at the same places. `Measures` converts between the two by a person's own lengths.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from fasrepro.simulation.drawing.layers import Array, Place, bump, smooth
from fasrepro.simulation.drawing.people import Person, Sitting

EYE_LINE, NOSE_END, MOUTH, CHIN = -0.05, 0.50, 0.80, 1.30  # of all faces, in v
EYE_GAP = 0.42  # in u
STEP = 0.025  # of the grid of a relief
LEFT, TOP = -1.6, -1.85
COLUMNS, ROWS = 129, 165
PIVOT = 0.45  # distance before the ears of the axis of turning, so that the face hardly moves sideways
YAW, PITCH = np.radians(20.0), np.radians(10.0)
NEAREST, FURTHEST = 1.35, -0.95  # of a head, before and behind its pivot
STRIDE = 0.10  # of the search along a line of sight
NOWHERE = np.float32(-2.0)  # the height beside the head


@dataclasses.dataclass(frozen=True, slots=True)
class Measures:
    """A person's lengths, which face coordinates even out."""

    a: tuple[float, float, float]  # middle, eye, side of the face
    b: tuple[float, float, float, float]  # eyes, end of the nose, mouth, chin

    @classmethod
    def of(cls, person: Person) -> Measures:
        """Return the measures of a person."""
        mouth = person.nose_length + person.mouth_drop
        return cls((0.0, person.eye_gap, person.width), (EYE_LINE, person.nose_length, mouth, max(person.chin, mouth + 0.30)))

    def u(self, a: Array) -> Array:
        """Return face coordinates across."""
        side = np.abs(a)
        inner = np.interp(side, self.a, (0.0, EYE_GAP, 1.0)) + np.maximum(side - self.a[2], 0)
        return (np.sign(a) * inner).astype(np.float32)

    def v(self, b: Array) -> Array:
        """Return face coordinates downwards."""
        inner = np.interp(b, self.b, (EYE_LINE, NOSE_END, MOUTH, CHIN))
        return (inner + np.minimum(b - EYE_LINE, 0) + np.maximum(b - self.b[3], 0)).astype(np.float32)

    def head(self, u: float, v: float) -> tuple[float, float]:
        """Return the head coordinates a and b of a place in face coordinates."""
        a = np.sign(u) * (np.interp(abs(u), (0.0, EYE_GAP, 1.0), self.a) + max(abs(u) - 1.0, 0))
        b = np.interp(v, (EYE_LINE, NOSE_END, MOUTH, CHIN), self.b) + min(v - EYE_LINE, 0) + max(v - CHIN, 0)
        return float(a), float(b)


@dataclasses.dataclass(frozen=True, slots=True)
class Pose:
    """The turn of a head, in radians: to the viewer's right, down, and clockwise."""

    yaw: float
    pitch: float
    roll: float

    @classmethod
    def of(cls, sitting: Sitting) -> Pose:
        """Return the pose of a sitting."""
        return cls(float(sitting.turn * YAW), float(sitting.nod * PITCH), sitting.tilt)

    def seen(self, a: Array | float, b: Array | float, z: Array | float) -> tuple[Array, Array, Array]:
        """Return the projection of points of the head, before roll: x to the right, y downwards, and the nearness to the
        viewer."""
        z = np.asarray(z) - PIVOT
        x, ahead = a * np.cos(self.yaw) + z * np.sin(self.yaw), z * np.cos(self.yaw) - a * np.sin(self.yaw)
        y, near = b * np.cos(self.pitch) + ahead * np.sin(self.pitch), ahead * np.cos(self.pitch) - b * np.sin(self.pitch)
        return x, y, near

    def head(self, x: Array, y: Array, near: Array | float) -> tuple[Array, Array, Array]:
        """Return a, b and z of points at x, y and a nearness: the inverse of `seen`."""
        sy, cy = np.float32(np.sin(self.yaw)), np.float32(np.cos(self.yaw))
        sp, cp = np.float32(np.sin(self.pitch)), np.float32(np.cos(self.pitch))
        ahead, b = near * cp + y * sp, y * cp - near * sp
        return x * cy - ahead * sy, b, x * sy + ahead * cy + np.float32(PIVOT)

    def pixel(self, place: Place, x: float, y: float) -> tuple[float, float]:
        """Return the pixel of a point at x, y of the projection."""
        cos, sin = np.cos(self.roll), np.sin(self.roll)
        return float(place.x + place.radius * (x * cos - y * sin)), float(place.y + place.radius * (x * sin + y * cos))


def axes() -> tuple[Array, Array]:
    """Return the grid's a of (1, COLUMNS) and b of (ROWS, 1)."""
    a = LEFT + STEP * np.arange(COLUMNS, dtype=np.float32)
    b = TOP + STEP * np.arange(ROWS, dtype=np.float32)
    return a[None], b[:, None]


def bounding_window(mask: Array) -> tuple[slice, slice]:
    """Return the rows and columns that hold all of a mask; one pixel in a corner if it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return slice(0, 1), slice(0, 1)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def at(field: Array, a: Array, b: Array) -> Array:
    """Return a grid's values at places of the head."""
    return cv2.remap(field, (a - LEFT) / STEP, (b - TOP) / STEP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def half_width(person: Person, v: Array) -> Array:
    """Return half the width of the face's outline at each v; 0 above and below the head."""
    lower = np.sqrt(1 - np.clip(v / CHIN, 0, 1) ** person.jaw)
    upper = np.sqrt(1 - np.clip(-v / 1.40, 0, 1) ** 2.6)
    cheeks = 0.03 * person.cheekbone * np.exp(-(((v - 0.20) / 0.25) ** 2))
    temples = 0.05 * np.exp(-(((v + 0.30) / 0.22) ** 2))
    corners = 0.07 * person.rugged * np.exp(-(((v - 0.85) / 0.20) ** 2))
    return np.where((v < CHIN) & (v > -1.40), person.width * np.minimum(lower, upper) + cheeks - temples + corners, 0.0)


def outline(person: Person, measures: Measures) -> tuple[Array, Array]:
    """Return for each cell of the grid whether it lies inside the face's outline (0 to 1), and how far outside it lies."""
    turn = np.linspace(-np.pi / 2, np.pi / 2, 121)
    v = np.where(turn < 0, 1.40, CHIN) * np.sin(turn)
    wide = half_width(person, v)
    b = np.interp(v, (EYE_LINE, NOSE_END, MOUTH, CHIN), measures.b) + np.minimum(v - EYE_LINE, 0)
    right = np.stack([(wide - LEFT) / STEP, (b - TOP) / STEP], axis=1)
    left = np.stack([(-wide - LEFT) / STEP, (b - TOP) / STEP], axis=1)
    corners = np.round(np.concatenate([right, left[::-1]]) * 16).astype(np.int32)
    filled = cv2.fillPoly(np.zeros((ROWS, COLUMNS), np.uint8), [corners], 255, lineType=cv2.LINE_AA, shift=4)
    beside = cv2.distanceTransform((filled < 128).astype(np.uint8), cv2.DIST_L2, 5) * STEP
    return cv2.GaussianBlur(filled.astype(np.float32) / 255, (0, 0), 0.8), beside.astype(np.float32)


def skull(person: Person, measures: Measures, a: Array, v: Array) -> tuple[Array, Array]:
    """Return the height of the head without features, which falls off steeply beside it, and whether a cell is inside (0 to
    1)."""
    wide = half_width(person, v).astype(np.float32)
    knots = (-1.40, -1.30, -1.10, -0.85, -0.50, -0.10, 0.30, 0.80, 1.10, 1.24, 1.32)
    front = np.interp(v, knots, (0.10, 0.42, 0.70, 0.87, 0.97, 0.97, 0.98, 1.00, 0.99, 0.95, 0.84))
    front = cv2.GaussianBlur(front.astype(np.float32), (1, 15), 0, sigmaY=2.5)
    edge = np.interp(v, (-1.40, 0.0, 0.6, 0.9, 1.1, 1.3), (0.0, 0.0, 0.08, 0.25, 0.46, 0.66)).astype(np.float32)
    side = np.clip(np.abs(a) / np.maximum(wide, 0.02), 0, 1)
    inside, beside = outline(person, measures)
    return (edge + (front - edge) * np.sqrt(1 - side**2.2) - 3.0 * beside).astype(np.float32), inside


def _brow_and_eyes(person: Person, u: Array, v: Array) -> Array:
    """Return brow ridge, sockets and the eyeballs under their lids."""
    side = np.abs(u)
    ridge = (0.03 + 0.07 * person.rugged) * bump(side, v, 0.40, -0.31, 0.36, 0.09)
    socket = (0.12 + 0.04 * person.rugged) * bump(side, v, EYE_GAP - 0.03, EYE_LINE - 0.02, 0.27, 0.15)
    ball = 0.09 * bump(side, v, EYE_GAP, EYE_LINE, 0.17, 0.10)
    bag = 0.03 * person.age * bump(side, v, EYE_GAP, EYE_LINE + 0.20, 0.16, 0.05)
    return ridge - socket + ball + bag


def _nose(person: Person, u: Array, v: Array) -> Array:
    """Return bridge, tip, wings and the hollow under them."""
    side = np.abs(u)
    wide = person.nose_width
    rise = smooth(v, -0.28, 0.42) * (1 - smooth(v, 0.44, 0.56))
    ridge = (0.05 + 0.25 * rise) * person.nose_height * (1 - smooth(v, 0.44, 0.56)) * smooth(v, -0.36, -0.10)
    body = ridge * np.exp(-((u / ((0.105 + 0.07 * smooth(v, 0.0, 0.4)) * wide)) ** 2))
    hump = 0.035 * person.nose_bridge * bump(u, v, 0.0, 0.13, 0.11, 0.13)
    tip = 0.10 * bump(u, v, 0.0, 0.40, 0.12 * wide, 0.09)
    wings = 0.13 * bump(side, v, 0.175 * wide, 0.44, 0.075 * wide, 0.075)
    crease = 0.04 * bump(side, v, 0.285 * wide, 0.43, 0.05, 0.09)
    return body + hump + tip + wings - crease


def _mouth(person: Person, sitting: Sitting, u: Array, v: Array) -> Array:
    """Return the muzzle, philtrum, lips and chin."""
    width = lip_width(person, sitting)
    taper = np.clip(1 - (u / width) ** 2, 0, 1)
    middle = lip_line(sitting, u / width)
    muzzle = 0.07 * bump(u, v, 0.0, 0.76, 0.42, 0.24)
    philtrum = 0.025 * bump(u, v, 0.0, 0.64, 0.045, 0.07)
    upper = 0.050 * person.lip * taper * np.exp(-(((v - middle + 0.045) / 0.045) ** 2))
    lower = 0.065 * person.lip * taper * np.exp(-(((v - middle - 0.055) / 0.050) ** 2))
    parting = 0.05 * taper**0.5 * np.exp(-(((v - middle) / 0.022) ** 2))
    under = 0.055 * bump(u, v, 0.0, 0.985, 0.26, 0.06)
    chin = 0.09 * bump(u, v, 0.0, 1.14, 0.24, 0.12)
    return muzzle - philtrum + upper + lower - parting - under + chin


def fold(u: Array, v: Array) -> Array:
    """Return the folds from the nose's wings to the corners of the mouth, 1 at their deepest."""
    across = np.abs(u) - 0.27 - 0.42 * np.clip(v - 0.42, 0, 0.6) ** 1.2
    return np.exp(-((across / 0.045) ** 2)) * smooth(v, 0.40, 0.50) * (1 - smooth(v, 0.78, 0.98))


def lip_width(person: Person, sitting: Sitting) -> float:
    """Return half the mouth's width in u."""
    return person.mouth_width * (1 + 0.16 * max(sitting.smile, 0) - 0.08 * sitting.mouth) / 0.93


def lip_line(sitting: Sitting, across: Array) -> Array:
    """Return v of the line between the lips; `across` is -1 and 1 at the corners of the mouth."""
    return MOUTH + 0.11 * sitting.smile * (0.35 - np.clip(np.abs(across), 0, 1.3) ** 2)


def face(person: Person, sitting: Sitting, u: Array, v: Array) -> Array:
    """Return the height that the features of a face add to the skull."""
    side = np.abs(u)
    smiling = max(sitting.smile, 0)
    cheekbone = (0.05 + 0.03 * person.cheekbone) * bump(side, v, 0.62, 0.26, 0.24, 0.17)
    cheek = 0.06 * smiling * bump(side, v, 0.48, 0.36, 0.17, 0.16)
    hollow = (0.02 + 0.05 * person.age) * bump(side, v, 0.68, 0.72, 0.16, 0.22)
    jowl = 0.05 * person.age * bump(side, v, 0.46, 1.02, 0.13, 0.14)
    folds = (0.010 + 0.035 * person.age + 0.030 * smiling) * fold(u, v)
    features = _brow_and_eyes(person, u, v) + _nose(person, u, v) + _mouth(person, sitting, u, v)
    return (features + cheekbone + cheek - hollow + jowl - folds).astype(np.float32)


def project(pose: Pose, height: Array, x: Array, y: Array) -> tuple[Array, Array, Array, Array]:
    """Return the first point of a head on each line of sight: its a, b and nearness, and whether the line hits the head.

    Args:
        pose: of the head.
        height: of the relief, on its grid.
        x: of the lines of sight, as in `Pose.seen`; a line that misses gets the point where it comes closest.
        y: the same.
    """
    closest, nearness = np.full(x.shape, 9.0, np.float32), np.full(x.shape, FURTHEST, np.float32)
    hit = np.zeros(x.shape, bool)
    for near in np.arange(NEAREST, FURTHEST, -STRIDE, dtype=np.float32):
        a, b, z = pose.head(x, y, near)
        above = z - at(height, a, b)
        closer = ~hit & (above < closest)
        np.copyto(closest, above, where=closer)
        np.copyto(nearness, near, where=closer)
        hit |= above <= 0
        if hit.all():
            break
    low, high = nearness.copy(), nearness + np.float32(STRIDE)  # of a line that hits, the surface lies between
    for _ in range(5):
        middle = (low + high) / 2
        a, b, z = pose.head(x, y, middle)
        inside = z <= at(height, a, b)
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    near = np.where(hit, (low + high) / 2, nearness)
    a, b, _ = pose.head(x, y, near)
    return a, b, near, hit
