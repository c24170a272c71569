"""How long a `dvc repro` with nothing to do takes, against DVC alone with as many empty stages. Prints the ratio.

python -m benchmarks.dvc_noop [folder of a pipeline that has run]
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

DVC = [sys.executable, "-m", "dvc"]
REPEATS = 3


def seconds(folder: Path) -> float:
    """Return the best of a few runs that have nothing to do."""
    spans = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        done = subprocess.run([*DVC, "repro"], cwd=folder, capture_output=True, text=True, check=True)
        spans.append(time.perf_counter() - began)
        if "Running stage" in done.stdout:
            sys.exit(f"{folder}: not up to date; run the pipeline first")
    return min(spans)


def empty_pipeline(folder: Path, stages: int) -> None:
    """Write and run a chain of stages that each write one small file."""
    chain = {
        f"s{n}": {"cmd": f"echo {n} > f{n}", "outs": [f"f{n}"], **({"deps": [f"f{n - 1}"]} if n else {})} for n in range(stages)
    }
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": chain}), encoding="utf-8")
    for command in (
        ["init", "--no-scm", "--quiet"],
        ["config", "core.analytics", "false"],
        ["config", "core.check_update", "false"],
    ):
        subprocess.run([*DVC, *command], cwd=folder, check=True)
    subprocess.run([*DVC, "repro"], cwd=folder, capture_output=True, check=True)


def main() -> None:
    """Measure both and print the ratio."""
    pipeline = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    listed = subprocess.run([*DVC, "stage", "list", "--name-only"], cwd=pipeline, capture_output=True, text=True, check=True)
    stages = len(listed.stdout.split())
    ours = seconds(pipeline)
    with tempfile.TemporaryDirectory() as name:
        empty_pipeline(Path(name), stages)
        alone = seconds(Path(name))
    print(f"{stages} stages: {ours:.2f} s with nothing to do, DVC alone {alone:.2f} s, ratio {ours / alone:.2f}")


if __name__ == "__main__":
    main()
