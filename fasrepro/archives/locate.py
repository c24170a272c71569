"""Finds archives by their content, under whatever folders unpacking and people put around them.

A file belongs to the data set whose codec parses the end of its path; what stands before that end is the archive's folder. A
layout that differs inside the archive is translated first (`OTHER_LAYOUTS`). So a data set may lie in several folders, as when
each of its tarballs was unpacked into one of its own.
"""

from __future__ import annotations

import collections
import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from fasrepro.archives import ARCHIVES, archive, layout
from fasrepro.archives.layout import ArchiveError, Exclusion
from fasrepro.archives.tree import Tree, in_order, walk

SAMPLED = 60  # files below each pair of upper folders that are looked at to find archives
# Layouts of copies that people have: the pattern of a path's beginning, and what stands there in the official layout.
OTHER_LAYOUTS: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    # Paper 1's companion code: the lists in `information/`, beside `real/` and `attack/`.
    "msu": ((re.compile(r"(?=(?:real|attack)/)"), "scene01/"), (re.compile(r"information/"), "")),
    # The same, and the lists' repository: `train` and `test`.
    "casia": ((re.compile(r"(train|test)/"), r"\1_release/"),),
    # Public loaders: a folder around the dates.
    "wmca": ((re.compile(r"(preprocessed-face-station_(?:RGB|CDIT)/)face-station/"), r"\1"),),
    # The tarballs' own folders, with or without the folder of the split again.
    "replay": ((re.compile(r"replayattack-(train|devel|test)/(?:\1/)?"), r"\1/"),),
    # The readme's form: no folder `Ethnicity`, an identity card's number (which enters no id), and `profile` for colour.
    "cefa": (
        (
            re.compile(r"(?:Ethnicity/)?(AF|CA|EA)/\1-(\d{3})(?:-[^/]*)?/([1-3]_[^/]+)/(?:color|profile)/", re.ASCII),
            r"Ethnicity/\1/\1-\2/\3/color/",
        ),
        (re.compile(r"(?:Mask/)?3D-(?:Mask|MASK)/([^/]+)/([^/]+)/(?:color|profile)/"), r"Mask/3D-Mask/\1/\2/color/"),
        (re.compile(r"(?:Mask/)?Silicone-Mask/([^/]+)/([^/]+)/(?:color|profile)/"), r"Mask/Silicone-Mask/\1/\2/color/"),
    ),
}


def official_path(dataset: str, path: str) -> str:
    """Return the path that a file of a known layout has in the official one.

    >>> official_path("casia", "train/3/HR_1.avi")
    'train_release/3/HR_1.avi'
    """
    for pattern, official in OTHER_LAYOUTS.get(dataset, ()):
        if pattern.match(path):
            return pattern.sub(official, path, count=1)
    return path


def is_named(dataset: str, path: str) -> bool:
    """Return whether a data set's codec parses a path, whatever suffix of a video it has, in any letter case."""
    for suffix in dict.fromkeys([layout.suffix_of(path).lower(), *layout.VIDEOS, *(one.upper() for one in layout.VIDEOS)]):
        try:
            ARCHIVES[dataset].parse_name(layout.with_suffix(path, suffix) if suffix else path)
        except ArchiveError:
            continue
        return True
    return False


def folders(tree: Tree) -> dict[str, list[str]]:
    """Return the folders of each data set that a tree holds, relative to its root; "" is the root itself.

    A folder is that of the data set to which most of the sampled files below it belong. Where the codecs of several parse the end
    of a path, those that parse most of it count: SiW-M's `Paper/1.mov` is also the end of SiW-Mv2's `Spoof/Paper/1.mov`.
    """
    votes: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for path in _sample(tree.sizes):
        parts = path.split("/")
        for depth in range(len(parts)):
            end = "/".join(parts[depth:])
            datasets = [dataset for dataset in ARCHIVES if is_named(dataset, official_path(dataset, end))]
            if datasets:
                votes["/".join(parts[:depth])].update(datasets)
                break
    result: dict[str, list[str]] = collections.defaultdict(list)
    for folder, counts in sorted(votes.items()):
        result[max(counts, key=lambda dataset: (counts[dataset], dataset))].append(folder)
    return {dataset: result[dataset] for dataset in ARCHIVES if dataset in result}


def _sample(paths: Iterable[str]) -> list[str]:
    """Return up to `SAMPLED` paths below each pair of upper folders, evenly spread over them."""
    groups: dict[tuple[str, ...], list[str]] = collections.defaultdict(list)
    for path in paths:
        groups[tuple(path.split("/", 3)[:-1][:2])].append(path)
    return [path for group in groups.values() for path in group[:: -(-len(group) // SAMPLED)]]


def located(tree: Tree, folders_of: Mapping[str, list[str]]) -> dict[str, Tree]:
    """Return the tree of each data set, by official paths, with the faults of its own folders.

    A file below the folders of two data sets belongs to the inner one.

    Args:
        tree: of all of them.
        folders_of: what `folders` returns of it.
    """
    owner_of = {folder: dataset for dataset, of_dataset in folders_of.items() for folder in of_dataset}
    innermost = sorted(owner_of, key=len, reverse=True)
    sizes: dict[str, dict[str, int]] = {dataset: {} for dataset in folders_of}
    place_of: dict[str, dict[str, str]] = {dataset: {} for dataset in folders_of}
    faults: dict[str, list[Exclusion]] = {dataset: [] for dataset in folders_of}

    @functools.cache
    def folder_above(parent: str) -> str | None:
        return next((folder for folder in innermost if not folder or f"{parent}/".startswith(f"{folder}/")), None)

    for fault in tree.faults:
        folder = folder_above(fault.path.rpartition("/")[0])
        if folder is not None:
            faults[owner_of[folder]].append(fault)
    for path, size in tree.sizes.items():
        folder = folder_above(path.rpartition("/")[0])
        if folder is None:
            continue
        dataset = owner_of[folder]
        official = official_path(dataset, path.removeprefix(f"{folder}/") if folder else path)
        if official in sizes[dataset]:
            faults[dataset].append(Exclusion(path, f"a second copy of {place_of[dataset].get(official, official)}"))
            continue
        sizes[dataset][official] = size
        if official != path:
            place_of[dataset][official] = path
    return {
        dataset: Tree(tree.root, in_order(sizes[dataset]), faults[dataset], 0, tree.on_disk, place_of[dataset])
        for dataset in folders_of
    }


def tree_of(folder: Path, name: str) -> Tree:
    """Return the files of a data set, by official paths: those in its official folder if `folder` has it, else wherever they lie.

    Raises:
        ArchiveError: the data set is unknown, or no file in `folder` belongs to it.
    """
    own = folder / archive(name).FOLDER
    tree = walk(own if own.is_dir() else folder)
    trees = located(tree, folders(tree))
    if name in trees:
        return trees[name]
    if own.is_dir():
        return tree  # whose reader says what is wrong with it
    raise ArchiveError(
        f"{own}: no such folder, and no other in {folder} holds {archive(name).FOLDER}; {layout.remedy_if_absent(name)}"
    )
