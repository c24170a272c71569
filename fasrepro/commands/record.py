"""`fasrepro record`: keep the figures of a profile's run that the ledger looks at, in results/recorded, under version control."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fasrepro import config, paths, provenance
from fasrepro.commands import reproduce
from fasrepro.report import claims


def recorded(folder: Path, profile: str) -> dict[str, Any]:
    """Return what is kept of the run in `folder`: what the claims' verdicts are made of, and where it came from.

    Raises `ValueError` where it holds no metrics, or no time of a stage.
    """
    from fasrepro.report import worlds  # here, because the report's figures take a second that no other verb needs

    metrics = provenance.read_json(folder / paths.METRICS)
    params = config.load("synthetic", "archives", path=folder / paths.PARAMS)
    if params.archives.source != "synthetic":
        raise ValueError(f"{folder / paths.PARAMS}: archives.source is not 'synthetic': only synthetic worlds are recorded")
    times = provenance.read_json(folder / reproduce.TIMES)
    wanted = {frozenset((claim.run, claim.baseline)) for claim in claims.CLAIMS if claim.look == "paired"}
    measures = {claim.metric or metrics["settings"]["ledger"]["metric"] for claim in claims.CLAIMS}
    channels = {claims.HEAD, worlds.READER}
    paired = [
        row
        for row in metrics["paired"]
        if frozenset((row["run"], row["baseline"])) in wanted
        and row["level"] == "video"
        and row["metric"] in measures
        and row["channel"] in channels
    ]
    return {
        "profile": profile,
        "world": params.synthetic.world,
        "spurious_strength": params.synthetic.spurious_strength,
        "hours": round(sum(times.values()) / 3600, 3),
        "params_sha256": provenance.sha256_file(folder / paths.PARAMS),
        "versions": provenance.versions(),
        "label_only": worlds.label_only(metrics),
        "metrics": {"paired": paired, "settings": metrics["settings"]},
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--profile", required=True, help="a name in profiles/ that `fasrepro reproduce` has run")
    parser.add_argument("--copy", type=Path, help="where the profile's copy is, if not .build/<name>")


def run(arguments: argparse.Namespace) -> int:
    """Write results/recorded/<profile>.json."""
    folder = arguments.copy or reproduce.BUILD / arguments.profile
    path = paths.RECORDED / f"{arguments.profile}.json"
    entry = recorded(folder, arguments.profile)
    provenance.write_json(path, entry)
    print(f"{path}: world {entry['world']}, ties {entry['spurious_strength']:g}, {entry['hours']:g} hours")
    return 0
