from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fasrepro.captions import annotate, decisions, review
from fasrepro.captions.decisions import ACCEPT, DROP, EDIT, UNDO, Decision
from fasrepro.captions.styles import STYLES
from fasrepro.llm.store import Store
from fasrepro.rows.captions import Review
from fasrepro.rows.faces import Face, Label
from fasrepro.simulation.annotator.server import application, serve
from tests.captions.test_annotate import endpoint
from tests.layout import ROOT

VANILLA = STYLES["vanilla"]
ENDS = {Label.ATTACK: "This is a presentation attack.", Label.BONA_FIDE: "This is a bona fide face."}


def text_for(face: Face, words: str = "A pale edge of a sheet runs along the whole cheek.") -> str:
    return f"{words} {ENDS[face.label]}"


def change(path: Path, texts: dict[int, str], **fields: str) -> None:
    """Write texts, and other fields, into the lines of a file."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for number, text in texts.items():
        rows[number] |= {"text": text, **fields}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def blank(world: Any, tmp_path: Path) -> Path:
    """A file of three faces for people to fill in: one bona fide, one print, one replay."""
    path = tmp_path / "for_people.jsonl"
    assert review.write_blank(path, world.faces, VANILLA, {face.face_id: "refusal: no" for face in world.faces[:3]}) == 3
    return path


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    return tmp_path / "reviews" / "vanilla.jsonl"


def test_people_get_the_faces_with_what_is_known_of_them(world: Any, blank: Path) -> None:
    assert json.loads(blank.read_text().splitlines()[1]) == {
        "face_id": world.faces[1].face_id,
        "style": "vanilla",
        "crop": world.faces[1].crop,
        "crop_sha256": world.faces[1].crop_sha256,
        "label": "attack",
        "species": "print",
        "why": "refusal: no",
        "text": "",
    }
    with pytest.raises(review.EditError, match=r"for_people\.jsonl: exists already; take it in with --from-people"):
        review.write_blank(blank, world.faces, VANILLA, {})


def test_an_edit_wins_over_the_models_caption(world: Any, tmp_path: Path, blank: Path, reviews: Path) -> None:
    faces = world.faces[:6]
    change(blank, {1: f"  {text_for(faces[1])}\n"})
    assert review.merge(blank, reviews, faces, VANILLA) == 1
    edits = review.captions(faces, VANILLA, reviews, True).captions
    with serve(application(world.annotator())) as url, Store(tmp_path / "store") as store:
        captions, report = annotate.annotate(faces, world.crops, VANILLA, endpoint(url), store, True, edits=edits)
        assert len(store) == 5  # the model is not asked about that face
    assert [caption.model for caption in captions] == ["m", "people", "m", "m", "m", "m"]
    assert captions[1].text == text_for(faces[1]) and captions[1].prompt_version == "vanilla-1-people"
    assert report["captions"] == 6


def test_without_a_file_there_are_no_edits(world: Any, reviews: Path) -> None:
    assert review.captions(world.faces, VANILLA, reviews, True) == review.Edits({}, [])


def test_taking_a_file_in_twice_changes_nothing(world: Any, blank: Path, reviews: Path) -> None:
    change(blank, {0: text_for(world.faces[0]), 2: text_for(world.faces[2])})
    assert review.merge(blank, reviews, world.faces, VANILLA) == 2
    before = reviews.read_bytes()
    assert review.merge(blank, reviews, world.faces, VANILLA) == 0
    assert reviews.read_bytes() == before


def test_a_second_file_adds_to_the_first(world: Any, tmp_path: Path, blank: Path, reviews: Path) -> None:
    change(blank, {2: text_for(world.faces[2])})
    review.merge(blank, reviews, world.faces, VANILLA)
    first = reviews.read_text()
    change(blank, {0: text_for(world.faces[0]), 2: ""})
    assert review.merge(blank, reviews, world.faces, VANILLA) == 1
    assert first in reviews.read_text() and len(reviews.read_text().splitlines()) == 2


def test_another_edit_of_a_face_is_never_overwritten(world: Any, blank: Path, reviews: Path) -> None:
    change(blank, {1: text_for(world.faces[1])})
    review.merge(blank, reviews, world.faces, VANILLA)
    before = reviews.read_bytes()
    change(blank, {0: text_for(world.faces[0]), 1: text_for(world.faces[1], "A bright edge of a sheet runs along the cheek.")})
    message = r"for_people\.jsonl, line 2: .* has another edit at .*vanilla\.jsonl, line 1; to replace that one, delete its line"
    with pytest.raises(review.EditError, match=message):
        review.merge(blank, reviews, world.faces, VANILLA)
    assert reviews.read_bytes() == before


@pytest.mark.parametrize(
    ("number", "fields", "message"),
    [
        (0, {"style": "reasoning"}, r"line 1: its style is 'reasoning', not 'vanilla'; name its own caption set with --set"),
        (1, {"face_id": "x"}, r"line 2: face 'x' is none of those that are captioned"),
        (1, {"crop_sha256": "0"}, r"line 2: .*: its crop is not the one of this file any more; .* --to-people"),
        (1, {}, r"line 2: .*: contradicts the label: told attack, says bona_fide; mend the text as the style asks"),
        (2, {"reviewer": "me"}, r"line 3: expected face_id, .*, text, found .*, reviewer; .* change nothing but the texts"),
    ],
)
def test_one_bad_line_refuses_the_whole_file(
    world: Any, blank: Path, reviews: Path, number: int, fields: dict[str, str], message: str
) -> None:
    change(blank, {0: text_for(world.faces[0])})
    change(blank, {number: text_for(world.faces[0])}, **fields)
    with pytest.raises(review.EditError, match=r"for_people\.jsonl, " + message):
        review.merge(blank, reviews, world.faces, VANILLA)
    assert not reviews.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no json\n", r"line 1: no JSON \(.*\); write the file with --to-people"),
        (b'\n["face_id"]\n', r"line 2: expected face_id, .*, found list"),
        (b"\xff\xfe{\n", r"for_people\.jsonl: not UTF-8 \(.*\); save it as UTF-8"),
    ],
)
def test_a_file_that_is_no_list_of_edits_names_the_line(
    world: Any, tmp_path: Path, reviews: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "for_people.jsonl"
    path.write_bytes(content)
    with pytest.raises(review.EditError, match=message):
        review.merge(path, reviews, world.faces, VANILLA)


def test_a_value_that_is_no_text_is_refused(world: Any, blank: Path, reviews: Path) -> None:
    blank.write_text(blank.read_text().replace('"text": ""', '"text": null', 1))
    with pytest.raises(review.EditError, match="line 1: text is no text"):
        review.merge(blank, reviews, world.faces, VANILLA)


def test_a_face_twice_in_a_file_is_refused(world: Any, blank: Path, reviews: Path) -> None:
    blank.write_text(blank.read_text() + blank.read_text().splitlines()[0])
    with pytest.raises(review.EditError, match=r"line 4: .* is also at .*line 1; delete one of the two lines"):
        review.merge(blank, reviews, world.faces, VANILLA)


def test_a_file_as_windows_saves_it_is_read(world: Any, blank: Path, reviews: Path) -> None:
    change(blank, {0: text_for(world.faces[0])})
    blank.write_bytes(b"\xef\xbb\xbf" + blank.read_bytes().replace(b"\n", b"\r\n"))
    assert review.merge(blank, reviews, world.faces, VANILLA) == 1


def test_edits_of_other_images_are_reported_and_not_used(world: Any, blank: Path, reviews: Path) -> None:
    change(blank, {0: text_for(world.faces[0]), 1: text_for(world.faces[1])})
    review.merge(blank, reviews, world.faces, VANILLA)
    change(reviews, {0: text_for(world.faces[0])}, crop_sha256="of another crop")
    edits = review.captions(world.faces, VANILLA, reviews, True)
    assert list(edits.captions) == [world.faces[1].face_id] and edits.others == [world.faces[0].face_id]
    assert review.captions(world.faces[4:], VANILLA, reviews, True).captions == {}


@pytest.mark.parametrize(("text", "message"), [("", "no text; write a caption, or delete the line"), ("Dots.", "no verdict")])
def test_an_edit_spoilt_by_hand_is_an_error(world: Any, blank: Path, reviews: Path, text: str, message: str) -> None:
    change(blank, {0: text_for(world.faces[0])})
    review.merge(blank, reviews, world.faces, VANILLA)
    change(reviews, {0: text})
    with pytest.raises(review.EditError, match=r"vanilla\.jsonl, line 1: .*" + message):
        review.captions(world.faces, VANILLA, reviews, True)


def decided(face: Face, editor: str, action: str, text: str = "", after: tuple[str, ...] = ()) -> Decision:
    about = Review(face.face_id, "vanilla", face.crop, face.crop_sha256, face.label.name.lower(), face.species, "", text)
    return Decision(about, editor, action, "key", after)


def test_what_people_accepted_and_wrote_are_captions_and_what_they_dropped_is_none(world: Any, reviews: Path) -> None:
    kept, written, dropped = world.faces[:3]
    rows = [
        decided(kept, "ann", ACCEPT, text_for(kept)),
        decided(written, "ann", EDIT, text_for(written)),
        decided(dropped, "ann", DROP),
    ]
    decisions.append(reviews, rows)
    edits = review.captions(world.faces, VANILLA, reviews, True)
    assert {name: one.text for name, one in edits.captions.items()} == {one.face_id: text_for(one) for one in (kept, written)}
    assert {one.request_key for one in edits.captions.values()} == {"key"}
    assert edits.dropped == [dropped.face_id]


def test_a_decision_that_was_taken_back_leaves_the_face_to_the_model(world: Any, reviews: Path) -> None:
    face = world.faces[0]
    first = decided(face, "ann", DROP)
    decisions.append(reviews, [first, decided(face, "ann", UNDO, after=(first.id(),))])
    assert review.captions(world.faces, VANILLA, reviews, True) == review.Edits({}, [])


def test_editors_who_differ_are_an_error_that_names_both_lines_until_it_is_settled(world: Any, reviews: Path) -> None:
    face = world.faces[0]
    ann, ben = decided(face, "ann", EDIT, text_for(face)), decided(face, "ben", DROP)
    decisions.append(reviews, [ann, ben])
    with pytest.raises(review.EditError) as error:
        review.captions(world.faces, VANILLA, reviews, True)
    message = str(error.value)
    assert f"{reviews}, line 1" in message and f"{reviews}, line 2" in message
    assert f"ann has the text {text_for(face)!r}" in message and "ben drops the face" in message
    assert "settle it on the page of `fasrepro review`, or delete one of the two lines" in message
    decisions.append(reviews, [decided(face, "eve", DROP, after=tuple(sorted((ann.id(), ben.id()))))])
    assert review.captions(world.faces, VANILLA, reviews, True).dropped == [face.face_id]


def test_two_branches_merge_by_keeping_the_lines_of_both(world: Any, tmp_path: Path) -> None:
    """With the attribute of this project's .gitattributes."""

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.invalid"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    shutil.copy(ROOT / ".gitattributes", tmp_path)
    file = tmp_path / "reviews" / "vanilla.jsonl"
    first, second, third = world.faces[:3]
    decisions.append(file, [decided(first, "ann", EDIT, text_for(first))])
    git("init", "-b", "main")
    git("add", ".")
    git("commit", "-m", "first")
    git("switch", "-c", "ben")
    decisions.append(file, [decided(second, "ben", EDIT, text_for(second))])
    git("commit", "-am", "ben's")
    git("switch", "main")
    decisions.append(file, [decided(third, "ann", DROP)])
    git("commit", "-am", "ann's")
    git("merge", "ben")
    edits = review.captions(world.faces, VANILLA, file, True)
    assert (sorted(edits.captions), edits.dropped) == (sorted((first.face_id, second.face_id)), [third.face_id])


@pytest.mark.parametrize("empty", ["", "  ", "\t", "\ufeff", "\u200b", "\x1a"])
def test_an_empty_line_anywhere_is_skipped(world: Any, blank: Path, reviews: Path, empty: str) -> None:
    change(blank, {0: text_for(world.faces[0])})
    lines = blank.read_text().splitlines()
    blank.write_text("\n".join([empty, lines[0], empty, *lines[1:], empty]) + "\n")
    assert review.merge(blank, reviews, world.faces, VANILLA) == 1


def test_a_line_that_nobody_filled_in_is_skipped_whatever_its_face(world: Any, blank: Path, reviews: Path) -> None:
    change(blank, {0: text_for(world.faces[0]), 1: " "}, style="vanilla")
    assert review.merge(blank, reviews, [world.faces[0]], VANILLA) == 1  # the others are not captioned any more
