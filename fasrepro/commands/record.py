"""`fasrepro record`: keep the figures of a profile's run in results/recorded, under version control."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fasrepro import config, files, hashing, paths
from fasrepro.commands import reproduce
from fasrepro.report import claims


def kept(folder: Path, profile: str) -> dict[str, Any]:
    """Return what is kept of the run in `folder`, and where it came from: every job's means over seeds, and every difference
    between runs that a claim or a notebook may be about.

    Raises `ValueError` where it holds no metrics, or no time of a stage.
    """
    from fasrepro.report import recorded, worlds  # here, because the report's figures take a second that no other verb needs

    metrics = files.read_json(folder / paths.METRICS)
    params = config.load("synthetic", "archives", path=folder / paths.PARAMS)
    if params.archives.source != "synthetic":
        raise ValueError(f"{folder / paths.PARAMS}: archives.source is not 'synthetic': only synthetic worlds are recorded")
    stages = config.read_yaml(folder / "dvc.lock")["stages"]
    times = {stage: taken for stage, taken in files.read_json(folder / reproduce.TIMES).items() if stage in stages}
    measures = {(claim.metric or metrics["settings"]["ledger"]["metric"], claim.level) for claim in claims.CLAIMS}
    measures |= {beside for claim in claims.CLAIMS for beside in claim.beside} | {("auc", "video")}
    channels = {claims.HEAD, worlds.READER}
    paired = [row for row in metrics["paired"] if (row["metric"], row["level"]) in measures and row["channel"] in channels]
    jobs = {name: {**job, "seeds": sorted(job["seeds"])} for name, job in metrics["jobs"].items()}
    return {
        "profile": profile,
        "world": params.synthetic.world,
        "spurious_strength": params.synthetic.spurious_strength,
        "hours": round(sum(times.values()) / 3600, 3),
        "untimed_stages": len(stages.keys() - times.keys()),
        "sections_sha256": recorded.sections(folder / paths.PARAMS),
        "code_md5": modules(stages),
        "versions": hashing.versions(),
        "metrics": {"paired": paired, "jobs": jobs, "settings": metrics["settings"]},
    }


def modules(stages: Mapping[str, Any]) -> dict[str, str]:
    """Return the MD5 of every module that metrics.json came from, by the `stages` of a dvc.lock: those of each stage that leads
    to it."""
    left, wanted, found = dict(stages), {paths.METRICS}, {}
    while leading := [name for name, stage in left.items() if _leads(stage, wanted)]:
        deps = [dep for name in leading for dep in left.pop(name).get("deps", ())]
        found |= {dep["path"]: dep["md5"] for dep in deps if dep["path"].endswith(".py")}
        wanted |= {Path(dep["path"]) for dep in deps}
    return dict(sorted(found.items()))


def _leads(stage: Mapping[str, Any], wanted: Iterable[Path]) -> bool:
    """Return whether a stage writes one of the `wanted` paths, something in it, or a folder that it lies in."""
    outs = [Path(out["path"]) for out in stage.get("outs", ())]
    return any(out.is_relative_to(path) or path.is_relative_to(out) for out in outs for path in wanted)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--profile", required=True, help="a name in profiles/ that `fasrepro reproduce` has run")
    parser.add_argument("--copy", type=Path, help="where the profile's copy is, if not .build/<name>")


def run(arguments: argparse.Namespace) -> int:
    """Write results/recorded/<profile>.json."""
    folder = arguments.copy or reproduce.BUILD / arguments.profile
    path = paths.RECORDED / f"{arguments.profile}.json"
    entry = kept(folder, arguments.profile)
    files.write_json(path, entry)
    untimed = f"; no time is known of {entry['untimed_stages']} stages" if entry["untimed_stages"] else ""
    print(f"{path}: world {entry['world']}, ties {entry['spurious_strength']:g}, {entry['hours']:g} hours{untimed}")
    return 0
