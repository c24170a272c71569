"""`fasrepro jobs`: write jobs.yaml, every training with its resolved recipe, from the experiments of params.yaml."""

from __future__ import annotations

import argparse
import dataclasses
import re
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from fasrepro import config, files, names, paths, schema
from fasrepro.captions import sets as caption_sets
from fasrepro.captions import tagged_chains
from fasrepro.config import ConfigError, Experiment, Job, Jobs, Trainset
from fasrepro.data import people_parts, protocols, published_protocols, trainsets
from fasrepro.data.protocols import Protocol
from fasrepro.datasets import DATASETS
from fasrepro.training import captioners, snapshots
from fasrepro.training import recipe as recipes
from fasrepro.training.captioners import Captioner
from fasrepro.training.recipe import Recipe

KEYS = (
    "annotator",
    "archives",
    "captions",
    "parts",
    "training",
    "runs",
    "protocols",
    "tuning",
    "experiments",
    "snapshots",
    "counterfactual",
    "captioners",
    "unseen",
    "fairness",
)
HEADER = "# Written by `fasrepro jobs` from params.yaml. Edit that, not this.\n"
SHORT = 150  # characters of a list or mapping that is written on one line
TUNING = "tuning"  # names the training sets on which learning rates are chosen


def planned(params: types.SimpleNamespace) -> Jobs:
    """Return all that params.yaml's experiments ask to be trained.

    A protocol whose data sets are absent is left out with a notice, and so is an absent target. Where `tuning.protocol` is such
    a protocol, a run that names one learning rate needs no other: it has nothing to choose. Snapshots are then of another job.

    Raises:
        ValueError: for a run, protocol, caption set, recipe or seed that cannot be, and a name that DVC takes for a path.
    """
    caption_sets.check(params.captions)
    people_parts.check(params.parts)
    for name, entry in params.captions.items():
        if entry.faces is not None:
            names.lookup(people_parts.PURPOSES, entry.faces.part, "part", ConfigError, f"params.yaml: captions.{name}.faces")
    for name in params.runs:
        if not re.fullmatch(r"[A-Za-z0-9_]+", name):
            raise ConfigError(f"params.yaml: runs.{name}: a name takes letters, digits and underscores only")
    named = {"tuning.like": params.tuning.like, "unseen": (params.unseen.run, params.unseen.baseline)}
    named["fairness.pairs"] = [name for pair in params.fairness.pairs for name in (pair.run, pair.baseline)]
    for key, runs in named.items():
        for name in runs:
            names.lookup(params.runs, name, "run", ConfigError, f"params.yaml: {key}")
    plan = _Plan(params)
    for name, experiment in params.experiments.items():
        plan.add_experiment(name, experiment)
    plan.add_tunings()
    plan.add_snapshots()
    plan.check_counterfactual()
    return plan.result()


class _Plan:
    """Jobs as they are collected from experiments."""

    def __init__(self, params: types.SimpleNamespace) -> None:
        self.params = params
        self.declared = published_protocols.declared(params.protocols)
        self.sets, absences = caption_sets.without_absent(params.captions, params.parts, params.archives.datasets)
        self.recipes: dict[str, Recipe] = {}
        self.protocols: dict[str, Protocol | None] = {}
        self.trainsets: dict[str, Trainset] = {}
        self.tunings: dict[str, Job] = {}
        self.captioner_jobs = self.captioners()
        self.jobs: dict[str, Job] = {}
        self.snapshot_jobs: dict[str, Job] = {}
        self.notices = {notice: notice for notice in absences}  # by what is skipped: a protocol, or an experiment on one, ...

    def result(self) -> Jobs:
        """Return what was collected, by name."""
        kept = {name: protocols.to_sides(p) for name, p in sorted(self.protocols.items()) if p is not None}
        silver = caption_sets.silver(self.sets)
        from_others = caption_sets.derived(self.sets)
        for name, entry in silver.items():
            where = f"params.yaml: captions.{name}.captioner"
            names.lookup(self.captioner_jobs, entry.captioner, "caption model with seeds", ConfigError, where)
        return Jobs(
            written=[name for name in caption_sets.written(self.sets) if name not in silver],
            silver=silver,
            derived={name: entry.of for name, entry in from_others.items() if entry.derived},
            joined={name: entry.joined for name, entry in from_others.items() if entry.joined},
            splits=kept,
            captioned=self.captioned({dataset for sides in kept.values() for dataset in sides.train}),
            trainsets=dict(sorted(self.trainsets.items())),
            tunings=dict(sorted(self.tunings.items())),
            jobs=dict(sorted(self.jobs.items())),
            read_out_jobs=self.read_out_jobs(),
            two_stage_jobs=[name for name, job in sorted(self.jobs.items()) if len(self.recipe(job.run).phases) > 1],
            snapshot_jobs=self.snapshot_jobs,
            sft_jobs={name: job for name, job in self.captioner_jobs.items() if job.reinforcement is None},
            grpo_jobs={name: job for name, job in self.captioner_jobs.items() if job.reinforcement is not None},
            captioner_names=list(self.captioner_jobs),
            caption_detectors=self.caption_detectors(kept),
            skipped=list(self.notices.values()),
        )

    def read_out_jobs(self) -> dict[str, tagged_chains.TaggedChains]:
        """Return the jobs whose verdict can be read in two places: as the answer, and where a chain in tags concludes."""
        chains = {}
        for name, job in sorted(self.jobs.items()):
            recipe = self.recipe(job.run)
            concluded = tagged_chains.conclusion_yes(self.sets, recipe.captions)
            writes = any("caption" in phase.losses for phase in recipe.phases)
            if writes and concluded is not None and recipe.score_by == "answer":
                chains[name] = tagged_chains.TaggedChains(job.protocol, str(concluded))
        return chains

    def caption_detectors(self, kept: Mapping[str, protocols.Sides]) -> dict[str, tagged_chains.TaggedChains]:
        """Return the caption models that can be tested as detectors: where a protocol trains on the data sets cut into parts."""
        sources = {name for name in self.params.parts if name in self.params.archives.datasets}
        protocol = next((name for name, sides in kept.items() if set(sides.train) == sources), None)
        if protocol is None:
            return {}
        return {name: tagged_chains.TaggedChains(protocol, job.conclusion_yes) for name, job in self.captioner_jobs.items()}

    def captioners(self) -> dict[str, Captioner]:
        """Return the caption models that have seeds, by name."""
        sets = caption_sets.written(self.params.captions)
        meanings = {name: entry.written_style.conclusion_yes for name, entry in sets.items()}
        resolved = captioners.resolve(self.params.captioners, self.params.training, meanings)
        for name, captioner in resolved.items():
            if captioner.gold not in self.sets:
                raise ConfigError(
                    f"params.yaml: captioners: {name} learns the caption set {captioner.gold}, whose data sets are absent: add"
                    " them to archives.datasets, or take its seeds away"
                )
        return resolved

    def captioned(self, sources: set[str]) -> list[str]:
        """Return the data sets that are captioned: by a real annotator, which is paid, those that a protocol trains on.

        The simulated one captions all that params.yaml names, so that pages compare its captions on the same faces in every
        profile. The data sets that are cut into parts come after those.
        """
        annotator = self.params.annotator
        cut = [name for name in self.params.parts if name in self.params.archives.datasets and name not in annotator.datasets]
        return [name for name in (*annotator.datasets, *cut) if annotator.is_simulated or name in sources]

    def protocol(self, name: str) -> Protocol | None:
        """Return what of a protocol can be run; None for one that cannot."""
        if name not in self.protocols:
            whole = protocols.resolve(name, self.declared)
            parts = {source: self.params.parts[source] for source in whole.train if source in self.params.parts}
            whole = dataclasses.replace(whole, parts=parts)
            self.protocols[name], notice = protocols.without_absent(whole, self.params.archives.datasets)
            if notice:
                self.notices[name] = notice
        return self.protocols[name]

    def recipe(self, run: str) -> Recipe:
        """Return a run's recipe, whose caption sets exist."""
        if run not in self.recipes:
            recipe = config.resolved_recipe(self.params.training, self.params.runs, run)
            if recipe.score_by == "head" and not recipes.has_head(recipe):
                raise ConfigError(
                    f"params.yaml: runs.{run}: no phase trains the head that score_by reads: add it, or score by answer"
                )
            for name in recipe.captions:
                names.lookup(self.params.captions, name, "caption set", ConfigError, f"params.yaml: runs.{run}: captions")
            caption_sets.check_mix(self.params.captions, recipe.captions, f"params.yaml: runs.{run}: captions")
            self.recipes[run] = recipe
        return self.recipes[run]

    def tuned(self, run: str) -> str:
        """Return the run whose learning rate `run` takes."""
        lender = self.params.tuning.like.get(run, run)
        if lender in self.params.tuning.like:
            raise ConfigError(f"params.yaml: tuning.like: {run} takes the rate of {lender}, which chooses none itself")
        return lender

    def trainset(self, experiment: str, protocol: str, run: str, compared: list[str]) -> str:
        """Add the training set of a run, unless there is an equal one, and return its name."""
        captions = dict(sorted(self.recipe(run).captions.items()))
        absent = [name for name in (*captions, *compared) if name not in self.sets]
        if absent:
            raise ConfigError(
                f"params.yaml: {experiment}: {run} on {protocol} needs the caption set {absent[0]}, which has no faces here: add"
                " its data sets to archives.datasets, or leave the run out"
            )
        wanted = Trainset(protocol, captions, compared)
        for name, known in self.trainsets.items():
            if known == wanted:
                return name
        name = f"{protocol}-{experiment}-{trainsets.mix_name(captions)}"
        self.trainsets[name] = wanted
        return name

    def add_experiment(self, name: str, experiment: Experiment) -> None:
        """Add a job for each run, protocol and seed of an experiment."""
        if not experiment.seeds:
            raise ConfigError(f"params.yaml: experiments.{name}: no seeds")
        compared = config.compared_sets(experiment, self.params.training, self.params.runs)
        for protocol_name in experiment.protocols:
            protocol = self.protocol(protocol_name)
            if protocol is None:
                continue
            targets = self.targets(name, experiment, protocol)
            if not targets:
                notice = f"experiment {name} is skipped on {protocol_name}: its targets are absent"
                self.notices[f"{name} on {protocol_name}"] = notice
                continue
            for run in experiment.runs:
                trainset = self.trainset(name, protocol_name, run, compared)
                for seed in experiment.seeds:
                    self.add_job(name, protocol_name, run, seed, targets, trainset)

    def targets(self, name: str, experiment: Experiment, protocol: Protocol) -> list[str]:
        """Return the targets that an experiment tests on a protocol; none if all that it names are absent.

        Raises:
            ConfigError: where the experiment names no target of the protocol, present or absent.
        """
        where = f"params.yaml: experiments.{name}: test"
        for target in experiment.test:
            names.lookup(DATASETS, target, "data set", ConfigError, where)
        if not experiment.test:
            return list(protocol.test)
        declared = protocols.resolve(protocol.name, self.declared).test
        if not set(experiment.test) & set(declared):
            raise ConfigError(f"{where}: {protocol.name} is tested on {', '.join(declared)}: name one of them")
        return [target for target in protocol.test if target in experiment.test]

    def add_job(self, experiment: str, protocol: str, run: str, seed: int, targets: list[str], trainset: str) -> None:
        """Add a job; one that is there already is tested on the targets of both."""
        recipe = schema.plain(self.recipe(run))
        recipe.pop("captions", None)  # the training set's
        del recipe["learning_rates"]  # the stage tune's choice
        job = Job(protocol, run, seed, targets, trainset, self.tuned(run), recipe)
        known = self.jobs.get(job.name)
        if known is not None:
            if known.trainset != trainset:
                raise ConfigError(
                    f"params.yaml: experiments.{experiment}: {run} on {protocol} is also trained by another experiment, on faces"
                    f" with captions of {self.trainsets[known.trainset].compared} instead of {self.trainsets[trainset].compared}:"
                    " give both experiments the same `compared`"
                )
            job = dataclasses.replace(job, test=[*known.test, *(target for target in targets if target not in known.test)])
        self.jobs[job.name] = job

    def add_tunings(self) -> None:
        """Add the choice of a learning rate for each run that makes one."""
        runs = sorted({job.tuned for job in self.jobs.values()})
        protocol = self.protocol(self.params.tuning.protocol) if runs else None
        compared = sorted({name for run in runs for name in self.recipe(run).captions})
        for run in runs:
            recipe = schema.plain(self.recipe(run))
            recipe.pop("captions", None)
            if protocol is None:
                job = self.job_at_the_only_rate(run)
                self.tunings[run] = dataclasses.replace(job, run=run, seed=self.params.tuning.seed, tuned=run, recipe=recipe)
            else:
                trainset = self.trainset(TUNING, protocol.name, run, compared)
                test = list(protocol.test)
                self.tunings[run] = Job(protocol.name, run, self.params.tuning.seed, test, trainset, run, recipe)

    def job_at_the_only_rate(self, run: str) -> Job:
        """Return a job at the one learning rate of a run, whose protocol stands in where `tuning.protocol` cannot be run.

        Raises:
            ConfigError: where the run has several rates. The dev people on which it would choose can be a target's test people,
                so that people must name the protocol.
        """
        if len(self.recipe(run).learning_rates) > 1:
            absent = self.notices[self.params.tuning.protocol]
            possible = ", ".join(sorted({job.protocol for job in self.jobs.values()}))
            raise ConfigError(
                f"params.yaml: tuning.protocol: {absent}; name another, such as {possible}, or one rate in"
                f" runs.{run}.learning_rates"
            )
        return min((job for job in self.jobs.values() if job.tuned == run), key=lambda job: job.name)

    def absence(self, protocol: str) -> str:
        """Return the notice why nothing is trained on a protocol; "" where something is, or no experiment asks for it."""
        if any(job.protocol == protocol for job in self.jobs.values()):
            return ""
        if self.protocol(protocol) is None:
            return self.notices[protocol]
        return next((notice for skipped, notice in self.notices.items() if skipped.endswith(f" on {protocol}")), "")

    def add_snapshots(self) -> None:
        """Add the job that is scored on its way: one of the jobs, because its last scores are compared with them.

        Where nothing is trained on its protocol because data sets are absent, it is the job most like it.
        """
        wanted = self.params.snapshots
        absence = self.absence(wanted.protocol)
        if absence and not self.jobs:
            return
        if absence:
            job = min(self.jobs.values(), key=lambda job: (job.run != wanted.run, job.seed != wanted.seed, job.name))
            self.notices["snapshots"] = f"snapshots are of {job.name}: {absence}"
        else:
            name = f"{wanted.protocol}-{wanted.run}-{wanted.seed}"
            job = names.lookup(self.jobs, name, "job", ConfigError, "params.yaml: snapshots")
        snapshots.steps(recipes.steps(self.recipe(job.run)), wanted.count)  # raises for a count that cannot be
        self.snapshot_jobs[job.name] = job

    def check_counterfactual(self) -> None:
        """Note the protocols on which no cue can be taken out, because data sets are absent.

        Raises:
            ConfigError: where a cue is to be taken out for models that no job trains.
        """
        wanted = self.params.counterfactual
        trained = {f"{job.protocol}-{job.run}": job for job in self.jobs.values()}
        for protocol in wanted.protocols:
            absence = self.absence(protocol)
            if absence:
                self.notices[f"counterfactual on {protocol}"] = f"no cue is taken out on {protocol}: {absence}"
                continue
            for run in wanted.runs:
                names.lookup(trained, f"{protocol}-{run}", "protocol and run", ConfigError, "params.yaml: counterfactual")
        if wanted.faces < 1:
            raise ConfigError("params.yaml: counterfactual.faces must be at least 1; for none, empty counterfactual.protocols")


def text(path: Path = paths.PARAMS) -> str:
    """Return what jobs.yaml must hold for the params in `path`."""
    return HEADER + yaml.dump(schema.plain(planned(config.load(*KEYS, path=path))), Dumper=_Dumper, sort_keys=False, width=200)


class _Dumper(yaml.SafeDumper):
    """YAML without anchors, in which a list or mapping that fits on a line stands on one."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_list(dumper: yaml.SafeDumper, values: list[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=len(str(values)) <= SHORT)


def _represent_mapping(dumper: yaml.SafeDumper, values: dict[str, Any]) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", values, flow_style=len(str(values)) <= SHORT)


_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(dict, _represent_mapping)


def is_stale() -> bool:
    """Return whether jobs.yaml differs from what params.yaml asks for."""
    return not paths.JOBS.is_file() or paths.JOBS.read_text(encoding="utf-8") != text()


def notices() -> list[str]:
    """Return what params.yaml asks for and the data sets at hand do not allow."""
    return config.read_jobs().skipped if paths.JOBS.is_file() else []


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if jobs.yaml is stale")


def run(arguments: argparse.Namespace) -> int:
    """Write jobs.yaml, or with `--check` report whether it is stale."""
    if arguments.check:
        stale = is_stale()
        if stale:
            print(f"{paths.JOBS} is stale: run `fasrepro jobs`")
        return int(stale)
    files.write_text(paths.JOBS, text())
    print(f"{paths.JOBS}: {len(config.load_jobs())} jobs")
    for notice in notices():
        print(notice)
    return 0
