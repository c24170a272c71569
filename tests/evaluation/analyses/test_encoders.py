"""Probes of states whose answer is planted: a cue among attacks, and labels that say nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fasrepro.evaluation.analyses import encoder_gains, encoders

FACES, NUMBERS = 240, 24
LABELS = np.arange(FACES) % 2
SHOWN = [("moire",) if label and place % 4 == 1 else () for place, label in enumerate(LABELS)]


def states(seed: int, planted: np.ndarray) -> np.ndarray:
    """Return random features, the fifth of which holds what is planted."""
    numbers = np.random.default_rng(seed).normal(size=(FACES, NUMBERS))
    numbers[:, 4] += 6 * planted
    return numbers


def measured_auc(question: str, fitted: np.ndarray, labels: np.ndarray, shown: list[tuple[str, ...]]) -> float:
    """Return the AUC of a probe on faces that it was not fitted on, every one of another subject."""
    probe = encoders.fit(fitted[:120], labels[:120], shown[:120], [question])[question]
    among, positive = encoders.rows_of(LABELS[120:], SHOWN[120:], question)
    auc = encoder_gains.replicated_auc(
        probe(fitted[120:])[among], positive[among], np.arange(120)[among], np.ones((1, 120)) * among
    )
    return float(auc[0])


def test_a_planted_cue_is_read_from_random_features() -> None:
    planted = np.array([bool(cues) for cues in SHOWN])
    assert measured_auc("moire", states(1, planted), LABELS, SHOWN) > 0.98
    assert measured_auc(encoders.ATTACK, states(2, LABELS), LABELS, SHOWN) > 0.98


def test_a_probe_of_shuffled_labels_reads_nothing() -> None:
    """Half of the random features' probes lie above a guess, and half below."""
    planted = np.array([bool(cues) for cues in SHOWN])
    values = []
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(120)
        labels, shown = LABELS.copy(), list(SHOWN)
        labels[:120] = LABELS[:120][order]
        shown[:120] = [SHOWN[place] for place in order]
        values.append(measured_auc("moire", states(seed, planted), labels, shown))
    assert np.mean(values) == pytest.approx(0.5, abs=0.1)


def test_a_cue_is_asked_about_among_attacks_alone() -> None:
    among, positive = encoders.rows_of(LABELS, SHOWN, "moire")
    assert (among == (LABELS == 1)).all()
    assert positive.sum() == FACES // 4
    assert not positive[LABELS == 0].any()


def test_a_question_needs_enough_fitted_faces_both_ways() -> None:
    always = [("moire",) if label else () for label in LABELS]
    rare = [("moire", "glare") if place < 8 else cues for place, cues in enumerate(SHOWN)]
    assert encoders.questions(LABELS, SHOWN, ["moire", "glare"]) == ["attack", "moire"]
    assert encoders.questions(LABELS, always, ["moire"]) == ["attack"]
    assert encoders.questions(LABELS, rare, ["glare"]) == ["attack"]
    assert encoders.questions(np.ones(FACES), SHOWN, ["moire"]) == []  # nobody to tell attacks from


def test_margins_without_a_question_are_none() -> None:
    assert encoders.margins({}, np.zeros((3, 2))).shape == (3, 0)


def readouts(**changes: np.ndarray) -> encoders.Readouts:
    """Return readouts of four faces without a picture."""
    plain = {
        "questions": np.array(["attack"]),
        "face_ids": np.array(list("abcd")),
        "groups": np.array(["dev"] * 4),
        "answers": np.array([[True], [True], [False], [False]]),
        "margins": np.array([[[0.0]] * 4, [[2.0], [1.0], [-1.0], [0.0]]]),
        "pictured": np.array([], dtype=str),
        "coverage": np.zeros((0, 2, 2)),
        "falls": np.zeros((3, 0, 2, 2)),
    }
    return encoders.Readouts(**{**plain, **changes})


def test_readouts_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "a_b-run-0.npz"
    encoders.write(path, readouts())
    written = path.read_bytes()
    again = encoders.read(path)
    for name, value in vars(readouts()).items():
        assert np.array_equal(getattr(again, name), value), name
    encoders.write(path, again)
    assert path.read_bytes() == written


def test_a_file_that_lacks_an_array_names_its_stage(tmp_path: Path) -> None:
    path = tmp_path / "a_b-run-0.npz"
    np.savez(path, questions=np.array(["attack"]))
    with pytest.raises(ValueError, match=r"a_b-run-0\.npz: has no face_ids; run `dvc repro encoders@a_b-run-0`"):
        encoders.read(path)
