"""Captions that people wrote or mended. They lie in reviews/, in git, and win over what a model wrote, face by face.

`write_blank` writes a file of faces for people to fill in, `merge` checks it and puts its edits into reviews/<set>.jsonl, and
`captions` reads that file for the stage `annotate`. All three use the same format: a JSON line per face.
"""

from __future__ import annotations

import dataclasses
import json
import string
from collections.abc import Iterable, Mapping
from pathlib import Path

from fasrepro import files
from fasrepro.captions import checks
from fasrepro.captions.styles import Style
from fasrepro.rows.captions import Caption, Review, Verdict
from fasrepro.rows.faces import Face

MODEL = "people"


class EditError(ValueError):
    """An edit that cannot be taken; the message names the file, the line and the remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class Edits:
    """People's captions of a set, by face_id; `others` are the face_ids of edits that are about no face of the set.

    An edit is about an image: if the face has another crop now, as under another profile, the edit is about no face of the set.
    """

    captions: dict[str, Caption]
    others: list[str]


def captions(faces: Iterable[Face], style: Style, path: Path, label_aware: bool) -> Edits:
    """Return the captions that people wrote, from a file in reviews/; none if there is no such file.

    Args:
        faces: of the set.
        style: of the captions.
        path: of the file.
        label_aware: whether the prompts of the set's annotator state the label; noted in each caption.

    Raises:
        EditError: a line is no edit, or its text is no caption of the style.
    """
    by_id = {face.face_id: face for face in faces}
    captions_by_face, others = {}, []
    for where, review in _read(path, style) if path.is_file() else ():
        face = by_id.get(review.face_id)
        if not review.text.strip():
            raise EditError(f"{where}: {review.face_id}: no text; write a caption, or delete the line")
        if face is None or face.crop_sha256 != review.crop_sha256:
            others.append(review.face_id)
            continue
        text, verdict = _accepted(where, review, face, style)
        captions_by_face[face.face_id] = Caption(
            face_id=face.face_id,
            style=style.name,
            text=text,
            verdict=verdict,
            prompt_version=f"{style.name}-{style.version}-{MODEL}",
            model=MODEL,
            label_aware=label_aware and style.may_know_label,
            attempts=1,
            request_key="",
        )
    return Edits(captions_by_face, others)


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
    present = {review.face_id: (where, review) for where, review in (_read(into, style) if into.is_file() else ())}
    merged = {face_id: review for face_id, (_, review) in present.items()}
    for where, review in _read(path, style):
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
        if review.face_id in present and present[review.face_id][1].text != text:
            raise EditError(
                f"{where}: {review.face_id} has another edit at {present[review.face_id][0]}; to replace that one, delete its"
                " line, and take the file in again"
            )
        merged[review.face_id] = dataclasses.replace(review, text=text)
    if len(merged) > len(present):
        _write(into, [merged[face_id] for face_id in sorted(merged)])
    return len(merged) - len(present)


def _accepted(where: str, review: Review, face: Face, style: Style) -> tuple[str, Verdict]:
    """Return the clean text and the verdict of an edit. Raises `EditError`."""
    try:
        return checks.accept(style, review.text, "stop", face.label if style.may_know_label else None)
    except checks.Rejected as problem:
        raise EditError(
            f"{where}: {review.face_id}: {problem}; mend the text as the style asks, and run the command again"
        ) from None


def _read(path: Path, style: Style) -> Iterable[tuple[str, Review]]:
    """Yield (place, edit) for each line of a file. Raises `EditError`."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")  # not `splitlines`: a text may hold Unicode's line ends
    except UnicodeDecodeError as error:
        raise EditError(f"{path}: not UTF-8 ({error.reason}); save it as UTF-8") from None
    places: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip("\ufeff\u200b\x00\x1a" + string.whitespace):  # what editors leave in a line or at a file's end
            continue
        where = f"{path}, line {number}"
        review = _parse(where, line)
        if review.style != style.name:
            raise EditError(f"{where}: its style is {review.style!r}, not {style.name!r}; name its own caption set with --set")
        if review.face_id in places:
            raise EditError(f"{where}: {review.face_id} is also at {places[review.face_id]}; delete one of the two lines")
        places[review.face_id] = where
        yield where, review


def _parse(where: str, line: str) -> Review:
    """Return the edit of a line. Raises `EditError`."""
    fields = [field.name for field in dataclasses.fields(Review)]
    remedy = "write the file with --to-people, and change nothing but the texts"
    try:
        row = json.loads(line)
    except ValueError as error:
        raise EditError(f"{where}: no JSON ({error}); {remedy}") from None
    if not isinstance(row, dict) or set(row) != set(fields):
        keys = ", ".join(row) if isinstance(row, dict) else type(row).__name__
        raise EditError(f"{where}: expected {', '.join(fields)}, found {keys}; {remedy}")
    for name, value in row.items():
        if not isinstance(value, str):
            raise EditError(f"{where}: {name} is no text; {remedy}")
    return Review(**row)


def _write(path: Path, reviews: Iterable[Review]) -> None:
    lines = [json.dumps(dataclasses.asdict(review), ensure_ascii=False) + "\n" for review in reviews]
    files.write_text(path, "".join(lines))
