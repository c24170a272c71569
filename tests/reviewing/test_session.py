from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

import pytest

from fasrepro.captions import decisions
from fasrepro.captions.checks import Rejected
from fasrepro.captions.decisions import ACCEPT, DROP, EDIT, EditError
from fasrepro.captions.layouts import LAYOUTS
from fasrepro.captions.styles import STYLES, Style
from fasrepro.reviewing.session import ReviewSet, Session, rectangles
from fasrepro.rows.faces import Face
from tests.reviewing.conftest import caption

Open = Callable[[str], Session]
OTHER = "A bright line of light runs along the whole cheek."


def whole(text: str) -> dict[str, str]:
    return {"text": text}


def face_of(reviewed: ReviewSet, species: str) -> Face:
    return next(face for face in reviewed.faces if face.species == species)


def test_accepting_keeps_the_reply_and_says_whose_it_was(session: Open, reviewed: ReviewSet) -> None:
    face = face_of(reviewed, "bona_fide")
    ann = session("ann")
    ann.decide(face, "accept", whole(caption(face)), [])
    row = json.loads(reviewed.path.read_text())
    assert (row["face_id"], row["editor"], row["action"], row["text"]) == (face.face_id, "ann", ACCEPT, caption(face))
    assert row["parent"] == f"key of {face.face_id}" and row["why"] == "refusal: I cannot judge."


def test_a_changed_text_is_not_accepted_but_saved(session: Open, reviewed: ReviewSet) -> None:
    face = face_of(reviewed, "bona_fide")
    ann = session("ann")
    with pytest.raises(EditError, match="this is not the model's reply: save it as an edit"):
        ann.decide(face, "accept", whole(caption(face, OTHER)), [])
    assert not reviewed.path.exists()
    ann.decide(face, "edit", whole(caption(face, OTHER)), [])
    assert [one.decision.action for one in ann.of(face)] == [EDIT]


def test_a_text_that_is_no_caption_is_refused_with_the_parsers_reason(session: Open, reviewed: ReviewSet) -> None:
    face = face_of(reviewed, "print")
    ann = session("ann")
    assert ann.check(face, whole("Dots."))["reason"].startswith("no verdict")
    wrong = caption(face_of(reviewed, "bona_fide"))
    assert ann.check(face, whole(wrong))["reason"] == "contradicts the label: told attack, says bona_fide"
    with pytest.raises(Rejected, match="contradicts the label"):
        ann.decide(face, "edit", whole(wrong), [])
    assert not reviewed.path.exists()


def test_the_same_key_twice_adds_one_line(session: Open, reviewed: ReviewSet) -> None:
    face = face_of(reviewed, "bona_fide")
    ann = session("ann")
    ann.decide(face, "drop", {}, [])
    ann.decide(face, "drop", {}, [])
    assert len(reviewed.path.read_text().splitlines()) == 1


def test_undo_goes_back_face_by_face_and_the_text_becomes_a_draft(session: Open, reviewed: ReviewSet) -> None:
    first, second = reviewed.faces[0], reviewed.faces[1]
    ann = session("ann")
    ann.decide(first, "drop", {}, [])
    ann.decide(second, "edit", whole(caption(second, OTHER)), [])
    session("ben").decide(first, "drop", {}, [])
    again = session("ann")  # as after a restart
    assert again.undo() == 1 and again.face(1)["draft"] == {"parts": [caption(second, OTHER)]}
    assert again.undo() == 0 and again.undo() is None
    assert [one.decision.editor for one in decisions.standing(again.of(first))] == ["ben"]


def test_a_draft_outlives_the_session_until_a_decision(session: Open, reviewed: ReviewSet) -> None:
    face = reviewed.faces[0]
    session("ann").save_draft(face, whole("Half a"))
    assert session("ann").face(0)["draft"] == {"text": "Half a"}
    assert session("ben").face(0)["draft"] is None
    session("ann").decide(face, "drop", {}, [])
    assert session("ann").face(0)["draft"] is None


def test_a_draft_about_another_image_is_not_shown(session: Open, reviewed: ReviewSet) -> None:
    session("ann").save_draft(reviewed.faces[0], whole("Half a"))
    [draft] = reviewed.drafts.glob("*/*.json")
    draft.write_text(draft.read_text().replace(reviewed.faces[0].crop_sha256, "another"))
    assert session("ann").face(0)["draft"] is None


def test_a_conflict_is_shown_to_everyone_and_settled_by_one_decision(session: Open, reviewed: ReviewSet) -> None:
    face = reviewed.faces[0]
    session("ann").decide(face, "accept", whole(caption(face)), [])
    session("ben").decide(face, "edit", whole(caption(face, OTHER)), [])
    eve = session("eve")
    conflict = eve.face(0)["conflict"]
    assert {(one["editor"], one["text"]) for one in conflict} == {("ann", caption(face)), ("ben", caption(face, OTHER))}
    assert (eve.progress()["conflicts"], eve.progress()["decided"]) == (1, 0)
    assert eve.next(3, "conflict", 1) == 0
    eve.decide(face, "accept", whole(caption(face)), [one["id"] for one in conflict])
    assert eve.face(0)["conflict"] == []
    assert eve.progress()["agreement"] == [{"editors": ["ann", "ben"], "both": 1, "same": 0}]


def test_a_conflict_that_has_changed_is_looked_at_again(session: Open, reviewed: ReviewSet) -> None:
    face = reviewed.faces[0]
    session("ann").decide(face, "accept", whole(caption(face)), [])
    session("ben").decide(face, "drop", {}, [])
    eve = session("eve")
    shown = [one["id"] for one in eve.face(0)["conflict"]]
    session("ann").decide(face, "edit", whole(caption(face, OTHER)), [])
    with pytest.raises(EditError, match="have come in meanwhile; look at it again"):
        eve.decide(face, "drop", {}, shown)


def test_progress_counts_faces_and_how_often_editors_agree(session: Open, reviewed: ReviewSet) -> None:
    for editor in ("ann", "ben"):
        session(editor).decide(reviewed.faces[0], "accept", whole(caption(reviewed.faces[0])), [])
    session("ann").decide(reviewed.faces[1], "drop", {}, [])
    session("ben").decide(reviewed.faces[2], "drop", {}, [])
    progress = session("ann").progress()
    assert (progress["faces"], progress["decided"], progress["own"], progress["conflicts"]) == (6, 3, 2, 0)
    assert progress["actions"] == {ACCEPT: 1, EDIT: 0, DROP: 2}
    assert progress["agreement"] == [{"editors": ["ann", "ben"], "both": 1, "same": 1}]


def test_the_page_goes_to_the_next_face_of_a_kind_and_around_the_end(session: Open, reviewed: ReviewSet) -> None:
    session("ben").decide(reviewed.faces[1], "drop", {}, [])
    ann = session("ann")
    assert ann.next(0, "all", 1) == 1 and ann.next(0, "all", -1) == 5
    assert ann.next(0, "open", 1) == 2 and ann.next(0, "own", 1) == 1
    assert ann.next(1, "rejected", 1) == 4 and ann.next(4, "rejected", 1) == 1  # the prints
    assert ann.next(0, "conflict", 1) is None
    with pytest.raises(EditError, match=r"unknown kind of face 'opne'\. Did you mean 'open'"):
        ann.next(0, "opne", 1)


def test_decisions_of_another_program_are_seen_at_once(session: Open, reviewed: ReviewSet) -> None:
    ann, ben = session("ann"), session("ben")
    ben.decide(reviewed.faces[0], "drop", {}, [])
    ann.refresh()
    assert ann.progress()["decided"] == 1


@pytest.mark.parametrize("style", [style for style in STYLES.values() if style.headings], ids=lambda style: style.name)
def test_the_fields_are_the_parts_of_the_styles_layout(reviewed: ReviewSet, style: Style) -> None:
    ann = Session(dataclasses.replace(reviewed, style=style), "ann")
    parts = [f"What is seen in part {number}." for number in range(len(style.headings))]
    text = LAYOUTS[style.layout].write(style.headings, parts)
    assert ann.fields_of(text) == {"parts": parts} and ann.text_of({"parts": parts}) == text
    assert ann.fields_of("no part of it") == {"text": "no part of it"}
    with pytest.raises(EditError, match=f"expected {len(parts)} parts, each a text"):
        ann.text_of({"parts": parts[:-1]})


def test_cues_are_known_of_synthetic_faces_alone(session: Open, reviewed: ReviewSet) -> None:
    ann = session("ann")
    print_face = face_of(reviewed, "print")
    cues = ann.cues(print_face)
    assert [cue["name"].replace(" ", "_") for cue in cues] == list(reviewed.truths[print_face.face_id].cues)
    licensed = Session(dataclasses.replace(reviewed, truths={}), "ann")
    assert licensed.cues(print_face) == [] and not licensed.face(1)["has_truth"]


def test_a_region_is_placed_in_the_crop_of_its_box() -> None:
    # A frame of 4 x 2 cells of 4 pixels; the cell in the second row and third column; a box that begins at (4, 0).
    assert rectangles((4, 0, 8, 8), "4x2:6,1,1") == [[0.5, 0.5, 0.5, 0.5]]
    assert rectangles((12, 0, 4, 8), "4x2:6,1,1") == []
