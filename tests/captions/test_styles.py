from __future__ import annotations

import dataclasses
import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro import vocabulary
from fasrepro.captions import checks
from fasrepro.captions.styles import REFRAMINGS, STYLES, Style, style_of, worded
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Label

WORDS = st.lists(
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=8), min_size=12, max_size=18
)


@given(
    st.sampled_from(sorted(STYLES)), st.lists(WORDS, min_size=6, max_size=6), st.sampled_from([Verdict.ATTACK, Verdict.BONA_FIDE])
)
def test_what_is_formatted_is_read_back_and_clean_text_is_a_fixed_point(
    name: str, words: list[list[str]], verdict: Verdict
) -> None:
    style = STYLES[name]
    parts = [" ".join(part) for part in words][: max(1, len(style.headings))]
    text = style.format(parts, verdict)
    try:
        clean, found = checks.parse(style, text)
    except checks.Rejected as rejected:  # words that happen to begin like a refusal, or markup alone
        assert rejected.code in ("refusal", "format", "too short", "not neutral")
        return
    assert found == (verdict if style.concludes else Verdict.UNDECIDED)
    assert checks.parse(style, clean) == (clean, found)
    assert [heading in clean for heading in style.headings] == [True] * len(style.headings)


def test_plain_words_come_back_unchanged() -> None:
    for style in STYLES.values():
        parts = [f"Part {number} has some quite plain words in it. " * 3 for number in range(max(1, len(style.headings)))]
        text = style.format([part.strip() for part in parts], Verdict.ATTACK)
        assert checks.parse(style, text) == (text, Verdict.ATTACK if style.concludes else Verdict.UNDECIDED)


@pytest.mark.parametrize("words", ["This is a spoof.", "It looks like a live person.", "A Bona Fide face.", "An attack."])
def test_a_neutral_caption_that_speaks_of_attacks_or_of_none_is_refused(words: str) -> None:
    with pytest.raises(checks.Rejected, match="not neutral"):
        checks.parse(STYLES["neutral"], f"{'A person with brown hair looks ahead before a grey wall. ' * 3}{words}")


def test_the_six_steps_are_the_headings_in_order() -> None:
    assert STYLES["reasoning"].headings == tuple(vocabulary.STEPS.values())
    prompt = STYLES["reasoning"].blind()
    places = [prompt.index(heading) for heading in vocabulary.STEPS.values()]
    assert places == sorted(places)


@pytest.mark.parametrize("style", [style for style in STYLES.values() if style.told], ids=str)
def test_a_told_prompt_names_label_and_species_and_a_blind_one_neither(style: object) -> None:
    for species, words in vocabulary.SPECIES.items():
        label = Label.BONA_FIDE if species == "bona_fide" else Label.ATTACK
        assert (
            f"known to be a {'bona fide face' if label is Label.BONA_FIDE else 'presentation attack'}: {words}."
            in style.aware(label, species)
        )
        assert words not in style.blind() and "known to be" not in style.blind()


def test_an_edited_prompt_is_a_new_version() -> None:
    neutral = STYLES["neutral"]
    assert neutral.prompt_version(False) != dataclasses.replace(neutral, task="Describe it.").prompt_version(False)
    assert STYLES["blind"].blind() == STYLES["reasoning"].blind()
    style = STYLES["vanilla"]
    edited = dataclasses.replace(style, task=style.task + " Be brief.")
    versions = {
        style.prompt_version(True),
        style.prompt_version(False),
        edited.prompt_version(True),
        edited.prompt_version(False),
    }
    assert len(versions) == 4
    assert style.prompt_version(True) == dataclasses.replace(style).prompt_version(True)


@pytest.mark.parametrize("style", STYLES.values(), ids=str)
def test_variants_of_a_prompt_are_versions_of_their_own_and_hold_all_of_it(style: Style) -> None:
    asked = style.asked(True, Label.ATTACK, "print")
    assert len({version for version, _ in asked}) == len({prompt for _, prompt in asked}) == 1 + len(REFRAMINGS)
    assert asked[0][0] == style.prompt_version(style.told)
    assert all(prompt.endswith(asked[0][1]) and version.startswith(asked[0][0]) for version, prompt in asked)


@pytest.mark.parametrize("style", STYLES.values(), ids=str)
def test_an_answer_fits_its_schema(style: Style) -> None:
    parts = ["some words"] * max(1, len(style.headings))
    schema = style.schema()
    jsonschema.validate(json.loads(style.answer(parts, Verdict.ATTACK)), schema)
    for field in schema["required"]:
        broken = json.loads(style.answer(parts, Verdict.ATTACK))
        del broken[field]
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)
    assert ("verdict" in schema["required"]) == style.concludes


def test_an_unknown_style_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown style 'poem'\. Known: vanilla, reasoning"):
        style_of("poem")


@pytest.mark.parametrize("name", STYLES)
def test_a_model_that_was_trained_on_one_prompt_is_asked_nothing_else(name: str) -> None:
    style = worded(STYLES[name], "Is it real?")
    ((version, prompt),) = style.asked(True, Label.ATTACK, "print")
    assert (style.system(), prompt, style.told, style.headings) == ("", "Is it real?", False, STYLES[name].headings)
    assert version == style.prompt_version(True) == style.prompt_version(False) and version.startswith(f"{name}-")
    others = {STYLES[name].prompt_version(False), worded(STYLES[name], "Is it not?").prompt_version(False)}
    assert version not in others and worded(STYLES[name], "") == STYLES[name]
