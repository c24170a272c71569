"""CASIA-SURF CeFA: 1,500 people of three ethnicities, with prints on cloth and replays, and 107 masks. Images in three channels.

Names and codes are read in CASIA_CeFA/readme.md and lists of github.com/liuajian/CASIA-FAS-Dataset:

- `Ethnicity/AF/AF-120/1_120_3_1_4/color/0001.jpg`: ethnicity (1 AF, 2 CA, 3 EA), person (000-499), device (1 rssdk, 2 mp4, 3 bag,
  4 MOV), session (1 indoor, 2 outdoor, 3 random), and what is shown (1 real, 2 cloth, 3 picture, 4 screen).
- `Mask/3D-Mask/073/1_073_1_0_2_1_2/color/0001.jpg`, `Mask/Silicone-Mask/006/2_006_...`: mask, dress, glasses, camera (1 Camera, 2
  D435i), session, light.

A folder of frames is a presentation, of which the middle frame is read. `depth` and `ir` beside `color` are parts of the layout.

By the readme a person's folder also holds the number of an identity card (`EA-012-<card>`), which tells year of birth and sex. It
is read, and is no part of any id or report here (`redacted`). In some releases the colour folder is called `profile` (see
`locate.OTHER_LAYOUTS`).

Splits: in the lists of protocols 1.1 and 4.1 that we read, persons 000 to 199 are of train, 200 to 299 of dev, 300 to 499 of
test, and all masks of test. So the number decides.

Not certain: whether a person in a mask is one of the 1,500, so that each mask is a subject of its own; whether the challenge's
release, whose folders are numbered, has more of these names. It is not read, and needs a manifest.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from fasrepro.archives import frame_folders, layout, reader
from fasrepro.archives.layout import ArchiveError, Box, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "CASIA_CeFA"
ETHNICITIES = {"AF": 1, "CA": 2, "EA": 3}
DEVICES = {1: "rssdk", 2: "mp4", 3: "bag", 4: "MOV"}
MASK_CAMERAS = {1: "Camera", 2: "D435i"}
# what is shown -> species, the archive's word for the attack
SHOWN: dict[int, tuple[str, str]] = {
    1: (BONA_FIDE_SPECIES, ""),
    2: ("cloth_print", "cloth"),
    3: ("print", "picture"),
    4: ("replay_video", "screen"),
}
# folder of masks -> its number in names, species, numbers of its masks
MASKS: dict[str, tuple[int, str, range]] = {
    "3D-Mask": (1, "mask_3d", range(2, 101)),
    "Silicone-Mask": (2, "silicone_mask", range(1, 9)),
}
PAI_SPECIES = tuple(species for species, word in (*SHOWN.values(), *((one, "mask") for _, one, _ in MASKS.values())) if word)
SPLITS = {"train": range(200), "dev": range(200, 300), "test": range(300, 500)}  # split -> its persons of each ethnicity
# Device, session and what is shown of the videos that the lists name of each person.
VIDEOS = ((1, 1, 1), (3, 1, 2), (3, 2, 2), (3, 1, 4))
# Split -> subjects, bona fide videos, attacks: by the readme's counts for protocols 2.1 and 2.2, which together name every video.
# Of the attacks in test 1,123 are masks.
PUBLISHED: dict[str, tuple[int, int, int]] = {"train": (600, 600, 1800), "dev": (300, 300, 900), "test": (707, 600, 2923)}
_PERSON = re.compile(
    r"Ethnicity/(?P<ethnicity>AF|CA|EA)/(?P=ethnicity)-(?P<folder>\d{3})/"
    r"(?P<code>[123])_(?P<person>\d{3})_(?P<device>[1-4])_(?P<session>[123])_(?P<shown>[1-4])/color/(?P<number>\d{1,6})\.jpg",
    re.ASCII,
)
_CARD = re.compile(r"\b((?:AF|CA|EA)-\d{3})-[^/\s]+", re.ASCII)
_MASK = re.compile(
    r"Mask/(?P<kind>3D-Mask|Silicone-Mask)/(?P<folder>\d{3})/(?P<code>[12])_(?P<mask>\d{3})_(?P<dress>[01])_(?P<glasses>[01])_"
    r"(?P<camera>[12])_(?P<session>[12])_(?P<light>[1-4])/color/(?P<number>\d{1,6})\.jpg",
    re.ASCII,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of the path of a person's frame: a key of `ETHNICITIES`, codes, and the frame's digits."""

    ethnicity: str
    person: int
    device: int
    session: int
    shown: int
    number: str = "0001"


@dataclasses.dataclass(frozen=True, slots=True)
class MaskName:
    """The parts of the path of a mask's frame: a key of `MASKS`, codes, and the frame's digits."""

    kind: str
    mask: int
    dress: int
    glasses: int
    camera: int
    session: int
    light: int
    number: str = "0001"


def format_name(name: Name | MaskName) -> str:
    """Return the relative path of a colour image."""
    if isinstance(name, MaskName):
        codes = f"{name.dress}_{name.glasses}_{name.camera}_{name.session}_{name.light}"
        return f"Mask/{name.kind}/{name.mask:03d}/{MASKS[name.kind][0]}_{name.mask:03d}_{codes}/color/{name.number}.jpg"
    codes = f"{ETHNICITIES[name.ethnicity]}_{name.person:03d}_{name.device}_{name.session}_{name.shown}"
    return f"Ethnicity/{name.ethnicity}/{name.ethnicity}-{name.person:03d}/{codes}/color/{name.number}.jpg"


def parse_name(path: str) -> Name | MaskName:
    """Parse the relative path of a colour image. Raises `UnknownName` for a path that `format_name` cannot return."""
    name: Name | MaskName
    if match := _PERSON.fullmatch(path):
        codes = (int(match[part]) for part in ("person", "device", "session", "shown"))
        name = Name(match["ethnicity"], *codes, match["number"])
    elif match := _MASK.fullmatch(path):
        codes = (int(match[part]) for part in ("mask", "dress", "glasses", "camera", "session", "light"))
        name = MaskName(match["kind"], *codes, match["number"])
    else:
        raise UnknownName(f"not a CeFA name: {path}; expected a path like {format_name(Name('AF', 120, 1, 1, 1))}")
    if format_name(name) != path:
        raise UnknownName(f"{path}: the codes contradict the folder; by the codes it is {format_name(name)}")
    if isinstance(name, Name) and split_of(name.person) is None:
        raise UnknownName(f"not a CeFA name: {path}: there are persons 000 to 499")
    return name


def split_of(person: int) -> str | None:
    """Return the split of a person; None for a number that no person has.

    >>> split_of(199), split_of(300), split_of(500)
    ('train', 'test', None)
    """
    return next((split for split, persons in SPLITS.items() if person in persons), None)


def presentation(name: Name | MaskName) -> Presentation:
    """Return the presentation of which a frame is read; its id is that of the folder of frames."""
    if isinstance(name, MaskName):
        species, instrument, camera = MASKS[name.kind][1], name.kind, MASK_CAMERAS[name.camera]
        split, subject = "test", f"{name.kind}/{name.mask:03d}"
    else:
        species, instrument = SHOWN[name.shown]
        camera = DEVICES[name.device]
        split, subject = str(split_of(name.person)), f"{name.ethnicity}-{name.person:03d}"
    path = format_name(name)
    return Presentation(
        dataset="cefa",
        path=path,
        split=split,
        subject=f"cefa/{subject}",
        label=Label.ATTACK if instrument else Label.BONA_FIDE,
        species=species,
        instrument=instrument,
        camera=camera,
        official=path.rpartition("/")[0],
    )


def redacted(text: str) -> str:
    """Return a text without the numbers of identity cards in its paths.

    >>> redacted("EA/EA-012-110101199003070000/3_012_3_1_4/profile/0001.jpg: empty file")
    'EA/EA-012/3_012_3_1_4/profile/0001.jpg: empty file'
    """
    return _CARD.sub(r"\1", text)


def read(tree: Tree) -> Reading:
    """Read an official tree, whose names tell split and label."""

    def interpret(path: str) -> Presentation:
        shown = presentation(parse_name(path))
        return dataclasses.replace(shown, path=shown.official, official="")

    return reader.read(tree, interpret, (".jpg",), None, frame_folders.unread_of_three_channels(tree.sizes))


boxes = layout.not_carried
eyes = layout.not_carried
rotation = layout.rotation_unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """Persons of each split and ethnicity of a small archive, and how many 3D and silicone masks it has."""

    train: int
    dev: int
    test: int
    masks: int
    silicone: int


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive of the official shape, of one frame each.

    A person has a bona fide video and three attacks, a 3D mask twelve and a silicone mask six. The release lacks some of the
    masks' videos. Raises `ArchiveError` for more persons or masks than the release has.
    """
    where = "params.yaml: archives.datasets.cefa"
    names: list[Name | MaskName] = []
    for (split, persons), count in zip(SPLITS.items(), (size.train, size.dev, size.test), strict=True):
        if count > len(persons):
            raise ArchiveError(f"{where}: {count} persons for {split}, which has {len(persons)} of each ethnicity")
        names += [Name(ethnicity, person, *codes) for ethnicity in ETHNICITIES for person in persons[:count] for codes in VIDEOS]
    for (kind, (_, _, numbers)), count in zip(MASKS.items(), (size.masks, size.silicone), strict=True):
        if count > len(numbers):
            raise ArchiveError(f"{where}: {count} of {kind}; there are {len(numbers)}")
        worn = ((0, 0), (1, 0), (1, 1)) if kind == "3D-Mask" else ((1, 0), (1, 1))  # dress and glasses
        lit = ((1, 2), (1, 3), (1, 4), (2, 3)) if kind == "3D-Mask" else ((1, 2), (1, 3), (1, 4))  # session and light
        names += [
            MaskName(kind, mask, dress, glasses, 2, session, light)
            for mask in numbers[:count]
            for dress, glasses in worn
            for session, light in lit
        ]
    return [presentation(name) for name in names]


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write nothing: the release carries no boxes."""
    del root, path, faces, eyes


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write nothing: the names tell all that is read."""
    del root, presentations
