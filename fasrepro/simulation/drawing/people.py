"""People of the synthetic archives: what stays the same over a person's videos, what a sitting changes, and both in words.

A person is a pure function of a seed and of a population. The foundation's seeds start from another word than those of the
archives, so that its people are in no archive.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np

from fasrepro.hashing import sha256_json

Colour = tuple[float, float, float]  # red, green, blue in [0, 1]

# The ten steps of the Monk scale (skintone.google, CC BY 4.0) in words that a caption may use, with the published colour.
MONK: dict[str, str] = {
    "very pale": "#f6ede4",
    "pale": "#f3e7db",
    "fair": "#f7ead0",
    "light beige": "#eadaba",
    "beige": "#d7bd96",
    "light brown": "#a07e56",
    "brown": "#825c43",
    "dark brown": "#604134",
    "very dark brown": "#3a312a",
    "black": "#292420",
}


def _living(flat: str) -> Colour:
    """Return a published colour as living skin: the swatches are flat paint, lighter and greyer than lit skin."""
    red, green, blue = (int(flat[at : at + 2], 16) / 255 for at in (1, 3, 5))
    level = (red + green + blue) / 3
    return (0.86 * red + 0.075, 0.71 * green + 0.075 * level + 0.025, 0.60 * blue + 0.110 * level + 0.015)


SKIN: dict[str, Colour] = {name: _living(flat) for name, flat in MONK.items()}
HAIR: dict[str, Colour] = {
    "black": (0.075, 0.068, 0.068),
    "dark brown": (0.17, 0.11, 0.075),
    "brown": (0.30, 0.195, 0.115),
    "auburn": (0.42, 0.18, 0.09),
    "blond": (0.70, 0.54, 0.30),
    "grey": (0.50, 0.49, 0.48),
    "white": (0.80, 0.79, 0.77),
}
DARK = ("black", "black", "dark brown")
LIGHTER = ("black", "dark brown", "brown", "auburn", "blond")
HAIR_OF: dict[str, tuple[str, ...]] = {  # hair by skin tone; with age, any may be grey or white
    **dict.fromkeys(("very pale", "pale", "fair"), LIGHTER),
    "light beige": ("black", "dark brown", "brown"),
    **dict.fromkeys(("beige", "light brown", "brown", "dark brown", "very dark brown", "black"), DARK),
}
STYLES = ("short", "cropped", "long", "swept", "curly", "tied back")  # or "none"
EYES: dict[str, Colour] = {
    "brown": (0.27, 0.16, 0.08),
    "dark brown": (0.15, 0.09, 0.06),
    "hazel": (0.38, 0.30, 0.15),
    "green": (0.32, 0.42, 0.25),
    "blue": (0.30, 0.45, 0.62),
    "grey": (0.45, 0.50, 0.53),
}
BEARDS = ("stubble", "moustache", "full")
COVERS = ("cap", "beanie", "headscarf", "turban", "hood")
HIDE_HAIR = ("headscarf", "turban")
CLOTHES: dict[str, Colour] = {
    "navy": (0.14, 0.18, 0.34),
    "red": (0.62, 0.15, 0.15),
    "green": (0.16, 0.38, 0.24),
    "cream": (0.85, 0.80, 0.68),
    "charcoal": (0.22, 0.22, 0.24),
    "purple": (0.38, 0.22, 0.46),
    "mustard": (0.74, 0.56, 0.16),
    "teal": (0.12, 0.42, 0.46),
    "white": (0.88, 0.88, 0.89),
    "pink": (0.80, 0.52, 0.57),
}
PATTERNS = ("plain", "striped", "collared")
WALLS: dict[str, Colour] = {
    "cream": (0.82, 0.77, 0.66),
    "grey": (0.62, 0.63, 0.65),
    "blue": (0.48, 0.58, 0.70),
    "green": (0.55, 0.64, 0.52),
    "brown": (0.50, 0.40, 0.31),
    "pink": (0.78, 0.62, 0.62),
    "white": (0.86, 0.86, 0.85),
    "yellow": (0.83, 0.73, 0.45),
}
BACKGROUNDS = ("wall", "shelves", "curtain", "doorway", "garden", "window", "tiles", "bricks")
LIGHTS: dict[str, tuple[float, float]] = {  # towards the viewer's right, upwards
    "left": (-0.80, 0.30),
    "right": (0.80, 0.30),
    "above": (0.05, 0.85),
    "front": (0.10, 0.20),
    "window": (-0.45, 0.15),
}
HARDNESS: dict[str, tuple[float, float]] = {  # the softest and the hardest a light can be
    "left": (0.35, 1.0),
    "right": (0.35, 1.0),
    "above": (0.35, 1.0),
    "front": (0.25, 0.9),
    "window": (0.10, 0.40),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Ranges:
    """A population: how frequent features are among its people, and how its faces differ from the first population's."""

    tones: tuple[float, ...]  # weights of the ten steps of MONK
    glasses: float  # these are shares of the people
    beard: float  # of those whose style and build allow one
    cover: float
    old: float  # the share above 60
    bald: float
    length: float = 0.0  # these are added to the measures of `Person`
    nose: float = 0.0
    eyes: float = 0.0
    lips: float = 0.0


PEOPLE: dict[str, Ranges] = {
    "a": Ranges((8, 10, 12, 12, 12, 12, 10, 9, 8, 7), glasses=0.28, beard=0.5, cover=0.12, old=0.25, bald=0.08),
    "b": Ranges(
        (3, 5, 8, 16, 20, 16, 12, 8, 7, 5), glasses=0.40, beard=0.3, cover=0.08, old=0.15, bald=0.05, eyes=-0.06, nose=0.06
    ),
    "c": Ranges(
        (4, 5, 6, 8, 10, 14, 16, 15, 12, 10), glasses=0.18, beard=0.6, cover=0.20, old=0.35, bald=0.12, length=0.03, lips=0.15
    ),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """What stays the same: colours and kinds as words, and measures of the face, lengths in units of half its width.

    `draw_person` holds the ranges of the measures. Measures without a length are factors around 1, or shares in [0, 1].
    """

    seed: int
    skin: str  # of SKIN
    hair: str  # of HAIR
    style: str  # of STYLES, or "none"
    eyes: str  # of EYES
    beard: str  # of BEARDS, or "none"
    glasses: str  # none, thin, thick
    cover: str  # of COVERS, or "none"
    cover_colour: str  # of CLOTHES
    width: float  # of the face, relative to its length
    jaw: float  # exponent of the outline's lower half: 1.9 pointed to 3.3 square
    chin: float  # the end of the chin
    cheekbone: float  # -1 to 1
    rugged: float  # 0 to 1: brow ridge and jaw's corners
    eye_gap: float  # from the middle of the face to that of an eye
    eye_size: float
    eye_tilt: float  # outer corners upwards
    eye_fold: float  # 0 a smooth lid to 1 a deep crease
    brow: float  # thickness
    brow_arch: float
    brow_tilt: float
    nose_width: float
    nose_length: float  # the end of the nose
    nose_height: float
    nose_bridge: float  # -1 saddle to 1 hooked
    mouth_width: float
    mouth_drop: float  # from the nose to the mouth
    lip: float
    hairline: float
    fringe: float  # how far the hair falls over the forehead
    age: float  # 0 to 1, about 18 to 80 years


@dataclasses.dataclass(frozen=True, slots=True)
class Sitting:
    """What differs from one recording to the next."""

    seed: int
    smile: float  # -1 to 1
    mouth: float  # 0 closed to 1 open
    brows: float  # -1 drawn down to 1 raised
    light: str  # of LIGHTS
    hardness: float  # 0 to 1, within the HARDNESS of the light
    background: str  # of BACKGROUNDS
    wall: str  # of WALLS
    clothes: str  # of CLOTHES
    pattern: str  # of PATTERNS
    tilt: float  # radians, clockwise in the picture
    turn: float  # -1 to 1: towards the left or the right of the picture, 20 degrees at most
    nod: float  # -1 to 1: up or down, 10 degrees at most


def seed_of(*parts: object) -> int:
    """Return a 64-bit seed that is a pure function of `parts`."""
    return int(sha256_json([str(part) for part in parts])[:16], 16)


def _choice(rng: np.random.Generator, names: Iterable[str]) -> str:
    options = tuple(names)
    return options[int(rng.integers(len(options)))]


def _hair_colour(rng: np.random.Generator, skin: str, age: float) -> str:
    young, draw = _choice(rng, HAIR_OF[skin]), rng.random()
    if draw > 1.7 * (age - 0.35):
        return young
    return "white" if age > 0.75 and draw < 0.35 else "grey"


def _beard_and_cover(rng: np.random.Generator, ranges: Ranges, rugged: float, style: str) -> tuple[str, str]:
    """Return a person's beard and head cover."""
    chance, beard = rng.random(), _choice(rng, BEARDS)
    bearded = chance < ranges.beard and rugged > 0.45 and style not in ("long", "tied back")
    covered, cover = rng.random() < ranges.cover, _choice(rng, COVERS)
    if cover == "headscarf" and (bearded or rugged > 0.5):
        cover = "turban" if bearded else "beanie"
    return beard if bearded else "none", cover if covered else "none"


def draw_person(seed: int, ranges: Ranges = PEOPLE["a"]) -> Person:
    """Return the person of a seed in a population."""
    rng = np.random.default_rng(seed)
    weights = np.asarray(ranges.tones, dtype=np.float64)
    skin = tuple(SKIN)[int(np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random(), side="right"))]
    age = rng.uniform(0.68, 1.0) if rng.random() < ranges.old else rng.uniform(0.0, 0.68)
    rugged = rng.random()
    styles = ("short", "cropped", "swept", "curly") if rugged > 0.5 else ("long", "tied back", "swept", "curly", "short", "long")
    style = _choice(rng, styles)
    if rng.random() < ranges.bald * (2 if rugged > 0.5 else 0):
        style = "none"
    beard, cover = _beard_and_cover(rng, ranges, rugged, style)
    light_eyes = skin in ("very pale", "pale", "fair")
    glasses_draw, rims = rng.random(), _choice(rng, ("thin", "thick"))
    nose = rng.uniform(0.40, 0.54)
    return Person(
        seed=seed,
        skin=skin,
        hair=_hair_colour(rng, skin, age),
        style=style,
        eyes=_choice(rng, EYES if light_eyes else ("brown", "dark brown", "dark brown")),
        beard=beard,
        glasses=rims if glasses_draw < ranges.glasses else "none",
        cover=cover,
        cover_colour=_choice(rng, CLOTHES),
        width=rng.uniform(0.90, 1.0),
        jaw=rng.uniform(1.9, 2.7) + 0.6 * rugged,
        chin=nose + rng.uniform(0.72, 0.90) + 0.04 * rugged + ranges.length,
        cheekbone=rng.uniform(-1.0, 1.0),
        rugged=rugged,
        eye_gap=rng.uniform(0.405, 0.460),
        eye_size=rng.uniform(0.85, 1.18) + ranges.eyes,
        eye_tilt=rng.uniform(-0.10, 0.16),
        eye_fold=rng.random(),
        brow=rng.uniform(0.55, 1.05) + 0.5 * rugged,
        brow_arch=rng.uniform(0.2, 1.0),
        brow_tilt=rng.uniform(-0.12, 0.12),
        nose_width=rng.uniform(0.78, 1.28) + ranges.nose,
        nose_length=nose,
        nose_height=rng.uniform(0.75, 1.25),
        nose_bridge=rng.uniform(-1.0, 1.0),
        mouth_width=rng.uniform(0.30, 0.43),
        mouth_drop=rng.uniform(0.25, 0.34),
        lip=rng.uniform(0.6, 1.5) - 0.2 * age + ranges.lips,
        hairline=rng.uniform(-0.90, -0.68) - 0.16 * age * rugged,
        fringe=max(rng.uniform(-0.25, 0.48), 0.0) if style in ("short", "long", "swept", "curly") else 0.0,
        age=age,
    )


def draw_sitting(seed: int) -> Sitting:
    """Return the sitting of a seed."""
    rng = np.random.default_rng(seed)
    return Sitting(
        seed=seed,
        smile=rng.uniform(-0.4, 1.0),
        mouth=max(rng.uniform(-1.5, 0.9), 0.0),
        brows=rng.uniform(-0.6, 0.8),
        light=_choice(rng, LIGHTS),
        hardness=rng.random(),
        background=_choice(rng, BACKGROUNDS),
        wall=_choice(rng, WALLS),
        clothes=_choice(rng, CLOTHES),
        pattern=_choice(rng, PATTERNS),
        tilt=rng.uniform(-0.12, 0.12),
        turn=rng.uniform(-0.9, 0.9),
        nod=rng.uniform(-0.8, 0.8),
    )


def _expression(sitting: Sitting) -> str:
    if sitting.mouth > 0.3:
        return "laughing" if sitting.smile > 0.45 else "speaking"
    return "smiling" if sitting.smile > 0.55 else "slightly smiling" if sitting.smile > 0.15 else "calm"


def attributes(person: Person | None, sitting: Sitting) -> dict[str, str]:
    """Return the picture in words. There are none about the person of a portrait (None), and none about hair that is covered."""
    turn = "left" if sitting.turn < -0.35 else "right" if sitting.turn > 0.35 else ""
    words = {"light": sitting.light, "background": sitting.background, "wall": sitting.wall}
    if person is None:
        return words
    hair = {"hair": "none" if person.style == "none" else f"{person.style} {person.hair}"}
    return {
        **words,
        **({} if person.cover in HIDE_HAIR else hair),
        "skin_tone": person.skin,
        "monk": str(list(MONK).index(person.skin) + 1),
        "age": "young" if person.age < 0.34 else "middle-aged" if person.age < 0.68 else "old",
        "eyes": person.eyes,
        "beard": person.beard,
        "glasses": person.glasses,
        "cover": "none" if person.cover == "none" else f"{person.cover_colour} {person.cover}",
        "expression": _expression(sitting),
        "clothes": sitting.clothes,
        "pattern": sitting.pattern,
        "pose": f"turned to the {turn}" if turn else "looking ahead",
    }
