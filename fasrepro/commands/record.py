"""`fasrepro record`: keep the figures of a profile's run in results/recorded, under version control."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fasrepro import __version__, config, files, hashing, paths, schema
from fasrepro.commands import reproduce
from fasrepro.evaluation import results
from fasrepro.evaluation.results.metrics import Difference
from fasrepro.report import claims, recorded


def kept(folder: Path, profile: str) -> recorded.RecordedFile:
    """Return what is kept of the run in `folder`: the means of every cell, and every difference that a claim or a notebook needs.

    Raises:
        ValueError: if it holds no metrics, or its world is not synthetic.
    """
    metrics = results.read(folder / paths.METRICS, results.Metrics)
    params = config.load("synthetic", "archives", path=folder / paths.PARAMS)
    if params.archives.source != "synthetic":
        raise ValueError(f"{folder / paths.PARAMS}: archives.source is not 'synthetic': only synthetic worlds are recorded")
    stages = config.read_yaml(folder / "dvc.lock")["stages"]
    times = {stage: taken for stage, taken in files.read_json(folder / reproduce.TIMES).items() if stage in stages}
    return recorded.RecordedFile(
        profile=profile,
        version=__version__,
        world=params.synthetic.world,
        spurious_strength=params.synthetic.spurious_strength,
        hours=round(sum(times.values()) / 3600, 3),
        untimed_stages=len(stages.keys() - times.keys()),
        sections_sha256=recorded.sections(config.read_yaml(folder / paths.PARAMS)),
        code_md5=modules(stages),
        versions=hashing.versions(),
        metrics=claimed(metrics),
    )


def claimed(metrics: results.Metrics) -> results.Metrics:
    """Return the metrics without single seeds and tests, and of the differences those that a claim or a notebook needs."""
    measures = {(claim.metric or metrics.settings.ledger.metric, claim.level) for claim in claims.CLAIMS}
    measures |= {further for claim in claims.CLAIMS for further in claim.also} | {("auc", "video")}

    def is_kept(row: Difference) -> bool:
        return (row.metric, row.level) in measures and row.channel in (results.HEAD, recorded.READER)

    return dataclasses.replace(
        metrics,
        cells={name: dataclasses.replace(cell, by_seed={}) for name, cell in metrics.cells.items()},
        paired=[row for row in metrics.paired if is_kept(row)],
        means=[row for row in metrics.means if is_kept(row)],
        pairwise_tests=[],
        tuning={},
    )


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
    files.write_json(path, schema.plain(entry))
    untimed = f"; the time of {entry.untimed_stages} stages is not known" if entry.untimed_stages else ""
    print(f"{path}: world {entry.world}, ties {entry.spurious_strength:g}, {entry.hours:g} hours{untimed}")
    return 0
