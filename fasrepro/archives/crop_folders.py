"""Crops that people have in place of the videos of MSU-MFSD, CASIA-FASD, Replay-Attack and OULU-NPU, in four conventions.

The path of a crop names an official video; species, subject and camera come from the module of its data set. A crop has no box.
`Crop.frame` is the number in its name, as its convention counts:

- flip: none. frame0 and frame1 are the first and the second crop of a video.
- ssdg: every frame. The code does not say whether it counts from 0 or from 1.
- safas: every fifth frame. Frames in which no face was found are not counted.
- companion: five for each crop. It is the frame's number as long as one face was found in every fifth frame.

The split comes from the official name where it tells one. MSU-MFSD's names do not: the folder's word decides, and where there is
none, MSU-MFSD's two lists, which are then expected in the folder of its crops. In flip the user's number decides for OULU-NPU.

These forms were read in FLIP's instructions and lists, in the code that writes safas's and the companion's crops, and in the code
that reads ssdg's. Two things of ssdg are not certain. Its MSU-MFSD has folders that begin with the two digits of a client, as in
no release: such folders are excluded, and folders with the release's names are read. Below `replayattack-train/` there may be a
second `train/`: both forms are read. The companion's code writes folders `<split>/<live|spoof>/<video>`; folders that mirror the
official path of a video are read too.
No convention says whether the crops of MSU-MFSD's six upside-down videos are upright.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection
from pathlib import Path, PurePosixPath

from fasrepro import names
from fasrepro.archives import archive, locate, msu, oulu, replay
from fasrepro.archives.layout import WHOLE, ArchiveError, Exclusion, MediaFile, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree
from fasrepro.rows.faces import SPLITS, Label

PICTURES = (".png", ".jpg", ".jpeg")
LABELS = {"real": Label.BONA_FIDE, "live": Label.BONA_FIDE, "fake": Label.ATTACK, "spoof": Label.ATTACK}
SAFAS_FOLDERS = {"OULU-NPU": "oulu", "CASIA_faceAntisp": "casia", "Replay": "replay", "MSU-MFSD": "msu"}
COMPANION_FOLDERS = {"MSU-MFSD": "msu", "CASIA-FASD": "casia", "IDIAP-REPLAY": "replay", "OULU-NPU": "oulu"}
_FLIP = re.compile(
    r"(?P<root>(?:.+/)?(?P<dataset>msu|casia|replay|oulu))/(?P<split>train|test)/(?P<word>real|fake)/(?P<stem>[^/]+)_frame[01]"
)
_FLIP_OTHER = re.compile(
    r"(?:.+/)?(?:celeb/(?:real|fake)/\d+_(?:live|spoof)_\d+\.\w+|txt/\w+_(?:train|test|shot)\.txt)", re.ASCII
)
_SSDG = re.compile(r"(?P<root>(?:.+/)?(?P<dataset>msu|casia|replay|oulu)_256)/(?P<video>.+)/(?P<frame>\d+)", re.ASCII)
_SAFAS = re.compile(
    r"(?P<root>(?:.+/)?(?P<folder>OULU-NPU|CASIA_faceAntisp|Replay|MSU-MFSD))/preposess/"
    r"(?P<set>oulu|casia|replay|msu)_(?P<split>train|dev|test)_(?P<word>live|spoof)_(?P<stem>[^/]+)/"
    r"(?P<kind>org|crop|square\d+)_(?P<frame>\d{4})",
    re.ASCII,
)
_SAFAS_OTHER = re.compile(r"(?:.+/)?preposess/[^/]+/infov1_\d{4}\.npy", re.ASCII)
_COMPANION = re.compile(
    r"(?P<root>(?:.+/)?(?P<folder>MSU-MFSD|CASIA-FASD|IDIAP-REPLAY|OULU-NPU))/(?P<video>.+)/crop_(?P<frame>\d{3,4})", re.ASCII
)
_SORTED = re.compile(r"(?P<split>train|test)/(?P<word>live|spoof)/(?P<stem>[^/]+)")
_CASIA_STEM = re.compile(r"(?P<user>\d+)_(?:NM_)?(?P<file>[1-8]|HR_[1-4])", re.ASCII)
_OULU_STEM = re.compile(r"\d_\d_(?P<user>\d\d)_\d", re.ASCII)
VIDEO_SUFFIXES = {"casia": ".avi", "replay": ".mov", "oulu": ".avi"}
_CONTRADICTION = re.compile(r"(?:.+/)?(?:real/attack_|attack/real_|attack/(?:fixed|hand)/client)[^/]+")
_REMEDY = "one of them is wrong: move the file or remove it"


@dataclasses.dataclass(frozen=True, slots=True)
class CropName:
    """What the path of a crop tells.

    Args:
        dataset: key of the data set.
        video: official path of the video.
        frame: number in the crop's name; None where it holds none.
        split: by the folder's word; "" where there is none, or where the official name decides.
        label: by the folder's word; None where there is none.
        root: the folder of the data set's crops, relative to the tree.
    """

    dataset: str
    video: str
    frame: int | None
    split: str
    label: Label | None
    root: str


@dataclasses.dataclass(frozen=True, slots=True)
class Convention:
    """How one project names crops.

    Args:
        title: of the project.
        mark: that the path of each of its crops holds, to pass over millions of other pictures quickly.
        splits: that its crops have.
        parse: returns what the relative path of a picture tells, or an exclusion if it belongs to the convention and is not read.
            Raises `UnknownName` for any other path.
    """

    title: str
    mark: str
    splits: tuple[str, ...]
    parse: Callable[[str], CropName | Exclusion]


@dataclasses.dataclass(frozen=True, slots=True)
class Crop:
    """One crop: its path in the tree, the presentation that it was cut from, and the number in its name."""

    path: str
    presentation: Presentation
    frame: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class CropReading:
    """The crops of a tree, sorted by path, and its excluded files."""

    crops: list[Crop]
    exclusions: list[Exclusion]


def mirrored_path(dataset: str, folder: str) -> str:
    """Return the official path of a video from a folder that mirrors it, relative to the folder of the data set.

    >>> mirrored_path("replay", "replayattack-test/test/real/client009_session01_webcam_authenticate_adverse_1")
    'test/real/client009_session01_webcam_authenticate_adverse_1.mov'
    """
    suffix = VIDEO_SUFFIXES.get(dataset)
    if suffix is None:  # MSU-MFSD's tells the camera
        suffix = next((suffix for camera, suffix in msu.SUFFIXES.items() if f"_{camera}_" in folder), "")
    return f"{locate.official_path(dataset, folder)}{suffix}"


def flat_path(dataset: str, stem: str, split: str) -> str:
    """Return the official path of a video from the name that it has in a folder of many videos.

    Args:
        dataset: key of the data set.
        stem: CASIA-FASD's is `<user>_<file>` or `<user>_NM_<file>`; Replay-Attack's may begin with `real_`, `fixed_` or `hand_`.
        split: by the folder's word.

    >>> flat_path("casia", "19_7", "train")
    'train_release/19/7.avi'
    """
    if dataset == "msu":
        return mirrored_path(dataset, f"{stem.partition('_')[0]}/{stem}")
    if dataset == "replay":
        first, _, rest = stem.partition("_")
        name = {"real": f"real/{rest}", "fixed": f"attack/fixed/{rest}", "hand": f"attack/hand/{rest}"}.get(first, f"real/{stem}")
        folder = next(folder for folder, known in replay.SPLITS.items() if known == split)
        return f"{folder}/{name}.mov"
    if dataset == "casia" and (match := _CASIA_STEM.fullmatch(stem)):
        return f"{split}_release/{match['user']}/{match['file']}.avi"
    if dataset == "oulu" and (match := _OULU_STEM.fullmatch(stem)):
        return f"{oulu.side_of(int(match['user']))}/{stem}.avi"
    raise UnknownName(f"not the name of a video of {dataset}: {stem}")


def parse_flip(path: str) -> CropName | Exclusion:
    """Parse `MCIO/frame/<data set>/<split>/<real|fake>/<video>_frame<0|1>.png`: see `Convention`."""
    if _FLIP_OTHER.fullmatch(path):
        return Exclusion(path, "a list of FLIP, or its picture of CelebA-Spoof: not read", by_design=True)
    match = _match(_FLIP, path)
    video = flat_path(match["dataset"], match["stem"], match["split"])
    split = "" if match["dataset"] == "oulu" else match["split"]
    return CropName(match["dataset"], video, None, split, LABELS[match["word"]], match["root"])


def parse_ssdg(path: str) -> CropName:
    """Parse `<data set>_256/<official path of the video without suffix>/<n>.png`: see `Convention`."""
    match = _match(_SSDG, path)
    video = mirrored_path(match["dataset"], match["video"])
    return CropName(match["dataset"], video, int(match["frame"]), "", None, match["root"])


def parse_safas(path: str) -> CropName | Exclusion:
    """Parse `<data set>/preposess/<set>_<split>_<live|spoof>_<video>/<kind>_NNNN.jpg`: see `Convention`.

    The folder tells the data set, because SAFAS's code gives MSU-MFSD's videos the set "replay".
    """
    if _SAFAS_OTHER.fullmatch(path):
        return Exclusion(path, "SAFAS's notes on a frame: a pickled file, which is not opened", by_design=True)
    match = _match(_SAFAS, path)
    dataset = SAFAS_FOLDERS[match["folder"]]
    if match["set"] != dataset and (dataset, match["set"]) != ("msu", "replay"):
        raise UnknownName(f"a video of {match['set']} in the folder {match['folder']}: {path}")
    if match["kind"] != "crop":
        return Exclusion(path, f"{match['kind']}: of SAFAS's pictures of a frame only the crop is read", by_design=True)
    if dataset == "msu" and match["split"] == "dev":
        return Exclusion(path, "MSU-MFSD has no dev set: SAFAS's code writes dev for a client in neither list")
    video = flat_path(dataset, match["stem"], match["split"])
    return CropName(dataset, video, int(match["frame"]), match["split"], LABELS[match["word"]], match["root"])


def parse_companion(path: str) -> CropName:
    """Parse `<data set>/<split>/<live|spoof>/<video>/crop_NNN.jpg`, or a folder that mirrors the video: see `Convention`."""
    match = _match(_COMPANION, path)
    dataset, frame = COMPANION_FOLDERS[match["folder"]], int(match["frame"])
    if frame % 5:
        raise UnknownName(f"{frame} is no multiple of 5: {path}")
    flat = _SORTED.fullmatch(match["video"])
    if not flat:
        return CropName(dataset, mirrored_path(dataset, match["video"]), frame, "", None, match["root"])
    video = flat_path(dataset, flat["stem"], flat["split"])
    return CropName(dataset, video, frame, flat["split"], LABELS[flat["word"]], match["root"])


def _match(pattern: re.Pattern[str], path: str) -> re.Match[str]:
    suffix = PurePosixPath(path).suffix
    match = pattern.fullmatch(path.removesuffix(suffix)) if suffix.lower() in PICTURES else None
    if not match:
        raise UnknownName(f"not a crop of this convention: {path}")
    return match


CONVENTIONS: dict[str, Convention] = {
    "flip": Convention("FLIP", "_frame", ("train", "test"), parse_flip),
    "ssdg": Convention("SSDG", "_256/", SPLITS, parse_ssdg),
    "safas": Convention("SAFAS", "/preposess/", SPLITS, parse_safas),
    "companion": Convention("the companion code of paper 1", "/crop_", ("train", "test"), parse_companion),
}


def presentation(where: Path, name: CropName, split: str) -> Presentation:
    """Return the presentation of a crop.

    Args:
        where: the crop, for messages.
        name: what its path tells.
        split: of MSU-MFSD's client; the other data sets' official names tell it.

    Raises:
        UnknownName: the video is none of the data set's.
        ArchiveError: the folders contradict the official name in label or split.
    """
    if _CONTRADICTION.fullmatch(name.video):
        raise ArchiveError(f"{where}: its folder and the name of {name.video} disagree about the label; {_REMEDY}")
    try:
        shown = _official(name, split)
    except UnknownName:
        raise
    except ArchiveError as error:
        raise ArchiveError(f"{where}: {error}") from None
    if name.label not in (None, shown.label):
        raise ArchiveError(f"{where}: its folder and the name of {name.video} disagree about the label; {_REMEDY}")
    if name.split not in ("", shown.split):
        raise ArchiveError(f"{where}: its folder says {name.split}, and {name.video} is {shown.split}; {_REMEDY}")
    return shown


def _official(name: CropName, split: str) -> Presentation:
    official = archive(name.dataset)
    parsed = official.parse_name(name.video)
    return official.presentation(parsed, split) if name.dataset == "msu" else official.presentation(parsed)


def located(tree: Tree) -> dict[str, dict[str, Tree]]:
    """Return the crops of a tree by data set and convention, each with all files of the folders in which they lie."""
    roots: dict[str, dict[str, set[str]]] = {}
    for path in tree.sizes:
        for convention in CONVENTIONS:
            name = _parsed(convention, path) if CONVENTIONS[convention].mark in path else None
            if name is not None:
                roots.setdefault(name.dataset, {}).setdefault(convention, set()).add(name.root)
    return {
        dataset: {convention: _below(tree, folders) for convention, folders in by_convention.items()}
        for dataset, by_convention in sorted(roots.items())
    }


def _below(tree: Tree, folders: Collection[str]) -> Tree:
    """Return the part of a tree that lies in some of its folders."""
    starts = tuple(f"{folder}/" for folder in folders)
    sizes = {path: size for path, size in tree.sizes.items() if path.startswith(starts)}
    return Tree(tree.root, sizes, [fault for fault in tree.faults if fault.path.startswith(starts)], 0, tree.on_disk)


def of_dataset(tree: Tree, dataset: str) -> tuple[str, Tree]:
    """Return the convention and the tree of a data set's crops.

    Raises:
        ArchiveError: there are none, or those of several conventions.
    """
    by_convention = located(tree).get(dataset, {})
    if not by_convention:
        titles = ", ".join(convention.title for convention in CONVENTIONS.values())
        raise ArchiveError(
            f"{tree.root}: no crops of {dataset} in a layout of {titles}; put them there, or describe them with a manifest"
        )
    if len(by_convention) > 1:
        titles = " and ".join(CONVENTIONS[convention].title for convention in by_convention)
        raise ArchiveError(f"{tree.root}: crops of {dataset} in the layouts of {titles}; keep one of them")
    return next(iter(by_convention.items()))


def reading(tree: Tree, convention: str) -> Reading:
    """Return the presentations of a data set's crops, in order of their official paths, with the crops of each.

    Args:
        tree: of one data set.
        convention: a key of `CONVENTIONS`.

    Raises:
        ArchiveError: as `read` does.
    """
    crops = read(tree, convention)
    presentations: dict[str, Presentation] = {}
    crops_of: dict[str, list[MediaFile]] = {}
    for crop in crops.crops:
        presentations[crop.presentation.id] = crop.presentation
        crops_of.setdefault(crop.presentation.id, []).append(MediaFile(crop.path, crop.frame, WHOLE))
    ordered = sorted(presentations.values(), key=lambda shown: shown.path)
    splits = {shown.split for shown in ordered}
    released = {split for shown in ordered[:1] for split in archive(shown.dataset).PUBLISHED}
    notices = []
    if "dev" in released - splits:
        notices.append("the release has a dev set and these crops have none: of a source, the test people choose thresholds")
    return Reading(ordered, crops.exclusions, notices, crops_of, CONVENTIONS[convention].splits)


def _parsed(convention: str, path: str) -> CropName | None:
    """Return what the path of a crop of an official video tells; None for any other path."""
    try:
        name = CONVENTIONS[convention].parse(path)
        if isinstance(name, Exclusion):
            return None
        presentation(Path(path), name, name.split or "train")
    except UnknownName:
        return None
    except ArchiveError:  # a contradiction, which `read` reports
        pass
    return name


def read(tree: Tree, convention: str) -> CropReading:
    """Return the crops of a tree. Files that are none are exclusions.

    Args:
        tree: the folder of the crops.
        convention: a key of `CONVENTIONS`.

    Raises:
        ArchiveError: the convention is unknown; a crop's folders contradict its name in label or split, or put a subject in two
            splits; or MSU-MFSD's lists are needed and missing.
    """
    parse = names.lookup(CONVENTIONS, convention, "convention of crops", ArchiveError).parse
    crops: list[Crop] = []
    exclusions = list(tree.faults)
    client_splits: dict[str, dict[int, str]] = {}  # by folder of MSU-MFSD's crops
    path_of: dict[tuple[str, str], str] = {}
    first_crops: dict[str, Crop] = {}  # of each subject
    for path in tree.sizes:
        if PurePosixPath(path).name in msu.LISTS.values():
            continue
        crop = _crop(tree, path, parse, client_splits)
        if isinstance(crop, Exclusion):
            exclusions.append(crop)
            continue
        shown, first = crop.presentation, first_crops.setdefault(crop.presentation.subject, crop)
        if first.presentation.split != shown.split:
            raise ArchiveError(
                f"{tree.root / path}: {shown.subject} is {shown.split} here and {first.presentation.split} by {first.path}:"
                f" a subject in two splits; {_REMEDY}"
            )
        key = (shown.id, PurePosixPath(path).stem if crop.frame is None else str(crop.frame))
        if path_of.setdefault(key, path) != path:
            exclusions.append(Exclusion(path, f"the same crop as {path_of[key]}: remove one of them"))
            continue
        crops.append(crop)
    return CropReading(crops, exclusions)


def _crop(
    tree: Tree, path: str, parse: Callable[[str], CropName | Exclusion], client_splits: dict[str, dict[int, str]]
) -> Crop | Exclusion:
    """Return the crop of a path or why it is none. `client_splits` keeps MSU-MFSD's lists, which are read when first needed."""
    try:
        name = parse(path)
        if isinstance(name, Exclusion):
            return name
        shown = presentation(tree.root / path, name, name.split or "train")
        if name.dataset == "msu" and not name.split:
            client = msu.parse_name(name.video).client
            if name.root not in client_splits:
                client_splits[name.root] = msu.read_splits(tree.under(name.root))
            if client not in client_splits[name.root]:
                return Exclusion(path, f"client {client:03d} is in neither split list")
            shown = dataclasses.replace(shown, split=client_splits[name.root][client])
        return Crop(path, shown, name.frame)
    except UnknownName as error:
        return Exclusion(path, str(error))
