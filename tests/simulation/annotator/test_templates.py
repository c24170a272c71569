"""The sentences of the simulated annotator: people, harmless things, inferred attacks, and lengths."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro import vocabulary
from fasrepro.captions import checks
from fasrepro.captions.styles import STYLES
from fasrepro.rows.captions import Verdict
from fasrepro.simulation import effects
from fasrepro.simulation.annotator import templates
from fasrepro.simulation.annotator.templates import Dice, Reading
from fasrepro.simulation.drawing import people

PERSON = {"skin_tone": "brown", "hair": "short black", "light": "left", "background": "wall", "wall": "grey", "glasses": "none"}


def described(whole: bool = True, **attributes: str) -> set[str]:
    """All ways to say it, without the opening."""
    texts = {templates.person(PERSON | attributes, Dice((number,)), whole) for number in range(30)}
    return {text.split(" with ", 1)[1] for text in texts}


def test_words_for_harmless_things_name_no_cue_and_no_species() -> None:
    assert set(vocabulary.HARMLESS) == set(vocabulary.CUES)
    for phrases in vocabulary.HARMLESS.values():
        assert len(set(phrases)) == len(phrases) >= 2
        for phrase in phrases:
            assert vocabulary.named_cues(phrase) == []
            assert not any(words in phrase for words in (*vocabulary.SPECIES.values(), *templates.INFERRED.values()))


def test_every_look_alike_has_words() -> None:
    assert set(effects.LOOK_ALIKES) <= set(vocabulary.HARMLESS)


def test_templates_and_species_name_no_cue() -> None:
    texts = [*vocabulary.SPECIES.values(), *templates.INFERRED.values(), *templates.REFUSALS]
    texts += [
        *templates._PERSON,
        *templates._SEEN,
        *templates._LIVE_SKIN,
        *templates._ALSO_HARMLESS,
        *templates._FITS,
        *templates._LIVE_FITS,
    ]
    texts += [*templates._WITHOUT_CUE, *(text for step in templates._NOTHING.values() for ways in step.values() for text in ways)]
    assert [text for text in texts if vocabulary.named_cues(text)] == []


def test_a_person_is_described_by_its_attributes() -> None:
    assert described() == {"brown skin and short black hair in light from the left before a grey wall."}
    assert described(whole=False, glasses="thin") == {"brown skin, short black hair and thin glasses."}
    assert described(whole=False, hair="none", cover="navy cap") == {"brown skin, a shaved head and a navy cap."}
    assert templates.person({}, Dice((1,)), True).endswith(" with an open face.")


def test_words_outside_the_tables_are_used_unchanged() -> None:
    shown = described(cover="orange beret", light="candle", background="shutters")
    assert shown == {"brown skin, short black hair and an orange beret in candle light before shutters."}
    assert described(background="archway") == {"brown skin and short black hair in light from the left before an archway."}
    ages = {
        templates.person({"age": word}, Dice((1,)), False).split(" with ")[0].split(" ", 2)[2] for word in ("old", "young", "")
    }
    assert {re.sub("^(is|see|picture shows) ", "", text) for text in ages} == {"an old person", "a young person", "a person"}


def test_every_drawn_person_is_described_in_one_sentence() -> None:
    for seed in range(200):
        words = templates.attributes_of(json.dumps(people.attributes(people.draw_person(seed), people.draw_sitting(seed))))
        text = templates.person(words, Dice((seed,)), True)
        assert re.fullmatch(r"[A-Z][a-z, -]+\.", text), text
        assert not re.search(r"\b(none|a [aeiou]\w+|an [^aeiou]\w+)\b", text), text


def test_attributes_become_words() -> None:
    assert templates.attributes_of('{"monk": 3, "hair": "Short  Black", "age": ""}') == {"monk": "3", "hair": "short black"}
    assert templates.attributes_of("") == {}


@pytest.mark.parametrize(
    ("names", "family"),
    [
        (("halftone",), "print"),  # 3 of its 7 species are prints, 3 partial attacks, 1 a mask: the first of equal ones
        (("halftone", "pasted_patch"), "partial"),
        (("halftone", "eye_hole_seam"), "mask"),
        (("glare",), "replay"),  # of three species two
        (("glare", "paper_border"), "print"),  # 1/3 + 1 against 2/3
        (("uniform_texture", "heavy_makeup"), "makeup"),
        (("uniform_texture", "waxy_skin"), "mask"),
        (("painted_eyes", "paper_glasses"), "partial"),
    ],
)
def test_an_attack_is_inferred_from_the_family_of_most_cues(names: tuple[str, ...], family: str) -> None:
    assert templates.infer_species(names) == templates.INFERRED[family]


def test_every_family_has_words_and_an_attack_without_cues_is_a_copy() -> None:
    assert set(templates.INFERRED) == set(vocabulary.FAMILIES)
    assert templates.infer_species(()) == "a copy of a face"


@given(
    st.integers(0, 10**6),
    st.sets(st.sampled_from(sorted(vocabulary.CUES)), min_size=1, max_size=8),
    st.sampled_from(sorted(set(vocabulary.SPECIES) - {"bona_fide"})),
)
def test_each_cue_is_named_once_under_its_own_step(die: int, names: set[str], species: str) -> None:
    named = tuple(name for name in vocabulary.CUES if name in names)
    reading = Reading(named, (), PERSON, Verdict.ATTACK, vocabulary.SPECIES[species])
    parts = dict(zip(vocabulary.STEPS, templates.reasoning(reading, Dice((die,))), strict=True))
    for step, text in parts.items():
        assert vocabulary.named_cues(text) == [name for name in named if vocabulary.CUES[name].step == step]
    style = STYLES["reasoning"]
    text = style.form.write(list(parts.values()), Verdict.ATTACK)
    assert checks.parse(style, text) == (text, Verdict.ATTACK)
    assert vocabulary.named_cues(templates.vanilla(reading, Dice((die,)))[0]) == list(named)


def test_captions_of_two_to_four_cues_are_short() -> None:
    """A tiny language model must learn them: the length of a reasoning caption and the size of its vocabulary are bounded."""
    lengths, words = [], set()
    names = list(vocabulary.CUES)
    for number in range(2000):
        dice = Dice(("length", number))
        named = {dice.pick(f"cue {place}", names) for place in range(2 + number % 3)}
        ordered = tuple(name for name in names if name in named)
        species = vocabulary.SPECIES[dice.pick("species", list(vocabulary.SPECIES)[1:])]
        attack = number % 3 > 0
        reading = (
            Reading(ordered, (), PERSON, Verdict.ATTACK, species)
            if attack
            else Reading((), (dice.pick("alike", names),), PERSON, Verdict.BONA_FIDE, "")
        )
        text = STYLES["reasoning"].form.write(templates.reasoning(reading, dice), reading.verdict)
        lengths.append(len(text.split()))
        words |= set(re.findall(r"[a-z'-]+", text.lower()))
    assert 70 <= sum(lengths) / len(lengths) <= 110
    assert max(lengths) <= 140
    assert len(words) <= 450
