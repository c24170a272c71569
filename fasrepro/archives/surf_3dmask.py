"""CASIA-SURF-3DMask: 48 subjects, six bona fide videos each, and three masks of each in six videos.

Layout and counts: the lists of github.com/liuajian/CASIA-FAS-Dataset.

- `Real/<subject>/<take>.MOV`, `Fake/<subject>/<mask>/<take>.MOV`; a subject is a date and a number, like 0927_013.
- Bona fide takes are numbered 1, 15, 16, 17, 22 and 23, those of masks 1 to 6. Other numbers are read too.
- There are 858 videos of masks, not 864: 0927_021 has takes 1 to 4 of each mask.
- Public code reads `CASIA_SURF_3DMask_list.txt` from the release's folder. It is a part of the layout and is not used: the
  folders tell bona fide from attack.

No official split is known to us, so all videos are of the split "test". The three masks are called "mask 1" to "mask 3", because
what they are made of is not known to us. What the number of a take says about the recording is not known to us either.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from fasrepro.archives import layout, reader
from fasrepro.archives.layout import ArchiveError, Box, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "CASIA_SURF_3DMask"
LIST = "CASIA_SURF_3DMask_list.txt"
SUFFIX = ".MOV"  # in capitals, as released
# date -> numbers of its subjects
NUMBERS: dict[str, tuple[int, ...]] = {
    "0927": (13, 14, 16, 17, 18, 19, 20, 21, 23, 25, 26, 27, 28, 30, 31, 33, 34, 35, 36),
    "0928": (1, 3, 4, 6, 8, 9, 10, 11, 12, 15, 17, 18, 19, 20, 23, 36, 37, 38, 42),
    "0929": (6, 7, 8, 10, 11, 12, 15, 19, 23, 31),
}
SUBJECTS = tuple(f"{date}_{number:03d}" for date, numbers in NUMBERS.items() for number in numbers)
PAI_SPECIES = ("mask_3d",)
MASKS = (1, 2, 3)
REAL_TAKES = (1, 15, 16, 17, 22, 23)
MASK_TAKES = (1, 2, 3, 4, 5, 6)
FEWER_TAKES = {"0927_021": (1, 2, 3, 4)}  # of each mask
# Split -> subjects, bona fide videos, attacks, by the lists of liuajian/CASIA-FAS-Dataset.
PUBLISHED: dict[str, tuple[int, int, int]] = {"test": (48, 288, 858)}
_NAME = re.compile(
    r"(?:Real/(?P<live>\d{4}_\d{3})|Fake/(?P<masked>\d{4}_\d{3})/(?P<mask>[123]))/(?P<take>[1-9]\d?)\.MOV", re.ASCII
)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of an official path; `mask` is 0 for a bona fide video."""

    subject: str
    mask: int
    take: int


def format_name(name: Name) -> str:
    """Return the relative path of a video."""
    folder = f"Fake/{name.subject}/{name.mask}" if name.mask else f"Real/{name.subject}"
    return f"{folder}/{name.take}{SUFFIX}"


def parse_name(path: str) -> Name:
    """Parse the relative path of a video. Raises `UnknownName` for a path that `format_name` cannot return."""
    match = _NAME.fullmatch(path)
    if not match:
        raise UnknownName(f"not a CASIA-SURF-3DMask name: {path}")
    return Name(match["live"] or match["masked"], int(match["mask"] or 0), int(match["take"]))


def presentation(name: Name) -> Presentation:
    """Return the presentation of an official name; its camera is unknown."""
    return Presentation(
        dataset="surf_3dmask",
        path=format_name(name),
        split="test",
        subject=f"surf_3dmask/{name.subject}",
        label=Label.ATTACK if name.mask else Label.BONA_FIDE,
        species=PAI_SPECIES[0] if name.mask else BONA_FIDE_SPECIES,
        instrument=f"mask {name.mask}" if name.mask else "",
        camera="unknown",
    )


def read(tree: Tree) -> Reading:
    """Read an official tree."""

    def interpret(path: str) -> Presentation:
        return presentation(parse_name(layout.with_suffix(path, SUFFIX)))

    return reader.read(tree, interpret, (SUFFIX.lower(),), None, (LIST,))


boxes = layout.not_carried
eyes = layout.not_carried
rotation = layout.rotation_unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """How many of the 48 subjects a small archive has."""

    subjects: int


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive of the official shape: 6 bona fide videos and 18 of masks a subject.

    The eighth subject is 0927_021, which has 12 videos of masks. Raises `ArchiveError` for more subjects than the release has.
    """
    if size.subjects > len(SUBJECTS):
        raise ArchiveError(
            f"params.yaml: archives.datasets.surf_3dmask: {size.subjects} subjects; the release has {len(SUBJECTS)}"
        )
    names: list[Name] = []
    for subject in SUBJECTS[: size.subjects]:
        names += [Name(subject, 0, take) for take in REAL_TAKES]
        names += [Name(subject, mask, take) for mask in MASKS for take in FEWER_TAKES.get(subject, MASK_TAKES)]
    return [presentation(name) for name in names]


def siblings(shown: Presentation) -> list[Presentation]:
    """Return all videos that the release has of a presentation's subject."""
    return [other for other in plan(Size(len(SUBJECTS))) if other.subject == shown.subject]


def people() -> list[str]:
    """Return the release's subjects."""
    return [f"surf_3dmask/{subject}" for subject in SUBJECTS]


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write nothing: the release carries no boxes."""
    del root, path, faces, eyes


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write nothing: the folders tell all that is read."""
    del root, presentations
