"""Results to render, made of whatever a test cares about and plain values for the rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from scipy import stats

from fasrepro.evaluation.metrics import METRICS, READER_METRICS
from fasrepro.evaluation.results import Counts, EvaluationSettings, Figure, LedgerSettings, Metrics, key
from fasrepro.evaluation.results.metrics import (
    CellDifference,
    CellMetrics,
    LevelMetrics,
    MeanDifference,
    MetricsSettings,
    ReaderMetrics,
    SeedMetrics,
)
from fasrepro.report.material import Material
from fasrepro.report.printing import Printing

DRAWN, PORTRAITS = Printing("synthetic", "procedural"), Printing("synthetic", "portraits")  # all may be printed, and none
TARGETS = {"m": "msu", "c": "casia", "i": "replay", "o": "oulu", "w": "siw_mv2"}
DEGREES = 6.0  # of freedom, of every difference
NO_FIGURE = Figure(None, None, None)
RUNS = ("label_only", "vanilla", "reasoning", "reasoning_only", "prose", "neutral", "blind")


def figure(value: float | None, reach: float = 0.0) -> Figure:
    """Return a figure whose interval reaches as far on both sides."""
    return NO_FIGURE if value is None else Figure(value, value - reach, value + reach)


def target_of(cell: str) -> str:
    """Return the target of a cell's short name: "oci_m" is tested on MSU-MFSD."""
    return TARGETS[cell[-1]]


def protocol_of(cell: str) -> str:
    """Return the protocol of a cell: "oci_w" are the models of oci_m."""
    trained = {"oci": "oci_m", "omi": "omi_c", "ocm": "ocm_i", "icm": "icm_o"}
    return trained.get(cell.partition("_")[0], cell)


def place(cell: str) -> dict[str, str]:
    """Return the names of a cell, as keyword arguments."""
    return {"protocol": protocol_of(cell), "target": target_of(cell), "cell": cell}


def level(value: float, names: Sequence[str], apcer: dict[str, Figure] | None = None) -> LevelMetrics:
    """Return one value for each metric."""
    return LevelMetrics(Counts(3, 9, 4), {name: figure(value, 0.1) for name in names}, apcer or {})


def cell_metrics(
    cell: str, run: str, value: float = 0.3, seeds: Sequence[int] = (0,), readers: Sequence[str] = ("lexical",)
) -> CellMetrics:
    """Return a cell with one value for every metric."""
    head = level(value, list(METRICS), {"print": figure(value)})
    read = {reader: ReaderMetrics(*[level(value, list(READER_METRICS))] * 2) for reader in readers}
    mean = SeedMetrics(0.5, {"casia": 0.9}, head, head, read)
    return CellMetrics(**place(cell), run=run, seeds=list(seeds), mean=mean, by_seed=dict.fromkeys(seeds, mean))


def difference(cell: str, low: float | None, high: float | None, **changes: Any) -> CellDifference:
    """Return reasoning minus vanilla on a cell."""
    return CellDifference(**{**_difference(low, high), **place(cell), **changes})


def mean_difference(cells: Sequence[str], low: float | None, high: float | None, **changes: Any) -> MeanDifference:
    """Return reasoning minus vanilla, averaged over cells."""
    lists = {"cells": list(cells), "protocols": list(map(protocol_of, cells)), "targets": list(map(target_of, cells))}
    row = _difference(low, high) | {"training_sets": len(set(lists["protocols"]))}
    return MeanDifference(**{**row, **lists, "over_targets": figure(row["difference"], 0.5), **changes})


def _difference(low: float | None, high: float | None) -> dict[str, Any]:
    """Return the difference in the middle of an interval, with the standard error that the interval follows from."""
    names = {"run": "reasoning", "baseline": "vanilla", "channel": "head", "level": "video", "metric": "hter_dev"}
    row = {**names, "difference": 0.0, "low": low, "high": high, "error": None, "degrees": None, "variance": {}}
    if low is not None and high is not None:
        error = (high - low) / 2 / float(stats.t.ppf(0.975, DEGREES))
        row |= {
            "difference": (low + high) / 2,
            "error": error,
            "degrees": DEGREES,
            "variance": {"people": 0.75, "trainings": 0.25},
        }
    return {**row, "baseline_value": 0.3, "seeds": 3, "subjects": 8, "training_sets": 2}


def settings(
    effect: float = 0.15,
    min_seeds: int = 3,
    min_seeds_alone: int = 5,
    min_subjects: int = 8,
    confidence: float = 0.95,
    replicates: int = 321,
) -> MetricsSettings:
    """Return the settings of metrics.json."""
    ledger = LedgerSettings("hter_dev", effect, 0.5, min_seeds, min_seeds_alone, min_subjects)
    return MetricsSettings(EvaluationSettings(replicates, confidence, 1, 6), ledger)


def metrics(
    *rows: CellDifference | MeanDifference, cells: Sequence[CellMetrics] = (), of: MetricsSettings | None = None, **more: Any
) -> Metrics:
    """Return metrics.json with these differences and cells."""
    paired = [row for row in rows if isinstance(row, CellDifference)]
    means = [row for row in rows if isinstance(row, MeanDifference)]
    return Metrics({key(cell.cell, cell.run): cell for cell in cells}, paired, means, of or settings(), **more)


def params(**changes: Any) -> dict[str, Any]:
    """Return sections of params.yaml, as much of them as pages read."""
    sections: dict[str, Any] = {
        "archives": SimpleNamespace(source="synthetic", datasets={}, printable=[]),
        "synthetic": SimpleNamespace(people="procedural", world="a", spurious_strength=0.9, look_alike_rate=0.03),
        "runs": {run: {} for run in RUNS},
        "annotator": SimpleNamespace(
            base_url="simulated", model="simulated-annotator", label_aware=True, refusals=3, attempts=8, prompt=""
        ),
        "simulated": SimpleNamespace(missed_cue=0.25, invented_cue=0.1, reader_error=0.03),
        "judging": SimpleNamespace(readers=["lexical", "api"], model="a-model", network_videos=24),
        "captions": {},
        "ablations": {},
    }
    return sections | changes


def material(folder: Path = Path(), page: str = "page", **loaded: Any) -> Material:
    """Return what a page reads, with these inputs; `params` among them changes sections."""
    changes = loaded.pop("params", {})
    return Material(params(**changes), folder=folder, page=page, loaded=loaded)
