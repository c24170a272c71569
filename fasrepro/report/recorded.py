"""Runs of other profiles whose figures were kept: results/recorded/<profile>.json, which `fasrepro record` writes.

What such a run is good for, `worlds` and the notebooks say. A run is *alike* another if all params that decide a result are the
same in both, whatever jobs they have: then the jobs of one stand beside those of the other as if they were of one run.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from fasrepro import files, hashing

# Params that decide what every job comes to, beside the recipe of its own run.
DECIDING = ("synthetic", "archives", "index", "annotator", "simulated", "foundation", "training", "prediction", "evaluation")
DECIDING += ("tuning.protocol", "tuning.seed")
KEYS = frozenset({"profile", "world", "spurious_strength", "hours", "untimed_stages", "sections_sha256", "code_md5", "metrics"})


@dataclasses.dataclass(frozen=True)
class Run:
    """One run: `name` of its profile, its synthetic world, and what its metrics.json held."""

    name: str
    world: str
    strength: float  # synthetic.spurious_strength, in [0, 1]
    hours: float | None  # of its stages, but for `untimed`, of which no time was kept
    sections: Mapping[str, str]  # what `sections` returns for its params.yaml
    metrics: Mapping[str, Any]  # {"paired", "jobs", "settings"}; of jobs the means over seeds
    code: Mapping[str, str] = dataclasses.field(default_factory=dict)  # MD5 of every module that metrics.json came from
    untimed: int = 0


def sections(params: Path) -> dict[str, str]:
    """Return the hash of every section of a params.yaml, comments and order left out.

    Two sections name runs, and one run more changes no other: of `runs` and `tuning` there are hashes of each run
    ("runs.vanilla": its recipe and whose learning rate it takes), and of each other key ("tuning.seed").
    """
    found = yaml.safe_load(params.read_text(encoding="utf-8"))
    runs, tuning = found.pop("runs", {}), found.pop("tuning", {})
    like = tuning.pop("like", {})
    found |= {f"runs.{name}": [recipe, like.get(name, name)] for name, recipe in runs.items()}
    found |= {f"tuning.{key}": value for key, value in tuning.items()}
    return {name: hashing.sha256_json(value) for name, value in found.items()}


def changed(one: Run, root: Path) -> list[str]:
    """Return the modules of a recorded run that are not, in the project at `root`, what they were."""
    return [name for name, md5 in one.code.items() if not (root / name).is_file() or _md5(root / name) != md5]


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def load(folder: Path) -> list[Run]:
    """Return the recorded runs, by world, strength and name. Raises `ValueError` for a file that is none."""
    found = []
    for path in sorted(folder.glob("*.json")):
        entry = files.read_json(path)
        lacking = KEYS - entry.keys()
        if lacking:
            raise ValueError(f"{path}: no {', '.join(sorted(lacking))}: `fasrepro record --profile {path.stem}` writes it anew")
        strength, hours = float(entry["spurious_strength"]), float(entry["hours"])
        hashes, code, untimed = entry["sections_sha256"], entry["code_md5"], entry["untimed_stages"]
        found.append(Run(entry["profile"], entry["world"], strength, hours, hashes, entry["metrics"], code, untimed))
    return sorted(found, key=lambda one: (one.world, -one.strength, one.name))


def alike(one: Run, sections: Mapping[str, str], runs: Iterable[str] = ()) -> bool:
    """Return whether the params that decide what these `runs` come to are, in a recorded run, those with these hashes."""
    return all(one.sections.get(name) == sections.get(name) for name in (*DECIDING, *(f"runs.{run}" for run in runs)))


def completed(this: Run, runs: Sequence[Run]) -> Run:
    """Return `this` with the differences between runs that it holds none of, from recorded runs that are alike.

    A row from there names its profile as "recorded".
    """
    paired, known = list(this.metrics["paired"]), _pairs(this.metrics)
    for one in runs:
        lent = [row for row in one.metrics["paired"] if _pair(row) not in known and alike(one, this.sections, _pair(row))]
        paired += [{**row, "recorded": one.name} for row in lent]
        known |= {_pair(row) for row in lent}
    return dataclasses.replace(this, metrics={**this.metrics, "paired": paired})


def adds_only(one: Run, this: Run) -> bool:
    """Return whether a recorded run is alike `this` and repeats none of the differences that it holds itself."""
    return alike(one, this.sections) and not _pairs(one.metrics) & _pairs(this.metrics)


def _pair(row: Mapping[str, Any]) -> frozenset[str]:
    return frozenset((row["run"], row["baseline"]))


def _pairs(metrics: Mapping[str, Any]) -> set[frozenset[str]]:
    return {_pair(row) for row in metrics["paired"] if "recorded" not in row}
