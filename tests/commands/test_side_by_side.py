"""Stages side by side through a real DVC: same bytes, failures, kills, and nobody else at work."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import yaml

from fasrepro import files
from fasrepro.commands import reproduce, scheduling, side_by_side

# A stage as ours: it writes when it began and ended, so that a second writer would show.
STAGE = """
import sys, time
from pathlib import Path
from fasrepro import stages

def main():
    name, seconds = sys.argv[1], float(sys.argv[2])
    with Path(f"{name}.events").open("a") as events:
        events.write("began\\n"); events.flush()
        time.sleep(seconds)
        events.write("ended\\n")
    Path(f"{name}.out").write_text(name)

stages.run(main)
"""


def pipeline(folder: Path, seconds: float = 0.2) -> Path:
    """Make a project of four stages: two, a third that waits for the first, and one that waits for all."""
    folder.mkdir(parents=True)
    files.write_text(folder / "stage.py", STAGE)

    def stage(name: str, *needed: str) -> dict[str, object]:
        deps = ["stage.py", *(f"{other}.out" for other in needed)]
        return {"cmd": f"python stage.py {name} {seconds}", "deps": deps, "outs": [f"{name}.out"]}

    stages = {"z": stage("z"), "b": stage("b"), "c": stage("c", "z"), "last": stage("last", "z", "b", "c")}
    files.write_text(folder / "dvc.yaml", yaml.safe_dump({"stages": stages}, sort_keys=False))
    subprocess.run([sys.executable, "-m", "dvc", "init", "--no-scm", "--quiet"], cwd=folder, check=True)
    return folder


def run(folder: Path, workers: int) -> int:
    with side_by_side.only_one(folder):
        waits_for = scheduling.stages_to_run(folder)
        status, _ = side_by_side.run(folder, waits_for, dict.fromkeys(waits_for, 1.0), workers, reproduce.environment())
    return status


def test_the_same_lock_with_any_number_of_workers(tmp_path: Path) -> None:
    locks = []
    for workers in (1, 3):
        folder = pipeline(tmp_path / str(workers))
        assert run(folder, workers) == 0
        locks.append((folder / "dvc.lock").read_bytes())
        assert scheduling.stages_to_run(folder) == {}
        assert side_by_side.times(folder).keys() == {"z", "b", "c", "last"}
    assert locks[0] == locks[1]
    assert list(yaml.safe_load(locks[0])["stages"]) == ["b", "c", "last", "z"]


def test_a_failure_ends_the_run_with_the_log_and_keeps_what_was_done(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = pipeline(tmp_path / "project")
    text = (folder / "dvc.yaml").read_text(encoding="utf-8")
    files.write_text(folder / "dvc.yaml", text.replace("python stage.py c 0.2", "echo it broke && exit 3"))
    assert run(folder, 2) == 1
    error = capsys.readouterr().err
    assert "it broke" in error and "c failed; all of its output" in error
    assert side_by_side.times(folder).keys() == {"z", "b"}
    assert set(scheduling.stages_to_run(folder)) == {"c", "last"}


HUNGRY = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'bytearray(3 * 10**9)'])\n"


def test_the_memory_of_what_a_stage_began_is_kept(tmp_path: Path) -> None:
    """Of the largest process: here one that the stage's own process begins.

    Linux counts a process as at least as large as the one that began it: the others are as large as the tests' own.
    """
    folder = pipeline(tmp_path / "project")
    files.write_text(folder / "hungry.py", HUNGRY)
    text = (folder / "dvc.yaml").read_text(encoding="utf-8")
    files.write_text(folder / "dvc.yaml", text.replace("python stage.py z 0.2", "python hungry.py && python stage.py z 0.2"))
    assert run(folder, 2) == 0
    peaks = side_by_side.peaks(folder)
    assert peaks.keys() == {"z", "b", "c", "last"}
    assert peaks["z"] == pytest.approx(3 * 10**9 / 2**30, abs=0.1)
    assert peaks["b"] < 2


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    second = side_by_side.only_one(tmp_path)
    with side_by_side.only_one(tmp_path), pytest.raises(ValueError, match="another `fasrepro reproduce` is at work here"):
        second.__enter__()


def test_files_that_killed_processes_had_in_use_are_free_again(tmp_path: Path) -> None:
    path = tmp_path / side_by_side.DVC_LOCKS
    gone = subprocess.Popen([sys.executable, "-c", ""])
    while psutil.Process(gone.pid).status() != psutil.STATUS_ZOMBIE:  # ended, and not collected
        time.sleep(0.05)
    alive, dead = {"pid": os.getpid(), "cmd": "alive"}, {"pid": gone.pid, "cmd": "dead"}
    files.write_text(path, json.dumps({"write": {"a": dead, "b": alive}, "read": {"c": [dead, alive], "d": [dead]}}))
    with side_by_side.only_one(tmp_path):
        assert json.loads(path.read_text(encoding="utf-8")) == {"write": {"b": alive}, "read": {"c": [alive]}}
    gone.wait()


def test_half_a_list_of_files_in_use_is_removed(tmp_path: Path) -> None:
    path = tmp_path / side_by_side.DVC_LOCKS
    files.write_text(path, '{"write": {')
    with side_by_side.only_one(tmp_path):
        assert not path.exists()


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """A run of slow stages in a process of its own, whose first two stages are at work."""
    folder = pipeline(tmp_path / "project", seconds=20)
    code = (
        "import sys; from pathlib import Path; from fasrepro.commands import reproduce;"
        " sys.exit(reproduce.run_stages(Path(sys.argv[1]), 2))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)])
    deadline = time.monotonic() + 60
    while not all((folder / f"{name}.events").is_file() for name in "zb"):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.1)
    yield folder, process
    process.kill()
    process.wait()


def at_work(folder: Path) -> list[psutil.Process]:
    """Return the processes of stages in a folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        if process.info["cwd"] == str(folder) and "stage.py" in " ".join(process.info["cmdline"] or ()):
            found.append(process)
    return found


@pytest.mark.parametrize("killed", ["scheduler", "dvc", "stage"])
def test_whatever_is_killed_no_stage_goes_on_and_the_next_run_ends_the_same(
    killed: str, scheduler: tuple[Path, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    folder, process = scheduler
    if killed == "scheduler":
        process.kill()
    else:
        of_dvc = [one for one in psutil.Process(process.pid).children() if "dvc_stage" in " ".join(one.cmdline())]
        victim = of_dvc[0] if killed == "dvc" else of_dvc[0].children(recursive=True)[-1]
        os.kill(victim.pid, signal.SIGKILL)
        # The other stage is at work for 20 s; what is asked of the run is only that it does not end well.
        process.send_signal(signal.SIGINT)
    process.wait(timeout=40)
    assert process.returncode != 0
    deadline = time.monotonic() + 20
    while at_work(folder):
        assert time.monotonic() < deadline, "a stage outlived its run"
        time.sleep(0.1)
    files.write_text(folder / "dvc.yaml", (folder / "dvc.yaml").read_text(encoding="utf-8").replace(" 20", " 0.2"))
    assert run(folder, 2) == 0
    whole = pipeline(tmp_path / "whole")
    files.write_text(whole / "dvc.yaml", (folder / "dvc.yaml").read_text(encoding="utf-8"))
    assert run(whole, 1) == 0
    assert (folder / "dvc.lock").read_bytes() == (whole / "dvc.lock").read_bytes()
