"""Stills without a face for the foundation: rooms, gardens and things, seen directly, on paper, or on a screen.

A backbone that was pretrained on the web has seen screens, magazines and posters, and has read of them in plain words. These
stills give the tiny one as much. None shows a person, so that no face is ever seen through a medium. No caption says whether
anybody is in front of the camera, and none shares a phrase with the captions that runs are trained on; tests hold both.

Two foundations share these pictures: `media`, whose captions name the medium and its texture, and `plain`, whose captions name
what the picture shows and nothing else.
"""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from fasrepro.simulation import cameras
from fasrepro.simulation.drawing import backgrounds, people
from fasrepro.simulation.drawing.layers import Array, Instrument, Sheet, bump, grid, mix, smooth
from fasrepro.simulation.effects import SHEET_EFFECTS

STRENGTHS = (0.35, 1.0)  # of an effect
EFFECTS = 4  # at most, beside the medium itself
MEDIA = ("none", "paper", "screen")
MEDIA_RATES = (0.24, 0.38, 0.38)
EFFECTS_OF = {
    "paper": ("flat_light", "narrow_gamut", "halftone", "glare", "paper_border", "curl", "hand_on_medium"),
    "screen": ("banding", "screen_tint", "pixel_grid", "moire", "refresh_lines", "glare", "bezel", "hand_on_medium"),
}
# Ways to say it, in the plain words of somebody who looks closely.
MEDIUM_WORDS = {
    "paper": ("printed on paper", "on a page of a magazine", "on a poster", "on a printed card"),
    "screen": ("on a screen", "shown by a monitor", "on a tablet", "on a television"),
}
EFFECT_WORDS = {
    "flat_light": ("the page is lit the same everywhere", "the shading of the print is nearly gone"),
    "narrow_gamut": ("the print is faded", "its inks are dull and its black is only grey"),
    "halftone": ("up close it is made of tiny points of ink", "little round ink spots cover it", "it is printed in small points"),
    "glare": ("a lamp shines back from it", "a patch of it mirrors a lamp", "light is thrown back by it"),
    "paper_border": ("the paper ends in a light margin", "a strip of blank paper runs along it"),
    "curl": ("the page is rolled a little", "the page does not lie flat"),
    "hand_on_medium": ("someone's fingertips lie on it", "it is held by a few fingers", "there are fingertips at its side"),
    "banding": ("smooth areas break up into flat patches", "soft shades turn into a few flat tones"),
    "screen_tint": ("its dark areas shine a little blue", "a cold shine lies over its darker side"),
    "pixel_grid": (
        "a fine grid of tiny squares covers it",
        "up close it is a mesh of tiny squares",
        "thin dark lines divide it finely",
    ),
    "moire": ("wavy bands of false colour run over it", "rainbow waves run over it", "it is crossed by coloured waves"),
    "refresh_lines": ("broad darker stripes lie across it", "broad dim stripes go from side to side"),
    "bezel": ("it has a dark plastic casing", "a dark casing ends it"),
}
SCENE_WORDS = {
    "wall": ("a bare {wall} wall", "a {wall} wall"),
    "shelves": ("shelves with books", "a shelf with many books"),
    "curtain": ("a {wall} curtain", "a hanging {wall} cloth"),
    "doorway": ("an open door", "a doorway"),
    "garden": ("a garden", "green leaves"),
    "window": ("a window", "a bright window"),
    "tiles": ("{wall} tiles", "a tiled {wall} wall"),
    "bricks": ("a brick wall", "{wall} bricks"),
}
OPENINGS = ("A picture of {}", "{}", "The picture shows {}", "We see {}")
CLOSE = ("Seen closely, {}", "{}", "Also, {}", "One notes that {}")
COLOURS = {
    "red": (0.72, 0.16, 0.14),
    "orange": (0.88, 0.52, 0.14),
    "yellow": (0.90, 0.80, 0.24),
    "green": (0.22, 0.55, 0.24),
    "blue": (0.18, 0.32, 0.70),
    "violet": (0.48, 0.26, 0.60),
    "white": (0.92, 0.92, 0.90),
    "black": (0.08, 0.08, 0.09),
    "brown": (0.42, 0.28, 0.18),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Still:
    """A picture, uint8 RGB of (size, size, 3), and its two captions."""

    picture: Array
    media_caption: str
    plain_caption: str


CAPTIONS: dict[str, Callable[[Still], str]] = {  # by foundation
    "media": operator.attrgetter("media_caption"),
    "plain": operator.attrgetter("plain_caption"),
}


def _ball(picture: Array, colour: Array, rng: np.random.Generator) -> None:
    """Draw a shaded ball."""
    rows, columns = grid(picture)
    height, width = picture.shape[:2]
    x, y, radius = rng.uniform(0.2, 0.8) * width, rng.uniform(0.3, 0.8) * height, rng.uniform(0.10, 0.24) * width
    u, v = (columns - x) / radius, (rows - y) / radius
    inside = np.clip((1 - np.hypot(u, v)) * radius + 0.5, 0, 1)
    shade = 0.55 + 0.45 * np.sqrt(np.clip(1 - u**2 - v**2, 0, 1)) + 0.5 * bump(u, v, -0.35, -0.4, 0.25, 0.25)
    mix(picture, colour * shade[..., None], inside)


def _box(picture: Array, colour: Array, rng: np.random.Generator) -> None:
    """Draw a box with a lighter top."""
    rows, columns = grid(picture)
    height, width = picture.shape[:2]
    left, wide = rng.uniform(0.05, 0.6) * width, rng.uniform(0.2, 0.4) * width
    top, tall = rng.uniform(0.35, 0.6) * height, rng.uniform(0.2, 0.4) * height
    inside = np.clip(np.minimum(columns - left, left + wide - columns) + 0.5, 0, 1)
    inside = inside * np.clip(np.minimum(rows - top, top + tall - rows) + 0.5, 0, 1)
    shade = np.where(rows < top + 0.2 * tall, 1.15, 0.85 - 0.2 * (columns - left) / wide)
    mix(picture, colour * shade[..., None], inside)


def _cup(picture: Array, colour: Array, rng: np.random.Generator) -> None:
    """Draw a cup: a rounded wall and a dark opening."""
    rows, columns = grid(picture)
    height, width = picture.shape[:2]
    x, half = rng.uniform(0.25, 0.75) * width, rng.uniform(0.09, 0.16) * width
    top, tall = rng.uniform(0.35, 0.55) * height, rng.uniform(0.22, 0.36) * height
    across = (columns - x) / half
    wall = np.clip((1 - np.abs(across)) * half + 0.5, 0, 1) * np.clip(np.minimum(rows - top, top + tall - rows) + 0.5, 0, 1)
    mix(picture, colour * (0.55 + 0.5 * np.sqrt(np.clip(1 - across**2, 0, 1)))[..., None], wall)
    opening = np.clip((1 - np.hypot(across, (rows - top) / (0.22 * half))) * 0.22 * half + 0.5, 0, 1)
    mix(picture, colour * 0.35, opening)


def _leaf(picture: Array, colour: Array, rng: np.random.Generator) -> None:
    """Draw a pointed leaf with its rib."""
    rows, columns = grid(picture)
    height, width = picture.shape[:2]
    x, y, turn = rng.uniform(0.25, 0.75) * width, rng.uniform(0.3, 0.7) * height, rng.uniform(0, np.pi)
    long, thin = rng.uniform(0.18, 0.34) * width, rng.uniform(0.35, 0.55)
    along = ((columns - x) * np.cos(turn) + (rows - y) * np.sin(turn)) / long
    across = ((rows - y) * np.cos(turn) - (columns - x) * np.sin(turn)) / long
    edge = thin * np.clip(1 - along**2, 0, 1)
    inside = np.clip((edge - np.abs(across)) * long + 0.5, 0, 1) * (np.abs(along) < 1)
    rib = 0.8 + 0.25 * smooth(np.abs(across) * long, 0.5, 2.0) + 0.1 * np.sign(across)
    mix(picture, colour * rib[..., None], inside)


def _stripes(picture: Array, colour: Array, rng: np.random.Generator) -> None:
    """Draw a striped cloth over a part."""
    rows, columns = grid(picture)
    height, width = picture.shape[:2]
    turn, period = rng.uniform(0, np.pi), rng.uniform(0.05, 0.14) * width
    phase = (columns * np.cos(turn) + rows * np.sin(turn)) * 2 * np.pi / period
    level = rng.uniform(0.45, 0.75) * height
    inside = np.clip((rows - level) / 2 + 0.5, 0, 1)
    mix(picture, colour * (0.8 + 0.35 * smooth(np.cos(phase), -0.3, 0.3))[..., None], inside)


THINGS: dict[str, Callable[[Array, Array, np.random.Generator], None]] = {
    "ball": _ball,
    "box": _box,
    "cup": _cup,
    "leaf": _leaf,
    "striped cloth": _stripes,
}


def captioned_stills(seeds: Sequence[int], size: int) -> list[Still]:
    """Draw a still for each seed; `size`: of the picture's sides, in pixels."""
    cv2.setNumThreads(1)
    return [draw_still(seed, size) for seed in seeds]


def draw_still(seed: int, size: int) -> Still:
    """Draw one still and write its captions, a pure function of `seed` and `size`."""
    base = people.seed_of("still", seed)
    rng = np.random.default_rng(base)
    width = round(rng.uniform(84, 104))
    height = round(width * rng.uniform(1.05, 1.25))
    sitting = people.draw_sitting(people.seed_of(base, "sitting"))
    scene, shown = _scene(sitting, height, width, rng)
    medium = str(rng.choice(MEDIA, p=MEDIA_RATES))
    names: list[str] = []
    if medium != "none":
        room = backgrounds.background(people.draw_sitting(people.seed_of(base, "room")), height, width)
        names, scene = _on_medium(scene, room, medium, rng)
    picture = (np.clip(scene, 0, 1) * 255 + 0.5).astype(np.uint8)
    shot = cameras.draw(cameras.ANY, rng)
    picture = cameras.film(picture, shot, cameras.sensor(shot, height, width, 1, rng), 0)
    interpolation = cv2.INTER_AREA if size < width else cv2.INTER_LINEAR
    picture = cv2.resize(picture, (size, size), interpolation=interpolation)
    opening = _choice(rng, OPENINGS)
    plain = _sentence(opening.format(shown))
    media = plain
    if medium != "none":
        media = _sentence(opening.format(f"{shown}, {_choice(rng, MEDIUM_WORDS[medium])}"))
        media += "".join(f" {_sentence(_choice(rng, CLOSE).format(_choice(rng, EFFECT_WORDS[name])))}" for name in names)
    return Still(picture, media, plain)


def _scene(sitting: people.Sitting, height: int, width: int, rng: np.random.Generator) -> tuple[Array, str]:
    """Return a room or a garden with up to two things in it, and its words."""
    picture = backgrounds.background(sitting, height, width)
    attributes = people.attributes(None, sitting)
    shown = _choice(rng, SCENE_WORDS[attributes["background"]]).format(wall=attributes["wall"])
    things = []
    for name in rng.choice(list(THINGS), size=int(rng.integers(0, 3)), replace=False).tolist():
        colour = _choice(rng, tuple(COLOURS))
        THINGS[name](picture, np.asarray(COLOURS[colour], np.float32) * np.float32(rng.uniform(0.85, 1.1)), rng)
        things.append(f"{'an' if colour[0] in 'aeiou' else 'a'} {colour} {name}")
    return picture, f"{shown} with {' and '.join(things)}" if things else shown


def _on_medium(scene: Array, room: Array, medium: str, rng: np.random.Generator) -> tuple[list[str], Array]:
    """Return the effects that are drawn on a scene's medium, and what the camera sees of it in a room."""
    height, width = scene.shape[:2]
    wanted = rng.choice(EFFECTS_OF[medium], size=int(rng.integers(1, EFFECTS + 1)), replace=False).tolist()
    names = [name for name in SHEET_EFFECTS if name in wanted]
    instrument = Instrument(
        raster=rng.uniform(3.8, 6.4),
        pixels=rng.uniform(0.82, 1.18),
        paper=tuple(float(part) for part in rng.uniform(0.82, 0.97, 3)),
        device=tuple(float(part) for part in np.full(3, rng.uniform(0.03, 0.3))),
    )
    box = (0.06 * width, 0.06 * height, 0.88 * width, 0.88 * height)
    skin = tuple(float(part) for part in np.asarray((0.85, 0.63, 0.50)) * rng.uniform(0.4, 1.05))
    sheet = Sheet(
        picture=scene.astype(np.float32),
        closed=scene.astype(np.float32).copy(),
        gain=np.ones(scene.shape, np.float32),
        add=np.zeros(scene.shape, np.float32),
        alpha=np.ones(scene.shape[:2], np.float32),
        box=box,
        eyes=(0.0, 0.0, 0.0, 0.0),
        radius=box[2] / 2,
        skin=skin,
        instrument=instrument,
    )
    for name in names:
        SHEET_EFFECTS[name](sheet, float(rng.uniform(*STRENGTHS)), rng)
    seen = sheet.picture * sheet.gain + sheet.add
    return names, room + (seen - room) * sheet.alpha[..., None]


def _choice(rng: np.random.Generator, options: Sequence[str]) -> str:
    return options[int(rng.integers(len(options)))]


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
