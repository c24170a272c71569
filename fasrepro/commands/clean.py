"""`fasrepro clean`: say what has grown on disk and can be made again; delete it with --delete.

Never deleted is what was paid for, in money or by people: the reply store, reviews and their drafts, results, and the objects of
DVC's cache that dvc.lock names, as it stands or as it is committed. A profile's copy under .build is a project of its own: run
this inside it.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import filelock

from fasrepro import names, paths
from fasrepro.commands import side_by_side

LOCK = Path("dvc.lock")
CACHE = Path(".dvc/cache/files/md5")
BUILDS = Path(".build")
LOGS, COPIES = side_by_side.LOGS.name, "trainsets"  # folders of .work
DRAFTS = "review"  # likewise, in which people's decisions lie until they are handed in
_OBJECT = re.compile(r"\bmd5: ([0-9a-f]{32}(?:\.dir)?)\s*$", re.MULTILINE)
MEGABYTE = 1e6


class CleanError(ValueError):
    """Something that must not be deleted now; the message names it and the remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class Group:
    """Files that are deleted together.

    Args:
        what: they are, in words.
        find: returns them, below the project's folder.
        by_default: whether they are deleted when no group is named.
    """

    what: str
    find: Callable[[Path], list[Path]]
    by_default: bool = True


def files_under(folder: Path) -> list[Path]:
    """Return the files below a folder, sorted; links are not followed. None for a folder that is not there."""
    return sorted(Path(parent, name) for parent, _, filenames in os.walk(folder) for name in filenames)


def unfinished(root: Path) -> list[Path]:
    """Return the files in the other folders of .work. What lies beside the folders is kept: `plan`, `why` and pages read it."""
    others = [entry for entry in sorted((root / paths.WORK).glob("*/")) if entry.name not in (LOGS, COPIES, DRAFTS)]
    return [file for folder in others for file in files_under(folder)]


def named_objects(root: Path) -> set[str]:
    """Return the objects of the cache that dvc.lock names, as it stands or as it is committed, with the files of its folders."""
    text = (root / LOCK).read_text(encoding="utf-8")
    committed = subprocess.run(["git", "show", f"HEAD:./{LOCK}"], cwd=root, capture_output=True, text=True, check=False)
    objects = set(_OBJECT.findall(text + "\n" + committed.stdout))
    for name in [name for name in objects if name.endswith(".dir")]:
        file = _object(root, name)
        if file.is_file():
            objects |= {entry["md5"] for entry in json.loads(file.read_text(encoding="utf-8"))}
    return objects


def _object(root: Path, name: str) -> Path:
    return root / CACHE / name[:2] / name[2:]


def unnamed_objects(root: Path) -> list[Path]:
    """Return the files of DVC's cache that dvc.lock does not name; none without dvc.lock, which would name no file.

    Raises:
        CleanError: the cache is a link, so that other projects may use it.
    """
    if not (root / CACHE).is_dir() or not (root / LOCK).is_file():
        return []
    parts = [root / CACHE, *(root / CACHE).parents]
    link = next((part for part in parts[: len(CACHE.parts)] if part.is_symlink()), None)
    if link is not None:
        raise CleanError(f"{link}: a link, so other projects may use this cache; name the other groups, and use `dvc gc` there")
    named = {_object(root, name) for name in named_objects(root)}
    return [file for file in files_under(root / CACHE) if file not in named]


GROUPS: dict[str, Group] = {
    "logs": Group("output of stages that have run", lambda root: files_under(root / paths.WORK / LOGS)),
    "copies": Group(
        "copies of training sets, made again by the next training", lambda root: files_under(root / paths.WORK / COPIES)
    ),
    "cache": Group("objects of DVC's cache that dvc.lock does not name: outputs of earlier params and code", unnamed_objects),
    "unfinished": Group(
        "work of stages that were ended, which go on from there: hours of it may be lost",
        unfinished,
        by_default=False,
    ),
}


def kept(root: Path) -> dict[str, list[Path]]:
    """Return what else takes place and is never deleted: files by where they lie."""
    places = [paths.store(), paths.REVIEWS, paths.WORK / DRAFTS, paths.RESULTS, BUILDS]
    return {str(place): files_under(root / place) for place in places}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    default = ", ".join(name for name, group in GROUPS.items() if group.by_default)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)}; by default {default}")
    parser.add_argument("--delete", action="store_true", help="delete them; without it nothing is changed")


def run(arguments: argparse.Namespace) -> int:
    """Print sizes, and delete if asked to."""
    for name in arguments.groups:
        names.lookup(GROUPS, name, "group", CleanError)
    wanted = arguments.groups or [name for name, group in GROUPS.items() if group.by_default]
    root = Path()
    if not arguments.delete:
        files_by_group = {name: group.find(root) for name, group in GROUPS.items()}
        print("\n".join(report(files_by_group, kept(root), wanted)))
        return 0
    with at_rest(root):
        for name, files in {name: GROUPS[name].find(root) for name in wanted}.items():
            size = amount(files)
            delete(root, files)
            print(f"{name}: {size} deleted")
    return 0


def report(files_by_group: dict[str, list[Path]], others: dict[str, list[Path]], wanted: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a dry run: each group with its size, what is kept, and how to delete."""
    for name, files in files_by_group.items():
        hint = "" if name in wanted else f"; kept, unless named: `fasrepro clean {name}`"
        yield f"{name}: {amount(files)}: {GROUPS[name].what}{hint}"
    for place, files in others.items():
        if files:
            yield f"never deleted: {amount(files)} in {place}"
    together = [file for name in wanted for file in files_by_group[name]]
    yield f"nothing is changed: --delete deletes {amount(together)} ({', '.join(wanted)})"


def amount(files: Sequence[Path]) -> str:
    """Return the number of files and what they take, in words."""
    size = sum(file.lstat().st_size for file in files)
    return f"{size / MEGABYTE:,.1f} MB in {len(files):,} files"


@contextlib.contextmanager
def at_rest(root: Path) -> Iterator[None]:
    """Hold all locks of the project, so that no stage begins. Raises `ValueError` naming the lock that somebody holds."""
    locks = [file for file in files_under(root / paths.WORK) if file.name == "lock" or file.suffix == ".lock"]
    with contextlib.ExitStack() as held:
        held.enter_context(side_by_side.only_one(root))  # also drops what killed processes left in DVC's list
        in_use = root / side_by_side.DVC_LOCKS
        if in_use.is_file() and any(json.loads(in_use.read_text(encoding="utf-8")).values()):
            raise CleanError(f"{in_use}: `dvc repro` is at work here; wait for it")
        for lock in locks:
            if lock == root / side_by_side.LOCK:
                continue
            try:
                held.enter_context(filelock.FileLock(lock, blocking=False))
            except filelock.Timeout:
                raise CleanError(f"{lock}: a stage is at work here; wait for it") from None
        yield


def delete(root: Path, files: Sequence[Path]) -> None:
    """Delete files, and the folders of .work and of the cache that are empty then."""
    for file in files:
        file.unlink()
    for folder in {file.parent for file in files}:
        while folder not in (root / paths.WORK, root / CACHE) and folder.is_dir() and not any(folder.iterdir()):
            shutil.rmtree(folder)
            folder = folder.parent
