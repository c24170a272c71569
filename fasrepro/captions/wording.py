"""What the simulated annotator says once it has decided what it sees: sentence templates over a small vocabulary.

A tiny language model must learn these sentences in a few hundred steps, so there are few words, and several ways to join them.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from typing import TypeVar

from fasrepro import cues, provenance
from fasrepro.captions.styles import Style
from fasrepro.records import Verdict

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Dice:
    """Choices that are pure functions of `parts` and the choice's name: the same question is always answered alike."""

    parts: tuple[object, ...]

    def chance(self, name: str, probability: float) -> bool:
        return provenance.unit_hash(*self.parts, name) < probability

    def pick(self, name: str, options: Sequence[T]) -> T:
        return options[int(provenance.unit_hash(*self.parts, name) * len(options))]


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What the annotator will write about: the cues it names, harmless look-alikes, the person, and what it concludes."""

    cues: tuple[str, ...]
    look_alikes: tuple[str, ...]
    attributes: dict[str, str]
    verdict: Verdict
    species: str  # told or inferred, in words; "" for a bona fide face


# A harmless thing that resembles a cue (synthetic/effects.py draws them), in words that name no cue.
HARMLESS: dict[str, tuple[str, ...]] = {
    "halftone": ("some dark freckles", "freckles on the skin"),
    "paper_border": ("a pale post behind the head", "a white door frame behind the head"),
    "flat_light": ("soft light from a cloudy sky", "very soft light from all sides"),
    "moire": ("a striped wall behind the head", "stripes on the wall"),
    "glare": ("a bright spot on skin or glasses", "a lamp that shines on the face"),
    "bezel": ("a dark post behind the head", "a dark door frame behind the head"),
}
# The words of `Truth.attributes` (synthetic/people.py) in a sentence; a word that is not here is said as it is.
LIGHT = {
    "left": "light from the left",
    "right": "light from the right",
    "above": "light from above",
    "front": "light from the front",
}
BACKGROUND = {
    "wall": "a {wall} wall",
    "curtain": "a {wall} curtain",
    "shelves": "a row of shelves",
    "doorway": "a doorway",
    "garden": "green leaves",
}
INFERRED = {cues.PRINTS: "a printed photo", cues.REPLAYS: "a picture on a screen"}

_PERSON = ("The picture shows a person with {who}", "We see a person with {who}", "A person with {who}", "Someone with {who}")
_SEEN = ("There is {what}.", "One can see {what}.", "The image shows {what}.", "I see {what} here.", "The signs are {what}.")
_LIVE_SKIN = (
    "The skin has natural texture and the shadows follow the nose and chin.",
    "Natural skin texture and soft shadows show real depth.",
    "The skin looks natural and the face has real depth.",
)
_ALSO_HARMLESS = ("There is also {what}, which is harmless.", "I also see {what}, which belongs to the scene.")
_FITS = ("This fits {species}.", "It looks like {species}.", "All this speaks for {species}.")
_LIVE_FITS = ("It looks like a live person in front of the camera.", "All this speaks for a live person.")
_WITHOUT_CUE = ("The face looks like a copy and not like a live person.", "Skin and light look recorded and have little depth.")
_NOTHING: dict[str, dict[Verdict, tuple[str, ...]]] = {  # a step of the reasoning without a cue to name
    "artifacts": {
        Verdict.BONA_FIDE: (
            "No dots, no stripes and no lines lie over the skin.",
            "The skin is free of print marks and of screen marks.",
        ),
        Verdict.ATTACK: ("No clear pattern lies over the skin here.", "The skin shows no clear marks of its own."),
    },
    "features": {
        Verdict.BONA_FIDE: (
            "Eyes, nose and mouth look natural, and the skin has fine texture.",
            "The skin has natural texture, and the eyes look alive.",
        ),
        Verdict.ATTACK: (
            "Eyes, nose and mouth look like a copy, and the skin has little texture.",
            "The skin has little natural texture, and the eyes look still.",
        ),
    },
    "lighting": {
        Verdict.BONA_FIDE: (
            "The shadows follow the nose and chin and show real depth.",
            "The light falls from one side, and the shadows fit the face.",
        ),
        Verdict.ATTACK: ("The light gives no clear sign for or against a copy.", "The shadows alone do not decide the question."),
    },
    "context": {
        Verdict.BONA_FIDE: (
            "Nothing around the face points to paper or to a device.",
            "The space around the face fits a person in a room.",
        ),
        Verdict.ATTACK: ("The space around the face gives no clear sign.", "Around the face there is little to see."),
    },
}

REFUSALS = (
    "I'm sorry, but I can't help with that.",
    "I can't analyze or describe people in images.",
    "Sorry, I am unable to assist with this request.",
)


def join(items: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def person(attributes: dict[str, str], dice: Dice, whole: bool) -> str:
    """Describe a person by the words of `Truth.attributes`, and if `whole` light and background; other keys are left out."""
    who = []
    if "skin_tone" in attributes:
        who.append(f"{attributes['skin_tone']} skin")
    if "hair" in attributes:
        who.append("a shaved head" if attributes["hair"] == "none" else f"{attributes['hair']} hair")
    if attributes.get("glasses", "none") != "none":
        who.append(f"{attributes['glasses']} glasses")
    text = dice.pick("person", _PERSON).format(who=join(who) if who else "an open face")
    light, background = attributes.get("light", ""), attributes.get("background", "")
    if whole and light:
        text += f" in {LIGHT.get(light, f'{light} light')}"
    if whole and background:
        text += f" before {BACKGROUND.get(background, background).format(wall=attributes.get('wall', 'plain'))}"
    return f"{text}."


def attributes_of(text: str) -> dict[str, str]:
    """Read `Truth.attributes`; values are words, whatever JSON type they had."""
    return {str(key): str(value).lower() for key, value in json.loads(text or "{}").items()}


def infer_species(names: Sequence[str]) -> str:
    """Return what an annotator that was not told would take the named cues for."""
    for species, words in INFERRED.items():
        if names and cues.CUES[names[0]].species == species:
            return words
    return "a copy of a face"


def vanilla(reading: Reading, dice: Dice) -> list[str]:
    """Return the one part of a vanilla caption: person, signs, conclusion."""
    sentences = [person(reading.attributes, dice, whole=False)]
    if reading.verdict == Verdict.ATTACK:
        sentences.append(_seen(reading.cues, dice, "seen") or dice.pick("nothing", _WITHOUT_CUE))
        sentences.append(dice.pick("fits", _FITS).format(species=reading.species))
    else:
        sentences.append(dice.pick("skin", _LIVE_SKIN))
        sentences.append(_harmless(reading, dice) or dice.pick("fits", _LIVE_FITS))
    return [" ".join(sentences)]


def reasoning(reading: Reading, dice: Dice) -> list[str]:
    """Return the six parts of a reasoning caption: each cue under the step that `cues.CUES` gives it."""
    parts = []
    for step in cues.STEPS:
        if step == "observation":
            parts.append(person(reading.attributes, dice, whole=True))
        elif step == "judgment":
            parts.append(
                dice.pick("fits", _FITS).format(species=reading.species)
                if reading.verdict == Verdict.ATTACK
                else dice.pick("fits", _LIVE_FITS)
            )
        else:
            text = _seen([name for name in reading.cues if cues.CUES[name].step == step], dice, step)
            text = text or dice.pick(step, _NOTHING[step][reading.verdict])
            harmless = _harmless(reading, dice) if step == "context" and reading.verdict == Verdict.BONA_FIDE else ""
            parts.append(f"{text} {harmless}".strip())
    return parts


WRITERS = {"vanilla": vanilla, "reasoning": reasoning}


def spoil(style: Style, text: str, dice: Dice) -> str:
    """Break a caption's format: the verdict missing or, where there are steps, two swapped or one left out."""
    lines = text.split("\n")
    how = dice.pick("spoil", ("verdict", "swap", "drop") if style.headings else ("verdict",))
    if how == "swap":
        lines[1], lines[2] = lines[2], lines[1]
    elif how == "drop":
        del lines[3]
    else:
        lines[-1] = lines[-1].rsplit("This is", 1)[0].strip() + " So much for this image."
    return "\n".join(lines)


def _seen(names: Sequence[str], dice: Dice, place: str) -> str:
    if not names:
        return ""
    phrases = [dice.pick(f"phrase {name}", cues.CUES[name].phrasings) for name in names]
    return dice.pick(f"template {place}", _SEEN).format(what=join(phrases))


def _harmless(reading: Reading, dice: Dice) -> str:
    if not reading.look_alikes:
        return ""
    phrases = [dice.pick(f"harmless {name}", HARMLESS[name]) for name in reading.look_alikes]
    return dice.pick("also", _ALSO_HARMLESS).format(what=join(phrases))
