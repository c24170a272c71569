"""Runs of profiles whose figures were kept: the folder results/recorded/<profile>/, which `fasrepro record` writes.

A folder has run.json, which says where the figures came from, and beside it the files of figures (`ANALYSES`), as the stages
wrote them but thinner. Version 0.1.0 kept a single file, results/recorded/<profile>.json, which is read as well.

A recorded run is *comparable* with another if all params that decide a result are the same in both: then both are parts of one
record (`joined`). Every section of params.yaml decides, but those in `PRESENTATION` and entries of registries that only one of
the two has.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fasrepro import config, files, hashing, schema
from fasrepro.evaluation.results import (
    CaptionModels,
    EncoderGains,
    Fairness,
    Faithfulness,
    Grounding,
    Metrics,
    Optimism,
    Probes,
    ReadOutFigures,
    Unseen,
    VerdictAgreement,
)
from fasrepro.evaluation.results.pair_gains import PairGains
from fasrepro.evaluation.results.training_losses import TrainingLosses
from fasrepro.report import version_0_1_0
from fasrepro.report.differences import cells_of

# Sections that change no figure of a pair of runs: which jobs are run, what else is analysed, and what is shown. A pair is
# compared inside one experiment, so both its runs have the same faces.
PRESENTATION = frozenset(
    {
        "audit",
        "caption_models",
        "probes",
        "experiments",
        "snapshots",
        "counterfactual",
        "encoders",
        "read_outs",
        "ledger",
        "unseen",
        "fairness",
        "ablations",
        "tuning.saturation",
        "archives.printable",
    }
)
# Sections of named entries: one entry more changes nothing of the others. Each entry has a hash of its own.
REGISTRIES = ("captioners", "captions", "parts", "protocols", "runs", "archives.datasets", "annotator.datasets")
READER = "lexical"  # the reader whose verdicts are kept by seed and compared over worlds: a fixed rule, the same in every world
BY_CELL = ("metrics", "grounding", "verdict_agreement")  # analyses that rest on no choice of one run: cells are added to cells
RUN_FILE = "run.json"
ANALYSES: dict[str, type[Any]] = {  # files of figures that are kept, by name: those that depend on a training, and probes
    "metrics": Metrics,
    "grounding": Grounding,
    "verdict_agreement": VerdictAgreement,
    "faithfulness": Faithfulness,
    "optimism": Optimism,
    "unseen": Unseen,
    "probes": Probes,
    "caption_models": CaptionModels,
    "caption_detectors": Metrics,
    "encoder_gains": EncoderGains,
    "read_out_figures": ReadOutFigures,
    "fairness": Fairness,
    "baselines": Metrics,
    "training_losses": TrainingLosses,
    "pair_gains": PairGains,
}


@dataclasses.dataclass(frozen=True)
class Run:
    """One run, as results/recorded/<profile>/ holds it: each of `ANALYSES` in a file of its own, all else in run.json.

    Args:
        profile: its name; of a joined run all names, with commas.
        version: of this project, that recorded it; "" for the run that the book is about.
        world: of its synthetic archives.
        spurious_strength: how tightly scene and label are tied, in [0, 1].
        hours: the time of its stages; None of the run that the book is about.
        untimed_stages: how many stages `hours` lacks.
        sections_sha256: of its params, by section; see `sections`. A run that chose its learning rate counts as naming it.
        code_md5: of every module that the metrics came from.
        versions: of the libraries that a result may depend on.
        metrics: figures by seed and their means, and every difference that a claim or a notebook may be about.
        outputs_md5: of each training's scores and explanations, by path; empty in a run that version 0.1.0 recorded.
        experiments: of its params, by name.
        grounding: None, as each of the following, where the run has none.
        verdict_agreement: of readers.
        faithfulness: of explanations.
        optimism: of its own figures.
        unseen: gains on attacks unlike those of the sources.
        probes: of the foundation.
        caption_models: of a profile that trains them.
        caption_detectors: the same, tested on the targets.
        encoder_gains: of trained encoders.
        read_out_figures: of detectors that answer and write chains in tags.
        fairness: error rates by groups.
        baselines: detectors without a language model.
        training_losses: of every training.
        pair_gains: of two-stage runs' encoders.
        note: what a reader must know of this record, written into run.json by hand; "" for most.
    """

    profile: str
    version: str
    world: str
    spurious_strength: float
    hours: float | None
    untimed_stages: int
    sections_sha256: dict[str, str]
    code_md5: dict[str, str]
    versions: dict[str, str]
    metrics: Metrics
    outputs_md5: dict[str, str] = dataclasses.field(default_factory=dict)
    experiments: dict[str, config.Experiment] = dataclasses.field(default_factory=dict)
    grounding: Grounding | None = None
    verdict_agreement: VerdictAgreement | None = None
    faithfulness: Faithfulness | None = None
    optimism: Optimism | None = None
    unseen: Unseen | None = None
    probes: Probes | None = None
    caption_models: CaptionModels | None = None
    caption_detectors: Metrics | None = None
    encoder_gains: EncoderGains | None = None
    read_out_figures: ReadOutFigures | None = None
    fairness: Fairness | None = None
    baselines: Metrics | None = None
    training_losses: TrainingLosses | None = None
    pair_gains: PairGains | None = None
    note: str = ""

    @property
    def profiles(self) -> list[str]:
        """The names of its profiles: several of a joined run."""
        return self.profile.split(", ")

    @property
    def source(self) -> str:
        """The profile, and the version that recorded it."""
        return f"{self.profile} of version {self.version}" if self.version else self.profile

    @property
    def duration(self) -> str:
        """The hours of its stages, and how many are not in them; "" of the run that the book is about."""
        if self.hours is None:
            return ""
        untimed = f" and {self.untimed_stages} stages that were not timed" if self.untimed_stages else ""
        return f"{self.hours:.1f} hours{untimed}"


def sections(params: Mapping[str, Any]) -> dict[str, str]:
    """Return the hashes of the sections of params.yaml, without comments and order.

    - Each entry of a registry has a hash of its own, "captions.vanilla" or "archives.datasets.msu". That of a run includes whose
      learning rate it takes. So a new data set changes nothing of what was trained without it.
    - So has each other key of `tuning`, `archives` and `annotator`: "tuning.seed".
    """
    parts = dict(params)
    for section in ("archives", "annotator"):
        rest = dict(parts.pop(section, {}))
        datasets = rest.pop("datasets", {})
        if section == "archives":  # a data set in another format is another one
            others = [rest.pop(key, {}) for key in ("formats", "described")]
            extra = {name: [entry[name] for entry in others if name in entry] for name in datasets}
            datasets = {name: [size, *extra[name]] if extra[name] else size for name, size in datasets.items()}
        parts |= {f"{section}.{key}": value for key, value in rest.items()}
        parts[f"{section}.datasets"] = datasets if isinstance(datasets, Mapping) else dict.fromkeys(datasets)
    tuning = dict(parts.pop("tuning", {}))
    like = tuning.pop("like", {})
    runs = parts.pop("runs", {})
    parts |= {f"runs.{name}": [recipe, like.get(name, name)] for name, recipe in runs.items()}
    parts |= {f"tuning.{key}": value for key, value in tuning.items()}
    for registry in REGISTRIES:
        parts |= {f"{registry}.{name}": entry for name, entry in parts.pop(registry, {}).items()}
    return {name: hashing.sha256_json(value) for name, value in parts.items()}


def changed_code(code_md5: Mapping[str, str], root: Path) -> list[str]:
    """Return the modules of a record that differ, in the project at `root`, from what they were; `code_md5` by name."""
    return [name for name, known in code_md5.items() if not (root / name).is_file() or md5(root / name) != known]


def outputs_md5(folder: Path) -> dict[str, str]:
    """Return the MD5 of each training's predictions in the project at `folder`, by path, as its dvc.lock has it."""
    lock = folder / "dvc.lock"
    stages = config.read_yaml(lock)["stages"] if lock.is_file() else {}
    outs = [out for name, stage in stages.items() if name.startswith("predict@") for out in stage["outs"]]
    return {out["path"]: out["md5"] for out in outs}


def md5(path: Path) -> str:
    """Return the MD5 of a file, as dvc.lock gives it."""
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def load(folder: Path) -> list[Run]:
    """Return the recorded runs, by world, strength and name.

    Raises:
        ValueError: naming a file or folder that is not a recorded run, and the command that writes it anew.
    """
    runs = []
    for path in sorted([*folder.glob("*.json"), *(file.parent for file in folder.glob(f"*/{RUN_FILE}"))]):
        remedy = f"`fasrepro record --profile {path.stem}` writes it anew"
        try:
            runs.append(schema.build(Run, _contents(path), str(path)))
        except schema.SchemaError as error:
            raise ValueError(f"{error}; {remedy}") from None
        except ValueError as error:
            raise ValueError(f"{path}: {error}; {remedy}") from None
    return sorted(runs, key=lambda one: (one.world, -one.spurious_strength, one.profile))


def _contents(path: Path) -> Any:
    """Return the fields of a recorded run: of a folder, or of a single file of version 0.1.0."""
    if path.is_file():
        return version_0_1_0.converted(files.read_json(path))
    present = [name for name in ANALYSES if (path / f"{name}.json").is_file()]
    return {**files.read_json(path / RUN_FILE), **{name: files.read_json(path / f"{name}.json") for name in present}}


def write(run: Run, folder: Path) -> None:
    """Write a run into an empty folder: run.json, and a file for each of `ANALYSES` that it has."""
    content = schema.plain(run)
    for name in ANALYSES:
        figures = content.pop(name, None)
        if figures is not None:
            files.write_json(folder / f"{name}.json", figures)
    files.write_json(folder / RUN_FILE, content)


def differing(one: Run, sections: Mapping[str, str]) -> list[str]:
    """Return the sections in which a recorded run differs from params with these hashes, but those of presentation.

    An entry of a registry that only one of the two has makes no difference.
    """
    return sorted(
        name
        for name in one.sections_sha256.keys() | sections.keys()
        if one.sections_sha256.get(name) != sections.get(name)
        and name not in PRESENTATION
        and (_in_both(name, one.sections_sha256, sections) or not name.startswith(tuple(f"{r}." for r in REGISTRIES)))
    )


def _in_both(name: str, first: Mapping[str, str], second: Mapping[str, str]) -> bool:
    return name in first and name in second


def comparable(one: Run, sections: Mapping[str, str]) -> bool:
    """Return whether a recorded run has the params that decide a result in common with these hashes."""
    return not differing(one, sections)


def joined(runs: Sequence[Run]) -> Run:
    """Return the first of several runs with the same params, with what it lacks from the others in their order.

    So what takes a day can be recorded in parts. A difference from another run than the first says so in `recorded`.

    Args:
        runs: at least one; any two are comparable.
    """
    whole, *others = runs
    for one in others:
        more = {name: getattr(one, name) for name in ANALYSES if getattr(whole, name) is None}
        source = f"a recorded run, profile {one.source}"
        both = [name for name in BY_CELL if name not in more and getattr(one, name) is not None]
        more |= {name: extended(getattr(whole, name), getattr(one, name), source, pair_and_cells) for name in both}
        whole = dataclasses.replace(
            whole,
            profile=f"{whole.profile}, {one.profile}",
            version=", ".join(dict.fromkeys([*whole.version.split(", "), one.version])),
            hours=None if whole.hours is None or one.hours is None else whole.hours + one.hours,
            untimed_stages=whole.untimed_stages + one.untimed_stages,
            outputs_md5={**one.outputs_md5, **whole.outputs_md5},
            experiments={**one.experiments, **whole.experiments},
            note=" ".join(filter(None, (whole.note, one.note))),
            **more,
        )
    return whole


def extended(kept: Any, other: Any, source: str, about: Callable[[Any], Hashable]) -> Any:
    """Return figures of one analysis, with what they lack from another run's.

    Args:
        kept: of `ANALYSES`.
        other: of the same kind.
        source: of the other run, in words: a difference from it says so in `recorded`.
        about: returns what a difference is about: those of `kept` are not taken twice.
    """
    changes: dict[str, Any] = {}
    for part in ("cells", "dev", "tuning"):
        if hasattr(kept, part):
            changes[part] = {**getattr(other, part), **getattr(kept, part)}
    if hasattr(kept, "paired"):
        known = {about(row) for row in (*kept.paired, *kept.means)}
        for part in ("paired", "means"):
            lent = [row for row in getattr(other, part) if about(row) not in known]
            changes[part] = getattr(kept, part) + [dataclasses.replace(row, recorded=row.recorded or source) for row in lent]
    if hasattr(kept, "pairwise_tests"):
        known = {about(row) for row in kept.pairwise_tests}
        changes["pairwise_tests"] = kept.pairwise_tests + [row for row in other.pairwise_tests if about(row) not in known]
    return dataclasses.replace(kept, **changes)


def pair(row: Any) -> frozenset[str]:
    """Return the two runs that a difference compares, in either order."""
    return frozenset((row.run, row.baseline))


def pair_and_cells(row: Any) -> tuple[frozenset[str], frozenset[str]]:
    """Return the two runs that a difference compares, and the cell or the cells that it is about."""
    return pair(row), frozenset(cells_of(row))
