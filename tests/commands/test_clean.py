"""`fasrepro clean`: what can be made again is deleted, and nothing that was paid for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import filelock
import pytest

from fasrepro import cli
from fasrepro.commands import clean

CHECKPOINT, FOLDER, MEMBER, COMMITTED, OLD = ("a" * 32, "b" * 32 + ".dir", "c" * 32, "d" * 32, "e" * 32)
PAID = (
    ".store/replies.jsonl",
    "reviews/gold.jsonl",
    ".work/review/gold/drafts.jsonl",
    "results/checkpoints/job/head.safetensors",
)
READ = (".work/times.json", ".work/computed.json")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a committed dvc.lock, another one in its place, and files of all kinds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FASREPRO_STORE", raising=False)
    for name in (CHECKPOINT, FOLDER, MEMBER, COMMITTED, OLD):
        put(clean._object(tmp_path, name), json.dumps([{"md5": MEMBER, "relpath": "x"}]) if name == FOLDER else "x" * 1000)
    for path in (*PAID, *READ, ".work/logs/train@a.log", ".work/trainsets/x.arrow", ".work/index/msu-1/video.npz"):
        put(tmp_path / path, "x" * 500)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    put(tmp_path / "dvc.lock", lock(COMMITTED))
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "dvc.lock"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--no-verify", "--message", "lock"], check=True)
    put(tmp_path / "dvc.lock", lock(CHECKPOINT, FOLDER))
    return tmp_path


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def lock(*names: str) -> str:
    outs = "".join(f"    - path: results/x\n      hash: md5\n      md5: {name}\n      size: 1000\n" for name in names)
    return f"schema: '2.0'\nstages:\n  train:\n    cmd: x\n    outs:\n{outs}"


def left(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts}


def test_a_dry_run_says_sizes_and_changes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = left(project)
    assert cli.main(["clean"]) == 0
    out = capsys.readouterr().out
    assert "cache: 0.0 MB in 1 files: objects of DVC's cache that dvc.lock does not name" in out
    assert "kept, unless named: `fasrepro clean unfinished`" in out
    assert "never deleted: 0.0 MB in 1 files in .store" in out
    assert out.endswith("nothing is changed: --delete deletes 0.0 MB in 3 files (logs, copies, cache)\n")
    assert left(project) == before


def test_logs_copies_and_unnamed_objects_are_deleted_and_nothing_else(project: Path) -> None:
    before = left(project)
    assert cli.main(["clean", "--delete"]) == 0
    gone = {".work/logs/train@a.log", ".work/trainsets/x.arrow", clean._object(Path(), OLD).as_posix()}
    assert before - left(project) == gone
    assert not (project / ".work/logs").exists() and (project / ".work/index/msu-1").exists()


def test_unfinished_work_is_deleted_when_it_is_named(project: Path) -> None:
    before = left(project)
    assert cli.main(["clean", "unfinished", "--delete"]) == 0
    assert before - left(project) == {".work/index/msu-1/video.npz"}


def test_every_group_leaves_what_was_paid_for(project: Path) -> None:
    assert cli.main(["clean", *clean.GROUPS, "--delete"]) == 0
    objects = {clean._object(Path(), name).as_posix() for name in (CHECKPOINT, FOLDER, MEMBER, COMMITTED)}
    assert left(project) >= {*PAID, *READ, "dvc.lock", *objects}


def test_without_dvc_lock_no_object_is_deleted(project: Path) -> None:
    (project / "dvc.lock").unlink()
    assert cli.main(["clean", "cache", "--delete"]) == 0
    assert clean._object(project, OLD).is_file()


@pytest.mark.parametrize("busy", [".work/reproduce.lock", ".work/index/msu-1/lock", ".work/caption/silver.lock"])
def test_nothing_is_deleted_while_a_stage_is_at_work(project: Path, busy: str, capsys: pytest.CaptureFixture[str]) -> None:
    put(project / busy, "")
    before = left(project)
    with filelock.FileLock(project / busy):
        assert cli.main(["clean", "--delete"]) == 1
    assert busy in capsys.readouterr().err
    assert left(project) >= before


def test_a_shared_cache_is_left_to_dvc(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shared = project.with_name(f"{project.name}-shared")
    (project / ".dvc/cache").rename(shared)
    (project / ".dvc/cache").symlink_to(shared)
    assert cli.main(["clean", "cache", "--delete"]) == 1
    assert "a link, so other projects may use this cache" in capsys.readouterr().err


def test_an_unknown_group_is_an_error(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["clean", "caches"]) == 1
    assert "unknown group 'caches'. Did you mean 'cache'? Known: logs, copies, cache, unfinished" in capsys.readouterr().err
