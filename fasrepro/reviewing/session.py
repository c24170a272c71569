"""One editor's work on one caption set: what the page shows of a face, drafts, decisions, progress. Knows no HTTP."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from fasrepro import files, hashing, names, regions
from fasrepro.captions import decisions, review
from fasrepro.captions.checks import Rejected
from fasrepro.captions.decisions import ACCEPT, ACTIONS, DROP, EDIT, UNDO, Decision, EditError, Entry
from fasrepro.captions.layouts import LAYOUTS, FormError
from fasrepro.captions.styles import Style
from fasrepro.datasets import DATASETS
from fasrepro.reviewing.replies import StoredReply, accepted_reply
from fasrepro.rows.captions import Review
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face
from fasrepro.rows.truth import Truth
from fasrepro.vocabulary import SPECIES

# What the page's fields hold: {"parts": [a text a title]}, or {"text": the whole caption} where it does not split into parts.
Fields: TypeAlias = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class ReviewSet:
    """A caption set under review.

    Args:
        name: of the set.
        style: of its captions.
        faces: of the set, in the order of the page.
        truths: what is known of synthetic images, by face_id.
        replies: returns what a model has replied about a face.
        prompt: returns what a model is asked about a face.
        crops: the folder of the faces' crops.
        path: of the file of decisions.
        drafts: the folder of texts that nobody has saved yet.
    """

    name: str
    style: Style
    faces: list[Face]
    truths: Mapping[str, Truth]
    replies: Callable[[Face], list[StoredReply]]
    prompt: Callable[[Face], str]
    crops: Path
    path: Path
    drafts: Path


class Session:
    """The decisions about a set, as one editor sees them. Another program may change the file at any time.

    Raises:
        EditError: the file has a line that is no decision.
    """

    def __init__(self, reviewed: ReviewSet, editor: str) -> None:
        self.reviewed, self.editor = reviewed, editor
        self.notice = decisions.repair(reviewed.path)
        self._crops = {face.face_id: face.crop_sha256 for face in reviewed.faces}
        self._stamp: tuple[int, ...] = ()
        self._entries: list[Entry] = []  # about the images of this set, in the order of the file
        self._by_face: dict[str, list[Entry]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the file again if it has changed. Raises `EditError`."""
        stamp = _stamp(self.reviewed.path)
        if stamp == self._stamp:
            return
        entries = decisions.read(self.reviewed.path, self.reviewed.style)
        self._entries = [entry for entry in entries if self._is_here(entry)]
        self._by_face = decisions.by_face(self._entries)
        self._stamp = stamp

    def _is_here(self, entry: Entry) -> bool:
        about = entry.decision.review
        return self._crops.get(about.face_id) == about.crop_sha256

    def of(self, face: Face) -> list[Entry]:
        """Return the decisions about a face, of all editors."""
        return self._by_face.get(face.face_id, [])

    def has_decided(self, entries: list[Entry]) -> bool:
        """Return whether this editor has decided about a face, given all decisions about it."""
        standing = {entry.decision.editor for entry in decisions.standing(entries)}
        return self.editor in standing or self.editor in decisions.opinions(entries)

    def next(self, at: int, which: str, step: int) -> int | None:
        """Return the place of the next face of a kind, None if there is no other.

        Args:
            at: the place to start from.
            which: a key of `KINDS`.
            step: 1 or -1; the page goes around the end.

        Raises:
            EditError: there is no such kind.
        """
        is_of_kind = names.lookup(KINDS, which, "kind of face", EditError)
        count = len(self.reviewed.faces)
        places = [(at + step * distance) % count for distance in range(1, count)]
        return next((place for place in places if is_of_kind(self, self.reviewed.faces[place])), None)

    def progress(self) -> dict[str, Any]:
        """Return counts over the set, and for each pair of editors on how many faces they agree."""
        standing = [decisions.standing(entries) for entries in self._by_face.values()]
        conflicts = sum(bool(decisions.conflicting(entries)) for entries in self._by_face.values())
        actions = [one[0].decision.action for one in standing if one and not decisions.conflicting(one)]
        pairs = decisions.agreement(decisions.opinions(entries) for entries in self._by_face.values())
        return {
            "faces": len(self.reviewed.faces),
            "decided": len(actions),
            "own": sum(map(self.has_decided, self._by_face.values())),
            "actions": {action: actions.count(action) for action in (ACCEPT, EDIT, DROP)},
            "conflicts": conflicts,
            "agreement": [
                {"editors": [_shown(first), _shown(second)], "both": both, "same": same}
                for (first, second), (both, same) in pairs.items()
            ],
        }

    def fields_of(self, text: str) -> Fields:
        """Return the page's fields for a text, by the layout of the style."""
        style = self.reviewed.style
        try:
            return {"parts": LAYOUTS[style.layout].split(style.headings, text)}
        except FormError:
            return {"text": text}

    def text_of(self, fields: Fields) -> str:
        """Return the text of the page's fields. Raises `EditError` for fields of another form."""
        style = self.reviewed.style
        if isinstance(fields.get("text"), str):
            return fields["text"]
        parts = fields.get("parts")
        count = max(1, len(style.headings))
        if not isinstance(parts, list) or len(parts) != count or not all(isinstance(part, str) for part in parts):
            raise EditError(f"expected {count} parts, each a text")
        return LAYOUTS[style.layout].write(style.headings, parts)

    def check(self, face: Face, fields: Fields) -> dict[str, Any]:
        """Return whether the fields hold a caption: "reason" is why not, "" if they do. "words" counts them."""
        text = self.text_of(fields)
        try:
            review.accepted(text, face, self.reviewed.style)
        except Rejected as problem:
            return {"reason": str(problem), "words": len(text.split())}
        return {"reason": "", "words": len(text.split())}

    def save_draft(self, face: Face, fields: Fields) -> None:
        """Keep what the fields hold, until a decision about the face."""
        self.text_of(fields)
        files.write_json(self._draft(face), {"face_id": face.face_id, "crop_sha256": face.crop_sha256, "fields": fields})

    def discard_draft(self, face: Face) -> None:
        """Forget what was kept of a face's fields."""
        self._draft(face).unlink(missing_ok=True)

    def _draft(self, face: Face) -> Path:
        return self.reviewed.drafts / hashing.sha256_json(self.editor)[:16] / f"{hashing.sha256_json(face.face_id)[:32]}.json"

    def _kept_draft(self, face: Face) -> Fields | None:
        path = self._draft(face)
        if not path.is_file():
            return None
        draft = files.read_json(path)
        return draft["fields"] if draft["crop_sha256"] == face.crop_sha256 else None

    def face(self, at: int) -> dict[str, Any]:
        """Return what the page shows of the face at a place, from 0."""
        face, style = self.reviewed.faces[at], self.reviewed.style
        replies, entries = self.reviewed.replies(face), self.of(face)
        own = [entry for entry in decisions.standing(entries) if entry.decision.editor == self.editor]
        initial = self.fields_of(_initial_text(replies, own)) if replies or own else {"parts": [""] * max(1, len(style.headings))}
        draft = self._kept_draft(face)
        disputed = decisions.standing(entries) if decisions.conflicting(entries) else []
        return {
            "at": at,
            "face_id": face.face_id,
            "archive": f"{DATASETS[face.dataset].title}, {face.camera}",
            "label": "bona fide" if face.species == BONA_FIDE_SPECIES else "attack",
            "species": SPECIES.get(face.species, face.species),
            "prompt": self.reviewed.prompt(face),
            "replies": [dataclasses.asdict(reply) for reply in replies],
            "initial": initial,
            "draft": draft,
            "check": self.check(face, draft or initial),
            "own": [_told(entry) for entry in own],
            "conflict": [_told(entry) | {"fields": self.fields_of(entry.decision.review.text)} for entry in disputed],
            "has_truth": face.face_id in self.reviewed.truths,
        }

    def cues(self, face: Face) -> list[dict[str, Any]]:
        """Return the cues that are visible in a face's crop, each with rectangles (x, y, width, height) in shares of the crop."""
        truth = self.reviewed.truths.get(face.face_id)
        if truth is None:
            return []
        visible = set(regions.visible(face.box, truth.cues, truth.regions))
        places = [(name, region) for name, region in zip(truth.cues, truth.regions, strict=True) if name in visible]
        return [{"name": name.replace("_", " "), "rectangles": rectangles(face.box, region)} for name, region in places]

    def decide(self, face: Face, action: str, fields: Fields, settles: list[str]) -> None:
        """Add the editor's decision about a face to the file.

        A text that is the model's own is recorded as accepted, whichever button it came by.

        Args:
            face: of the set.
            action: accept, edit or drop.
            fields: of the page.
            settles: the ids of the differing decisions that were shown, which this one replaces.

        Raises:
            EditError: no such action; the reply was changed before it was accepted; or the others have decided anew meanwhile.
            Rejected: the text is no caption; the message says why.
        """
        self.refresh()
        names.lookup({name: text for name, text in ACTIONS.items() if name != UNDO}, action, "action", EditError)
        standing = {entry.id: entry.decision for entry in decisions.standing(self.of(face))}
        if not set(settles) <= set(standing):
            raise EditError("other decisions about this face have come in meanwhile; look at it again")
        replies = self.reviewed.replies(face)
        reply = accepted_reply(replies)
        text = ""
        if action != DROP:
            text, _ = review.accepted(self.text_of(fields), face, self.reviewed.style)
            is_reply = reply is not None and reply.text == text
            if action == ACCEPT and not is_reply:
                raise EditError("this is not the model's reply: save it as an edit, or take the changes back first")
            action = ACCEPT if is_reply else EDIT
        reasons = [one.reason for one in replies if one.reason]
        told = self._review(face, reasons[-1] if reasons else "", text)
        parent = replies[-1].key if replies else ""
        after = {*decisions.own_tips(self.of(face), self.editor), *settles}
        decision = Decision(told, self.editor, action, parent, tuple(sorted(after)))
        known = [one for one in standing.values() if one.editor == self.editor and one.outcome == decision.outcome]
        if settles or not known:
            self._append(decision)
        self.discard_draft(face)

    def undo(self) -> int | None:
        """Withdraw the editor's last decision that stands; return the place of its face, None if there is nothing to withdraw.

        The text that it had becomes a draft.
        """
        self.refresh()
        by_id = {face.face_id: place for place, face in enumerate(self.reviewed.faces)}
        for entry in reversed(self._entries):
            about = entry.decision.review
            is_standing = any(one.id == entry.id for one in decisions.standing(self._by_face[about.face_id]))
            if entry.decision.editor == self.editor and is_standing:
                face = self.reviewed.faces[by_id[about.face_id]]
                if entry.decision.action == EDIT:
                    self.save_draft(face, self.fields_of(about.text))
                self._append(Decision(self._review(face, about.why, ""), self.editor, UNDO, entry.decision.parent, (entry.id,)))
                return by_id[about.face_id]
        return None

    def _review(self, face: Face, why: str, text: str) -> Review:
        label = face.label.name.lower()
        return Review(face.face_id, self.reviewed.style.name, face.crop, face.crop_sha256, label, face.species, why, text)

    def _append(self, decision: Decision) -> None:
        self.notice = decisions.append(self.reviewed.path, [decision]) or self.notice
        self.refresh()


# The kinds of faces among which the page goes from one to the next.
KINDS: dict[str, Callable[[Session, Face], bool]] = {
    "all": lambda session, face: True,
    "open": lambda session, face: not decisions.standing(session.of(face)),
    "own": lambda session, face: (
        not any(entry.decision.editor == session.editor for entry in decisions.standing(session.of(face)))
    ),
    "conflict": lambda session, face: bool(decisions.conflicting(session.of(face))),
    "rejected": lambda session, face: accepted_reply(session.reviewed.replies(face)) is None,
}


def rectangles(box: tuple[int, ...], region: str) -> list[list[float]]:
    """Return where a region is in the crop of a box: one (x, y, width, height) for each run of cells in a row, in [0, 1].

    The box is taken for the crop. Where a convention of `data.cropping` turns the face upright, places are off by that turn.

    >>> rectangles((0, 0, 8, 4), "3x1:0,1,2")
    [[0.0, 0.0, 0.5, 1.0]]
    """
    x, y, width, height = box
    result = []
    for row, cells in enumerate(regions.decode_region(region)):
        edges = np.flatnonzero(np.diff(np.concatenate(([False], cells, [False])))).tolist()
        top, bottom = np.clip(((row * regions.CELL - y) / height, ((row + 1) * regions.CELL - y) / height), 0, 1).tolist()
        for first, end in zip(edges[::2], edges[1::2], strict=True):
            left, right = np.clip(((first * regions.CELL - x) / width, (end * regions.CELL - x) / width), 0, 1).tolist()
            if right > left and bottom > top:
                result.append([round(value, 4) for value in (left, top, right - left, bottom - top)])
    return result


def _initial_text(replies: list[StoredReply], own: list[Entry]) -> str:
    """Return the text with which the fields begin: the editor's own, else the accepted reply, else the last one with a text."""
    texts = [reply.text for reply in replies if reply.text]
    return next((entry.decision.review.text for entry in own if entry.decision.action != DROP), texts[-1] if texts else "")


def _told(entry: Entry) -> dict[str, Any]:
    decision = entry.decision
    return {"id": entry.id, "editor": _shown(decision.editor), "action": decision.action, "text": decision.review.text}


def _shown(editor: str) -> str:
    return editor or "(no name)"


def _stamp(path: Path) -> tuple[int, ...]:
    if not path.is_file():
        return (0,)
    state = path.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns
