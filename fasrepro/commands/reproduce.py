"""`fasrepro reproduce`: run the pipeline, in place or as a profile in its own copy, and say where the book is."""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from fasrepro import config, files, names, paths
from fasrepro.commands import jobs, scheduling, side_by_side, site
from fasrepro.training import recipe as recipes

PROFILES = Path("profiles")
LIKE = "like"  # the key of a profile that names another, over which it is laid
PLAN = "plan"  # the section of a profile that is priced (published_size.py) and not run
BUILD = Path(".build")
# What a copy needs to run the pipeline; results stay where they are, so that a second run of a profile is as quick as any.
SOURCES = (
    "fasrepro",
    "notebooks",
    str(paths.REVIEWS),
    "profiles",
    "dvc.yaml",
    "params.yaml",
    ".dvcignore",
    "pyproject.toml",
    str(paths.RECORDED),
    str(paths.CALIBRATION),
    str(paths.CAPTIONERS / "README.md"),  # a stage depends on the folder, which is empty without caption models
    str(paths.READ_OUTS / "README.md"),  # likewise, without detectors that answer and write chains
    str(paths.PAIR_ORDERS / "README.md"),  # likewise, without detectors in two stages
    str(paths.CAPTION_DETECTORS / "README.md"),  # likewise, without caption models
)
BOOK_PRODUCTS = ("_generated", "executed", "_build")
# glibc gives a step's large tensors back to the system and asks for them again in the next; kept, training is some 5 % faster.
KEPT_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(2**31), "MALLOC_MMAP_THRESHOLD_": str(2**31)}
# Sections to which a profile may add names. What `archives` and a data set's size may hold is checked when the copy is loaded.
OPEN = ("runs", "protocols", "captions", "archives", "archives.datasets", "archives.formats", "archives.described")
SIZES = "archives.datasets."  # how the place of a key in a data set's size begins
WHOLE = ("experiments", "ablations", "tuning.like")  # of these, a profile that names any entry names all


def merge(base: dict[str, Any], override: dict[str, Any], where: str = "") -> dict[str, Any]:
    """Return `base` with a profile's `override` laid over it, key by key.

    A list, a scalar and the sections `WHOLE` are replaced, and `null` takes a key away. `training` is overlaid as by a run, and a
    run as by one that is like it.

    Raises:
        ConfigError: for a key that `base` lacks, unless it adds something to a section of `OPEN` or to the size of a data set.
    """
    merged = dict(base)
    for key, value in override.items():
        place = f"{where}.{key}" if where else str(key)
        is_open = where in OPEN or where.startswith(SIZES)
        if key not in base and (not is_open or value is None):
            raise config.ConfigError(f"profile: {place}: {names.unknown(str(key), base, 'key')}")
        if value is None:
            del merged[key]
        elif place == "training":
            merged[key] = recipes.overlay(base[key], value)
        elif where == "runs" and key in base:
            merged[key] = _overlay_run(base[key], value, place)
        elif isinstance(value, dict) and isinstance(base.get(key), dict) and place not in WHOLE:
            merged[key] = merge(base[key], value, place)
        else:
            merged[key] = value
    return merged


def _overlay_run(base: dict[str, Any], override: dict[str, Any], place: str) -> dict[str, Any]:
    """Return a run with a profile's keys laid over it; `null` takes a key away. Its recipe refuses other unknown keys."""
    away = [key for key, value in override.items() if value is None]
    for key in away:
        if key not in base:
            raise config.ConfigError(f"profile: {place}.{key}: {names.unknown(key, base, 'key')}")
    kept = {key: value for key, value in base.items() if key not in away}
    return recipes.overlay(kept, {key: value for key, value in override.items() if value is not None})


def profile_path(base: Path, name: str) -> Path:
    """Return the file of a profile. Raises `ConfigError` for one that is not there."""
    known = sorted(path.stem for path in (base / PROFILES).glob("*.yaml"))
    if name not in known:
        raise config.ConfigError(names.unknown(name, known, "profile"))
    return base / PROFILES / f"{name}.yaml"


def profile_params(base: Path, name: str) -> dict[str, object]:
    """Return params.yaml with the profile laid over it, after the one that it is `like`.

    Raises:
        ConfigError: for a profile that is not there, or is only a plan, and where it is like one that is itself like another.
    """
    profile = config.read_yaml(profile_path(base, name))
    if PLAN in profile:
        raise config.ConfigError(f"profile {name} is a plan and cannot be run; `fasrepro plan --profile {name}` prices it")
    if LIKE not in profile:
        return merge(config.read_yaml(base / paths.PARAMS), profile)
    other = str(profile.pop(LIKE))
    if LIKE in config.read_yaml(profile_path(base, other)):
        raise config.ConfigError(f"profile {name}: {LIKE}: {other} is itself like another; name that one, and what differs")
    return merge(profile_params(base, other), profile)


def make_copy(base: Path, name: str, copy: Path) -> Path:
    """Bring the project's sources in `base` to the folder `copy`, with the profile's params and jobs; return the folder."""
    params = profile_params(base, name)
    copy.mkdir(parents=True, exist_ok=True)
    for source in SOURCES:
        _replace(base / source, copy / source)
    for source in sorted((base / paths.BOOK).iterdir()):
        if source.name not in BOOK_PRODUCTS:
            _replace(source, copy / paths.BOOK / source.name)
    header = f"# params.yaml with profiles/{name}.yaml laid over it\n"
    files.write_text(copy / paths.PARAMS, header + yaml.safe_dump(params, sort_keys=False))
    files.write_text(copy / paths.JOBS, jobs.text(copy / paths.PARAMS))
    if not (copy / ".dvc").is_dir():
        subprocess.run([sys.executable, "-m", "dvc", "init", "--no-scm", "--quiet"], cwd=copy, check=True)
        shutil.copyfile(base / ".dvc" / "config", copy / ".dvc" / "config")
        with (copy / ".dvc" / "config").open("a", encoding="utf-8") as file:
            file.write("    no_scm = true\n")
    return copy


def _replace(source: Path, target: Path) -> None:
    """Make `target` a copy of `source` and of nothing else."""
    if not source.exists():
        return
    if source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints"))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def run_dvc(folder: Path, options: list[str]) -> int:
    """Run `dvc repro` with a user's own options in `folder`, one stage after another; return its status."""
    command = [sys.executable, "-m", "dvc", "repro", *options]
    return subprocess.run(command, cwd=folder, env=environment(), check=False).returncode


def environment() -> dict[str, str]:
    """Return the environment of stages."""
    return {**KEPT_MEMORY, **os.environ, "FASREPRO_STORE": str(paths.store().resolve()), "PATH": _path()}


def run_stages(folder: Path, workers: int) -> int:
    """Run the stages that have changed side by side, and print the time of each; return the status."""
    began = time.monotonic()
    with side_by_side.only_one(folder):
        waits_for = scheduling.stages_to_run(folder)
        seconds = scheduling.estimates(waits_for, side_by_side.times(folder))
        status, taken = side_by_side.run(folder, waits_for, seconds, workers, environment())
    width = max(map(len, taken), default=5)
    for stage, stage_seconds in taken.items():
        print(f"{stage:<{width}} {stage_seconds:8.1f} s")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"{len(taken)} stages, {time.monotonic() - began:.1f} s, largest process {peak:.2f} GiB")
    return status


def default_workers(threads: int) -> int:
    """Return how many stages run at once by default: one a GPU, else as many as the cores allow with `threads` each."""
    return _gpus() or max(1, cores() // threads)


def cores() -> int:
    """Return how many cores this process may use; macOS tells how many there are, and not which a process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def checked_workers(asked: int | None, threads: int) -> int:
    """Return how many stages run at once: as many as were asked for, else the default. Raises `ValueError` for less than 1."""
    workers = default_workers(threads) if asked is None else asked
    if workers < 1:
        raise ValueError(f"--workers must be at least 1, not {workers}")
    return workers


def _gpus() -> int:
    if importlib.util.find_spec("torch") is None:  # the environment of the book
        return 0
    import torch  # here, because it takes seconds

    return int(torch.cuda.device_count())


def _path() -> str:
    """Put this interpreter's folder first: the stages' `python` is the one that runs this."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--profile", default="", help="a name in profiles/, run in .build/<name>/; none: the default profile, here"
    )
    parser.add_argument("--copy", type=Path, help="where the profile's copy goes, if not .build/<name>")
    parser.add_argument("--workers", type=int, help="how many stages run at once (default: one a GPU, else one a core)")
    parser.add_argument("options", nargs="*", help="behind `--`: run `dvc repro` with these, one stage after another")


def run(arguments: argparse.Namespace) -> int:
    """Run the pipeline, and print the place of the book."""
    folder = Path()
    if arguments.profile:
        folder = make_copy(Path(), arguments.profile, arguments.copy or BUILD / arguments.profile)
    elif jobs.is_stale():
        raise config.ConfigError(f"{paths.JOBS} is stale: run `fasrepro jobs`")
    planned = config.read_jobs(folder / paths.JOBS)
    for notice in planned.skipped:
        print(notice)
    if not planned.jobs and not arguments.options:
        raise config.ConfigError(
            f"{folder / paths.PARAMS}: nothing can be trained: no experiment has a protocol and a target whose data sets are"
            " under archives.datasets; add them there, or other protocols under experiments (`fasrepro inspect` says which can"
            " be run). One stage alone: `fasrepro reproduce -- STAGE`"
        )
    workers = checked_workers(arguments.workers, config.load("threads", path=folder / paths.PARAMS).threads)
    status = run_dvc(folder, arguments.options) if arguments.options else run_stages(folder, workers)
    if status == 0 and (folder / paths.HTML / "index.html").is_file():
        print(f"The book: {site.write(folder)}")
    return status
