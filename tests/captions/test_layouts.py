from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.captions import layouts
from fasrepro.captions.layouts import LAYOUTS, Form, FormError
from fasrepro.captions.styles import STYLES, VERDICTS
from fasrepro.rows.captions import Verdict

# The tags of paper 2, each closed by its own; names hold spaces.
TAGS = ("Caption", "Facial Description", "Facial Attributes", "Reasoning", "Spoofing Description", "Conclusion")
TAGGED = Form("tagged", TAGS, VERDICTS)
PARTS = [f"What is seen in part {number}." for number in range(6)]
WHOLE = TAGGED.write(PARTS, Verdict.ATTACK)


def test_every_style_has_a_layout_that_fits_its_headings() -> None:
    for style in STYLES.values():
        assert style.layout in LAYOUTS
        assert bool(style.headings) == bool(LAYOUTS[style.layout].mark)


def test_a_tagged_text_has_one_closed_tag_per_part() -> None:
    assert WHOLE.split("\n")[1] == "<Facial Description>What is seen in part 1.</Facial Description>"
    assert WHOLE.endswith("<Conclusion>What is seen in part 5. This is a presentation attack.</Conclusion>")
    assert TAGGED.parse(WHOLE) == (PARTS, Verdict.ATTACK)


def test_a_tagged_text_may_have_other_case_and_breaks() -> None:
    text = WHOLE.replace("<Reasoning>", "<reasoning>\n").replace("\n<Conclusion>", "\n\n  <Conclusion>")
    assert TAGGED.parse(text) == (PARTS, Verdict.ATTACK)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (WHOLE.replace("</Reasoning>", ""), "format: missing Reasoning"),
        (WHOLE.replace("<Caption>", "<Captions>"), "format: missing Caption"),
        (f"Sure! {WHOLE}", "format: text outside the tags: 'Sure!'"),
        (f"{WHOLE} That is all.", "format: text outside the tags: 'That is all.'"),
        (WHOLE.replace("What is seen in part 2.", " "), "format: nothing under Facial Attributes"),
        ("\n".join(reversed(WHOLE.split("\n"))), "format: steps out of order or twice"),
        (f"{WHOLE}\n<Caption>Again.</Caption>", "format: steps out of order or twice"),
        (WHOLE.replace("This is a presentation attack.", ""), "no verdict: What is seen in part 5."),
        (WHOLE.replace("part 0", "part 0. This is a bona fide face"), "format: a verdict stands before the end"),
    ],
)
def test_a_malformed_tagged_text_is_refused_for_its_reason(text: str, message: str) -> None:
    with pytest.raises(FormError) as error:
        TAGGED.parse(text)
    assert str(error.value).startswith(message)


WORDS = st.text("ab.!?' ", min_size=1).map(str.split).filter(bool)


@given(st.sampled_from(sorted(LAYOUTS)), st.lists(WORDS, min_size=6, max_size=6))
def test_every_layout_reads_back_what_it_writes(layout: str, words: list[list[str]]) -> None:
    form = Form(layout, TAGS if LAYOUTS[layout].mark else (), VERDICTS)
    parts = [" ".join(part) for part in words][: max(1, len(form.titles))]
    parts = [f"x{part}x" for part in parts]  # nothing that is trimmed
    assert form.parse(form.write(parts, Verdict.BONA_FIDE)) == (parts, Verdict.BONA_FIDE)
    assert form.parse(form.text_of_json(form.write_json(parts, Verdict.ATTACK))) == (parts, Verdict.ATTACK)


def test_the_fields_of_a_json_answer_are_the_titles() -> None:
    assert list(TAGGED.schema()["properties"]) == [
        "caption",
        "facial_description",
        "facial_attributes",
        "reasoning",
        "spoofing_description",
        "conclusion",
        "verdict",
    ]


def test_a_text_is_marked_by_a_title_of_its_layout() -> None:
    assert TAGGED.is_marked("<Reasoning>Dots") and not TAGGED.is_marked("Reasoning: dots")
    assert STYLES["reasoning"].form.is_marked("Context: dots") and not STYLES["vanilla"].form.is_marked("Context: dots")


def test_another_number_of_parts_is_an_error() -> None:
    with pytest.raises(ValueError, match="layout tagged: 5 parts for 6"):
        TAGGED.write(PARTS[:5], Verdict.ATTACK)


def test_an_unknown_layout_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown layout 'taged'\. Did you mean 'tagged'"):
        Form("taged", TAGS).write(PARTS, Verdict.UNDECIDED)


def test_a_long_text_is_clipped_on_one_line() -> None:
    assert layouts.clip("one\ntwo " * 30, 12) == "one two o..."
