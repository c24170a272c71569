"""HKBU-MARs V2: 12 subjects, seven cameras and six lights; a bona fide video and one of a mask for each.

Layout and counts: the lists of github.com/liuajian/CASIA-FAS-Dataset.

- `{real,attack}/<subject>/<camera>_<light>_<subject>.avi`. The names in attack/09 end in `_9`. A copy that ends them in `_09` is
  read too, under the official names.

No official split is known to us, so all videos are of the split "test". A public survey reports masks of hard resin by two
makers. Who made which mask is not known to us: every attack is a rigid mask, and its instrument is the folder's word, attack.

Only V2 is read. The videos of V1 are named <subject>_<session>_*.mp4, and session 3 shows masks. The folders of V1, the rest of
its names and what its sessions 1 and 2 show are not certain, and its names resemble those of V2. The official names of V1+ are
not known to us. Copies of V1 and V1+ need a manifest.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from fasrepro.archives import layout, reader
from fasrepro.archives.layout import ArchiveError, Box, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "HKBU_MARs_V2"
LABELS = {"real": Label.BONA_FIDE, "attack": Label.ATTACK}  # the archive's folder -> label
PAI_SPECIES = ("rigid_mask",)
SUBJECTS, CAMERAS, LIGHTS = 12, 7, 6
SHORT_SUBJECT = ("attack", 9)  # whose names end in _9
# Split -> subjects, bona fide videos, attacks, by the lists of liuajian/CASIA-FAS-Dataset.
PUBLISHED: dict[str, tuple[int, int, int]] = {"test": (12, 504, 504)}
_NAME = re.compile(
    r"(?P<folder>real|attack)/(?P<subject>0[1-9]|1[0-2])/0(?P<camera>[1-7])_0(?P<light>[1-6])_(?P<end>\d\d?)\.avi", re.ASCII
)
_REPAIRED = re.compile(r"(attack/09/\d\d_\d\d_)0(9\.\w+)", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of an official path: a key of `LABELS`, then numbers from 1."""

    folder: str
    subject: int
    camera: int
    light: int


def format_name(name: Name) -> str:
    """Return the relative path of a video."""
    end = str(name.subject) if (name.folder, name.subject) == SHORT_SUBJECT else f"{name.subject:02d}"
    return f"{name.folder}/{name.subject:02d}/{name.camera:02d}_{name.light:02d}_{end}.avi"


def parse_name(path: str) -> Name:
    """Parse the relative path of a video. Raises `UnknownName` for a path that `format_name` cannot return."""
    match = _NAME.fullmatch(path)
    if not match:
        raise UnknownName(f"not an HKBU-MARs V2 name: {path}; copies of V1 and V1+ need a manifest")
    name = Name(match["folder"], int(match["subject"]), int(match["camera"]), int(match["light"]))
    if int(match["end"]) != name.subject:
        raise UnknownName(
            f"{path}: names subject {match['end']} in the folder of {match['subject']}; move it to the folder of its subject"
        )
    if format_name(name) != path:
        raise UnknownName(f"not an HKBU-MARs V2 name: {path}; the official one is {format_name(name)}")
    return name


def presentation(name: Name) -> Presentation:
    """Return the presentation of an official name."""
    attack = LABELS[name.folder] is Label.ATTACK
    return Presentation(
        dataset="hkbu",
        path=format_name(name),
        split="test",
        subject=f"hkbu/v2/{name.subject:02d}",
        label=LABELS[name.folder],
        species=PAI_SPECIES[0] if attack else BONA_FIDE_SPECIES,
        instrument=name.folder if attack else "",
        camera=f"camera{name.camera}",
    )


def official_path(path: str) -> str:
    """Return a path with the release's ending in attack/09.

    >>> official_path("attack/09/01_02_09.avi")
    'attack/09/01_02_9.avi'
    """
    repaired = _REPAIRED.fullmatch(path)
    return "".join(repaired.groups()) if repaired else path


def read(tree: Tree) -> Reading:
    """Read an official tree."""
    return reader.read(tree, lambda path: presentation(parse_name(official_path(path))), (".avi",), None)


boxes = layout.not_carried
eyes = layout.not_carried
rotation = layout.rotation_unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """How many of the 12 subjects, 7 cameras and 6 lights a small archive has."""

    subjects: int
    cameras: int
    lights: int


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive of the official shape.

    Each subject has a bona fide video and one of a mask per camera and light. Raises `ArchiveError` where the release has fewer
    subjects, cameras or lights.
    """
    if size.subjects > SUBJECTS or not 1 <= size.cameras <= CAMERAS or not 1 <= size.lights <= LIGHTS:
        raise ArchiveError(
            f"params.yaml: archives.datasets.hkbu: {size.subjects} subjects, {size.cameras} cameras and {size.lights} lights;"
            f" there are {SUBJECTS}, {CAMERAS} and {LIGHTS}"
        )
    return [
        presentation(Name(folder, subject, camera, light))
        for subject in range(1, size.subjects + 1)
        for folder in LABELS
        for camera in range(1, size.cameras + 1)
        for light in range(1, size.lights + 1)
    ]


def siblings(shown: Presentation) -> list[Presentation]:
    """Return all videos that the release has of a presentation's subject: 42 bona fide ones and 42 of masks."""
    return [other for other in plan(Size(SUBJECTS, CAMERAS, LIGHTS)) if other.subject == shown.subject]


def people() -> list[str]:
    """Return the release's subjects."""
    return [f"hkbu/v2/{subject:02d}" for subject in range(1, SUBJECTS + 1)]


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write nothing: the release carries no boxes."""
    del root, path, faces, eyes


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write nothing: the folders tell all that is read."""
    del root, presentations
