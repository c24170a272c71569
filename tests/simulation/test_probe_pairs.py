from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fasrepro import config, paths
from fasrepro.simulation import probe_pairs
from fasrepro.vocabulary import CUES
from tests.layout import ROOT


@pytest.fixture(scope="module")
def pairs() -> list[probe_pairs.ProbePair]:
    synthetic = config.load("synthetic", path=ROOT / paths.PARAMS).synthetic
    return probe_pairs.draw(synthetic, fitted=2, tested=1, size=64)


def test_every_cue_has_its_pairs(pairs: list[probe_pairs.ProbePair]) -> None:
    assert [pair.cue for pair in pairs] == [cue for cue in CUES for _ in range(3)]
    assert [pair.is_fitted for pair in pairs[:3]] == [True, True, False]


def test_no_person_is_in_a_fitted_and_in_a_tested_pair(pairs: list[probe_pairs.ProbePair]) -> None:
    fitted, tested = ({pair.subject for pair in pairs if pair.is_fitted is kind} for kind in (True, False))
    assert fitted and tested and not fitted & tested


def test_a_pair_differs_and_its_pictures_are_otherwise_alike(pairs: list[probe_pairs.ProbePair]) -> None:
    for pair in pairs:
        assert pair.without.shape == pair.present.shape == (64, 64, 3)
        assert (pair.without != pair.present).any(), pair.cue
    assert np.mean([pair.is_visible for pair in pairs]) > 0.9


def test_pairs_are_the_same_again() -> None:
    synthetic = config.load("synthetic", path=ROOT / paths.PARAMS).synthetic
    first, second = (probe_pairs.draw(synthetic, fitted=1, tested=0, size=32) for _ in range(2))
    assert all((one.present == other.present).all() for one, other in zip(first, second, strict=True))


def test_written_pairs_come_back(pairs: list[probe_pairs.ProbePair], tmp_path: Path) -> None:
    probe_pairs.write(tmp_path / "pairs.npz", pairs)
    with np.load(tmp_path / "pairs.npz") as content:
        assert content["cue"].tolist() == [pair.cue for pair in pairs]
        assert content["is_fitted"].tolist() == [pair.is_fitted for pair in pairs]
        assert (content["present"][4] == pairs[4].present).all()
