"""Shaded procedural faces and their backgrounds, in numpy: pixels for people.Person and people.Sitting.

Face coordinates: u to the right and v downwards, in units of half the face's width from the head's middle. Eyes lie at
v = -0.05, the mouth at about 0.78, the chin at about 1.3. All pictures are float32 RGB in [0, 1] unless said otherwise.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from fasrepro.synthetic import people

EYE_LINE = -0.05
Array = np.ndarray


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where a head lies in a picture: its middle and half the face's width, in pixels."""

    x: float
    y: float
    radius: float


@dataclasses.dataclass(frozen=True, slots=True)
class Figure:
    """A person without a background: colours and opacity, with eyes open and closed, and the eyes' places in pixels."""

    rgb: Array  # (height, width, 3)
    closed: Array  # the same with closed eyes
    alpha: Array  # (height, width), in [0, 1]
    eyes: tuple[float, float, float, float]  # x, y of the eye at the picture's left, then of the other
    box: tuple[float, float, float, float]  # of the face: x, y, width, height


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


def _mix(base: Array, colour: Array | people.Colour, mask: Array) -> None:
    """Lay `colour` over `base`, in place."""
    base += (np.asarray(colour, dtype=np.float32) - base) * mask[..., None].astype(np.float32)


def _height(who: people.Person, u: Array, v: Array, rim: Array) -> Array:
    """Return the relief of a face; `rim` is 1 in the middle and 0 at the outline."""
    side = np.abs(u)
    nose = 0.26 * np.exp(-((u / (0.13 * who.nose_width)) ** 2)) * smooth(v, -0.30, 0.40) * (1 - smooth(v, 0.42, 0.55))
    return (
        0.85 * np.sqrt(rim + 0.04)
        + nose
        + 0.10 * bump(u, v, 0.0, who.nose_length, 0.20 * who.nose_width, 0.13)
        - 0.10 * bump(side, v, who.eye_gap, EYE_LINE - 0.02, 0.24, 0.15)
        + 0.05 * bump(side, v, 0.42, -0.34, 0.30, 0.10)
        + 0.07 * bump(side, v, 0.55, 0.36, 0.24, 0.22)
        + 0.06 * bump(u, v, 0.0, 0.80, 0.34, 0.13)
        + 0.06 * bump(u, v, 0.0, who.chin - 0.16, 0.22, 0.14)
        - 0.03
        * who.age
        * np.exp(-(((side - 0.32 - 0.25 * (v - 0.5)) / 0.05) ** 2))
        * smooth(v, 0.42, 0.5)
        * (1 - smooth(v, 0.8, 0.95))
    )


def _shade(height: Array, radius: float, where: people.Sitting) -> tuple[Array, Array]:
    """Return diffuse light (about 0.3 to 1.2) and the highlight of a relief."""
    down, across = np.gradient(cv2.GaussianBlur(height, (0, 0), 0.8))
    nx, ny = -across * radius, -down * radius
    length = np.sqrt(nx * nx + ny * ny + 1.0)
    lx, up = people.LIGHTS[where.light]
    light = np.array([lx, -up, 0.75]) / np.linalg.norm([lx, up, 0.75])
    half = light + np.array([0.0, 0.0, 1.0])
    light, half = light.tolist(), (half / np.linalg.norm(half)).tolist()
    facing = np.clip((nx * light[0] + ny * light[1] + light[2]) / length, 0, 1)
    shine = np.clip((nx * half[0] + ny * half[1] + half[2]) / length, 0, 1) ** 24
    hard = 0.45 + 0.35 * where.hardness
    return (1.08 - hard) + hard * facing, shine


def _eyes(base: Array, who: people.Person, u: Array, v: Array, gaze: float) -> None:
    """Draw open eyes in place."""
    for sign in (-1, 1):
        du, dv = (u - sign * who.eye_gap) * sign, v - EYE_LINE
        wide, tall = 0.205 * who.eye_size, 0.105 * who.eye_size
        lens = tall * np.clip(1 - (du / wide) ** 2, 0, None) ** 0.75
        upper, lower = dv + lens, 0.75 * lens - dv
        inside = np.clip(np.minimum(upper, lower) * 40, 0, 1) * (np.abs(du) < wide)
        r = np.hypot(u - sign * who.eye_gap - 0.05 * gaze, dv + 0.012)
        _mix(base, (0.90, 0.88, 0.86), inside * 0.9)
        _mix(base, people.EYES[who.eyes], inside * np.clip((0.098 - r) * 40, 0, 1))
        _mix(base, (0.03, 0.03, 0.03), inside * np.clip((0.050 - r) * 40, 0, 1))
        _mix(base, (1.0, 1.0, 1.0), inside * bump(u, dv, sign * who.eye_gap + 0.035, -0.04, 0.022, 0.022) * 0.9)
        lid = np.exp(-((upper / 0.030) ** 2)) * (np.abs(du) < wide * 1.05)
        _mix(base, (0.10, 0.07, 0.06), 0.85 * lid)
        _mix(base, (0.35, 0.2, 0.17), 0.35 * np.exp(-((lower / 0.025) ** 2)) * (np.abs(du) < wide))


def _lids(base: Array, who: people.Person, u: Array, v: Array) -> None:
    """Draw closed eyes in place."""
    side = np.abs(u) - who.eye_gap
    line = v - EYE_LINE - 0.05 * (1 - (side / 0.2) ** 2)
    _mix(base, (0.10, 0.07, 0.06), 0.8 * np.exp(-((line / 0.028) ** 2)) * (np.abs(side) < 0.2))


def _features(base: Array, who: people.Person, where: people.Sitting, u: Array, v: Array) -> None:
    """Draw brows, nostrils and mouth in place."""
    side = np.abs(u) - who.eye_gap
    hair = people.HAIR[who.hair]
    brow = v - (-0.33 + 0.35 * side * side - 0.04 * side)
    _mix(base, hair, 0.85 * np.exp(-((brow / (0.042 * who.brow)) ** 2)) * (1 - smooth(np.abs(side), 0.20, 0.28)))
    nostril = bump(np.abs(u), v, 0.11 * who.nose_width, who.nose_length + 0.075, 0.055, 0.028)
    _mix(base, (0.16, 0.07, 0.05), 0.75 * nostril)
    width, curve = who.mouth_width * (1 + 0.15 * max(where.smile, 0)), 0.10 * where.smile
    middle = 0.80 - curve * (u / width) ** 2 + 0.4 * curve
    taper = np.clip(1 - (u / width) ** 2, 0, 1)
    dv = v - middle
    upper = (dv < 0) * np.clip((0.065 * who.lip * taper * (1 + 0.25 * np.cos(u * 18)) + dv) * 30, 0, 1)
    lower = (dv >= 0) * np.clip((0.085 * who.lip * taper**0.7 - dv) * 30, 0, 1)
    skin = np.asarray(people.SKIN[who.skin])
    _mix(base, tuple(skin * (0.86, 0.58, 0.58)), 0.8 * (upper + lower) * (taper > 0))
    if where.smile > 0.55:
        gap = 0.035 * (where.smile - 0.4) / 0.6 * taper
        _mix(base, (0.93, 0.91, 0.88), np.clip((gap - np.abs(dv)) * 60, 0, 1))
    line = np.exp(-(((np.abs(dv) - (0.03 if where.smile > 0.55 else 0.0) * taper) / 0.020) ** 2)) * (taper > 0)
    _mix(base, (0.20, 0.08, 0.08), 0.75 * line)


def _hair_masks(who: people.Person, u: Array, v: Array, rim: Array, rough: Array) -> Array:
    """Return how much hair covers each point, beard aside."""
    if who.style == "none":
        return np.zeros_like(u)
    thick = {"short": 0.15, "cropped": 0.06, "long": 0.20, "swept": 0.18}[who.style]
    end = {"short": 0.05, "cropped": -0.15, "long": 1.55, "swept": -0.05}[who.style]
    outer = 1 - (u / (1.02 + thick)) ** 2 - np.abs(np.minimum(v, 0) / (1.42 + thick)) ** 2
    if who.style == "long":
        outer = np.where(v > 0, 1 - (u / (1.06 + thick + 0.06 * np.clip(v, 0, 1.5))) ** 2, outer)
    crown = np.clip(outer * 9, 0, 1) * (1 - smooth(v + 0.05 * rough, end - 0.06, end + 0.06))
    part = 0.18 * u if who.style == "swept" else 0.0
    line = who.hairline + part + 0.42 * np.abs(u) ** 3 + 0.05 * rough
    face = smooth(v, line - 0.05, line + 0.05) * smooth(rim, -0.02, 0.10)
    sideburn = (np.abs(u) > 0.93) * (v < 0.1)
    return crown * (1 - face * (1 - 0.7 * sideburn))


def _beard(who: people.Person, u: Array, v: Array, rough: Array) -> Array:
    """Return how much beard covers each point."""
    if who.beard == "none":
        return np.zeros_like(u)
    lip = smooth(np.hypot(u / (who.mouth_width + 0.04), (v - 0.80) / 0.12), 0.9, 1.15)
    moustache = bump(u, v, 0.0, 0.665, 0.30, 0.055)
    if who.beard == "moustache":
        return np.clip(1.5 * moustache, 0, 1) * 0.9
    jaw = smooth(v + 0.04 * rough, 0.55 - 0.35 * u * u, 0.80 - 0.35 * u * u)
    cover = np.clip(np.maximum(jaw, 1.3 * moustache), 0, 1) * lip
    return cover * (0.9 if who.beard == "full" else 0.40 + 0.12 * rough)


def figure(who: people.Person, where: people.Sitting, height: int, width: int, place: Place) -> Figure:
    """Draw a person into a picture of `height` x `width` pixels."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = (columns - place.x) / place.radius, (rows - place.y) / place.radius
    cos, sin = np.float32(np.cos(where.tilt)), np.float32(np.sin(where.tilt))
    u, v = x * cos + y * sin, -x * sin + y * cos
    low = np.abs(v / np.where(v > 0, who.chin, 1.42)) ** np.where(v > 0, who.jaw, 2.0)
    rim = 1 - u * u - low
    # The features slide towards where the head turns; the outline stays.
    uf = u - 0.10 * where.turn * np.clip(rim, 0, 1)
    texture = np.random.default_rng(people.seed_of("skin", who.seed))
    grain = place.radius / 42
    shape = (height, width)
    mottle, rough = noise(texture, shape, 7 * grain, 7 * grain), noise(texture, shape, 1.0, 1.0)
    strands = noise(texture, shape, 0.8, 5 * grain)
    relief = _height(who, uf, v, np.clip(rim, 0, 1)).astype(np.float32)
    light, shine = _shade(relief, place.radius, where)

    # Nothing finer than hair lies outside the face's window, so the rest of the picture is left alone.
    window = np.s_[
        max(round(place.y - 0.75 * place.radius), 0) : max(round(place.y + 1.3 * place.radius), 0),
        max(round(place.x - 1.2 * place.radius), 0) : max(round(place.x + 1.2 * place.radius), 0),
    ]
    inner = (uf[window], v[window])
    base = np.empty((*shape, 3), dtype=np.float32)
    base[:] = people.SKIN[who.skin]
    _mix(base, np.asarray(people.SKIN[who.skin]) * (1.0, 0.80, 0.78), 0.6 * bump(np.abs(uf), v, 0.52, 0.35, 0.28, 0.22))
    base *= (1 + 0.025 * mottle + 0.015 * rough)[..., None]
    shadow = bump(np.abs(uf), v, who.eye_gap - 0.02, EYE_LINE - 0.04, 0.26, 0.16)
    base *= (
        1 - 0.28 * shadow - 0.18 * bump(uf, v, 0, who.nose_length + 0.12, 0.16, 0.06) - 0.12 * bump(uf, v, 0, 0.98, 0.22, 0.05)
    )[..., None]
    _features(base[window], who, where, *inner)
    beard = _beard(who, uf, v, rough)
    _mix(base, people.HAIR[who.hair], beard)
    closed = base.copy()
    _eyes(base[window], who, *inner, where.turn)
    _lids(closed[window], who, *inner)
    hair = _hair_masks(who, u, v, rim, 0.6 * strands + 0.4 * mottle)
    hair_colour = (
        np.asarray(people.HAIR[who.hair], dtype=np.float32)
        * (1 + 0.20 * strands + 0.25 * bump(u, v, 0.3, -1.2, 0.5, 0.2))[..., None]
    )
    for layer in (base, closed):
        layer *= light[..., None]
        layer += (0.16 * (1 - beard) * shine)[..., None]
        if who.glasses != "none":
            _glasses(layer[window], who, *inner)
        _mix(layer, hair_colour * (0.55 + 0.5 * light)[..., None], hair)
    head = np.clip(rim * place.radius * 0.5 + 0.5, 0, 1)
    return _with_body(who, where, place, (u, v), (base, closed), head, hair)


def _glasses(layer: Array, who: people.Person, u: Array, v: Array) -> None:
    """Draw frames of glasses in place."""
    thick = 0.028 if who.glasses == "thin" else 0.05
    ring = np.abs(((np.abs(u) - who.eye_gap) / 0.31) ** 4 + ((v - EYE_LINE - 0.03) / 0.23) ** 4 - 1) * 0.09
    bridge = (np.abs(u) < who.eye_gap - 0.30) * np.exp(-(((v - EYE_LINE + 0.05) / thick) ** 2))
    temple = (np.abs(u) > who.eye_gap + 0.30) * np.exp(-(((v - EYE_LINE + 0.04) / thick) ** 2))
    _mix(layer, (0.08, 0.07, 0.08), 0.9 * np.clip(np.exp(-((ring / thick) ** 2)) + bridge + temple, 0, 1))


def _with_body(
    who: people.Person,
    where: people.Sitting,
    place: Place,
    grid: tuple[Array, Array],
    layers: tuple[Array, Array],
    head: Array,
    hair: Array,
) -> Figure:
    """Put ears, neck and clothes under the head and collect the figure."""
    u, v = grid
    side = np.abs(u)
    lx, _ = people.LIGHTS[where.light]
    skin = np.asarray(people.SKIN[who.skin], dtype=np.float32)
    under = np.zeros_like(layers[0])
    ears = np.clip((1 - ((side - 1.0) / 0.13) ** 2 - ((v - 0.08) / 0.26) ** 2) * 4, 0, 1)
    neck = np.clip((0.62 + 0.10 * smooth(v, 1.3, 1.9) - side) * place.radius, 0, 1) * (v > 0.5)
    shoulder = 1.62 + 0.16 * side**1.8 - 0.30 * np.exp(-(((side - 0.68) / 0.22) ** 2))
    cloth = np.clip((v - shoulder) * place.radius * 0.8, 0, 1)
    _mix(under, skin * 0.78, ears)
    shade = 0.52 + 0.30 * smooth(v, who.chin, who.chin + 0.5) + 0.18 * lx * u
    _mix(under, skin * shade[..., None], neck)
    folds = 0.85 + 0.10 * np.sin(u * 5 + v * 3) + 0.22 * lx * np.clip(u, -1, 1)
    _mix(under, np.asarray(people.CLOTHES[where.clothes], dtype=np.float32) * folds[..., None], cloth)
    pictures = []
    for layer in layers:
        picture = under + (layer - under) * np.maximum(head, hair)[..., None]
        pictures.append(np.clip(picture, 0, 1).astype(np.float32))
    alpha = np.maximum.reduce([head, hair, ears, neck, cloth]).astype(np.float32)
    cos, sin = np.cos(where.tilt), np.sin(where.tilt)
    eyes = []
    for sign in (-1, 1):
        eu, ev = sign * who.eye_gap + 0.08 * where.turn, EYE_LINE
        eyes += [place.x + place.radius * (eu * cos - ev * sin), place.y + place.radius * (eu * sin + ev * cos)]
    top, bottom = max(who.hairline - 0.08, -1.0), who.chin + 0.06
    box = (place.x - 0.98 * place.radius, place.y + top * place.radius, 1.96 * place.radius, (bottom - top) * place.radius)
    return Figure(pictures[0], pictures[1], alpha, (eyes[0], eyes[1], eyes[2], eyes[3]), box)


def background(where: people.Sitting, height: int, width: int) -> Array:
    """Draw what lies behind a person."""
    rng = np.random.default_rng(people.seed_of("background", where.seed))
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    wall = np.asarray(people.WALLS[where.wall], dtype=np.float32) * rng.uniform(0.75, 1.05)
    lx, _ = people.LIGHTS[where.light]
    glow = 1 + 0.16 * lx * (columns / width - 0.5) - 0.10 * rows / height
    picture = np.empty((height, width, 3), dtype=np.float32)
    picture[:] = wall
    if where.background == "wall":
        picture *= (1 + 0.015 * noise(rng, (height, width), 2, 2))[..., None]
    elif where.background == "shelves":
        for top in range(int(rng.integers(-20, 0)), height, int(rng.integers(44, 60))):
            left = 0
            while left < width:
                book = int(rng.integers(6, 16))
                tall = int(rng.integers(26, 38))
                colour = np.asarray(people.CLOTHES[list(people.CLOTHES)[int(rng.integers(len(people.CLOTHES)))]])
                picture[max(top + 40 - tall, 0) : max(top + 40, 0), left : left + book - 1] = colour * rng.uniform(0.6, 1.1)
                left += book
            picture[max(top + 40, 0) : max(top + 44, 0)] = (0.36, 0.25, 0.16)
        picture = cv2.GaussianBlur(picture, (0, 0), 1.2)
    elif where.background == "curtain":
        period = rng.uniform(18, 34)
        picture *= (0.86 + 0.13 * np.sin(columns * 2 * np.pi / period + 2.5 * np.sin(columns / 37 + rng.uniform(0, 6))))[
            ..., None
        ]
    elif where.background == "doorway":
        left = int(rng.uniform(0.05, 0.75) * width)
        picture[:, left : left + int(0.3 * width)] = np.asarray((0.30, 0.27, 0.25), dtype=np.float32) * rng.uniform(0.6, 1.3)
        picture = cv2.GaussianBlur(picture, (0, 0), 2.0)
    else:
        leaves = 0.6 * noise(rng, (height, width), 6, 6) + 0.4 * noise(rng, (height, width), 14, 14)
        picture[:] = (0.30, 0.42, 0.22)
        picture *= (1 + 0.30 * leaves)[..., None]
        _mix(picture, (0.82, 0.88, 0.92), 0.7 * smooth(leaves, 0.9, 1.8))
    return np.clip(picture * glow[..., None], 0, 1).astype(np.float32)
