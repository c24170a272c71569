"""WMCA: attacks of many instruments before the face station of Idiap; faces cropped to 128x128 pixels, an HDF5 file a video.

Read in the documentation of bob.db.batl and in public loaders: a file of `preprocessed-face-station_RGB` holds groups `Frame_N`,
each with a dataset `array` of (3, 128, 128), uint8, RGB. The faces are cropped and aligned already, so `boxes` returns the whole
picture for every frame of the file. By others' account official files hold 20 frames; here the file's groups are counted. N is
taken as the frame's number. `preprocessed-face-station_CDIT` (depth, infrared, thermal) is not used.

A name is <client>_<session>_<presenter>_<type>_<pai>. The client is the person in the picture, also of an attack, and the
subject; the presenter (000 for a support) is not. Type and pai give the species by the table of bob.db.batl as others keep it.
The protocol list has none of its make-up (type 5) and of its wigs (type 1, pai 8 to 12): such names are unknown here.

Splits come from `WMCA_Grandtest.txt`, in the archive's folder or in `protocols`. Its rows are read in IDIAP_WMCA/ of
github.com/liuajian/CASIA-FAS-Dataset; it comes with bob, not with the videos. Without it all is "test".
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

import h5py
import numpy as np

from fasrepro.archives import hdf5, layout, reader
from fasrepro.archives.layout import ArchiveError, Box, Exclusion, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree, is_web_page
from fasrepro.files import replaced, write_text
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "WMCA"
VIDEOS_FOLDER = "preprocessed-face-station_RGB"
PROTOCOL = "WMCA_Grandtest.txt"
PROTOCOLS = (PROTOCOL, f"protocols/{PROTOCOL}")  # where it is looked for
PROTOCOL_HEADER = ",client_id,filepath,group,label"
WORDS = ("attack", "bonafide")
# type -> species -> pai
PAIS: dict[int, dict[str, tuple[int, ...]]] = {
    0: {BONA_FIDE_SPECIES: (0, 1, 2)},  # without glasses, with glasses, with retro glasses
    1: {
        "partial_funny_eye": (1, 4, 5, 6, 7),
        "partial_paper_glasses": (15, 16),
        "rigid_mask": (2, 13, 14),
    },
    2: {
        "mannequin": (1, 2, 3, 4, 5, 6, 7),
        "paper_mask": (8, 9, 10, 11),
        "rigid_mask": (12, 13, 14, 15, 16, 17),
        "flexible_mask": (18, *range(75, 100)),
    },
    3: {"replay_photo": (5, 10, 15), "print": tuple(pai for pai in range(1, 100) if pai not in (5, 10, 15))},
    4: {"replay_video": tuple(range(1, 100, 2)), "replay_photo": tuple(range(2, 100, 2))},  # odd: plays; even: paused
}
SPECIES = {(kind, pai): species for kind, pais_of in PAIS.items() for species, pais in pais_of.items() for pai in pais}
PAI_SPECIES = tuple(dict.fromkeys(species for species in SPECIES.values() if species != BONA_FIDE_SPECIES))
SPLITS = {"train": "train", "dev": "dev", "eval": "test"}  # the protocol's group -> split
# Clients, bona fide videos and attacks of the grandtest protocol, counted in its list.
PUBLISHED: dict[str, tuple[int, int, int]] = {"train": (35, 124, 441), "dev": (34, 108, 449), "test": (34, 115, 442)}
# Type and pai of the attacks of a small archive, one of each species that the protocol has.
PLANNED = ((1, 1), (1, 15), (2, 1), (2, 13), (2, 18), (3, 1), (3, 5), (4, 1), (4, 2))
PLANNED_IN_TEST = ((2, 8),)  # the protocol has paper masks in eval alone
_STEM = r"(?P<client>\d{3})_(?P<session>\d\d)_(?P<presenter>\d{3})_(?P<type>\d)_(?P<pai>\d\d)"
_DATE = r"(?P<date>(?:0[1-9]|[12]\d|3[01])\.(?:0[1-9]|1[0-2])\.\d\d)"
_NAME = re.compile(rf"{VIDEOS_FOLDER}/{_DATE}/{_STEM}\.hdf5", re.ASCII)
_ON_DISK = re.compile(r"preprocessed-face-station_(?P<channels>RGB|CDIT)/(?P<video>.+)", re.DOTALL)
_ROW = re.compile(
    r"\d+,(?P<client>\d+),face-station/(?P<video>[^,/]+/[^,/]+?)(?:\.hdf5)?,(?P<group>train|dev|eval),(?P<word>attack|bonafide)",
    re.ASCII,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of an official path; `date` is dd.mm.yy."""

    date: str
    client: int
    session: int
    presenter: int
    type: int
    pai: int


def format_name(name: Name) -> str:
    """Return the relative path of a video."""
    stem = f"{name.client:03d}_{name.session:02d}_{name.presenter:03d}_{name.type}_{name.pai:02d}"
    return f"{VIDEOS_FOLDER}/{name.date}/{stem}.hdf5"


def parse_name(path: str) -> Name:
    """Parse the relative path of a video. Raises `UnknownName` for a path that `format_name` cannot return."""
    match = _NAME.fullmatch(path)
    if not match:
        raise UnknownName(f"not a WMCA name: {path}")
    name = Name(match["date"], *(int(match[part]) for part in ("client", "session", "presenter", "type", "pai")))
    if (name.type, name.pai) not in SPECIES:
        raise UnknownName(f"not an instrument of WMCA: type {name.type}, pai {name.pai:02d}: {path}")
    return name


def presentation(name: Name, split: str) -> Presentation:
    """Return the presentation of an official name; its camera is unknown."""
    species = SPECIES[name.type, name.pai]
    bona_fide = species == BONA_FIDE_SPECIES
    return Presentation(
        dataset="wmca",
        path=format_name(name),
        split=split,
        subject=f"wmca/{name.client:03d}",
        label=Label.BONA_FIDE if bona_fide else Label.ATTACK,
        species=species,
        instrument="" if bona_fide else f"{name.type}_{name.pai:02d}",
        camera="unknown",
    )


def read_protocol(tree: Tree, path: str) -> dict[str, str]:
    """Return official path of a video -> split.

    Raises:
        ArchiveError: naming the line that is not a row of the list, or whose client or word contradicts the video's name.
    """
    splits: dict[str, str] = {}
    for number, line in tree.lines(path, "protocol list", layout.PUT_BACK):
        if number == 1 and line == PROTOCOL_HEADER:
            continue
        where = f"{tree.root / path}, line {number}"
        row = _ROW.fullmatch(line)
        if not row:
            example = "1,2,face-station/01.02.18/002_01_000_0_00,train,bonafide"
            raise ArchiveError(f"{where}: {line[:80]!r} is not like {example!r}; restore the official list")
        try:
            name = parse_name(f"{VIDEOS_FOLDER}/{row['video']}.hdf5")
        except UnknownName as error:
            raise ArchiveError(f"{where}: {error}; restore the official list") from None
        bona_fide = SPECIES[name.type, name.pai] == BONA_FIDE_SPECIES
        if int(row["client"]) != name.client or (row["word"] == "bonafide") != bona_fide:
            contradiction = f"client {row['client']}, {row['word']} contradicts the name {row['video']}"
            raise ArchiveError(f"{where}: {contradiction}; restore the official list")
        split = SPLITS[row["group"]]
        if splits.setdefault(format_name(name), split) != split:
            raise ArchiveError(f"{where}: {row['video']} is in another group too; restore the official list")
    return splits


def read(tree: Tree) -> Reading:
    """Read an official tree. Where there is a protocol list, videos that it omits and listed ones that are absent are
    exclusions."""
    protocol = next((path for path in PROTOCOLS if path in tree.sizes), None)
    splits = {} if protocol is None else read_protocol(tree, protocol)

    def interpret(path: str) -> Presentation | Exclusion:
        match = _ON_DISK.fullmatch(path)
        if not match:
            raise UnknownName(f"not in {VIDEOS_FOLDER}: {path}")
        if match["channels"] == "CDIT":
            return Exclusion(path, "grey, depth, infrared and thermal channels: only colour is read", by_design=True)
        name = parse_name(f"{VIDEOS_FOLDER}/{match['video']}")
        if protocol is not None and format_name(name) not in splits:
            return Exclusion(path, f"in no row of {protocol}")
        return presentation(name, "test" if protocol is None else splits[format_name(name)])

    documents = {path for path in tree.sizes if {"documentation", "protocols"} & set(PurePosixPath(path).parts[:-1])}
    reading = reader.read(tree, interpret, (".hdf5",), None, documents | ({protocol} if protocol else set()))
    present = {layout.with_suffix(shown.official or shown.path, ".hdf5") for shown in reading.presentations}
    missing = [Exclusion(video, f"listed in {protocol}, but absent") for video in sorted(splits.keys() - present)]
    notices = [] if protocol else [f"no {PROTOCOL}: all videos are of the test set; it comes with bob"]
    return Reading(reading.presentations, reading.exclusions + missing, notices)


def printable(tree: Tree) -> set[str]:
    """Return the videos whose pictures the release allows to print, as names without folder and suffix.

    The two lists in `documentation` tell them; they are no label lists. Without them none is printable.
    """
    lists = [f"documentation/{word}_illustration_files.csv" for word in WORDS]
    stems: set[str] = set()
    for file in [tree.file(path) for path in lists if path in tree.sizes]:
        try:
            text = file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise ArchiveError(f"{file}: not UTF-8 text at byte {error.start}; restore the official list") from None
        if is_web_page(text):
            raise ArchiveError(f"{file}: a web page in place of the list: fetch the file itself")
        lines = text.splitlines()
        paths = [line.split(",")[0].strip().strip('"').replace("\\", "/") for line in lines]
        stems |= {PurePosixPath(path).name.removesuffix(".hdf5") for path in paths if path}
    return stems


def boxes(root: Path, path: str) -> dict[int, Box] | None:
    """Return frame -> its whole picture, because the faces are cropped already: (0, 0, 128, 128) in the official archive.

    Raises:
        ArchiveError: the file is damaged, holds no frame, or a frame is no picture of three channels.
    """
    whole: dict[int, Box] = {}
    with hdf5.opened(root / path) as file:
        for number, dataset in hdf5.groups(file).items():
            shape = getattr(file.get(dataset), "shape", ())
            if len(shape) != 3 or shape[0] != 3:
                raise ArchiveError(f"{root / path}: {dataset} is {shape}, not (3, 128, 128); restore the official file")
            whole[number] = (0, 0, shape[2], shape[1])
    if not whole:
        raise ArchiveError(f"{root / path}: no group Frame_0, Frame_1 ...; restore the official file")
    return whole


eyes = layout.not_carried
rotation = layout.rotation_unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """The share of the grandtest protocol that a small archive has, in [0, 1]."""

    share: float


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive of the official shape: a share of each split's clients, bona fide videos and
    attacks.

    Videos are dealt over clients and instruments in turn, so that only a split's totals are official. A split has at least one
    client, one bona fide video, and an attack of each instrument in `PLANNED`; a share of 0 gives no archive. Raises
    `ArchiveError` for a share outside [0, 1].
    """
    if not 0 <= size.share <= 1:
        raise ArchiveError(f"params.yaml: archives.datasets.wmca: share {size.share}; it lies between 0 (no archive) and 1 (all)")
    if not size.share:
        return []
    presentations: list[Presentation] = []
    client = 1
    for split, published in PUBLISHED.items():
        count, bona_fide, attacks = (round(size.share * number) for number in published)
        clients = range(client, client + max(1, count))
        client = clients.stop
        instruments = PLANNED + (PLANNED_IN_TEST if split == "test" else ())
        presentations += [presentation(name, split) for name in _dealt(clients, ((0, 0), (0, 1), (0, 2)), max(1, bona_fide))]
        presentations += [presentation(name, split) for name in _dealt(clients, instruments, max(len(instruments), attacks))]
    return presentations


def _dealt(clients: range, instruments: tuple[tuple[int, int], ...], count: int) -> Iterator[Name]:
    """Yield `count` names: each client with the first instrument, then with the next, and in a new session when all are used."""
    for number in range(count):
        turn, client = number // len(clients), clients[number % len(clients)]
        session = turn // len(instruments) + 1
        kind, pai = instruments[turn % len(instruments)]
        worn = kind == 1 or (kind == 2 and pai >= 8)
        yield Name(f"{session:02d}.02.18", client, session, client if worn else 0, kind, pai)


def write_frames(path: Path, frames: Iterable[np.ndarray]) -> None:
    """Write uint8 RGB frames of (height, width, 3) into a video's file, whole or not at all."""
    with replaced(path) as temporary, h5py.File(temporary, "w") as file:
        for number, frame in enumerate(frames):
            file.create_group(f"Frame_{number}").create_dataset("array", data=np.ascontiguousarray(frame.transpose(2, 0, 1)))


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write nothing: the archive has no sidecars."""
    del root, path, faces, eyes


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write the protocol list, without its numbers' gaps."""
    groups = {split: group for group, split in SPLITS.items()}
    rows = [PROTOCOL_HEADER]
    for number, shown in enumerate(presentations, start=1):
        video = PurePosixPath(shown.path).with_suffix("").relative_to(VIDEOS_FOLDER)
        word = "bonafide" if shown.label is Label.BONA_FIDE else "attack"
        rows.append(f"{number},{parse_name(shown.path).client},face-station/{video},{groups[shown.split]},{word}")
    write_text(root / PROTOCOL, "".join(f"{row}\n" for row in rows))
