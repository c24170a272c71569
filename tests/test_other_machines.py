"""What other machines get: the Makefile under macOS's make, the public CI workflow, the SLURM example, stages without Linux."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest
import yaml

from fasrepro import config, paths
from fasrepro.commands import reproduce
from tests.layout import ROOT

# Words of GNU's tools that macOS lacks, or gives another meaning.
GNU_ONLY = (
    r"sed (-\w+ )*-i",
    r"readlink -f",
    r"\bnproc\b",
    r"stat -c",
    r"date -d",
    r"grep -\w*P",
    r"xargs -\w*r",
    r"\btimeout \d",
    r"cp (-\w+ )*--",
    r"\btac\b",
    r"\bsha256sum\b",
    r"\bmapfile\b",
    r"/proc/",
)
SBATCH = {"job-name", "nodes", "ntasks", "cpus-per-task", "gpus-per-task", "mem", "time", "output"}
SLURM = ROOT / "examples" / "slurm.sh"


def recipes() -> list[str]:
    """Return the lines of all recipes of the Makefile, those that go on joined."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.startswith("\t")]


@pytest.mark.parametrize("word", GNU_ONLY)
def test_make_and_the_slurm_example_use_no_word_that_macos_lacks(word: str) -> None:
    lines = [*recipes(), *SLURM.read_text(encoding="utf-8").splitlines()]
    assert [line for line in lines if re.search(word, line)] == []


def test_no_line_of_a_recipe_relies_on_the_one_before() -> None:
    """GNU make 3.81 runs each in a shell of its own: a folder that is entered, or a variable that is set, would be lost."""
    assert [line for line in recipes() if re.fullmatch(r"(cd|export|set|source) [^&;]*|\w+=\S*", line)] == []


def test_the_workflow_runs_targets_that_make_has() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    targets = [shlex.split(step["run"])[1] for step in steps if step.get("run", "").startswith("make ")]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert {"book", "test"} <= set(targets)
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []
    assert {step["with"]["python-version"] for step in steps if "setup-python" in step.get("uses", "")} == {"3.11"}
    assert "macos-latest" in workflow["jobs"]["book"]["strategy"]["matrix"]["os"]


def slurm(*prefix: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the example in the project, with this interpreter as `python`."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(["bash", *prefix, str(SLURM)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_slurm_example_lists_the_jobs_of_jobs_yaml() -> None:
    assert slurm("-n").returncode == 0
    listed = slurm()
    assert listed.stdout.split() == list(config.read_yaml(ROOT / paths.JOBS)["jobs"]), listed.stderr


def test_a_task_of_the_slurm_example_runs_the_commands_of_dvc_yaml(tmp_path: Path) -> None:
    """The stages are stood in for by a `python` that prints what it is asked for; the list of jobs comes from the real one."""
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/usr/bin/env bash\n[ "$1" != -c ] || exec {sys.executable} "$@"\necho "python $*"\n', encoding="utf-8")
    python.chmod(0o755)
    (tmp_path / paths.JOBS).write_text("jobs: {first: {}, second: {}}\n", encoding="utf-8")
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    printed = slurm(SLURM_ARRAY_TASK_ID="1", SLURM_SUBMIT_DIR=str(tmp_path)).stdout.splitlines()
    assert printed == [stages[name]["do"]["cmd"].replace("${key}", "second") for name in ("train", "predict")]
    beyond = slurm(SLURM_ARRAY_TASK_ID="2", SLURM_SUBMIT_DIR=str(tmp_path))
    assert (beyond.returncode, beyond.stdout) == (1, "")
    assert "jobs.yaml has 2 jobs, from 0: submit --array=0-1" in beyond.stderr


def test_the_options_of_the_slurm_example_are_sbatchs_and_its_stages_are_dvcs() -> None:
    text = SLURM.read_text(encoding="utf-8")
    options = re.findall(r"^#SBATCH (.*)$", text, re.MULTILINE)
    assert [option for option in options if not re.fullmatch(rf"--({'|'.join(SBATCH)})=\S+", option)] == []
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    for line in re.findall(r"^#   dvc (?:repro|commit --force)([\w ]*?)(?:  .*)?$", text, re.MULTILINE):
        assert set(line.split()) <= stages.keys()


def test_cores_are_counted_where_a_system_tells_no_affinity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    assert reproduce.cores() == os.cpu_count()


ENDED = 20.0  # seconds in which it must be


@pytest.mark.parametrize(
    "child",
    [
        "from fasrepro.commands import dvc_stage; sys.platform = 'darwin'; dvc_stage.end_with(os.getppid())",
        "from fasrepro import stages; del os.pidfd_open; os.environ['DVC_STAGE'] = 'x'; stages.end_with_dvc()",
    ],
)
def test_a_stage_ends_with_its_parent_without_linux(child: str, tmp_path: Path) -> None:
    """The parent starts it, waits until it watches, and is killed."""
    watching = tmp_path / "watching"
    code = (
        f"import os, pathlib, sys, time; {child}; pathlib.Path({str(watching)!r}).write_text(str(os.getpid())); time.sleep(100)"
    )
    parent_code = textwrap.dedent(f"""
        import subprocess, sys, time
        subprocess.Popen([sys.executable, "-c", {code!r}])
        time.sleep(100)
    """)
    parent = subprocess.Popen([sys.executable, "-c", parent_code], env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        deadline = time.monotonic() + 60
        while not watching.is_file() or not watching.read_text():
            assert parent.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        stage = psutil.Process(int(watching.read_text()))
    finally:
        parent.kill()
        parent.wait()
    stage.wait(ENDED)
