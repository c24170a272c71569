"""MSU-MFSD: 35 subjects, two cameras, one live and three attack videos each. Layout and split lists: bob.db.msu_mfsd_mod.

Six of the official videos are stored turned by 90 degrees; they are read as they are stored.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from fasrepro.archives import layout
from fasrepro.archives.layout import ArchiveError, Box, Exclusion, Presentation, Reading, UnknownName
from fasrepro.provenance import write_text
from fasrepro.records import BONA_FIDE_SPECIES, Label

FOLDER = "MSU-MFSD"
SUFFIXES = {"android": ".mp4", "laptop": ".mov"}
SPECIES = {"ipad_video": "replay_video", "iphone_video": "replay_video", "printed_photo": "print"}
LISTS = {"train": "train_sub_list.txt", "test": "test_sub_list.txt"}
_NAME = re.compile(
    r"scene01/(?P<folder>real|attack)/(?P<kind>real|attack)_client(?P<client>\d{3})_(?P<camera>android|laptop)_SD_"
    r"(?:(?P<instrument>ipad_video|iphone_video|printed_photo)_)?scene01(?P<suffix>\.mp4|\.mov)"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """What an official file name says; `instrument` is "" for a live video."""

    client: int
    camera: str
    instrument: str


def format_name(name: Name) -> str:
    """Return the relative path of a video."""
    kind, instrument = ("attack", f"{name.instrument}_") if name.instrument else ("real", "")
    stem = f"{kind}_client{name.client:03d}_{name.camera}_SD_{instrument}scene01"
    return f"scene01/{kind}/{stem}{SUFFIXES[name.camera]}"


def parse_name(path: str) -> Name:
    """Read the relative path of a video; raises `UnknownName` for any that `format_name` would not have made."""
    match = _NAME.fullmatch(path)
    name = match and Name(int(match["client"]), match["camera"], match["instrument"] or "")
    if not name or format_name(name) != path:
        raise UnknownName(f"no MSU-MFSD name: {path}")
    return name


def presentation(name: Name, split: str) -> Presentation:
    """Return the presentation that a name stands for."""
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


def read_splits(root: Path) -> dict[int, str]:
    """Return client -> split from the official lists of two-digit ids. Raises `ArchiveError` on a bad list."""
    splits: dict[int, str] = {}
    for split, file in LISTS.items():
        for line in layout.read_lines(root / file, "split list"):
            if not line.isdigit():
                raise ArchiveError(f"{root / file}: {line!r} is no client number; restore the official list")
            if splits.setdefault(int(line), split) != split:
                raise ArchiveError(f"{root / file}: client {line} is in {LISTS['train']} too: a subject in two splits")
    return splits


def read(root: Path) -> Reading:
    """Read an official tree; a client in neither list is an exclusion."""
    splits = read_splits(root)

    def present(path: str) -> Presentation | Exclusion:
        name = parse_name(path)
        if name.client not in splits:
            return Exclusion(path, f"client {name.client:03d} is in neither split list")
        return presentation(name, splits[name.client])

    return layout.read_tree(root, present, tuple(SUFFIXES.values()), ".face", LISTS.values())


def boxes(root: Path, path: str) -> dict[int, Box] | None:
    """Return frame -> face box from the .face file (frame, left, top, right, bottom, eyes); None where there is no file."""
    rows = layout.read_numbers(root / layout.beside(path, ".face"), ",", 4)
    if rows is None:
        return None
    return {frame: (x1, y1, x2 - x1, y2 - y1) for frame, (x1, y1, x2, y2) in rows.items() if x2 > x1 and y2 > y1}


def plan(train: int, test: int) -> list[Presentation]:
    """Return the presentations of a small archive of the official shape: 2 live and 6 attacks a subject."""
    splits = {number + 1: "train" if number < train else "test" for number in range(train + test)}
    return [
        presentation(Name(client, camera, instrument), split)
        for client, split in splits.items()
        for camera in SUFFIXES
        for instrument in ("", *SPECIES)
    ]


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, tuple[int, int, int, int]]) -> None:
    """Write the .face file: a line a frame, from 1: left, top, right, bottom, left eye x, y, right eye x, y.

    `eyes` gives for each frame the eye at the left of the picture, then the one at its right.
    """
    rows = {frame: (x, y, x + w, y + h, *eyes[frame]) for frame, (x, y, w, h) in faces.items()}
    layout.write_numbers(root / layout.beside(path, ".face"), rows, ",", first=1)


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write the two lists of two-digit ids."""
    for split, file in LISTS.items():
        clients = sorted({int(p.subject[-3:]) for p in presentations if p.split == split})
        write_text(root / file, "".join(f"{client:02d}\n" for client in clients))
