"""OULU-NPU: 55 users, six phones, three sessions; one bona fide video and four attacks each. Layout: bob.db.oulunpu.

Across data sets the archive is split by its three folders. Of the protocols inside the archive, the lists of Protocol 1 are
compared with the files: sessions 1 and 2 in train and dev, session 3 in test.
"""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path, PurePosixPath

from fasrepro.archives import layout, reader
from fasrepro.archives.layout import ArchiveError, Box, Exclusion, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree
from fasrepro.files import write_text
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "OULU-NPU"
# split -> subjects, bona fide videos, attacks, by the lists of the release
PUBLISHED = {"train": (20, 360, 1440), "dev": (15, 270, 1080), "test": (20, 360, 1440)}
# folder -> split, its users, its list in Protocol 1, the sessions of that list
SIDES: dict[str, tuple[str, range, str, tuple[int, ...]]] = {
    "Train_files": ("train", range(1, 21), "Train.txt", (1, 2)),
    "Dev_files": ("dev", range(21, 36), "Dev.txt", (1, 2)),
    "Test_files": ("test", range(36, 56), "Test.txt", (3,)),
}
SESSIONS = {1: (1,), 2: (1, 3), 3: (1, 2, 3)}  # of a small archive; two are 1 and 3, so that Protocol 1 has a test list
FILES = {1: "", 2: "print/1", 3: "print/2", 4: "video_replay/1", 5: "video_replay/2"}
SPECIES = {"": BONA_FIDE_SPECIES, "print": "print", "video_replay": "replay_video"}
PAI_SPECIES = tuple(species for word, species in SPECIES.items() if word)
# The face box from the eyes, in units of their distance: to either side, above and below the line of the eyes. Eyes lie about
# 0.44 of a face's width apart, and a detector's tight box runs from the hairline to just under the chin.
HALF_WIDTH, ABOVE, BELOW = 1.15, 1.15, 1.75
_NAME = re.compile(
    r"(?P<folder>Train_files|Dev_files|Test_files)/(?P<phone>[1-6])_(?P<session>[1-3])_(?P<user>\d\d)_(?P<file>[1-5])\.avi",
    re.ASCII,
)
_LINE = re.compile(r"(?P<label>[+-][12]),(?P<stem>[1-6]_[1-3]_\d\d_(?P<file>[1-5]))", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of an official path: phone, session, user and file (1 bona fide, 2 and 3 prints, 4 and 5 replays)."""

    phone: int
    session: int
    user: int
    file: int


def side_of(user: int) -> str:
    """Return the folder that holds a user's videos. Raises `UnknownName` for a user that the archive does not have."""
    for folder, (_, users, _, _) in SIDES.items():
        if user in users:
            return folder
    raise UnknownName(f"not an OULU-NPU user: {user}")


def format_name(name: Name) -> str:
    """Return the relative path of a video."""
    return f"{side_of(name.user)}/{name.phone}_{name.session}_{name.user:02d}_{name.file}.avi"


def parse_name(path: str) -> Name:
    """Parse the relative path of a video.

    Raises:
        UnknownName: for any other path.
        ArchiveError: for a user in the folder of another split.
    """
    match = _NAME.fullmatch(path)
    if not match:
        raise UnknownName(f"not an OULU-NPU name: {path}")
    name = Name(int(match["phone"]), int(match["session"]), int(match["user"]), int(match["file"]))
    if side_of(name.user) != match["folder"]:
        raise ArchiveError(
            f"{path}: user {name.user:02d} belongs to {side_of(name.user)}: a subject in two splits; restore the official tree"
        )
    return name


def presentation(name: Name) -> Presentation:
    """Return the presentation of an official name."""
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


def read_protocol(tree: Tree, side: str, protocol: str = "Protocol_1") -> dict[str, bool]:
    """Return stem -> whether it is an attack, from Protocols/<protocol>/<side>.txt; the side of a fold is like "Train_1".

    Raises:
        ArchiveError: naming the file, and the line whose label contradicts its file number; also for a missing list.
    """
    file = f"Protocols/{protocol}/{side}.txt"
    path = tree.file(file)
    listed: dict[str, bool] = {}
    for number, line in tree.lines(file, "protocol list", layout.PUT_BACK):
        match = _LINE.fullmatch(line.replace(" ", ""))
        if not match:
            raise ArchiveError(f"{path}, line {number}: {line[:40]!r} is not like '+1,1_1_01_1'; restore the official list")
        attack = match["label"][0] == "-"
        if attack != (match["file"] != "1"):
            raise ArchiveError(
                f"{path}, line {number}: {line[:40]!r}: its label contradicts its file number; restore the official list"
            )
        listed[match["stem"]] = attack
    return listed


def read(tree: Tree) -> Reading:
    """Read an official tree. A video that Protocol 1 lists and that is absent is an exclusion; a missing list is an error.

    Without the whole folder `Protocols` nothing is compared, and a notice says so: the folders alone tell the splits.
    """
    protocols = {p for p in tree.sizes if PurePosixPath(p).parts[0] == "Protocols"}
    reading = reader.read(tree, lambda path: presentation(parse_name(path)), (".avi",), ".txt", protocols)
    if not protocols:
        notice = "Protocols/ is absent: the archive's own protocols cannot be run, and no list is compared with the files"
        return dataclasses.replace(reading, notices=[notice])
    present = {PurePosixPath(p.path).stem for p in reading.presentations}
    missing = [
        Exclusion(f"{folder}/{stem}.avi", f"listed in Protocols/Protocol_1/{file}, but absent")
        for folder, (_, _, file, _) in SIDES.items()
        for stem in read_protocol(tree, file.removesuffix(".txt"))
        if stem not in present
    ]
    return Reading(reading.presentations, reading.exclusions + missing)


def box_from_eyes(first: tuple[int, int], second: tuple[int, int]) -> Box | None:
    """Return the face box around two eye centres in pixels, in either order; None if they are one point.

    The rule is this project's (see `HALF_WIDTH`): the archive gives eyes, not faces.
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
    """Return frame -> face box from the eyes' .txt file (frame, x, y of either eye); None if there is no file."""
    rows = layout.read_numbers(root / layout.with_suffix(path, ".txt"), ",", 4)
    if rows is None:
        return None
    by_frame = {frame: box_from_eyes((x1, y1), (x2, y2)) for frame, (x1, y1, x2, y2) in rows.items()}
    return {frame: box for frame, box in by_frame.items() if box is not None}


def eyes(root: Path, path: str) -> dict[int, Eyes] | None:
    """Return frame -> eyes from the .txt file; None if there is no file."""
    return layout.read_eyes(root / layout.with_suffix(path, ".txt"), ",", 0)


rotation = layout.rotation_unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """Users of each folder of a small archive, and how many of the 6 phones and 3 sessions it has."""

    train: int
    dev: int
    test: int
    phones: int
    sessions: int


def siblings(shown: Presentation) -> list[Presentation]:
    """Return all videos that the release has of a presentation's subject: 18 bona fide ones and 72 attacks."""
    user = int(shown.subject[-2:])
    return [presentation(Name(phone, session, user, file)) for phone in range(1, 7) for session in range(1, 4) for file in FILES]


def people() -> list[str]:
    """Return the release's subjects."""
    return [f"oulu/{user:02d}" for _, users, _, _ in SIDES.values() for user in users]


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive of the official shape.

    Each user has 1 bona fide video and 4 attacks per phone and session.

    Raises `ArchiveError` where the official archive has fewer users, phones or sessions.
    """
    users: list[int] = []
    for count, (folder, (_, of_folder, _, _)) in zip((size.train, size.dev, size.test), SIDES.items(), strict=True):
        if count > len(of_folder):
            raise ArchiveError(f"params.yaml: archives.datasets.oulu: {count} users for {folder}, which has {len(of_folder)}")
        users += of_folder[:count]
    if size.sessions not in SESSIONS or not 1 <= size.phones <= 6:
        raise ArchiveError(
            f"params.yaml: archives.datasets.oulu: {size.phones} phones and {size.sessions} sessions; there are 6 and 3"
        )
    return [
        presentation(Name(phone, session, user, file))
        for user in users
        for phone in range(1, size.phones + 1)
        for session in SESSIONS[size.sessions]
        for file in FILES
    ]


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write the eyes' .txt file: one line a frame, from 0: x, y of the eye at the left of the picture, then of the other."""
    del faces
    layout.write_numbers(root / layout.with_suffix(path, ".txt"), dict(eyes), ",", first=0)


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write the lists of Protocol 1 in the official form, "+1,stem" for a bona fide video and "-1,stem" for an attack."""
    for split, _, file, sessions in SIDES.values():
        stems = [(PurePosixPath(p.path).stem, p.label) for p in presentations if p.split == split]
        lines = [f"{'-1' if label is Label.ATTACK else '+1'},{stem}" for stem, label in stems if int(stem[2]) in sessions]
        write_text(root / "Protocols" / "Protocol_1" / file, "".join(line + "\n" for line in lines))
