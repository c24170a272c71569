"""People's decisions about captions: the lines of reviews/<set>.jsonl, and what they come to for each face.

A line holds the face and its image, who decided (`editor`), what (`action`), about which reply (`parent`), the text that is to
stand, and the lines that it replaces (`after`). What stands follows from the set of lines and not from their order, so two
editors' files are merged by keeping the lines of both. No line holds a time.

Lines of earlier versions, and of files that people fill in by hand, lack the last four fields: they are edits by nobody named.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fasrepro import hashing, names
from fasrepro.captions.layouts import clip
from fasrepro.captions.styles import Style
from fasrepro.rows.captions import Review

ACCEPT, EDIT, DROP, UNDO = "accept", "edit", "drop", "undo"
# What each action says of a face's caption. An undo withdraws the lines that it names in `after`.
ACTIONS: dict[str, str] = {
    ACCEPT: "the model's reply stands",
    EDIT: "the editor's text stands",
    DROP: "the face has no caption in this set",
    UNDO: "the editor's earlier line is withdrawn",
}
REMEDY = "write the file with --to-people, and change nothing but the texts"
BLANK = "\ufeff\u200b\x00\x1a" + string.whitespace  # what editors leave in a line, or at a file's end
MARKERS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")  # with which git marks what it could not merge


class EditError(ValueError):
    """A decision that cannot be taken; the message names the file, the line and the remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about one face.

    Args:
        review: the face, its image and the text; the text of a drop or an undo is empty.
        editor: who decided; "" where nobody is named.
        action: a key of `ACTIONS`.
        parent: the key of the model's reply that was accepted or edited; "" for none.
        after: ids of the decisions that this one replaces or withdraws, sorted.
    """

    review: Review
    editor: str = ""
    action: str = EDIT
    parent: str = ""
    after: tuple[str, ...] = ()

    @property
    def outcome(self) -> str | None:
        """Return the text that is to stand, None if the face is to have no caption."""
        return None if self.action == DROP else self.review.text

    def row(self) -> dict[str, Any]:
        """Return the fields of the decision's line."""
        others = {"editor": self.editor, "action": self.action, "parent": self.parent, "after": list(self.after)}
        return dataclasses.asdict(self.review) | others

    def id(self) -> str:
        """Return the name under which `after` refers to this decision: a hash of its line."""
        return hashing.sha256_json(self.row())[:16]


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A decision, its id, and the place of its line for messages."""

    where: str
    decision: Decision
    id: str


def read(path: Path, style: Style) -> list[Entry]:
    """Return the decisions of a file in the order of their lines; none if there is no such file.

    Raises:
        EditError: the file is not UTF-8, or a line is no decision about a caption of `style`.
    """
    if not path.is_file():
        return []
    return [_entry(where, parse(where, line, style)) for where, line in lines(path)]


def lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (place, line) for each line of a file that is not blank. Raises `EditError` for a file that is not UTF-8."""
    try:
        content = path.read_text(encoding="utf-8-sig").split("\n")  # not `splitlines`: a text may hold Unicode's line ends
    except UnicodeDecodeError as error:
        raise EditError(f"{path}: not UTF-8 ({error.reason}); save it as UTF-8") from None
    for number, line in enumerate(content, start=1):
        if line.strip(BLANK):
            yield f"{path}, line {number}", line


def parse(where: str, line: str, style: Style) -> Decision:
    """Return the decision of a line. Raises `EditError`."""
    if line.startswith(MARKERS):
        raise EditError(f"{where}: a merge was left unfinished; delete git's lines ({', '.join(MARKERS)}) and keep all others")
    row = json_of(where, line, REMEDY)
    needed = {field.name for field in dataclasses.fields(Review)}
    optional = {field.name for field in dataclasses.fields(Decision)} - {"review"}
    if not isinstance(row, dict) or not needed <= set(row) <= needed | optional:
        expected = ", ".join(field.name for field in dataclasses.fields(Review))
        keys = ", ".join(row) if isinstance(row, dict) else type(row).__name__
        raise EditError(f"{where}: expected {expected}, found {keys}; {REMEDY}")
    after = row.pop("after", [])
    if not isinstance(after, list):
        raise EditError(f"{where}: after is no list; {REMEDY}")
    for name, value in [*row.items(), *(("after", item) for item in after)]:
        if not isinstance(value, str):
            raise EditError(f"{where}: {name} is no text; {REMEDY}")
    if row["style"] != style.name:
        raise EditError(f"{where}: its style is {row['style']!r}, not {style.name!r}; name its own caption set with --set")
    names.lookup(ACTIONS, row.get("action", EDIT), "action", EditError, where)
    review = Review(**{name: row.pop(name) for name in needed})
    return Decision(review, **row, after=tuple(sorted(after)))


def json_of(where: str, text: str, remedy: str) -> Any:
    """Return the JSON value of a text. Raises `EditError`, also for half a character, which UTF-8 cannot hold."""
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise EditError(f"{where}: a text holds half a character (\\ud800 to \\udfff); write it whole") from None
    except (ValueError, RecursionError) as error:
        raise EditError(f"{where}: no JSON ({error}); {remedy}") from None
    return value


def by_face(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Return the decisions about each face, by face_id."""
    grouped: dict[str, list[Entry]] = {}
    for entry in entries:
        grouped.setdefault(entry.decision.review.face_id, []).append(entry)
    return grouped


def standing(entries: Sequence[Entry]) -> list[Entry]:
    """Return the decisions about one face that stand, sorted by id, each once: those neither withdrawn nor replaced."""
    withdrawn = {name for entry in entries if entry.decision.action == UNDO for name in entry.decision.after}
    live = {entry.id: entry for entry in entries if entry.decision.action != UNDO and entry.id not in withdrawn}
    replaced = set().union(*(_replaced_by(entry, entries) for entry in live.values()))
    return [live[name] for name in sorted(live) if name not in replaced]


def _replaced_by(entry: Entry, entries: Sequence[Entry]) -> set[str]:
    """Return the ids of all decisions that one follows, directly or through others."""
    by_id = {other.id: other for other in entries}
    seen: set[str] = set()
    waiting = list(entry.decision.after)
    while waiting:
        name = waiting.pop()
        if name in by_id and name not in seen:
            seen.add(name)
            waiting += by_id[name].decision.after
    return seen


def conflicting(entries: Sequence[Entry]) -> list[Entry]:
    """Return one standing decision for each outcome if there are several; none if the face is undecided or all agree."""
    outcomes: dict[str | None, Entry] = {}
    for entry in standing(entries):
        outcomes.setdefault(entry.decision.outcome, entry)
    return list(outcomes.values()) if len(outcomes) > 1 else []


def own_tips(entries: Sequence[Entry], editor: str) -> list[str]:
    """Return the ids that an editor's next decision about a face replaces.

    They are the last lines that are the editor's own or that replace one of the editor's own, as a settled conflict does. Other
    editors' decisions stay, so that they can be compared.
    """
    named = {name for entry in entries for name in entry.decision.after}
    own = {entry.id for entry in entries if entry.decision.editor == editor}
    return sorted({entry.id for entry in entries if entry.id not in named and own & {entry.id, *_replaced_by(entry, entries)}})


def opinions(entries: Sequence[Entry]) -> dict[str, str | None]:
    """Return what each editor decided about one face on their own, before any conflict was settled: the outcome, by editor."""
    editor_of = {entry.id: entry.decision.editor for entry in entries}

    def settles(decision: Decision) -> bool:
        return any(editor_of.get(name, decision.editor) != decision.editor for name in decision.after)

    own = [entry for entry in entries if not settles(entry.decision)]
    result = {}
    for editor in sorted({entry.decision.editor for entry in own}):
        for entry in standing([entry for entry in own if entry.decision.editor == editor]):
            result[editor] = entry.decision.outcome
    return result


def agreement(faces: Iterable[Mapping[str, str | None]]) -> dict[tuple[str, str], tuple[int, int]]:
    """Return (faces that both decided on, faces on which they agree) for each pair of editors.

    Args:
        faces: `opinions` of each face.

    >>> agreement([{"ann": "a", "ben": "a"}, {"ann": "b", "ben": None}, {"ann": "c"}])
    {('ann', 'ben'): (2, 1)}
    """
    pairs: dict[tuple[str, str], tuple[int, int]] = {}
    for outcomes in faces:
        editors = sorted(outcomes)
        for number, first in enumerate(editors):
            for second in editors[number + 1 :]:
                both, same = pairs.get((first, second), (0, 0))
                pairs[first, second] = (both + 1, same + (outcomes[first] == outcomes[second]))
    return dict(sorted(pairs.items()))


def append(path: Path, decisions: Iterable[Decision]) -> str:
    """Add decisions to a file, whole or not at all; return a notice if its last line had been cut off, else "".

    When it returns, they are on the disk. Several processes may append at once.

    Raises:
        EditError: the disk is full, or the last line is neither whole nor cut off by a kill.
    """
    data = "".join(json.dumps(decision.row(), ensure_ascii=False) + "\n" for decision in decisions).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)  # ends with the process, however that ends
        notice = _repair(file, path)
        size = os.fstat(file).st_size
        try:
            written = os.write(file, data)
        except OSError as error:
            os.ftruncate(file, size)
            raise EditError(f"{path}: cannot be written ({error.strerror}); nothing was added") from None
        if written != len(data):
            os.ftruncate(file, size)
            raise EditError(f"{path}: the disk is full; nothing was added: make room, and decide again")
        os.fsync(file)
    finally:
        os.close(file)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)  # or a power cut could lose a new file's name
    os.close(folder)
    return notice


def repair(path: Path) -> str:
    """Remove a last line that a kill cut off; return a notice that quotes it, "" if there was none."""
    return append(path, []) if path.is_file() else ""


def _repair(file: int, path: Path) -> str:
    """Make an open file end with a whole line. Return a notice, or "". Raises `EditError`."""
    size = os.fstat(file).st_size
    if size == 0 or os.pread(file, 1, size - 1) == b"\n":
        return ""
    content = os.pread(file, size, 0)
    start = content.rfind(b"\n") + 1
    last = content[start:]
    if not last.strip() or _is_json(last):
        os.write(file, b"\n")  # whole, but for its line end
        return ""
    if not last.startswith(b"{"):
        raise EditError(f"{path}: its last line is no decision: {clip(last.decode(errors='replace'))!r}; delete it")
    os.ftruncate(file, start)
    return f"{path}: its last line was cut off, and is removed: {last.decode(errors='replace')}"


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _entry(where: str, decision: Decision) -> Entry:
    return Entry(where, decision, decision.id())
