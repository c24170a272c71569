"""A person as pixels: the relief of the head is turned, projected and lit, and laid over neck and clothes.

All pictures are float32 RGB in [0, 1]. Face coordinates are defined in layers.py, head coordinates in relief.py.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np

from fasrepro.simulation.drawing import body, facial_features, hair, lighting, people, relief
from fasrepro.simulation.drawing.layers import Array, Figure, Place, mix, smooth

EYE_LINE = relief.EYE_LINE
BESIDE = -0.6  # nearness of what is behind a head
# Reach of a head from its middle, in units of half the face's width: to the sides, above and below; and of hair and covers that
# fall.
AROUND, FALLING = (1.45, 1.9, 1.6), (1.75, 1.9, 2.3)
PAINTED = (1.12, -0.95, 1.35)  # extent of a face's features: to the sides, and v from the forehead to the chin


@dataclasses.dataclass(slots=True)
class _Head:
    """The shape of a head and what covers it, on the relief's grid."""

    skin: Array  # height of bare skin
    height: Array  # of the topmost cover
    inside: Array  # 1 within the outline of the skull
    beard: hair.Cover | None
    hair: hair.Cover | None
    cover: hair.Cover | None
    blotches: Array
    pores: Array


def _shape(person: people.Person, sitting: people.Sitting, measures: relief.Measures) -> _Head:
    """Return the head of a person."""
    rng = np.random.default_rng(people.seed_of("skin", person.seed))
    a, b = relief.axes()
    u, v = measures.u(a), measures.v(b)
    skin, inside = relief.skull(person, measures, a, v)
    skin += relief.face(person, sitting, u, v) * inside
    height = skin.copy()
    beard = hair.beard(person, (u, v), (height, inside), relief.lip_width(person, sitting), rng)
    if beard:
        hair.lay(height, beard)
    own_hair = None if person.cover in people.HIDE_HAIR else hair.hair(person, (a, b), (u, v), height, rng)
    if own_hair:
        hair.lay(height, own_hair)
    cover = hair.cover(person, (a, b), (u, v), height)
    if cover:
        hair.lay(height, cover)
    blotches, pores = facial_features.marks(person, skin.shape, rng)
    return _Head(skin, height, inside, beard, own_hair, cover, blotches, pores)


@dataclasses.dataclass(slots=True)
class _View:
    """The point of a head that each pixel of a window shows: head and face coordinates, nearness, and alpha."""

    a: Array
    b: Array
    u: Array
    v: Array
    near: Array
    alpha: Array


def _window(person: people.Person, place: Place, height: int, width: int) -> tuple[slice, slice]:
    """Return the rows and columns that may show the head; at least one of each."""
    falls = person.style in ("long", "curly") or person.cover in ("headscarf", "turban", "hood")
    side, above, below = (reach * place.radius for reach in (FALLING if falls else AROUND))
    top, left = int(np.clip(place.y - above, 0, height - 2)), int(np.clip(place.x - side, 0, width - 2))
    bottom, right = int(np.clip(place.y + below, top + 2, height)), int(np.clip(place.x + side, left + 2, width))
    return slice(top, bottom), slice(left, right)


def _project(head: _Head, measures: relief.Measures, pose: relief.Pose, x: Array, y: Array) -> _View:
    """Return what the pixels at `x` and `y` show of a head."""
    a, b, near, hit = relief.project(pose, head.height, x, y)
    # The relief falls off steeply beside the head: that slope is not part of it.
    _, _, z = pose.head(x, y, near)
    extent = np.maximum.reduce([cover.mask for cover in (head.beard, head.hair, head.cover) if cover] + [head.inside])
    on_head = (hit & (z > -0.35)).astype(np.float32) * (relief.at(extent, a, b) > 0.5)
    alpha = smooth(cv2.GaussianBlur(on_head, (0, 0), 0.75), 0.12, 0.88).astype(np.float32)
    return _View(a, b, measures.u(a), measures.v(b), np.where(on_head > 0, near, BESIDE).astype(np.float32), alpha)


def _part(cover: hair.Cover | None, view: _View) -> tuple[Array, Array]:
    """Return how much of each pixel a cover hides, and its colours."""
    if cover is None:
        return np.zeros_like(view.a), np.zeros((*view.a.shape, 3), np.float32)
    return relief.at(cover.mask, view.a, view.b), relief.at(cover.colour, view.a, view.b)


def _paint(
    person: people.Person, sitting: people.Sitting, head: _Head, view: _View, radius: float
) -> tuple[tuple[Array, Array], Array, Array]:
    """Return the lit head with open and closed eyes, how much of each pixel is the face's skin, and the light on skin."""
    u, v = view.u, view.v
    blotches, pores = relief.at(head.blotches, view.a, view.b), relief.at(head.pores, view.a, view.b)
    opened = facial_features.skin(person, u, v)
    opened *= (1 + blotches + pores)[..., None]
    side, top, bottom = PAINTED
    inner = relief.bounding_window((np.abs(u) < side) & (v > top) & (v < bottom) & (view.alpha > 0))
    facial_features.paint(opened[inner], person, sitting, u[inner], v[inner], pores[inner])
    light = lighting.shade(view.near, sitting, radius)
    beard_mask, whiskers = _part(head.beard, view)
    mix(opened, whiskers, beard_mask)
    closed = opened.copy()
    eyes = relief.bounding_window((np.abs(u) < 0.75) & (np.abs(v - EYE_LINE) < 0.28) & (view.alpha > 0))
    facial_features.open_eyes(opened[eyes], person, sitting, u[eyes], v[eyes])
    facial_features.closed_eyes(closed[eyes], person, u[eyes], v[eyes])
    hair_mask, strands = _part(head.hair, view)
    cover_mask, cloth = _part(head.cover, view)
    oil = (0.11 + 0.05 * (1 - float(np.mean(people.SKIN[person.skin])))) * (1 - 0.9 * beard_mask) * light.shine
    gloss = (0.16 * light.shine)[..., None] * (0.4 + np.clip(strands, 0, 1) * 2)
    for layer in (opened, closed):
        layer *= light.skin
        layer += oil[..., None]
    if person.glasses != "none":
        facial_features.glasses((opened[inner], closed[inner]), person, u[inner], v[inner])
    for layer in (opened, closed):
        if head.hair:
            mix(layer, strands * light.cloth[..., None] + gloss, hair_mask)
        if head.cover:
            mix(layer, cloth * light.cloth[..., None], cover_mask)
    face = (1 - hair_mask) * (1 - cover_mask) * smooth(1.06 - np.abs(u), 0.0, 0.06) * smooth(v, -1.25, -1.15)
    return (opened, closed), face, light.skin


def _on(field: Array, shape: tuple[int, ...], window: tuple[slice, slice], fill: float = 0.0) -> Array:
    """Return a field of a window in a picture of a shape."""
    whole = np.full((*shape, *field.shape[2:]), fill, np.float32)
    whole[window] = field
    return whole


def _box(person: people.Person, pose: relief.Pose, measures: relief.Measures, place: Place) -> tuple[float, float, float, float]:
    """Return the box of a face from its hairline to just under its chin, as a detector places it."""
    forehead = pose.seen(*measures.head(0.0, max(person.hairline - 0.08, -1.0)), 0.75)
    chin = pose.seen(*measures.head(0.0, relief.CHIN), 0.95)
    middle = pose.seen(0.0, 0.2, 0.75)
    x, _ = pose.pixel(place, float(middle[0]), float(middle[1]))
    top = pose.pixel(place, float(forehead[0]), float(forehead[1]))[1]
    bottom = pose.pixel(place, float(chin[0]), float(chin[1]))[1] + 0.05 * place.radius
    return x - 0.98 * place.radius, top, 1.96 * place.radius, bottom - top


def draw_figure(person: people.Person, sitting: people.Sitting, height: int, width: int, place: Place) -> Figure:
    """Draw a person into a picture of `height` x `width` pixels: a pure function of its arguments."""
    shape, window = (height, width), _window(person, place, height, width)
    measures, pose = relief.Measures.of(person), relief.Pose.of(sitting)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = (columns - place.x) / place.radius, (rows - place.y) / place.radius
    cos, sin = np.float32(np.cos(pose.roll)), np.float32(np.sin(pose.roll))
    level = (x * cos + y * sin, y * cos - x * sin)
    head = _shape(person, sitting, measures)
    view = _project(head, measures, pose, level[0][window], level[1][window])
    layers, face, _ = _paint(person, sitting, head, view, place.radius)
    alpha = _on(view.alpha, shape, window)
    under, under_alpha = body.draw_body(person, sitting, pose, (x, y), level, alpha, place.radius)
    pictures = [np.clip(under + (_on(layer, shape, window) - under) * alpha[..., None], 0, 1) for layer in layers]
    depth = np.clip(view.near + relief.PIVOT, 0, None) * view.alpha * place.radius
    eyes = []
    for sign in (-1, 1):
        a, b = measures.head(sign * relief.EYE_GAP, relief.EYE_LINE)
        surface = relief.at(head.skin, np.full((1, 1), a, np.float32), np.full((1, 1), b, np.float32))[0, 0]
        seen = pose.seen(a, b, float(surface))
        eyes += pose.pixel(place, float(seen[0]), float(seen[1]))
    u, v = measures.u(level[0]), measures.v(level[1])
    u[window], v[window] = view.u, view.v
    return Figure(
        rgb=pictures[0],
        closed=pictures[1],
        alpha=np.maximum(alpha, under_alpha).astype(np.float32),
        depth=cv2.GaussianBlur(_on(depth, shape, window), (0, 0), 0.05 * place.radius),
        face=_on(face * view.alpha, shape, window),
        u=u,
        v=v,
        eyes=(eyes[0], eyes[1], eyes[2], eyes[3]),
        box=_box(person, pose, measures, place),
        radius=place.radius,
        skin=people.SKIN[person.skin],
        light=people.LIGHTS[sitting.light],
        glasses=person.glasses != "none",
    )
