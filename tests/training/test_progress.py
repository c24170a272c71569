"""What a training says while it runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from fasrepro.training import progress, run
from tests.training.small_runs import rows, steps, train

Picture = Callable[[int], Image.Image]


def test_a_training_writes_a_line_of_json_every_few_steps(
    checkpoint: Path, picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINES", 3)
    trained = train(checkpoint, picture, tmp_path, rows(), **steps(7))
    lines = [json.loads(line) for line in (tmp_path / run.LOG).read_text().splitlines()]
    assert [(line["phase"], line["step"], line["steps"]) for line in lines] == [("joint", step, 7) for step in (2, 4, 6, 7)]
    means = {"head": 0.0, "caption": 0.0}
    for line, count in zip(lines, (2, 2, 2, 1), strict=True):
        means = {name: means[name] + count * value / 7 for name, value in line["losses"].items()}
    curve = trained.log["losses"]["joint"]  # of seven steps, so each has one
    assert all(abs(sum(curve[name]) / 7 - mean) < 1e-5 for name, mean in means.items())
    assert lines[-1]["seconds_left"] == 0
    assert all(line["seconds_left"] >= 0 and line["rows_per_s"] > 0 and 0 <= line["waiting"] <= 1 for line in lines[:-1])


def test_a_line_for_people_is_printed_now_and_then(
    checkpoint: Path, picture: Picture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "SECONDS", 0.0)
    train(checkpoint, picture, tmp_path, rows(), **steps(2))
    printed = capsys.readouterr().err.splitlines()
    assert printed[-1].startswith("joint: step 2 of 2, head 0.")
    assert printed[-1].endswith(" 0 min left")
    train(checkpoint, picture, tmp_path, rows(), **steps(1))
    assert len((tmp_path / run.LOG).read_text().splitlines()) == 1  # a training that begins anew has a log of its own
