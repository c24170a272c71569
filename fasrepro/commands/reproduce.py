"""`fasrepro reproduce`: run the pipeline, in place or as a profile in its own copy, and say where the book is."""

from __future__ import annotations

import argparse
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
from fasrepro.commands import jobs
from fasrepro.training import recipe as recipes

PROFILES = Path("profiles")
BUILD = Path(".build")
TIMES = paths.WORK / "times.json"  # seconds of each stage, when it last ran
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
)
BOOK_PRODUCTS = ("_generated", "executed", "_build")
# glibc gives a step's large tensors back to the system and asks for them again in the next; kept, training is some 5 % faster.
KEPT_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(2**31), "MALLOC_MMAP_THRESHOLD_": str(2**31)}
OPEN = ("runs", "protocols")  # sections to which a profile may add names
WHOLE = ("experiments", "ablations", "tuning.like")  # of these, a profile that names any entry names all


def merge(base: dict[str, Any], override: dict[str, Any], where: str = "") -> dict[str, Any]:
    """Return `base` with a profile's `override` laid over it, key by key.

    A list, a scalar and the sections `WHOLE` are replaced, `null` takes a key away, and `training` is overlaid as by a run.

    Raises:
        ConfigError: for a key that `base` lacks, except the name of a run or a protocol.
    """
    merged = dict(base)
    for key, value in override.items():
        place = f"{where}.{key}" if where else str(key)
        if key not in base and where not in OPEN:
            raise config.ConfigError(f"profile: {place}: {names.unknown(str(key), base, 'key')}")
        if value is None:
            del merged[key]
        elif place == "training":
            merged[key] = recipes.overlay(base[key], value)
        elif isinstance(value, dict) and isinstance(base.get(key), dict) and place not in WHOLE:
            merged[key] = merge(base[key], value, place)
        else:
            merged[key] = value
    return merged


def profile_params(base: Path, name: str) -> dict[str, object]:
    """Return params.yaml with the profile laid over it. Raises `ConfigError` for a profile that is not there."""
    known = sorted(path.stem for path in (base / PROFILES).glob("*.yaml"))
    if name not in known:
        raise config.ConfigError(names.unknown(name, known, "profile"))
    return merge(config.read_yaml(base / paths.PARAMS), config.read_yaml(base / PROFILES / f"{name}.yaml"))


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


def run_dvc(folder: Path, options: list[str]) -> tuple[int, list[tuple[str, float]]]:
    """Run `dvc repro` in `folder`, passing its output on; return its status and each stage's seconds, in order.

    They are kept (`keep_times`) as stages end, so that a run that fails or is killed leaves those of what it finished.
    """
    environment = {**KEPT_MEMORY, **os.environ, "FASREPRO_STORE": str(paths.store().resolve()), "PATH": _path()}
    command = [sys.executable, "-m", "dvc", "repro", *options]
    spans: list[tuple[str, float]] = []
    stage, began = "", time.monotonic()
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if line.startswith("Running stage '"):
                now = time.monotonic()
                if stage:
                    spans.append((stage, now - began))
                    keep_times(folder, spans[-1:])
                stage, began = line.split("'")[1], now
    if stage:
        spans.append((stage, time.monotonic() - began))
        keep_times(folder, spans[-1:] if process.returncode == 0 else [])
    return process.returncode, spans


def keep_times(folder: Path, spans: list[tuple[str, float]]) -> None:
    """Keep how long each stage took, of several runs the last one that ran it."""
    path = folder / TIMES
    known = files.read_json(path) if path.is_file() else {}
    files.write_json(path, known | {stage: round(seconds, 1) for stage, seconds in spans})


def _path() -> str:
    """Put this interpreter's folder first: the stages' `python` is the one that runs this."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--profile", default="", help="a name in profiles/, run in .build/<name>/; none: the embedded profile, here"
    )
    parser.add_argument("--copy", type=Path, help="where the profile's copy goes, if not .build/<name>")
    parser.add_argument("options", nargs="*", help="passed on to `dvc repro`, behind `--`")


def run(arguments: argparse.Namespace) -> int:
    """Run the pipeline and print the time of each stage and the place of the book."""
    folder = Path()
    if arguments.profile:
        folder = make_copy(Path(), arguments.profile, arguments.copy or BUILD / arguments.profile)
    elif jobs.is_stale():
        raise config.ConfigError(f"{paths.JOBS} is stale: run `fasrepro jobs`")
    for notice in config.read_jobs(folder / paths.JOBS).skipped:
        print(notice)
    began = time.monotonic()
    status, spans = run_dvc(folder, arguments.options)
    width = max([len(stage) for stage, _ in spans], default=5)
    for stage, seconds in spans:
        print(f"{stage:<{width}} {seconds:8.1f} s")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"{len(spans)} stages, {time.monotonic() - began:.1f} s, largest process {peak:.2f} GiB")
    book = folder / paths.HTML / "index.html"
    if status == 0 and book.is_file():
        print(f"The book: {book.resolve()}")
    return status
