"""Cues of a picture on paper: its light and inks, holes cut into it, its end, its bend, and the hand that holds it.

An effect changes a sheet in place, by a strength in (0, 1]. Outside its extent every value stays the same to the bit.
"""

from __future__ import annotations

import cv2
import numpy as np

from fasrepro.simulation.drawing.layers import Array, Sheet, bump, grid, mix, smooth
from fasrepro.simulation.effects.edges import end_picture

INK_ANGLES = (0.26, 1.31, 0.79)  # of the rasters of cyan, magenta and yellow, in radians, as in print
IRISES = ((0.16, 0.10, 0.07), (0.25, 0.16, 0.09), (0.22, 0.14, 0.10), (0.24, 0.30, 0.34))
SIDES = ("left", "right", "bottom")  # from which a hand comes
SIDE_RATES = (0.35, 0.35, 0.30)


def face_slices(sheet: Sheet) -> tuple[slice, slice]:
    """Return the rows and columns of the face's box, inside the frame, at least one of each."""
    height, width = sheet.alpha.shape
    x, y, w, h = sheet.box
    top, left = min(max(round(y), 0), height - 1), min(max(round(x), 0), width - 1)
    return slice(top, max(round(y + h), top + 1)), slice(left, max(round(x + w), left + 1))


def flat_light(sheet: Sheet, strength: float, rng: np.random.Generator) -> None:
    """Remove the shading from the picture and lay one even slope of light over the sheet."""
    rows, columns = grid(sheet.picture)
    x, y, width, height = sheet.box
    level = sheet.picture.mean(axis=2)
    small = cv2.resize(level, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    slow = cv2.resize(cv2.GaussianBlur(small, (0, 0), 0.025 * width), level.shape[::-1]) + 0.05
    evened = np.clip((float(np.median(slow[face_slices(sheet)])) / slow) ** (0.35 + 0.65 * strength), 0.4, 2.5)[..., None]
    for picture in (sheet.picture, sheet.closed):
        picture *= evened
        np.clip(picture, 0, 1, out=picture)
    angle = float(rng.uniform(0, 2 * np.pi))
    slope = (columns - x - width / 2) * np.float32(np.cos(angle)) + (rows - y - height / 2) * np.float32(np.sin(angle))
    sheet.gain *= np.clip(1 + 0.25 * strength / width * slope, 0.6, 1.4)[..., None]


def narrow_gamut(sheet: Sheet, strength: float, rng: np.random.Generator) -> None:
    """Dull the colours, lift the blacks and lower the whites; the mean brightness of the face stays."""
    level = float(sheet.picture[face_slices(sheet)].mean())
    # Cheap inks lose most in the blues and greens.
    saturation = 1 - strength * np.asarray((0.40, 0.46, 0.55), np.float32) * np.float32(rng.uniform(0.9, 1.1))
    spread = np.float32(1 - 0.42 * strength)
    # One matrix does all three: out = level + spread x (luminance + saturation x (in - luminance) - level).
    matrix = spread * (np.diag(saturation) + (1 - saturation)[:, None] / 3)
    change = np.column_stack([matrix, np.full(3, level * (1 - spread))])
    sheet.picture, sheet.closed = (cv2.transform(picture, change) for picture in (sheet.picture, sheet.closed))


def halftone(sheet: Sheet, strength: float, rng: np.random.Generator) -> None:
    """Print the picture with a rotated raster of dots for each ink. Dots grow with darkness, and the brightness is kept."""
    rows, columns = grid(sheet.picture)
    turn, phases = float(rng.uniform(0, np.pi / 2)), rng.uniform(0, 2 * np.pi, (3, 2))
    amount = 0.07 + 0.33 * strength
    # Inks absorb overlapping colours: part of the effect of each ink is on all three channels.
    overlap = (amount * (0.6 * np.eye(3) + 0.4 / 3)).astype(np.float32)
    change_open, change_closed = np.empty_like(sheet.picture), np.empty_like(sheet.closed)
    for channel, angle in enumerate(INK_ANGLES):
        cos, sin = (np.float32(v * 2 * np.pi / sheet.instrument.raster) for v in (np.cos(turn + angle), np.sin(turn + angle)))
        across = np.cos(columns * cos + rows * sin + np.float32(phases[channel, 0]))
        down = np.cos(rows * cos - columns * sin + np.float32(phases[channel, 1]))
        # The power spreads the thresholds evenly, so that the share of inked pixels equals the darkness.
        wave = (across + down) * np.float32(0.5)
        near = 1 - np.abs(wave)
        threshold = 0.5 + 0.5 * np.copysign(1 - near * np.sqrt(near), wave)
        for picture, change in ((sheet.picture, change_open), (sheet.closed, change_closed)):
            plane = picture[..., channel]
            change[..., channel] = np.clip((plane - threshold) * np.float32(2.5) + np.float32(0.5), 0, 1) - plane
    sheet.picture += cv2.transform(change_open, overlap)
    sheet.closed += cv2.transform(change_closed, overlap)


def _real_eye(u: Array, v: Array, sheet: Sheet, iris: Array, shut: bool) -> Array:
    """Return the picture of an eye and the skin around it; u and v are from its middle, in units of half the face's width."""
    skin = np.asarray(sheet.skin, np.float32)
    picture = np.empty((*u.shape, 3), np.float32)
    picture[:] = skin * 0.95
    if shut:
        line = v - 0.05 * (1 - (u / 0.2) ** 2)
        mix(picture, skin * 1.08, bump(u, v, 0, -0.03, 0.17, 0.07))
        mix(picture, skin * 0.25, np.clip(1 - np.abs(line) / 0.022, 0, 1) * (np.abs(u) < 0.2))
        return picture
    lids = (1 - (u / 0.2) ** 2) * np.where(v < 0, 0.085, 0.07) - np.abs(v)
    inside = np.clip(lids * 40 + 0.5, 0, 1)
    r = np.hypot(u, v + 0.01)
    mix(picture, (0.86, 0.84, 0.82), inside)
    mix(picture, iris, inside * np.clip((0.083 - r) * 40 + 0.5, 0, 1))
    mix(picture, (0.03, 0.03, 0.03), inside * np.clip((0.038 - r) * 40 + 0.5, 0, 1))
    mix(picture, (1.0, 1.0, 1.0), inside * bump(u, v, 0.03, -0.035, 0.018, 0.018))
    mix(picture, skin * 0.2, np.clip(1 - np.abs(lids) / 0.02, 0, 1) * (v < 0.01))
    return picture


def cut_eyes(sheet: Sheet, strength: float, rng: np.random.Generator) -> None:
    """Cut holes for the eyes, with paper-white rims; behind them are real eyes that blink, in the shade of the paper."""
    radius = sheet.radius
    wide, tall = (0.20 + 0.09 * strength) * radius, (0.125 + 0.075 * strength) * radius
    drift, wobble = rng.uniform(-0.035, 0.035, 2) * radius, rng.uniform(-0.07, 0.07, (2, 3))
    iris = np.asarray(IRISES[int(rng.integers(len(IRISES)))], np.float32)
    lit = float(rng.choice((-1.0, 1.0)))  # the side of the light
    height, width = sheet.alpha.shape
    for hole_number, (x, y) in enumerate((sheet.eyes[:2], sheet.eyes[2:])):
        reach = round(1.4 * wide) + 3
        window = (
            slice(max(round(y) - reach, 0), min(round(y) + reach, height)),
            slice(max(round(x) - reach, 0), min(round(x) + reach, width)),
        )
        rows, columns = np.mgrid[window].astype(np.float32)
        du, dv = (columns - float(x)) / wide, (rows - float(y)) / tall
        angle, rho = np.arctan2(dv, du), np.hypot(du, dv)
        # Scissors leave corners and flats in the ellipse.
        a, b, c = wobble[hole_number]
        outline = 1 + a * np.cos(2 * angle) + b * np.cos(3 * angle + 1) + c * np.sin(5 * angle)
        inward = ((outline - rho) * np.sqrt(wide * tall)).astype(np.float32)  # pixels from the rim
        hole = np.clip(inward + 0.5, 0, 1)
        shadow = smooth(inward + 0.03 * radius * (dv + lit * du - 1.0), 0.0, 0.10 * radius)
        shade = ((1.0 - 0.38 * strength) * (0.35 + 0.65 * shadow))[..., None]
        u = ((columns - float(x) - drift[0]) / radius).astype(np.float32)
        v = ((rows - float(y) - drift[1]) / radius).astype(np.float32)
        rim = np.clip(1 - np.abs(inward + 0.8) / 1.1, 0, 1) * (0.30 + 0.65 * strength)
        bright = (0.62 + 0.38 * np.clip((dv + lit * du) / 1.2, -1, 1))[..., None]
        paper = np.asarray(sheet.instrument.paper, np.float32) * bright
        for picture, shut in ((sheet.picture, False), (sheet.closed, True)):
            mix(picture[window], paper, rim)
            mix(picture[window], _real_eye(u, v, sheet, iris, shut) * shade, hole)
        mix(sheet.gain[window], (1.0, 1.0, 1.0), hole)
        mix(sheet.add[window], (0.0, 0.0, 0.0), hole)


def paper_border(sheet: Sheet, strength: float, rng: np.random.Generator) -> None:
    """End the picture with a pale margin and the edge of the paper."""
    colour = tuple(float(c * s) for c, s in zip(sheet.instrument.paper, rng.uniform(0.92, 1.04) * np.ones(3), strict=True))

    def profile(t: Array) -> Array:
        return 1 - 0.06 * t - 0.30 * np.exp(-(((t - 1) / 0.12) ** 2)) - 0.10 * np.exp(-((t / 0.06) ** 2))

    end_picture(sheet, strength, 0.05 + 0.07 * strength, colour, profile, rng)


def curl(sheet: Sheet, strength: float, rng: np.random.Generator) -> None:
    """Bend the sheet about an axis through the middle of the face: pixels off it shift and shade, and one end is curved.

    No pixel in the face's box shifts by more than 6 pixels, in a face of half-width 43.
    """
    rows, columns = grid(sheet.picture)
    x0, y0, width, height = sheet.box
    x, y, unit = x0 + width / 2, y0 + height / 2, sheet.radius / 43
    slant, bow = float(rng.uniform(-0.45, 0.45)), float(rng.choice((-1.0, 1.0)))
    lit, end = float(rng.choice((-1.0, 1.0))), float(rng.choice((-1.0, 1.0), p=(0.35, 0.65)))
    cos, sin = np.float32(np.cos(slant)), np.float32(np.sin(slant))
    half = 0.5 * float(np.hypot(width, height))
    t = (columns - np.float32(x)) * cos + (rows - np.float32(y)) * sin  # across the axis, then along it
    q = (rows - np.float32(y)) * cos - (columns - np.float32(x)) * sin
    t /= np.float32(half)
    bend = 1.6 * t * t / (1 + 0.6 * t * t)  # a parabola that levels off outside the box
    t = np.tanh(t) * np.float32(1.31)
    off, rise = 2.5 * unit * strength * t * t * t, 5.2 * unit * strength * bow * bend
    from_x, from_y = columns + off * cos - rise * sin, rows + off * sin + rise * cos
    # Fixed-point places are fast, and accurate to a 32nd of a pixel.
    places = cv2.convertMaps(from_x.astype(np.float32), from_y.astype(np.float32), cv2.CV_16SC2)
    for name in ("picture", "closed", "gain", "add", "alpha"):
        bent = cv2.remap(getattr(sheet, name), *places, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        setattr(sheet, name, bent)
    light = 1 + strength * (0.50 * lit * t - 0.26 * t * t + 0.16 * np.exp(-(((t - 0.35 * lit) / 0.12) ** 2)))
    sheet.gain *= np.clip(light, 0.3, 1.5)[..., None]
    # The end of the sheet lies outside the box in the middle, and inside it at the corners.
    inward = 0.5 * height * 1.02 - strength * 0.26 * height * bend - end * q
    edge = np.clip(1 - np.abs(inward - 1.0) / 1.5, 0, 1)
    mix(sheet.gain, (0.0, 0.0, 0.0), edge)
    mix(sheet.add, sheet.instrument.paper, edge)
    sheet.alpha *= np.clip(inward + 0.5, 0, 1)


def hand_on_medium(sheet: Sheet, strength: float, rng: np.random.Generator) -> None:
    """Lay two to four fingers of the hand that holds the medium over it, from a side or from below into the face's box."""
    x0, y0, w, h = sheet.box
    side = SIDES[int(rng.choice(len(SIDES), p=SIDE_RATES))]
    count, lean, lit = int(rng.integers(2, 5)), float(rng.uniform(-0.35, 0.35)), float(rng.choice((-1.0, 1.0)))
    middle, half = float(rng.uniform(-0.22, 0.30)), float(rng.uniform(0.085, 0.105)) * w
    short, fan = rng.uniform(0.0, 0.35, 4), rng.uniform(-0.06, 0.06, 4)
    short[int(rng.integers(count))] = 0.0
    reach = (0.10 + 0.15 * strength) * w
    rows, columns = grid(sheet.picture)
    # The window of the hand: from the edge of the frame to the finger tips.
    if side == "left":
        window, rim, across, into = np.s_[:, : int(x0 + reach) + 2], (x0, y0 + h / 2), (0.0, 1.0), (1.0, 0.0)
    elif side == "right":
        window, rim, across, into = np.s_[:, max(int(x0 + w - reach) - 1, 0) :], (x0 + w, y0 + h / 2), (0.0, -1.0), (-1.0, 0.0)
    else:
        window, rim, across, into = np.s_[max(int(y0 + h - reach) - 1, 0) :, :], (x0 + w / 2, y0 + h), (1.0, 0.0), (0.0, -1.0)
    rows, columns = rows[window], columns[window]
    middle *= h if side != "bottom" else w
    for finger in range(count):
        turn = lean + (finger - (count - 1) / 2) * 0.04 + float(fan[finger])
        way = np.asarray(into) * np.cos(turn) + np.asarray(across) * np.sin(turn)
        place = middle + (finger - (count - 1) / 2) * 2.05 * half
        far = reach * (1 - float(short[finger])) - half  # of the middle of the tip's curve
        tip = np.asarray(rim) + np.asarray(across) * place + np.asarray(into) * far
        dx, dy = columns - np.float32(tip[0]), rows - np.float32(tip[1])
        p = (dx * np.float32(way[0]) + dy * np.float32(way[1])) / np.float32(half)  # along the finger, 0 at the tip
        c = (dy * np.float32(way[0]) - dx * np.float32(way[1])) / np.float32(half)  # across it
        thick = 0.93 + 0.07 * smooth(-p, 0.5, 2.5) + 0.9 * smooth(-p, 7.5, 11.0)  # to where it joins the palm
        inward = (thick - np.hypot(c, np.maximum(p, 0))) * np.float32(half)
        body = np.clip(inward + 0.5, 0, 1)
        bend = np.clip(np.hypot(c, np.maximum(p, 0)) / thick, 0, 1)
        shade = 1.04 - 0.42 * bend * bend * bend + 0.14 * lit * np.clip(c, -1, 1) - 0.10 * bump(p, c, -2.9, 0, 0.16, 0.8)
        shade -= 0.06 * bump(p, c, -3.3, 0, 0.12, 0.8)
        skin = np.asarray(sheet.skin, np.float32) * shade[..., None]
        nail = np.clip((1 - ((p + 0.20) / 0.72) ** 2 - (c / 0.60) ** 2) * half * 0.35 + 0.5, 0, 1)
        light = np.asarray(sheet.skin, np.float32) * 0.65 + np.asarray((0.34, 0.27, 0.26), np.float32)
        mix(skin, light * (1 + 0.12 * bump(p, c, -0.1, 0.2 * lit, 0.3, 0.2))[..., None], 0.8 * nail)
        shadow = 0.42 * smooth(inward, -0.55 * half, 0.2 * half) * (1 - body)
        sheet.gain[window] *= 1 - shadow[..., None]
        sheet.add[window] *= 1 - shadow[..., None]
        mix(sheet.gain[window], (0.0, 0.0, 0.0), body)
        mix(sheet.add[window], np.clip(skin, 0, 1), body)
        sheet.alpha[window] += (1 - sheet.alpha[window]) * body
