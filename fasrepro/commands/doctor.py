"""`fasrepro doctor`: check what this machine has against what the pipeline needs, and say what is missing."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from fasrepro import config, paths
from fasrepro.archives import ARCHIVES
from fasrepro.commands import jobs
from fasrepro.datasets import TITLES
from fasrepro.llm.types import is_local
from fasrepro.report import recorded

LOCK = Path("requirements.lock")
FREE_DISK_GB = 2  # for results, DVC's cache and profiles; the environment is there when this runs
MEMORY_GB = 6


def locked(path: Path = LOCK) -> dict[str, str]:
    """Return the pinned version of each package in the lock file."""
    lines = (line.split("#")[0].split(";")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return dict(line.split("==", 1) for line in lines if "==" in line)


def findings() -> Iterator[tuple[bool, str]]:
    """Yield (needed and missing?, what was found) for each check."""
    version = platform.python_version()
    yield sys.version_info[:2] != (3, 11), f"CPython {version} (3.11 is needed)"
    wrong = []
    for name, wanted in locked().items():
        try:
            found = importlib.metadata.version(name).split("+")[0]
        except importlib.metadata.PackageNotFoundError:
            found = "missing"
        if found != wanted:
            wrong.append(f"{name} {found}, locked {wanted}")
    yield bool(wrong), "packages: " + ("; ".join(wrong) + ": run `make environment`" if wrong else "as locked")
    disk = shutil.disk_usage(Path()).free / 1e9
    yield disk < FREE_DISK_GB, f"free disk {disk:.0f} GB ({FREE_DISK_GB} are needed)"
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    yield memory < MEMORY_GB, f"memory {memory:.0f} GB ({MEMORY_GB} are needed)"
    yield from _jobs()
    for one in recorded.load(paths.RECORDED):
        since = ", ".join(recorded.changed_code(one, Path()))
        advice = f"{since} changed since, so that its results may differ: run it and `fasrepro record --profile {one.name}`"
        yield False, f"recorded run {one.name}: " + (advice if since else "by this code")
    yield False, f"cores: {os.cpu_count()}"
    yield False, "GPU: " + _gpu()
    yield False, "Chromium, for `make test-browser` alone: " + (shutil.which("chromium") or "missing: `apt-get install chromium`")
    params = config.load("archives", "annotator", "judging")
    if params.archives.source == "licensed":
        folder = Path(os.environ.get("FASREPRO_ARCHIVES") or "-")
        yield not folder.is_dir(), f"licensed archives: FASREPRO_ARCHIVES is {os.environ.get('FASREPRO_ARCHIVES') or 'not set'}"
        for name in params.archives.datasets if folder.is_dir() else ():
            absent = not (folder / ARCHIVES[name].FOLDER).is_dir()
            remedy = f": take {name} out of archives.datasets in params.yaml, then `fasrepro jobs`"
            yield absent, f"{TITLES[name]}: {folder / ARCHIVES[name].FOLDER} is {'absent' + remedy if absent else 'there'}"
    if params.annotator.base_url != "simulated":
        known, here = bool(os.environ.get("OPENAI_API_KEY")), is_local(params.annotator.base_url)
        may = " (a server on this machine may need none)" * here
        yield (
            not known and not here,
            f"annotator at {params.annotator.base_url}: OPENAI_API_KEY is {'' if known else 'not '}set{may}",
        )
        for key, model in (("annotator", params.annotator.model), ("judging", params.judging.model)):
            yield (
                model.startswith("simulated-"),
                f"{key}.model: {model}" + " is simulated: name one of that URL" * model.startswith("simulated-"),
            )
    elif params.archives.source == "licensed":
        yield True, "annotator: simulated, which takes a truth that licensed archives lack: set annotator.base_url"
    else:
        yield False, "annotator: simulated, on loopback; no key and no network are needed"


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


def _gpu() -> str:
    import torch  # here, because it takes seconds and nothing else of this command needs it

    return torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none (none is needed for the embedded profile)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options: none."""


def run(arguments: argparse.Namespace) -> int:
    """Print each finding; exit 1 if something needed is missing."""
    results = list(findings())
    for missing, text in results:
        print(("MISSING  " if missing else "ok       ") + text)
    return int(any(missing for missing, _ in results))
