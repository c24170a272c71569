"""OULU-NPU: 55 users, six phones, three sessions; 1 live and 4 attack videos each. Layout: bob.db.oulunpu.

Across data sets the archive is split by its three folders; of the within-archive protocols, the lists of Protocol 1 are
checked against the files: session 1 and 2 in train and dev, session 3 in test.
"""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path, PurePosixPath

from fasrepro.archives import layout
from fasrepro.archives.layout import ArchiveError, Box, Exclusion, Eyes, Presentation, Reading, UnknownName
from fasrepro.files import write_text
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "OULU-NPU"
# folder -> split, the users that belong to it, its list in Protocol 1, that list's sessions
SIDES: dict[str, tuple[str, range, str, tuple[int, ...]]] = {
    "Train_files": ("train", range(1, 21), "Train.txt", (1, 2)),
    "Dev_files": ("dev", range(21, 36), "Dev.txt", (1, 2)),
    "Test_files": ("test", range(36, 56), "Test.txt", (3,)),
}
SESSIONS = {1: (1,), 2: (1, 3), 3: (1, 2, 3)}  # of a small archive: two, such that Protocol 1 has a test side
FILES = {1: "", 2: "print/1", 3: "print/2", 4: "video_replay/1", 5: "video_replay/2"}
SPECIES = {"": BONA_FIDE_SPECIES, "print": "print", "video_replay": "replay_video"}
# The face box from the eyes, in units of their distance: across, above and below the line of the eyes. Eyes lie about 0.44 of a
# face's width apart, and a detector's tight box runs from the hairline to just under the chin.
HALF_WIDTH, ABOVE, BELOW = 1.15, 1.15, 1.75
_NAME = re.compile(
    r"(?P<folder>Train_files|Dev_files|Test_files)/(?P<phone>[1-6])_(?P<session>[1-3])_(?P<user>\d\d)_(?P<file>[1-5])\.avi"
)
_LINE = re.compile(r"(?P<label>[+-][12]),(?P<stem>[1-6]_[1-3]_\d\d_(?P<file>[1-5]))")


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """What an official path says: phone, session, user and file (1 live, 2 and 3 prints, 4 and 5 replays)."""

    phone: int
    session: int
    user: int
    file: int


def side_of(user: int) -> str:
    """Return the folder that holds a user's videos; raises `UnknownName` for a user the archive does not have."""
    for folder, (_, users, _, _) in SIDES.items():
        if user in users:
            return folder
    raise UnknownName(f"no OULU-NPU user: {user}")


def format_name(name: Name) -> str:
    """Return the relative path of a video."""
    return f"{side_of(name.user)}/{name.phone}_{name.session}_{name.user:02d}_{name.file}.avi"


def parse_name(path: str) -> Name:
    """Read the relative path of a video; raises `UnknownName` for any other, and for a user in a folder that is not theirs."""
    match = _NAME.fullmatch(path)
    if not match:
        raise UnknownName(f"no OULU-NPU name: {path}")
    name = Name(int(match["phone"]), int(match["session"]), int(match["user"]), int(match["file"]))
    if side_of(name.user) != match["folder"]:
        raise ArchiveError(
            f"{path}: user {name.user:02d} belongs to {side_of(name.user)}: a subject in two splits; restore the official tree"
        )
    return name


def presentation(name: Name) -> Presentation:
    """Return the presentation that a name stands for."""
    instrument = FILES[name.file]
    return Presentation(
        dataset="oulu",
        path=format_name(name),
        split=SIDES[side_of(name.user)][0],
        subject=f"oulu/{name.user:02d}",
        label=Label.ATTACK if instrument else Label.BONA_FIDE,
        species=SPECIES[instrument.partition("/")[0]],
        instrument=instrument,
        camera=f"phone{name.phone}",
    )


def read_protocol(root: Path, side: str, protocol: str = "Protocol_1") -> dict[str, bool]:
    """Return stem -> is it an attack, from Protocols/<protocol>/<side>.txt; a fold's side is "Train_1".

    Raises `ArchiveError` naming file and line where the list is missing, or a line's label contradicts its file number.
    """
    path = root / "Protocols" / protocol / f"{side}.txt"
    listed: dict[str, bool] = {}
    for number, line in layout.read_lines(path, "protocol list", layout.PUT_BACK):
        match = _LINE.fullmatch(line.replace(" ", ""))
        if not match:
            raise ArchiveError(f"{path}, line {number}: {line[:40]!r} is no '+1,1_1_01_1'; restore the official list")
        attack = match["label"][0] == "-"
        if attack != (match["file"] != "1"):
            raise ArchiveError(
                f"{path}, line {number}: {line[:40]!r}: its label contradicts its file number; restore the official list"
            )
        listed[match["stem"]] = attack
    return listed


def read(root: Path) -> Reading:
    """Read an official tree. A video that Protocol 1 lists and that is not there is an exclusion; a missing list is an error."""
    protocols = {p for p in layout.files(root) if PurePosixPath(p).parts[0] == "Protocols"}
    reading = layout.read_tree(root, lambda path: presentation(parse_name(path)), (".avi",), ".txt", protocols)
    there = {PurePosixPath(p.path).stem for p in reading.presentations}
    missing = [
        Exclusion(f"{folder}/{stem}.avi", f"listed in Protocols/Protocol_1/{file}, but not there")
        for folder, (_, _, file, _) in SIDES.items()
        for stem in read_protocol(root, file.removesuffix(".txt"))
        if stem not in there
    ]
    return Reading(reading.presentations, reading.exclusions + missing)


def box_from_eyes(first: tuple[int, int], second: tuple[int, int]) -> Box | None:
    """Return the face box that goes with two eye centres in pixels, in either order; None where they are one point.

    The rule is this project's, see `HALF_WIDTH`: the archive gives eyes, not faces.
    """
    distance = math.dist(first, second)
    if distance < 1:
        return None
    x, y = (first[0] + second[0]) / 2, (first[1] + second[1]) / 2
    return (
        round(x - HALF_WIDTH * distance),
        round(y - ABOVE * distance),
        round(2 * HALF_WIDTH * distance),
        round((ABOVE + BELOW) * distance),
    )


def boxes(root: Path, path: str) -> dict[int, Box] | None:
    """Return frame -> face box from the eyes' .txt file (frame, x, y of either eye); None where there is no file."""
    rows = layout.read_numbers(root / layout.beside(path, ".txt"), ",", 4)
    if rows is None:
        return None
    found = {frame: box_from_eyes((x1, y1), (x2, y2)) for frame, (x1, y1, x2, y2) in rows.items()}
    return {frame: box for frame, box in found.items() if box is not None}


def eyes(root: Path, path: str) -> dict[int, Eyes] | None:
    """Return frame -> eyes from the .txt file; None where there is no file."""
    return layout.read_eyes(root / layout.beside(path, ".txt"), ",", 0)


rotation = layout.upright


def plan(train: int, dev: int, test: int, phones: int, sessions: int) -> list[Presentation]:
    """Return the presentations of a small archive of the official shape: 1 live and 4 attacks a user, phone and session.

    Raises `ArchiveError` where the archive has no such many users, phones or sessions.
    """
    for count, (folder, (_, users, _, _)) in zip((train, dev, test), SIDES.items(), strict=True):
        if count > len(users):
            raise ArchiveError(f"archives.oulu: {count} users for {folder}, which has {len(users)}")
    if sessions not in SESSIONS or not 1 <= phones <= 6:
        raise ArchiveError(f"archives.oulu: {phones} phones and {sessions} sessions; there are 6 and 3")
    users = [u for count, (_, all_users, _, _) in zip((train, dev, test), SIDES.values(), strict=True) for u in all_users[:count]]
    return [
        presentation(Name(phone, session, user, file))
        for user in users
        for phone in range(1, phones + 1)
        for session in SESSIONS[sessions]
        for file in FILES
    ]


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write the eyes' .txt file: a line a frame, from 0: x, y of the eye at the left of the picture, then of the other."""
    del faces
    layout.write_numbers(root / layout.beside(path, ".txt"), dict(eyes), ",", first=0)


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write the lists of Protocol 1 in the official form, "+1,stem" for a live video and "-1,stem" for an attack."""
    for split, _, file, sessions in SIDES.values():
        stems = [(PurePosixPath(p.path).stem, p.label) for p in presentations if p.split == split]
        lines = [f"{'-1' if label is Label.ATTACK else '+1'},{stem}" for stem, label in stems if int(stem[2]) in sessions]
        write_text(root / "Protocols" / "Protocol_1" / file, "".join(line + "\n" for line in lines))
