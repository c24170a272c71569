"""Seconds of a `dvc repro` with nothing to do, and of DVC alone with as many empty stages. Prints the ratio.

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


def empty_pipeline(folder: Path, inputs: list[int]) -> None:
    """Write and run a chain of stages that each write one small file, and read `inputs` of them: the last stage's, and others."""
    folder.mkdir()
    stages = {}
    for number, count in enumerate(inputs):
        read = [f"f{number - 1}"] * bool(number) + [f"i{n}" for n in range(count - bool(number))]
        stages[f"s{number}"] = {"cmd": f"echo {number} > f{number}", "outs": [f"f{number}"], "deps": read}
    for number in range(max(inputs)):
        (folder / f"i{number}").write_text(str(number), encoding="utf-8")
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}), encoding="utf-8")
    for command in ("init --no-scm --quiet", "config core.analytics false", "config core.check_update false"):
        subprocess.run([*DVC, *command.split()], cwd=folder, check=True)
    subprocess.run([*DVC, "repro"], cwd=folder, capture_output=True, check=True)


def main() -> None:
    """Measure both and print the ratio, for stages with one input each and for stages with as many inputs as ours."""
    pipeline = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    locked = yaml.safe_load((pipeline / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    inputs = [len(stage.get("deps", [])) for stage in locked.values()]
    ours = seconds(pipeline)
    print(f"{len(inputs)} stages with {sum(inputs)} inputs: {ours:.2f} s with nothing to do")
    with tempfile.TemporaryDirectory() as name:
        for what, counts in (("one input a stage", [1] * len(inputs)), ("as many inputs", inputs)):
            folder = Path(name) / what.replace(" ", "_")
            empty_pipeline(folder, counts)
            alone = seconds(folder)
            print(f"DVC alone, as many stages, {what}: {alone:.2f} s, ratio {ours / alone:.2f}")


if __name__ == "__main__":
    main()
