"""Seconds from the start of the stage `train`'s process to the end of its first step. Prints the share of the imports.

python -m benchmarks.startup [repeats]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

from benchmarks import fixtures
from fasrepro import config, files, paths
from fasrepro.captions.styles import STYLES
from fasrepro.commands import jobs
from fasrepro.rows import table
from fasrepro.rows.training import TrainRow

ROOT = Path(__file__).parents[1]
REPEATS = 3
ROWS = 48
JOB = "oci_m-reasoning-0"


def project(folder: Path) -> None:
    """Write all that the stage reads under `folder`: the params with one step, rows, crops, checkpoint, learning rate."""
    params = config.load("foundation", "training")
    content = config.read_yaml(paths.PARAMS)
    content["training"]["backbone"] = str(paths.FOUNDATION)
    content["training"]["phases"][0]["steps"] = 1
    content["snapshots"]["count"] = 1
    (folder / paths.PARAMS).write_text(yaml.safe_dump(content), encoding="utf-8")
    (folder / paths.JOBS).write_text(jobs.text(folder / paths.PARAMS), encoding="utf-8")
    job = config.load_job(JOB, folder / paths.JOBS)
    world = fixtures.world(folder / paths.CROPS, ROWS)
    rows = fixtures.train_rows(world, STYLES["reasoning"])
    table.write(folder / paths.trainset(job.trainset), rows, TrainRow)
    fixtures.checkpoint(folder / paths.FOUNDATION, params.foundation, [row.caption for row in rows], params.training.prompt)
    files.write_json(folder / paths.tuning_choice(job.tuned), {"chosen": params.training.learning_rates[0]})


def spans(folder: Path) -> dict[str, float]:
    """Start the stage in `folder`; return the seconds until its imports were done and until its first step was."""
    times = folder / "first_step.json"
    times.unlink(missing_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmarks.first_step", str(time.monotonic()), JOB]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the stage train failed:\n{done.stderr}")
    return files.read_json(times)


def main() -> None:
    """Start the stage a few times; print the quickest, by when the files that it imports have been read from the disk."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS
    with tempfile.TemporaryDirectory() as name:
        project(Path(name))
        best = min((spans(Path(name)) for _ in range(repeats)), key=lambda times: times["first_step"])
    whole, imports = best["first_step"], best["imports"]
    print(f"process start to the end of the first training step: {whole:.2f} s, best of {repeats}")
    print(f"imports {imports:.2f} s, {imports / whole:.2f} of it")


if __name__ == "__main__":
    main()
