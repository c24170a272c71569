"""SiW (Spoof in the Wild): 165 subjects, two cameras; bona fide videos, prints and replays. Layout: lists of bob.db.siw.

A name is subject-sensor-type-medium-session. The folders `live` and `spoof` and the type must agree, and so must the subject's
folder and the subject in the name.

Read in the lists and tests of bob.db.siw:

- The release has 1,313 bona fide videos and 3,156 attacks. Others report the paper's 1,320 and 3,300.
- Sixteen bona fide names end in `.m.mov`, like `Test/live/153/153-2-1-1-1.m.mov`.
- bob's dev set is ten people of Train (003 006 007 011 014 016 017 022 028 030). The release has no dev set, and none is read.
- In bob's Protocol 1 a name that ends in `_60` stands for the first 60 frames of a video. Here all frames count.
- The frames are 1920x1080.

Reported by others: some videos need transposing. Which ones is not known to us, so `rotation` names none.

The `.face` files are not used. A public loader reads a line a frame: left, top, right, bottom, where zeros mean no face.
But bob.db.siw calls these boxes "not good" and replaces them, and it is not known whether they fit the frames as stored or the
frames as shown. Faces are therefore found by the detector.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from fasrepro.archives import layout, reader
from fasrepro.archives.layout import ArchiveError, Box, Exclusion, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "SiW"
SPLITS = {"Train": "train", "Test": "test"}  # the archive's folder -> split
SENSORS = {1: "Canon T6", 2: "Logitech C920"}
LIVE, PRINT, REPLAY = 1, 2, 3  # types
SPECIES = {LIVE: BONA_FIDE_SPECIES, PRINT: "print", REPLAY: "replay_video"}
PAI_SPECIES = (SPECIES[PRINT], SPECIES[REPLAY])
RESOLUTIONS = {1: "HR", 2: "LR"}  # media of prints
PAPERS = {1: "glossy", 2: "matte"}  # sessions of prints
DEVICES = {1: "iPad Pro 2017", 2: "iPhone 7P", 3: "ASUS", 4: "Galaxy S8"}  # media of replays
MEDIA = {LIVE: 2, PRINT: 2, REPLAY: 4}  # type -> number of media
SESSIONS = (1, 2)
# Split -> subjects, bona fide videos, attacks in the release, by the lists of bob.db.siw (its dev people are of Train).
PUBLISHED: dict[str, tuple[int, int, int]] = {"train": (90, 714, 1702), "test": (75, 599, 1454)}
_NAME = re.compile(
    r"(?P<folder>Train|Test)/(?P<class>live|spoof)/(?P<owner>\d{3})/"
    r"(?P<subject>\d{3})-(?P<sensor>[12])-(?P<type>[123])-(?P<medium>[1-4])-(?P<session>[12])(?P<suffix>\.mov|\.m\.mov)",
    re.ASCII,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of an official path: type 1 is bona fide, 2 a print, 3 a replay."""

    folder: str
    subject: int
    sensor: int
    type: int
    medium: int
    session: int
    suffix: str = ".mov"


def format_name(name: Name) -> str:
    """Return the relative path of a video."""
    kind = "live" if name.type == LIVE else "spoof"
    stem = f"{name.subject:03d}-{name.sensor}-{name.type}-{name.medium}-{name.session}"
    return f"{name.folder}/{kind}/{name.subject:03d}/{stem}{name.suffix}"


def parse_name(path: str) -> Name:
    """Parse the relative path of a video.

    Raises:
        UnknownName: for any other path.
        ArchiveError: for a video in the folder of another subject.
    """
    match = _NAME.fullmatch(path)
    if not match or int(match["medium"]) > MEDIA[int(match["type"])]:
        raise UnknownName(f"not a SiW name: {path}")
    name = Name(
        folder=match["folder"],
        subject=int(match["subject"]),
        sensor=int(match["sensor"]),
        type=int(match["type"]),
        medium=int(match["medium"]),
        session=int(match["session"]),
        suffix=match["suffix"],
    )
    if (match["class"] == "live") != (name.type == LIVE):
        raise UnknownName(f"{path}: type {name.type} contradicts the folder {match['class']}")
    if match["owner"] != match["subject"]:
        raise ArchiveError(
            f"{path}: names subject {match['subject']} in the folder of {match['owner']}; move it to the folder of its subject"
        )
    return name


def instrument_of(name: Name) -> str:
    """Return the medium of an attack, like "print/HR/glossy" or "replay/ASUS"; "" for a bona fide video."""
    if name.type == PRINT:
        return f"print/{RESOLUTIONS[name.medium]}/{PAPERS[name.session]}"
    if name.type == REPLAY:
        return f"replay/{DEVICES[name.medium]}"
    return ""


def presentation(name: Name) -> Presentation:
    """Return the presentation of an official name."""
    return Presentation(
        dataset="siw",
        path=format_name(name),
        split=SPLITS[name.folder],
        subject=f"siw/{name.subject:03d}",
        label=Label.BONA_FIDE if name.type == LIVE else Label.ATTACK,
        species=SPECIES[name.type],
        instrument=instrument_of(name),
        camera=SENSORS[name.sensor],
    )


def read(tree: Tree) -> Reading:
    """Read an official tree, whose folders are its splits. A video that stands as .mov and as .m.mov counts once."""
    path_of: dict[Name, str] = {}

    def interpret(path: str) -> Presentation | Exclusion:
        name = parse_name(path)
        first = path_of.setdefault(dataclasses.replace(name, suffix=".mov"), path)
        if first != path:
            return Exclusion(path, f"the same video as {first}")
        return presentation(name)

    return reader.read(tree, interpret, (".mov",), ".face")


boxes = layout.not_carried
eyes = layout.not_carried
rotation = layout.rotation_unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """Subjects of each split of a small archive."""

    train: int
    test: int


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive of the official shape: 8 bona fide videos and 20 attacks a subject.

    The attacks are 4 prints, with sensor 1 alone as most prints in the lists of bob.db.siw, and 16 replays. For 165 subjects this
    gives the paper's 1,320 and 3,300 videos; the release lacks some of them.

    Raises `ArchiveError` for more subjects than the release has.
    """
    names: list[Name] = []
    subject = 0
    for folder, count in (("Train", size.train), ("Test", size.test)):
        official, _, _ = PUBLISHED[SPLITS[folder]]
        if count > official:
            raise ArchiveError(f"params.yaml: archives.datasets.siw: {count} subjects for {folder}, which has {official}")
        for _ in range(count):
            subject += 1
            names += [
                Name(folder, subject, sensor, kind, medium, session)
                for kind, media in MEDIA.items()
                for sensor in ((1,) if kind == PRINT else SENSORS)
                for medium in range(1, media + 1)
                for session in SESSIONS
            ]
    return [presentation(name) for name in names]


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write nothing: the release's boxes are not used."""
    del root, path, faces, eyes


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write nothing: the archive's folders are its splits."""
    del root, presentations
