"""Fast replicates have the figures of `metrics` under the same weights, and the distribution of `bootstrap`'s draws."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, roc_auc_score, roc_curve

from fasrepro.evaluation import bootstrap, metrics, roc
from fasrepro.evaluation.rescoring import replicates
from fasrepro.evaluation.rescoring.videos import Videos
from tests.evaluation.scores import scored_rows


def videos(labels: np.ndarray, scores: np.ndarray, units: np.ndarray) -> Videos:
    species = (np.arange(len(labels)) % 2 + 1) * (labels == 1)
    frames, datasets = np.ones(len(labels), int), np.zeros(len(labels), int)
    by_row = Videos(labels, scores, scores[::-1].copy(), species, datasets, units, frames)
    return by_row.select(np.argsort(scores, kind="stable"))


@given(scored_rows(), st.integers(1, 12), st.lists(st.integers(0, 3), min_size=12, max_size=12), st.integers(-1, 13))
def test_figures_equal_metrics_under_the_same_weights(
    rows: tuple[np.ndarray, np.ndarray], people: int, counts: list[int], cut: int
) -> None:
    labels, scores = rows
    own = videos(labels, scores, np.arange(len(labels)) % people)
    weights = np.array(counts)[own.units]
    figures = replicates.prepare(own, {"dev": cut / 12, "low": 0.25}, first=0.5).figures(np.array(counts))
    if not (weights[own.labels == 0].any() and weights[own.labels == 1].any()):
        assert figures == {}
        return

    def rates(scores: np.ndarray, threshold: float) -> dict[str, np.ndarray]:
        sample = metrics.ScoreSample(own.labels, scores, own.species, threshold, weights[None].astype(float))
        return metrics.score_metrics(sample)

    at_dev, at_low, of_first = rates(own.scores, cut / 12), rates(own.scores, 0.25), rates(own.first, 0.5)
    expected = {"auc": at_dev["auc"], "oracle_eer": at_dev["oracle_eer"]}
    for name, sample in (("dev", at_dev), ("low", at_low), ("first", of_first)):
        expected[f"bpcer@{name}"], expected[f"apcer@{name}"] = sample["bpcer"], sample["apcer_pooled"]
        expected[f"hter@{name}"] = sample["hter_dev"]
    expected |= {name: value for name, value in at_dev.items() if name.startswith("apcer/")}
    assert set(figures) == set(expected)
    for name, value in figures.items():
        assert value == pytest.approx(expected[name][0], nan_ok=True), name


# Scores of each kind, from normal noise and labels.
KINDS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "logits": lambda noise, labels: 3 * noise + labels,
    "tied": lambda noise, labels: np.round(noise + labels, 0),
    "constant": lambda noise, labels: np.full(len(noise), 0.5),
    "inverted": lambda noise, labels: noise - 2 * labels,
    "shifted": lambda noise, labels: 1e6 + noise + labels,
    "saturated": lambda noise, labels: 1 / (1 + np.exp(-np.clip(60 * (noise + labels - 0.5), -500, 500))),
    "separable": lambda noise, labels: np.abs(noise) * (2 * labels - 1),
    "few": lambda noise, labels: (noise + labels > 0.5).astype(float),
}
SETS = 120  # of each kind


@pytest.mark.parametrize("kind", KINDS)
def test_figures_of_many_score_sets_equal_scikit_learn(kind: str) -> None:
    """960 sets. The EER of a set whose FAR and FRR are never equal is their mean where they differ least, as in `metrics`."""
    random = np.random.default_rng(7)
    for size in random.integers(2, 120, SETS):
        labels = np.append(random.integers(0, 2, size), [0, 1])
        scores = KINDS[kind](random.normal(0, 1, len(labels)), labels)
        own = videos(labels, scores, np.arange(len(labels)))
        figures = replicates.prepare(own, {"dev": 0.5}).figures(np.ones(len(labels), int))
        called, caught, _ = roc_curve(labels, scores, drop_intermediate=False)
        gap = np.abs(called - (1 - caught))
        assert figures["auc"] == pytest.approx(roc_auc_score(labels, scores))
        assert figures["oracle_eer"] == pytest.approx(((called + 1 - caught) / 2)[gap <= gap.min() + 1e-12].min())
        assert figures["hter@dev"] == pytest.approx(1 - balanced_accuracy_score(labels, scores >= 0.5))
        curve = roc.curve(own.labels, own.scores, np.ones((1, len(labels))))
        for limit in (0.01, 0.1, 0.3):
            assert roc.apcer_at_bpcer(curve, limit)[0] == pytest.approx(1 - caught[called <= limit].max())
            spoofs, live, _ = roc_curve(labels == 0, -scores, drop_intermediate=False)
            assert roc.bpcer_at_apcer(curve, limit)[0] == pytest.approx(1 - live[spoofs <= limit].max())


def test_the_distribution_is_that_of_the_bootstrap() -> None:
    random = np.random.default_rng(0)
    labels = np.tile([0, 1, 1], 40)
    own = videos(labels, random.normal(0, 1, len(labels)) + labels, np.arange(len(labels)) // 3)
    drawn = replicates.replicated([replicates.prepare(own, {"dev": 0.5})], 40, 2000, 0, "test")
    draws = bootstrap.draw_subjects(own.units, own.labels, 2000, 1, "test")
    slow = bootstrap.replicate(
        lambda weights: metrics.score_metrics(metrics.ScoreSample(own.labels, own.scores, own.species, 0.5, weights)), *draws
    )
    for ours, theirs in (("auc", "auc"), ("oracle_eer", "oracle_eer"), ("hter@dev", "hter_dev"), ("bpcer@dev", "bpcer")):
        assert drawn[ours].shape == (1, 2000)
        assert drawn[ours].mean() == pytest.approx(slow[theirs].mean(), abs=0.01), ours
        assert drawn[ours].std() == pytest.approx(slow[theirs].std(), rel=0.1), ours


def test_a_replicate_that_lacks_a_label_is_drawn_again() -> None:
    own = videos(np.array([0, 1, 1]), np.array([0.0, 1.0, 2.0]), np.arange(3))  # one bona fide video
    drawn = replicates.replicated([replicates.prepare(own, {})], 3, 100, 0, "test")
    assert drawn["auc"].tolist() == [[1.0] * 100]


def test_all_samples_are_replicated_with_the_same_draws() -> None:
    random = np.random.default_rng(1)
    labels = np.arange(30) % 2
    sample = replicates.prepare(videos(labels, random.normal(0, 1, 30) + labels, np.arange(30)), {})
    first, second = replicates.replicated([sample, sample], 30, 20, 0, "test")["auc"]
    assert first.tolist() == second.tolist()
    assert len(set(first.tolist())) > 10
