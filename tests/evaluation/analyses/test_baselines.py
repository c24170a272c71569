"""Baselines on numbers that hold the label, and in batches smaller than the faces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from fasrepro.evaluation.analyses import baselines
from fasrepro.evaluation.metrics import auc
from fasrepro.rows.faces import Face
from tests.faces import face

FACES = [face(f"msu/{number}/{species}", species) for number in range(12) for species in ("bona_fide", "print")]
COMPUTED: list[str] = []


def features(faces: Sequence[Face]) -> Mapping[str, np.ndarray]:
    """Return numbers of which one holds the label, and numbers that hold nothing."""
    COMPUTED.extend(one.face_id for one in faces)
    noise = np.array([[len(one.face_id), int(one.subject.split("/")[1]) % 3] for one in faces], float)
    labels = np.array([[int(one.label)] for one in faces])
    return {"sees": np.hstack([noise, labels]), "blind": noise}


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baselines, "BATCH", 5)
    COMPUTED.clear()


def test_a_baseline_finds_the_label_where_its_numbers_hold_it() -> None:
    train, test = FACES[:12], FACES[12:]
    detectors = {"oci_m": baselines.fit(train, features)}
    by_name = baselines.scores(detectors, {"oci_m": test}, features)["oci_m"]
    labels = [int(one.label) for one in test]
    assert auc(labels, [by_name["sees"][one.face_id] for one in test]) == 1.0
    assert all(0 <= value <= 1 for scores in by_name.values() for value in scores.values())


def test_protocols_share_the_numbers_of_a_face_and_score_their_own_faces() -> None:
    detectors = {name: baselines.fit(FACES[:8], features) for name in ("a", "b")}
    COMPUTED.clear()
    scores = baselines.scores(detectors, {"a": FACES[8:16], "b": FACES[12:20]}, features)
    assert len(COMPUTED) == len(set(COMPUTED)) == 12
    assert list(scores["a"]["sees"]) == sorted(one.face_id for one in FACES[8:16])
    shared = [one.face_id for one in FACES[12:16]]
    assert [scores["a"]["sees"][name] for name in shared] == [scores["b"]["sees"][name] for name in shared]


def test_the_order_of_faces_changes_no_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert baselines.fitted_on(FACES) == baselines.fitted_on(FACES[::-1])
    monkeypatch.setattr(baselines, "MOST_FITTED", 7)
    assert len(baselines.fitted_on(FACES)) == 7
