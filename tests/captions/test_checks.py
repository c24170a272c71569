from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


NEUTRAL = STYLES["neutral"]
PLAIN = f"{BODY} {ATTACK}"
CALM = "A person with brown hair looks ahead before a grey wall in soft light. " * 2


@pytest.mark.parametrize("opening", ["[", '{"text": ', '[{"a": ', '{"a": ['])
def test_nested_brackets_are_rejected_and_break_nothing(opening: str) -> None:
    text = opening * 3000
    for style in (VANILLA, REASONING):
        with pytest.raises(checks.Rejected) as rejected:
            checks.accept(style, text[: style.max_words * checks.LONGEST_WORD], "stop", None)
        assert rejected.value.code == "format"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"<think>The label is attack, so I write that.</think> {PLAIN}", "markup"),
        (f"{PLAIN[:30]}<|im_end|>{PLAIN[30:]}", "markup"),
        (f"{BODY} [/INST] {ATTACK}", "markup"),
        (f"<s>{PLAIN}", "markup"),
        (f"<\uff5cbegin\u2581of\u2581sentence\uff5c>{PLAIN}", "markup"),
        (f"ASSISTANT: {PLAIN}", "markup"),
        (f"{BODY}\x00 {ATTACK}", "markup"),
        (f"{BODY}\x1b[0m {ATTACK}", "markup"),
        (f"{BODY}\u202e {ATTACK}", "markup"),
        (f"{BODY}\ufffd {ATTACK}", "markup"),
        (json.dumps({"text": f"{BODY}\x07", "verdict": ATTACK}), "markup"),
        (f"{'The skin has texture. ' * 5}{ATTACK}", "loop"),
        (f"The skin is very very very very very very very smooth here. {ATTACK}", "loop"),
        (f"The skin has natural texture and the shadow is {'a' * 60} here. {ATTACK}", "loop"),
        (f"Sure, here is the explanation. {PLAIN}", "chatter"),
        (f"Here's a short description of the image: {PLAIN}", "chatter"),
        (f"Caption: {PLAIN}", "chatter"),
        (json.dumps({"text": f"Certainly! {BODY}", "verdict": ATTACK}), "chatter"),
        (f"{BODY} Let me know if more is needed. {ATTACK}", "chatter"),
        (f"Lo siento, no puedo ayudar con esta imagen de una persona. {ATTACK}", "refusal"),
        (f"Es tut mir leid, aber dabei kann ich mit diesem Bild nicht helfen. {ATTACK}", "refusal"),
        (f"D\xe9sol\xe9, je ne peux pas juger cette personne sur la photo. {ATTACK}", "refusal"),
        (f"\u62b1\u6b49\uff0c\u6211 \u65e0 \u6cd5 \u5e2e \u52a9 \u60a8 \u3002 {ATTACK}", "refusal"),
        (f"{chr(0x43b) * 6} {chr(0x438) * 5} {chr(0x43f) * 7} {chr(0x430) * 4} {ATTACK}", "language"),
        (f"No image was attached, so this is a guess about a face. {ATTACK}", "no image"),
        (f"I don't see an image here, but such faces often look flat. {ATTACK}", "no image"),
        (f"It seems that the picture did not load, please upload the image again. {ATTACK}", "no image"),
    ],
)  # fmt: skip
def test_a_text_of_good_form_that_is_no_caption_is_rejected(text: str, code: str) -> None:
    with pytest.raises(checks.Rejected) as rejected:
        checks.accept(VANILLA, text, "stop", Label.ATTACK)
    assert rejected.value.code == code, rejected.value


@pytest.mark.parametrize(
    "text",
    [
        f"The caf\xe9 behind her is na\xefvely lit \u2013 and the cheek's edge is pale. {ATTACK}",
        f"The light on the skin is very, very even, and one cannot see the pores. {ATTACK}",
        f"The image shows a person in a room; there is no image noise, and the picture is not sharp. {ATTACK}",
        f"Here the edge of a sheet runs along the cheek, as a description of paper would have it. {ATTACK}",
        f"A sure sign is the moire; the dots repeat, again and again, over the cheek. {ATTACK}",
    ],
)
def test_a_caption_that_resembles_a_bad_reply_is_kept(text: str) -> None:
    assert checks.accept(VANILLA, text, "stop", Label.ATTACK) == (text, Verdict.ATTACK)


@pytest.mark.parametrize("reason", ["length", "max_tokens", "MAX_TOKENS", "model_length", "error", "abort", "timeout"])
def test_a_text_cut_for_any_reason_is_rejected(reason: str) -> None:
    with pytest.raises(checks.Rejected, match="cut off"):
        checks.accept(VANILLA, PLAIN, reason, None)


@pytest.mark.parametrize("reason", ["content_filter", "SAFETY", "refusal", "PROHIBITED_CONTENT", "blocklist"])
def test_a_text_that_rules_stopped_is_a_refusal(reason: str) -> None:
    with pytest.raises(checks.Rejected, match="refusal: content filter"):
        checks.accept(VANILLA, PLAIN, reason, None)


@pytest.mark.parametrize("reason", ["stop", "none", "eos", "end_turn", "STOP", "stop_sequence"])
def test_a_text_that_stops_in_mid_sentence_is_cut_off_whatever_the_server_says(reason: str) -> None:
    assert checks.accept(NEUTRAL, CALM, reason, None) == (CALM.strip(), Verdict.UNDECIDED)
    with pytest.raises(checks.Rejected, match=r"cut off: it ends with .*soft lig"):
        checks.accept(NEUTRAL, CALM.strip()[:-3], reason, None)


@pytest.mark.parametrize("unit", ["_", "*", " ", "\n", "_*", "# ", "```", "-", "a_", "{", ". ", "\t_"])
def test_no_reply_takes_long_to_judge(unit: str) -> None:
    """Twenty thousand underscores once took 49 s; what may pass the bounds takes less than one."""
    for length in (20_000, REASONING.max_words * checks.LONGEST_WORD - 600, 190):
        began = time.process_time()
        for style in (VANILLA, REASONING, NEUTRAL):
            with pytest.raises(checks.Rejected):
                checks.accept(style, "Context: x" + (unit * length)[:length] + "x", "stop", None)
        assert time.process_time() - began < 5


@given(st.text(max_size=300))
def test_a_reply_is_a_caption_or_rejected_and_nothing_else(text: str) -> None:
    for style in STYLES.values():
        try:
            clean, verdict = checks.accept(style, text, "stop", None)
        except checks.Rejected:
            continue
        assert checks.accept(style, clean, "stop", None) == (clean, verdict)
