from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fasrepro import cli, config, files, paths
from fasrepro.commands import jobs
from fasrepro.models import backbones
from tests.layout import ROOT
from tests.small_models import save_trained


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpoint: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    params = config.read_yaml(ROOT / "params.yaml")
    params["training"]["backbone"] = str(checkpoint)
    files.write_text(paths.PARAMS, yaml.safe_dump(params))
    files.write_text(paths.JOBS, jobs.text())
    return tmp_path


def test_a_trained_job_becomes_a_checkpoint_whole_or_not_at_all(
    project: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_trained(checkpoint, paths.checkpoint("icm_o-reasoning-0"))
    assert cli.main(["merge", "icm_o-reasoning-0", "--to", "served/one"]) == 0
    assert backbones.load("served/one")
    assert yaml.safe_load("\n".join(capsys.readouterr().out.splitlines()[2:])) == {
        "base_url": "http://localhost:8000/v1",
        "model": "served/one",
        "prompt": config.read_yaml(paths.PARAMS)["training"]["prompt"],
    }
    paths.checkpoint("icm_o-reasoning-0").joinpath("head.safetensors").unlink()
    assert cli.main(["merge", "icm_o-reasoning-0", "--to", "served/two"]) == 1
    assert [path.name for path in Path("served").iterdir()] == ["one"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["icm_o-reasonin-0", "--to", "out"], "unknown job 'icm_o-reasonin-0'. Did you mean 'icm_o-reasoning-0'?"),
        (["icm_o-reasoning-9", "--to", "out"], "unknown job 'icm_o-reasoning-9'. Did you mean 'icm_o-reasoning-"),
        (["icm_o-reasoning-0", "--to", "out"], "no such folder; `dvc repro train@icm_o-reasoning-0` trains it"),
    ],
)
def test_what_cannot_be_merged_is_said_with_the_remedy(
    project: Path, capsys: pytest.CaptureFixture[str], asked: list[str], said: str
) -> None:
    assert cli.main(["merge", *asked]) == 1
    assert said in capsys.readouterr().err
    assert not Path("out").exists()


def test_an_existing_folder_is_not_overwritten(project: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_trained(checkpoint, paths.checkpoint("icm_o-reasoning-0"))
    Path("out").mkdir()
    assert cli.main(["merge", "icm_o-reasoning-0", "--to", "out"]) == 1
    assert "out: exists already" in capsys.readouterr().err
