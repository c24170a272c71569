"""Rose-Youtu: 20 people before five phones; prints, replays and paper masks. Layout: as public loaders agree on it.

A name is kind_speaking_phone_glasses_environment_person_number. The folders `train` and `test` are the splits. The meaning of the
environment's word (such as `E`) is not known to us; any word is read.

Not certain:

- The number of bona fide videos and of attacks in either folder is not known to us, so `PUBLISHED` has none. Public lists name
  3,497 videos of 20 people: 1,748 of persons 2-12 without 8, 1,749 of persons with numbers from 13 to 23.
- `Ml` is a mask without its lower part. One public loader says that it never occurs in the copy that it reads.
- A public script shows a copy without the folders `train` and `test`. Such a copy does not tell its splits and is not read.

The rotations are those of one public loader, which turns the frames that OpenCV gives it. They are applied here to frames as
stored. Whether the files ask players for a rotation too, and whether the loader's OpenCV had applied it, is not known to us. The
loader does not name `Ml`, which is turned here like the other masks. A copy that was encoded again may be upright already.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path, PurePosixPath

from fasrepro.archives import layout, reader
from fasrepro.archives.layout import ArchiveError, Box, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "Rose-Youtu"
# kind -> species, the archive's word for the attack
KINDS: dict[str, tuple[str, str]] = {
    "G": (BONA_FIDE_SPECIES, ""),
    "Ps": ("print", "still print"),
    "Pq": ("print", "quivering print"),
    "Vl": ("replay_video", "laptop video"),
    "Vm": ("replay_video", "monitor video"),
    "Mc": ("paper_mask", "cropped mask"),
    "Mf": ("paper_mask", "full mask"),
    "Mu": ("paper_mask", "upper mask"),
    "Ml": ("paper_mask", "lower mask"),
}
PAI_SPECIES = tuple(dict.fromkeys(species for species, word in KINDS.values() if word))
PHONES = {"5s": "iPhone 5s", "HS": "Hasee", "HW": "Huawei", "IP": "iPad 4", "ZTE": "ZTE"}
SPEAKING = ("T", "NT")  # the person speaks, or does not
GLASSES = ("g", "wg")  # the person wears glasses, or does not
PERSONS = {"train": (2, 3, 4, 5, 6, 7, 9, 10, 11, 12), "test": (13, 14, 15, 16, 17, 18, 19, 20, 21, 22)}  # of a small archive
SCREENS = ("Vl", "Vm")
# phone -> quarter turns, counter-clockwise, that make a stored frame upright
TURNS = {"5s": 1, "IP": 1, "HS": 3, "HW": 3, "ZTE": 3}
TURNS_OF_SCREENS = {"5s": 0, "IP": 0, "HS": 2, "HW": 2, "ZTE": 2}
PUBLISHED: dict[str, None] = dict.fromkeys(PERSONS)  # counts of each label are not known to us
TOTALS = (20, 3_497)
_NAME = re.compile(
    rf"(?P<split>train|test)/(?P<folder>\d+)/(?P<kind>{'|'.join(KINDS)})_(?P<speaking>{'|'.join(SPEAKING)})_"
    rf"(?P<phone>{'|'.join(PHONES)})_(?P<glasses>{'|'.join(GLASSES)})_"
    r"(?P<environment>[A-Za-z0-9]+)_(?P<person>\d+)_(?P<number>\d+)\.mp4",
    re.ASCII,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of an official path; `number` counts the videos of a person."""

    split: str
    kind: str
    speaking: str
    phone: str
    glasses: str
    environment: str
    person: int
    number: int


def format_name(name: Name) -> str:
    """Return the relative path of a video."""
    stem = f"{name.kind}_{name.speaking}_{name.phone}_{name.glasses}_{name.environment}_{name.person}_{name.number}"
    return f"{name.split}/{name.person}/{stem}.mp4"


def parse_name(path: str) -> Name:
    """Parse the relative path of a video. Raises `UnknownName` for a path that `format_name` cannot return."""
    match = _NAME.fullmatch(path)
    if not match:
        raise UnknownName(f"not a Rose-Youtu name: {path}; expected a path like test/13/G_NT_5s_wg_E_13_1.mp4")
    if match["folder"] != match["person"]:
        raise UnknownName(
            f"{path}: names person {match['person']} in the folder of {match['folder']}; move it to the folder of its person"
        )
    name = Name(
        split=match["split"],
        kind=match["kind"],
        speaking=match["speaking"],
        phone=match["phone"],
        glasses=match["glasses"],
        environment=match["environment"],
        person=int(match["person"]),
        number=int(match["number"]),
    )
    if format_name(name) != path:
        raise UnknownName(f"not a Rose-Youtu name: {path}; the official one is {format_name(name)}")
    return name


def presentation(name: Name) -> Presentation:
    """Return the presentation of an official name."""
    species, instrument = KINDS[name.kind]
    return Presentation(
        dataset="rose_youtu",
        path=format_name(name),
        split=name.split,
        subject=f"rose_youtu/{name.person}",
        label=Label.ATTACK if instrument else Label.BONA_FIDE,
        species=species,
        instrument=instrument,
        camera=PHONES[name.phone],
    )


def read(tree: Tree) -> Reading:
    """Read an official tree, whose folders are its splits."""
    return reader.read(tree, lambda path: presentation(parse_name(path)), (".mp4",), None)


boxes = layout.not_carried
eyes = layout.not_carried


def rotation(path: str) -> int | None:
    """Return the quarter turns, counter-clockwise, that make a stored frame upright; None for a name of another form.

    0 means that the loader takes the frames as they are stored, so that the file's own flag does not turn them either.

    >>> rotation("train/2/G_NT_5s_wg_E_2_1.mp4"), rotation("train/2/Vl_T_ZTE_g_E_2_9.mp4")
    (1, 2)
    """
    fields = PurePosixPath(path).name.split("_")
    if len(fields) < 3 or fields[0] not in KINDS:
        return None
    turns = TURNS_OF_SCREENS if fields[0] in SCREENS else TURNS
    return turns.get(fields[2])


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """People of each split of a small archive, and how many of the five phones it has."""

    train: int
    test: int
    phones: int


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive: 2 bona fide videos and 8 attacks a person and phone.

    The release has more videos of each kind. Raises `ArchiveError` for more people or phones than the release has.
    """
    where = "params.yaml: archives.datasets.rose_youtu"
    if not 1 <= size.phones <= len(PHONES):
        raise ArchiveError(f"{where}: {size.phones} phones; there are {len(PHONES)}")
    presentations: list[Presentation] = []
    for split, count in (("train", size.train), ("test", size.test)):
        if count > len(PERSONS[split]):
            raise ArchiveError(f"{where}: {count} people for {split}, which has {len(PERSONS[split])}")
        for person in PERSONS[split][:count]:
            number = 0
            for phone in list(PHONES)[: size.phones]:
                for kind in KINDS:
                    for speaking in SPEAKING if kind == "G" else ("NT",):
                        number += 1
                        presentations.append(presentation(Name(split, kind, speaking, phone, "wg", "E", person, number)))
    return presentations


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write nothing: the release carries no boxes."""
    del root, path, faces, eyes


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write nothing: the archive's folders are its splits."""
    del root, presentations
