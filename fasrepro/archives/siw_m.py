"""SiW-M, the first version of SiW-Mv2: bona fide videos and thirteen kinds of attack. Layout: the patterns of public loaders.

`Live/Train/` and `Live/Test/` hold bona fide videos; `Paper/`, `Replay/`, `Partial/<kind>/`, `Makeup/<kind>/` and `Mask/<kind>/`
hold attacks. Videos end in .mov. SiW-Mv2 has Partial_Eye and Partial_Mouth in place of PaperCut.

Not certain:

- The names of the videos: the loaders accept any. So a name tells nothing, and each video is a subject of its own. Intervals over
  subjects are too narrow. A copy with other folders needs a manifest.
- The numbers of videos, so that `PUBLISHED` has none and a missing video is not noticed.
- What PaperCut shows. By its name, it is read as a cut-out photo of a part of the face.

Attacks have no split: the published protocol trains on twelve kinds and tests on the thirteenth. So all attacks are "test": the
archive can be a target, and not a source.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from pathlib import Path

from fasrepro.archives import layout, reader
from fasrepro.archives.layout import ArchiveError, Box, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "SiW-M"
LIVE = {"Live/Train": "train", "Live/Test": "test"}  # the archive's folder -> split
# folder of attacks -> species
ATTACKS: dict[str, str] = {
    "Paper": "print",
    "Replay": "replay_video",
    "Partial/FunnyeyeGlasses": "partial_funny_eye",
    "Partial/PaperCut": "region_mask",
    "Partial/PaperGlasses": "partial_paper_glasses",
    "Makeup/Cosmetic": "makeup_cosmetic",
    "Makeup/Impersonation": "makeup_impersonation",
    "Makeup/Obfuscation": "makeup_obfuscation",
    "Mask/HalfMask": "half_mask",
    "Mask/MannequinHead": "mannequin",
    "Mask/PaperMask": "paper_mask",
    "Mask/SiliconeMask": "silicone_mask",
    "Mask/TransparentMask": "transparent_mask",
}
PAI_SPECIES = tuple(ATTACKS.values())
WITHOUT_ATTACKS = ("train",)
PUBLISHED: dict[str, None] = dict.fromkeys(LIVE.values())  # the counts of the release are not known to us
_NAME = re.compile(rf"(?P<folder>{'|'.join((*LIVE, *ATTACKS))})/(?P<stem>[^/]+)\.mov", re.DOTALL)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of an official path: a key of `LIVE` or `ATTACKS`, and the video's name in composed Unicode (NFC)."""

    folder: str
    stem: str


def format_name(name: Name) -> str:
    """Return the relative path of a video."""
    return f"{name.folder}/{name.stem}.mov"


def parse_name(path: str) -> Name:
    """Parse the relative path of a video. Raises `UnknownName` for a path in another folder or with another suffix.

    Systems differ in the Unicode form of names, so that a name is composed: its id is the same on all of them.
    """
    match = _NAME.fullmatch(path)
    if not match:
        raise UnknownName(f"not a SiW-M name: {path}; expected a .mov file in one of {', '.join((*LIVE, *ATTACKS))}")
    return Name(match["folder"], unicodedata.normalize("NFC", match["stem"]))


def presentation(name: Name) -> Presentation:
    """Return the presentation of an official name; its camera is unknown."""
    attack = name.folder in ATTACKS
    path = format_name(name)
    return Presentation(
        dataset="siw_m",
        path=path,
        split="test" if attack else LIVE[name.folder],
        subject=f"siw_m/{layout.with_suffix(path, '')}",
        label=Label.ATTACK if attack else Label.BONA_FIDE,
        species=ATTACKS[name.folder] if attack else BONA_FIDE_SPECIES,
        instrument=name.folder.rpartition("/")[2] if attack else "",
        camera="unknown",
    )


def read(tree: Tree) -> Reading:
    """Read an official tree."""
    return reader.read(tree, lambda path: presentation(parse_name(path)), (".mov",), None)


boxes = layout.not_carried
eyes = layout.not_carried
rotation = layout.rotation_unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """Bona fide videos of either folder of a small archive, and videos of each of the thirteen kinds of attack."""

    train: int
    test: int
    per_kind: int


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive; the videos of a folder are numbered. Raises `ArchiveError` for no attack."""
    if size.per_kind < 1:
        raise ArchiveError(f"params.yaml: archives.datasets.siw_m: {size.per_kind} videos of each kind of attack; ask for one")
    counts = {"Live/Train": size.train, "Live/Test": size.test} | dict.fromkeys(ATTACKS, size.per_kind)
    return [
        presentation(Name(folder, f"{folder.rpartition('/')[2]}_{number}"))
        for folder, count in counts.items()
        for number in range(1, count + 1)
    ]


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write nothing: the release carries no boxes that we know."""
    del root, path, faces, eyes


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write nothing: the folders tell all that is read."""
    del root, presentations
