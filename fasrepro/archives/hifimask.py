"""CASIA-SURF HiFiMask: 75 subjects of three complexions, live and behind masks of three materials, before seven sensors.

Names and their codes are read in CASIA_HiFiMask/readme.md of github.com/liuajian/CASIA-FAS-Dataset, and the form of the protocol
lists in its folder `protocol`. A name is Complexion_Subject_Type_Scene_Light_Sensor. Numbers of subjects go up to 83, so they are
not checked; a subject is complexion and number ("hifimask/1_05").

The folder layout is not certain: the lists name `CASIA_HiFiMask/Data/<name>`, and no description of a whole copy was available to
us. `Data/<name>.mp4` is taken as the official path, and a presentation is read in any folder, in either of two forms:

- a video `<name>.mp4`, `.mov` or `.avi`;
- a folder of frames `<name>/<number>.jpg` or `.png`. Then the presentation's path is that of its middle frame in order of
  numbers, the only one that is read; its id is that of the video all the same.

By others' account the challenge's release numbers its folders (`train/0000`) in place of names; it is not read.

Splits come from the protocol lists: every .txt file in whose name a word begins with train, dev, val or test. A line is a name or
a path that ends in one, of a video or of a frame, with or without a label. Labels are ignored, because the name holds the type.
In the parts of three protocols' lists that we read, a subject has one split, so lists may lie side by side; a name in two splits
is an error. A presentation in no list is an exclusion by design: those of Protocol 1 name 54,223. Without lists all is "test".
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path, PurePosixPath

from fasrepro.archives import frame_folders, layout, reader
from fasrepro.archives.layout import ArchiveError, Box, Exclusion, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree
from fasrepro.files import write_text
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "HiFiMask-Video"
FRAMES = (".png", ".jpg")
# type -> species, the archive's word for the attack
TYPES: dict[int, tuple[str, str]] = {
    0: (BONA_FIDE_SPECIES, ""),
    1: ("transparent_mask", "transparent"),
    2: ("plaster_mask", "plaster"),
    3: ("resin_mask", "resin"),
}
PAI_SPECIES = tuple(species for species, word in TYPES.values() if word)
SENSORS = ("SpO2", "iPhone11", "iPhoneX", "MI10", "P40", "S20", "Vivo", "D435", "HJIM")  # by number, from 0
USED_SENSORS = (1, 2, 3, 4, 5, 6, 8)
OUTDOORS = (4, 5)  # scenes without a lamp
# As the lists have them: 26 conditions, 7 sensors, 4 types and 75 subjects give the 54,600 presentations that are published.
CONDITIONS = [(scene, light) for scene in range(1, 7) for light in ((0,) if scene in OUTDOORS else range(1, 7))]
SUBJECTS = {"train": 45, "dev": 6, "test": 24}  # of Protocol 1, by its lists
# The readme states the videos of each split without the share of live ones.
PUBLISHED: dict[str, None] = dict.fromkeys(SUBJECTS)
TOTALS = (75, 54_600)
SPLITS = {"train": "train", "dev": "dev", "val": "dev", "test": "test"}  # word in a list's file name -> split
_SPLIT = re.compile(r"(?<![a-z])(train|dev|val|test)")
_STEM = r"(?P<complexion>[1-3])_(?P<subject>\d\d)_(?P<type>[0-3])_(?P<scene>[1-6])_(?P<light>[0-6])_(?P<sensor>[0-8])"
_NAME = re.compile(rf"Data/{_STEM}\.mp4", re.ASCII)
_FRAME = re.compile(rf"(?:.*/)?{_STEM}/\d+\.(?:jpg|png)", re.ASCII | re.IGNORECASE | re.DOTALL)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of a name, as its codes."""

    complexion: int
    subject: int
    type: int
    scene: int
    light: int
    sensor: int


def stem(name: Name) -> str:
    """Return a name as the lists write it."""
    return f"{name.complexion}_{name.subject:02d}_{name.type}_{name.scene}_{name.light}_{name.sensor}"


def format_name(name: Name) -> str:
    """Return the relative path of a video."""
    return f"Data/{stem(name)}.mp4"


def parse_name(path: str) -> Name:
    """Parse the relative path of a video. Raises `UnknownName` for a path that `format_name` cannot return."""
    match = _NAME.fullmatch(path)
    if not match:
        raise UnknownName(f"not a HiFiMask name: {path}")
    return Name(**{part: int(code) for part, code in match.groupdict().items()})


def find_name(path: str) -> Name:
    """Return the name in which the path of a video, of a folder or of a frame ends. Raises `UnknownName` for another path."""
    pure = PurePosixPath(path)
    text = pure.stem if pure.suffix.lower() in layout.VIDEOS else pure.name
    if _FRAME.fullmatch(path):
        text = pure.parent.name
    try:
        return parse_name(f"Data/{text}.mp4")
    except UnknownName:
        raise UnknownName(f"no HiFiMask name: {path}") from None


def is_frame(path: str) -> bool:
    """Return whether a path is that of a frame in the folder of a presentation."""
    return bool(_FRAME.fullmatch(path))


def presentation(name: Name, split: str) -> Presentation:
    """Return the presentation of a name."""
    species, instrument = TYPES[name.type]
    return Presentation(
        dataset="hifimask",
        path=format_name(name),
        split=split,
        subject=f"hifimask/{name.complexion}_{name.subject:02d}",
        label=Label.ATTACK if instrument else Label.BONA_FIDE,
        species=species,
        instrument=instrument,
        camera=SENSORS[name.sensor],
    )


def split_of_list(path: str) -> str | None:
    """Return the split that the name of a protocol list tells; None for another file, or for the words of two splits.

    >>> split_of_list("protocol/CASIA_HiFiMask@p1_video_val.txt")
    'dev'
    """
    if not path.lower().endswith(".txt"):
        return None
    splits = {SPLITS[word] for word in _SPLIT.findall(PurePosixPath(path).stem.lower())}
    return splits.pop() if len(splits) == 1 else None


def read_lists(tree: Tree, lists: dict[str, str]) -> dict[str, str]:
    """Return name -> the first of the lists that holds it.

    Args:
        tree: the archive's files.
        lists: protocol list -> its split.

    Raises:
        ArchiveError: naming the line that is no name, or whose name is in two splits.
    """
    list_of: dict[str, str] = {}
    for path, split in lists.items():
        for number, line in tree.lines(path, "protocol list", layout.PUT_BACK):
            where = f"{tree.root / path}, line {number}"
            try:
                name = stem(find_name(re.split(r"[\s,]+", line)[0]))
            except UnknownName:
                raise ArchiveError(f"{where}: {line[:60]!r} is not like '1_05_0_2_6_1 0'; restore the official list") from None
            first = list_of.setdefault(name, path)
            if lists[first] != split:
                raise ArchiveError(f"{where}: {name} is in {first} too: in two splits; keep the lists of one protocol")
    return list_of


def read(tree: Tree) -> Reading:
    """Read a tree of videos, of folders of frames, or of both.

    Exclusions are presentations in no list where there are lists, listed ones that are absent, pictures that are no frames, and
    a second form of the same presentation. The frames of a presentation besides its middle one are part of the layout.
    """
    splits = {path: split_of_list(path) for path in tree.sizes}
    lists = {path: split for path, split in splits.items() if split}
    list_of = read_lists(tree, lists)
    pictures = [path for path in tree.sizes if path.lower().endswith(FRAMES)]
    frames = [path for path in pictures if is_frame(path)]
    strays = [Exclusion(path, "no frame <name>/<number>.jpg or .png") for path in sorted({*pictures} - {*frames})]
    unread = {*lists, *pictures} - frame_folders.middle_frames(frames)

    def interpret(path: str) -> Presentation | Exclusion:
        name = find_name(path)
        if lists and stem(name) not in list_of:
            return Exclusion(path, f"{stem(name)} is in no protocol list", by_design=True)
        return presentation(name, lists[list_of[stem(name)]] if lists else "test")

    reading = reader.read(tree, interpret, (".mp4", ".mov", ".avi", *FRAMES), None, unread)
    present = {PurePosixPath(shown.official or shown.path).stem for shown in reading.presentations}
    missing = [Exclusion(name, f"listed in {list_of[name]}, but absent") for name in sorted(list_of.keys() - present)]
    exclusions = reading.exclusions + strays + missing
    if lists:
        return Reading(reading.presentations, exclusions)
    notice = "no protocol list: all videos are of the test set; the lists come with the release"
    return Reading(reading.presentations, exclusions, [notice], splits=("test",))


boxes = layout.not_carried
eyes = layout.not_carried
rotation = layout.rotation_unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """Subjects of each split of a small archive, and how many of the 26 conditions (scene and light) and 7 sensors it has."""

    train: int
    dev: int
    test: int
    conditions: int
    sensors: int


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive of the official shape: the four types of a subject, condition and sensor.

    Raises `ArchiveError` where the official archive has fewer subjects, conditions or sensors.
    """
    where = "params.yaml: archives.datasets.hifimask"
    splits: list[str] = []
    for split, count in (("train", size.train), ("dev", size.dev), ("test", size.test)):
        if not 0 <= count <= SUBJECTS[split]:
            raise ArchiveError(f"{where}: {count} subjects for {split}, which has {SUBJECTS[split]}")
        splits += [split] * count
    if not 1 <= size.conditions <= len(CONDITIONS) or not 1 <= size.sensors <= len(USED_SENSORS):
        raise ArchiveError(f"{where}: {size.conditions} conditions and {size.sensors} sensors; there are 26 and 7")
    return [
        presentation(Name(number % 3 + 1, number + 1, kind, scene, light, sensor), split)
        for number, split in enumerate(splits)
        for kind in TYPES
        for scene, light in CONDITIONS[: size.conditions]
        for sensor in USED_SENSORS[: size.sensors]
    ]


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write nothing: the archive has no sidecars."""
    del root, path, faces, eyes


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write the video lists of Protocol 1: name and label, 1 for an attack."""
    for split in SUBJECTS:
        shown = [p for p in presentations if p.split == split]
        lines = [f"CASIA_HiFiMask/Data/{PurePosixPath(p.path).stem} {p.label.value}\n" for p in shown]
        write_text(root / "protocol" / f"CASIA_HiFiMask@p1_video_{split}.txt", "".join(lines))
