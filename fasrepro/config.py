"""params.yaml and jobs.yaml read into frozen dataclasses: those that the packages declare, and the few that only stages need.

Apart from data files that lie beside their reader, this is the only module that reads YAML. A stage calls `load` with the keys
that dvc.yaml lists for it, and gets those alone: it cannot read what it did not name.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from fasrepro import datasets, names, paths, schema
from fasrepro.captions.sets import CaptionSet, Silver
from fasrepro.captions.tagged_chains import TaggedChains
from fasrepro.data import protocols
from fasrepro.data.archive_settings import Archives
from fasrepro.data.protocols import Protocol, Sides
from fasrepro.data.settings import IndexSettings
from fasrepro.evaluation import results
from fasrepro.evaluation.results.audit import AuditBounds
from fasrepro.evaluation.results.caption_models import CaptionModelSettings
from fasrepro.foundation.settings import FoundationSettings
from fasrepro.training import recipe as recipes
from fasrepro.training.captioners import Captioner
from fasrepro.training.recipe import Recipe


class ConfigError(ValueError):
    """A key or value of params.yaml or jobs.yaml that cannot be; the message names the file, the key and its neighbours."""


@dataclasses.dataclass(frozen=True)
class Synthetic:
    """What the synthetic world is drawn from. `frames`: a video; `width`, `height`: of a frame, in pixels."""

    seed: int
    world: str
    spurious_strength: float
    people: str
    frames: int
    frame_rate: int
    width: int
    height: int
    look_alike_rate: float


@dataclasses.dataclass(frozen=True)
class Annotator:
    """`datasets`: those whose train faces are captioned; `may_leave`: those whose faces may be sent to another machine.

    `accepts`: what the server is known to accept, whatever a probe finds: fields of `llm.types.Capabilities`.
    """

    base_url: str
    model: str
    prompt: str
    datasets: list[str]
    label_aware: bool
    concurrency: int
    attempts: int
    timeout_s: float
    max_tokens: int
    temperature: float
    seed: int
    refusals: int
    budget_usd: float
    may_leave: list[str]
    accepts: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def is_simulated(self) -> bool:
        """Whether nobody real is asked."""
        return self.base_url == "simulated"


@dataclasses.dataclass(frozen=True)
class Simulated:
    """The loopback annotator's failings: each a probability in [0, 1]."""

    seed: int
    missed_cue: float
    invented_cue: float
    refusal: float
    bad_format: float
    cut_off: float
    empty: float
    http_error: float
    reader_error: float


@dataclasses.dataclass(frozen=True)
class Tuning:
    """Where learning rates are chosen: the dev people of a protocol, with one seed.

    `like` maps a run to the run whose choice it takes. Dev does not tell apart rates whose AUC differ by at most `saturation`.
    """

    protocol: str
    seed: int
    saturation: float
    like: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Experiment:
    """Each run on each protocol, with each seed.

    Args:
        protocols, runs: names; runs are compared with each other.
        seeds: one training each.
        test: data sets to which targets are restricted; empty for all targets of a protocol.
        compared: caption sets that a face must have to be trained on, where these are not just the sets of `runs`.
    """

    protocols: list[str]
    runs: list[str]
    seeds: list[int]
    test: list[str] = dataclasses.field(default_factory=list)
    compared: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Snapshots:
    """The job that is trained once more and scored on its way, `count` times at even distances, the last time at its end."""

    protocol: str
    run: str
    seed: int
    count: int


@dataclasses.dataclass(frozen=True)
class Prediction:
    """`explained_videos`: of each target's test; `explained_dev_videos`: of the sources' dev; 0 for all."""

    batch_size: int
    explained_videos: int
    explained_dev_videos: int
    max_new_tokens: int


@dataclasses.dataclass(frozen=True)
class Counterfactual:
    """Whose models see faces with a cue taken out: each run on each protocol, on its first target, at most `faces` of it."""

    protocols: list[str]
    runs: list[str]
    faces: int


@dataclasses.dataclass(frozen=True)
class Judging:
    """The readers of explanations. `network_videos`: how many videos of a cell are read over the network, 0 for all."""

    readers: list[str]
    model: str
    max_tokens: int
    network_videos: int


@dataclasses.dataclass(frozen=True)
class Ablation:
    """A notebook, and what it compares.

    Args:
        notebook: its path below notebooks/, without suffix.
        experiment: whose runs and protocols it shows, of params.yaml or of the recorded run; "" for a notebook on captions alone.
        targets: data sets, where not all that were tested on are wanted.
        omit: runs of the experiment that it does not show.
        baseline: the run that the others are compared with.
        recorded: the profile whose recorded run is shown in place of this machine's results, if it has the same params.
        options: whatever else its notebook asks for, by name.
    """

    notebook: str
    experiment: str = ""
    targets: list[str] = dataclasses.field(default_factory=list)
    omit: list[str] = dataclasses.field(default_factory=list)
    baseline: str = ""
    recorded: str = ""
    options: dict[str, Any] = dataclasses.field(default_factory=dict)


SECTIONS: dict[str, Any] = {
    "threads": int,
    "archives": Archives,
    "synthetic": Synthetic,
    "index": IndexSettings,
    "audit": AuditBounds,
    "annotator": Annotator,
    "simulated": Simulated,
    "parts": dict[str, dict[str, float]],
    "captions": dict[str, CaptionSet],
    "captioners": dict[str, dict[str, Any]],
    "caption_models": CaptionModelSettings,
    "foundation": FoundationSettings,
    "probes": results.ProbeBounds,
    "training": Recipe,
    "runs": dict[str, dict[str, Any]],
    "protocols": dict[str, Sides],
    "tuning": Tuning,
    "experiments": dict[str, Experiment],
    "snapshots": Snapshots,
    "prediction": Prediction,
    "counterfactual": Counterfactual,
    "encoders": results.EncoderSettings,
    "read_outs": results.ReadOutSettings,
    "judging": Judging,
    "evaluation": results.EvaluationSettings,
    "ledger": results.LedgerSettings,
    "unseen": results.Pair,  # compared on attacks unlike those of their sources
    "fairness": results.FairnessSettings,
    "ablations": dict[str, Ablation],
}


def build(hint: Any, value: Any, where: str) -> Any:
    """Check `value` against the type `hint` and return it as that type.

    A dataclass takes a mapping with exactly its fields; one that has a default may be left out. Raises `ConfigError`, naming the
    key, `where` it stands.
    """
    return schema.build(hint, value, where, ConfigError)


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping. Raises `ConfigError` naming the file where it is missing or broken."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; run from the project's root") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected keys and values")
    return content


def load(*keys: str, path: Path = paths.PARAMS) -> types.SimpleNamespace:
    """Return the named top-level sections of params.yaml, each as its dataclass, as attributes of one namespace.

    Unknown top-level keys of the file are refused, whichever sections are asked for, and `datasets.DATASETS` holds the data sets
    that the file describes. Raises `ConfigError`.
    """
    content = read_yaml(path)
    for key in content:
        if key not in SECTIONS:
            raise ConfigError(f"{path}: {names.unknown(str(key), SECTIONS, 'key')}")
    if "archives" in content:  # whose data sets every section may name
        datasets.describe(build(Archives, content["archives"], f"{path}: archives").described)
    missing = [key for key in keys if key not in content]
    if missing:
        raise ConfigError(f"{path}: missing {', '.join(missing)}")
    return types.SimpleNamespace(**{key: build(SECTIONS[key], content[key], f"{path}: {key}") for key in keys})


def resolved_recipe(training: Recipe, runs: Mapping[str, dict[str, Any]], run: str) -> Recipe:
    """Return the default recipe with the run's keys laid over it, after those of the run that it is `like`.

    Raises:
        ConfigError: for a run or a key that is not known, and a chain of `like` that comes back to itself.
        RecipeError: for a recipe that cannot be trained.
    """
    chain = [run]
    while "like" in runs.get(chain[-1], {}):
        chain.append(runs[chain[-1]]["like"])
        if len(set(chain)) < len(chain):
            raise ConfigError(f"params.yaml: runs.{run}: {' is like '.join(chain)}")
    data = dataclasses.asdict(training)
    for name in reversed(chain):
        override = names.lookup(runs, name, "run", ConfigError, "params.yaml: runs")
        data = recipes.overlay(data, {key: value for key, value in override.items() if key != "like"})
    recipe = build(Recipe, data, f"params.yaml: runs.{run}")
    recipes.check(recipe, f"params.yaml: runs.{run}")
    return recipe


def compared_sets(experiment: Experiment, training: Recipe, runs: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return the caption sets that a face must have to be trained on in an experiment: by default, those of its runs."""
    own = {name for run in experiment.runs for name in resolved_recipe(training, runs, run).captions}
    return sorted(experiment.compared or own)


@dataclasses.dataclass(frozen=True)
class Job:
    """One training: a run on a protocol with one seed, and the targets that its model is tested on.

    Args:
        protocol: whose train faces it is trained on.
        run: the name of its recipe.
        seed: of its weights and of the order of its images.
        test: targets, keys of `datasets.DATASETS`.
        trainset: name of its training set.
        tuned: the run whose learning rate it takes, most often its own.
        recipe: how it is trained, as `schema.plain` writes it, without learning rates.
    """

    protocol: str
    run: str
    seed: int
    test: list[str]
    trainset: str
    tuned: str
    recipe: dict[str, Any]

    @property
    def name(self) -> str:
        """The name of its folders, and of its stages `train@` and `predict@`."""
        return f"{self.protocol}-{self.run}-{self.seed}"

    def recipe_at(self, learning_rate: float) -> Recipe:
        """Return the recipe with one learning rate. Raises `ConfigError`."""
        return build(Recipe, {**self.recipe, "learning_rates": [learning_rate]}, f"{paths.JOBS}: {self.name}: recipe")


@dataclasses.dataclass(frozen=True)
class Trainset:
    """Faces of a protocol's train part that have a caption in every set of `compared`, with shares of caption sets."""

    protocol: str
    captions: dict[str, float]
    compared: list[str]


@dataclasses.dataclass(frozen=True)
class Jobs:
    """All that jobs.yaml holds, by name. No name is also a section of params.yaml: DVC reads both files into one namespace.

    Args:
        written, silver: caption sets whose faces are at hand; a caption model writes those in `silver`.
        derived, joined: caption sets that a control makes from another, and that hold those of two others, with their names.
        splits, captioned: protocols that can be run here, and data sets whose train faces the annotator is asked about.
        trainsets: what each training set is made of.
        tunings, jobs: trainings whose recipe holds the learning rates to choose from, by run, and all that follow.
        read_out_jobs: those that answer the label question and write chains in tags.
        two_stage_jobs: those whose recipe has several phases.
        snapshot_jobs: the job that is scored on its way; none where its protocol cannot be run.
        sft_jobs, grpo_jobs, captioner_names: caption models that learn texts, those that learn from rewards, and both.
        caption_detectors: caption models whose sources have a protocol here, on whose targets they are tested.
        skipped: notices about what cannot be run.
    """

    written: list[str]
    silver: dict[str, Silver]
    derived: dict[str, str]
    joined: dict[str, list[str]]
    splits: dict[str, Sides]
    captioned: list[str]
    trainsets: dict[str, Trainset]
    tunings: dict[str, Job]
    jobs: dict[str, Job]
    read_out_jobs: dict[str, TaggedChains]
    two_stage_jobs: list[str]
    snapshot_jobs: dict[str, Job]
    sft_jobs: dict[str, Captioner]
    grpo_jobs: dict[str, Captioner]
    captioner_names: list[str]
    caption_detectors: dict[str, TaggedChains]
    skipped: list[str]


def read_jobs(path: Path = paths.JOBS) -> Jobs:
    """Return all that jobs.yaml holds. Raises `ConfigError`."""
    return build(Jobs, read_yaml(path), str(path))


def load_jobs(path: Path = paths.JOBS) -> dict[str, Job]:
    """Return the jobs by name. Raises `ConfigError`."""
    return read_jobs(path).jobs


def load_job(name: str, path: Path = paths.JOBS) -> Job:
    """Return one job. Raises `ConfigError` where there is none of that name."""
    return names.lookup(load_jobs(path), name, "job", ConfigError, str(path))


def load_trainset(name: str, path: Path = paths.JOBS) -> Trainset:
    """Return what a training set is made of. Raises `ConfigError` where there is none of that name."""
    return names.lookup(read_jobs(path).trainsets, name, "training set", ConfigError, str(path))


def load_protocols(path: Path = paths.JOBS) -> dict[str, Protocol]:
    """Return the protocols that can be run, by name. Raises `ConfigError`."""
    return {name: protocols.from_sides(name, sides) for name, sides in read_jobs(path).splits.items()}


def by_run(jobs: Mapping[str, Job]) -> dict[tuple[str, str], list[Job]]:
    """Return the jobs of each (protocol, run), by seed."""
    groups: dict[tuple[str, str], list[Job]] = {}
    for job in sorted(jobs.values(), key=lambda job: job.seed):
        groups.setdefault((job.protocol, job.run), []).append(job)
    return groups
