"""Where the networks of others come from, and the polarity of their scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fasrepro.hashing import sha256_bytes
from fasrepro.peers import deployed
from fasrepro.peers.catalogue import FOLDER, PeerError
from tests.peers.test_graph_model import network


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a tiny network in place of the deployed ones, named by the environment variable."""
    files = dict(zip(("tiny.json", "tiny.bin"), network(), strict=True))
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.setattr(deployed, "FILES", {"tiny": {name: sha256_bytes(data) for name, data in files.items()}})
    monkeypatch.setenv(FOLDER, str(tmp_path))
    return tmp_path


def test_without_a_folder_there_is_no_scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    assert deployed.scorers() == {}


@pytest.mark.usefixtures("folder")
def test_a_score_is_one_less_the_first_output() -> None:
    score = deployed.scorers()["tiny"]
    white, black = (Image.fromarray(np.full((8, 8, 3), level, np.uint8)) for level in (255, 0))
    assert score(black) == pytest.approx(0.5)
    assert score(white) == pytest.approx(1 - 1 / (1 + np.exp(-2)))  # three channels of 1, less 1


def test_a_missing_file_is_named_with_the_remedy(folder: Path) -> None:
    (folder / "tiny.bin").unlink()
    with pytest.raises(PeerError, match=r"tiny\.bin: missing; `npm pack"):
        deployed.scorers()


def test_another_file_is_refused_before_it_is_read(folder: Path) -> None:
    (folder / "tiny.json").write_text("no JSON at all")
    with pytest.raises(PeerError, match=r"tiny\.json: its SHA-256 is "):
        deployed.scorers()
