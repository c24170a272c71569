"""`fasrepro inspect DIR`: which data sets are in a folder, what they lack, and which experiments can run with them.

`fasrepro inspect --manifest FILE`: what a manifest describes, and each of its faults.

Archives are found by their content, whatever their folders are called. Nothing is decoded without --deep, so that terabytes take
seconds. Exits with 1 if anything is missing, left over or broken.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from fasrepro import config
from fasrepro.archives import ARCHIVES, crop_folders, manifest
from fasrepro.archives.layout import ArchiveError, Exclusion, Presentation, Reading
from fasrepro.archives.manifest import Checked
from fasrepro.archives.tree import listed, walk
from fasrepro.commands import jobs, runnable
from fasrepro.data import inspection, progress
from fasrepro.data.inspection import Count, Inspection
from fasrepro.datasets import TITLES

NAMED = 10  # files of each fault that are named, unless --all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("folder", type=Path, help="that holds archives, at any depth")
    parser.add_argument("--manifest", action="store_true", help="it is a CSV file that describes pictures or videos")
    parser.add_argument("--listing", action="store_true", help="it is a text file that lists the folder: `size<tab>path` a line")
    parser.add_argument("--deep", action="store_true", help="decode every file, and compare their bytes")
    parser.add_argument("--all", action="store_true", help=f"name every file, not the first {NAMED} of each fault")


def run(arguments: argparse.Namespace) -> int:
    """Print what is there; return 1 if anything is wrong with it, or nothing is there."""
    folder = arguments.folder.expanduser()
    if arguments.manifest:
        return int(not _manifest(folder, arguments))
    tree = listed(folder) if arguments.listing else walk(folder)
    if arguments.deep and not tree.on_disk:
        raise ValueError("--deep: a listing does not hold the files; give the folder itself")
    named = len(tree.sizes) if arguments.all else NAMED
    print(f"{folder}: {len(tree.sizes)} files{f', and {tree.junk} that systems added' if tree.junk else ''}")
    print("\n".join(_named("not listed", tree.faults, named)))
    inspections = inspection.inspect(tree)
    crops = crop_folders.located(tree)
    whole = not tree.faults
    has_dev: dict[str, bool] = {}
    for dataset, by_convention in crops.items():
        for convention, own in by_convention.items():
            print(
                f"{TITLES[dataset]} as crops by {crop_folders.CONVENTIONS[convention].title}:"
                f" `archives.formats: {{{dataset}: crops}}`"
            )
            try:
                reading = crop_folders.reading(own, convention)
            except ArchiveError as error:
                print(f"  cannot be read: {error}\n")
                whole = False
                continue
            whole &= _crops(dataset, own.root, reading, named, arguments.deep)
            if not inspection.lacks(dataset, reading):
                has_dev[dataset] = inspection.has_dev(reading.presentations)
    if not inspections and not crops:
        print(f"no archive of {', '.join(TITLES[name] for name in ARCHIVES)} is recognised")
        return 1
    for one in inspections:
        print("\n".join(report(one, named)))
        print()
        whole &= one.is_whole
        if arguments.deep:
            whole &= _deep(tree.root, TITLES[one.dataset], one.presentations, named)
    usable = [one for one in inspections if not one.error and not one.lacks]
    has_dev |= {one.dataset: inspection.has_dev(one.presentations) for one in usable}
    print("\n".join(runnable.report(config.load(*jobs.KEYS), has_dev)))
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
    yield from _named("absent, by name", one.absent, named)
    if one.fewer:
        yield f"  fewer than the release: {', '.join(one.fewer)}"
    yield from _named("missing", one.missing, named)
    yield from _named("much smaller than their like", one.small, named)
    yield from _named("left out", one.exclusions, named)
    for notice in one.notices:
        yield f"  note: {notice}"
    if one.is_whole and one.is_counted:
        yield "  whole: nothing is missing, left over or cut off"
    elif one.is_whole:
        yield "  nothing is left over or cut off; how many videos the release has is not known"


def _crops(dataset: str, root: Path, reading: Reading, named: int, deep: bool) -> bool:
    """Print what a folder of crops holds of a data set; return whether it lacks nothing and, if `deep`, no crop is broken."""
    for count in inspection.counts(dataset, reading.presentations):
        print(f"  {count.split:<5} {_figures(count)}")
    print(f"  {sum(map(len, reading.files.values()))} crops of {len(reading.presentations)} videos")
    lacks = inspection.lacks(dataset, reading)
    for lack in lacks:
        print(f"  lacks: {lack}")
    left_out = [fault for fault in reading.exclusions if not fault.by_design]
    for line in _named("left out", left_out, named):
        print(line)
    for notice in reading.notices:
        print(f"  note: {notice}")
    print()
    whole = not lacks and not left_out
    if deep:
        pictures = [
            dataclasses.replace(shown, path=file.path) for shown in reading.presentations for file in reading.files[shown.id]
        ]
        whole &= _deep(root, TITLES[dataset], pictures, named)
    return whole


def _manifest(file: Path, arguments: argparse.Namespace) -> bool:
    """Print what a manifest describes; return whether it, and with --deep each of its files, is without a fault."""
    checked = manifest.check(file)
    named = len(checked.faults) + len(checked.rows) if arguments.all else NAMED
    print("\n".join(manifest_report(file, checked, named)))
    whole = not checked.faults
    if arguments.deep:
        pictures = [dataclasses.replace(row.presentation, path=row.path) for row in checked.rows]
        whole &= _deep(checked.tree.root, file.name, pictures, named)
    return whole


def manifest_report(file: Path, checked: Checked, named: int) -> Iterator[str]:
    """Yield the lines about a manifest: counts of each split, species and subjects, and up to `named` of its faults."""
    presentations = {row.presentation.id: row.presentation for row in checked.rows}
    yield f"{file}: {len(checked.rows)} rows without a fault, of {len(presentations)} presentations"
    for count in inspection.counts("", presentations.values()):
        yield f"  {count.split:<5} {_figures(count)}"
    for species, number in sorted(Counter(shown.species for shown in presentations.values()).items()):
        yield f"  {species}: {number}"
    listed = {file.name, *(row.path for row in checked.rows)}
    others = sum(path not in listed for path in checked.tree.sizes)
    yield f"  files of the folder in no such row: {others}"
    yield from _named("faults", [fault.removeprefix(f"{file}, ") for fault in checked.faults], named)


def _figures(count: Count) -> str:
    here = (count.subjects, count.bona_fide, count.attacks)
    words = ("subjects", "bona fide", "attacks")
    if count.published is None:
        return ", ".join(f"{number} {word}" for number, word in zip(here, words, strict=True))
    of = [f"{number} of {known}" if known else str(number) for number, known in zip(here, count.published, strict=True)]
    return ", ".join(f"{figure} {word}" for figure, word in zip(of, words, strict=True))


def _named(fault: str, files: Sequence[str | Exclusion], named: int) -> Iterator[str]:
    if not files:
        return
    yield f"  {fault}: {len(files)}"
    for file in files[:named]:
        yield f"    {file}"
    if len(files) > named:
        yield f"    and {len(files) - named} more: --all names them"


def _deep(root: Path, title: str, shown: list[Presentation], named: int) -> bool:
    """Decode all files of a data set and print the faults; return whether there is none."""
    faults = inspection.broken(root, shown, progress.to_stderr(f"{title}: files decoded", len(shown)))
    print(f"{title}: {len(shown)} files decoded, {len(faults)} of them with a fault")
    print("\n".join(_named("broken or doubled", faults, named)))
    return not faults
