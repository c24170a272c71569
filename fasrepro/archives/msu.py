"""MSU-MFSD: 35 subjects, two cameras, one bona fide video and three attacks each. Layout and lists: bob.db.msu_mfsd_mod.

Six of the official videos are stored upside down: bob lists them in rotated_videos.txt, and its File.load reverses both axes of
their frames. They are read upright. Their .face files are ignored, because bob.pad.face says that they are not reliable, "because
the videos are not correctly oriented". The small archive stores the same six upside down, with .face files that fit the upright
picture.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from fasrepro.archives import layout, reader
from fasrepro.archives.layout import ArchiveError, Box, Exclusion, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree
from fasrepro.files import write_text
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "MSU-MFSD"
SUFFIXES = {"android": ".mp4", "laptop": ".mov"}
SPECIES = {"ipad_video": "replay_video", "iphone_video": "replay_video", "printed_photo": "print"}
PAI_SPECIES = tuple(dict.fromkeys(SPECIES.values()))
# split -> subjects, bona fide videos, attacks, by the lists of the release
PUBLISHED = {"train": (15, 30, 90), "test": (20, 40, 120)}
# The clients of the two lists.
CLIENTS = {
    "train": (2, 3, 5, 6, 7, 8, 9, 11, 12, 21, 22, 34, 53, 54, 55),
    "test": (1, 13, 14, 23, 24, 26, 28, 29, 30, 32, 33, 35, 36, 37, 39, 42, 48, 49, 50, 51),
}
LISTS = {"train": "train_sub_list.txt", "test": "test_sub_list.txt"}
ROTATED = frozenset(f"scene01/real/real_client{client:03d}_android_SD_scene01.mp4" for client in (3, 5, 6, 7, 8, 9))
_NAME = re.compile(
    r"scene01/(?P<folder>real|attack)/(?P<kind>real|attack)_client(?P<client>\d{3})_(?P<camera>android|laptop)_SD_"
    r"(?:(?P<instrument>ipad_video|iphone_video|printed_photo)_)?scene01(?P<suffix>\.mp4|\.mov)"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of an official file name; `instrument` is "" for a bona fide video."""

    client: int
    camera: str
    instrument: str


def format_name(name: Name) -> str:
    """Return the relative path of a video."""
    kind, instrument = ("attack", f"{name.instrument}_") if name.instrument else ("real", "")
    stem = f"{kind}_client{name.client:03d}_{name.camera}_SD_{instrument}scene01"
    return f"scene01/{kind}/{stem}{SUFFIXES[name.camera]}"


def parse_name(path: str) -> Name:
    """Parse the relative path of a video. Raises `UnknownName` for a path that `format_name` cannot return."""
    match = _NAME.fullmatch(path)
    name = match and Name(int(match["client"]), match["camera"], match["instrument"] or "")
    if not name or format_name(name) != path:
        raise UnknownName(f"not an MSU-MFSD name: {path}")
    return name


def presentation(name: Name, split: str) -> Presentation:
    """Return the presentation of an official name."""
    return Presentation(
        dataset="msu",
        path=format_name(name),
        split=split,
        subject=f"msu/client{name.client:03d}",
        label=Label.ATTACK if name.instrument else Label.BONA_FIDE,
        species=SPECIES[name.instrument] if name.instrument else BONA_FIDE_SPECIES,
        instrument=name.instrument,
        camera=name.camera,
    )


def read_splits(tree: Tree) -> dict[int, str]:
    """Return client -> split from the official lists of two-digit ids. Raises `ArchiveError` on a bad list."""
    splits: dict[int, str] = {}
    for split, file in LISTS.items():
        path = tree.file(file)
        for number, line in tree.lines(file, "split list", layout.PUT_BACK):
            if not (line.isascii() and line.isdecimal()):
                raise ArchiveError(f"{path}, line {number}: {line[:40]!r} is not a client number; restore the official list")
            if splits.setdefault(int(line), split) != split:
                raise ArchiveError(
                    f"{path}, line {number}: client {line} is in {LISTS[splits[int(line)]]} too: a subject in two splits;"
                    " restore the official lists"
                )
    return splits


def read(tree: Tree) -> Reading:
    """Read an official tree. The videos of a client in neither list are exclusions."""
    splits = read_splits(tree)

    def interpret(path: str) -> Presentation | Exclusion:
        name = parse_name(path)
        if name.client not in splits:
            return Exclusion(path, f"client {name.client:03d} is in neither split list")
        return presentation(name, splits[name.client])

    return reader.read(tree, interpret, tuple(SUFFIXES.values()), ".face", tuple(LISTS.values()))


def upside_down(path: str) -> bool:
    """Return whether a video is one of the six that are stored upside down."""
    return layout.with_suffix(path, SUFFIXES["android"]) in ROTATED  # on disk its suffix may be in any letter case


def boxes(root: Path, path: str) -> dict[int, Box] | None:
    """Return frame -> face box from the .face file (frame, left, top, right, bottom, eyes).

    None if there is no file, or the video is stored upside down.
    """
    if upside_down(path):
        return None
    rows = layout.read_numbers(root / layout.with_suffix(path, ".face"), ",", 4)
    if rows is None:
        return None
    return {frame: (x1, y1, x2 - x1, y2 - y1) for frame, (x1, y1, x2, y2) in rows.items() if x2 > x1 and y2 > y1}


def eyes(root: Path, path: str) -> dict[int, Eyes] | None:
    """Return frame -> eyes from the .face file; None if there is no file, or the video is stored upside down."""
    return None if upside_down(path) else layout.read_eyes(root / layout.with_suffix(path, ".face"), ",", 4)


def rotation(path: str) -> int | None:
    """Return the quarter turns, counter-clockwise, that make a stored frame upright: 2 for the six, None for the others."""
    return 2 if upside_down(path) else None


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """Clients of each split of a small archive."""

    train: int
    test: int


def of_client(client: int, split: str) -> list[Presentation]:
    """Return all videos of a client: 2 bona fide ones and 6 attacks."""
    return [presentation(Name(client, camera, instrument), split) for camera in SUFFIXES for instrument in ("", *SPECIES)]


def siblings(shown: Presentation) -> list[Presentation]:
    """Return all videos that the release has of a presentation's subject."""
    return of_client(int(shown.subject[-3:]), shown.split)


def people() -> list[str]:
    """Return the release's subjects."""
    return [f"msu/client{client:03d}" for clients in CLIENTS.values() for client in clients]


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive of the official shape."""
    splits = {number + 1: "train" if number < size.train else "test" for number in range(size.train + size.test)}
    return [shown for client, split in splits.items() for shown in of_client(client, split)]


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write the .face file: one line a frame, numbered from 1: left, top, right, bottom, left eye x, y, right eye x, y.

    `eyes` holds for each frame the eye at the left of the picture, then the eye at its right.
    """
    rows = {frame: (x, y, x + w, y + h, *eyes[frame]) for frame, (x, y, w, h) in faces.items()}
    layout.write_numbers(root / layout.with_suffix(path, ".face"), rows, ",", first=1)


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write the two lists of two-digit ids."""
    for split, file in LISTS.items():
        clients = sorted({int(p.subject[-3:]) for p in presentations if p.split == split})
        write_text(root / file, "".join(f"{client:02d}\n" for client in clients))
