"""`fasrepro counterfactual`: the pair of pictures, and invalid arguments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from fasrepro import cli, paths


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))
    params["synthetic"] |= {"frames": 50, "width": 160, "height": 120}
    monkeypatch.chdir(tmp_path)
    paths.PARAMS.write_text(yaml.safe_dump(params), encoding="utf-8")


@pytest.mark.usefixtures("project")
def test_the_command_writes_the_pair_and_the_region(capsys: pytest.CaptureFixture[str]) -> None:
    face = "casia/train_release/1/7#0020"
    assert cli.main(["counterfactual", face, "--cue", "moire", "--unfilmed", "--out", "cf"]) == 0
    without, present, region = (np.asarray(Image.open(Path("cf") / f"{name}.png")) for name in ("without", "with", "region"))
    changed = (without != present).any(axis=2)
    assert changed.any()
    assert not (changed & ~region.astype(bool)).any()
    assert face in capsys.readouterr().out


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["casia/train_release/1/7", "--cue", "moire"], "expected <presentation>#<frame>, the frame below 50"),
        (["casia/train_release/1/1#0020", "--cue", "moire"], "not an attack of the synthetic archives"),
        (["casia/train_release/1/7#0020", "--cue", "moire", "--strength", "0"], "not in (0, 1]"),
    ],
)
def test_invalid_arguments_are_reported(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["counterfactual", *arguments]) == 1
    assert message in capsys.readouterr().err
    assert not Path("counterfactual").exists()


@pytest.mark.usefixtures("project")
def test_a_licensed_face_cannot_be_drawn_again(capsys: pytest.CaptureFixture[str]) -> None:
    params = yaml.safe_load(paths.PARAMS.read_text(encoding="utf-8"))
    params["archives"]["source"] = "licensed"
    paths.PARAMS.write_text(yaml.safe_dump(params), encoding="utf-8")
    assert cli.main(["counterfactual", "casia/train_release/1/7#0020", "--cue", "moire"]) == 1
    assert "only what was drawn here can be drawn again" in capsys.readouterr().err
