"""A presentation as frames: a person before a camera, or a sheet or screen that shows one.

Layers are drawn once a video, then moved and blended for each frame. What was drawn is returned as the frames' truth.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from fasrepro.archives.layout import Presentation
from fasrepro.records import Label, Truth, face_id
from fasrepro.synthetic import attacks, cameras, drawing, effects, people, portraits
from fasrepro.synthetic.drawing import Array

NOISE_FIELDS = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Scene:
    """Everything a presentation is drawn from."""

    seed: int  # of the synthetic world
    frames: int
    width: int
    height: int
    look_alike_rate: float


@dataclasses.dataclass(slots=True)
class Recording:
    """A rendered presentation: its frames one by one, and what is known of each."""

    frames: Iterator[Array]  # uint8 RGB of (height, width, 3)
    quality: int
    boxes: dict[int, tuple[int, int, int, int]]  # frame -> x, y, width, height
    eyes: dict[int, tuple[int, int, int, int]]  # frame -> x, y of the eye at the left, then of the other
    truths: list[Truth]


def motion(rng: np.random.Generator, frames: int, middle: tuple[float, float], amplitude: float) -> Array:
    """Return a small sway as affine matrices of (frames, 2, 3): shifts up to about `amplitude` pixels, some turn and zoom."""
    time = np.arange(frames)[:, None]
    rates, phases = rng.uniform(0.03, 0.16, (1, 8)), rng.uniform(0, 2 * np.pi, (1, 8))
    waves = np.sin(time * rates + phases)
    pairs = waves[:, 0::2] * 0.65 + waves[:, 1::2] * 0.35
    turn, zoom = 0.008 * amplitude * pairs[:, 2], 1 + 0.004 * amplitude * pairs[:, 3]
    cos, sin = zoom * np.cos(turn), zoom * np.sin(turn)
    x, y = middle
    shift_x, shift_y = amplitude * pairs[:, 0], 0.7 * amplitude * pairs[:, 1]
    rows = [cos, -sin, x - cos * x + sin * y + shift_x, sin, cos, y - sin * x - cos * y + shift_y]
    return np.stack(rows, axis=1).reshape(frames, 2, 3).astype(np.float64)


def _moved(matrix: Array, region: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Return the upright box around a box that an affine matrix has moved."""
    x, y, w, h = region
    corners = np.array([[x, y, 1], [x + w, y, 1], [x, y + h, 1], [x + w, y + h, 1]]) @ matrix.T
    middle = corners.mean(axis=0)
    zoom = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    return (middle[0] - w * zoom / 2, middle[1] - h * zoom / 2, w * zoom, h * zoom)


def _whole(values: tuple[float, ...]) -> tuple[int, ...]:
    return tuple(round(float(value)) for value in values)


def _byte(picture: Array) -> Array:
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def _figure(
    who: people.Person | portraits.Sitter, where: people.Sitting, size: tuple[int, int], place: drawing.Place
) -> tuple[drawing.Figure, dict[str, str], bool]:
    """Return a person's figure, their words, and whether they wear glasses."""
    if isinstance(who, people.Person):
        return drawing.figure(who, where, *size, place), people.attributes(who, where), who.glasses != "none"
    portrait = portraits.read_portrait(who.images[where.seed % len(who.images)])
    return portraits.figure(portrait, *size, place), people.attributes(None, where), False


def _blinks(rng: np.random.Generator, frames: int) -> set[int]:
    start = int(rng.integers(0, frames))
    return set(range(start, min(start + 3, frames)))


def _blend(over: Array, alpha: Array, under: Array) -> Array:
    return cv2.blendLinear(over, under, alpha, 1 - alpha)


def _warp(picture: Array, matrix: Array, border: int = cv2.BORDER_REPLICATE) -> Array:
    return cv2.warpAffine(picture, matrix, picture.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=border)


def _live_frames(figure: drawing.Figure, behind: Array, sway: Array, blinks: set[int]) -> Iterator[Array]:
    opened, closed, under = _byte(figure.rgb), _byte(figure.closed), _byte(behind)
    for number, matrix in enumerate(sway):
        yield _blend(
            _warp(closed if number in blinks else opened, matrix), _warp(figure.alpha, matrix, cv2.BORDER_REPLICATE), under
        )


def _bend(sheet: effects.Sheet, rng: np.random.Generator) -> None:
    """Bend a printed photo around an upright axis: its sides recede and its rows curve."""
    height, width = sheet.alpha.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    x, w = sheet.box[0] + sheet.box[2] / 2, sheet.box[2]
    radius, bow = rng.uniform(1.9, 2.6) * w, rng.uniform(-0.30, 0.30) * w
    across = np.clip((columns - x) / radius, -0.95, 0.95).astype(np.float32)
    from_x, from_y = (x + radius * np.arcsin(across)).astype(np.float32), (rows - bow * across**2).astype(np.float32)
    for name in ("picture", "closed", "gain", "add", "alpha"):
        bent = cv2.remap(getattr(sheet, name), from_x, from_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        setattr(sheet, name, bent)


def _cut_eyes(sheet: effects.Sheet, figure: drawing.Figure, opened: Array, closed: Array) -> None:
    """Cut the eyes out of a photo: behind the holes are eyes that blink, in the shade of the paper."""
    height, width = sheet.alpha.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    size = 0.13 * figure.box[2]
    holes = np.zeros((height, width), np.float32)
    for x, y in (figure.eyes[:2], figure.eyes[2:]):
        holes = np.maximum(holes, np.clip((1 - ((columns - x) / size) ** 2 - ((rows - y) / (0.6 * size)) ** 2) * size / 2, 0, 1))
    rim = np.clip(4 * holes * (1 - holes), 0, 1)[..., None]
    for name, eyes in (("picture", opened), ("closed", closed)):
        mixed = getattr(sheet, name) * (1 - holes[..., None]) + 0.82 * eyes * holes[..., None]
        setattr(sheet, name, mixed * (1 - 0.5 * rim))
    sheet.gain += (1 - sheet.gain) * holes[..., None]


def _shown(sheet: effects.Sheet, picture: Array) -> Array:
    return _byte(picture * sheet.gain + sheet.add)


def _sheet_frames(
    sheet: effects.Sheet,
    figure: drawing.Figure,
    shown_behind: Array,
    moving: str,
    ways: tuple[Array, Array],
    behind: Array,
    blinks: set[int],
) -> Iterator[Array]:
    """Yield the frames of a sheet that moves by `ways[1]` and, for a video, shows a person who moves by `ways[0]`."""
    inner, outer = ways
    under = _byte(behind)
    still, shut = _shown(sheet, sheet.picture), _shown(sheet, sheet.closed)
    gain, add = (sheet.gain * 256).astype(np.float32), (sheet.add * 255).astype(np.float32)
    figures = _live_frames(figure, shown_behind, inner, blinks) if moving == "person" else None
    for number, matrix in enumerate(outer):
        if figures is not None:
            picture = cv2.multiply(next(figures), gain, scale=1 / 256, dtype=cv2.CV_32F)
            layer = cv2.add(picture, add, dtype=cv2.CV_8U)
        else:
            layer = shut if moving == "eyes" and number in blinks else still
        yield _blend(_warp(layer, matrix), _warp(sheet.alpha, matrix, cv2.BORDER_REPLICATE), under)


def render(shown: Presentation, who: people.Person | portraits.Sitter, scene: Scene) -> Recording:
    """Render one presentation of one person: a pure function of the scene's seed, the presentation and the person."""
    seed = people.seed_of(scene.seed, shown.id)
    rng = np.random.default_rng(seed)
    size = (scene.height, scene.width)
    unit = scene.height / 180
    place = drawing.Place(
        scene.width / 2 + rng.uniform(-18, 18) * unit, scene.height * 0.47 + rng.uniform(-5, 5) * unit, rng.uniform(40, 47) * unit
    )
    where = people.sitting(people.seed_of(seed, "sitting"))
    figure, words, glasses = _figure(who, where, size, place)
    behind = drawing.background(where, *size)
    inner = motion(rng, scene.frames, (place.x, place.y), rng.uniform(0.8, 2.2) * unit)
    outer = np.tile(np.eye(2, 3), (scene.frames, 1, 1))
    blinks = _blinks(rng, scene.frames)
    found: dict[str, tuple[float, list[effects.Region]]] = {}
    alike: list[str] = []
    if shown.label is Label.BONA_FIDE:
        if rng.random() < scene.look_alike_rate:
            alike = [list(effects.EFFECTS)[int(rng.integers(len(effects.EFFECTS)))]]
            figure, behind = effects.look_alike(alike[0], figure, behind, glasses, rng)
        frames = _live_frames(figure, behind, inner, blinks)
    else:
        moving = attacks.MOVING[shown.species]
        fixed = shown.instrument.startswith("fixed/")
        outer = motion(rng, scene.frames, (place.x, place.y), (0.3 if fixed else rng.uniform(0.8, 2.2)) * unit)
        alpha = figure.alpha[..., None]
        opened, closed = (behind + (picture - behind) * alpha for picture in (figure.rgb, figure.closed))
        low, high = attacks.PERIODS[shown.dataset]
        sheet = effects.Sheet.of(opened, closed, figure.box, rng.uniform(low, high) * unit)
        cues = attacks.draw_cues(shown.species, rng)
        for cue, draw in effects.EFFECTS.items():
            if cue in cues:
                found[cue] = (cues[cue], draw(sheet, cues[cue], rng))
        if moving == "eyes":
            _cut_eyes(sheet, figure, opened, closed)
        if shown.species == "warped_photo":
            _bend(sheet, rng)
        room = drawing.background(people.sitting(people.seed_of(seed, "room")), *size)
        frames = _sheet_frames(sheet, figure, behind, moving, (inner, outer), room, blinks)
        if moving != "person":
            inner = np.tile(np.eye(2, 3), (scene.frames, 1, 1))
    settings = cameras.draw(cameras.CAMERAS[shown.dataset], rng)
    bank = cameras.noise_bank(settings, *size, NOISE_FIELDS, rng)
    filmed = (cameras.film(frame, settings, bank[number % NOISE_FIELDS]) for number, frame in enumerate(frames))
    return _record(shown, filmed, settings.quality, figure, (inner, outer), found, alike, words)


def _record(
    shown: Presentation,
    frames: Iterator[Array],
    quality: int,
    figure: drawing.Figure,
    ways: tuple[Array, Array],
    found: dict[str, tuple[float, list[effects.Region]]],
    alike: list[str],
    words: dict[str, str],
) -> Recording:
    """Work out boxes, eyes and truth of each frame from the way everything moves."""
    recording = Recording(frames, quality, {}, {}, [])
    attributes = json.dumps(words, sort_keys=True)
    for number, (inner, outer) in enumerate(zip(*ways, strict=True)):
        recording.boxes[number] = _whole(_moved(outer, _moved(inner, figure.box)))  # type: ignore[assignment]
        points = []
        for x, y in (figure.eyes[:2], figure.eyes[2:]):
            points += list(outer @ (*(inner @ (x, y, 1)), 1))
        recording.eyes[number] = _whole(tuple(points))  # type: ignore[assignment]
        regions = tuple(";".join(" ".join(map(str, _whole(_moved(outer, box)))) for box in boxes) for _, boxes in found.values())
        recording.truths.append(
            Truth(
                face_id=face_id(shown.id, number),
                cues=tuple(found),
                strengths=tuple(strength for strength, _ in found.values()),
                regions=regions,
                look_alikes=tuple(alike),
                attributes=attributes,
            )
        )
    return recording


def neutral_portrait(
    seed: int, size: int, people_from: str = "procedural", folder: Path | None = None
) -> tuple[Array, dict[str, str]]:
    """Draw a bona fide face for the foundation: uint8 RGB of (size, size, 3), a tight crop, and its words.

    Person, sitting and camera come from seeds that no archive uses, the camera from a broad distribution of its own. With
    `people_from` "portraits" the people are the last ones of the folder of portraits (`folder`, or the usual one), which no
    archive shows.
    """
    base = people.seed_of("foundation", seed)
    rng = np.random.default_rng(base)
    where = people.sitting(people.seed_of(base, "sitting"))
    radius = rng.uniform(38, 48)
    wide, tall = round(radius * rng.uniform(1.95, 2.25)), round(radius * rng.uniform(2.25, 2.6))
    place = drawing.Place(wide / 2 + rng.uniform(-3, 3), tall * 0.43 + rng.uniform(-3, 3), radius)
    who: people.Person | portraits.Sitter = people.person(people.seed_of(base, "person"))
    if people_from == "portraits":
        reserved = portraits.sitters(folder or portraits.folder())[-portraits.FOUNDATION_PEOPLE :]
        who = reserved[seed % len(reserved)]
    figure, words, _ = _figure(who, where, (tall, wide), place)
    behind = drawing.background(where, tall, wide)
    picture = _byte(behind + (figure.rgb - behind) * figure.alpha[..., None])
    settings = cameras.draw(cameras.ANY, rng)
    picture = cameras.film(picture, settings, cameras.noise_bank(settings, tall, wide, 1, rng)[0])
    return cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA if size < wide else cv2.INTER_LINEAR), words
