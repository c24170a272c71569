from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from fasrepro import cli, config
from fasrepro.commands import reproduce

ROOT = Path(__file__).parent.parent.parent


def test_a_copy_holds_the_merged_params_and_its_own_jobs(tmp_path: Path) -> None:
    copy = reproduce.make_copy(ROOT, "tiny", tmp_path / "copy")
    merged = config.read_yaml(copy / "params.yaml")
    assert merged == reproduce.profile_params(ROOT, "tiny") != config.read_yaml(ROOT / "params.yaml")
    jobs = config.load_jobs(copy / "jobs.yaml")
    assert set(jobs) == {"oci_m-label_only-0", "oci_m-vanilla-0", "oci_m-reasoning-0"}
    assert {tuple(job.test) for job in jobs.values()} == {("msu", "siw_mv2")}
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


def test_nothing_to_train_is_an_error_and_the_book_is_named_once_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run([sys.executable, "-m", "dvc", "init", "--no-scm", "--quiet"], cwd=tmp_path, check=True)
    page = "book/_build/html/index.html"
    stages = {
        "numbers": {"cmd": "echo 1 > numbers", "outs": ["numbers"]},
        "book": {"cmd": f"mkdir -p {Path(page).parent} && touch {page}"},
    }
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(reproduce.jobs, "is_stale", lambda: False)
    monkeypatch.setattr(reproduce.site, "write", lambda root: root.absolute() / page)
    empty = {
        "written": [],
        "derived": {},
        "joined": {},
        "splits": {},
        "captioned": [],
        "trainsets": {},
        "tunings": {},
        "jobs": {},
        "silver": {},
        "snapshot_jobs": {},
        "read_out_jobs": {},
        "two_stage_jobs": [],
        "sft_jobs": {},
        "grpo_jobs": {},
        "captioner_names": [],
        "caption_detectors": {},
        "skipped": ["protocol oci_m is skipped: MSU-MFSD is absent"],
    }
    (tmp_path / "jobs.yaml").write_text(yaml.safe_dump(empty), encoding="utf-8")
    (tmp_path / "params.yaml").write_text("threads: 1\n", encoding="utf-8")
    assert cli.main(["reproduce", "--", "numbers"]) == 0
    assert "The book" not in capsys.readouterr().out
    assert cli.main(["reproduce"]) == 1
    printed = capsys.readouterr()
    assert "protocol oci_m is skipped: MSU-MFSD is absent" in printed.out
    assert "params.yaml: nothing can be trained" in printed.err
    job = {"protocol": "oci_m", "run": "r", "seed": 0, "test": ["msu"], "trainset": "t", "tuned": "r", "recipe": {}}
    (tmp_path / "jobs.yaml").write_text(yaml.safe_dump(empty | {"jobs": {"oci_m-r-0": job}}), encoding="utf-8")
    assert cli.main(["reproduce"]) == 0
    printed = capsys.readouterr().out
    assert f"The book: {tmp_path / page}" in printed
    assert "1 stages, " in printed


def test_no_workers_are_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    assert cli.main(["reproduce", "--workers", "0"]) == 1
    assert "--workers must be at least 1" in capsys.readouterr().err


def test_stages_share_the_cores_that_their_threads_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr(reproduce, "_gpus", lambda: 0)
    assert [reproduce.default_workers(threads) for threads in (1, 2, 16)] == [8, 4, 1]
    monkeypatch.setattr(reproduce, "_gpus", lambda: 2)
    assert reproduce.default_workers(1) == 2


def test_a_profile_is_laid_over_the_one_that_it_is_like(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "params.yaml").write_text("threads: 1\nseed: 1\nnote: base\n")
    for name, text in {"one": "seed: 2", "two": "like: one\nnote: mine", "three": "like: two"}.items():
        (tmp_path / "profiles" / f"{name}.yaml").write_text(text)
    assert reproduce.profile_params(tmp_path, "two") == {"threads": 1, "seed": 2, "note": "mine"}
    with pytest.raises(config.ConfigError, match="profile three: like: two is itself like another"):
        reproduce.profile_params(tmp_path, "three")
