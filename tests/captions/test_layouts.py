from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.captions import layouts
from fasrepro.captions.layouts import LAYOUTS, TAG_FAULTS, TAGS, Form, FormError, tagged_form
from fasrepro.captions.styles import STYLES, VERDICTS
from fasrepro.rows.captions import Verdict

FORM = tagged_form(Verdict.BONA_FIDE)
PARTS = [f"What is seen in part {number}." for number in range(5)]
WHOLE = FORM.write(PARTS, Verdict.ATTACK)


def test_every_style_has_a_layout_that_fits_its_headings() -> None:
    for style in STYLES.values():
        assert style.layout in LAYOUTS
        assert bool(style.headings) == bool(LAYOUTS[style.layout].mark)


def test_a_tagged_text_has_one_closed_tag_per_part() -> None:
    assert WHOLE.split("\n")[1] == "<Facial Description>What is seen in part 1.</Facial Description>"
    assert WHOLE.endswith("<Conclusion>No</Conclusion>")
    assert FORM.parse(WHOLE) == (PARTS, Verdict.ATTACK)
    assert FORM.split(WHOLE) == [*PARTS, "No"]


def test_blanks_and_line_breaks_may_stand_around_tags_and_in_them() -> None:
    text = "  " + WHOLE.replace("<Reasoning>", "<Reasoning>\n").replace("\n<Conclusion>No", "\n\n  <Conclusion> No\n") + "\n"
    assert FORM.parse(text) == (PARTS, Verdict.ATTACK)


def test_a_sign_that_begins_no_tag_is_text() -> None:
    parts = ["a < b > c", "<3", "x <", "</ >", "< Reasoning>"]
    assert FORM.parse(FORM.write(parts, Verdict.BONA_FIDE)) == (parts, Verdict.BONA_FIDE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (" \n", "empty"),
        (WHOLE.replace("What is seen in part 2.", " "), "empty: <Facial Attributes>"),
        (WHOLE.replace("No", "**"), "empty: <Conclusion>"),
        ("A live person.", "missing tag: <Caption>, <Facial Description>, <Facial Attributes>, <Reasoning>, <Spoofing"),
        ("\n".join(WHOLE.split("\n")[1:]), "missing tag: <Caption>"),
        (WHOLE.replace("<Caption>", "", 1), "text outside tags: 'What is seen in part 0.'"),
        (WHOLE.replace("<Reasoning>What is seen in part 3.", ""), "missing tag: <Reasoning> before </Reasoning>"),
        (f"{WHOLE}\n<Caption>Again.</Caption>", "doubled tag: <Caption>"),
        (f"{WHOLE}\n{WHOLE}", "doubled tag: <Caption>"),
        (WHOLE.replace("part 0", "<Caption>part</Caption>"), "nested tag: <Caption> in <Caption>"),
        (WHOLE.replace("part 0", "<Reasoning>part</Reasoning>"), "nested tag: <Reasoning> in <Caption>"),
        (WHOLE.replace("No", "<Conclusion>No</Conclusion>"), "nested tag: <Conclusion> in <Conclusion>"),
        (WHOLE.replace("part 0", "part</Reasoning>"), "nested tag: </Reasoning> in <Caption>"),
        (WHOLE.replace("</Reasoning>", ""), "unclosed tag: <Reasoning> before <Spoofing Description>"),
        (WHOLE.removesuffix("</Conclusion>"), "unclosed tag: <Conclusion>"),
        (WHOLE.removesuffix("clusion>"), "unclosed tag: <Conclusion>"),
        (WHOLE.replace("<Caption>", "<Captions>"), "unknown tag: <Captions>"),
        (WHOLE.replace("<Reasoning>", "<reasoning>"), "unknown tag: <reasoning>"),
        (f"<think>Hm.</think>{WHOLE}", "unknown tag: <think>"),
        (f"{WHOLE}<|im_end|>", "unknown tag: <|im_end|>"),
        (WHOLE.replace("part 0", "<b>part</b>"), "unknown tag: <b>"),
        ("\n".join(reversed(WHOLE.split("\n"))), "tags out of order: Conclusion, Spoofing Description"),
        (f"Sure! {WHOLE}", "text outside tags: 'Sure!'"),
        (f"{WHOLE} That is all.", "text outside tags: 'That is all.'"),
        (f"{WHOLE}\n<Conclusion>Yes</Conclusion>", "two conclusions: <Conclusion>"),
        (f"{WHOLE}\n<Conclusion>No</Conclusion>", "two conclusions: <Conclusion>"),
        (WHOLE.replace("No", "Yes No"), "two conclusions: Yes No"),
        (WHOLE.replace("No", "Yes or No"), "two conclusions: Yes or No"),
        (WHOLE.replace("No", "no"), "no verdict: no"),
        (WHOLE.replace("No", "No."), "no verdict: No."),
        (WHOLE.replace("No", "It is an attack"), "no verdict: It is an attack"),
    ],
)
def test_a_malformed_tagged_text_is_refused_for_its_reason(text: str, message: str) -> None:
    with pytest.raises(FormError) as error:
        FORM.parse(text)
    assert str(error.value).startswith(message)
    assert error.value.code in (*TAG_FAULTS, "no verdict")


def test_every_reason_of_the_closed_list_has_an_example() -> None:
    """Read from the test above, so that a reason without an example is seen."""
    (mark,) = [one for one in test_a_malformed_tagged_text_is_refused_for_its_reason.pytestmark if one.name == "parametrize"]
    assert {message.split(":")[0] for _, message in mark.args[1]} == {*TAG_FAULTS, "no verdict"}


@pytest.mark.parametrize("unit", ["<", "</", "<a", "<Caption>", "</Caption>", "<Caption>x</Caption>", "<Conclusion>", "> ", "x"])
def test_a_hostile_text_is_refused_without_going_over_it_again_and_again(unit: str) -> None:
    """Two hundred thousand in a row, in a tag and alone, which would take hours if time grew as their square, and no stack."""
    for text in (unit * 200_000, WHOLE.replace("part 0", unit * 200_000)):
        try:
            FORM.parse(text)
        except FormError as error:
            assert error.code in TAG_FAULTS
        layouts.without_tags(text, {"No": "An attack."})


MARKS = [f"<{slash}{title}>" for title in TAGS for slash in ("", "/")]
PIECES = st.lists(st.sampled_from([*MARKS, "Yes", "No", "dots", "<", ">", "</", " ", "\n"]), max_size=24).map("".join)


@given(PIECES)
def test_any_text_is_split_into_its_tags_or_refused_for_a_reason(text: str) -> None:
    try:
        parts, verdict = FORM.parse(text)
    except FormError as error:
        assert error.code in (*TAG_FAULTS, "no verdict")
        return
    assert FORM.parse(FORM.write(parts, verdict)) == (parts, verdict)


@given(
    st.lists(PIECES.map(layouts.squeeze).filter(bool), min_size=5, max_size=5),
    st.sampled_from(list(layouts.yes_or_no(Verdict.ATTACK))),
)
def test_what_is_written_is_read_back_unless_a_part_holds_a_tag(parts: list[str], verdict: Verdict) -> None:
    text = FORM.write(parts, verdict)
    if any(mark in part for mark in MARKS for part in parts):
        with pytest.raises(FormError):
            FORM.parse(text)
    else:
        assert FORM.parse(text) == (parts, verdict)


WORDS = st.text("ab.!?' ", min_size=1).map(str.split).filter(bool)
FORMS = {
    "prose": Form("prose", (), VERDICTS),
    "headed": Form("headed", TAGS, VERDICTS),
    "tagged": FORM,
}


@given(st.sampled_from(sorted(LAYOUTS)), st.lists(WORDS, min_size=6, max_size=6))
def test_every_layout_reads_back_what_it_writes(layout: str, words: list[list[str]]) -> None:
    form = FORMS[layout]
    parts = [" ".join(part) for part in words][: max(1, len(form.titles))]
    parts = [f"x{part}x" for part in parts]  # nothing that is trimmed
    assert form.parse(form.write(parts, Verdict.BONA_FIDE)) == (parts, Verdict.BONA_FIDE)
    assert form.parse(form.text_of_json(form.write_json(parts, Verdict.ATTACK))) == (parts, Verdict.ATTACK)


@pytest.mark.parametrize("yes", [Verdict.BONA_FIDE, Verdict.ATTACK])
@pytest.mark.parametrize("verdict", [Verdict.BONA_FIDE, Verdict.ATTACK])
def test_yes_means_what_the_form_says(yes: Verdict, verdict: Verdict) -> None:
    form = tagged_form(yes)
    text = form.write(PARTS, verdict)
    assert text.endswith(f"<Conclusion>{'Yes' if verdict is yes else 'No'}</Conclusion>")
    assert form.parse(text) == (PARTS, verdict)
    assert form.parse(form.text_of_json(form.write_json(PARTS, verdict))) == (PARTS, verdict)
    other = tagged_form(Verdict.ATTACK if yes is Verdict.BONA_FIDE else Verdict.BONA_FIDE)
    assert other.parse(text)[1] is not verdict


def test_yes_cannot_mean_undecided() -> None:
    with pytest.raises(ValueError, match="conclusion_yes: Yes means bona_fide or attack"):
        tagged_form(Verdict.UNDECIDED)


def test_the_verdict_of_a_json_answer_is_one_of_two_words() -> None:
    assert FORM.schema()["properties"]["conclusion"] == {"type": "string", "enum": ["Yes", "No"]}
    answer = json.loads(FORM.write_json(["The casino"] * 5, Verdict.ATTACK))
    assert FORM.parse(FORM.text_of_json(json.dumps(answer)))[0] == ["The casino"] * 5  # its "no" is no verdict
    with pytest.raises(FormError, match="no verdict: Perhaps"):
        FORM.text_of_json(json.dumps(answer | {"conclusion": "Perhaps"}))
    with pytest.raises(FormError, match="nested tag: <Caption> in <Reasoning>"):
        FORM.parse(FORM.text_of_json(json.dumps(answer | {"reasoning": "<Caption>Dots.</Caption>"})))


def test_the_one_conclusion_of_a_text_is_found_whatever_surrounds_it() -> None:
    assert layouts.only_conclusion("Well, <Conclusion>\nYes </Conclusion>, I think") == "Yes"
    for text in ("Yes", "</Conclusion>Yes<Conclusion>", "<Conclusion>Yes", WHOLE + WHOLE, WHOLE + "<Conclusion>"):
        assert layouts.only_conclusion(text) is None


def test_a_tagged_text_becomes_lines_with_its_verdict_in_words() -> None:
    sentences = {"Yes": "This is a bona fide face.", "No": "This is a presentation attack."}
    assert layouts.without_tags(WHOLE, sentences).split("\n") == [*PARTS, "This is a presentation attack."]
    cut = WHOLE.partition("</Spoofing")[0]
    assert layouts.without_tags(cut, sentences).split("\n") == PARTS
    both = layouts.without_tags(WHOLE + "<Conclusion>Yes</Conclusion>", sentences)
    assert not any(sentence in both for sentence in sentences.values())


def test_the_fields_of_a_json_answer_are_the_titles() -> None:
    assert list(FORM.schema()["properties"]) == [
        "caption",
        "facial_description",
        "facial_attributes",
        "reasoning",
        "spoofing_description",
        "conclusion",
    ]


def test_a_text_is_marked_by_a_title_of_its_layout() -> None:
    assert FORM.is_marked("<Conclusion>Yes") and not FORM.is_marked("Reasoning: dots")
    assert STYLES["reasoning"].form.is_marked("Context: dots") and not STYLES["vanilla"].form.is_marked("Context: dots")


def test_another_number_of_parts_is_an_error() -> None:
    with pytest.raises(ValueError, match="layout tagged: 4 parts for 5"):
        FORM.write(PARTS[:4], Verdict.ATTACK)


def test_an_unknown_layout_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown layout 'taged'\. Did you mean 'tagged'"):
        Form("taged", TAGS[:5]).write(PARTS, Verdict.UNDECIDED)


def test_a_long_text_is_clipped_on_one_line() -> None:
    assert layouts.clip("one\ntwo " * 30, 12) == "one two o..."
