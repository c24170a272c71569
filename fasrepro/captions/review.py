"""Captions that people wrote or mended. They lie in reviews/, in git, and win over what a model wrote, face by face.

`write_blank` writes a file of faces for people to fill in, `merge` checks it and puts its edits into reviews/<set>.jsonl, and
`captions` reads that file for the stage `annotate`. The review page adds to the same file. All use the lines of `decisions`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from fasrepro import files
from fasrepro.captions import checks, decisions
from fasrepro.captions.decisions import EditError, Entry
from fasrepro.captions.styles import Style
from fasrepro.rows.captions import Caption, Review, Verdict
from fasrepro.rows.faces import Face

MODEL = "people"


@dataclasses.dataclass(frozen=True, slots=True)
class Edits:
    """What people decided about a set.

    A decision is about an image: if the face has another crop now, as under another profile, it is about no face of the set.

    Args:
        captions: that people accepted or wrote, by face_id.
        others: the face_ids of decisions that are about no face of the set.
        dropped: the face_ids of faces that are to have no caption.
    """

    captions: dict[str, Caption]
    others: list[str]
    dropped: list[str] = dataclasses.field(default_factory=list)


def captions(faces: Iterable[Face], style: Style, path: Path, label_aware: bool, author: str = MODEL) -> Edits:
    """Return what people decided, from a file in reviews/; nothing if there is no such file.

    Args:
        faces: of the set.
        style: of the captions.
        path: of the file.
        label_aware: whether the prompts of the set's annotator state the label; noted in each caption.
        author: whom each caption names in place of a model.

    Raises:
        EditError: a line is no decision, a text is no caption of the style, or two editors disagree about a face.
    """
    by_id = {face.face_id: face for face in faces}
    edits = Edits({}, [])
    for face_id, entries in decisions.by_face(_with_texts(decisions.read(path, style))).items():
        face = by_id.get(face_id)
        about = [entry for entry in entries if face and entry.decision.review.crop_sha256 == face.crop_sha256]
        if len(about) < len(entries):
            edits.others.append(face_id)
        if face is None or not about:
            continue
        standing = _undisputed(about)
        if standing is None:
            continue
        if standing.decision.action == decisions.DROP:
            edits.dropped.append(face_id)
            continue
        text, verdict = _accepted(standing.where, standing.decision.review, face, style)
        edits.captions[face_id] = Caption(
            face_id=face_id,
            style=style.name,
            text=text,
            verdict=verdict,
            prompt_version=f"{style.name}-{style.version}-{author.replace(' ', '-')}",
            model=author,
            label_aware=label_aware and style.may_know_label,
            attempts=1,
            request_key=standing.decision.parent,
        )
    return edits


def _with_texts(entries: list[Entry]) -> list[Entry]:
    """Return the entries. Raises `EditError` for a caption without a text."""
    for entry in entries:
        review = entry.decision.review
        if entry.decision.action in (decisions.ACCEPT, decisions.EDIT) and not review.text.strip():
            raise EditError(f"{entry.where}: {review.face_id}: no text; write a caption, or delete the line")
    return entries


def _undisputed(entries: list[Entry]) -> Entry | None:
    """Return the decision about one face that stands, None if there is none. Raises `EditError` if two differ."""
    if disputed := decisions.conflicting(entries):
        first, second = disputed[:2]
        raise EditError(
            f"{first.where}: {first.decision.review.face_id}: {_says(first)}, but {second.where}: {_says(second)}; settle it on"
            " the page of `fasrepro review`, or delete one of the two lines"
        )
    return next(iter(decisions.standing(entries)), None)


def _says(entry: Entry) -> str:
    outcome = "drops the face" if entry.decision.outcome is None else f"has the text {entry.decision.outcome!r}"
    return f"{entry.decision.editor or 'an editor without a name'} {outcome}"


def write_blank(path: Path, faces: Iterable[Face], style: Style, reasons: Mapping[str, str]) -> int:
    """Write a file for people to fill in, with a line for each face of `reasons`, and why it is there.

    Returns:
        The number of faces.

    Raises:
        EditError: the file exists; people may have filled it in.
    """
    if path.exists():
        raise EditError(f"{path}: exists already; take it in with --from-people, or name another file")
    reviews = [
        Review(
            face_id=face.face_id,
            style=style.name,
            crop=face.crop,
            crop_sha256=face.crop_sha256,
            label=face.label.name.lower(),
            species=face.species,
            why=reasons[face.face_id],
            text="",
        )
        for face in faces
        if face.face_id in reasons
    ]
    _write(path, reviews)
    return len(reviews)


def merge(path: Path, into: Path, faces: Iterable[Face], style: Style) -> int:
    """Put the edits of a file that people filled in into a file of reviews/. Lines without a text are skipped.

    The whole file is checked before anything is written, and no edit is ever replaced.

    Args:
        path: the file that people filled in.
        into: the file in reviews/.
        faces: of the set.
        style: of the captions.

    Returns:
        The number of new edits.

    Raises:
        EditError: a line is no edit, or of another face or style; a text is no caption; or a face has another edit already.
    """
    by_id = {face.face_id: face for face in faces}
    present = decisions.by_face(_with_texts(decisions.read(into, style)))
    added = []
    for entry in _once_a_face(decisions.read(path, style)):
        where, review = entry.where, entry.decision.review
        if not review.text.strip():
            continue
        face = by_id.get(review.face_id)
        if face is None:
            raise EditError(f"{where}: face {review.face_id!r} is none of those that are captioned")
        if face.crop_sha256 != review.crop_sha256:
            raise EditError(
                f"{where}: {review.face_id}: its crop is not the one of this file any more; write the file anew with --to-people"
            )
        text, _ = _accepted(where, review, face, style)
        earlier = decisions.standing(present.get(review.face_id, []))
        if other := next((one for one in earlier if one.decision.outcome != text), None):
            raise EditError(
                f"{where}: {review.face_id} has another edit at {other.where}; to replace that one, delete its line, and take the"
                " file in again"
            )
        if not earlier:
            added.append(dataclasses.replace(entry.decision, review=dataclasses.replace(review, text=text)))
    if added:
        decisions.append(into, added)
    return len(added)


def accepted(text: str, face: Face, style: Style) -> tuple[str, Verdict]:
    """Return the clean text and the verdict of what a person wrote about a face. Raises `Rejected`: see `checks.accept`."""
    return checks.accept(style, text, "stop", face.label if style.may_know_label else None)


def _accepted(where: str, review: Review, face: Face, style: Style) -> tuple[str, Verdict]:
    """Return the clean text and the verdict of an edit. Raises `EditError`."""
    try:
        return accepted(review.text, face, style)
    except checks.Rejected as problem:
        raise EditError(
            f"{where}: {review.face_id}: {problem}; mend the text as the style asks, and run the command again"
        ) from None


def _once_a_face(entries: Iterable[Entry]) -> Iterable[Entry]:
    """Yield the entries of a file that people filled in. Raises `EditError` for a face that is there twice."""
    places: dict[str, str] = {}
    for entry in entries:
        face_id = entry.decision.review.face_id
        if face_id in places:
            raise EditError(f"{entry.where}: {face_id} is also at {places[face_id]}; delete one of the two lines")
        places[face_id] = entry.where
        yield entry


def _write(path: Path, reviews: Iterable[Review]) -> None:
    lines = [json.dumps(dataclasses.asdict(review), ensure_ascii=False) + "\n" for review in reviews]
    files.write_text(path, "".join(lines))
