"""Neutral captions of pictures of people, written from the words of `people.attributes`. They name no attack and no cue."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fasrepro.vocabulary import HARMLESS

_OPENINGS = (
    "A portrait of {} with",
    "The picture shows {} with",
    "{} with",
    "We see {} with",
)
_WHO = {
    "": ("a person", "someone"),
    "young": ("a young person", "someone young", "a person"),
    "middle-aged": ("a middle-aged person", "a person", "someone"),
    "old": ("an old person", "someone old", "a person"),
}
_BEARDS: dict[str, tuple[str, ...]] = {
    "stubble": ("some stubble",),
    "moustache": ("a moustache",),
    "full": ("a full beard", "a thick beard"),
}
_CLOTHES: dict[str, tuple[str, ...]] = {
    "plain": (", in {} clothes", ", dressed in {}", ", wearing {}"),
    "striped": (", in striped {} clothes", ", in a striped {} shirt", ", dressed in {}"),
    "collared": (", in a {} shirt", ", wearing a {} collar", ", dressed in {}"),
}
_BACKGROUNDS: dict[str, tuple[str, ...]] = {
    "wall": ("a plain {wall} wall", "a bare {wall} wall"),
    "shelves": ("a shelf full of books", "a row of shelves"),
    "curtain": ("a {wall} curtain", "a folded {wall} cloth"),
    "doorway": ("a doorway in a {wall} wall", "an open door and a {wall} wall"),
    "garden": ("a hedge of green leaves", "a blurred garden"),
    "window": ("a window in a {wall} wall", "a bright window and a {wall} wall"),
    "tiles": ("{wall} tiles", "a wall of {wall} tiles"),
    "bricks": ("a brick wall", "a wall of {wall} bricks"),
}
_LIGHTS: dict[str, tuple[str, ...]] = {
    "left": ("Light falls from the left", "The left side of the face is brighter"),
    "right": ("Light falls from the right", "The right side of the face is brighter"),
    "above": ("Light comes from above", "The forehead is brightest"),
    "front": ("Light comes from the front", "Both sides of the face are lit"),
    "window": ("Soft daylight falls from the side", "The daylight is soft"),
}


_ALSO = ("There is also {}", "One can also see {}", "Also there: {}")
_SHARPNESS = {"soft": ("soft", "a little blurred"), "sharp": ("sharp", "clear")}
_GRAIN = {"grainy": ("grainy", "noisy"), "smooth": ("smooth", "clean")}
_BRIGHTNESS = {"dark": ("dark", "dim"), "even": ("well lit", "evenly lit"), "bright": ("bright", "very light")}
_CAST = {"warm": ("warm", "reddish"), "cold": ("cold", "bluish"), "plain": ("plain", "natural")}


def _choice(rng: np.random.Generator, names: Iterable[str]) -> str:
    options = tuple(names)
    return options[int(rng.integers(len(options)))]


def _features(words: dict[str, str], rng: np.random.Generator) -> str:
    """Return the opening sentence without its full stop."""
    parts = [f"{words['skin_tone']} skin"] if "skin_tone" in words else ["an open face"]
    if "hair" in words:
        parts.append("a shaved head" if words["hair"] == "none" else f"{words['hair']} hair")
    if words.get("eyes") and rng.random() < 0.5:
        parts.append(f"{words['eyes']} eyes")
    if words.get("beard", "none") != "none":
        parts.append(_choice(rng, _BEARDS[words["beard"]]))
    if words.get("glasses", "none") != "none":
        parts.append(f"{words['glasses']} glasses")
    if words.get("cover", "none") != "none":
        parts.append(f"a {words['cover']}")
    parts = [parts[0], *rng.permutation(parts[1:]).tolist()]
    listed = " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
    opening = _choice(rng, _OPENINGS).format(_choice(rng, _WHO[words.get("age", "")]))
    return f"{opening[0].upper()}{opening[1:]} {listed}"


def describe(attributes: dict[str, str], seed: int) -> str:
    """Return a neutral caption of two to five sentences, a pure function of `attributes` and `seed`.

    Args:
        attributes: words about skin, age, hair, eyes, beard, glasses, head cover, expression, pose, clothes, light and
            background; about harmless things (names in `vocabulary.HARMLESS`, separated by blanks); and about the picture's
            quality.
        seed: of the choice of words and sentences.
    """
    rng = np.random.default_rng(seed)
    sentences = [_features(attributes, rng)]
    if "expression" in attributes:
        subject = _choice(rng, ("The person", "The face", "This person"))
        body = f"{subject} is {attributes['expression']} and {attributes['pose']}"
        if rng.random() < 0.6:
            body += _choice(rng, _CLOTHES[attributes.get("pattern", "plain")]).format(attributes["clothes"])
        sentences.append(body)
    behind = _choice(rng, _BACKGROUNDS[attributes["background"]]).format(wall=attributes["wall"])
    lit = _choice(rng, _LIGHTS[attributes["light"]])
    last = (f"{lit}, and behind is {behind}", f"Behind is {behind}", lit, f"Behind the person is {behind}. {lit}")
    sentences.append(
        last[0] if len(sentences) == 2 and rng.random() < 0.5 else _choice(rng, last[:3] if len(sentences) == 2 else last)
    )
    if names := attributes.get("harmless", "").split():
        things = [_choice(rng, HARMLESS[name]) for name in names]
        sentences.append(_choice(rng, _ALSO).format(" and ".join(things)))
    if "sharpness" in attributes:
        sentences.append(
            f"The picture is {_choice(rng, _SHARPNESS[attributes['sharpness']])}, {_choice(rng, _GRAIN[attributes['grain']])} and"
            f" {_choice(rng, _BRIGHTNESS[attributes['brightness']])}, its colours are {_choice(rng, _CAST[attributes['cast']])}"
        )
    return ". ".join(sentences) + "."
