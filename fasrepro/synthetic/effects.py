"""How a cue is drawn: a function a cue, from a strength in (0, 1] to pixels, and what harmlessly looks like it.

A function returns the boxes where its cue is: one, or for a border one a side.

A picture of a person, once printed or shown on a screen, is a `Sheet`. Cues that are patterns end up in its `gain` and `add`
(what the eye sees is picture x gain + add), so that a video on a screen can move behind them. All in float32 RGB, [0, 1].
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np

from fasrepro.synthetic import drawing
from fasrepro.synthetic.drawing import Array

Region = tuple[float, float, float, float]  # x, y, width, height in pixels
PAPER = (0.93, 0.92, 0.89)
DEVICE = (0.05, 0.05, 0.06)


@dataclasses.dataclass(slots=True)
class Sheet:
    """A printed or shown picture before anyone has filmed it."""

    picture: Array  # (height, width, 3)
    closed: Array  # the same with closed eyes, for cut photos
    box: Region  # of the face in it
    period: float  # of its raster or of its interference, in pixels: a habit of the data set's instrument
    gain: Array  # (height, width, 3)
    add: Array  # (height, width, 3)
    alpha: Array  # (height, width): where the sheet is, rather than what lies behind it

    @classmethod
    def of(cls, picture: Array, closed: Array, box: Region, period: float) -> Sheet:
        """Return a sheet without any cue."""
        shape = picture.shape
        ones = np.ones(shape, np.float32)
        return cls(picture, closed, box, period, ones, np.zeros(shape, np.float32), np.ones(shape[:2], np.float32))

    def grid(self) -> tuple[Array, Array]:
        """Return the pixel rows and columns as float32."""
        rows, columns = np.mgrid[0 : self.picture.shape[0], 0 : self.picture.shape[1]]
        return rows.astype(np.float32), columns.astype(np.float32)

    def extent(self) -> list[Region]:
        """Return the whole sheet as a cue's only box."""
        height, width = self.picture.shape[:2]
        return [(0.0, 0.0, float(width), float(height))]


def halftone(sheet: Sheet, strength: float, rng: np.random.Generator) -> list[Region]:
    """Lay a rotated raster of dots over the sheet, one phase an ink; brightness stays the same on average."""
    rows, columns = sheet.grid()
    amplitude = 0.10 + 0.42 * strength
    turn = rng.uniform(0.2, 0.6)
    for channel in range(3):
        angle = turn + 0.26 * channel
        across = (columns * np.cos(angle) + rows * np.sin(angle)) * np.float32(2 * np.pi / sheet.period)
        down = (rows * np.cos(angle) - columns * np.sin(angle)) * np.float32(2 * np.pi / sheet.period)
        sheet.gain[..., channel] *= (1 + amplitude * (np.cos(across) * np.cos(down))).astype(np.float32)
    return sheet.extent()


def flatten(picture: Array, size: float, strength: float) -> Array:
    """Even out the light of a picture: what varies more slowly than a fifth of `size` pixels."""
    luminance = picture.mean(axis=2)
    slow = cv2.GaussianBlur(luminance, (0, 0), 0.16 * size) + 0.05
    level = float(np.median(slow))
    return np.clip(picture * np.clip((level / slow) ** strength, 0.4, 2.5)[..., None].astype(np.float32), 0, 1)


def flat_light(sheet: Sheet, strength: float, rng: np.random.Generator) -> list[Region]:
    """Take the shading out of the face and lay one even slope of light over the sheet."""
    rows, columns = sheet.grid()
    sheet.picture = flatten(sheet.picture, sheet.box[2], 0.35 + 0.65 * strength)
    sheet.closed = flatten(sheet.closed, sheet.box[2], 0.35 + 0.65 * strength)
    angle = rng.uniform(0, 2 * np.pi)
    slope = (columns - columns.mean()) * float(np.cos(angle)) + (rows - rows.mean()) * float(np.sin(angle))
    sheet.gain *= (1 + 0.0012 * strength * slope)[..., None]
    return sheet.extent()


def moire(sheet: Sheet, strength: float, rng: np.random.Generator) -> list[Region]:
    """Lay wavy bands over the sheet whose phase differs between the colours."""
    rows, columns = sheet.grid()
    angle, bend = rng.uniform(0, np.pi), rng.uniform(1.2, 2.8)
    along = columns * float(np.cos(angle)) + rows * float(np.sin(angle))
    across = rows * float(np.cos(angle)) - columns * float(np.sin(angle))
    phase = 2 * np.pi * along / (1.9 * sheet.period) + bend * np.sin(across / rng.uniform(14, 30) + rng.uniform(0, 6))
    swell = 0.75 + 0.25 * np.sin(along / 41 + across / 67 + rng.uniform(0, 6))
    amplitude = (0.05 + 0.26 * strength) * swell
    for channel, shift in enumerate((0.0, rng.uniform(0.5, 1.1), rng.uniform(1.2, 2.2))):
        sheet.gain[..., channel] *= (1 + amplitude * np.sin(phase + shift)).astype(np.float32)
    return sheet.extent()


def glare(sheet: Sheet, strength: float, rng: np.random.Generator) -> list[Region]:
    """Wash out a patch of the face, with a streak through it, as of a lamp on glass."""
    rows, columns = sheet.grid()
    x0, y0, width, height = sheet.box
    x, y = x0 + rng.uniform(0.15, 0.85) * width, y0 + rng.uniform(0.12, 0.88) * height
    size, angle = rng.uniform(0.14, 0.24) * width, rng.uniform(-0.9, 0.9)
    along = ((columns - x) * float(np.cos(angle)) + (rows - y) * float(np.sin(angle))) / size
    across = ((rows - y) * float(np.cos(angle)) - (columns - x) * float(np.sin(angle))) / size
    patch = np.exp(-(along**2) - (across / 0.7) ** 2) + 0.45 * np.exp(-((along / 3.5) ** 2) - (across / 0.22) ** 2)
    wash = np.clip((0.30 + 0.65 * strength) * patch, 0, 0.97)[..., None].astype(np.float32)
    sheet.gain *= 1 - wash
    sheet.add += wash * np.float32(0.97)
    return [(x - 1.3 * size, y - 1.3 * size, 2.6 * size, 2.6 * size)]


def _cut(sheet: Sheet, rim: float, depth: float, colour: tuple[float, float, float], rng: np.random.Generator) -> list[Region]:
    """End the picture inside the face's box on one or two sides: a rim of `colour`, then what lies behind the sheet.

    `rim` and `depth` (how far inside the box the picture ends) are in units of the face's width. Returns the rim of each side.
    """
    rows, columns = sheet.grid()
    x, y, width, height = sheet.box
    sides = [
        ("left", "right", "bottom", "top")[i]
        for i in rng.choice(4, size=int(rng.integers(1, 3)), replace=False, p=(0.35, 0.35, 0.2, 0.1))
    ]
    regions: list[Region] = []
    slant = rng.uniform(-0.06, 0.06)
    for side in sides:
        inside = depth * width * (0.8 if side in ("top", "bottom") else 1.0)
        distance = {
            "left": columns - (x + inside) - slant * (rows - y - height / 2),
            "right": (x + width - inside) - columns + slant * (rows - y - height / 2),
            "top": rows - (y + inside) + slant * (columns - x - width / 2),
            "bottom": (y + height - inside) - rows - slant * (columns - x - width / 2),
        }[side]
        band = rim * width
        edge = np.clip(distance + 0.5, 0, 1).astype(np.float32)[..., None]
        bright = np.clip(1.0 - 0.25 * np.exp(-((distance + band * 0.15) ** 2) / 2), 0, 1)[..., None]
        sheet.gain *= edge
        sheet.add *= edge
        sheet.add += (1 - edge) * np.asarray(colour, np.float32) * bright.astype(np.float32)
        sheet.alpha *= np.clip(distance + band + 0.5, 0, 1)
        regions.append(
            {
                "left": (x + inside - band, y, band, height),
                "right": (x + width - inside, y, band, height),
                "top": (x, y + inside - band, width, band),
                "bottom": (x, y + height - inside, width, band),
            }[side]
        )
    return regions


def paper_border(sheet: Sheet, strength: float, rng: np.random.Generator) -> list[Region]:
    """End the picture with a pale margin and the edge of the paper."""
    colour = tuple(float(c * rng.uniform(0.9, 1.05)) for c in PAPER)
    return _cut(sheet, 0.05 + 0.07 * strength, 0.05 + 0.13 * strength, colour, rng)


def bezel(sheet: Sheet, strength: float, rng: np.random.Generator) -> list[Region]:
    """End the picture with the dark border of a device."""
    colour = tuple(float(c * rng.uniform(0.5, 2.5)) for c in DEVICE)
    return _cut(sheet, 0.09 + 0.12 * strength, 0.05 + 0.13 * strength, colour, rng)


# In the order in which they are drawn: what changes the picture, then patterns over it, then where it ends.
EFFECTS: dict[str, Callable[[Sheet, float, np.random.Generator], list[Region]]] = {
    "flat_light": flat_light,
    "halftone": halftone,
    "moire": moire,
    "glare": glare,
    "paper_border": paper_border,
    "bezel": bezel,
}


def look_alike(
    cue: str, figure: drawing.Figure, behind: Array, glasses: bool, rng: np.random.Generator
) -> tuple[drawing.Figure, Array]:
    """Return a person and what is behind them with something harmless that resembles `cue`.

    A pale or a dark post in the background, freckles, a striped wall, a lamp on glasses or skin, an overcast sky's light.
    """
    x, y, width, height = figure.box
    rows, columns = np.mgrid[0 : behind.shape[0], 0 : behind.shape[1]].astype(np.float32)
    if cue in ("paper_border", "bezel"):
        side = x + 0.02 * width if rng.random() < 0.5 else x + 0.98 * width
        post = np.clip((rng.uniform(0.05, 0.10) * width - np.abs(columns - side)), 0, 1)[..., None]
        return figure, (behind + (np.asarray(PAPER if cue == "paper_border" else DEVICE, np.float32) - behind) * post).astype(
            np.float32
        )
    if cue == "moire":
        angle = rng.uniform(0, np.pi)
        wave = np.sin((columns * float(np.cos(angle)) + rows * float(np.sin(angle))) * (2 * np.pi / rng.uniform(7, 12)))
        return figure, np.clip(behind * (1 + 0.2 * wave)[..., None], 0, 1).astype(np.float32)
    gain, add = np.ones(behind.shape[:2], np.float32), np.zeros(behind.shape[:2], np.float32)
    if cue == "halftone":
        for _ in range(int(rng.integers(30, 60))):
            fx, fy = x + rng.uniform(0.12, 0.88) * width, y + rng.uniform(0.40, 0.75) * height
            gain *= 1 - 0.35 * drawing.bump(columns, rows, fx, fy, 1.3, 1.1)
    elif cue == "glare":
        spots = (figure.eyes[:2], figure.eyes[2:]) if glasses else ((x + rng.uniform(0.3, 0.7) * width, y + 0.15 * height),)
        for sx, sy in spots:
            add += 0.75 * drawing.bump(columns, rows, sx + 0.04 * width, sy - 0.02 * width, 0.07 * width, 0.05 * width)
    pictures = [np.clip(p * gain[..., None] + (1 - p) * add[..., None], 0, 1) for p in (figure.rgb, figure.closed)]
    if cue == "flat_light":
        pictures = [flatten(p, width, 0.5) for p in pictures]
    return dataclasses.replace(figure, rgb=pictures[0], closed=pictures[1]), behind
