"""Run stages side by side through DVC, with a table of what is running.

Each stage runs as `dvc repro --single-item`, so that DVC itself decides whether it is up to date, and writes dvc.lock. The bytes
do not depend on how many run at once: a stage begins when all that it depends on has ended, and dvc.lock is sorted at the end.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import filelock
import psutil
from rich.console import Console
from rich.live import Live
from rich.table import Table

from fasrepro import config, files, paths
from fasrepro.commands import scheduling
from fasrepro.commands.scheduling import WaitsFor, clock

LOCK = paths.WORK / "reproduce.lock"
LOGS = paths.WORK / "logs"
TIMES = paths.WORK / "times.json"  # seconds of each stage, when it last ran
PEAKS = paths.WORK / "peaks.json"  # gigabytes of memory of the largest process of each stage, when it last ran
COMPUTED = paths.WORK / "computed.json"  # MD5 of the outputs of each stage that ran here, by stage and path
DVC_LOCKS = Path(".dvc/tmp/rwlock")  # which files the stages at work read and write
POLL = 0.1  # seconds
GRACE = 10.0  # seconds that interrupted stages get to end
TAIL = 30  # lines of a failed stage's log
STARTED = "Running stage '"


@dataclasses.dataclass(frozen=True)
class Running:
    """A stage at work, since `began` (monotonic)."""

    stage: str
    process: subprocess.Popen[bytes]
    began: float


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the lock of `folder`: two at once would run the same stages. Raises `ValueError` where another holds it."""
    path = folder / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(path, blocking=False):
            _drop_dead_locks(folder)
            yield
    except filelock.Timeout:
        raise ValueError(f"{path}: another `fasrepro reproduce` is at work here; wait for it, or end it") from None


def _drop_dead_locks(folder: Path) -> None:
    """Remove from DVC's list of files in use what killed processes have left: DVC would refuse these files for ever.

    It asks whether a process exists, and a killed one exists as long as its parent does not collect it. Where the kill has left
    half of the list, the whole list is removed.
    """
    path = folder / DVC_LOCKS
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        writers = {name: entry for name, entry in content["write"].items() if _is_alive(entry["pid"])}
        readers = {name: [entry for entry in entries if _is_alive(entry["pid"])] for name, entries in content["read"].items()}
    except FileNotFoundError:
        return
    except (ValueError, KeyError, TypeError):
        path.unlink()
        return
    files.write_json(path, {"write": writers, "read": {name: entries for name, entries in readers.items() if entries}})


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def log_of(folder: Path, stage: str) -> Path:
    """Return where the output of a stage goes."""
    return folder / LOGS / f"{stage}.log"


def run(
    folder: Path, waits_for: WaitsFor, seconds: Mapping[str, float], workers: int, environment: Mapping[str, str]
) -> tuple[int, dict[str, float]]:
    """Run stages in `folder`, at most `workers` at once; return the exit status and the seconds of each stage that ran.

    After a failure no other stage begins; those at work end. The end of the failed stage's log is printed. Times are kept as
    stages end, so that a run that fails or is killed leaves those of what it finished.

    Args:
        folder: of the project.
        waits_for: the stages.
        seconds: that each is expected to take.
        workers: at least 1.
        environment: of the stages.
    """
    ways = scheduling.ways_to_the_end(waits_for, seconds)
    done: dict[str, float] = {}
    ran: list[str] = []
    running: list[Running] = []
    failed = ""
    with _table(waits_for, seconds, done, running, workers) as changed:
        try:
            while running or (not failed and len(done) < len(waits_for)):
                while not failed and len(running) < workers:
                    begun = {*done, *(one.stage for one in running)}
                    stage = scheduling.next_stage(waits_for, ways, done, begun)
                    if stage is None:
                        break
                    running.append(_begin(folder, stage, environment))
                    changed(f"began {stage}")
                time.sleep(POLL)
                for one in list(running):
                    peak = _peak_if_ended(one.process)
                    if peak is None:
                        continue
                    running.remove(one)
                    taken = time.monotonic() - one.began
                    if one.process.returncode != 0:
                        failed = failed or one.stage
                        changed(f"FAILED {one.stage} after {taken:.1f} s")
                        continue
                    done[one.stage] = taken
                    if STARTED in log_of(folder, one.stage).read_text(encoding="utf-8", errors="replace"):
                        keep_times(folder, {one.stage: taken})
                        keep_peak(folder, one.stage, peak)
                        ran.append(one.stage)
                        changed(f"ended {one.stage} in {taken:.1f} s")
                    else:
                        changed(f"unchanged {one.stage}")
        finally:
            _end(running)
    sort_lock(folder)
    keep_computed(folder, ran)
    if failed:
        lines = log_of(folder, failed).read_text(encoding="utf-8", errors="replace").splitlines()
        print("\n".join(lines[-TAIL:]), file=sys.stderr)
        print(f"{failed} failed; all of its output: {log_of(folder, failed)}", file=sys.stderr)
    return int(bool(failed)), done


def _begin(folder: Path, stage: str, environment: Mapping[str, str]) -> Running:
    log = log_of(folder, stage)
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "fasrepro.commands.dvc_stage", str(os.getpid()), stage]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=dict(environment), stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    return Running(stage, process, time.monotonic())


def _peak_if_ended(process: subprocess.Popen[bytes]) -> float | None:
    """Return the gigabytes of the largest process among one that has ended and those that it began; None while it runs."""
    number, status, usage = os.wait4(process.pid, os.WNOHANG)
    if not number:
        return None
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss / 2**20


def _end(running: list[Running]) -> None:
    """Interrupt stages as Ctrl-C does, and kill what has not ended after `GRACE`."""
    for signal_number in (signal.SIGINT, signal.SIGKILL):
        for one in running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(one.process.pid, signal_number)
        deadline = time.monotonic() + GRACE
        while any(one.process.poll() is None for one in running) and time.monotonic() < deadline:
            time.sleep(POLL)


@contextlib.contextmanager
def _table(
    waits_for: WaitsFor, seconds: Mapping[str, float], done: Mapping[str, float], running: list[Running], workers: int
) -> Iterator[object]:
    """Show what runs: a table that renews itself on a terminal, else a line a change. Yield what takes a line."""
    console = Console()

    def table() -> Table:
        left = {stage: needed - done.keys() for stage, needed in waits_for.items() if stage not in done}
        rest = dict(seconds)
        now = time.monotonic()
        for one in running:
            rest[one.stage] = max(0.0, seconds[one.stage] - (now - one.began))
        view = Table("stage", "state", "time", "left", box=None, title_justify="left")
        view.title = f"{len(done)} of {len(waits_for)} stages, {clock(scheduling.wall_clock(left, rest, workers))} left"
        for one in running:
            view.add_row(one.stage, "running", clock(now - one.began), clock(rest[one.stage]))
        return view

    if not console.is_terminal:
        yield lambda line: print(f"{line} ({len(done)} of {len(waits_for)})", flush=True)
        return
    with Live(get_renderable=table, console=console, refresh_per_second=1):
        yield lambda line: console.print(line, highlight=False)


def keep_times(folder: Path, taken: Mapping[str, float]) -> None:
    """Keep how long stages took, of several runs the last one that ran each."""
    known = times(folder)
    files.write_json(folder / TIMES, known | {stage: round(seconds, 1) for stage, seconds in taken.items()})


def times(folder: Path) -> dict[str, float]:
    """Return the seconds of each stage when it last ran in `folder`."""
    path = folder / TIMES
    return dict(files.read_json(path)) if path.is_file() else {}


def keep_peak(folder: Path, stage: str, gigabytes: float) -> None:
    """Keep the memory that a stage took when it last ran."""
    files.write_json(folder / PEAKS, peaks(folder) | {stage: round(gigabytes, 2)})


def peaks(folder: Path) -> dict[str, float]:
    """Return the gigabytes of the largest process of each stage when it last ran in `folder`."""
    path = folder / PEAKS
    return dict(files.read_json(path)) if path.is_file() else {}


def keep_computed(folder: Path, stages: Sequence[str]) -> None:
    """Keep the hashes of what stages have made here, from dvc.lock: the book marks it as computed here, and not as recorded."""
    if not stages:
        return
    locked = config.read_yaml(folder / "dvc.lock")["stages"]
    outputs = {name: {out["path"]: out["md5"] for out in locked[name].get("outs", ())} for name in stages if name in locked}
    files.write_json(folder / COMPUTED, computed(folder) | outputs)


def computed(folder: Path) -> dict[str, dict[str, str]]:
    """Return the MD5 of the outputs of each stage that ran in `folder`, by stage and path."""
    path = folder / COMPUTED
    return dict(files.read_json(path)) if path.is_file() else {}


def sort_lock(folder: Path) -> None:
    """Sort the stages of dvc.lock by name, so that its bytes do not depend on which ended first."""
    from dvc.utils.serialize import dump_yaml, load_yaml

    path = folder / "dvc.lock"
    if not path.is_file():
        return
    content = load_yaml(str(path))
    ordered = {**content, "stages": dict(sorted(content.get("stages", {}).items()))}
    with files.replaced(path) as temporary:
        dump_yaml(str(temporary), ordered)
