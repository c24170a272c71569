"""Captions and decisions as files for other tools, and back: Label Studio's JSON (.json) and a JSON line a face (.jsonl).

Both hold texts and what the archive says of each face, and no picture. Label Studio needs a text area named `caption` and a
choice named `action` with the value `drop`: book/manual.md has the labelling interface.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from fasrepro import files, names
from fasrepro.captions import decisions, review
from fasrepro.captions.checks import Rejected
from fasrepro.captions.decisions import ACCEPT, DROP, EDIT, Decision, EditError
from fasrepro.reviewing.replies import accepted_reply
from fasrepro.reviewing.session import Session
from fasrepro.rows.captions import Review
from fasrepro.rows.faces import Face

UNDECIDED = ""  # the action of a line about which nobody has decided
TAKEN = (ACCEPT, EDIT, DROP, UNDECIDED)
CAPTION, ACTION = "caption", "action"  # the names of the controls in Label Studio
FIELDS = (*(field.name for field in dataclasses.fields(Review)), "editor", "action", "parent", "after")


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A decision as a file gives it; what it does not give is "".

    Args:
        where: its place, for messages.
        face_id: of the face.
        crop_sha256: of the image that was shown.
        editor: who decided.
        action: accept, edit, drop, or "" to be told from the text.
        parent: the key of the reply.
        text: of the caption.
    """

    where: str
    face_id: str
    crop_sha256: str
    editor: str
    action: str
    parent: str
    text: str


def write(path: Path, session: Session) -> int:
    """Write a set with its standing decisions; return the number of faces.

    Raises:
        EditError: the file exists, or its name does not say which form it is to have.
    """
    form, _ = names.lookup(FORMS, path.suffix, "ending of a file", EditError, str(path))
    if path.exists():
        raise EditError(f"{path}: exists already; take it in with --import, or name another file")
    files.write_text(path, form(session))
    return len(session.reviewed.faces)


def take_in(path: Path, session: Session) -> int:
    """Add the decisions of a file to the set's; return how many are new. The whole file is checked before anything is added.

    A line without an editor is by the session's. One without an action is skipped if its text is blank or the model's own.
    Decisions that differ from another editor's are added too: the page shows both.

    Raises:
        EditError: a row is no decision about a face of the set, its text is no caption, or an editor has two for one face.
    """
    _, rows = names.lookup(FORMS, path.suffix, "ending of a file", EditError, str(path))
    if not path.is_file():
        raise EditError(f"{path}: no such file")
    by_id = {face.face_id: face for face in session.reviewed.faces}
    places: dict[tuple[str, str], str] = {}
    added = []
    for row in rows(path, session):
        face = by_id.get(row.face_id)
        if face is None:
            raise EditError(f"{row.where}: face {row.face_id!r} is none of {session.reviewed.name}; name its own set")
        if row.crop_sha256 not in ("", face.crop_sha256):
            raise EditError(f"{row.where}: {row.face_id}: its crop is another one now; export the set anew")
        decision = _decision(row, face, session)
        if decision is None:
            continue
        key = (row.face_id, decision.editor)
        if key in places:
            raise EditError(f"{row.where}: {row.face_id} by {decision.editor} is also at {places[key]}; delete one of the two")
        places[key] = row.where
        own = [one.decision for one in decisions.standing(session.of(face)) if one.decision.editor == decision.editor]
        if not any(one.outcome == decision.outcome for one in own):
            after = decisions.own_tips(session.of(face), decision.editor)
            added.append(dataclasses.replace(decision, after=tuple(after)))
    if added:
        session.notice = decisions.append(session.reviewed.path, added) or session.notice
        session.refresh()
    return len(added)


def _decision(row: Row, face: Face, session: Session) -> Decision | None:
    """Return the decision of a row, None for one that decides nothing. Raises `EditError`."""
    names.lookup(dict.fromkeys(TAKEN), row.action, "action", EditError, row.where)
    style, replies = session.reviewed.style, session.reviewed.replies(face)
    reply = accepted_reply(replies)
    shown = reply.text if reply else (replies[-1].text if replies else "")
    if row.action == UNDECIDED and row.text.strip() in ("", shown.strip()):
        return None
    action, text = row.action, ""
    if action != DROP:
        try:
            text, _ = review.accepted(row.text, face, style)
        except Rejected as problem:
            raise EditError(f"{row.where}: {row.face_id}: {problem}; mend the text, and import the file again") from None
        action = action or (ACCEPT if reply and reply.text == text else EDIT)
    why = next((one.reason for one in reversed(replies) if one.reason), "")
    label = face.label.name.lower()
    about = Review(face.face_id, style.name, face.crop, face.crop_sha256, label, face.species, why, text)
    return Decision(about, row.editor or session.editor, action, row.parent or (replies[-1].key if replies else ""))


def _exported(session: Session) -> Iterator[tuple[Review, str, list[Decision]]]:
    """Yield each face with the model's text, the key of that reply, and the decisions that stand."""
    for face in session.reviewed.faces:
        replies = session.reviewed.replies(face)
        why = next((one.reason for one in reversed(replies) if one.reason), "")
        text, key = (replies[-1].text, replies[-1].key) if replies else ("", "")
        style, label = session.reviewed.style.name, face.label.name.lower()
        about = Review(face.face_id, style, face.crop, face.crop_sha256, label, face.species, why, text)
        yield about, key, [entry.decision for entry in decisions.standing(session.of(face))]


def _lines(session: Session) -> str:
    """Return a line for each standing decision, and one without an action for each face that has none."""
    rows = []
    for about, key, standing in _exported(session):
        for decision in standing or [Decision(about, "", UNDECIDED, key)]:
            row = decision.row()
            del row["after"]  # names lines of this project's file
            rows.append(json.dumps(row, ensure_ascii=False) + "\n")
    return "".join(rows)


def _rows_of_lines(path: Path, session: Session) -> Iterator[Row]:
    """Yield the rows of a file of JSON lines, which need a `face_id` and a `text`. Raises `EditError`."""
    for where, line in decisions.lines(path):
        row = decisions.json_of(where, line, "write one JSON object a line")
        if not isinstance(row, dict) or not {"face_id", "text"} <= set(row) <= set(FIELDS):
            keys = ", ".join(map(str, row)) if isinstance(row, dict) else type(row).__name__
            raise EditError(f"{where}: expected face_id, text and any of {', '.join(FIELDS)}; found {keys}")
        row.pop("after", None)
        for name, value in row.items():
            if not isinstance(value, str):
                raise EditError(f"{where}: {name} is no text; write it as one")
        _check_style(where, row, session)
        fields = {name: row.get(name, "") for name in ("face_id", "crop_sha256", "editor", "action", "parent", "text")}
        yield Row(where, **fields)


def _tasks(session: Session) -> str:
    """Return Label Studio's tasks: what is known as `data`, the model's text as a prediction, decisions as annotations."""
    tasks = []
    for about, key, standing in _exported(session):
        task: dict[str, Any] = {"data": dataclasses.asdict(about) | {"parent": key}}
        if about.text:
            task["predictions"] = [{"model_version": "reply", "result": [_result(about.text)]}]
        task["annotations"] = [
            {"completed_by": {"email": decision.editor}, "was_cancelled": False, "result": [_result(decision.outcome)]}
            for decision in standing
        ]
        tasks.append(task)
    return json.dumps(tasks, ensure_ascii=False, indent=1) + "\n"


def _result(outcome: str | None) -> dict[str, Any]:
    """Return an outcome as Label Studio holds it: the caption of the text area, or the choice to drop the face."""
    if outcome is None:
        return {"from_name": ACTION, "to_name": "face", "type": "choices", "value": {"choices": [DROP]}}
    return {"from_name": CAPTION, "to_name": "face", "type": "textarea", "value": {"text": [outcome]}}


def _rows_of_tasks(path: Path, session: Session) -> Iterator[Row]:
    """Yield a row for each annotation of Label Studio's tasks that was not cancelled. Raises `EditError`."""
    remedy = "export the project as JSON (not JSON-MIN)"
    try:
        content = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise EditError(f"{path}: not UTF-8 ({error.reason}); save it as UTF-8") from None
    tasks = decisions.json_of(str(path), content, remedy)
    if not isinstance(tasks, list):
        raise EditError(f"{path}: no list of tasks; {remedy}")
    for number, task in enumerate(tasks, start=1):
        where = f"{path}, task {number}"
        try:
            data = task["data"]
            _check_style(where, data, session)
            about = {name: str(data.get(name, "")) for name in ("crop_sha256", "parent")}
            for annotation in task.get("annotations", []):
                if not annotation.get("was_cancelled"):
                    text = _caption(where, annotation["result"])
                    action = DROP if text is None else ACCEPT if text.strip() == data.get("text") else EDIT
                    yield Row(where, str(data["face_id"]), **about, editor=_editor(annotation), action=action, text=text or "")
        except (KeyError, TypeError, AttributeError) as error:
            raise EditError(f"{where}: not a task of an exported set ({error!r}); {remedy}") from None


def _caption(where: str, results: list[dict[str, Any]]) -> str | None:
    """Return the caption of an annotation, None if it drops the face. Raises `EditError`."""
    texts: list[str] = []
    for result in results:
        value = result["value"]
        if result["from_name"] == ACTION and value.get("choices") == [DROP]:
            return None
        if result["from_name"] != CAPTION:
            raise EditError(f"{where}: a result named {result['from_name']!r}; expected {CAPTION!r}, or {ACTION!r} with {DROP!r}")
        texts += [value["text"]] if isinstance(value["text"], str) else value["text"]
    if len(texts) != 1:
        raise EditError(f"{where}: {len(texts)} texts in one annotation; write the caption as one")
    return texts[0]


def _editor(annotation: dict[str, Any]) -> str:
    by = annotation.get("completed_by", "")
    return str(by.get("email") or by.get("id") or "") if isinstance(by, dict) else str(by)


def _check_style(where: str, row: dict[str, Any], session: Session) -> None:
    style = session.reviewed.style.name
    if row.get("style", style) != style:
        raise EditError(f"{where}: its style is {row['style']!r}, not {style!r}; name its own caption set")


# What writes a set as text, and what reads rows from such a file, by the ending of the file's name.
FORMS: dict[str, tuple[Callable[[Session], str], Callable[[Path, Session], Iterator[Row]]]] = {
    ".json": (_tasks, _rows_of_tasks),
    ".jsonl": (_lines, _rows_of_lines),
}
