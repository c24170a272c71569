"""`fasrepro doctor`: check what this machine has against what the pipeline needs, and say what is missing."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import os
import platform
import shutil
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path

from fasrepro import config, paths
from fasrepro.archives import ARCHIVES, formats, locate
from fasrepro.archives.layout import ArchiveError
from fasrepro.archives.tree import walk
from fasrepro.commands import jobs, runnable
from fasrepro.data import inspection
from fasrepro.datasets import TITLES
from fasrepro.llm.types import is_local, shown_url
from fasrepro.models import needs
from fasrepro.report import recorded

LOCK = Path("requirements.lock")
BOOK_LOCK = Path("requirements-book.lock")  # report, notebooks and book, without torch
NAMED = 3  # modules of a recorded run that changed since
FREE_DISK_GB = 2  # for results, DVC's cache and profiles; the environment is there when this runs
MEMORY_GB = 6


def locked(path: Path = LOCK) -> dict[str, str]:
    """Return the pinned version of each package in the lock file."""
    lines = (line.split("#")[0].split(";")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return dict(line.split("==", 1) for line in lines if "==" in line)


def findings() -> Iterator[tuple[bool, str]]:
    """Yield (needed and missing?, what is there) for each check."""
    version = platform.python_version()
    yield sys.version_info[:2] != (3, 11), f"CPython {version} (3.11 is needed)"
    yield _packages()
    disk = shutil.disk_usage(Path()).free / 1e9
    yield disk < FREE_DISK_GB, f"free disk {disk:.0f} GB ({FREE_DISK_GB} are needed)"
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    yield memory < MEMORY_GB, f"memory {memory:.0f} GB ({MEMORY_GB} are needed)"
    yield from _jobs()
    yield from _recorded_runs()
    yield False, f"cores: {os.cpu_count()}"
    yield False, "GPU: " + _gpu()
    yield from _families()
    yield False, "Chromium, for `make test-browser` alone: " + (shutil.which("chromium") or "missing: `apt-get install chromium`")
    params = config.load("archives", "annotator", "judging")
    if params.archives.source == "licensed":
        yield from _licensed_archives(params.archives)
    yield from _annotator(params)


def installed(package: str) -> str:
    """Return the version of a package here, without its build; "missing" if there is none."""
    try:
        return importlib.metadata.version(package).split("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _packages() -> tuple[bool, str]:
    """Return whether packages differ from the lock; without torch, from the book's."""
    lock, remedy = LOCK, "make environment"
    if installed("torch") == "missing" and BOOK_LOCK.is_file():
        lock, remedy = BOOK_LOCK, f"pip install -r {BOOK_LOCK}`, or, to train, `make environment"
    versions = {package: installed(package) for package in locked(lock)}
    wrong = [f"{name} {versions[name]}, locked {pin}" for name, pin in locked(lock).items() if versions[name] != pin]
    if wrong:
        return True, f"packages: {'; '.join(wrong)}: run `{remedy}`"
    if lock == BOOK_LOCK:
        return False, f"packages: as in {lock}, for report, notebooks and book; to train, run `make environment`"
    return False, "packages: as locked"


def _recorded_runs() -> Iterator[tuple[bool, str]]:
    """Yield whether this code made each recorded run."""
    for one in recorded.load(paths.RECORDED):
        changed = recorded.changed_code(one.code_md5, Path())
        if not changed:
            yield False, f"recorded run {one.profile}: by this code"
            continue
        shown = ", ".join([*changed[:NAMED], *([f"{len(changed) - NAMED} more"] if len(changed) > NAMED else [])])
        yield (
            False,
            (
                f"recorded run {one.profile}, version {one.version}: {shown} changed since, so that its results may differ: run"
                f" it and `fasrepro record --profile {one.profile}`"
            ),
        )


def _licensed_archives(archives: config.Archives) -> Iterator[tuple[bool, str]]:
    """Yield whether the folder of archives, and each archive in it, is there, and what can run with those."""
    place = os.environ.get("FASREPRO_ARCHIVES")
    root = Path(place or "-").expanduser()
    yield not root.is_dir(), f"licensed archives: FASREPRO_ARCHIVES is {place or 'not set'}"
    if not root.is_dir():
        return
    tree = walk(root)
    folders_of = locate.folders(tree)
    official = locate.located(tree, folders_of)
    has_dev: dict[str, bool] = {}
    for name in archives.datasets:
        form = archives.formats.get(name, "")
        if not form and name not in folders_of:
            remedy = f"take {name} out of archives.datasets in params.yaml, then `fasrepro jobs`"
            yield True, f"{TITLES[name]}: absent from {root}: {remedy}"
            continue
        try:
            where, reading = formats.read(root, name, form) if form else (root, ARCHIVES[name].read(official[name]))
        except ArchiveError as error:
            yield True, f"{TITLES[name]}: {error}"
            continue
        if form:
            yield False, f"{TITLES[name]}: {form} in {where}, {len(reading.presentations)} presentations"
        else:
            places = ", ".join(str(root / folder) for folder in folders_of[name])
            yield False, f"{TITLES[name]}: in {places} (`fasrepro inspect {place}` says whether it is whole)"
        lacks = inspection.lacks(name, reading)
        if lacks:
            yield True, f"{TITLES[name]}: {', '.join(lacks)}: {f'complete the {form}' if form else 'restore the official tree'}"
        else:
            has_dev[name] = inspection.has_dev(reading.presentations)
    yield from _runnable(has_dev)


def _runnable(has_dev: Mapping[str, bool]) -> Iterator[tuple[bool, str]]:
    """Yield what can run with the data sets at hand, but for what `_jobs` says already."""
    try:
        params, known = config.load(*jobs.KEYS), jobs.notices()
    except ValueError:
        return  # `_jobs` says why
    for line in runnable.report(params, has_dev):
        if line not in known:
            yield False, line


def _annotator(params: types.SimpleNamespace) -> Iterator[tuple[bool, str]]:
    """Yield whether the annotator and the reader over the network can be asked."""
    url = params.annotator.base_url
    if url == "simulated":
        if params.archives.source == "licensed":
            yield True, "annotator: simulated, which takes a truth that licensed archives lack: set annotator.base_url"
        else:
            yield False, "annotator: simulated, on loopback; no key and no network are needed"
        return
    if os.environ.get("OPENAI_API_KEY"):
        yield False, f"annotator at {shown_url(url)}: OPENAI_API_KEY is set"
    elif is_local(url):
        yield False, f"annotator at {shown_url(url)}: OPENAI_API_KEY is not set (a server on this machine may need none)"
    else:
        yield True, f"annotator at {shown_url(url)}: OPENAI_API_KEY is not set"
    for key, model in (("annotator", params.annotator.model), ("judging", params.judging.model)):
        if model.startswith("simulated-"):
            yield True, f"{key}.model: {model} is simulated: name one of that URL"
        else:
            yield False, f"{key}.model: {model}"


def _jobs() -> Iterator[tuple[bool, str]]:
    """Yield whether jobs.yaml agrees with params.yaml, and what the data sets at hand do not allow."""
    try:
        stale = jobs.is_stale()
    except ValueError as error:
        yield True, str(error)
        return
    yield False, f"{paths.JOBS}: " + ("stale: run `fasrepro jobs`" if stale else "agrees with params.yaml")
    for notice in jobs.notices():
        yield False, notice


def _families() -> Iterator[tuple[bool, str]]:
    """Yield which families of checkpoints load here, what each other one needs, and whether torchvision fits torch."""
    if installed("torch") == "missing":
        return
    lacking = {family: needs.lacking(family) for family in needs.NEEDS}
    yield False, "backbones that load here: " + ", ".join(family for family, packages in lacking.items() if not packages)
    for family, packages in lacking.items():
        if packages:
            yield False, f"backbones of family {family} need {' and '.join(packages)}: {needs.REMEDY}"
    if installed("torchvision") != "missing":
        try:
            importlib.import_module("torchvision")
        except Exception as error:  # another build's library ends its import in whatever way
            yield True, f"torchvision {installed('torchvision')} does not fit torch ({error}): {needs.REMEDY}"


def _gpu() -> str:
    if installed("torch") == "missing":
        return "unknown, because torch is not installed"
    import torch  # here, because it takes seconds and nothing else of this command needs it

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none (none is needed for the default profile)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options: none."""


def run(arguments: argparse.Namespace) -> int:
    """Print each finding; exit 1 if something needed is missing."""
    results = list(findings())
    for missing, text in results:
        print(("MISSING  " if missing else "ok       ") + text)
    return int(any(missing for missing, _ in results))
