"""What of params.yaml can run with the data sets at hand: protocols, experiments, and whose test people become dev."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Collection, Iterator, Mapping

from fasrepro.commands import jobs
from fasrepro.config import Experiment, Jobs
from fasrepro.data import protocols, published_protocols
from fasrepro.data.protocols import Protocol
from fasrepro.datasets import TITLES


def report(params: types.SimpleNamespace, has_dev: Mapping[str, bool]) -> Iterator[str]:
    """Yield a line for each experiment, for all that is skipped, and for each data set whose test people become dev.

    Args:
        params: the sections `jobs.KEYS` of params.yaml.
        has_dev: the data sets at hand, and whether each has a dev split of its own.
    """
    formats = {name: form for name, form in params.archives.formats.items() if name in has_dev}
    declared = published_protocols.declared(params.protocols)
    at_hand = dataclasses.replace(params.archives, datasets={name: {} for name in has_dev}, formats=formats)
    try:
        for name, experiment in params.experiments.items():
            resolved = [protocols.resolve(protocol, declared) for protocol in experiment.protocols]
            yield _experiment(name, {protocol.name: lacking(experiment, protocol, has_dev) for protocol in resolved})
        plan = jobs.planned(types.SimpleNamespace(**vars(params) | {"archives": at_hand}))
    except ValueError as error:
        yield f"`fasrepro jobs` refuses this: {error}"
        return
    yield from plan.skipped
    yield from _changed_roles(plan, has_dev)
    yield from _for_tuning_alone(plan)


def lacking(experiment: Experiment, protocol: Protocol, present: Collection[str]) -> list[str]:
    """Return the data sets whose absence keeps an experiment from a protocol: sources, and targets if all are absent."""
    targets = [dataset for dataset in protocol.test if dataset in experiment.test or not experiment.test]
    needed = [*protocol.train, *([] if any(dataset in present for dataset in targets) else targets)]
    return [dataset for dataset in needed if dataset not in present]


def _experiment(name: str, lacks: Mapping[str, list[str]]) -> str:
    """Return the line on an experiment; `lacks`: the data sets that each of its protocols lacks."""
    runs_on = [protocol for protocol, absent in lacks.items() if not absent]
    faults = [f"{protocol} lacks {', '.join(TITLES[name] for name in absent)}" for protocol, absent in lacks.items() if absent]
    if not faults:
        return f"experiment {name} can run"
    if not runs_on:
        return f"experiment {name} cannot run: {'; '.join(faults)}"
    return f"experiment {name} can run on {', '.join(runs_on)} alone: {'; '.join(faults)}"


def _changed_roles(plan: Jobs, has_dev: Mapping[str, bool]) -> Iterator[str]:
    """Yield the sources without a dev split: see `partition.split_columns`."""
    for dataset, own_dev in has_dev.items():
        sources_of = [name for name, sides in plan.splits.items() if dataset in sides.train and dataset not in sides.parts]
        if sources_of and not own_dev:
            yield f"{TITLES[dataset]} has no dev split: its test people choose thresholds in {', '.join(sources_of)}"


def _for_tuning_alone(plan: Jobs) -> Iterator[str]:
    """Yield the data sets that are captioned for `tuning.protocol`, though no run has learning rates to choose from."""
    if any(len(job.recipe["learning_rates"]) > 1 for job in plan.tunings.values()):
        return
    trained_on = {dataset for job in plan.jobs.values() for dataset in plan.splits[job.protocol].train}
    for protocol in sorted({job.protocol for job in plan.tunings.values()}):
        others = [TITLES[dataset] for dataset in plan.splits[protocol].train if dataset not in trained_on]
        if others:
            yield (
                f"{', '.join(others)} would be captioned for tuning.protocol {protocol} alone, which has no learning rate to"
                " choose: name a protocol of the experiments there"
            )
