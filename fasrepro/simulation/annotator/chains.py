"""The chains of thought of the simulated annotator: its captions in six tags, from the scene to the traces of an attack.

Form must not tell the label, or a model that is trained on chains can learn their length instead of the face. So where a chain
about an attack names cues, a chain about a live person names signs of life: one for each cue that the author looked for in vain.
Every tag has as many sentences for either, and sentences that name nothing are as long.
"""

from __future__ import annotations

from fasrepro import vocabulary
from fasrepro.rows.captions import Verdict
from fasrepro.simulation.annotator import templates
from fasrepro.simulation.annotator.templates import Dice, Reading

_SCENE = ("The picture shows {a person}", "We see {a person}", "Here is {a person}")
_FACE = ("The face has {who}.", "One can see {who}.", "The person has {who}.")
_EXPRESSION = ("The face is {expression} and {pose}.", "The person is {expression} and {pose}.")
_STILL = ("The face looks ahead.", "The person looks at the camera.")  # where nothing is known of expression and pose
# What a live person shows in place of a cue, by the cue's step in `vocabulary.CUES`; about as long as the phrasings of cues.
SIGNS_OF_LIFE: dict[str, tuple[str, ...]] = {
    "artifacts": (
        "clear skin with fine pores",
        "natural colours on both cheeks",
        "small hairs along the brows",
        "skin that is clear all over",
        "a fine and natural skin texture",
        "clear edges around the lips",
    ),
    "features": (
        "eyes that look at us alive",
        "soft lines around the mouth",
        "a mouth that rests with ease",
        "eyes with light in them",
        "a nose of natural shape",
        "lids that cover the eyes well",
    ),
    "lighting": (
        "shadows that follow the nose and chin",
        "soft shadows on one side",
        "light that falls as in a room",
        "shadows with real depth",
        "a soft shine on the forehead",
    ),
    "context": (
        "a room with real depth behind",
        "a neck and shoulders below the face",
        "clear space around the head",
        "clothes that fit the person well",
        "hair that falls as it should",
    ),
}
# A step that has neither a cue nor a sign to name. The two verdicts have sentences of the same lengths.
NOTHING: dict[str, dict[Verdict, tuple[str, ...]]] = {
    "artifacts": {
        Verdict.BONA_FIDE: ("No print marks lie over the skin here.", "The skin is free of marks of any kind."),
        Verdict.ATTACK: ("No clear pattern lies over the skin here.", "The skin shows no clear marks of its own."),
    },
    "features": {
        Verdict.BONA_FIDE: ("Eyes, nose and mouth look natural and alive.", "The skin has natural texture and fine pores."),
        Verdict.ATTACK: ("Eyes, nose and mouth look like a copy.", "The skin has little texture of its own."),
    },
    "lighting": {
        Verdict.BONA_FIDE: ("The light falls as in any room here.", "The shadows fit the nose and the chin."),
        Verdict.ATTACK: ("The light alone does not decide the question.", "The shadows give no clear sign of it."),
    },
    "context": {
        Verdict.BONA_FIDE: ("The space around the face is a room.", "Around the face there is nothing of note."),
        Verdict.ATTACK: ("The space around the face says little here.", "Around the face there is little to see."),
    },
}
# What else is in the picture, for either verdict.
_ALSO = ("The picture also has {what}, as any picture may.", "One can also see {what}, as in any picture.")
_NOTHING_ELSE = ("There is more in the picture, but nothing of note.", "The rest of the picture is as in any other.")
_FITS = ("This fits {whom}.", "It looks like {whom}.", "All this speaks for {whom}.")
LIVE_PERSON = (  # as long as the descriptions of attacks
    "a live person in front of the camera",
    "a live person who stands in a room",
    "a live person before us",
    "the natural face of a live person",
    "a live person with an open face",
)
FAMILIES = ("print", "replay", "mask")  # of which a live person is found free, as often each as in the set of paper 2
LOOKED_FOR = 0.45  # how often the author looks for a cue of a species: about as often as it names one of an attack


def chain(reading: Reading, dice: Dice) -> list[str]:
    """Return the five parts of a chain of thought before its conclusion.

    Every part has as many sentences for a live person as for an attack.
    """
    scene = dice.pick("scene", _SCENE).replace("{a person}", templates.someone(reading.attributes))
    is_known = {"expression", "pose"} <= reading.attributes.keys()
    expression = dice.pick("expression", _EXPRESSION if is_known else _STILL)
    signs = signs_of_life(dice) if reading.verdict == Verdict.BONA_FIDE else {}
    return [
        f"{scene}{templates.surroundings(reading.attributes)}.",
        dice.pick("face", _FACE).format(who=templates.looks(reading.attributes)),
        f"{expression.format(**reading.attributes)} {_step('features', reading, signs, dice)}",
        " ".join([_step("lighting", reading, signs, dice), _step("context", reading, signs, dice), _also(reading, dice)]),
        f"{_step('artifacts', reading, signs, dice)} {_fits(reading, dice)}",
    ]


def signs_of_life(dice: Dice) -> dict[str, list[str]]:
    """Return what a chain about a live person names, by step: a sign for each cue of one species that was looked for in vain."""
    species = dice.pick("not this species", vocabulary.FAMILIES[dice.pick("not this family", FAMILIES)])
    signs: dict[str, list[str]] = {}
    for cue in vocabulary.cues_of(species):
        if dice.chance(f"look for {cue}", LOOKED_FOR):
            step = vocabulary.CUES[cue].step
            left = [sign for sign in SIGNS_OF_LIFE[step] if sign not in signs.get(step, [])]
            signs.setdefault(step, []).append(dice.pick(f"in place of {cue}", left))
    return signs


def _step(step: str, reading: Reading, signs: dict[str, list[str]], dice: Dice) -> str:
    """Return the sentence about the cues, or the signs of life, of one step, or that there are none."""
    cues = [name for name in reading.cues if vocabulary.CUES[name].step == step]
    return (
        templates.seen(cues, dice, step)
        or templates.sentence_of(signs.get(step, []), dice, step)
        or dice.pick(step, NOTHING[step][reading.verdict])
    )


def _also(reading: Reading, dice: Dice) -> str:
    """Return the sentence about things that resemble a cue and are none, or that there are none."""
    if not reading.look_alikes:
        return dice.pick("nothing else", _NOTHING_ELSE)
    things = [dice.pick(f"harmless {name}", vocabulary.HARMLESS[name]) for name in reading.look_alikes]
    return dice.pick("also", _ALSO).format(what=templates.join(things))


def _fits(reading: Reading, dice: Dice) -> str:
    whom = reading.species if reading.verdict == Verdict.ATTACK else dice.pick("live person", LIVE_PERSON)
    return dice.pick("fits", _FITS).format(whom=whom)
