"""The sentences of the simulated annotator, written once it has decided what it sees: templates over a small vocabulary.

A tiny language model must learn these sentences in a few hundred steps, so there are few words, and several ways to join them.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from fractions import Fraction
from typing import TypeVar

from fasrepro import hashing, vocabulary
from fasrepro.captions.layouts import CONCLUSION, NO, YES
from fasrepro.captions.styles import Style
from fasrepro.rows.captions import Verdict

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Dice:
    """Choices that are pure functions of `parts` and the choice's name, so the same question always gets the same answer."""

    parts: tuple[object, ...]

    def chance(self, name: str, probability: float) -> bool:
        return hashing.unit_hash(*self.parts, name) < probability

    def pick(self, name: str, options: Sequence[T]) -> T:
        return options[int(hashing.unit_hash(*self.parts, name) * len(options))]


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What the annotator will write about: the cues it names, harmless look-alikes, the person, and its conclusion."""

    cues: tuple[str, ...]
    look_alikes: tuple[str, ...]
    attributes: dict[str, str]
    verdict: Verdict
    species: str  # that it was told or infers, in words; "" for a bona fide face


# The words of `Truth.attributes` (simulation/people.py) in a sentence; a word that is not here is used as it is.
LIGHT = {
    "left": "light from the left",
    "right": "light from the right",
    "above": "light from above",
    "front": "light from the front",
    "window": "soft daylight",
}
BACKGROUND = {
    "wall": "a {wall} wall",
    "curtain": "a {wall} curtain",
    "shelves": "a row of shelves",
    "doorway": "a doorway",
    "garden": "green leaves",
    "window": "a bright window",
    "tiles": "{wall} tiles",
    "bricks": "a brick wall",
}
# What an annotator that was not told the label takes an attack for, by the family of its cues.
INFERRED: dict[str, str] = {
    "print": "a printed photo",
    "replay": "a picture on a screen",
    "mask": "a mask over the face",
    "makeup": "heavy makeup that hides a face",
    "partial": "a false piece over a part of the face",
}

_PERSON = ("The picture shows {a person} with {who}", "We see {a person} with {who}", "Here is {a person} with {who}")
_SEEN = ("One can see {what}.", "The image shows {what}.", "I see {what} here.", "Here we see {what}.", "The picture has {what}.")
_LIVE_SKIN = (
    "The skin has natural texture and the shadows follow the nose and chin.",
    "Natural skin texture and soft shadows show real depth.",
    "The skin looks natural and the face has real depth.",
)
_ALSO_HARMLESS = ("I also see {what}, and that is harmless.", "The picture also has {what}, as any picture may.")
# Further sentences of a neutral caption, so that it has about as many tokens as a reasoning one: the attributes that a sentence
# needs, the sentence, and the sentence to use if the attribute is "none".
_ALSO_NEUTRAL: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("age",), "The person looks {age}.", ""),
    (("skin_tone",), "The skin of the face is {skin_tone}.", ""),
    (("eyes",), "The eyes are {eyes} and they are open.", ""),
    (("glasses",), "The person has {glasses} glasses before the eyes.", "There are no glasses before the eyes."),
    (("beard",), "The beard is {beard}.", "The person has no beard."),
    (("hair",), "The hair is {hair}.", "There is no hair on the head."),
    (("cover",), "On the head is {a cover}.", "There is nothing on the head."),
    (("expression", "pose"), "The face is {expression} and {pose}.", ""),
    (("clothes", "pattern"), "The clothes are {clothes} and {pattern}.", ""),
    (("light",), "The person is in {the light}.", ""),
    (("background",), "Behind the person one can see {the background}.", ""),
    (("quality",), "The picture is {quality}.", ""),
)
_FITS = ("This fits {species}.", "It looks like {species}.", "All this speaks for {species}.")
_LIVE_FITS = ("It looks like a live person in front of the camera.", "All this speaks for a live person.")
_WITHOUT_CUE = ("The face looks like a copy and not like a live person.", "Skin and light look made and have little depth.")
_NOTHING: dict[str, dict[Verdict, tuple[str, ...]]] = {  # a reasoning step that has no cue to name
    "artifacts": {
        Verdict.BONA_FIDE: (
            "No dots, no stripes and no paint lie over the skin.",
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


def a_(words: str) -> str:
    """Return a noun with "a" or "an"; a plural ("shelves") stays as it is."""
    if not words or (words.endswith("s") and not words.endswith("ss")):
        return words
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def person(attributes: dict[str, str], dice: Dice, whole: bool) -> str:
    """Describe a person by `Truth.attributes`, and if `whole` the light and the background; other attributes are omitted."""
    text = dice.pick("person", _PERSON).replace("{a person}", someone(attributes)).format(who=looks(attributes))
    return f"{text}{surroundings(attributes)}." if whole else f"{text}."


def someone(attributes: dict[str, str]) -> str:
    """Return the noun for a person, with what is known of their age."""
    return a_(f"{attributes.get('age', '')} person".strip())


def looks(attributes: dict[str, str]) -> str:
    """Return skin, hair and what is worn, as a list of nouns."""
    who = []
    if "skin_tone" in attributes:
        who.append(f"{attributes['skin_tone']} skin")
    if "hair" in attributes:
        who.append("a shaved head" if attributes["hair"] == "none" else f"{attributes['hair']} hair")
    if attributes.get("cover", "none") != "none":
        who.append(a_(attributes["cover"]))
    if attributes.get("glasses", "none") != "none":
        who.append(f"{attributes['glasses']} glasses")
    return join(who) if who else "an open face"


def surroundings(attributes: dict[str, str]) -> str:
    """Return the words for light and background that follow a person; "" where neither is known."""
    light = f" in {_light(attributes)}" if attributes.get("light") else ""
    return f"{light} before {_background(attributes)}" if attributes.get("background") else light


def _light(attributes: dict[str, str]) -> str:
    light = attributes.get("light", "")
    return LIGHT.get(light, f"{light} light")


def _background(attributes: dict[str, str]) -> str:
    background = attributes.get("background", "")
    return BACKGROUND.get(background, a_(background)).replace("{wall}", attributes.get("wall", "plain"))


def attributes_of(text: str) -> dict[str, str]:
    """Read `Truth.attributes`; values become words, whatever their JSON type. Empty ones are omitted."""
    values = {str(key): " ".join(str(value).lower().split()) for key, value in json.loads(text or "{}").items()}
    return {key: value for key, value in values.items() if value}


def infer_species(names: Sequence[str]) -> str:
    """Return what an annotator that was not told the label would take the named cues for, in words.

    Each cue divides one vote among those of its species that stand in `vocabulary.FIRST_SPECIES`, so that species added later
    change no caption. The family with most votes wins; of equal ones, the first in `vocabulary.FAMILIES`.
    """
    votes = dict.fromkeys(vocabulary.FAMILIES, Fraction(0))
    for name in names:
        species = [one for one in vocabulary.CUES[name].species if one in vocabulary.FIRST_SPECIES]
        for family, members in vocabulary.FAMILIES.items():
            votes[family] += Fraction(len([one for one in species if one in members]), len(species))
    return INFERRED[max(votes, key=votes.__getitem__)] if any(votes.values()) else "a copy of a face"


def vanilla(reading: Reading, dice: Dice) -> list[str]:
    """Return the one part of a vanilla caption: person, signs, conclusion."""
    sentences = [person(reading.attributes, dice, whole=False)]
    if reading.verdict == Verdict.ATTACK:
        sentences.append(seen(reading.cues, dice, "seen") or dice.pick("nothing", _WITHOUT_CUE))
        sentences.append(dice.pick("fits", _FITS).format(species=reading.species))
    else:
        sentences.append(dice.pick("skin", _LIVE_SKIN))
        sentences.append(_harmless(reading, dice) or dice.pick("fits", _LIVE_FITS))
    return [" ".join(sentences)]


def reasoning(reading: Reading, dice: Dice) -> list[str]:
    """Return the six parts of a reasoning caption: each cue under its step in `vocabulary.CUES`."""
    parts = []
    for step in vocabulary.STEPS:
        if step == "observation":
            parts.append(person(reading.attributes, dice, whole=True))
        elif step == "judgment":
            parts.append(_fits(reading, dice))
        else:
            harmless = _harmless(reading, dice) if step == "context" and reading.verdict == Verdict.BONA_FIDE else ""
            parts.append(f"{_step(step, reading, dice)} {harmless}".strip())
    return parts


def _step(step: str, reading: Reading, dice: Dice) -> str:
    """Return the sentence about the cues of one step of `vocabulary.STEPS`, or that there are none."""
    text = seen([name for name in reading.cues if vocabulary.CUES[name].step == step], dice, step)
    return text or dice.pick(step, _NOTHING[step][reading.verdict])


def _fits(reading: Reading, dice: Dice) -> str:
    if reading.verdict == Verdict.ATTACK:
        return dice.pick("fits", _FITS).format(species=reading.species)
    return dice.pick("fits", _LIVE_FITS)


def neutral(reading: Reading, dice: Dice) -> list[str]:
    """Return the one part of a neutral caption: person, scene and harmless things, without any sign of an attack."""
    words = reading.attributes
    phrases = {"a cover": a_(words.get("cover", "")), "the light": _light(words), "the background": _background(words)}
    sentences = [person(words, dice, whole=True)]
    for keys, template, without in _ALSO_NEUTRAL:
        if all(key in words for key in keys):
            sentence = without if "none" in (words[key] for key in keys) else template.format(**words, **phrases)
            sentences += [sentence] if sentence else []
    if reading.look_alikes:
        things = [dice.pick(f"harmless {name}", vocabulary.HARMLESS[name]) for name in reading.look_alikes]
        sentences.append(_ALSO_HARMLESS[1].format(what=join(things)))
    return [" ".join(sentences)]


def spoil(style: Style, text: str, dice: Dice) -> str:
    """Break a caption's format: drop the verdict or, if there are steps, swap two or drop one; tags break in more ways.

    A neutral caption mentions an attack instead.
    """
    if style.form.conclusion:
        return _spoil_tags(text, dice)
    if not style.concludes:
        return f"{text} I cannot tell whether this is a spoof."
    lines = text.split("\n")
    how = dice.pick("spoil", ("verdict", "swap", "drop") if style.headings else ("verdict",))
    if how == "swap":
        lines[1], lines[2] = lines[2], lines[1]
    elif how == "drop":
        del lines[3]
    else:
        lines[-1] = lines[-1].rsplit("This is", 1)[0].strip() + " So much for this image."
    return "\n".join(lines)


def _spoil_tags(text: str, dice: Dice) -> str:
    lines = text.split("\n")
    how = dice.pick("spoil", ("swap", "drop", "twice", "open", "outside", "both"))
    if how == "swap":
        lines[1], lines[2] = lines[2], lines[1]
    elif how == "drop":
        del lines[3]
    elif how == "twice":
        lines.insert(3, lines[3])
    elif how == "open":
        lines[1] = lines[1].rpartition("</")[0]
    elif how == "outside":
        lines.insert(0, "Here is what the picture shows.")
    else:
        lines[-1] = f"<{CONCLUSION}>{YES} {NO}</{CONCLUSION}>"
    return "\n".join(lines)


def spoil_json(style: Style, text: str, dice: Dice) -> str:
    """Break a JSON answer: cut it short, drop the verdict, or replace it. A neutral one mentions an attack instead."""
    answer, field = json.loads(text), style.form.verdict_field
    if not style.concludes:
        return json.dumps({field: f"{said} I cannot tell whether this is a spoof." for field, said in answer.items()})
    how = dice.pick("spoil", ("cut", "missing", "odd"))
    if how == "cut":
        return text[: len(text) // 2]
    del answer[field]
    return json.dumps(answer if how == "missing" else answer | {field: "So much for this image."}, ensure_ascii=False)


def seen(names: Sequence[str], dice: Dice, place: str) -> str:
    """Return the sentence that names some cues; "" for none."""
    return sentence_of([dice.pick(f"phrase {name}", vocabulary.CUES[name].phrasings) for name in names], dice, place)


def sentence_of(phrases: Sequence[str], dice: Dice, place: str) -> str:
    """Return the sentence that says that some things can be seen; "" for none. `place` names the choice of its words."""
    return dice.pick(f"template {place}", _SEEN).format(what=join(phrases)) if phrases else ""


def _harmless(reading: Reading, dice: Dice) -> str:
    if not reading.look_alikes:
        return ""
    phrases = [dice.pick(f"harmless {name}", vocabulary.HARMLESS[name]) for name in reading.look_alikes]
    return dice.pick("also", _ALSO_HARMLESS).format(what=join(phrases))
