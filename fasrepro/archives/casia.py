"""CASIA-FASD: 50 subjects, twelve videos each in three qualities. Layout: as public loaders agree on it.

The release carries no face boxes. Those of bob.db.casia_fasd are read if its folder `face-locations` lies in the archive's.

Subject numbers start at 1 in both halves and stand for different people, so a subject's name holds its half.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from fasrepro.archives import layout, reader
from fasrepro.archives.layout import Box, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "CASIA-FASD"
# split -> subjects, bona fide videos, attacks, by the lists of the release
PUBLISHED = {"train": (20, 60, 180), "test": (30, 90, 270)}
# file number -> species, the archive's word for the attack, camera (a quality)
FILES: dict[str, tuple[str, str, str]] = {
    "1": (BONA_FIDE_SPECIES, "", "low"),
    "2": (BONA_FIDE_SPECIES, "", "normal"),
    "3": ("warped_photo", "warped", "low"),
    "4": ("warped_photo", "warped", "normal"),
    "5": ("cut_photo", "cut", "low"),
    "6": ("cut_photo", "cut", "normal"),
    "7": ("replay_video", "video", "low"),
    "8": ("replay_video", "video", "normal"),
    "HR_1": (BONA_FIDE_SPECIES, "", "high"),
    "HR_2": ("warped_photo", "warped", "high"),
    "HR_3": ("cut_photo", "cut", "high"),
    "HR_4": ("replay_video", "video", "high"),
}
PAI_SPECIES = tuple(dict.fromkeys(species for species, word, _ in FILES.values() if word))
_NAME = re.compile(r"(?P<split>train|test)_release/(?P<subject>[1-9]\d*)/(?P<file>[1-8]|HR_[1-4])\.avi", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of an official path."""

    split: str
    subject: int
    file: str


def format_name(name: Name) -> str:
    """Return the relative path of a video."""
    return f"{name.split}_release/{name.subject}/{name.file}.avi"


def parse_name(path: str) -> Name:
    """Parse the relative path of a video. Raises `UnknownName` for a path that `format_name` cannot return."""
    match = _NAME.fullmatch(path)
    if not match:
        raise UnknownName(f"not a CASIA-FASD name: {path}")
    return Name(match["split"], int(match["subject"]), match["file"])


def presentation(name: Name) -> Presentation:
    """Return the presentation of an official name."""
    species, instrument, camera = FILES[name.file]
    return Presentation(
        dataset="casia",
        path=format_name(name),
        split=name.split,
        subject=f"casia/{name.split}/{name.subject}",
        label=Label.ATTACK if instrument else Label.BONA_FIDE,
        species=species,
        instrument=instrument,
        camera=camera,
    )


def read(tree: Tree) -> Reading:
    """Read an official tree, whose folders are its splits."""
    return reader.read(tree, lambda path: presentation(parse_name(path)), (".avi",), ".face")


boxes = layout.read_boxes
eyes = layout.not_carried
rotation = layout.rotation_unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """Subjects of each split of a small archive."""

    train: int
    test: int


def siblings(shown: Presentation) -> list[Presentation]:
    """Return all videos that the release has of a presentation's subject: 3 bona fide ones and 9 attacks."""
    return [presentation(Name(shown.split, int(shown.subject.rpartition("/")[2]), file)) for file in FILES]


def people() -> list[str]:
    """Return the release's subjects."""
    return [f"casia/{split}/{number}" for split, (count, _, _) in PUBLISHED.items() for number in range(1, count + 1)]


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive of the official shape."""
    return [
        presentation(Name(split, subject + 1, file))
        for split, count in (("train", size.train), ("test", size.test))
        for subject in range(count)
        for file in FILES
    ]


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write nothing: the release carries no boxes."""
    del root, path, faces, eyes


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write nothing: the archive's folders are its splits."""
    del root, presentations
