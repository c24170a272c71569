from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fasrepro import cli, config, files
from fasrepro.commands import reproduce

ROOT = Path(__file__).parent.parent.parent


def test_a_copy_holds_the_merged_params_and_its_own_jobs(tmp_path: Path) -> None:
    copy = reproduce.make_copy(ROOT, "tiny", tmp_path / "copy")
    merged = config.read_yaml(copy / "params.yaml")
    assert merged == reproduce.profile_params(ROOT, "tiny") != config.read_yaml(ROOT / "params.yaml")
    jobs = config.load_jobs(copy / "jobs.yaml")
    assert set(jobs) == {"oci_m-label_only-0", "oci_m-vanilla-0", "oci_m-reasoning-0"}
    assert {tuple(job.test) for job in jobs.values()} == {("msu", "siw")}
    assert (copy / ".dvc" / "config").is_file()


def test_a_second_copy_keeps_results_and_drops_what_is_gone(tmp_path: Path) -> None:
    base = tmp_path / "base"
    for name in (*reproduce.SOURCES, "book", ".dvc/config"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, base / name, ignore=shutil.ignore_patterns("_generated", "executed", "_build", "__pycache__"))
        elif source.exists():
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, base / name)
    gone = base / "fasrepro" / "gone.py"
    gone.touch()
    copy = reproduce.make_copy(base, "tiny", tmp_path / "copy")
    assert (copy / "fasrepro" / "gone.py").is_file()
    for kept in (copy / "results" / "metrics.json", copy / "book" / "_generated" / "values.json"):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch()
    gone.unlink()
    reproduce.make_copy(base, "tiny", copy)
    assert not (copy / "fasrepro" / "gone.py").exists()
    assert (copy / "results" / "metrics.json").is_file()
    assert (copy / "book" / "_generated" / "values.json").is_file()


def test_an_unknown_profile_names_its_neighbours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    assert cli.main(["reproduce", "--profile", "tinny"]) == 1
    assert "unknown profile 'tinny'. Did you mean 'tiny'?" in capsys.readouterr().err


def test_times_of_finished_stages_outlive_a_run_that_fails(tmp_path: Path) -> None:
    stages = {"good": {"cmd": "echo 1 > a", "outs": ["a"]}, "bad": {"cmd": "exit 3", "deps": ["a"], "outs": ["b"]}}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "dvc", "init", "--no-scm", "--quiet"], cwd=tmp_path, check=True)
    status, spans = reproduce.run_dvc(tmp_path, [])
    assert status != 0 and [stage for stage, _ in spans] == ["good", "bad"]
    assert files.read_json(tmp_path / reproduce.TIMES).keys() == {"good"}


def test_the_book_is_named_once_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run([sys.executable, "-m", "dvc", "init", "--no-scm", "--quiet"], cwd=tmp_path, check=True)
    page = "book/_build/html/index.html"
    stages = {"numbers": {"cmd": "true"}, "book": {"cmd": f"mkdir -p {Path(page).parent} && touch {page}"}}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reproduce.jobs, "is_stale", lambda: False)
    empty = {"written": [], "derived": {}, "splits": {}, "trainsets": {}, "tunings": {}, "jobs": {}, "snapshot_jobs": {}}
    (tmp_path / "jobs.yaml").write_text(yaml.safe_dump({**empty, "skipped": []}), encoding="utf-8")
    assert cli.main(["reproduce", "--", "numbers"]) == 0
    assert "The book" not in capsys.readouterr().out
    assert cli.main(["reproduce"]) == 0
    assert f"The book: {tmp_path / page}" in capsys.readouterr().out
