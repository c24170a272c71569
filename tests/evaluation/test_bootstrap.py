"""The bootstrap draws subjects, and the same ones again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fasrepro.evaluation import bootstrap, metrics
from fasrepro.evaluation.results import Figure

SPECIES = np.array(["bona_fide", "print"])


def scored(subjects: int, rows: int, seed: int, spread: float = 0.15) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return subjects, labels and scores; rows of one subject share most of their noise."""
    random = np.random.default_rng(seed)
    names = np.repeat(np.arange(subjects), 2 * rows)
    labels = np.tile(np.repeat([0, 1], rows), subjects)
    own = np.repeat(random.normal(0, spread, 2 * subjects), rows)
    scores = np.clip(0.5 + 0.1 * (2 * labels - 1) + own + random.normal(0, 0.02, len(labels)), 0, 1)
    return names.astype(str), labels, scores


def measure(labels: np.ndarray, scores: np.ndarray) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    """Return the metrics of scores at the threshold 0.5, as a function of weights."""
    return lambda weights: metrics.score_metrics(metrics.ScoreSample(labels, scores, SPECIES[labels], 0.5, weights))


def bounds(
    names: np.ndarray, labels: np.ndarray, scores: np.ndarray, metric: str = "auc", replicates: int = 600
) -> tuple[float, float]:
    draws = bootstrap.draw_subjects(names, labels, replicates, seed=3, stream="test")
    return bootstrap.interval(bootstrap.replicate(measure(labels, scores), *draws)[metric], 0.95)


@pytest.mark.parametrize("metric", ["auc", "hter_dev", "oracle_eer", "bpcer"])
def test_more_frames_of_the_same_faces_narrow_no_interval(metric: str) -> None:
    names, labels, scores = scored(12, 3, seed=0)
    once = bounds(names, labels, scores, metric)
    often = [np.tile(column, 4) for column in (names, labels, scores)]
    assert bounds(*often, metric) == pytest.approx(once)
    # Resampling frames, as if each were another person's, gives a far narrower interval: the equality above is no accident.
    rows = np.arange(len(often[0])).astype(str)
    assert np.ptp(bounds(rows, *often[1:], metric)) < 0.6 * np.ptp(once)


def test_subjects_are_drawn_whole_with_replacement() -> None:
    names, labels, _ = scored(7, 2, seed=1)
    counts, subject_of_row = bootstrap.draw_subjects(names, labels, 50, seed=0, stream="x")
    assert counts.shape == (50, 7)
    assert (counts.sum(axis=1) == 7).all()
    assert [sorted(set(names))[number] for number in subject_of_row] == names.tolist()


def test_draws_depend_on_seed_and_stream_alone() -> None:
    names, labels, _ = scored(9, 1, seed=1)
    first, again = (bootstrap.draw_subjects(names, labels, 20, seed=4, stream="msu")[0] for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, bootstrap.draw_subjects(names, labels, 20, seed=4, stream="oulu")[0])
    assert not np.array_equal(first, bootstrap.draw_subjects(names, labels, 20, seed=5, stream="msu")[0])


def test_a_replicate_that_lacks_a_label_is_drawn_again() -> None:
    names, labels = np.array(["a", "b", "c"]), np.array([0, 1, 1])  # only one subject is bona fide
    counts, _ = bootstrap.draw_subjects(names, labels, 300, seed=0, stream="x")
    assert (counts[:, 0] > 0).all()
    assert (counts[:, 1:].sum(axis=1) > 0).all()


def test_intervals_cover_the_truth_at_their_confidence() -> None:
    # Two-sided 90 % intervals of BPCER over 40 subjects, one bona fide row each, with a true rate of 0.3.
    random, covered = np.random.default_rng(5), 0
    names, trials = np.repeat(np.arange(40), 2).astype(str), 150
    labels = np.tile([0, 1], 40)
    for trial in range(trials):
        scores = np.where(labels == 1, 1.0, random.random(80) < 0.3).astype(float)
        draws = bootstrap.draw_subjects(names, labels, 300, seed=trial, stream="c")
        drawn = bootstrap.replicate(measure(labels, scores), *draws)
        low, high = bootstrap.interval(drawn["bpcer"], 0.9)
        covered += low <= 0.3 <= high
    assert 0.8 <= covered / trials <= 0.97


def test_replicates_draw_seeds_too() -> None:
    replicates = np.tile(np.array([[0.0], [1.0]]), (1, 400))  # two seeds that disagree, subjects that do not matter
    many = bootstrap.mean_over_seeds(replicates, bootstrap.draw_seeds(2, 400, seed=0, stream="x"))
    assert set(many.tolist()) == {0.0, 0.5, 1.0}
    assert (many == 0.5).mean() == pytest.approx(0.5, abs=0.1)


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = scored(8, 2, seed=2)
    whole = bounds(*columns)
    monkeypatch.setattr(bootstrap, "CHUNK", 7 * len(columns[0]))
    assert bounds(*columns) == whole


def test_one_subject_or_no_value_gives_no_interval() -> None:
    assert bootstrap.figure(0.5, np.array([0.5, 0.5]), 0.95, subjects=1) == Figure(0.5, None, None)
    assert bootstrap.figure(float("nan"), np.array([0.5]), 0.95, subjects=3) == Figure(None, None, None)
    assert bootstrap.interval(np.array([np.nan, 0.25]), 0.95) == (0.25, 0.25)


def test_an_interval_that_excludes_its_own_figure_is_omitted() -> None:
    assert bootstrap.figure(0.5, np.array([0.6, 0.7]), 0.95, subjects=9) == Figure(0.5, None, None)
    assert bootstrap.figure(0.1 + 0.2, np.array([0.3, 0.3]), 0.95, subjects=9).low == pytest.approx(0.3)  # but for rounding


def test_a_missing_label_is_named() -> None:
    with pytest.raises(metrics.MetricError, match="msu: no attack rows"):
        bootstrap.draw_subjects(["a", "b"], np.array([0, 0]), 10, 0, "msu")


def test_stratified_draws_keep_each_kind_and_always_draw_lone_subjects() -> None:
    subjects, kinds = ["a", "b", "c", "d", "d", "e"], ["mask", "mask", "mask", "mask", "print", "makeup"]
    counts, subject_of_row, varies = bootstrap.draw_stratified(subjects, kinds, 300, 5, "siw_mv2")
    assert subject_of_row.tolist() == [0, 1, 2, 3, 3, 4]
    assert varies.tolist() == [True, True, True, False, False, False]  # d has both kinds, and e its own
    assert (counts[:, :3].sum(axis=1) == 3).all()
    assert (counts[:, 3:] == 1).all()
    assert counts[:, 0].max() == 3
    assert bootstrap.draw_stratified(subjects, kinds, 300, 5, "siw_mv2")[0].tolist() == counts.tolist()
    assert bootstrap.draw_stratified(subjects, kinds, 300, 6, "siw_mv2")[0].tolist() != counts.tolist()


def test_means_average_each_replicate_over_its_drawn_seeds() -> None:
    by_seed = np.array([[[1.0], [2.0], [3.0]], [[5.0], [6.0], [7.0]]])  # 2 seeds, the figure and 2 replicates
    averaged = bootstrap.mean_with_replicates(by_seed, np.array([[0, 0], [0, 1]]))
    assert averaged.tolist() == [[3.0], [2.0], [5.0]]
