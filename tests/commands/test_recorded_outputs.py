"""What is recorded is fetched into a clone whole, and the stages that read it run there without those before them."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from dvc.repo import Repo

from fasrepro import files, paths
from fasrepro.commands import recorded_outputs
from tests.layout import ROOT

PIPELINE = """
stages:
  draw:
    cmd: mkdir -p results/drawn && echo face > results/drawn/face && echo crop > results/drawn/crop && echo 1 > large
    deps: [source]
    outs:
      - results/drawn
      - large: {push: false}
  report:
    cmd: cat results/drawn/face results/drawn/crop > shown
    deps: [results/drawn]
    outs:
      - shown: {push: false}
"""


def git(folder: Path, *words: str) -> str:
    identity = {f"GIT_{role}_{part}": "test@localhost" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    command = ["git", "-c", "core.hooksPath=/dev/null", *words]
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **identity}, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two stages that has run, in git."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "--quiet")
    Repo.init(str(folder)).close()
    shutil.copyfile(ROOT / ".dvc" / "config", folder / ".dvc" / "config")
    shutil.copyfile(ROOT / ".dvcignore", folder / ".dvcignore")
    (folder / "dvc.yaml").write_text(PIPELINE, encoding="utf-8")
    (folder / "source").write_text("one", encoding="utf-8")
    (folder / ".gitignore").write_text("/results\n/large\n/shown\n/.work\n", encoding="utf-8")
    reproduce(folder)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "a run")
    return folder


def reproduce(folder: Path, *stages: str) -> list[str]:
    """Run stages, each by itself, or all; return which ran."""
    with contextlib.chdir(folder), Repo(str(folder)) as repo:
        ran = [stage for name in stages or (None,) for stage in repo.reproduce(name, single_item=bool(stages))]
    return [stage.name for stage in ran]


def cloned(project: Path) -> Path:
    """Return a clone of the project with what is recorded, as somebody else gets it."""
    git(project, "add", "--force", str(paths.RECORDED_OUTPUTS))
    git(project, "commit", "--quiet", "--message", "recorded outputs")
    clone = project.parent / "clone"
    git(project.parent, "clone", "--quiet", str(project), str(clone))
    return clone


def test_a_clone_builds_its_pages_from_the_recorded_outputs(project: Path) -> None:
    recorded_outputs.push(project)
    manifest = recorded_outputs.read_manifest(project)
    assert manifest is not None
    assert (manifest.commit, set(manifest.outputs)) == (git(project, "rev-parse", "HEAD"), {"results/drawn", "large"})
    clone = cloned(project)
    lock = (clone / "dvc.lock").read_bytes()
    assert recorded_outputs.fetch(clone) == ["results/drawn"]
    assert reproduce(clone, "report") == ["report"]
    assert (clone / "shown").read_text(encoding="utf-8") == "face\ncrop\n"
    assert not (clone / "large").exists()
    assert (clone / "dvc.lock").read_bytes() == lock
    assert recorded_outputs.fetch(clone) == []  # a second call has nothing to do


def test_outputs_that_are_not_recorded_are_named_with_what_makes_them(project: Path) -> None:
    recorded_outputs.push(project)
    clone = cloned(project)
    shutil.rmtree(clone / recorded_outputs.OBJECTS)
    with pytest.raises(ValueError, match=r"recorded: lacks results/drawn, as dvc.lock has them; `make reproduce` makes"):
        recorded_outputs.fetch(clone)
    assert not (clone / "results" / "drawn").exists()


def test_an_output_that_was_changed_by_hand_is_not_overwritten(project: Path) -> None:
    recorded_outputs.push(project)
    face = project / "results" / "drawn" / "face"
    face.unlink()
    face.write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match=r"results/drawn: not what dvc.lock says"):
        recorded_outputs.fetch(project)
    assert face.read_text(encoding="utf-8") == "mine"


def test_a_stage_that_has_changed_since_it_ran_is_not_recorded(project: Path) -> None:
    (project / "source").write_text("two", encoding="utf-8")
    with pytest.raises(ValueError, match="draw, report: changed since the last run"):
        recorded_outputs.push(project)
    assert not (project / paths.RECORDED_OUTPUTS).exists()


def test_what_would_be_too_large_for_git_leaves_the_record_as_it_was(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded_outputs.push(project)
    files_before = {path: path.read_bytes() for path in (project / paths.RECORDED_OUTPUTS).rglob("*") if path.is_file()}
    monkeypatch.setattr(recorded_outputs, "MOST_BYTES", 10)
    with pytest.raises(ValueError, match="more than 0 MB"):
        recorded_outputs.push(project)
    assert {path: path.read_bytes() for path in (project / paths.RECORDED_OUTPUTS).rglob("*") if path.is_file()} == files_before
    assert files.read_json(project / recorded_outputs.MANIFEST)["outputs"]
