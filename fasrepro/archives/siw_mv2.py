"""SiW-Mv2: bona fide videos and fourteen kinds of attack, among them makeup, masks and partial covers; no sidecars.

Stated by source_SiW_Mv2/README.md of github.com/CHELSEA234/Multi-domain-learning-FAS:

- The videos lie in `Live/` (785 of them) and in fourteen folders under `Spoof/`.
- The lists of Protocol I (known attacks) are pro_3_text/{trainlist_live,testlist_live,trainlist_all,testlist_all}.txt, where
  "all" means the attacks. A line is the name of a video without its suffix. The train list repeats attacks to balance them; here
  each counts once.
- `preprocessing.py` names the folder of a video's frames after the video, and reads .mov files.

Not stated there, but reported by others (two public inspections of the release's file names, the tests of a loader):

- The prints lie in `Spoof/Paper`, where the README says `Print`; both are read.
- Videos end in .mov, .mp4 or .avi.
- The lists name 11 bona fide videos that the release lacks, and omit 20 of its attacks.

The four lists come with the code, not with the videos: their folder `pro_3_text` is expected beside `Live`. Numbers count from 1.
We could not verify which numbers belong to which split: only the names, the form and the counts of the lists were available to
us.

The release does not say who a video shows: it counts 493 bona fide subjects in 785 videos, without a list. So each video is a
subject of its own here ("siw_mv2/Live_12"), and intervals over subjects are too narrow for the real SiW-Mv2.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path, PurePosixPath

from fasrepro.archives import layout, reader
from fasrepro.archives.layout import ArchiveError, Box, Exclusion, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree
from fasrepro.files import write_text
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "SiW-Mv2"
SUFFIXES = (".mov", ".mp4", ".avi")
# folder -> prefix of its videos' names, species
KINDS: dict[str, tuple[str, str]] = {
    "Live": ("Live", BONA_FIDE_SPECIES),
    "Spoof/Makeup_Cosmetic": ("Makeup_Co", "makeup_cosmetic"),
    "Spoof/Makeup_Impersonation": ("Makeup_Im", "makeup_impersonation"),
    "Spoof/Makeup_Obfuscation": ("Makeup_Ob", "makeup_obfuscation"),
    "Spoof/Mannequin": ("Mask_Mann", "mannequin"),
    "Spoof/Silicone": ("Mask_Silicone", "silicone_mask"),
    "Spoof/Print": ("Paper", "print"),
    "Spoof/Paper": ("Paper", "print"),
    "Spoof/Replay": ("Replay", "replay_video"),
    "Spoof/Partial_FunnyeyeGlasses": ("Partial_Funnyeye", "partial_funny_eye"),
    "Spoof/Partial_PaperGlasses": ("Partial_Paperglass", "partial_paper_glasses"),
    "Spoof/Partial_Eye": ("Partial_Eye", "partial_eye"),
    "Spoof/Partial_Mouth": ("Partial_Mouth", "partial_mouth"),
    "Spoof/Mask_HalfMask": ("Mask_Half", "half_mask"),
    "Spoof/Mask_PaperMask": ("Mask_Paper", "paper_mask"),
    "Spoof/Mask_TransparentMask": ("Mask_Trans", "transparent_mask"),
}
PAI_SPECIES = tuple(dict.fromkeys(species for _, species in KINDS.values() if species != BONA_FIDE_SPECIES))
# folder -> videos in the train and in the test list of Protocol I, each counted once
COUNTS: dict[str, tuple[int, int]] = {
    "Live": (531, 265),
    "Spoof/Makeup_Cosmetic": (28, 24),
    "Spoof/Makeup_Impersonation": (39, 22),
    "Spoof/Makeup_Obfuscation": (12, 10),
    "Spoof/Mannequin": (26, 14),
    "Spoof/Silicone": (9, 8),
    "Spoof/Print": (79, 56),
    "Spoof/Replay": (59, 39),
    "Spoof/Partial_FunnyeyeGlasses": (96, 64),
    "Spoof/Partial_PaperGlasses": (47, 29),
    "Spoof/Partial_Eye": (34, 23),
    "Spoof/Partial_Mouth": (17, 12),
    "Spoof/Mask_HalfMask": (52, 20),
    "Spoof/Mask_PaperMask": (11, 6),
    "Spoof/Mask_TransparentMask": (24, 35),
}
PUBLISHED = {  # split -> subjects (unknown), bona fide videos, attacks
    split: (0, COUNTS["Live"][place], sum(counts[place] for folder, counts in COUNTS.items() if folder != "Live"))
    for place, split in enumerate(("train", "test"))
}
LEAST = (1, 2)  # train and test videos of each kind, however small the archive
LISTS = {"train": ("trainlist_live.txt", "trainlist_all.txt"), "test": ("testlist_live.txt", "testlist_all.txt")}
LISTS_FOLDER = "pro_3_text"
REMEDY = (
    "the lists come with the public code, not with the videos: copy the folder source_SiW_Mv2/pro_3_text of"
    " github.com/CHELSEA234/Multi-domain-learning-FAS beside Live"
)
_NAME = re.compile(
    r"(?P<folder>Live|Spoof/\w+)/(?P<prefix>[A-Z]\w*)_(?P<number>[1-9][0-9]{0,5})(?P<suffix>\.mov|\.mp4|\.avi)", re.ASCII
)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of an official path: a key of `KINDS`, the video's number among those of its kind, its suffix."""

    folder: str
    number: int
    suffix: str = ".mov"


def stem(name: Name) -> str:
    """Return a video's name as the lists write it."""
    return f"{KINDS[name.folder][0]}_{name.number}"


def format_name(name: Name) -> str:
    """Return the relative path of a video."""
    return f"{name.folder}/{stem(name)}{name.suffix}"


def parse_name(path: str) -> Name:
    """Parse the relative path of a video. Raises `UnknownName` for a path that `format_name` cannot return."""
    match = _NAME.fullmatch(path)
    if not match or match["folder"] not in KINDS or KINDS[match["folder"]][0] != match["prefix"]:
        raise UnknownName(f"not a SiW-Mv2 name: {path}")
    return Name(match["folder"], int(match["number"]), match["suffix"])


def presentation(name: Name, split: str) -> Presentation:
    """Return the presentation of an official name; its camera is unknown."""
    prefix, species = KINDS[name.folder]
    bona_fide = species == BONA_FIDE_SPECIES
    return Presentation(
        dataset="siw_mv2",
        path=format_name(name),
        split=split,
        subject=f"siw_mv2/{stem(name)}",
        label=Label.BONA_FIDE if bona_fide else Label.ATTACK,
        species=species,
        instrument="" if bona_fide else prefix,
        camera="unknown",
    )


def read_splits(tree: Tree) -> dict[str, str]:
    """Return video -> split from the lists of Protocol I, repeats counted once. Raises `ArchiveError` on a bad list."""
    prefixes = {prefix for prefix, _ in KINDS.values()}
    splits: dict[str, str] = {}
    for split, files in LISTS.items():
        for file, live in zip(files, (True, False), strict=True):
            path = tree.file(f"{LISTS_FOLDER}/{file}")
            for number, line in tree.lines(f"{LISTS_FOLDER}/{file}", "Protocol I list", REMEDY):
                prefix, _, digits = line.rpartition("_")
                is_number = digits.isascii() and digits.isdecimal()
                if prefix not in prefixes or (prefix == "Live") != live or not is_number:
                    example = "Live_12" if live else "Makeup_Co_12"
                    raise ArchiveError(f"{path}, line {number}: {line[:40]!r} is not like {example}; restore the official list")
                if splits.setdefault(line, split) != split:
                    raise ArchiveError(
                        f"{path}, line {number}: {line} is in the {splits[line]} lists too; restore the official list"
                    )
    return splits


def read(tree: Tree) -> Reading:
    """Read an official tree.

    Exclusions are videos in no list, listed videos that are absent, and videos of the same name as another but for the suffix.
    """
    splits = read_splits(tree)
    path_of: dict[str, str] = {}

    def interpret(path: str) -> Presentation | Exclusion:
        name = parse_name(path)
        video = stem(name)
        if video not in splits:
            return Exclusion(path, f"{video} is in no list of Protocol I")
        if path_of.setdefault(video, path) != path:
            return Exclusion(path, f"{video} is {path_of[video]} already")
        return presentation(name, splits[video])

    documents = ("README.pdf", "DRA.pdf", "DRA_form_SIWMv2.pdf")
    lists = {path for path in tree.sizes if PurePosixPath(path).parts[0] == LISTS_FOLDER}
    reading = reader.read(tree, interpret, SUFFIXES, None, {*documents, *lists})
    list_of = {video: f"{LISTS_FOLDER}/{split}list" for video, split in splits.items()}
    missing = [
        Exclusion(video, f"listed in {list_of[video]}_*.txt, but absent") for video in sorted(splits.keys() - path_of.keys())
    ]
    return Reading(reading.presentations, reading.exclusions + missing)


boxes = layout.not_carried
eyes = layout.not_carried
rotation = layout.rotation_unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """The share of Protocol I that a small archive has, of each kind of video, in [0, 1]."""

    share: float


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive of the official shape: a share of each kind's videos in either split.

    Counts are rounded, and never below `LEAST`; a share of 0 gives no archive. The numbers of a kind run through train, then
    through test. Raises `ArchiveError` for a share outside [0, 1].
    """
    if not 0 <= size.share <= 1:
        raise ArchiveError(
            f"params.yaml: archives.datasets.siw_mv2: share {size.share}; it lies between 0 (none) and 1 (all of Protocol I)"
        )
    if not size.share:
        return []
    presentations = []
    for folder, counts in COUNTS.items():
        number = 0
        for split, count, least in zip(("train", "test"), counts, LEAST, strict=True):
            for _ in range(max(least, round(size.share * count))):
                number += 1
                presentations.append(presentation(Name(folder, number), split))
    return presentations


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write nothing: the archive has no sidecars."""
    del root, path, faces, eyes


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write the four lists of Protocol I, each video once."""
    for split, files in LISTS.items():
        for file, label in zip(files, (Label.BONA_FIDE, Label.ATTACK), strict=True):
            names = [PurePosixPath(p.path).stem for p in presentations if p.split == split and p.label is label]
            write_text(root / LISTS_FOLDER / file, "".join(f"{name}\n" for name in names))
