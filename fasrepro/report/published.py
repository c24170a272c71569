"""Published numbers, read from published.yaml with their source and evidence mark."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("published.yaml")
EVIDENCE = {"V": "read in a primary artefact", "2": "second-hand: another party's reading", "D": "derived by arithmetic"}
UNITS = {"share": 1.0, "percent": 100.0}  # what a whole is
METRICS = {"accuracy": "accuracy", "hter": "HTER", "auc": "AUC"}  # in words


class PublishedError(ValueError):
    """A published figure that breaks the schema; the message names the file, the entry and the fault."""


@dataclasses.dataclass(frozen=True)
class Figure:
    """One published number, as its source prints it (`value` in `unit`)."""

    id: str
    source: str
    where: str
    setting: str
    method: str
    metric: str
    unit: str
    value: float
    evidence: str
    note: str

    @property
    def share(self) -> float:
        """Return the value in [0, 1]."""
        return self.value / UNITS[self.unit]

    @property
    def measured(self) -> str:
        """Return the metric in words."""
        return METRICS[self.metric]

    @property
    def shown(self) -> str:
        """Return the number with its unit and evidence mark: a figure is never printed without it."""
        return f"{self.value:.2f}{' %' if self.unit == 'percent' else ''} [{self.evidence}]"


def figure(name: str, entry: Any, sources: Mapping[str, str], where: str) -> Figure:
    """Check one entry of the file. Raises `PublishedError`."""
    place = f"{where}: figures.{name}"
    fields = {field.name for field in dataclasses.fields(Figure)} - {"id"}
    if not isinstance(entry, dict) or entry.keys() != fields:
        raise PublishedError(f"{place}: must have exactly the keys {', '.join(sorted(fields))}")
    for key, known in (("source", sources), ("evidence", EVIDENCE), ("unit", UNITS), ("metric", METRICS)):
        if entry[key] not in known:
            raise PublishedError(f"{place}: {key} {entry[key]!r} is none of {', '.join(known)}")
    value = entry["value"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= UNITS[entry["unit"]]:
        raise PublishedError(f"{place}: value {value!r} is no {entry['unit']} between 0 and {UNITS[entry['unit']]:g}")
    words = {key: str(entry[key]) for key in fields - {"value"}}
    return Figure(id=name, value=float(value), **{**words, "source": sources[entry["source"]]})


def load(path: Path = FILE) -> dict[str, Figure]:
    """Return the published figures by id, in the file's order. Raises `PublishedError`."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise PublishedError(f"{path}: not readable: {error}") from None
    if not isinstance(content, dict) or content.keys() != {"sources", "figures"}:
        raise PublishedError(f"{path}: must have exactly the keys sources and figures")
    return {name: figure(name, entry, content["sources"], str(path)) for name, entry in content["figures"].items()}
