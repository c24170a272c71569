"""`fasrepro jobs`: write jobs.yaml from the experiments, runs and seeds of params.yaml."""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from fasrepro import config, files, names, paths
from fasrepro.captions.controls import control_of
from fasrepro.captions.styles import style_of
from fasrepro.data import protocols, trainsets

KEYS = ("experiments", "runs", "training", "tuning", "trace", "counterfactual", "styles", "controls")
HEADER = "# Written by `fasrepro jobs` from params.yaml. Edit that, not this.\n"


def jobs_of(
    experiments: dict[str, config.Experiment],
    runs: dict[str, dict[str, Any]],
    training: config.Training,
    tuning: config.Tuning,
    captioned: list[str],
) -> dict[str, Any]:
    """Return the content of jobs.yaml: each run on each protocol once, with the union of the seeds asked for.

    `captioned` are the styles and controls that there are captions of. Raises a `ValueError` for a run, protocol, style or mix
    that cannot be, and for names that DVC would take for paths.
    """
    jobs: dict[str, dict[str, Any]] = {}
    sets: dict[str, dict[str, Any]] = {}
    tunings: dict[str, dict[str, Any]] = {}
    for run in tuning.like:
        if run not in runs:
            raise config.ConfigError(f"params.yaml: tuning.like: {names.unknown(run, runs, 'run')}")
    elsewhere: dict[str, tuple[str, str]] = {}  # a test on another target -> its protocol, and the job whose models are tested

    def trainset(protocol: str, run: str) -> str:
        """Note that the run's trainset is wanted, and return its name."""
        captions = _recipe(training, runs, run, captioned).captions
        name = f"{protocol}-{trainsets.mix_name(captions)}"
        shares = [f"{style}={share}" for style, share in sorted(captions.items())]
        sets[name] = {"name": name, "protocol": protocol, "captions": shares}
        return name

    for name, experiment in experiments.items():
        for run in experiment.runs:
            tuned = _tuned(tuning, runs, run)
            for protocol in experiment.protocols:
                protocols.protocol(protocol)
                if not experiment.seeds:
                    raise config.ConfigError(f"params.yaml: experiments.{name}: no seeds")
                job = jobs.setdefault(f"{protocol}-{run}", {"protocol": protocol, "run": run, "seeds": []})
                job["seeds"] = sorted({*job["seeds"], *experiment.seeds})
                job |= {"trainset": trainset(protocol, run), "tuned": tuned}
                for letter in experiment.transfer:
                    place = protocols.protocol(f"{protocol.partition('_')[0]}_{letter}").name
                    elsewhere.setdefault(f"{place}-{run}", (place, f"{protocol}-{run}"))
            place = protocols.protocol(tuning.protocol).name
            chosen = {"protocol": place, "run": tuned, "seeds": [tuning.seed]}
            tunings[tuned] = chosen | {"trainset": trainset(place, tuned), "tuned": tuned}
    transfers = {
        name: {**jobs[trained], "protocol": place, "seeds": list(jobs[trained]["seeds"]), "checkpoint": trained}
        for name, (place, trained) in elsewhere.items()
        if name not in jobs
    }
    parts = {"jobs": jobs, "trainsets": sets, "transfers": transfers, "tunings": tunings}
    return {part: dict(sorted(found.items())) for part, found in parts.items()}


def _recipe(training: config.Training, runs: dict[str, dict[str, Any]], run: str, captioned: list[str]) -> config.Training:
    """Return a run's recipe. Raises a `ValueError` for a name or a mix that cannot be, and a style without captions."""
    recipe = config.recipe(training, runs, run)
    if not re.fullmatch(r"[A-Za-z0-9_]+", run):
        raise config.ConfigError(f"params.yaml: runs.{run}: a name takes letters, digits and underscores only")
    trainsets.check_shares(recipe.captions)
    for style in recipe.captions:
        if style not in captioned:
            raise config.ConfigError(f"params.yaml: runs.{run}: captions: {names.unknown(style, captioned, 'style')}")
    if not recipe.learning_rates or any(rate <= 0 for rate in recipe.learning_rates):
        raise config.ConfigError(f"params.yaml: runs.{run}: learning_rates must hold at least one, all above 0")
    return recipe


def _tuned(tuning: config.Tuning, runs: dict[str, dict[str, Any]], run: str) -> str:
    """Return the run whose learning rate `run` takes. Raises `ConfigError` where `tuning.like` names none that chooses one."""
    chosen = tuning.like.get(run, run)
    if chosen in tuning.like:
        raise config.ConfigError(f"params.yaml: tuning.like: {run} takes the rate of {chosen}, which chooses none itself")
    return chosen


def traced(trace: config.Trace, jobs: dict[str, dict[str, Any]], recipe: config.Training) -> dict[str, Any]:
    """Return the job that is looked at on its way, with its one seed; `recipe` is its run's.

    Raises `ConfigError` where there is no such job, since its last look is compared with it, or not as many steps as looks.
    """
    name = f"{trace.protocol}-{trace.run}"
    if name not in jobs:
        raise config.ConfigError(f"params.yaml: trace: {names.unknown(name, jobs, 'job')}; name a run and protocol of one")
    if trace.seed not in jobs[name]["seeds"]:
        raise config.ConfigError(f"params.yaml: trace.seed: {name} has seeds {jobs[name]['seeds']}, not {trace.seed}; name one")
    if not 1 <= trace.looks <= recipe.steps:
        raise config.ConfigError(
            f"params.yaml: trace.looks: {trace.looks} looks at {recipe.steps} steps; give 1 to {recipe.steps}"
        )
    return jobs[name] | {"seeds": [trace.seed]}


def text(path: Path = paths.PARAMS) -> str:
    """Return what jobs.yaml must hold for the params in `path`."""
    params = config.load(*KEYS, path=path)
    for style in params.styles:
        style_of(style)  # raises for one that is not there
    for name in params.controls:
        if (source := control_of(name).source) not in params.styles:
            raise config.ConfigError(f"{path}: controls: {name} is made of style {source!r}: add that to styles")
    captioned = [*params.styles, *params.controls]
    made = jobs_of(params.experiments, params.runs, params.training, params.tuning, captioned)
    made["traced"] = traced(params.trace, made["jobs"], config.recipe(params.training, params.runs, params.trace.run))
    check_counterfactual(params.counterfactual, [*made["jobs"], *made["transfers"]])
    return HEADER + yaml.safe_dump(made, sort_keys=False)


def check_counterfactual(asked: config.Counterfactual, jobs: Collection[str]) -> None:
    """Raise `ConfigError` where a cue is to be taken out for models that no job trains or tests; `jobs` are the names of all."""
    missing = [f"{protocol}-{run}" for protocol in asked.protocols for run in asked.runs if f"{protocol}-{run}" not in jobs]
    if missing:
        where = f"params.yaml: counterfactual: {names.unknown(missing[0], jobs, 'job')}"
        raise config.ConfigError(f"{where}. Name its run and protocol in an experiment, or take them out")
    if asked.faces < 1:
        raise config.ConfigError("params.yaml: counterfactual.faces must be at least 1; for none, empty counterfactual.protocols")


def is_stale() -> bool:
    """Return whether jobs.yaml is other than what params.yaml asks for."""
    return not paths.JOBS.is_file() or paths.JOBS.read_text(encoding="utf-8") != text()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if jobs.yaml is stale")


def run(arguments: argparse.Namespace) -> int:
    """Write jobs.yaml, or with `--check` say whether it is stale."""
    if arguments.check:
        stale = is_stale()
        if stale:
            print(f"{paths.JOBS} is stale: run `fasrepro jobs`")
        return int(stale)
    files.write_text(paths.JOBS, text())
    jobs = config.load_jobs()
    trained = [job for job in jobs.values() if not job.checkpoint]
    models = sum(len(job.seeds) for job in trained)
    print(f"{paths.JOBS}: {len(trained)} jobs, {models} models to train; {len(jobs) - len(trained)} tests elsewhere")
    return 0
