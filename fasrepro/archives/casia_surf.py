"""CASIA-SURF: prints with parts of the face cut out, before a camera of colour, depth and infrared.

Two forms of it are in use. Both are read, their colour images alone; those of depth and infrared are parts of the layout.

- The release of github.com/liuajian/CASIA-FAS-Dataset, by its lists: `{Training,Val,Testing}/real_part/<subject>/real.rssdk/` and
  `.../fake_part/<subject>/<attack>.rssdk/`, each with the folders `color`, `depth` and `ir` of numbered frames. Folders tell
  split, label and subject. A folder of frames is a presentation, of which the middle frame is read.
- The release of the challenge of CVPR 2019. Its Training is as above. Its Val and Testing are images without subject and video,
  like `Val/0007/007243-color.jpg`. Each is a presentation, and a subject of its own, so that intervals over subjects are too
  narrow. Their labels stand in `val_private_list.txt` and `test_private_list.txt`. Images in neither are exclusions by design.

The lists' traps, reported by others:

- A row is three paths and a label, and sources differ in the order of depth and infrared. The path is chosen by its name.
- 1 is bona fide in the challenge's lists, and fake in the later ones. `train_list.txt`, whose paths tell their label, decides
  what the numbers of all lists mean. Without it, or where its rows disagree, the other lists are an error.

By the lists, Training has the attacks 04 to 06 alone, Val and Testing 01 to 03. By others' account the letters e, n and m stand
for cut eyes, nose and mouth, s and b for a flat and a bent sheet.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

from fasrepro.archives import frame_folders, layout, reader
from fasrepro.archives.layout import ArchiveError, Box, Exclusion, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "CASIA_SURF"
SPLITS = {"Training": "train", "Val": "dev", "Testing": "test"}  # the archive's folder -> split
REAL = "real"
ATTACKS = {"Training": ("04_en_b", "05_enm_s", "06_enm_b"), **dict.fromkeys(("Val", "Testing"), ("01_e_s", "02_e_b", "03_en_s"))}
PAI_SPECIES = ("cut_photo",)
# Split -> subjects, bona fide videos, attacks, by the video lists of liuajian/CASIA-FAS-Dataset. Of 1,800 attacks, 9 are absent.
PUBLISHED: dict[str, tuple[int, int, int]] = {"train": (300, 300, 900), "dev": (100, 100, 300), "test": (600, 600, 1791)}
TRAIN_LIST = "train_list.txt"
LABELLED_LISTS = ("val_private_list.txt", "test_private_list.txt")
LISTS = (TRAIN_LIST, *LABELLED_LISTS, "val_public_list.txt", "test_public_list.txt")  # the public ones have no labels
RESTORE = "restore the official list"
EXAMPLE = "Val/0007/007243-color.jpg Val/0007/007243-depth.jpg Val/0007/007243-ir.jpg 1"
_FRAME = re.compile(
    r"(?P<folder>Training|Val|Testing)/(?P<part>real_part|fake_part)/(?P<subject>CLKJ_[A-Z]{2}\d{4})/"
    r"(?P<video>real|0[1-6]_enm?_[sb]|0[1-6]_e_[sb])\.rssdk/color/(?P<number>\d{1,6})\.jpg",
    re.ASCII,
)
_STILL = re.compile(r"(?P<folder>Val|Testing)/(?P<group>\d{4})/(?P<number>\d{6})-color\.jpg", re.ASCII)
_OTHER_CHANNEL = re.compile(r"(?:Val|Testing)/\d{4}/\d{6}-(?:depth|ir)\.jpg", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of the path of a frame: a key of `SPLITS`, the subject, `REAL` or an attack, and the frame's digits."""

    folder: str
    subject: str
    video: str
    number: str = "0001"


@dataclasses.dataclass(frozen=True, slots=True)
class Still:
    """The parts of the path of an image of the challenge: Val or Testing, and the digits of its folder and its own."""

    folder: str
    group: str
    number: str


def format_name(name: Name | Still) -> str:
    """Return the relative path of a colour image."""
    if isinstance(name, Still):
        return f"{name.folder}/{name.group}/{name.number}-color.jpg"
    part = "real_part" if name.video == REAL else "fake_part"
    return f"{name.folder}/{part}/{name.subject}/{name.video}.rssdk/color/{name.number}.jpg"


def parse_name(path: str) -> Name | Still:
    """Parse the relative path of a colour image. Raises `UnknownName` for a path that `format_name` cannot return."""
    if still := _STILL.fullmatch(path):
        return Still(**still.groupdict())
    match = _FRAME.fullmatch(path)
    if not match:
        raise UnknownName(f"not a CASIA-SURF name: {path}; expected a path like {format_name(Name('Val', 'CLKJ_AS0010', REAL))}")
    name = Name(match["folder"], match["subject"], match["video"], match["number"])
    if format_name(name) != path:
        raise UnknownName(f"{path}: {name.video} contradicts the folder {match['part']}; move it to {format_name(name)}")
    return name


def presentation(name: Name) -> Presentation:
    """Return the presentation of which a frame is read; its id is that of the folder of frames, its camera is unknown."""
    bona_fide = name.video == REAL
    path = format_name(name)
    return Presentation(
        dataset="casia_surf",
        path=path,
        split=SPLITS[name.folder],
        subject=f"casia_surf/{name.subject}",
        label=Label.BONA_FIDE if bona_fide else Label.ATTACK,
        species=BONA_FIDE_SPECIES if bona_fide else PAI_SPECIES[0],
        instrument="" if bona_fide else name.video,
        camera="unknown",
        official=path.rpartition("/")[0],
    )


def presentation_of_still(name: Still, label: Label) -> Presentation:
    """Return the presentation of an image of the challenge."""
    attack = label is Label.ATTACK
    return Presentation(
        dataset="casia_surf",
        path=format_name(name),
        split=SPLITS[name.folder],
        subject=f"casia_surf/{name.folder}/{name.number}",
        label=label,
        species=PAI_SPECIES[0] if attack else BONA_FIDE_SPECIES,
        instrument="fake" if attack else "",
        camera="unknown",
    )


def read_rows(tree: Tree, file: str) -> Iterator[tuple[str, str, str]]:
    """Yield of each row of a list with labels its place for messages, the path of its colour image, and its label's digit.

    Raises `ArchiveError` naming the line that has no label or not one colour image, or for an absent list.
    """
    for number, line in tree.lines(file, "list", "the challenge's release carries it: put it beside Training"):
        where = f"{tree.file(file)}, line {number}"
        *paths, label = line.split()
        colours = [path for path in paths if "/color/" in path or path.endswith("-color.jpg")]
        if label not in ("0", "1") or len(colours) != 1:
            raise ArchiveError(f"{where}: {line[:80]!r} is not like {EXAMPLE!r}; {RESTORE}")
        yield where, colours[0], label


def read_polarity(tree: Tree) -> dict[str, Label]:
    """Return what the digits of the lists mean, by the paths of `TRAIN_LIST`.

    Raises `ArchiveError` naming the line whose digit means something else than above it, and for a list that has one class only.
    """
    label_of: dict[str, Label] = {}
    for where, path, digit in read_rows(tree, TRAIN_LIST):
        try:
            name = parse_name(path)
        except UnknownName as error:
            raise ArchiveError(f"{where}: {error}; {RESTORE}") from None
        label = Label.BONA_FIDE if isinstance(name, Name) and name.video == REAL else Label.ATTACK
        if label_of.setdefault(digit, label) is not label:
            raise ArchiveError(f"{where}: {digit} is the label of bona fide and of fake images; {RESTORE}")
    if len(set(label_of.values())) != len(Label):
        raise ArchiveError(f"{tree.file(TRAIN_LIST)}: does not tell what 0 and 1 mean; {RESTORE}")
    return label_of


def read_labels(tree: Tree) -> dict[str, Label]:
    """Return image of the challenge -> label, from its private lists; none without them, and for a listing.

    Raises `ArchiveError` as `read_rows` and `read_polarity` do, and for a row that names no image of Val or Testing.
    """
    present = [file for file in LABELLED_LISTS if file in tree.sizes]
    if not present or not tree.on_disk:
        return {}
    label_of = read_polarity(tree)
    labels: dict[str, Label] = {}
    for file in present:
        for where, path, digit in read_rows(tree, file):
            if not _STILL.fullmatch(path):
                raise ArchiveError(f"{where}: {path[:80]!r} is not like 'Val/0007/007243-color.jpg'; {RESTORE}")
            labels[path] = label_of[digit]
    return labels


def read(tree: Tree) -> Reading:
    """Read a tree of either form. Exclusions are images of the challenge in no list, by design, and absent ones of a list."""
    labels = read_labels(tree)
    unread = frame_folders.unread_of_three_channels(tree.sizes)
    unread |= {path for path in tree.sizes if path in LISTS or _OTHER_CHANNEL.fullmatch(path)}
    present: set[str] = set()

    def interpret(path: str) -> Presentation | Exclusion:
        name = parse_name(path)
        if isinstance(name, Name):
            shown = presentation(name)
            return dataclasses.replace(shown, path=shown.official, official="")
        if path not in labels:
            return Exclusion(path, f"in none of {' and '.join(LABELLED_LISTS)}, so its label is not known", by_design=True)
        present.add(path)
        return presentation_of_still(name, labels[path])

    reading = reader.read(tree, interpret, (".jpg",), None, unread)
    missing = [
        Exclusion(path, "listed with its label, but absent; unpack the archive again") for path in sorted(labels.keys() - present)
    ]
    return Reading(reading.presentations, reading.exclusions + missing)


boxes = layout.not_carried
eyes = layout.not_carried
rotation = layout.rotation_unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """Subjects of each split of a small archive."""

    train: int
    dev: int
    test: int


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive of the first form: a bona fide video and three attacks a subject, of one frame.

    Raises `ArchiveError` for more subjects than the release has.
    """
    names: list[Name] = []
    subject = 0
    for (folder, split), count in zip(SPLITS.items(), (size.train, size.dev, size.test), strict=True):
        official, _, _ = PUBLISHED[split]
        if count > official:
            raise ArchiveError(f"params.yaml: archives.datasets.casia_surf: {count} subjects for {folder}, which has {official}")
        for _ in range(count):
            subject += 1
            names += [Name(folder, f"CLKJ_AS{subject:04d}", video) for video in (REAL, *ATTACKS[folder])]
    return [presentation(name) for name in names]


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write nothing: the release carries no boxes."""
    del root, path, faces, eyes


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write nothing: the archive's folders tell all that is read."""
    del root, presentations
