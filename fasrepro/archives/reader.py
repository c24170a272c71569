"""From the files of an archive to its presentations, with the codec of its names."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Collection

from fasrepro.archives import layout
from fasrepro.archives.layout import Exclusion, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree


def read(
    tree: Tree,
    interpret: Callable[[str], Presentation | Exclusion],
    suffixes: tuple[str, ...],
    sidecar: str | None,
    other_files: Collection[str] = (),
) -> Reading:
    """Return a presentation for each picture or video of a tree, and an exclusion for each file that is not part of the layout.

    Args:
        tree: the archive's files.
        interpret: returns the presentation of a file's relative path, or the reason why it is none. It may raise `UnknownName`,
            which becomes an exclusion. It gets the path with a released suffix in lower case, because copies between systems and
            conversions change that; the presentation keeps the path on disk.
        suffixes: of the media as released. A video is also read with another suffix of `layout.VIDEOS`.
        sidecar: suffix of the files that hold boxes.
        other_files: further files of the layout (split lists, notes).
    """
    presentations: list[Presentation] = []
    exclusions = list(tree.faults)
    path_of: dict[str, str] = {}
    read_suffixes = {*suffixes, *(layout.VIDEOS if set(suffixes) & set(layout.VIDEOS) else ())}
    for path in tree.sizes:
        own_suffix = layout.suffix_of(path)
        suffix = own_suffix.lower()
        if path in other_files or (sidecar is not None and suffix == sidecar):
            continue
        if suffix not in read_suffixes:
            exclusions.append(Exclusion(path, "not a file of this archive's layout"))
            continue
        stem = path[: -len(own_suffix)]
        candidates = [path if suffix == own_suffix else f"{stem}{suffix}"]
        candidates += [f"{stem}{other}" for other in suffixes if other != suffix]
        shown = _interpreted(candidates, interpret)
        if isinstance(shown, Presentation) and path_of.setdefault(shown.id, path) != path:
            shown = Exclusion(path, f"{shown.id} is {path_of[shown.id]} already")
        if isinstance(shown, Exclusion):
            exclusions.append(shown if shown.path == path else dataclasses.replace(shown, path=path))
            continue
        presentations.append(_placed(shown, tree.place_of.get(path, path)))
    return Reading(presentations, exclusions)


def _placed(shown: Presentation, place: str) -> Presentation:
    """Return a presentation with its path on disk. Releases have up to a million of few subjects: their words are kept once."""
    same = place == shown.path or layout.with_suffix(place, "") == layout.with_suffix(shown.path, "")
    return dataclasses.replace(
        shown,
        path=place,
        subject=sys.intern(shown.subject),
        camera=sys.intern(shown.camera),
        official="" if same else shown.path,
    )


def _interpreted(paths: list[str], interpret: Callable[[str], Presentation | Exclusion]) -> Presentation | Exclusion:
    """Return what the first path stands for whose name is known; for none, the exclusion of the first."""
    reasons = []
    for path in paths:
        try:
            return interpret(path)
        except UnknownName as error:
            reasons.append(str(error))
    return Exclusion(paths[0], reasons[0])
