"""Harmless things behind a person, and in their light, that resemble a cue of a print or a screen."""

from __future__ import annotations

import cv2
import numpy as np

from fasrepro.simulation.drawing.layers import Array, Colour, Figure, grid, mix, smooth
from fasrepro.simulation.effects.face_window import cut, lit, view

WOODS: tuple[Colour, ...] = ((0.93, 0.92, 0.88), (0.86, 0.80, 0.68), (0.90, 0.90, 0.92))
DARKS: tuple[Colour, ...] = ((0.10, 0.09, 0.09), (0.16, 0.10, 0.07), (0.08, 0.09, 0.12))
MONITOR: Colour = (0.42, 0.62, 1.0)


def _frame(figure: Figure, behind: Array, colours: tuple[Colour, ...], rng: np.random.Generator) -> None:
    """Draw a picture frame around the head, or a door frame down to the floor."""
    rows, columns = grid(behind)
    x, y, width, height = figure.box
    colour = np.asarray(colours[int(rng.integers(len(colours)))], np.float32)
    bar, door = rng.uniform(0.05, 0.08) * width, rng.random() < 0.5
    across, down = rng.uniform(0.46, 0.54) * width, rng.uniform(0.52, 0.62) * height
    left, top = x + width / 2 + rng.uniform(-0.08, 0.08) * width, y + height / 2 + rng.uniform(-0.10, 0.02) * height
    level = np.minimum(rows - top, 0) if door else rows - top
    distance = np.maximum(np.abs(columns - left) - across, np.abs(level) - down)  # outwards from the opening
    mix(behind, behind * np.float32(0.86), cut(np.clip(0.5 - distance, 0, 1)))
    on = np.clip(distance + 0.5, 0, 1) * np.clip(bar + 0.5 - distance, 0, 1)
    shade = 1 - 0.30 * np.exp(-((distance / 1.2) ** 2)) - 0.20 * np.exp(-(((distance - bar) / 1.2) ** 2))
    mix(behind, colour * shade[..., None].astype(np.float32), cut(on))


def pale_frame(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Draw a pale picture frame or door frame behind the head: like the border of paper."""
    _frame(figure, behind, WOODS, rng)


def dark_frame(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Draw a dark picture frame or door frame behind the head: like the border of a device."""
    _frame(figure, behind, DARKS, rng)


def _clothes(figure: Figure) -> Array:
    return cut(figure.alpha * (1 - figure.face) * smooth(figure.v, 1.75, 1.95))


def _even_wall(behind: Array) -> Array:
    """Return the average colour of a background."""
    return behind.mean(axis=(0, 1))


def fine_stripes(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Draw fine slanting stripes on wall and clothes: like interference bands."""
    rows, columns = grid(behind)
    mix(behind, _even_wall(behind), np.full(rows.shape, 0.6))
    waves = []
    for _ in range(2):
        angle, period = rng.uniform(-0.5, 0.5), rng.uniform(4.5, 8.0)
        along = columns * float(np.cos(angle)) + rows * float(np.sin(angle))
        wave = np.sin(along * (2 * np.pi / period) + rng.uniform(0, 6)) + 0.4 * np.sin(along * (2 * np.pi / (2.7 * period)))
        waves.append(0.13 * wave)
    for picture, wave in ((behind, waves[0]), *((layer, waves[1] * _clothes(figure)) for layer in figure.both())):
        picture *= (1 + wave)[..., None]
        np.clip(picture, 0, 1, out=picture)


def small_tiles(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Cover the wall with small tiles or a mesh: like the grid of a screen's pixels."""
    rows, columns = grid(behind)
    period, mesh = rng.uniform(5.0, 9.0), rng.random() < 0.5
    top, left, tall = rng.uniform(0, period), rng.uniform(0, period), rng.uniform(0.8, 1.25)
    joints = np.zeros_like(rows)
    for place, step, start in ((rows, period * tall, top), (columns, period, left)):
        gap = np.abs((place + start) % step - step / 2)
        joints = np.maximum(joints, np.clip(1.1 - gap, 0, 1))
    if mesh:
        mix(behind, behind * np.float32(0.45), 0.75 * joints)
    else:
        mix(behind, _even_wall(behind), np.full(rows.shape, 0.8))
        mix(behind, behind * np.float32(0.35) + np.float32(0.58), 0.70 * joints)


def wavy_curtain(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Draw a curtain with deep folds behind one side of the head: like a bent sheet."""
    rows, columns = grid(behind)
    x, _, width, _ = figure.box
    side = 1.0 if rng.random() < 0.5 else -1.0
    bend = 3.0 * np.sin(rows / rng.uniform(22, 36) + rng.uniform(0, 6))
    across = columns + bend - (x + width * (0.5 + 0.55 * side))
    area = cut(1 - smooth(np.abs(across), 0.36 * width, 0.40 * width))
    phase = across * (2 * np.pi / (rng.uniform(0.22, 0.32) * width))
    folds = 1 + 0.30 * np.sin(phase) + 0.12 * np.sin(2 * phase + 1.0)
    mix(behind, np.clip(_even_wall(behind) * folds[..., None], 0, 1), 0.9 * area)
    mix(behind, behind * np.float32(0.4), cut(0.55 * np.exp(-(((np.abs(across) - 0.38 * width) / 2.0) ** 2))))


def overcast(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Light the person by an overcast sky, which halves the shading of their face: like flat light."""
    face = view(figure)
    level = lit(face)
    share = rng.uniform(0.40, 0.55)
    middle = float(np.median(level[face.face > 0.5])) if bool((face.face > 0.5).any()) else 1.0
    gain = np.clip((middle / level) ** share, 0.6, 1.7) - 1
    for picture in face.both():
        picture *= (1 + cut(face.face)[..., None] * gain[..., None]).astype(np.float32)
        np.clip(picture, 0, 1, out=picture)


def blinds(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Draw the shadow of a window's blind on wall and face: steps of brightness, like banding."""
    rows, columns = grid(behind)
    period, slope = rng.uniform(13, 20), rng.uniform(-0.25, 0.25)
    bulge = 0.10 * figure.depth  # the shadow bends over parts that stand out
    dark = rng.uniform(0.08, 0.12)
    for layer, shift in ((figure.rgb, bulge), (figure.closed, bulge), (behind, 4.0)):
        place = ((rows + slope * columns + shift) / period) % 1.0
        bars = smooth(place, 0.0, 0.10) * (1 - smooth(place, 0.50, 0.60))
        layer *= (1 - dark * bars)[..., None]


def mains_bands(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Draw the faint bands of rows of a sensor under flickering lamps over everything: like a screen's roll bars."""
    rows, _ = grid(behind)
    period, phase, depth = rng.uniform(26, 48), rng.uniform(0, 6), rng.uniform(0.045, 0.070)
    band = (1 + depth * np.sin(rows * (2 * np.pi / period) + phase)).astype(np.float32)[..., None]
    for layer in (*figure.both(), behind):
        layer *= band
        np.clip(layer, 0, 1, out=layer)


def monitor_light(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Light one side of the person with the bluish light of a monitor: like a screen's tint."""
    side = -1.0 if rng.random() < 0.5 else 1.0
    power = rng.uniform(0.28, 0.38)
    glow = cut(power * smooth(figure.u * side, 0.05, 1.05) * (figure.alpha > 0))
    light = np.asarray(MONITOR, np.float32)
    for layer in figure.both():
        layer += (light * (0.25 + 0.75 * layer) - 0.35 * layer) * glow[..., None]
        np.clip(layer, 0, 1, out=layer)


def window_haze(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Put a hazy bright window behind the person, which pales the background and a little of the face: like dull inks."""
    rows, columns = grid(behind)
    height, width = rows.shape
    x, y, wide, _ = figure.box
    at = x + wide * (0.5 + rng.choice((-0.8, 0.8)))
    spread = np.exp(-(((columns - at) / (0.45 * width)) ** 2) - (((rows - y) / (0.7 * height)) ** 2))
    haze = rng.uniform(0.22, 0.32)
    mix(behind, (0.86, 0.88, 0.90), haze * (0.35 + 0.65 * spread))
    for layer in figure.both():
        mix(layer, (0.80, 0.82, 0.84), cut(0.30 * haze * (0.4 + 0.6 * spread) * (figure.alpha > 0)))


def lamp(figure: Figure, behind: Array, rng: np.random.Generator) -> None:
    """Mirror a lamp in the glasses, or on the forehead of a person without any: like the glare of a screen or glossy paper."""
    face = view(figure)
    jitter = rng.uniform(-0.04, 0.04, 2)
    tilt, place = rng.uniform(-0.3, 0.3), rng.uniform(-0.30, 0.30)
    shine = np.zeros_like(face.u)
    if figure.glasses:
        for eu, ev in face.eyes:
            u, v = face.u - eu - 0.06 - jitter[0], face.v - ev + 0.03 - jitter[1]
            pane = np.maximum(np.abs(u + tilt * v) / 0.12, np.abs(v) / 0.085)
            shine = np.maximum(shine, 0.62 * (1 - smooth(pane, 0.75, 1.15)))
    else:
        r = np.hypot((face.u - place - jitter[0]) / 0.22, (face.v + 0.56 - jitter[1]) / 0.12)
        shine = 0.62 * np.exp(-(r**2)) * face.face
    shine = cv2.GaussianBlur(shine.astype(np.float32), (0, 0), 0.6) * (face.alpha > 0)
    for picture in face.both():
        mix(picture, (0.98, 0.97, 0.94), cut(shine))
