"""A threshold chosen on one's own pictures, and `fasrepro predict` by it: one small exported model, cartoons of faces."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from fasrepro import cli
from tests.exports import draw, export


@pytest.fixture(scope="module")
def model(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(checkpoint, tmp_path_factory.mktemp("model"))[0]


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty pictures of each label, of two people each; and a picture without a face."""
    root = tmp_path_factory.mktemp("labelled")
    for number in range(20):
        for label, shift in (("live", 0), ("spoof", 40)):
            path = root / label / f"person{number % 2}" / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            draw(path, 100 + number / 2 + shift / 4, radius=38 + number % 4 + shift / 20)
    Image.fromarray(np.full((90, 90, 3), 128, np.uint8)).save(root / "spoof" / "wall.png")
    return root


def command(model: Path, labelled: Path, to: Path) -> list[str]:
    folders = ["--bona-fide", str(labelled / "live"), "--attack", str(labelled / "spoof")]
    return ["threshold", str(model), *folders, "--to", str(to)]


def test_predict_goes_by_the_threshold_of_ones_own_pictures(
    model: Path, labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to, scores = tmp_path / "own.json", tmp_path / "own.csv"
    assert cli.main([*command(model, labelled, to), "--scores", str(scores)]) == 0
    printed = capsys.readouterr()
    assert "wall.png: no_face" in printed.err and "show 2 people" in printed.err
    assert "attack: 20 pictures of 2 people, 1 no_face" in printed.out
    threshold = json.loads(to.read_text())["threshold"]["value"]

    assert cli.main(["predict", str(model), "--threshold-file", str(to), "--json", str(labelled / "live" / "person0")]) == 0
    printed = capsys.readouterr()
    assert "The threshold is from your own 20 bona fide and 20 attack." in printed.err
    results = [json.loads(line) for line in printed.out.splitlines()]
    assert len(results) == 10
    for result in results:
        assert (result["threshold"], result["threshold_from"]) == (threshold, "your own 20 bona fide and 20 attack")
        assert result["verdict"] == ("attack" if result["p_attack"] >= threshold else "bona_fide")

    assert cli.main(["rescore", "--oracle-only", "--replicates", "10", str(scores)]) == 0
    assert "test  40 videos of 40 rows: 20 bona fide, 20 attack, 2 subjects" in capsys.readouterr().out


def test_a_picture_that_stands_twice_is_refused(
    model: Path, labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for label in ("live", "spoof"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "a.png").write_bytes((labelled / "live" / "person0" / "0.png").read_bytes())
    assert cli.main(command(model, tmp_path, tmp_path / "own.json")) == 1
    assert "spoof/a.png: the same file as" in capsys.readouterr().err
    assert not (tmp_path / "own.json").exists()


def test_folders_that_are_missing_or_inside_each_other_are_refused(
    model: Path, labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nested = ["threshold", str(model), "--bona-fide", str(labelled), "--attack", str(labelled / "spoof"), "--to", "x.json"]
    assert cli.main(nested) == 1
    assert "one holds the other" in capsys.readouterr().err
    assert cli.main(command(model, tmp_path, tmp_path / "own.json")) == 1
    assert "live: no such folder" in capsys.readouterr().err


def test_a_stream_of_frames_has_a_line_a_picture(
    model: Path, labelled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [labelled / "live" / "person0" / "0.png", labelled / "spoof" / "wall.png", labelled / "live" / "person1" / "1.png"]
    stream = io.BytesIO(b"".join(path.read_bytes() for path in frames))
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stream))
    assert cli.main(["predict", str(model), "pipe:", "--json"]) == 0
    results = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["path"], one["state"]) for one in results] == [
        ("pipe:0", "scored"),
        ("pipe:1", "no_face"),
        ("pipe:2", "scored"),
    ]


def test_standard_input_is_read_once(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["predict", str(model), "-", "pipe:"]) == 1
    assert "standard input is read once" in capsys.readouterr().err
