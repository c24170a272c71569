"""Stage `training_losses`: how the losses of each training fell -> results/training_losses.json."""

from __future__ import annotations

import argparse
from typing import Any

from fasrepro import config, files, paths, stages
from fasrepro.evaluation import results
from fasrepro.evaluation.results.training_losses import PhaseLosses, RunLosses, TrainingLosses


def phases(provenance: dict[str, Any]) -> list[PhaseLosses]:
    """Return the losses of a checkpoint's phases; `provenance` is what its folder says of its training."""
    losses = provenance["losses"]
    return [PhaseLosses(phase["name"], phase["steps"], losses[phase["name"]]) for phase in provenance["recipe"]["phases"]]


def main(argv: list[str] | None = None) -> None:
    """Write results/training_losses.json: every training, by run and seed."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("evaluation")
    cells = {}
    for (protocol, run), jobs in sorted(config.by_run(config.load_jobs()).items()):
        by_seed = {job.seed: phases(files.read_json(paths.checkpoint(job.name) / "provenance.json")) for job in jobs}
        cells[f"{protocol}-{run}"] = RunLosses(protocol, run, by_seed)
    results.write(paths.TRAINING_LOSSES, TrainingLosses(cells), params.evaluation.digits)
    print(f"training_losses: {len(cells)} runs on protocols")


if __name__ == "__main__":
    stages.run(main)
