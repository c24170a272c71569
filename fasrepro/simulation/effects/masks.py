"""Cues of masks and mannequins: artificial skin, the seams and borders of a mask, and a face that does not move.

A mask covers `figure.covered`: "eyes" is the upper half of the face, "mouth" the lower half, "face" all of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from fasrepro.simulation.drawing import people
from fasrepro.simulation.drawing.layers import Array, Figure, bump, smooth
from fasrepro.simulation.effects import partials
from fasrepro.simulation.effects.face_window import MOUTH, Point, View, around, features, lit, paint, spread, view

WAX = np.array([0.98, 0.79, 0.60], np.float32)
FLESH = np.array([0.26, 0.13, 0.08], np.float32)  # the light that shines through wax in the shade
# Places of the soft shine of wax, and of the hard shine of plastic: u, v, half the width, half the height; of plastic,
# brightness.
SHEEN = ((0.0, -0.52, 0.42, 0.20), (0.0, 0.25, 0.13, 0.34), (0.55, 0.28, 0.26, 0.20), (-0.55, 0.28, 0.26, 0.20))
SPOTS = (
    (0.00, -0.56, 0.26, 0.075, 1.0),
    (0.00, 0.10, 0.045, 0.20, 0.9),
    (0.00, 0.42, 0.075, 0.060, 1.0),
    (-0.54, 0.26, 0.13, 0.075, 0.9),
    (0.54, 0.26, 0.13, 0.075, 0.9),
    (0.00, 1.12, 0.12, 0.05, 0.7),
)


def rigid_expression(
    person: people.Person, sitting: people.Sitting, strength: float, rng: np.random.Generator
) -> tuple[people.Person, people.Sitting]:
    """Return the person and sitting with a blank, stiff face: no smile, a closed mouth, no lines."""
    rest = (1 - strength) ** 1.5
    calm = dataclasses.replace(sitting, smile=sitting.smile * rest, mouth=sitting.mouth * rest, brows=sitting.brows * rest)
    return dataclasses.replace(person, age=person.age * rest), calm


def _distance(figure: Figure, face: View, bend: Array) -> Array:
    """Return the distance of each point inside the mask, in face coordinates; negative beside it. `bend` moves the border."""
    u, v = face.u, face.v
    whole = 0.9 * (1 - ((np.abs(u) / 0.88) ** 2.4 + (np.abs(v - 0.22) / 0.97) ** 2.4) ** (1 / 2.4)) + bend
    nose = np.exp(-((u / 0.20) ** 2))
    if figure.covered == "eyes":
        return np.minimum(whole, 0.30 + 0.26 * nose + bend - v)
    if figure.covered == "mouth":
        return v - 0.32 + 0.22 * nose + bend
    return whole


def even(face: View, power: float) -> None:
    """Paint the skin one even tone; the shading stays."""
    skin = face.face * (1 - features(face))
    tone = np.asarray(face.skin, np.float32) * np.array([1.02, 1.0, 0.95], np.float32) * 0.90 + 0.07
    paint(face, tone, skin * power, 0.25 + 0.75 * lit(face, skin))


def uniform_texture(figure: Figure, strength: float, rng: np.random.Generator) -> None:
    """Paint the skin one even tone: without pores, lines or blush; the shading stays."""
    even(view(figure), 0.25 + 0.75 * strength)


def wax(face: View, covered: Array, power: float, rng: np.random.Generator) -> None:
    """Turn the covered part of a face into wax, in place."""
    flat = 1 - features(face)
    lx, up = face.light
    sheen = np.zeros_like(face.u)
    for su, sv, across, down in SHEEN:
        facing = (0.7 + 0.5 * lx * np.sign(su)) * rng.uniform(0.9, 1.1)
        sheen += facing * bump(face.u, face.v, su + 0.12 * lx, sv - 0.06 * up, across, down)
    bright = sum(face.skin) / 3
    tone = np.asarray(face.skin, np.float32) * 0.55 + WAX * (0.08 + 0.40 * bright)
    gloss = np.clip(tone * 0.50 + np.array([0.50, 0.45, 0.37], np.float32), 0, 1)
    soft = spread(face.opened, covered * flat + 0.001, 0.09 * face.radius)
    light = np.clip(soft.mean(axis=2, keepdims=True) / bright, 0.25, 1.3)
    surface = 0.30 * soft + 0.70 * tone * (0.18 + 0.82 * light)
    surface += np.clip(1.0 - light, 0, 1) * tone * FLESH
    surface += (gloss - surface) * (0.66 * np.clip(sheen, 0, 1))[..., None]
    paint(face, surface, covered * (0.15 + 0.85 * flat) * power)


def waxy_skin(figure: Figure, strength: float, rng: np.random.Generator) -> None:
    """Make the skin translucent wax: smooth, yellowish pink, with lifted shadows and a broad soft sheen."""
    face = view(figure)
    covered = face.face
    if figure.covered in ("eyes", "mouth"):
        covered = covered * smooth(_distance(figure, face, np.zeros_like(face.u)), -0.12, 0.02)
    wax(face, covered, 0.15 + 0.85 * strength, rng)


def hard_specular(figure: Figure, strength: float, rng: np.random.Generator) -> None:
    """Put small sharp highlights on forehead, nose and cheeks, on the side of the light, as on plastic."""
    face = view(figure)
    lx, up = face.light
    u, v = face.u, face.v
    phases = rng.uniform(0, 2 * np.pi, 2)
    u = u + 0.025 * np.sin(9 * v + phases[0])
    v = v + 0.020 * np.sin(8 * u + phases[1])
    edge = 0.80 - 0.50 * strength
    shine, halo = np.zeros_like(u), np.zeros_like(u)
    streak = (np.sign(lx) * 0.80, 0.35, 0.05, 0.36, 0.8)  # along the side of a shell
    for su, sv, across, down, bright in (*SPOTS, streak):
        facing = bright * (1.0 if su * lx >= 0 else 0.45)
        bent = v + 0.25 * (u - su) ** 2 if across > 2 * down else v
        hill = bump(u, bent, su + 0.14 * lx, sv - 0.07 * up, across * rng.uniform(0.85, 1.15), down * rng.uniform(0.85, 1.15))
        shine = np.maximum(shine, facing * smooth(hill, edge, edge + 0.18))
        halo = np.maximum(halo, facing * hill)
    paint(face, (1.0, 1.0, 0.98), np.clip((0.55 + 0.43 * strength) * shine + 0.16 * strength * halo, 0, 1) * face.face)


def _outside(face: View, middle: Point, across: float, down: float, phases: Array) -> Array:
    """Return the distance outwards from an irregular opening, in face coordinates."""
    du, dv = (face.u - middle[0]) / across, (face.v - middle[1]) / down
    angle = np.arctan2(dv, du)
    wobble = np.ones_like(angle)
    for size, waves, phase in zip((0.07, 0.06, 0.04), (2, 3, 7), phases.tolist(), strict=True):
        wobble += size * np.sin(waves * angle + phase)
    return ((np.abs(du) ** 2.5 + np.abs(dv) ** 2.5) ** 0.4 / wobble - 1) * (across + down) / 2


def eye_hole_seam(figure: Figure, strength: float, rng: np.random.Generator) -> None:
    """Draw the cut rims of a mask's eye openings, with the eyes in their shade, and a fainter rim around the mouth."""
    face = view(figure)
    phases = rng.uniform(0, 2 * np.pi, (3, 3))
    openings = []
    if figure.covered != "mouth":
        openings += [(eye, 0.285, 0.18, 1.0) for eye in face.eyes]
    if figure.covered != "eyes":
        openings.append(((0.0, MOUTH + 0.02), 0.46, 0.18, 0.55 if openings else 1.0))
    pale = np.clip(np.asarray(face.skin) * 1.10 + 0.15, 0, 1)
    thick = 0.020 + 0.018 * strength
    for (middle, across, down, part), waves in zip(openings, phases, strict=False):
        near = around(face, middle, across + 0.28, down + 0.24)
        distance = _outside(near, middle, across, down, waves)
        power = near.face * part * (0.30 + 0.70 * strength)
        paint(near, pale, 0.55 * power * np.exp(-(((distance - 2.2 * thick) / thick) ** 2)))
        paint(near, (0.10, 0.06, 0.05), 0.50 * power * np.where(distance < 0, np.exp(-((distance / 0.11) ** 2)), 0))
        paint(near, (0.06, 0.04, 0.04), 0.95 * power * np.exp(-((distance / thick) ** 2)))


def mask_edge(figure: Figure, strength: float, rng: np.random.Generator) -> None:
    """Draw the end of a mask on the skin: a step in tone, a raised pale rim, and the shadow beside it."""
    face = view(figure)
    p, q, r = rng.uniform(0, 2 * np.pi, 3).tolist()
    bend = 0.020 * np.sin(5 * face.u + p) + 0.015 * np.sin(7 * face.v + q) + 0.008 * np.sin(17 * face.u + r)
    distance = _distance(figure, face, bend)
    darker = bool(rng.random() < 0.5) and sum(face.skin) / 3 > 0.45  # a darker mask would not show on dark skin
    skin = np.asarray(face.skin, np.float32)
    tone = skin * (0.74, 0.70, 0.66) if darker else skin * 0.80 + (0.20, 0.17, 0.12)
    power = face.face * (0.25 + 0.75 * strength)
    within = np.where(distance > 0, np.exp(-((distance / 0.26) ** 2)), 0) * smooth(distance, 0.0, 0.03)
    beside = np.where(distance < 0, np.exp(-((distance / 0.085) ** 2)), 0)
    paint(face, tone, 0.62 * power * within, lit(face))
    paint(face, skin * 0.25, 0.60 * power * beside)
    paint(face, skin * 0.18, 0.75 * power * np.exp(-((distance / 0.022) ** 2)))
    paint(face, tone * 1.1 + 0.12, 0.55 * power * np.exp(-(((distance - 0.05) / 0.022) ** 2)))


SITTING_EFFECTS: dict[
    str,
    Callable[[people.Person, people.Sitting, float, np.random.Generator], tuple[people.Person, people.Sitting]],
] = {"rigid_expression": rigid_expression}

# In drawing order: the skin, things stuck on it, print on these, the border.
FACE_EFFECTS: dict[str, Callable[[Figure, float, np.random.Generator], None]] = {
    "uniform_texture": uniform_texture,
    "waxy_skin": waxy_skin,
    "hard_specular": hard_specular,
    "pasted_patch": partials.pasted_patch,
    "paper_glasses": partials.paper_glasses,
    "painted_eyes": partials.painted_eyes,
    "halftone": partials.halftone_on_face,
    "eye_hole_seam": eye_hole_seam,
    "mask_edge": mask_edge,
}
