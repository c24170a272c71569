"""WFAS, the wild track of the face anti-spoofing challenge of CVPR 2023: still images, nine types of attack in its Train set.

An image is a presentation. Layout: the challenge's README (insightface, challenges/cvpr23-fas-wild).

Read there or in public loaders:

- The words `living` and `spoof` in a path give its label, and the folder below `spoof` the type of attack.
- Beside each image, a .txt file of seven lines of two numbers: left top and right bottom of the face box, left eye, right eye,
  nose, left and right corner of the mouth.
- The images of dev and test have no label, so they are excluded by design, and all of Train is split "train". Held-out folders of
  Train serve as dev (`data/partition.py`).
- `train.list` names an image a line. The challenge's label is 1 for live and 0 for fake; a line may end in it, and a label that
  contradicts the path's word is an error. The list is compared where it is present, and is not required.

Not certain:

- Whether a folder shows one person, and whether folders of the same number in two classes show the same one. A folder with its
  class is a subject here ("wfas/living/000123"), so that intervals over subjects may be too narrow.
- Only the names of attacks are documented by example; folders and images of `living` are taken to be numbers too.
"""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path

from fasrepro.archives import layout, reader
from fasrepro.archives.layout import ArchiveError, Box, Exclusion, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree
from fasrepro.files import write_text
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "CVPR2023-Anti_Spoof-Challenge-Release-Data-20230209"
# Live images: the README. Attacks: 853,729 in all, less those of dev (140,058 images, 51,299 of them live) and of test (755,179
# images, 273,126 of them live). Dev and test are omitted, because the release does not label them.
PUBLISHED: dict[str, tuple[int, int, int]] = {"train": (0, 205_146, 282_917)}
LIVING = "living"
# folder below Train/spoof -> species
TYPES: dict[str, str] = {
    "2D-Display-Pad": "replay_pad",
    "2D-Display-Phone": "replay_phone",
    "2D-Print-Album": "album_photo",
    "2D-Print-Newspaper": "newspaper_photo",
    "2D-Print-Photo": "print",
    "2D-Print-Poster": "poster",
    "3D-AdultDoll": "adult_doll",
    "3D-GarageKit": "garage_kit",
    "3D-Mask": "mask_3d",
}
PAI_SPECIES = tuple(TYPES.values())
LIST = "train.list"
POINTS = ("left top", "right bottom", "left eye", "right eye", "nose", "mouth left", "mouth right")  # the lines of a .txt file
RESTORE = "restore the official list or delete it: the folders alone are enough"
_NAME = re.compile(r"Train/(?P<kind>living|spoof/[\w-]+)/(?P<folder>[0-9]{1,9})/(?P<image>[0-9]{1,9})\.jpg", re.ASCII)
_UNLABELLED = re.compile(r"(?:dev|test|CVPR2023-Anti_Spoof-Challenge-ReleaseData-[^/]*)/.*", re.IGNORECASE)
_LINE = re.compile(r"(?P<path>\S+\.jpg)(?:[\s,]+(?P<label>[01]))?")


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of an official path: `LIVING` or a key of `TYPES`, and the digits of folder and image as they are written."""

    kind: str
    folder: str
    image: str


def format_name(name: Name) -> str:
    """Return the relative path of an image."""
    kind = name.kind if name.kind == LIVING else f"spoof/{name.kind}"
    return f"Train/{kind}/{name.folder}/{name.image}.jpg"


def parse_name(path: str) -> Name:
    """Parse the relative path of an image. Raises `UnknownName` for a path that `format_name` cannot return."""
    match = _NAME.fullmatch(path)
    kind = match["kind"].removeprefix("spoof/") if match else ""
    if not match or (kind not in TYPES and match["kind"] != LIVING):
        raise UnknownName(f"not a WFAS name: {path}")
    return Name(kind, match["folder"], match["image"])


def presentation(name: Name) -> Presentation:
    """Return the presentation of an official name; its camera is unknown."""
    attack = name.kind != LIVING
    return Presentation(
        dataset="wfas",
        path=format_name(name),
        split="train",
        subject=f"wfas/{name.kind}/{name.folder}",
        label=Label.ATTACK if attack else Label.BONA_FIDE,
        species=TYPES[name.kind] if attack else BONA_FIDE_SPECIES,
        instrument=name.kind if attack else "",
        camera="unknown",
    )


def read_list(tree: Tree) -> list[str]:
    """Return the paths that `train.list` names; none without a list, and for a listing, which does not hold it.

    Raises `ArchiveError` for an empty list, and naming the line that is not like the official ones, or whose label contradicts
    its path.
    """
    if LIST not in tree.sizes or not tree.on_disk:
        return []
    lines = tree.lines(LIST, "list", RESTORE)
    if not lines:
        raise ArchiveError(f"{tree.file(LIST)}: an empty list; {RESTORE}")
    return [_parse_line(f"{tree.file(LIST)}, line {number}: {line[:80]!r}", line) for number, line in lines]


def _parse_line(where: str, line: str) -> str:
    """Return the path that a line names. Raises `ArchiveError` that begins with `where`."""
    match = _LINE.fullmatch(line)
    path, label = (match["path"], match["label"]) if match else (line, None)
    try:
        name = parse_name(path)
    except UnknownName:
        raise ArchiveError(f"{where} is not like 'Train/spoof/3D-Mask/000001/000001.jpg 0'; {RESTORE}") from None
    if label is not None and (label == "1") != (name.kind == LIVING):
        raise ArchiveError(f"{where}: its label (1 live, 0 fake) contradicts its path; {RESTORE}")
    return path


def read(tree: Tree) -> Reading:
    """Read an official tree. Exclusions are the images of dev and test, by design, and each listed image that is absent."""
    listed_paths = set(read_list(tree))
    present: set[str] = set()

    def interpret(path: str) -> Presentation | Exclusion:
        if _UNLABELLED.fullmatch(path):
            return Exclusion(path, "an image of dev or test, which the release does not label", by_design=True)
        shown = presentation(parse_name(path))
        present.add(shown.path)
        return shown

    reading = reader.read(tree, interpret, (".jpg",), ".txt", (LIST,))
    absent = sorted(listed_paths - present)
    missing = [Exclusion(path, f"listed in {LIST}, but absent; unpack the archive again") for path in absent]
    return Reading(reading.presentations, reading.exclusions + missing)


def read_points(root: Path, path: str) -> list[tuple[float, float]] | None:
    """Return the seven points of an image's .txt file; None if there is no file. Raises `ArchiveError` naming file and line."""
    files = [root / layout.with_suffix(path, suffix) for suffix in (".txt", ".TXT")]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        return None
    lines = file.read_text(encoding="utf-8-sig", errors="replace").rstrip().splitlines()
    if len(lines) != len(POINTS):
        raise ArchiveError(f"{file}: {len(lines)} lines, expected {len(POINTS)}; restore the file or delete it")
    points: list[tuple[float, float]] = []
    for number, (line, point) in enumerate(zip(lines, POINTS, strict=True), start=1):
        try:
            x, y = [float(value) for value in line.split()]
        except ValueError:
            x = y = math.nan
        if not (math.isfinite(x) and math.isfinite(y)):
            raise ArchiveError(f"{file}, line {number}: {line[:60]!r} is not x y ({point}); restore the file or delete it")
        points.append((x, y))
    return points


def boxes(root: Path, path: str) -> dict[int, Box] | None:
    """Return frame 0 -> face box from the first two points; None if there is no file, and for an empty box."""
    points = read_points(root, path)
    if points is None:
        return None
    (left, top), (right, bottom) = points[:2]
    box = (round(left), round(top), round(right - left), round(bottom - top))
    return {0: box} if min(box[2:]) > 0 else None


def eyes(root: Path, path: str) -> dict[int, Eyes] | None:
    """Return frame 0 -> eyes, the one further left in the picture first; None if there is no file, and for eyes in one point."""
    points = read_points(root, path)
    if points is None or points[2] == points[3]:
        return None
    left, right = sorted(points[2:4])
    return {0: (*left, *right)}


rotation = layout.rotation_unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """Folders of a small archive with live images, folders of each of the nine types of attack, and images in each folder."""

    living: int
    per_type: int
    images: int


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive of the official shape; folders and images of a class count from 1."""
    folders = {LIVING: size.living} | dict.fromkeys(TYPES, size.per_type)
    return [
        presentation(Name(kind, f"{folder:06d}", f"{image:06d}"))
        for kind, count in folders.items()
        for folder in range(1, count + 1)
        for image in range(1, size.images + 1)
    ]


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write the .txt file in whole pixels. Nose and mouth are set below the eyes, in units of the eyes' distance."""
    if 0 not in faces or 0 not in eyes:
        return
    x, y, w, h = faces[0]
    left_x, left_y, right_x, right_y = eyes[0]
    distance = math.dist((left_x, left_y), (right_x, right_y))
    nose = ((left_x + right_x) / 2, (left_y + right_y) / 2 + 0.6 * distance)
    mouth = [(left_x, left_y + 1.1 * distance), (right_x, right_y + 1.1 * distance)]
    points = [(x, y), (x + w, y + h), (left_x, left_y), (right_x, right_y), nose, *mouth]
    lines = [f"{round(across)} {round(down)}\n" for across, down in points]
    write_text(root / layout.with_suffix(path, ".txt"), "".join(lines))


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write `train.list`: an image a line, without label."""
    write_text(root / LIST, "".join(f"{shown.path}\n" for shown in presentations))
