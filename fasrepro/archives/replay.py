"""Replay-Attack: 50 clients in train, devel and test; 4 bona fide videos and 20 attacks each. Layout: bob.db.replay.

Face boxes lie in `face-locations/<path>.face`; a file beside its video is read too. `enroll/` is not about attacks.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from fasrepro.archives import layout, reader
from fasrepro.archives.layout import Box, Exclusion, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "Replay-Attack"
# split -> subjects, bona fide videos, attacks, by the lists of the release
PUBLISHED = {"train": (15, 60, 300), "dev": (15, 60, 300), "test": (20, 80, 400)}
# The clients of each of the archive's folders, by the video lists of liuajian/CASIA-FAS-Dataset.
CLIENTS = {
    "train": (1, 2, 4, 6, 7, 8, 12, 16, 18, 25, 27, 103, 105, 108, 110),
    "devel": (3, 5, 10, 15, 17, 22, 29, 30, 101, 111, 113, 114, 116, 118, 119),
    "test": (9, 11, 13, 14, 19, 20, 21, 23, 24, 26, 28, 31, 102, 104, 106, 107, 109, 112, 115, 117),
}
SPLITS = {"train": "train", "devel": "dev", "test": "test"}  # the archive's folder -> split
LIGHTS = ("adverse", "controlled")
SUPPORTS = ("fixed", "hand")
# device -> (camera of the sample shown, photo or video) -> species
ATTACKS: dict[str, dict[tuple[str, str], str]] = {
    "print": {("highdef", "photo"): "print"},
    "mobile": {("mobile", "photo"): "replay_photo", ("mobile", "video"): "replay_video"},
    "highdef": {("highdef", "photo"): "replay_photo", ("highdef", "video"): "replay_video"},
}
PAI_SPECIES = tuple(dict.fromkeys(species for kinds in ATTACKS.values() for species in kinds.values()))
_REAL = re.compile(
    r"(?P<folder>train|devel|test)/real/client(?P<client>\d{3})_session01_webcam_authenticate_"
    r"(?P<light>adverse|controlled)_(?P<take>[12])\.mov",
    re.ASCII,
)
_ATTACK = re.compile(
    r"(?P<folder>train|devel|test)/attack/(?P<support>fixed|hand)/attack_(?P<device>print|mobile|highdef)_"
    r"client(?P<client>\d{3})_session01_(?P<sample>highdef|mobile)_(?P<media>photo|video)_(?P<light>adverse|controlled)\.mov",
    re.ASCII,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of an official path: a bona fide video has a take, an attack has all from support to media."""

    folder: str
    client: int
    light: str
    take: int = 0
    support: str = ""
    device: str = ""
    sample: str = ""
    media: str = ""


def format_name(name: Name) -> str:
    """Return the relative path of a video."""
    client = f"client{name.client:03d}_session01"
    if not name.device:
        return f"{name.folder}/real/{client}_webcam_authenticate_{name.light}_{name.take}.mov"
    return f"{name.folder}/attack/{name.support}/attack_{name.device}_{client}_{name.sample}_{name.media}_{name.light}.mov"


def parse_name(path: str) -> Name:
    """Parse the relative path of a video. Raises `UnknownName` for a path that the archive does not hold."""
    if match := _REAL.fullmatch(path):
        return Name(match["folder"], int(match["client"]), match["light"], take=int(match["take"]))
    match = _ATTACK.fullmatch(path)
    if not match or (match["sample"], match["media"]) not in ATTACKS[match["device"]]:
        raise UnknownName(f"not a Replay-Attack name: {path}")
    return Name(
        match["folder"],
        int(match["client"]),
        match["light"],
        support=match["support"],
        device=match["device"],
        sample=match["sample"],
        media=match["media"],
    )


def presentation(name: Name) -> Presentation:
    """Return the presentation of an official name."""
    attack = bool(name.device)
    return Presentation(
        dataset="replay",
        path=format_name(name),
        split=SPLITS[name.folder],
        subject=f"replay/client{name.client:03d}",
        label=Label.ATTACK if attack else Label.BONA_FIDE,
        species=ATTACKS[name.device][name.sample, name.media] if attack else BONA_FIDE_SPECIES,
        instrument=f"{name.support}/{name.device}_{name.media}" if attack else "",
        camera="webcam",
    )


def read(tree: Tree) -> Reading:
    """Read an official tree. Its folders are its splits; the enrolment videos are exclusions."""

    def interpret(path: str) -> Presentation | Exclusion:
        if path.startswith("enroll/"):
            return Exclusion(path, "enrolment video: not part of the attack protocol", by_design=True)
        return presentation(parse_name(path))

    return reader.read(tree, interpret, (".mov",), ".face")


boxes = layout.read_boxes
eyes = layout.not_carried
rotation = layout.rotation_unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """Clients of each folder of a small archive."""

    train: int
    devel: int
    test: int


def of_client(folder: str, client: int) -> list[Presentation]:
    """Return all videos of a client: 4 bona fide ones and 20 attacks."""
    names = [Name(folder, client, light, take=take) for light in LIGHTS for take in (1, 2)]
    names += [
        Name(folder, client, light, support=support, device=device, sample=sample, media=media)
        for device, kinds in ATTACKS.items()
        for sample, media in kinds
        for support in SUPPORTS
        for light in LIGHTS
    ]
    return [presentation(name) for name in names]


def siblings(shown: Presentation) -> list[Presentation]:
    """Return all videos that the release has of a presentation's subject."""
    folder = next(folder for folder, split in SPLITS.items() if split == shown.split)
    return of_client(folder, int(shown.subject[-3:]))


def people() -> list[str]:
    """Return the release's subjects."""
    return [f"replay/client{client:03d}" for clients in CLIENTS.values() for client in clients]


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive of the official shape."""
    presentations: list[Presentation] = []
    client = 0
    for folder, count in (("train", size.train), ("devel", size.devel), ("test", size.test)):
        for _ in range(count):
            client += 1
            presentations += of_client(folder, client)
    return presentations


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write the .face file: one line a frame, numbered from 0: x y width height."""
    del eyes
    layout.write_numbers(root / layout.BOXES_FOLDER / layout.with_suffix(path, ".face"), dict(faces), " ", first=0)


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write nothing: the archive's folders are its splits."""
    del root, presentations
