from __future__ import annotations

import json

import pytest

from fasrepro import vocabulary
from fasrepro.captions import checks
from fasrepro.captions.styles import STYLES
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Label

VANILLA, REASONING = STYLES["vanilla"], STYLES["reasoning"]
BODY = "The skin has natural texture and the shadows follow the nose."
ATTACK = "This is a presentation attack."
BONA_FIDE = "This is a bona fide face."
STEPS = [f"{heading}: Some plain words about what can be seen here." for heading in vocabulary.STEPS.values()]
WHOLE = "\n".join([*STEPS[:-1], f"{STEPS[-1]} {ATTACK}"])


@pytest.mark.parametrize(
    ("style", "text", "code"),
    [
        (VANILLA, "", "empty"),
        (VANILLA, " \n\t", "empty"),
        (VANILLA, "I'm sorry, but I can't help with that.", "refusal"),
        (VANILLA, "I\u2019m sorry, I cannot analyse faces.", "refusal"),
        (VANILLA, "I am unable to identify people in images.", "refusal"),
        (VANILLA, "As an AI language model I do not judge faces.", "refusal"),
        (VANILLA, "Unfortunately, I can't do this.", "refusal"),
        (VANILLA, BODY, "no verdict"),
        (VANILLA, f"{BODY} This is not a presentation attack.", "no verdict"),
        (VANILLA, f"{BODY} {ATTACK} Or perhaps it is not.", "no verdict"),
        (VANILLA, f"{ATTACK} {BODY} {BONA_FIDE}", "format"),
        (VANILLA, f"Dots. {ATTACK}", "too short"),
        (VANILLA, f"{BODY * 20} {ATTACK}", "too long"),
        (REASONING, WHOLE.replace("Context:", "Surroundings:"), "format"),
        (REASONING, "\n".join([STEPS[1], STEPS[0], *STEPS[2:-1], f"{STEPS[-1]} {ATTACK}"]), "format"),
        (REASONING, f"{STEPS[0]}\n{WHOLE}", "format"),
        (REASONING, f"Sure, here you are:\n{WHOLE}", "format"),
        (REASONING, WHOLE.replace("Context: Some plain words about what can be seen here.", "Context:"), "format"),
        (REASONING, WHOLE.replace(ATTACK, ""), "no verdict"),
        (REASONING, "\n".join(f"{heading}: x" for heading in vocabulary.STEPS.values()) + f" {ATTACK}", "too short"),
        (REASONING, WHOLE.replace("Some", "many words " * 60), "too long"),
        (VANILLA, f"I am happy to describe the light, but I cannot identify the person in it or judge them. {ATTACK}", "refusal"),
        (VANILLA, f"A face in soft light; an analysis is not provided, due to content policies. {BONA_FIDE}", "refusal"),
        (
            REASONING,
            WHOLE.replace("Some plain words about what can be seen here.", "I'm not able to assess this face.", 4),
            "refusal",
        ),
        (REASONING, WHOLE.replace("Some plain", "As an AI, some plain", 1), "refusal"),
        (VANILLA, '{"text": "Wavy stripes run over', "format"),
        (VANILLA, '["a", "b"]', "format"),
        (VANILLA, json.dumps({"text": BODY}), "format"),
        (VANILLA, json.dumps({"text": BODY, "verdict": ATTACK, "confidence": "high"}), "format"),
        (VANILLA, json.dumps({"text": BODY, "verdict": True}), "format"),
        (VANILLA, json.dumps({"text": BODY, "verdict": "perhaps"}), "no verdict"),
        (VANILLA, json.dumps({"text": "", "verdict": ATTACK}), "empty"),
        (VANILLA, json.dumps({"text": "I'm unable to analyze this image.", "verdict": ATTACK}), "refusal"),
    ],
)
def test_an_unusable_reply_is_rejected_for_its_reason(style: object, text: str, code: str) -> None:
    with pytest.raises(checks.Rejected) as rejected:
        checks.parse(style, text)
    assert rejected.value.code == code


def test_refusing_words_inside_a_caption_are_no_refusal() -> None:
    text = f"One sees wavy stripes here, though I can't see a border of any kind. {ATTACK}"
    assert checks.parse(VANILLA, text) == (text, Verdict.ATTACK)


@pytest.mark.parametrize("wrap", ["{}", "```json\n{}\n```", " {} "])
def test_a_json_answer_gives_the_same_caption_as_text(wrap: str) -> None:
    for style, text in ((VANILLA, f"{BODY} {ATTACK}"), (REASONING, WHOLE)):
        parts = [part.split(": ", 1)[1] for part in STEPS] if style.headings else [BODY]
        for last in ("", f" {ATTACK}"):  # with or without the verdict at the end of the text, where the prompt asks for it
            answer = style.form.write_json([*parts[:-1], parts[-1] + last], Verdict.ATTACK)
            assert checks.parse(style, wrap.replace("{}", answer)) == (text, Verdict.ATTACK)
    neutral = STYLES["neutral"]
    body = "A person with brown hair looks ahead before a grey wall. " * 3
    assert checks.parse(neutral, neutral.form.write_json([body], Verdict.UNDECIDED)) == (body.strip(), Verdict.UNDECIDED)


def test_markdown_numbers_and_line_breaks_are_cleaned() -> None:
    marked = "\n\n".join(f"{number}. **{step.replace(':', ':**', 1)}" for number, step in enumerate(STEPS, 1))
    clean, verdict = checks.parse(REASONING, f"{marked}\n**This is a\npresentation attack.**\n")
    assert (clean, verdict) == (WHOLE, Verdict.ATTACK)
    assert checks.parse(REASONING, f"## {WHOLE}".replace("\n", "\r\n")) == (WHOLE, Verdict.ATTACK)


def test_a_reply_cut_off_by_its_limit_is_rejected() -> None:
    with pytest.raises(checks.Rejected, match="cut off"):
        checks.accept(VANILLA, f"{BODY} {ATTACK}", "length", None)
    with pytest.raises(checks.Rejected, match="refusal: content filter"):
        checks.accept(VANILLA, f"{BODY} {ATTACK}", "content_filter", None)


def test_only_an_annotator_that_was_told_the_label_must_agree_with_it() -> None:
    with pytest.raises(checks.Rejected) as rejected:
        checks.accept(VANILLA, f"{BODY} {ATTACK}", "stop", Label.BONA_FIDE)
    assert rejected.value.code == "contradicts the label"
    assert checks.accept(VANILLA, f"{BODY} {ATTACK}", "stop", Label.ATTACK)[1] == Verdict.ATTACK
    assert checks.accept(VANILLA, f"{BODY} {BONA_FIDE}", "stop", None)[1] == Verdict.BONA_FIDE


def test_a_text_with_steps_must_match_a_style_with_steps() -> None:
    """Running text would accept it, however malformed its steps are."""
    steps = [f"Here the picture shows what there is to be seen of step {number}, and no more than that." for number in range(6)]
    whole = REASONING.form.write(steps, Verdict.ATTACK)
    lines = whole.split("\n")
    short = "\n".join([*lines[:2], *lines[3:]])
    swapped = "\n".join([lines[0], lines[2], lines[1], *lines[3:]])
    running = VANILLA.form.write([steps[0]], Verdict.ATTACK)
    for text, styles, expected in (
        (whole, [VANILLA, REASONING], True),
        (running, [VANILLA, REASONING], True),
        (short, [VANILLA, REASONING], False),
        (swapped, [VANILLA, REASONING], False),
        (short, [REASONING], False),
        (whole, [REASONING], True),
        (running, [REASONING], False),
    ):
        assert checks.has_form(text, styles) is expected
