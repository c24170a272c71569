from __future__ import annotations

import codecs
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fasrepro.captions import decisions
from fasrepro.captions.decisions import EditError
from fasrepro.reviewing import exchange
from fasrepro.reviewing.session import ReviewSet, Session
from tests.reviewing.conftest import caption

Open = Callable[[str], Session]
WORDS = "A bright line of light runs along the whole cheek."
# Words between which a text may hold what breaks lines in some programs and not in others.
# Words with what other forms would have to escape, each once: a text of few letters or of the same words is no caption.
WRITTEN = [
    "the",
    "skin<b>",
    "light&amp;",
    '"edge"',
    "'eyes'",
    "{nose}",
    "back\\slash",
    "cheek😀",
    "near",
    "soft",
    "shädow",
    "chin字",
]
words = st.lists(st.sampled_from(WRITTEN), min_size=8, max_size=12, unique=True)
gaps = st.sampled_from([" ", "\u2028", "\u2029", "\r\n", "\n", "\t"])
verdicts = st.one_of(st.none(), st.tuples(words, gaps))


def outcomes(session: Session) -> dict[str, set[tuple[str, str, str | None]]]:
    return {
        face.face_id: {
            (one.decision.editor, one.decision.action, one.decision.outcome) for one in decisions.standing(session.of(face))
        }
        for face in session.reviewed.faces
    }


def task(session: Session, at: int, *results: dict[str, Any], **annotation: Any) -> dict[str, Any]:
    """Return a task as Label Studio exports it, with fields that we do not read."""
    face = session.reviewed.faces[at]
    fields = {"id": 12, "created_at": "2026-01-01T00:00:00Z", "lead_time": 4.2, "completed_by": 7, "was_cancelled": False}
    data = {"face_id": face.face_id, "style": "vanilla", "crop_sha256": face.crop_sha256, "text": caption(face)}
    return {"id": 3, "data": data, "annotations": [fields | {"result": list(results)} | annotation], "meta": {}, "drafts": []}


def area(*texts: str) -> dict[str, Any]:
    value = {"text": list(texts)}
    return {"id": "Dx_aB91ISN", "from_name": "caption", "to_name": "face", "type": "textarea", "origin": "manual", "value": value}


DROPPED = {"from_name": "action", "to_name": "face", "type": "choices", "value": {"choices": ["drop"]}}


@pytest.mark.parametrize("ending", [".json", ".jsonl"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.tuples(st.integers(0, 5), st.sampled_from(["ann", "ben@example.org"])), verdicts, max_size=8))
def test_an_export_that_is_imported_elsewhere_gives_the_same_decisions(
    reviewed: ReviewSet, tmp_path_factory: pytest.TempPathFactory, ending: str, decided: dict[tuple[int, str], Any]
) -> None:
    folder = tmp_path_factory.mktemp("exchange")
    here = dataclasses.replace(reviewed, path=folder / "here.jsonl")
    there = dataclasses.replace(reviewed, path=folder / "there.jsonl")
    for (at, editor), edit in decided.items():
        face = reviewed.faces[at]
        fields = {} if edit is None else {"text": caption(face, edit[1].join(["A", *edit[0]]))}
        Session(here, editor).decide(face, "drop" if edit is None else "edit", fields, [])
    file = folder / f"export{ending}"
    assert exchange.write(file, Session(here, "eve")) == 6
    other = Session(there, "eve")
    assert exchange.take_in(file, other) == len(decided)
    assert outcomes(other) == outcomes(Session(here, "eve"))
    assert exchange.take_in(file, other) == 0


def test_an_export_holds_the_models_text_for_a_face_that_nobody_decided_on(session: Open, tmp_path: Path) -> None:
    ann = session("ann")
    exchange.write(tmp_path / "e.jsonl", ann)
    row = json.loads((tmp_path / "e.jsonl").read_text().splitlines()[0])
    face = ann.reviewed.faces[0]
    assert (row["text"], row["action"], row["parent"]) == (caption(face), "", f"key of {face.face_id}")
    exchange.write(tmp_path / "e.json", ann)
    first = json.loads((tmp_path / "e.json").read_text())[0]
    assert first["predictions"][0]["result"][0]["value"] == {"text": [caption(face)]} and first["annotations"] == []


def test_an_export_is_never_written_over_a_file(session: Open, tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text("mine")
    with pytest.raises(EditError, match=r"e\.json: exists already; take it in with --import, or name another file"):
        exchange.write(tmp_path / "e.json", session("ann"))
    with pytest.raises(EditError, match=r"e\.csv: unknown ending of a file '\.csv'\..*Known: \.json, \.jsonl"):
        exchange.write(tmp_path / "e.csv", session("ann"))


def test_lines_as_other_programs_save_them_are_read(session: Open, tmp_path: Path) -> None:
    """With a byte order mark, CRLF, blank lines, and Unicode's line ends inside a text."""
    ann = session("ann")
    first, second = ann.reviewed.faces[0], ann.reviewed.faces[2]
    rows = [
        {"face_id": first.face_id, "text": caption(first, "A bright\u2028line of light runs along\u2029the whole cheek.")},
        {"face_id": second.face_id, "text": "", "action": "drop", "editor": "ben"},
    ]
    text = "\r\n\r\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\r\n  \r\n"
    (tmp_path / "e.jsonl").write_bytes(codecs.BOM_UTF8 + text.encode())
    assert exchange.take_in(tmp_path / "e.jsonl", ann) == 2
    assert outcomes(ann)[first.face_id] == {("ann", "edit", caption(first, WORDS))}
    assert outcomes(ann)[second.face_id] == {("ben", "drop", None)}


def test_lines_that_nobody_changed_decide_nothing(session: Open, tmp_path: Path) -> None:
    ann = session("ann")
    exchange.write(tmp_path / "e.jsonl", ann)
    lines = (tmp_path / "e.jsonl").read_text().splitlines()
    changed = json.loads(lines[0]) | {"text": caption(ann.reviewed.faces[0], WORDS)}
    (tmp_path / "e.jsonl").write_text("\n".join([json.dumps(changed), *lines[1:]]))
    assert exchange.take_in(tmp_path / "e.jsonl", ann) == 1
    assert sum(map(len, outcomes(ann).values())) == 1


def test_label_studios_annotations_are_read(session: Open, tmp_path: Path) -> None:
    ann = session("ann")
    faces = ann.reviewed.faces
    tasks = [
        task(ann, 0, area(caption(faces[0]))),
        task(ann, 2, area(caption(faces[2], WORDS)), completed_by={"email": "ben@example.org", "id": 4}),
        task(ann, 3, DROPPED),
        task(ann, 5, area("cancelled"), was_cancelled=True),
        {"data": {"face_id": faces[1].face_id}},  # nobody annotated it
    ]
    (tmp_path / "e.json").write_bytes(codecs.BOM_UTF8 + json.dumps(tasks).encode())
    assert exchange.take_in(tmp_path / "e.json", ann) == 3
    found = outcomes(ann)
    assert found[faces[0].face_id] == {("7", "accept", caption(faces[0]))}
    assert found[faces[2].face_id] == {("ben@example.org", "edit", caption(faces[2], WORDS))}
    assert found[faces[3].face_id] == {("7", "drop", None)}
    assert found[faces[5].face_id] == found[faces[1].face_id] == set()


def test_a_decision_that_differs_from_another_editors_is_taken_in_as_a_conflict(session: Open, tmp_path: Path) -> None:
    ann = session("ann")
    face = ann.reviewed.faces[0]
    ann.decide(face, "accept", {"text": caption(face)}, [])
    (tmp_path / "e.jsonl").write_text(json.dumps({"face_id": face.face_id, "text": "", "action": "drop", "editor": "ben"}))
    assert exchange.take_in(tmp_path / "e.jsonl", ann) == 1
    assert ann.progress()["conflicts"] == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"face_id": "x"}, r"line 2: face 'x' is none of vanilla; name its own set"),
        ({"crop_sha256": "0"}, r"line 2: .*: its crop is another one now; export the set anew"),
        ({"style": "reasoning"}, r"line 2: its style is 'reasoning', not 'vanilla'"),
        ({"text": "Dots."}, r"line 2: .*: no verdict: Dots\.; mend the text, and import the file again"),
        ({"text": 3}, r"line 2: text is no text"),
        ({"action": "undo"}, r"line 2: unknown action 'undo'"),
        ({"note": "x"}, r"line 2: expected face_id, text and any of .*; found face_id, text, editor, note"),
        ({"face_id": None}, r"line 2: face_id is no text"),
    ],
)
def test_one_bad_line_refuses_the_whole_file(session: Open, tmp_path: Path, row: dict[str, Any], message: str) -> None:
    ann = session("ann")
    faces = ann.reviewed.faces
    rows = [{"face_id": face.face_id, "text": caption(face, WORDS), "editor": "ben"} for face in (faces[0], faces[2])]
    (tmp_path / "e.jsonl").write_text("\n".join(json.dumps(one) for one in (rows[0], rows[1] | row)))
    with pytest.raises(EditError, match=r"e\.jsonl, " + message):
        exchange.take_in(tmp_path / "e.jsonl", ann)
    assert not ann.reviewed.path.exists()


def test_an_editor_with_two_decisions_about_a_face_is_refused(session: Open, tmp_path: Path) -> None:
    ann = session("ann")
    row = json.dumps({"face_id": ann.reviewed.faces[0].face_id, "text": caption(ann.reviewed.faces[0], WORDS)})
    (tmp_path / "e.jsonl").write_text(f"{row}\n{row}\n")
    with pytest.raises(EditError, match=r"line 2: .* by ann is also at .*line 1; delete one of the two"):
        exchange.take_in(tmp_path / "e.jsonl", ann)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{}", r"e\.json: no list of tasks; export the project as JSON"),
        (b"[[", r"e\.json: no JSON"),
        (b"\xff", r"e\.json: not UTF-8"),
        (b'[{"caption": "a", "face_id": "x"}]', r"task 1: not a task of an exported set \(KeyError\('data'\)\); .*not JSON-MIN"),
        (b"[3]", r"task 1: not a task of an exported set"),
        (b"[" * 100_000, r"e\.json: no JSON"),
    ],
)
def test_a_file_that_is_no_export_of_label_studio_is_named(session: Open, tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "e.json").write_bytes(content)
    with pytest.raises(EditError, match=message):
        exchange.take_in(tmp_path / "e.json", session("ann"))


def test_an_annotation_needs_one_text_under_the_name_that_is_known(session: Open, tmp_path: Path) -> None:
    ann = session("ann")
    for results, message in (
        ([area("a", "b")], "task 1: 2 texts in one annotation; write the caption as one"),
        ([], "task 1: 0 texts in one annotation"),
        ([area("a") | {"from_name": "note"}], "task 1: a result named 'note'; expected 'caption', or 'action' with 'drop'"),
    ):
        (tmp_path / "e.json").write_text(json.dumps([task(ann, 0, *results)]))
        with pytest.raises(EditError, match=message):
            exchange.take_in(tmp_path / "e.json", ann)
