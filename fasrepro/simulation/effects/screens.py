"""Cues of a picture on a screen: its pixels and their moire in a camera, its light, its refresh, its border.

An effect changes a sheet in place, by a strength in (0, 1]. Outside its extent every value stays the same to the bit.
"""

from __future__ import annotations

import cv2
import numpy as np

from fasrepro.simulation.drawing.layers import Array, Sheet, grid, smooth
from fasrepro.simulation.effects.edges import end_picture
from fasrepro.simulation.effects.prints import face_slices

STRIPES = (0.0, 1 / 3, 2 / 3)  # places of red, green and blue in a screen's pixel
LAMPS = ((1.0, 0.97, 0.90), (0.95, 0.97, 1.0), (1.0, 1.0, 1.0))
GLOWS = ((0.16, 0.30, 0.62), (0.12, 0.42, 0.52), (0.26, 0.30, 0.60))
FAINT = 0.004  # subtracted from a glare, so that it has an end


def banding(sheet: Sheet, strength: float, rng: np.random.Generator) -> None:
    """Reduce smooth shading to a few steps a colour, with soft edges, as too few levels or a strong codec do."""
    step = np.float32(0.04 + 0.10 * strength)
    phase = (float(rng.uniform()) + rng.uniform(0, 0.14, 3)).astype(np.float32)  # the colours step at nearby places
    for picture in (sheet.picture, sheet.closed):
        slow = cv2.GaussianBlur(picture, (0, 0), 1.6) / step + phase
        part = slow - np.floor(slow)
        picture += (smooth(part, 0.36, 0.64) - part) * step


def screen_tint(sheet: Sheet, strength: float, rng: np.random.Generator) -> None:
    """Let the screen's own light, bluish or greenish, glow in dark parts, from one corner over the screen."""
    rows, columns = grid(sheet.picture)
    height, width = sheet.alpha.shape
    glow = np.asarray(GLOWS[int(rng.integers(len(GLOWS)))], np.float32)
    right, low, steep = float(rng.integers(2)), float(rng.integers(2)), float(rng.uniform(0.65, 0.85))
    away = np.hypot((columns / width - right), 0.8 * (rows / height - low)) / steep
    veil = ((0.10 + 0.48 * strength) * (1 - smooth(away, 0.0, 1.6)))[..., None] * glow
    sheet.gain *= 1 - veil
    sheet.add += (1 - sheet.add) * veil


def _pixels(rows: Array, columns: Array, frequency: float, way: tuple[float, float, float, float]) -> tuple[Array, Array]:
    """Return the coordinates of places on a screen, in its pixels.

    Args:
        rows: of the places in the frame, relative to the screen's middle.
        columns: the same.
        frequency: of the screen's pixels, in cycles per pixel of the frame.
        way: the screen's turn, its perspective across and down, and its curvature.
    """
    turn, lean_x, lean_y, bow = (np.float32(value) for value in way)
    far = 1 + lean_x * columns + lean_y * rows + bow * (columns * columns + rows * rows)
    x, y = columns * np.cos(turn) + rows * np.sin(turn), rows * np.cos(turn) - columns * np.sin(turn)
    return x * far * np.float32(frequency), y * far * np.float32(frequency)


def _light(x: Array, y: Array, stripe: float, second: float, lines: float) -> Array:
    """Return the light of one colour of a screen around its mean: two harmonics of its stripes, and one of its rows."""
    full = np.float32(2 * np.pi)
    across = full * (x - np.float32(stripe))
    first = np.cos(across)
    return first + np.float32(second) * (2 * first * first - 1) + np.float32(lines) * np.cos(full * y)


def pixel_grid(sheet: Sheet, strength: float, rng: np.random.Generator) -> None:
    """Show the screen's pixels: coloured stripes between dark lines, three to five pixels of the frame apart."""
    rows, columns = grid(sheet.picture)
    rows, columns = rows - np.float32(sheet.alpha.shape[0] / 2), columns - np.float32(sheet.alpha.shape[1] / 2)
    frequency = min(max(0.125 + sheet.instrument.pixels / 8, 0.2), 0.35)
    way = (float(rng.uniform(-0.06, 0.06)), *(float(v) for v in rng.uniform(-3e-4, 3e-4, 2)), 0.0)
    x, y = _pixels(rows + float(rng.uniform(0, 5)), columns + float(rng.uniform(0, 5)), frequency, way)
    depth = np.float32(0.04 + 0.20 * strength)
    for channel, stripe in enumerate(STRIPES):
        # The colours share the dark lines between pixels, but not the stripes.
        sheet.gain[..., channel] *= 1 + depth * (_light(x, y, 0.4 * stripe, 0.0, 0.8))


def moire(sheet: Sheet, strength: float, rng: np.random.Generator) -> None:
    """Sample the screen's sub-pixels with a sensor that has too few: coloured bands appear by aliasing.

    Green is sampled at every pixel of the frame, red and blue at every second one, as by a Bayer sensor, each through an aperture
    of half a pixel.
    """
    rows, columns = grid(sheet.picture)
    frequency = sheet.instrument.pixels
    turn = float(rng.choice((-1.0, 1.0)) * rng.uniform(0.035, 0.10))
    way = (turn, *(float(v) for v in rng.uniform(-5e-4, 5e-4, 2)), float(rng.uniform(-5e-6, 5e-6)))
    dx, dy = (float(v) for v in rng.uniform(-30, 30, 2))
    rows, columns = rows - np.float32(sheet.alpha.shape[0] / 2 + dy), columns - np.float32(sheet.alpha.shape[1] / 2 + dx)
    # A box of half a pixel passes less of the second harmonic than of the first.
    second = 0.5 * float(np.sinc(frequency) / np.sinc(0.5 * frequency))
    depth = (0.05 + 0.30 * strength) * float(np.sinc(0.5 * frequency) / np.sinc(0.5)) ** 0.5
    window = face_slices(sheet)
    for channel, (stripe, every) in enumerate(zip(STRIPES, (2, 1, 2), strict=True)):
        first = slice(channel // 2, None, every)  # red at even, blue at odd rows and columns
        x, y = _pixels(rows[first, first], columns[first, first], frequency, way)
        seen = _light(x, y, stripe, second, 0.25)
        if every > 1:
            seen = cv2.resize(seen, rows.shape[::-1], interpolation=cv2.INTER_LINEAR)
        seen -= float(seen[window].mean())  # bands so wide that they tint the face: white balance removes them
        sheet.gain[..., channel] *= np.maximum(1 + np.float32(depth) * seen, 0)


def refresh_lines(sheet: Sheet, strength: float, rng: np.random.Generator) -> None:
    """Lay one to three soft dark bars and faint brighter rows across the screen, as refresh and a rolling shutter do."""
    height = sheet.alpha.shape[0]
    rows = np.arange(height, dtype=np.float32)
    _, y, _, h = sheet.box
    count, first, spacing = int(rng.integers(1, 4)), float(rng.uniform(0.1, 0.9)), float(rng.uniform(0.45, 0.75))
    thick = float(rng.uniform(0.07, 0.12))
    bars = np.zeros(height, np.float32)
    for number in (0, 1, -1)[:count]:
        bars = np.maximum(bars, np.exp(-(np.abs((rows - y - (first + number * spacing) * h) / (thick * h)) ** 3)))
    fine = float(rng.uniform(9, 14)) * h / 97
    lines = np.maximum(np.cos(rows * np.float32(2 * np.pi / fine) + np.float32(rng.uniform(0, 6.28))), 0) ** 4
    seen = 1 - (0.08 + 0.50 * strength) * bars + (0.03 + 0.10 * strength) * lines
    # The camera's exposure compensates for the bars.
    sheet.gain *= (seen / seen[face_slices(sheet)[0]].mean())[:, None, None]


def glare(sheet: Sheet, strength: float, rng: np.random.Generator) -> None:
    """Wash out a patch of the face, with a streak through it, as a lamp on glass or gloss does."""
    rows, columns = grid(sheet.picture)
    x0, y0, width, height = sheet.box
    x, y = x0 + float(rng.uniform(0.15, 0.85)) * width, y0 + float(rng.uniform(0.12, 0.88)) * height
    size, angle = float(rng.uniform(0.15, 0.24)) * width, float(rng.uniform(-0.9, 0.9))
    lamp = np.asarray(LAMPS[int(rng.integers(len(LAMPS)))], np.float32)
    cos, sin = np.float32(np.cos(angle) / size), np.float32(np.sin(angle) / size)
    along, across = (columns - x) * cos + (rows - y) * sin, (rows - y) * cos - (columns - x) * sin
    patch = np.exp(-((along**2 + (across / 0.7) ** 2) ** 1.5)) + 0.45 * np.exp(-((along / 3.5) ** 2) - (across / 0.2) ** 2)
    wash = np.clip((0.30 + 0.68 * strength) * patch - FAINT, 0, 0.97)[..., None]
    sheet.gain *= 1 - wash
    sheet.add += (lamp - sheet.add) * wash


def bezel(sheet: Sheet, strength: float, rng: np.random.Generator) -> None:
    """End the picture with the dark border of a device, whose outer edge catches the light."""
    r, g, b = sheet.instrument.device
    tone, edge = float(rng.uniform(0.7, 1.8)), float(rng.uniform(0.5, 3.0))

    def profile(t: Array) -> Array:
        return 0.55 + 0.45 * smooth(t, 0.10, 0.16) + 0.25 * t + edge * np.exp(-(((t - 0.88) / 0.07) ** 2))

    end_picture(sheet, strength, 0.08 + 0.12 * strength, (r * tone, g * tone, b * tone), profile, rng)
