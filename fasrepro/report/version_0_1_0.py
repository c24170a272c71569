"""Recorded runs of version 0.1.0, read as today's. Remove this module when every run is recorded anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fasrepro.evaluation.results import HEAD, key

VERSION = "0.1.0"
# Its intervals came from a bootstrap, without a standard error; so its differences get an interval and no verdict.
UNKNOWN_ERROR = {"error": None, "degrees": None, "variance": {}}
RENAMED = {"siw": "siw_mv2"}  # data sets
RENAMED_METRICS = {"eer": "oracle_eer", "hter_oracle": "oracle_hter"}
# Its rule had other settings, by which nothing is judged any more.
LEDGER = {"metric": "hter_dev", "effect": 0.15, "equivalence": 0.5, "min_seeds": 3, "min_seeds_alone": 5, "min_subjects": 5}


def converted(content: Any) -> Any:
    """Return a recorded file as today's version reads it; unchanged if its form is today's.

    None of its runs is comparable with today's: they were trained on another foundation, with two threads.

    Raises:
        ValueError: for a file that lacks a part.
    """
    if not isinstance(content, dict) or "version" in content:
        return content
    lacking = sorted({"code_md5", "hours", "metrics", "profile", "sections_sha256", "untimed_stages"} - content.keys())
    if lacking:
        raise ValueError(f"no {', '.join(lacking)}")
    return {**content, "version": VERSION, "metrics": converted_metrics(content["metrics"])}


def converted_metrics(old: Mapping[str, Any]) -> dict[str, Any]:
    """Return a metrics.json of version 0.1.0 as the keys and values of `results.Metrics`.

    Its "protocol" was a cell. A cell with `transfer` was tested by the models of the protocol with the same sources.
    """
    trained = {job["protocol"].partition("_")[0]: job["protocol"] for job in old["jobs"].values() if not job["transfer"]}
    protocols = {job["protocol"]: trained.get(job["protocol"].partition("_")[0], job["protocol"]) for job in old["jobs"].values()}
    targets = {job["protocol"]: RENAMED.get(job["target"], job["target"]) for job in old["jobs"].values()}

    def place(cell: str) -> dict[str, str]:
        return {"protocol": protocols[cell], "target": targets[cell], "cell": cell}

    def level(entry: Mapping[str, Any]) -> dict[str, Any]:
        figures = {RENAMED_METRICS.get(name, name): figure for name, figure in entry.items() if name not in ("counts", "apcer")}
        return {"counts": entry["counts"], "figures": figures, "apcer": entry.get("apcer", {})}

    def levels(entry: Mapping[str, Any]) -> dict[str, Any]:
        readers = {name: {part: level(reader[part]) for part in ("video", "frame")} for name, reader in entry["readers"].items()}
        heads = {part: level(entry[part]) for part in ("video", "frame")}
        return {**heads, "readers": readers, "threshold_dev": entry["threshold_dev"], "dev_auc": entry["dev_auc"]}

    cells = {
        key(job["protocol"], job["run"]): {
            **place(job["protocol"]),
            "run": job["run"],
            "seeds": [int(seed) for seed in job["seeds"]],
            "mean": levels(job["mean"]),
        }
        for job in old["jobs"].values()
    }
    paired, means = [], []
    for row in old["paired"]:
        kept = {name: value for name, value in row.items() if name not in ("protocol", "protocols", "transfer", "detectable")}
        names = row.get("protocols") or [row["protocol"]]
        kept |= UNKNOWN_ERROR | {
            "baseline_value": _baseline_value(row, [cells[key(name, row["baseline"])] for name in names]),
            "training_sets": len({protocols[name] for name in names}),
        }
        if "protocols" in row:
            lists = {
                "protocols": [protocols[name] for name in names],
                "targets": [targets[name] for name in names],
                "cells": names,
                "over_targets": {"value": row["difference"], "low": None, "high": None},
            }
            means.append(kept | lists)
        else:
            paired.append(kept | place(row["protocol"]))
    settings = {"evaluation": old["settings"]["evaluation"], "ledger": LEDGER}
    return {"cells": cells, "paired": paired, "means": means, "settings": settings}


def _baseline_value(row: Mapping[str, Any], cells: Sequence[Mapping[str, Any]]) -> float:
    """Return the baseline's figure that a row is compared with, a mean over its cells."""
    channel, level, metric = row["channel"], row["level"], row["metric"]
    values = []
    for cell in cells:
        levels = cell["mean"] if channel == HEAD else cell["mean"]["readers"][channel]
        values.append(levels[level]["figures"][metric]["value"])
    return float(sum(values) / len(values))
