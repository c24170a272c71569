"""The errors at every threshold against values computed by hand, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from fasrepro.evaluation import roc
from tests.evaluation.scores import scored_rows


def at_one_limit(labels: np.ndarray, scores: np.ndarray, limit: float) -> tuple[float, float]:
    """Return BPCER at APCER <= limit, and APCER at BPCER <= limit."""
    curve = roc.curve(np.array(labels), np.array(scores), np.ones((1, len(labels))))
    return float(roc.bpcer_at_apcer(curve, limit)[0]), float(roc.apcer_at_bpcer(curve, limit)[0])


def test_error_rates_under_a_bound_by_hand() -> None:
    labels, scores = [0, 0, 0, 0, 1, 1, 1, 1], [0.1, 0.2, 0.3, 0.8, 0.25, 0.6, 0.7, 0.9]
    # No attack may pass: the threshold is at most 0.25, and 0.3 and 0.8 are called attacks. No bona fide row may be called one:
    # it is above 0.8, and only 0.9 is caught.
    assert at_one_limit(labels, scores, 0.01) == (2 / 4, 3 / 4)
    # One of four may: between 0.3 and 0.6, 0.25 passes and 0.8 is called an attack.
    assert at_one_limit(labels, scores, 0.25) == (1 / 4, 1 / 4)


@pytest.mark.parametrize(("attacks", "bpcer"), [(99, 1.0), (100, 0.0), (700, 0.0), (2900, 0.0)])
def test_a_bound_may_be_met_but_not_exceeded(attacks: int, bpcer: float) -> None:
    # One attack in a hundred scores below the one bona fide row: of 99, one would be more than 1 %.
    below = max(1, attacks // 100)
    scores = np.array([0.5] + [0.1] * below + [0.9] * (attacks - below))
    assert at_one_limit(np.array([0] + [1] * attacks), scores, 0.01)[0] == bpcer


@given(scored_rows(), st.sampled_from([0.01, 0.1, 0.25, 1 / 3, 0.5]))
def test_both_meanings_of_tpr_at_fpr_equal_scikit_learn(sample: tuple[np.ndarray, np.ndarray], limit: float) -> None:
    labels, scores = sample
    bpcer, apcer = at_one_limit(labels, scores, limit)
    fpr, tpr, _ = roc_curve(labels == 0, -scores, drop_intermediate=False)  # bona fide is positive
    assert 1 - bpcer == pytest.approx(tpr[fpr <= limit][-1])
    fpr, tpr, _ = roc_curve(labels == 1, scores, drop_intermediate=False)  # an attack is positive
    assert 1 - apcer == pytest.approx(tpr[fpr <= limit][-1])


def test_a_label_without_weight_gives_nan() -> None:
    curve = roc.curve(np.array([0, 1]), np.array([0.1, 0.9]), np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]]))
    for values in (roc.bpcer_at_apcer(curve, 0.01), roc.apcer_at_bpcer(curve, 0.01)):
        assert np.isnan(values).tolist() == [True, True, False]
        assert values[2] == 0.0


@given(scored_rows(), st.booleans(), st.lists(st.integers(0, 4), min_size=64, max_size=64))
def test_the_curve_counts_errors_at_every_threshold(sample: tuple[np.ndarray, np.ndarray], tied: bool, counts: list[int]) -> None:
    labels, scores = sample
    if not tied:  # tied and untied scores are summed on two ways
        scores = (scores + np.arange(len(scores)) / 1000) / 2
    weights = np.array(counts[: 2 * len(labels)], float).reshape(2, -1)
    curve = roc.curve(labels, scores, weights)
    for number, threshold in enumerate(curve.thresholds):
        called = scores >= threshold
        assert curve.passed_attacks[:, number].tolist() == (weights @ (~called & (labels == 1))).tolist()
        assert curve.false_alarms[:, number].tolist() == (weights @ (called & (labels == 0))).tolist()
    assert (curve.attacks.tolist(), curve.bona_fide.tolist()) == ((weights @ labels).tolist(), (weights @ (1 - labels)).tolist())
    for place, rows_weights in enumerate(weights):
        if curve.attacks[place] and curve.bona_fide[place]:
            held = rows_weights > 0
            expected = roc_auc_score(labels[held], scores[held], sample_weight=rows_weights[held])
            assert curve.auc[place] == pytest.approx(expected)
