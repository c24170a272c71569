"""What the simulated editor decides."""

from __future__ import annotations

from typing import Any

import pytest

from fasrepro import vocabulary
from fasrepro.captions import checks, decisions
from fasrepro.captions.styles import OF_LABEL, STYLES
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.truth import Truth
from fasrepro.simulation import editor
from tests.faces import face
from tests.regions import box_region

BOX = (10, 10, 40, 40)


def truth(face: Face, *cues: str, at: tuple[int, int, int, int] = (0, 0, 60, 60)) -> Truth:
    count = len(cues)
    return Truth(face.face_id, cues, (0.5,) * count, (box_region(*at),) * count, (), ("bezel",), "{}")


@pytest.mark.parametrize("style", [STYLES["cot"], STYLES["cot_yes_attack"], STYLES["reasoning"]])
def test_the_text_has_the_form_the_labels_verdict_and_every_cue_in_the_image_and_no_other(style: Any) -> None:
    attack, live = face("wfas/a", "poster", box=BOX), face("wfas/b", "bona_fide", box=BOX)
    for one, cues in ((attack, ("glare", "halftone")), (live, ())):
        decided = editor.decision(one, truth(one, *cues), style, "format: missing tag")
        text, verdict = checks.accept(style, decided.review.text, "stop", one.label)
        assert text == decided.review.text and verdict is OF_LABEL[one.label]
        assert set(vocabulary.named_cues(text)) == set(cues)
        assert (decided.editor, decided.action, decided.review.why) == ("simulated editor", decisions.EDIT, "format: missing tag")


def test_an_attack_without_a_visible_cue_is_dropped() -> None:
    one = face("wfas/a", "poster", box=BOX)
    assert one.label is Label.ATTACK
    for known in (truth(one), truth(one, "glare", at=(100, 100, 120, 120))):  # the second lies outside the crop
        decided = editor.decision(one, known, STYLES["cot"], "refusal")
        assert (decided.action, decided.review.text) == (decisions.DROP, "")
