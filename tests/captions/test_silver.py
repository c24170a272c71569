"""What a caption model's texts become: captions, or refusals with a reason, and the figures on both."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from fasrepro.captions import silver
from fasrepro.captions.sets import Acceptance
from fasrepro.captions.silver import SilverError, Text, Writer
from fasrepro.captions.styles import STYLES
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face, Label

COT = STYLES["cot"]
BOTH = Acceptance()
WRITER = Writer("grpo-0", "abc", "Is it a real person?")
PARTS = [
    "A young person looks at the camera in front of a light wall.",
    "Smooth skin with brown hair and both eyes open.",
    "A neutral expression with the head upright and fine pores.",
    "A moire pattern over the face while light falls from the left.",
    "Wavy stripes of a screen are the trace that it leaves.",
]
BONA_FIDE, ATTACK = COT.form.write(PARTS, Verdict.BONA_FIDE), COT.form.write(PARTS, Verdict.ATTACK)


@pytest.fixture
def faces(world: Any) -> dict[str, Face]:
    """Two bona fide faces and two attacks."""
    chosen = [face for label in Label for face in [face for face in world.faces if face.label is label][:2]]
    return {face.face_id: face for face in chosen}


@pytest.fixture
def judged(faces: dict[str, Face]) -> Callable[..., Any]:
    """Judges one text a face, given in the order of the faces."""

    def judge(*texts: str, acceptance: Acceptance = BOTH, present: Any = None) -> Any:
        rows = [Text(face_id, text, 9, True) for face_id, text in zip(faces, texts, strict=True)]
        return silver.captions_of(rows, faces, COT, acceptance, WRITER, present=present)

    return judge


def test_a_text_is_accepted_by_form_and_label(judged: Callable[..., Any], faces: dict[str, Face]) -> None:
    captions, report = judged(BONA_FIDE, ATTACK, ATTACK, "A moire pattern.")
    first, _, third, _ = faces
    assert [(caption.face_id, caption.verdict) for caption in captions] == [(first, Verdict.BONA_FIDE), (third, Verdict.ATTACK)]
    assert {(caption.model, caption.label_aware, caption.attempts) for caption in captions} == {("grpo-0", False, 1)}
    funnel = report["funnel"]
    assert {name: funnel[name] for name in ("written", "finished", "parsed", "right", "accepted")} == {
        "written": 4,
        "finished": 4,
        "parsed": 3,
        "right": 2,
        "accepted": 2,
    }
    assert funnel["refused"] == {"contradicts the label": 1, "missing tag": 1}
    assert sum(group["written"] for group in funnel["species"].values()) == 4
    assert funnel["species"]["bona_fide"]["refused"] == {"contradicts the label": 1}


@pytest.mark.parametrize(
    ("acceptance", "accepted"),
    [
        (Acceptance(form=True, label=True), 2),
        (Acceptance(form=True, label=False), 3),
        (Acceptance(form=False, label=True), 2),
        (Acceptance(form=False, label=False), 4),
    ],
)
def test_both_filters_can_be_lifted(acceptance: Acceptance, accepted: int, judged: Callable[..., Any]) -> None:
    captions, report = judged(BONA_FIDE, ATTACK, ATTACK, "A moire pattern.", acceptance=acceptance)
    assert len(captions) == report["funnel"]["accepted"] == accepted
    assert report["funnel"]["right"] == 2  # said before any filter


def test_without_the_form_the_one_conclusion_counts(judged: Callable[..., Any], faces: dict[str, Face]) -> None:
    texts = ("Skin. <Conclusion>Yes</Conclusion>", "<Conclusion>Yes</Conclusion><Conclusion>No</Conclusion>", "", "No")
    captions, report = judged(*texts, acceptance=Acceptance(form=False, label=True))
    assert [(caption.face_id, caption.text) for caption in captions] == [(next(iter(faces)), texts[0])]
    assert report["funnel"]["refused"] == {"contradicts the label": 2, "empty": 1}


def test_a_text_that_was_cut_is_refused(faces: dict[str, Face]) -> None:
    texts = [Text(face_id, BONA_FIDE, 256, number > 0) for number, face_id in enumerate(faces)]
    captions, report = silver.captions_of(texts, faces, COT, Acceptance(label=False), WRITER)
    assert len(captions) == 3 and report["funnel"]["refused"] == {"cut off": 1} and report["funnel"]["finished"] == 3


def test_named_cues_are_compared_with_the_truth(judged: Callable[..., Any], faces: dict[str, Face]) -> None:
    first, second, third, fourth = faces
    present = {first: [], second: [], third: ["moire", "bezel"], fourth: ["glare"]}
    _, report = judged(BONA_FIDE, BONA_FIDE, ATTACK, ATTACK, present=present)
    # Each caption names the moire alone: right in one of four images; the bezel and the glare are missed.
    counts = {name: report["cues"][name] for name in ("right", "invented", "missed", "precision", "recall")}
    assert counts == {"right": 1, "invented": 3, "missed": 2, "precision": 0.25, "recall": round(1 / 3, 6)}
    bona_fide = report["cues"]["species"]["bona_fide"]
    assert (bona_fide["precision"], bona_fide["recall"]) == (0.0, None)


def test_a_model_that_writes_no_caption_is_an_error_with_counts_and_an_example(judged: Callable[..., Any]) -> None:
    with pytest.raises(SilverError) as error:
        judged("Dots dots.", ATTACK, "Dots.", BONA_FIDE)
    message = str(error.value)
    assert "grpo-0: none of its 4 texts is accepted (2 missing tag, 2 contradicts the label)" in message
    assert "'Dots dots.'" in message and "Nothing was written; train it on more captions" in message


def test_the_label_decides_which_texts_are_kept_and_nothing_that_they_say(faces: dict[str, Face]) -> None:
    texts = [
        Text(face_id, BONA_FIDE.replace("<Caption>", f"<Caption>Face {number}. "), 9, True)
        for number, face_id in enumerate(faces)
    ]
    kept, _ = silver.captions_of(texts, faces, COT, Acceptance(), WRITER)
    flipped = {
        face_id: dataclasses.replace(face, label=Label(1 - face.label), species="print" if face.label == 0 else "bona_fide")
        for face_id, face in faces.items()
    }
    others, _ = silver.captions_of(texts, flipped, COT, Acceptance(), WRITER)
    assert {row.face_id for row in kept} | {row.face_id for row in others} == set(faces)
    written = {text.face_id: text.text for text in texts}
    assert all(row.text == written[row.face_id] for row in (*kept, *others))
