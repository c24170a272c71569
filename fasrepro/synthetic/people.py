"""People of the synthetic archives: what stays of a face over a person's videos, what a sitting changes, and both in words.

A person is a pure function of a seed. The foundation's seeds start from another word than the archives', so that its people
stand in no archive.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from fasrepro.provenance import sha256_json

Colour = tuple[float, float, float]  # red, green, blue in [0, 1]

SKIN: dict[str, Colour] = {
    "pale": (0.93, 0.78, 0.70),
    "fair": (0.87, 0.69, 0.58),
    "olive": (0.76, 0.58, 0.44),
    "tan": (0.68, 0.49, 0.36),
    "brown": (0.52, 0.35, 0.25),
    "dark brown": (0.36, 0.24, 0.18),
}
HAIR: dict[str, Colour] = {
    "black": (0.10, 0.09, 0.09),
    "dark brown": (0.22, 0.14, 0.09),
    "brown": (0.36, 0.23, 0.13),
    "auburn": (0.45, 0.20, 0.11),
    "blond": (0.74, 0.58, 0.33),
    "grey": (0.58, 0.57, 0.56),
}
# The hair that a skin tone goes with here; any may be grey.
DARK = ("black", "dark brown")
HAIR_OF: dict[str, tuple[str, ...]] = {
    "pale": ("dark brown", "brown", "auburn", "blond"),
    "fair": ("black", "dark brown", "brown", "auburn", "blond"),
    "olive": (*DARK, "brown"),
    "tan": (*DARK, "brown"),
    "brown": DARK,
    "dark brown": DARK,
}
STYLES = ("short", "cropped", "long", "swept")
EYES: dict[str, Colour] = {"brown": (0.27, 0.16, 0.08), "green": (0.32, 0.42, 0.25), "blue": (0.32, 0.45, 0.60)}
CLOTHES: dict[str, Colour] = {
    "navy": (0.14, 0.18, 0.34),
    "red": (0.62, 0.15, 0.15),
    "green": (0.16, 0.38, 0.24),
    "cream": (0.85, 0.80, 0.68),
    "charcoal": (0.22, 0.22, 0.24),
    "purple": (0.38, 0.22, 0.46),
    "mustard": (0.74, 0.56, 0.16),
    "teal": (0.12, 0.42, 0.46),
}
WALLS: dict[str, Colour] = {
    "cream": (0.82, 0.77, 0.66),
    "grey": (0.62, 0.63, 0.65),
    "blue": (0.48, 0.58, 0.70),
    "green": (0.55, 0.64, 0.52),
    "brown": (0.50, 0.40, 0.31),
    "pink": (0.78, 0.62, 0.62),
}
BACKGROUNDS = ("wall", "shelves", "curtain", "doorway", "garden")
LIGHTS: dict[str, tuple[float, float]] = {  # towards the viewer's right, upwards
    "left": (-0.75, 0.30),
    "right": (0.75, 0.30),
    "above": (0.05, 0.80),
    "front": (0.10, 0.15),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """What stays: colours as words, and the face's measures in units of half its width (ranges in `person`)."""

    seed: int
    skin: str
    hair: str
    style: str  # one of STYLES, or "none"
    eyes: str
    beard: str  # none, stubble, moustache, full
    glasses: str  # none, thin, thick
    jaw: float
    chin: float
    eye_gap: float
    eye_size: float
    brow: float
    nose_width: float
    nose_length: float
    mouth_width: float
    lip: float
    hairline: float
    age: float  # 0 to 1: the depth of the lines


@dataclasses.dataclass(frozen=True, slots=True)
class Sitting:
    """What changes from one recording to the next. Angles in radians, lengths in units of half the face's width."""

    seed: int
    smile: float  # -1 to 1
    light: str
    hardness: float  # 0 soft to 1 hard
    background: str
    wall: str
    clothes: str
    tilt: float
    turn: float  # -1 to 1: towards the left or the right of the picture


def seed_of(*parts: object) -> int:
    """Return a 64-bit seed that is a pure function of `parts`."""
    return int(sha256_json([str(part) for part in parts])[:16], 16)


def _choice(rng: np.random.Generator, names: object) -> str:
    options = tuple(names)  # type: ignore[call-overload]
    return options[int(rng.integers(len(options)))]


def person(seed: int) -> Person:
    """Return the person of a seed."""
    rng = np.random.default_rng(seed)
    skin = _choice(rng, SKIN)
    hair = "grey" if rng.random() < 0.15 else _choice(rng, HAIR_OF[skin])
    eyes = _choice(rng, EYES) if skin in ("pale", "fair") else "brown"
    style = _choice(rng, (*STYLES, *STYLES, "none"))
    bearded = rng.random() < 0.4 and style != "long"
    return Person(
        seed=seed,
        skin=skin,
        hair=hair,
        style=style,
        eyes=eyes,
        beard=_choice(rng, ("stubble", "moustache", "full")) if bearded else "none",
        glasses=_choice(rng, ("thin", "thick")) if rng.random() < 0.3 else "none",
        jaw=rng.uniform(1.8, 3.2),
        chin=rng.uniform(1.24, 1.40),
        eye_gap=rng.uniform(0.40, 0.45),
        eye_size=rng.uniform(0.88, 1.12),
        brow=rng.uniform(0.7, 1.5),
        nose_width=rng.uniform(0.80, 1.25),
        nose_length=rng.uniform(0.40, 0.52),
        mouth_width=rng.uniform(0.30, 0.42),
        lip=rng.uniform(0.7, 1.4),
        hairline=rng.uniform(-0.95, -0.70),
        age=rng.random(),
    )


def sitting(seed: int) -> Sitting:
    """Return the sitting of a seed."""
    rng = np.random.default_rng(seed)
    return Sitting(
        seed=seed,
        smile=rng.uniform(-0.4, 1.0),
        light=_choice(rng, LIGHTS),
        hardness=rng.uniform(0.35, 1.0),
        background=_choice(rng, BACKGROUNDS),
        wall=_choice(rng, WALLS),
        clothes=_choice(rng, CLOTHES),
        tilt=rng.uniform(-0.10, 0.10),
        turn=rng.uniform(-0.8, 0.8),
    )


def attributes(who: Person | None, where: Sitting) -> dict[str, str]:
    """Return the picture in words. A person of a portrait (None) has none of their own."""
    expression = "smiling" if where.smile > 0.55 else "slightly smiling" if where.smile > 0.15 else "calm"
    turn = "left" if where.turn < -0.35 else "right" if where.turn > 0.35 else ""
    words = {"light": where.light, "background": where.background, "wall": where.wall}
    if who is None:
        return words
    return {
        **words,
        "skin_tone": who.skin,
        "hair": "none" if who.style == "none" else f"{who.style} {who.hair}",
        "eyes": who.eyes,
        "beard": who.beard,
        "glasses": who.glasses,
        "expression": expression,
        "clothes": where.clothes,
        "pose": f"turned to the {turn}" if turn else "looking ahead",
    }


_OPENINGS = (
    "A portrait of a person with",
    "The picture shows someone with",
    "A person with",
    "We see a person with",
    "Someone with",
)
_BACKGROUND_WORDS: dict[str, tuple[str, ...]] = {
    "wall": ("a plain {wall} wall", "a bare {wall} wall"),
    "shelves": ("a shelf full of books", "a row of shelves"),
    "curtain": ("a {wall} curtain", "a folded {wall} cloth"),
    "doorway": ("a doorway in a {wall} wall", "an open door and a {wall} wall"),
    "garden": ("a hedge of green leaves", "a blurred garden"),
}
_LIGHT_WORDS: dict[str, tuple[str, ...]] = {
    "left": ("Light falls from the left", "The left side of the face is brighter"),
    "right": ("Light falls from the right", "The right side of the face is brighter"),
    "above": ("Light comes from above", "The forehead is brightest"),
    "front": ("Light comes from the front", "Both sides of the face are lit"),
}


def _features(words: dict[str, str], rng: np.random.Generator) -> str:
    """The opening sentence without its full stop."""
    parts = [f"{words['skin_tone']} skin"] if "skin_tone" in words else ["an open face"]
    if "hair" in words:
        parts.append("a shaved head" if words["hair"] == "none" else f"{words['hair']} hair")
    if words.get("eyes") and rng.random() < 0.5:
        parts.append(f"{words['eyes']} eyes")
    if words.get("beard", "none") != "none":
        beards = {"stubble": ("some stubble",), "moustache": ("a moustache",), "full": ("a full beard", "a thick beard")}
        parts.append(_choice(rng, beards[words["beard"]]))
    if words.get("glasses", "none") != "none":
        parts.append(f"{words['glasses']} glasses")
    parts = [parts[0], *rng.permutation(parts[1:]).tolist()]
    listed = " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
    return f"{_choice(rng, _OPENINGS)} {listed}"


def describe(attributes: dict[str, str], seed: int) -> str:
    """Return a neutral caption of two or three sentences that is a pure function of `attributes` and `seed`.

    It names what `attributes` holds of skin, hair, eyes, beard, glasses, expression, pose, clothes, light and background, and
    no word of an attack.
    """
    rng = np.random.default_rng(seed)
    sentences = [_features(attributes, rng)]
    if "expression" in attributes:
        subject = _choice(rng, ("The person", "The face", "This person"))
        body = f"{subject} is {attributes['expression']} and {attributes['pose']}"
        if rng.random() < 0.6:
            body += _choice(rng, (", in {} clothes", ", dressed in {}", ", wearing {}")).format(attributes["clothes"])
        sentences.append(body)
    behind = _choice(rng, _BACKGROUND_WORDS[attributes["background"]]).format(wall=attributes["wall"])
    lit = _choice(rng, _LIGHT_WORDS[attributes["light"]])
    last = (f"{lit}, and behind is {behind}", f"Behind is {behind}", lit, f"Behind the person is {behind}. {lit}")
    sentences.append(
        last[0] if len(sentences) == 2 and rng.random() < 0.5 else _choice(rng, last[:3] if len(sentences) == 2 else last)
    )
    return ". ".join(sentences) + "."
