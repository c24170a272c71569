"""The stage on a small model and pictures that hold the label in their colour."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fasrepro import crops, paths
from fasrepro.evaluation import results
from fasrepro.evaluation.results import Metrics
from fasrepro.peers import deployed, dinov2
from fasrepro.peers.catalogue import ANTISPOOF, DINOV2
from fasrepro.stages import baselines
from tests.faces import face
from tests.small_models import PROMPT
from tests.stages import projects

PEOPLE = [("replay", "train", 6), ("replay", "dev", 4), ("msu", "test", 5)]


def without_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out peers, whatever is installed where the test runs."""
    monkeypatch.setattr(dinov2, "encoder", lambda threads: None)
    monkeypatch.setattr(deployed, "scorers", dict)


def brightness(image: Image.Image) -> float:
    return float(np.asarray(image).mean()) / 255


@pytest.fixture
def project(tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    without_peers(monkeypatch)
    projects.write_params(evaluation={"replicates": 30}, training={"backbone": str(checkpoint), "prompt": PROMPT})
    projects.write_jobs({"i_m": (["replay"], ["msu"])}, [("i_m", "label_only"), ("i_m", "vanilla")], [0])
    faces = []
    with crops.packed(paths.CROPS) as pack:
        for dataset, split, people in PEOPLE:
            for person in range(people):
                for species, level in (("bona_fide", 150), ("print", 40)):
                    one = face(f"{dataset}/{split}{person}/{species}", species, subject=f"{dataset}/{split}{person}", split=split)
                    noise = np.random.default_rng(len(faces)).integers(0, 60, (40, 40, 3), dtype=np.uint8)
                    data, sha256 = crops.encode(noise + level)
                    pack(f"{one.face_id}.png", data)
                    faces.append(dataclasses.replace(one, crop=f"{one.face_id}.png", crop_sha256=sha256))
    projects.write_faces(faces)


@pytest.mark.usefixtures("project")
def test_both_baselines_have_a_cell_and_the_same_bytes_come_out_again() -> None:
    baselines.main([])
    written = paths.BASELINES.read_bytes()
    report = results.read(paths.BASELINES, Metrics)
    assert list(report.cells) == ["i_m-encoder_probe", "i_m-texture_probe"]
    probe = report.cells["i_m-encoder_probe"].mean.units
    assert probe.figures["hter_dev"].value == 0.0  # the label is in the colour
    assert (probe.counts.subjects, probe.counts.attack) == (5, 5)
    baselines.main([])
    assert paths.BASELINES.read_bytes() == written


@pytest.mark.usefixtures("project")
def test_peers_stand_beside_the_baselines_and_change_none_of_their_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    baselines.main([])
    alone = results.read(paths.BASELINES, Metrics).cells
    assert "dinov2_probe not computed: `pip install -r requirements-peers.lock`" in capsys.readouterr().out
    monkeypatch.setattr(dinov2, "encoder", lambda threads: lambda image: np.array([brightness(image), 1.0]))
    monkeypatch.setattr(
        deployed, "scorers", lambda: {ANTISPOOF: brightness}
    )  # bright is bona fide here, and an attack to this peer
    baselines.main([])
    cells = results.read(paths.BASELINES, Metrics).cells
    assert {key: cells[key] for key in alone} == alone
    assert set(cells) - set(alone) == {f"i_m-{DINOV2}", f"i_m-{ANTISPOOF}"}
    assert cells[f"i_m-{DINOV2}"].mean.units.figures["hter_dev"].value == 0.0
    assert cells[f"i_m-{ANTISPOOF}"].mean.units.figures["auc"].value == 0.0
    assert "dinov2_probe not computed" not in capsys.readouterr().out
