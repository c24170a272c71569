from __future__ import annotations

import dataclasses
import json

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro import vocabulary
from fasrepro.captions import checks
from fasrepro.captions.styles import REFRAMINGS, STYLES, Style, style_of, with_own_prompt
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Label

WORDS = st.lists(
    st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=8), min_size=12, max_size=18
)


@given(
    st.sampled_from(sorted(STYLES)), st.lists(WORDS, min_size=6, max_size=6), st.sampled_from([Verdict.ATTACK, Verdict.BONA_FIDE])
)
def test_a_caption_is_read_back_and_clean_text_is_a_fixed_point(name: str, words: list[list[str]], verdict: Verdict) -> None:
    style = STYLES[name]
    parts = [" ".join(part) for part in words][: max(1, len(style.headings))]
    text = style.form.write(parts, verdict)
    try:
        clean, parsed = checks.parse(style, text)
    except checks.Rejected as rejected:  # words that happen to start like a refusal, or nothing but markup
        assert rejected.code in ("refusal", "format", "too short", "not neutral", "unknown tag")
        return
    assert parsed == (verdict if style.concludes else Verdict.UNDECIDED)
    assert checks.parse(style, clean) == (clean, parsed)
    assert [heading in clean for heading in style.headings] == [True] * len(style.headings)


def test_plain_words_are_read_back_unchanged() -> None:
    for style in STYLES.values():
        parts = [f"Part {number} has some quite plain words in it. " * 3 for number in range(max(1, len(style.headings)))]
        text = style.form.write([part.strip() for part in parts], Verdict.ATTACK)
        assert checks.parse(style, text) == (text, Verdict.ATTACK if style.concludes else Verdict.UNDECIDED)


@pytest.mark.parametrize("words", ["This is a spoof.", "It looks like a live person.", "A Bona Fide face.", "An attack."])
def test_a_neutral_caption_may_not_mention_attacks_or_live_persons(words: str) -> None:
    with pytest.raises(checks.Rejected, match="not neutral"):
        checks.parse(STYLES["neutral"], f"{'A person with brown hair looks ahead before a grey wall. ' * 3}{words}")


def test_the_six_steps_are_the_headings_in_order() -> None:
    assert STYLES["reasoning"].headings == tuple(vocabulary.STEPS.values())
    prompt = STYLES["reasoning"].blind_prompt()
    places = [prompt.index(heading) for heading in vocabulary.STEPS.values()]
    assert places == sorted(places)


@pytest.mark.parametrize("style", [style for style in STYLES.values() if style.may_know_label], ids=str)
def test_only_an_aware_prompt_names_label_and_species(style: object) -> None:
    for species, words in vocabulary.SPECIES.items():
        label = Label.BONA_FIDE if species == "bona_fide" else Label.ATTACK
        assert (
            f"known to be a {'bona fide face' if label is Label.BONA_FIDE else 'presentation attack'}: {words}."
            in style.aware_prompt(label, species)
        )
        assert words not in style.blind_prompt() and "known to be" not in style.blind_prompt()


def test_an_edited_prompt_has_another_version() -> None:
    neutral = STYLES["neutral"]
    assert neutral.prompt_version(False) != dataclasses.replace(neutral, task="Describe it.").prompt_version(False)
    assert STYLES["blind"].blind_prompt() == STYLES["reasoning"].blind_prompt()
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
def test_reframed_prompts_have_their_own_versions_and_keep_the_whole_prompt(style: Style) -> None:
    prompts = style.prompts(True, Label.ATTACK, "print")
    assert len({version for version, _ in prompts}) == len({prompt for _, prompt in prompts}) == 1 + len(REFRAMINGS)
    assert prompts[0][0] == style.prompt_version(style.may_know_label, "print")
    assert all(prompt.endswith(prompts[0][1]) and version.startswith(prompts[0][0]) for version, prompt in prompts)


@pytest.mark.parametrize("style", STYLES.values(), ids=str)
def test_a_json_answer_follows_its_schema(style: Style) -> None:
    parts = ["some words"] * max(1, len(style.headings))
    schema = style.form.schema()
    jsonschema.validate(json.loads(style.form.write_json(parts, Verdict.ATTACK)), schema)
    for field in schema["required"]:
        broken = json.loads(style.form.write_json(parts, Verdict.ATTACK))
        del broken[field]
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)
    assert (style.form.verdict_field in schema["required"]) == style.concludes


def test_an_unknown_style_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown style 'poem'\. Known: vanilla, reasoning"):
        style_of("poem")


@pytest.mark.parametrize("name", STYLES)
def test_a_model_trained_on_one_prompt_is_asked_nothing_else(name: str) -> None:
    style = with_own_prompt(STYLES[name], "Is it real?")
    ((version, prompt),) = style.prompts(True, Label.ATTACK, "print")
    assert (style.system(), prompt, style.may_know_label, style.headings) == ("", "Is it real?", False, STYLES[name].headings)
    assert version == style.prompt_version(True) == style.prompt_version(False) and version.startswith(f"{name}-")
    others = {STYLES[name].prompt_version(False), with_own_prompt(STYLES[name], "Is it not?").prompt_version(False)}
    assert version not in others and with_own_prompt(STYLES[name], "") == STYLES[name]
