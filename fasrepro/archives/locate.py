"""Finds archives by their content, under whatever folders unpacking and people put around them.

A file belongs to the data set whose codec parses the end of its path; what stands before that end is the archive's folder. A
layout that differs inside the archive is translated first (`OTHER_LAYOUTS`). So a data set may lie in several folders, as when
each of its tarballs was unpacked into one of its own.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Iterable
from pathlib import Path

from fasrepro.archives import ARCHIVES, archive, layout
from fasrepro.archives.layout import ArchiveError, Exclusion
from fasrepro.archives.tree import Tree, walk

SAMPLED = 60  # files below each pair of upper folders that are looked at to find archives
# Layouts of copies that people have: the pattern of a path's beginning, and what stands there in the official layout.
OTHER_LAYOUTS: dict[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    # Paper 1's companion code: the lists in `information/`, beside `real/` and `attack/`.
    "msu": ((re.compile(r"(?=(?:real|attack)/)"), "scene01/"), (re.compile(r"information/"), "")),
    # The same, and the lists' repository: `train` and `test`.
    "casia": ((re.compile(r"(train|test)/"), r"\1_release/"),),
    # The tarballs' own folders, with or without the folder of the split again.
    "replay": ((re.compile(r"replayattack-(train|devel|test)/(?:\1/)?"), r"\1/"),),
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
    """Return whether a data set's codec parses a path, whatever suffix of a video it has."""
    for suffix in dict.fromkeys([layout.suffix_of(path).lower(), *layout.VIDEOS]):
        try:
            ARCHIVES[dataset].parse_name(layout.with_suffix(path, suffix) if suffix else path)
        except ArchiveError:
            continue
        return True
    return False


def folders(tree: Tree) -> dict[str, list[str]]:
    """Return the folders of each data set that a tree holds, relative to its root; "" is the root itself.

    A folder is that of the data set to which most of the sampled files below it belong.
    """
    votes: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for path in _sample(tree.sizes):
        parts = path.split("/")
        for dataset in ARCHIVES:
            depth = next((k for k in range(len(parts)) if is_named(dataset, official_path(dataset, "/".join(parts[k:])))), None)
            if depth is not None:
                votes["/".join(parts[:depth])][dataset] += 1
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


def located(tree: Tree) -> dict[str, Tree]:
    """Return the tree of each data set that is found below a folder, by official paths.

    A file below the folders of two data sets belongs to the inner one.
    """
    owner_of = {folder: dataset for dataset, of_dataset in folders(tree).items() for folder in of_dataset}
    sizes: dict[str, dict[str, int]] = {dataset: {} for dataset in owner_of.values()}
    place_of: dict[str, dict[str, str]] = {dataset: {} for dataset in owner_of.values()}
    faults: dict[str, list[Exclusion]] = {dataset: [] for dataset in owner_of.values()}
    for of_first in list(faults.values())[:1]:
        of_first += tree.faults
    innermost = sorted(owner_of, key=lambda folder: -len(folder))
    folder_of: dict[str, str | None] = {}
    for path, size in tree.sizes.items():
        parent = path.rpartition("/")[0]
        if parent not in folder_of:
            folder_of[parent] = next((one for one in innermost if not one or f"{parent}/".startswith(f"{one}/")), None)
        folder = folder_of[parent]
        if folder is None:
            continue
        dataset = owner_of[folder]
        official = official_path(dataset, path[len(folder) + 1 :] if folder else path)
        if official in sizes[dataset]:
            faults[dataset].append(Exclusion(path, f"a second copy of {place_of[dataset].get(official, official)}"))
            continue
        sizes[dataset][official] = size
        if official != path:
            place_of[dataset][official] = path
    return {
        dataset: Tree(tree.root, dict(sorted(sizes[dataset].items())), faults[dataset], 0, tree.on_disk, place_of[dataset])
        for dataset in ARCHIVES
        if dataset in sizes
    }


def tree_of(folder: Path, name: str) -> Tree:
    """Return the files of a data set, by official paths: those in its official folder if `folder` has it, else wherever they lie.

    Raises:
        ArchiveError: the data set is unknown, or no file in `folder` belongs to it.
    """
    own = folder / archive(name).FOLDER
    tree = walk(own if own.is_dir() else folder)
    found = located(tree).get(name)
    if found is not None:
        return found
    if own.is_dir():
        return tree  # whose reader says what is wrong with it
    raise ArchiveError(
        f"{own}: no such folder, and no other in {folder} holds {archive(name).FOLDER}; {layout.remedy_if_absent(name)}"
    )
