"""3DMAD: 17 subjects, three sessions of five videos each; in the third they wear masks.

Read in bob.pad.face (mask_attack.py): a video is an HDF5 file with datasets `Color_Data` of (frames, 3, height, width),
`Depth_Data`, and `Eye_Pos`, a row a frame: x and y of the person's right eye, then of the left. It has 300 frames of 640x480.
Names are SS_session_take, from 01_01_01 to 17_03_05. Sessions 1 and 2 are bona fide.

The release has no split, so all is "test". The subject is the number in the name; whether that of an attack is the mask's or the
wearer's is not certain.

The place of the files is not certain. The folders `session01` to `session03`, which one loader has, are taken as the official
ones; files are also read in the archive's folder itself, and in a folder `Data` in any of these, as another loader has it.

The archive gives eyes, not faces, so `boxes` returns the box around the eyes by the rule of `oulu.box_from_eyes`.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterable
from pathlib import Path

import h5py
import numpy as np

from fasrepro.archives import hdf5, layout, reader
from fasrepro.archives.layout import ArchiveError, Box, Exclusion, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.oulu import box_from_eyes
from fasrepro.archives.tree import Tree
from fasrepro.files import replaced
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "3DMAD"
SUBJECTS, TAKES = 17, 5
SESSIONS = {1: BONA_FIDE_SPECIES, 2: BONA_FIDE_SPECIES, 3: "rigid_mask"}
PAI_SPECIES = (SESSIONS[3],)
# Subjects, sessions and takes of the official names, multiplied.
PUBLISHED: dict[str, tuple[int, int, int]] = {"test": (17, 170, 85)}
_NAME = re.compile(r"session0(?P<session>[1-3])/(?P<subject>0[1-9]|1[0-7])_0(?P=session)_0(?P<take>[1-5])\.hdf5", re.ASCII)
_ON_DISK = re.compile(r"(?:(?P<folder>session0[1-3])/)?(?:Data/)?(?P<video>\d\d_(?P<session>\d\d)_\d\d\.hdf5)", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of a file's name."""

    subject: int
    session: int
    take: int


def format_name(name: Name) -> str:
    """Return the relative path of a video."""
    return f"session{name.session:02d}/{name.subject:02d}_{name.session:02d}_{name.take:02d}.hdf5"


def parse_name(path: str) -> Name:
    """Parse the relative path of a video. Raises `UnknownName` for a path that `format_name` cannot return."""
    match = _NAME.fullmatch(path)
    if not match:
        raise UnknownName(f"not a 3DMAD name: {path}")
    return Name(int(match["subject"]), int(match["session"]), int(match["take"]))


def presentation(name: Name) -> Presentation:
    """Return the presentation of an official name; its camera is unknown."""
    species = SESSIONS[name.session]
    bona_fide = species == BONA_FIDE_SPECIES
    return Presentation(
        dataset="threedmad",
        path=format_name(name),
        split="test",
        subject=f"threedmad/{name.subject:02d}",
        label=Label.BONA_FIDE if bona_fide else Label.ATTACK,
        species=species,
        instrument="" if bona_fide else "mask",
        camera="unknown",
    )


def read(tree: Tree) -> Reading:
    """Read a tree. A video in the folder of another session is an exclusion, because the session tells bona fide from mask."""

    def interpret(path: str) -> Presentation | Exclusion:
        match = _ON_DISK.fullmatch(path)
        if not match:
            raise UnknownName(f"not a 3DMAD name, or in another folder than session01 to session03: {path}")
        folder = f"session{match['session']}"
        name = parse_name(f"{folder}/{match['video']}")
        if match["folder"] not in (None, folder):
            return Exclusion(path, f"in {match['folder']}, but its name belongs to {folder}; move it there")
        return presentation(name)

    return reader.read(tree, interpret, (".hdf5",), None)


def eyes(root: Path, path: str) -> dict[int, Eyes] | None:
    """Return frame -> eyes from the file's `Eye_Pos`; rows that are no numbers or one point have none.

    Raises:
        ArchiveError: the file is damaged, or its `Eye_Pos` is absent or no table of four columns.
    """
    with hdf5.opened(root / path) as file:
        shape = getattr(file.get("Eye_Pos"), "shape", ())
        if len(shape) != 2 or shape[1] != 4:
            raise ArchiveError(f"{root / path}: no dataset Eye_Pos of four columns; restore the official file")
        rows = file["Eye_Pos"][()].tolist()
    eyes_by_frame: dict[int, Eyes] = {}
    for frame, (x1, y1, x2, y2) in enumerate(rows):
        if all(map(math.isfinite, (x1, y1, x2, y2))) and (x1, y1) != (x2, y2):
            left, right = sorted([(float(x1), float(y1)), (float(x2), float(y2))])
            eyes_by_frame[frame] = (*left, *right)
    return eyes_by_frame


def boxes(root: Path, path: str) -> dict[int, Box] | None:
    """Return frame -> face box from the eyes. Raises `ArchiveError` as `eyes` does."""
    whole_pixels = {frame: [round(value) for value in points] for frame, points in (eyes(root, path) or {}).items()}
    by_frame = {frame: box_from_eyes((x1, y1), (x2, y2)) for frame, (x1, y1, x2, y2) in whole_pixels.items()}
    return {frame: box for frame, box in by_frame.items() if box is not None}


rotation = layout.rotation_unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """How many of the 17 subjects and 5 takes a small archive has."""

    subjects: int
    takes: int


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive of the official shape: three sessions a subject, the third with masks.

    Raises `ArchiveError` where the official archive has fewer subjects or takes.
    """
    if not 0 <= size.subjects <= SUBJECTS or not 1 <= size.takes <= TAKES:
        raise ArchiveError(
            f"params.yaml: archives.datasets.threedmad: {size.subjects} subjects and {size.takes} takes; there are 17 and 5"
        )
    return [
        presentation(Name(subject, session, take))
        for subject in range(1, size.subjects + 1)
        for session in SESSIONS
        for take in range(1, size.takes + 1)
    ]


def siblings(shown: Presentation) -> list[Presentation]:
    """Return all videos that the release has of a presentation's subject: 10 bona fide ones and 5 of a mask."""
    return [other for other in plan(Size(SUBJECTS, TAKES)) if other.subject == shown.subject]


def people() -> list[str]:
    """Return the release's subjects."""
    return [f"threedmad/{subject:02d}" for subject in range(1, SUBJECTS + 1)]


def write_frames(path: Path, frames: Iterable[np.ndarray]) -> None:
    """Write uint8 RGB frames of (height, width, 3) into a video's file as `Color_Data`, whole or not at all; without depth."""
    with replaced(path) as temporary, h5py.File(temporary, "w") as file:
        file.create_dataset(hdf5.ALL_FRAMES, data=np.stack([frame.transpose(2, 0, 1) for frame in frames]))


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write `Eye_Pos` into a video's file, which is made if it is absent or empty; a frame without eyes is a row of NaN.

    The eye at the left of the picture comes first: it is the person's right one.
    """
    del faces
    file_path = root / path
    file_path.parent.mkdir(parents=True, exist_ok=True)
    rows = np.full((max(eyes, default=-1) + 1, 4), np.nan)
    for frame, points in eyes.items():
        rows[frame] = points
    mode = "a" if file_path.is_file() and file_path.stat().st_size else "w"
    with h5py.File(file_path, mode) as file:
        if "Eye_Pos" in file:
            del file["Eye_Pos"]
        file.create_dataset("Eye_Pos", data=rows)


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write nothing: the archive has no split."""
    del root, presentations
