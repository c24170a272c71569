"""`fasrepro record`: keep the figures of a profile's run in results/recorded, under version control."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fasrepro import __version__, config, files, hashing, paths
from fasrepro.commands import reproduce, side_by_side
from fasrepro.evaluation import results
from fasrepro.evaluation.aggregate import LEVELS
from fasrepro.evaluation.results import Metrics
from fasrepro.evaluation.results.metrics import CellMetrics, Difference, SeedMetrics, TuningReport
from fasrepro.report import claims, differences, recorded


def record(folder: Path, profile: str) -> recorded.Run:
    """Return what is kept of the run in `folder`, and where it came from.

    Raises `ValueError` where it holds no metrics, no time of a stage, or is not of a synthetic world.
    """
    metrics = results.read(folder / paths.METRICS, Metrics)
    params = config.load("synthetic", "archives", "training", "runs", "experiments", path=folder / paths.PARAMS)
    if params.archives.source != "synthetic":
        raise ValueError(f"{folder / paths.PARAMS}: archives.source is not 'synthetic': only synthetic worlds are recorded")
    stages = config.read_yaml(folder / "dvc.lock")["stages"]
    figures = {name: _read(folder / paths.RESULTS / f"{name}.json", kind) for name, kind in recorded.ANALYSES.items()}
    times = {stage: taken for stage, taken in side_by_side.times(folder).items() if stage in stages}
    return recorded.Run(
        profile=profile,
        version=__version__,
        world=params.synthetic.world,
        spurious_strength=params.synthetic.spurious_strength,
        hours=round(sum(times.values()) / 3600, 3),
        untimed_stages=len(stages.keys() - times.keys()),
        sections_sha256=recorded.sections(pinned(config.read_yaml(folder / paths.PARAMS), params, metrics.tuning)),
        code_md5=code_of_metrics(stages, folder),
        versions=hashing.versions(),
        outputs_md5=recorded.outputs_md5(folder),
        experiments=params.experiments,
        **{**figures, "metrics": kept(metrics)},
    )


def _read(path: Path, kind: type[Any]) -> Any:
    """Return a file of figures; None where the run has none."""
    return results.read(path, kind) if path.is_file() else None


def pinned(content: Mapping[str, Any], params: SimpleNamespace, tuning: Mapping[str, TuningReport]) -> dict[str, Any]:
    """Return the contents of a params.yaml in which each run that chose its learning rate names the chosen one.

    So a study that chose its rates has the params of a profile whose runs name the same rates.

    Args:
        content: of the params.yaml.
        params: its sections `training` and `runs`.
        tuning: the choices, by run.
    """
    runs = dict(content["runs"])
    for run, report in tuning.items():
        if len(config.resolved_recipe(params.training, params.runs, run).learning_rates) > 1:
            runs[run] = {**runs[run], "learning_rates": [report.chosen]}
    return {**content, "runs": runs}


def kept(metrics: Metrics) -> Metrics:
    """Return what pages, claims and notebooks read: the rest grows as the square of the runs.

    - Every cell's means; its figures by seed without what no claim names.
    - The head's differences by video of every pair of runs; readers' differences and tests of the pairs that a claim compares.
    """
    by_claim = {(claim.metric or metrics.settings.ledger.metric, claim.level) for claim in claims.CLAIMS}
    by_claim |= {measure for claim in claims.CLAIMS for measure in claim.also} | {("auc", "video")}
    shown = {(metric, "video") for metric in differences.SHOWN}
    compared = {frozenset((claim.run, claim.baseline)) for claim in claims.CLAIMS}

    def is_kept(row: Difference) -> bool:
        if row.channel == results.HEAD:
            return (row.metric, row.level) in by_claim | shown
        return (row.metric, row.level) in by_claim and frozenset((row.run, row.baseline)) in compared

    return Metrics(
        cells={name: dataclasses.replace(cell, by_seed=_by_seed(cell, by_claim)) for name, cell in metrics.cells.items()},
        paired=[row for row in metrics.paired if is_kept(row)],
        means=[row for row in metrics.means if is_kept(row)],
        settings=metrics.settings,
        pairwise_tests=[row for row in metrics.pairwise_tests if frozenset((row.run, row.baseline)) in compared],
        tuning=metrics.tuning,
    )


def _by_seed(cell: CellMetrics, measures: Collection[tuple[str, str]]) -> dict[int, SeedMetrics]:
    """Return a cell's figures by seed, of the `measures` (metric, level) and the readers that are recorded."""

    def levels(entry: Any) -> dict[str, Any]:
        kept = {}
        for level in LEVELS:
            one = getattr(entry, level)
            if one is None:  # still images have no figures by video
                continue
            figures = {name: figure for name, figure in one.figures.items() if (name, level) in measures}
            kept[level] = dataclasses.replace(one, figures=figures, apcer={})
        return kept

    by_seed = {}
    for seed, entry in cell.by_seed.items():
        readers = {
            name: dataclasses.replace(reader, **levels(reader))
            for name, reader in entry.readers.items()
            if name == recorded.READER
        }
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
    """Write the folder results/recorded/<profile>/."""
    path = paths.RECORDED / arguments.profile
    entry = record(arguments.copy or reproduce.BUILD / arguments.profile, arguments.profile)
    with files.replaced_folder(path, paths.WORK / "record") as folder:
        recorded.write(entry, folder)
    path.with_suffix(".json").unlink(missing_ok=True)  # of version 0.1.0
    untimed = f"; no time is known of {entry.untimed_stages} stages" if entry.untimed_stages else ""
    print(f"{path}: world {entry.world}, ties {entry.spurious_strength:g}, {entry.hours:g} hours{untimed}")
    return 0
