"""The exit status of `fasrepro predict`: faces are scored by one small exported model, and the threshold decides the verdict."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fasrepro import cli
from fasrepro.commands import predict
from fasrepro.deployment import judging
from fasrepro.deployment.results import Threshold
from tests.exports import draw, export


@pytest.fixture(scope="module")
def model(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(checkpoint, tmp_path_factory.mktemp("model"))[0]


@pytest.fixture
def face(tmp_path: Path) -> str:
    draw(tmp_path / "face.png", 100.0)
    return str(tmp_path / "face.png")


@pytest.fixture
def wall(tmp_path: Path) -> str:
    Image.fromarray(np.full((90, 90, 3), 128, np.uint8)).save(tmp_path / "wall.png")
    return str(tmp_path / "wall.png")


def status(monkeypatch: pytest.MonkeyPatch, model: Path, threshold: float, *arguments: str) -> int:
    monkeypatch.setattr(judging, "threshold_of", lambda loaded, file: Threshold(threshold, "nobody"))
    return cli.main(["predict", str(model), *arguments])


def test_an_attack_has_its_exit_status_and_a_bona_fide_face_has_none(
    model: Path, face: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert status(monkeypatch, model, 0.0, face, "--fail-on", "attack") == predict.FOUND_ATTACK
    assert status(monkeypatch, model, 1.1, face, "--fail-on", "attack") == 0
    assert status(monkeypatch, model, 0.0, face) == 0


def test_a_picture_without_a_score_fails_where_that_is_asked_and_is_never_silent(
    model: Path, face: str, wall: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(monkeypatch, model, 1.1, face, wall, "--fail-on", "unscored") == predict.FOUND_UNSCORED
    assert "no face was scored" not in capsys.readouterr().err
    assert status(monkeypatch, model, 1.1, wall, "--fail-on", "attack") == 0
    assert "no face was scored" in capsys.readouterr().err
    both = ["--fail-on", "attack", "--fail-on", "unscored"]
    assert status(monkeypatch, model, 0.0, face, wall, *both) == predict.FOUND_ATTACK
    assert status(monkeypatch, model, 1.1, face, wall, *both) == predict.FOUND_UNSCORED
    assert status(monkeypatch, model, 1.1, face, *both) == 0
