"""The log of trials by which the synthetic world's difficulty was set, read from difficulty.yaml."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from fasrepro.datasets import DATASETS

SHARES = ("strength", "tie", "vision_drop")
FILE = Path(__file__).with_name("difficulty.yaml")


class DifficultyError(ValueError):
    """A log of trials that breaks the schema; the message names the file, the entry and the fault."""


@dataclasses.dataclass(frozen=True)
class Window:
    """Where HTER should lie, from `low` to `high`, and on how many targets at least."""

    low: float
    high: float
    targets: int


@dataclasses.dataclass(frozen=True)
class Trial:
    """What was changed and why, and the HTER at the dev threshold that `label_only` then had, by target."""

    number: int
    changed: str
    why: str
    strength: float  # the least that a cue is drawn with
    tie: float  # synthetic.spurious_strength
    subjects: int  # of the data sets that are trained on
    seeds: int  # trainings a target, whose mean `hter` is
    vision_drop: float  # AUC that the audit's vision probe loses on the way to another data set
    hter: Mapping[str, float]


@dataclasses.dataclass(frozen=True)
class Log:
    """All trials, and the hash of the tables and sizes that the last of them was made with ("" before the first)."""

    window: Window
    frozen: str
    trials: list[Trial]

    def inside(self, trial: Trial) -> int:
        """Return on how many targets a trial's HTER lies in the window."""
        return sum(self.window.low <= value <= self.window.high for value in trial.hter.values())


def _share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _window(entry: Any, where: str) -> Window:
    fields = {field.name for field in dataclasses.fields(Window)}
    if not isinstance(entry, dict) or entry.keys() != fields:
        raise DifficultyError(f"{where}: window: must have exactly the keys {', '.join(sorted(fields))}")
    if not (_share(entry["low"]) and _share(entry["high"]) and entry["low"] < entry["high"]):
        raise DifficultyError(f"{where}: window: low {entry['low']!r} and high {entry['high']!r} are not two shares in order")
    if not isinstance(entry["targets"], int) or not 1 <= entry["targets"] <= len(DATASETS):
        raise DifficultyError(f"{where}: window: targets {entry['targets']!r} is not a number from 1 to {len(DATASETS)}")
    return Window(float(entry["low"]), float(entry["high"]), entry["targets"])


def _trial(number: int, entry: Any, where: str) -> Trial:
    place = f"{where}: trials[{number - 1}]"
    fields = {field.name for field in dataclasses.fields(Trial)}
    if not isinstance(entry, dict) or entry.keys() != fields:
        raise DifficultyError(f"{place}: must have exactly the keys {', '.join(sorted(fields))}")
    if entry["number"] != number:
        raise DifficultyError(
            f"{place}: number {entry['number']!r}, expected {number}: trials are counted from 1 and none is left out"
        )
    for key in ("changed", "why"):
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise DifficultyError(f"{place}: {key} must be words, found {entry[key]!r}")
    for key in SHARES:
        if not _share(entry[key]):
            raise DifficultyError(f"{place}: {key}: {entry[key]!r} is not a share between 0 and 1")
    for key, what in (("subjects", "people"), ("seeds", "trainings")):
        if not isinstance(entry[key], int) or entry[key] < 1:
            raise DifficultyError(f"{place}: {key}: {entry[key]!r} is not a number of {what}")
    if not isinstance(entry["hter"], dict) or not entry["hter"]:
        raise DifficultyError(f"{place}: hter must give a figure for at least one target")
    for target, value in entry["hter"].items():
        if target not in DATASETS:
            raise DifficultyError(f"{place}: hter: target {target!r} is none of {', '.join(DATASETS)}")
        if not _share(value):
            raise DifficultyError(f"{place}: hter: {target}: {value!r} is not a share between 0 and 1")
    hter = {target: float(value) for target, value in entry["hter"].items()}
    shares = {key: float(entry[key]) for key in SHARES}
    sizes = {key: entry[key] for key in ("subjects", "seeds")}
    return Trial(number, entry["changed"].strip(), entry["why"].strip(), hter=hter, **sizes, **shares)


def load(path: Path = FILE) -> Log:
    """Return the log of trials, of which there may be none. Raises `DifficultyError`."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise DifficultyError(f"{path}: not readable: {error}") from None
    if not isinstance(content, dict) or content.keys() != {"window", "frozen", "trials"}:
        raise DifficultyError(f"{path}: must have exactly the keys window, frozen and trials")
    if not isinstance(content["trials"], list):
        raise DifficultyError(f"{path}: trials: expected a list, found {content['trials']!r}")
    frozen = content["frozen"]
    if not isinstance(frozen, str) or not re.fullmatch(r"[0-9a-f]{64}" if content["trials"] else r"|[0-9a-f]{64}", frozen):
        raise DifficultyError(
            f"{path}: frozen: {frozen!r} is not a sha256 in 64 hex digits; it may be empty only before the first trial"
        )
    trials = [_trial(number, entry, str(path)) for number, entry in enumerate(content["trials"], start=1)]
    return Log(_window(content["window"], str(path)), frozen, trials)
