"""`fasrepro record`: keep the figures of a profile's run in results/recorded, under version control."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from fasrepro import __version__, config, files, hashing, paths, schema
from fasrepro.commands import reproduce, side_by_side
from fasrepro.evaluation import results
from fasrepro.evaluation.aggregate import LEVELS
from fasrepro.evaluation.results import Metrics
from fasrepro.evaluation.results.metrics import CellMetrics, ReaderMetrics, SeedMetrics
from fasrepro.report import claims, recorded


def record(folder: Path, profile: str) -> recorded.Run:
    """Return what is kept of the run in `folder`, and where it came from.

    Raises `ValueError` where it holds no metrics, no time of a stage, or is not of a synthetic world.
    """
    metrics = results.read(folder / paths.METRICS, Metrics)
    params = config.load("synthetic", "archives", path=folder / paths.PARAMS)
    if params.archives.source != "synthetic":
        raise ValueError(f"{folder / paths.PARAMS}: archives.source is not 'synthetic': only synthetic worlds are recorded")
    stages = config.read_yaml(folder / "dvc.lock")["stages"]
    times = {stage: taken for stage, taken in side_by_side.times(folder).items() if stage in stages}
    return recorded.Run(
        profile=profile,
        version=__version__,
        world=params.synthetic.world,
        spurious_strength=params.synthetic.spurious_strength,
        hours=round(sum(times.values()) / 3600, 3),
        untimed_stages=len(stages.keys() - times.keys()),
        sections_sha256=recorded.sections(config.read_yaml(folder / paths.PARAMS)),
        code_md5=code_of_metrics(stages, folder),
        versions=hashing.versions(),
        metrics=kept(metrics),
        outputs_md5=recorded.outputs_md5(folder),
    )


def kept(metrics: Metrics) -> Metrics:
    """Return every cell's figures, those by seed without what a claim does not name, and every difference that one may name."""
    measures = {(claim.metric or metrics.settings.ledger.metric, claim.level) for claim in claims.CLAIMS}
    measures |= {measure for claim in claims.CLAIMS for measure in claim.also} | {("auc", "video")}
    channels = {results.HEAD, recorded.READER}
    return Metrics(
        cells={name: dataclasses.replace(cell, by_seed=_by_seed(cell, measures)) for name, cell in metrics.cells.items()},
        paired=[row for row in metrics.paired if (row.metric, row.level) in measures and row.channel in channels],
        means=[row for row in metrics.means if (row.metric, row.level) in measures and row.channel in channels],
        settings=metrics.settings,
    )


def _by_seed(cell: CellMetrics, measures: Collection[tuple[str, str]]) -> dict[int, SeedMetrics]:
    """Return a cell's figures by seed, of the `measures` (metric, level) and the readers that are recorded."""

    def levels(entry: Any) -> dict[str, Any]:
        kept = {}
        for level in LEVELS:
            one = getattr(entry, level)
            figures = {name: figure for name, figure in one.figures.items() if (name, level) in measures}
            kept[level] = dataclasses.replace(one, figures=figures, apcer={})
        return kept

    by_seed = {}
    for seed, entry in cell.by_seed.items():
        readers = {name: ReaderMetrics(**levels(reader)) for name, reader in entry.readers.items() if name == recorded.READER}
        by_seed[seed] = dataclasses.replace(entry, readers=readers, **levels(entry))
    return by_seed


def code_of_metrics(stages: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Return the MD5 of every module that metrics.json came from: those of each stage that leads to it.

    Args:
        stages: of a dvc.lock, which lists modules and folders of modules.
        folder: of the run, whose modules are read.
    """
    left, wanted = dict(stages), {paths.METRICS}
    modules: set[Path] = set()
    while leading := [name for name, stage in left.items() if _leads(stage, wanted)]:
        deps = [Path(dep["path"]) for name in leading for dep in left.pop(name).get("deps", ())]
        wanted |= set(deps)
        for dep in deps:
            if dep.suffix == ".py":
                modules.add(dep)
            elif dep.is_relative_to("fasrepro"):
                modules |= {path.relative_to(folder) for path in (folder / dep).rglob("*.py")}
    return {str(path): recorded.md5(folder / path) for path in sorted(modules)}


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
    entry = record(folder, arguments.profile)
    files.write_json(path, schema.plain(entry))
    untimed = f"; no time is known of {entry.untimed_stages} stages" if entry.untimed_stages else ""
    print(f"{path}: world {entry.world}, ties {entry.spurious_strength:g}, {entry.hours:g} hours{untimed}")
    return 0
