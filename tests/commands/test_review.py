"""`fasrepro review` as a real process: its page is asked over loopback, the process is killed, and started again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fasrepro import cli
from fasrepro.captions import decisions
from fasrepro.captions.styles import STYLES
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.stages import annotate as stage
from tests.annotated_world import make_world
from tests.captions.test_annotate import project
from tests.layout import ROOT

PATIENCE = 120  # seconds: the machine may have more to do than this
SET = ["review", "vanilla", "--editor", "ann"]


@pytest.fixture(scope="module")
def annotated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a project, of which one set is captioned, and its store."""
    folder = tmp_path_factory.mktemp("annotated")
    project(make_world(folder / "world", 6), folder / "p")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder / "p")
        patch.setenv("FASREPRO_STORE", str(folder / "store"))
        stage.main(["--set", "vanilla"])
    return folder


@pytest.fixture
def root(annotated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project without reviews, as the folder in which we are."""
    folder = tmp_path / "p"
    folder.mkdir()
    for name in ("params.yaml", "results"):
        (folder / name).symlink_to(annotated / "p" / name)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FASREPRO_STORE", str(annotated / "store"))
    return folder


@contextlib.contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command; yield the process and the page's address."""
    command = [sys.executable, "-m", "fasrepro.cli", *SET, "--port", "0", *options]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said == "vanilla: 6 faces, editor ann; Ctrl-C ends it\n"
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def ask(address: str, path: str, body: dict[str, Any] | None = None) -> Any:
    origin = "/".join(address.split("/")[:3])
    headers = {"Origin": origin, "Content-Type": "application/json"} if body is not None else {}
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"{address}api/{path}", data, headers)
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        return json.loads(response.read())


def test_a_kill_in_mid_edit_loses_nothing(root: Path) -> None:
    path = root / "reviews" / "vanilla.jsonl"
    with running() as (process, address):
        first, second = (ask(address, f"face?at={at}")["face"] for at in (0, 1))
        ask(address, "decide", {"at": 0, "face_id": first["face_id"], "action": "accept", "fields": first["initial"]})
        ask(address, "draft", {"at": 1, "face_id": second["face_id"], "fields": {"text": "Half a sen"}})
        process.send_signal(signal.SIGKILL)
        process.wait()
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-20])  # as a kill in the middle of a write leaves it
    with running() as (process, address):
        progress = ask(address, "set")
        assert progress["progress"]["decided"] == 1
        assert "its last line was cut off, and is removed" in progress["notice"]
        assert ask(address, "face?at=1")["face"]["draft"] == {"text": "Half a sen"}
        assert path.read_bytes() == whole
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None and "is removed" in process.stderr.read()


def test_the_token_of_an_earlier_start_is_no_longer_taken(root: Path) -> None:
    with running() as (_, before):
        ask(before, "set")
    with running() as (_, address):
        token = before.rstrip("/").rpartition("/")[2]
        with pytest.raises(urllib.error.HTTPError, match="403"):
            ask(f"{'/'.join(address.split('/')[:3])}/{token}/", "set")


def test_decisions_reach_the_stage_and_the_rest_stays(root: Path, annotated: Path) -> None:
    with running() as (_, address):
        face = ask(address, "face?at=2")["face"]
        ask(address, "decide", {"at": 2, "face_id": face["face_id"], "action": "accept", "fields": face["initial"]})
        assert face["replies"][-1]["reason"] == "" and face["has_truth"]
    before = table.read(Path("results/captions/vanilla.parquet"), Caption)
    (root / "results").unlink()
    (root / "results").mkdir()
    for name in ("crops", "faces", "truth"):
        (root / "results" / name).symlink_to(annotated / "p" / "results" / name)
    stage.main(["--set", "vanilla"])
    after = table.read(Path("results/captions/vanilla.parquet"), Caption)
    assert [one.text for one in after] == [one.text for one in before]
    assert [one.model == "people" for one in after] == [one.face_id == face["face_id"] for one in after]
    assert [one.request_key for one in after] == [one.request_key for one in before]


def test_captions_go_out_and_decisions_come_in(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*SET, "--export", "out.jsonl"]) == 0
    assert capsys.readouterr().out == "out.jsonl: 6 faces\n"
    rows = [json.loads(line) for line in (root / "out.jsonl").read_text().splitlines()]
    (root / "in.jsonl").write_text("".join(json.dumps(row | {"action": "drop", "text": ""}) + "\n" for row in rows[:2]))
    assert cli.main([*SET, "--import", "in.jsonl"]) == 0
    assert capsys.readouterr().out == "reviews/vanilla.jsonl: 2 new decisions\n"
    taken = decisions.read(Path("reviews/vanilla.jsonl"), STYLES["vanilla"])
    assert [(one.decision.editor, one.decision.action) for one in taken] == [("ann", "drop")] * 2
    assert cli.main([*SET, "--import", "absent.jsonl"]) == 1
    assert "absent.jsonl: no such file" in capsys.readouterr().err


def test_only_a_written_set_is_reviewed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["review", "prose"]) == 1
    assert "caption set 'prose' is made from reasoning: review that one" in capsys.readouterr().err
    assert cli.main(["review", "vanila"]) == 1
    assert "unknown caption set 'vanila'. Did you mean 'vanilla'" in capsys.readouterr().err


def test_a_review_file_of_another_set_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "reviews").mkdir()
    row = dict.fromkeys(("face_id", "crop", "crop_sha256", "label", "species", "why", "text"), "x") | {"style": "reasoning"}
    (root / "reviews" / "vanilla.jsonl").write_text(json.dumps(row) + "\n")
    assert cli.main([*SET, "--port", "0"]) == 1
    assert "vanilla.jsonl, line 1: its style is 'reasoning', not 'vanilla'" in capsys.readouterr().err
