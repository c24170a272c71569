"""Captions that people wrote or mended: for the faces that no prompt got an answer about, and for any other.

They are kept in the store like replies, for good, each edit under a key of its own; the last one counts, and stands before
whatever a model said. Paper 2's gold captions are of this kind: a model's draft, corrected by people.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fasrepro import files, hashing
from fasrepro.captions import checks
from fasrepro.captions.styles import Style
from fasrepro.llm.store import Store
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face

MODEL = "people"


class EditError(ValueError):
    """An edit that cannot be taken; the message names the file, the row and the remedy."""


def key_of(style: Style, image: str, number: int) -> str:
    """Return the key of a face's `number`-th edit in a style; the face is known by the hash of its crop's pixels."""
    return hashing.sha256_json({"model": MODEL, "style": style.name, "image": image, "edit": number})


def last_edit(style: Style, image: str, store: Store) -> tuple[int, dict[str, Any] | None]:
    """Return how many edits there are of a face in a style, and the record of the last, None if there is none."""
    number, last = 0, None
    while (record := store.get(key_of(style, image, number))) is not None:
        number, last = number + 1, record
    return number, last


def captions(faces: Iterable[Face], style: Style, store: Store, label_aware: bool) -> dict[str, Caption]:
    """Return the captions that people wrote, by face."""
    found = {}
    for face in faces:
        number, record = last_edit(style, face.crop_sha256, store)
        if record is not None:
            text, verdict = checks.parse(style, record["text"])
            found[face.face_id] = Caption(
                face_id=face.face_id,
                style=style.name,
                text=text,
                verdict=verdict,
                prompt_version=f"{style.name}-{style.version}-{MODEL}",
                model=MODEL,
                label_aware=label_aware,
                attempts=number,
                request_key=record["key"],
            )
    return found


def left(faces: Iterable[Face], style: Style, store: Store) -> list[Face]:
    """Return the faces that nobody has captioned by hand."""
    return [face for face in faces if last_edit(style, face.crop_sha256, store)[1] is None]


def give(path: Path, faces: Iterable[Face], style: Style, reasons: Mapping[str, str]) -> int:
    """Write a file for people to fill in: a JSON line a face of `reasons`, with why it is there.

    Return the number of faces. Raises `EditError` where the file is there, since people may have filled it in.
    """
    if path.exists():
        raise EditError(f"{path}: is there already; take it in with --from-people, or name another file")
    chosen = [face for face in faces if face.face_id in reasons]
    rows = [
        {
            "face_id": face.face_id,
            "style": style.name,
            "crop": face.crop,
            "label": face.label.name.lower(),
            "species": face.species,
            "why": reasons[face.face_id],
            "text": "",
        }
        for face in chosen
    ]
    files.write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return len(rows)


def take(path: Path, faces: Iterable[Face], style: Style, store: Store) -> int:
    """Keep the texts of a file that `give` wrote and people filled in; rows without a text are left for later.

    All rows are checked before the first is kept. Return how many were new. Raises `EditError`.
    """
    by_id = {face.face_id: face for face in faces}
    edits = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        where = f"{path}, line {number}"
        try:
            row = json.loads(line)
            face_id, named, text = row["face_id"], row["style"], row["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise EditError(f"{where}: not a row with face_id, style and text ({error!r})") from None
        if named != style.name:
            raise EditError(f"{where}: its style is {named!r}, not {style.name!r}")
        if face_id not in by_id:
            raise EditError(f"{where}: face {face_id!r} is none of those that are captioned")
        if not str(text).strip():
            continue
        try:
            clean, _ = checks.accept(style, str(text), "stop", by_id[face_id].label if style.told else None)
        except checks.Rejected as problem:
            raise EditError(f"{where}: {face_id}: {problem}; mend the text as the style asks, and take the file again") from None
        edits.append((by_id[face_id], clean))
    new = 0
    for face, text in edits:
        number, last = last_edit(style, face.crop_sha256, store)
        if last is None or last["text"] != text:
            asked = {"model": MODEL, "prompt_version": style.name, "image": face.crop_sha256, "attempt": number}
            store.append(
                {"key": key_of(style, face.crop_sha256, number), "request": asked, "text": text, "finish_reason": "stop"}
            )
            new += 1
    return new
