"""Published numbers, read from published.yaml with their source and evidence mark."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("published.yaml")
EVIDENCE = {"V": "read in a primary artefact", "2": "second-hand: another party's reading", "D": "derived by arithmetic"}
UNITS = {"share": 1.0, "percent": 100.0, "captions": math.inf}  # the value of a whole; a number of captions has none
METRICS = {"accuracy": "accuracy", "hter": "HTER", "auc": "AUC", "count": "number"}  # in words


class PublishedError(ValueError):
    """A published number that breaks the schema; the message names the file, the entry and the fault."""


@dataclasses.dataclass(frozen=True)
class Published:
    """One published number, as its source prints it: `value` in `unit`."""

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
        """The value in [0, 1]."""
        return self.value / UNITS[self.unit]

    @property
    def error(self) -> float:
        """The value as a share of error, in [0, 1]: what an accuracy or an AUC lacks of a whole."""
        return self.share if self.metric == "hter" else 1 - self.share

    @property
    def metric_title(self) -> str:
        """The metric in words."""
        return METRICS[self.metric]

    @property
    def shown(self) -> str:
        """The number with its unit and evidence mark: a published number is never printed without its mark."""
        if self.unit == "captions":
            return f"{self.value:,.0f} [{self.evidence}]"
        return f"{self.value:.2f}{' %' if self.unit == 'percent' else ''} [{self.evidence}]"


def derived_mark(*numbers: Published) -> str:
    """Return the mark of a number derived from published ones: theirs and D."""
    return f"[{', '.join(sorted({number.evidence for number in numbers} | {'D'}))}]"


def parse(name: str, entry: Any, sources: Mapping[str, str], where: str) -> Published:
    """Check one entry of the file. Raises `PublishedError`."""
    place = f"{where}: figures.{name}"
    fields = {field.name for field in dataclasses.fields(Published)} - {"id"}
    if not isinstance(entry, dict) or entry.keys() != fields:
        raise PublishedError(f"{place}: must have exactly the keys {', '.join(sorted(fields))}")
    for key, known in (("source", sources), ("evidence", EVIDENCE), ("unit", UNITS), ("metric", METRICS)):
        if entry[key] not in known:
            raise PublishedError(f"{place}: {key} {entry[key]!r} is none of {', '.join(known)}")
    value = entry["value"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= UNITS[entry["unit"]]:
        raise PublishedError(f"{place}: value {value!r} is not a {entry['unit']} between 0 and {UNITS[entry['unit']]:g}")
    texts = {key: str(entry[key]) for key in fields - {"value"}}
    return Published(id=name, value=float(value), **{**texts, "source": sources[entry["source"]]})


def load(path: Path = FILE) -> dict[str, Published]:
    """Return the published numbers by id, in the file's order. Raises `PublishedError`."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise PublishedError(f"{path}: not readable: {error}") from None
    if not isinstance(content, dict) or content.keys() != {"sources", "figures"}:
        raise PublishedError(f"{path}: must have exactly the keys sources and figures")
    return {name: parse(name, entry, content["sources"], str(path)) for name, entry in content["figures"].items()}
