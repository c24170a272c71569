"""params.yaml read into frozen dataclasses. The only module that reads YAML, but for the report's published figures.

A stage calls `load` with the keys that dvc.yaml lists for it, and gets those alone: what it did not name it cannot read.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from pathlib import Path
from typing import Any

import yaml

from fasrepro import names, paths


class ConfigError(ValueError):
    """A key or value of params.yaml that cannot be; the message names the file, the key and its neighbours."""


@dataclasses.dataclass(frozen=True)
class Subjects:
    """How many subjects each split of a synthetic archive holds."""

    train: int
    test: int


@dataclasses.dataclass(frozen=True)
class ReplaySubjects(Subjects):
    devel: int


@dataclasses.dataclass(frozen=True)
class OuluSubjects(Subjects):
    dev: int
    phones: int  # of 6
    sessions: int  # of 3


@dataclasses.dataclass(frozen=True)
class SiwShare:
    """Which share of SiW-Mv2's Protocol I a synthetic archive holds, of each kind of video, in [0, 1]."""

    share: float


@dataclasses.dataclass(frozen=True)
class Archives:
    source: str
    msu: Subjects
    casia: Subjects
    replay: ReplaySubjects
    oulu: OuluSubjects
    siw: SiwShare


@dataclasses.dataclass(frozen=True)
class Synthetic:
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
class Index:
    every: int
    first: int
    min_face: int
    neighbours: int
    crop: str
    max_exclusion_rate: float


@dataclasses.dataclass(frozen=True)
class Audit:
    """Bounds of AUC for the audit's probes, and how many test subjects make a data set count."""

    max_global_auc: float
    min_subjects: int
    min_vision_auc: float
    min_vision_drop: float
    min_cues_auc: float


@dataclasses.dataclass(frozen=True)
class Annotator:
    """`datasets`: whose train faces are captioned; `may_leave`: whose faces may be sent to another machine."""

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
class Foundation:
    seed: int
    images: int
    epochs: int
    batch_size: int
    learning_rate: float
    warmup_steps: int
    weight_decay: float
    max_caption_tokens: int
    image_size: int
    patch_size: int
    scale_factor: int
    hidden_size: int
    vision_layers: int
    text_layers: int
    heads: int
    vocabulary: int


@dataclasses.dataclass(frozen=True)
class Training:
    """A training recipe.

    `captions` gives each style its share of the faces; an empty one trains on labels alone. Of several `learning_rates` the
    stage `tune` chooses one; with one there is nothing to choose.
    """

    backbone: str
    captions: dict[str, float]
    classification_weight: float
    caption_weight: float
    head_site: str
    lora_rank: int
    lora_alpha: int
    lora_vision: bool
    train_embeddings: bool
    sampling: str
    steps: int
    batch_size: int
    learning_rates: list[float]
    warmup_steps: int
    weight_decay: float
    max_grad_norm: float
    max_caption_tokens: int
    prompt: str


@dataclasses.dataclass(frozen=True)
class Tuning:
    """Where learning rates are chosen: a protocol's dev, with one seed.

    `like` maps a run to the one whose choice it takes. Rates whose dev AUC differ by at most `saturation` are not told apart.
    """

    protocol: str
    seed: int
    saturation: float
    like: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Trace:
    """The training that is looked at on its way: one seed of a job, `looks` times, evenly apart, the last at its end."""

    protocol: str
    run: str
    seed: int
    looks: int


@dataclasses.dataclass(frozen=True)
class Experiment:
    """Each run on each protocol, with each seed; `transfer`: letters of data sets that these models are tested on besides."""

    protocols: list[str]
    runs: list[str]
    seeds: list[int]
    transfer: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Prediction:
    batch_size: int
    explained_videos: int
    max_new_tokens: int


@dataclasses.dataclass(frozen=True)
class Counterfactual:
    """Whose models look at faces with a cue taken out, each run on each protocol; `faces`: how many at most of a target."""

    protocols: list[str]
    runs: list[str]
    faces: int


@dataclasses.dataclass(frozen=True)
class Judging:
    """Who reads explanations. `network_videos`: how many videos a cell a reader over the network reads; 0: all."""

    readers: list[str]
    model: str
    max_tokens: int
    network_videos: int


@dataclasses.dataclass(frozen=True)
class Evaluation:
    replicates: int
    confidence: float
    seed: int
    digits: int


@dataclasses.dataclass(frozen=True)
class Ledger:
    metric: str
    margin: float
    min_seeds: int
    min_subjects: int


@dataclasses.dataclass(frozen=True)
class Unseen:
    """Two runs that were tested on attacks unlike those of their sources: what does `run` gain over `baseline`?"""

    run: str
    baseline: str


@dataclasses.dataclass(frozen=True)
class Ablation:
    notebook: str
    parameters: dict[str, Any]


SECTIONS: dict[str, Any] = {
    "threads": int,
    "archives": Archives,
    "synthetic": Synthetic,
    "index": Index,
    "audit": Audit,
    "annotator": Annotator,
    "simulated": Simulated,
    "styles": list[str],
    "controls": list[str],
    "foundation": Foundation,
    "training": Training,
    "runs": dict[str, dict[str, Any]],
    "tuning": Tuning,
    "experiments": dict[str, Experiment],
    "trace": Trace,
    "prediction": Prediction,
    "counterfactual": Counterfactual,
    "judging": Judging,
    "evaluation": Evaluation,
    "ledger": Ledger,
    "unseen": Unseen,
    "ablations": dict[str, Ablation],
}


def build(hint: Any, value: Any, where: str) -> Any:
    """Check `value` against the type `hint` and return it as that type.

    Dataclasses take mappings with exactly their fields; one that has a default may be left out. Raises `ConfigError` that names
    the key `where` it stands.
    """
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise ConfigError(f"{where}: expected keys and values, found {value!r}")
        hints = typing.get_type_hints(hint)
        for key in value:
            if key not in hints:
                raise ConfigError(f"{where}: {names.unknown(str(key), hints, 'key')}")
        unset = dataclasses.MISSING
        needed = [f.name for f in dataclasses.fields(hint) if f.default is unset and f.default_factory is unset]
        missing = [key for key in needed if key not in value]
        if missing:
            raise ConfigError(f"{where}: missing {', '.join(missing)}")
        return hint(**{key: build(hints[key], value[key], f"{where}.{key}") for key in hints if key in value})
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is dict and isinstance(value, dict):
        return {str(key): build(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    if origin is list and isinstance(value, list):
        return [build(arguments[0], item, f"{where}[{number}]") for number, item in enumerate(value)]
    if hint is Any:
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(hint, type) and isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    raise ConfigError(f"{where}: expected {getattr(hint, '__name__', hint)}, found {value!r}")


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML mapping; raises `ConfigError` naming the file where it is missing or broken."""
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

    Unknown top-level keys of the file are refused whichever are asked for. Raises `ConfigError`.
    """
    content = read_yaml(path)
    for key in content:
        if key not in SECTIONS:
            raise ConfigError(f"{path}: {names.unknown(str(key), SECTIONS, 'key')}")
    missing = [key for key in keys if key not in content]
    if missing:
        raise ConfigError(f"{path}: missing {', '.join(missing)}")
    return types.SimpleNamespace(**{key: build(SECTIONS[key], content[key], f"{path}: {key}") for key in keys})


def recipe(training: Training, runs: dict[str, dict[str, Any]], run: str) -> Training:
    """Return the default recipe with what the run overrides. Raises `ConfigError` for an unknown run or key."""
    if run not in runs:
        raise ConfigError(f"params.yaml: runs: {names.unknown(run, runs, 'run')}")
    return build(Training, {**dataclasses.asdict(training), **runs[run]}, f"params.yaml: runs.{run}")


@dataclasses.dataclass(frozen=True)
class Job:
    """A run on a protocol, all its seeds one after another in one process.

    `tuned` names the run whose learning rate it takes, most often itself. `checkpoint` names the job whose models are tested,
    where they were trained for another target: then nothing is trained.
    """

    protocol: str
    run: str
    seeds: list[int]
    trainset: str
    tuned: str
    checkpoint: str = ""

    @property
    def name(self) -> str:
        return f"{self.protocol}-{self.run}"


def load_tunings(path: Path = paths.JOBS) -> list[str]:
    """Return the runs that choose a learning rate. Raises `ConfigError`."""
    return list(build(dict[str, Job], read_yaml(path).get("tunings", {}), f"{path}: tunings"))


def load_jobs(path: Path = paths.JOBS) -> dict[str, Job]:
    """Return all that jobs.yaml has scored by name: what is trained, then what only is tested elsewhere. Raises `ConfigError`."""
    content, jobs = read_yaml(path), {}
    for part in ("jobs", "transfers"):
        jobs |= build(dict[str, Job], content.get(part, {}), f"{path}: {part}")
    return jobs
