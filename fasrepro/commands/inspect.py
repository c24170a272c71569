"""`fasrepro inspect DIR`: which data sets are in a folder, what they lack, and which protocols can run with them.

Archives are found by their content, whatever their folders are called. Nothing is decoded without --deep, so that terabytes take
seconds. Exits with 1 if anything is missing, left over or broken.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from fasrepro import config
from fasrepro.archives import ARCHIVES
from fasrepro.archives.tree import listed, walk
from fasrepro.data import inspection, progress, protocols, published_protocols
from fasrepro.data.inspection import Count, Inspection
from fasrepro.datasets import TITLES

NAMED = 10  # files of each fault that are named, unless --all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("folder", type=Path, help="that holds archives, at any depth")
    parser.add_argument("--listing", action="store_true", help="it is a text file that lists the folder: `size<tab>path` a line")
    parser.add_argument("--deep", action="store_true", help="decode every file, and compare their bytes")
    parser.add_argument("--all", action="store_true", help=f"name every file, not the first {NAMED} of each fault")


def run(arguments: argparse.Namespace) -> int:
    """Print what is there; return 1 if anything is wrong with it, or nothing is there."""
    folder = arguments.folder.expanduser()
    tree = listed(folder) if arguments.listing else walk(folder)
    if arguments.deep and not tree.on_disk:
        raise ValueError("--deep: a listing does not hold the files; give the folder itself")
    named = len(tree.sizes) if arguments.all else NAMED
    print(f"{folder}: {len(tree.sizes)} files{f', and {tree.junk} that systems added' if tree.junk else ''}")
    print("\n".join(_named("not listed", [f"{fault.path}: {fault.reason}" for fault in tree.faults], named)))
    inspections = inspection.inspect(tree)
    if not inspections:
        print(f"no archive of {', '.join(TITLES[name] for name in ARCHIVES)} is recognised")
        return 1
    whole = not tree.faults
    for one in inspections:
        print("\n".join(report(one, named)))
        print()
        whole &= one.is_whole
        if arguments.deep:
            whole &= _deep(tree.root, one, named)
    print("\n".join(runnable({one.dataset for one in inspections if not one.error})))
    return int(not whole)


def report(one: Inspection, named: int) -> Iterator[str]:
    """Yield the lines about a data set, with up to `named` files of each fault."""
    yield f"{TITLES[one.dataset]} in {', '.join(folder or '.' for folder in one.folders)}"
    if one.error:
        yield f"  cannot be read: {one.error}"
        return
    for count in one.counts:
        yield f"  {count.split:<5} {_figures(count)}"
    for lack in one.lacks:
        yield f"  lacks: {lack}"
    if one.absent_subjects:
        yield f"  absent: {one.absent_subjects} subjects of the release"
    yield from _named("missing", one.missing, named)
    yield from _named("much smaller than their like", one.small, named)
    yield from _named("left out", [f"{fault.path}: {fault.reason}" for fault in one.exclusions], named)
    for notice in one.notices:
        yield f"  note: {notice}"
    if one.is_whole:
        yield "  whole: nothing is missing, left over or cut off"


def _figures(count: Count) -> str:
    here = (count.subjects, count.bona_fide, count.attacks)
    words = ("subjects", "bona fide", "attacks")
    if count.published is None:
        return ", ".join(f"{number} {word}" for number, word in zip(here, words, strict=True))
    of = [f"{number} of {known}" if known else str(number) for number, known in zip(here, count.published, strict=True)]
    return ", ".join(f"{figure} {word}" for figure, word in zip(of, words, strict=True))


def _named(fault: str, paths: list[str], named: int) -> Iterator[str]:
    if not paths:
        return
    yield f"  {fault}: {len(paths)}"
    for path in paths[:named]:
        yield f"    {path}"
    if len(paths) > named:
        yield f"    and {len(paths) - named} more: --all names them"


def _deep(root: Path, one: Inspection, named: int) -> bool:
    """Decode all files of a data set and print the faults; return whether there is none."""
    total = len(one.presentations)
    faults = inspection.broken(root, one.presentations, progress.on_terminal(f"{TITLES[one.dataset]}: files decoded", total))
    print(f"{TITLES[one.dataset]}: {total} files decoded, {len(faults)} of them with a fault")
    print("\n".join(_named("broken or doubled", [f"{fault.path}: {fault.reason}" for fault in faults], named)))
    return not faults


def runnable(present: Iterable[str]) -> Iterator[str]:
    """Yield for each protocol of the experiments in params.yaml whether it can run with these data sets."""
    params = config.load("protocols", "experiments")
    present = set(present)
    declared = published_protocols.declared(params.protocols)
    for name in sorted({name for experiment in params.experiments.values() for name in experiment.protocols}):
        _, notice = protocols.without_absent(protocols.resolve(name, declared), present)
        yield notice or f"protocol {name} can run"
