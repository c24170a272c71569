"""The bootstrap draws subjects, the same ones for both runs, and the same ones again."""

from __future__ import annotations

import numpy as np
import pytest

from fasrepro.evaluation import bootstrap, metrics

SPECIES = np.array(["bona_fide", "print"])


def scored(subjects: int, rows: int, seed: int, spread: float = 0.15) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return subjects, labels and scores; rows of one subject share most of their noise."""
    random = np.random.default_rng(seed)
    names = np.repeat(np.arange(subjects), 2 * rows)
    labels = np.tile(np.repeat([0, 1], rows), subjects)
    own = np.repeat(random.normal(0, spread, 2 * subjects), rows)
    scores = np.clip(0.5 + 0.1 * (2 * labels - 1) + own + random.normal(0, 0.02, len(labels)), 0, 1)
    return names.astype(str), labels, scores


def bounds(
    names: np.ndarray, labels: np.ndarray, scores: np.ndarray, metric: str = "auc", replicates: int = 600
) -> tuple[float, float]:
    counts, place = bootstrap.draw_subjects(names, labels, replicates, seed=3, stream="test")
    drawn = bootstrap.replicated(
        lambda weights: metrics.measure(metrics.Sample(labels, scores, SPECIES[labels], 0.5, weights)), counts, place
    )
    return bootstrap.interval(drawn[metric], 0.95)


@pytest.mark.parametrize("metric", ["auc", "hter_dev", "eer", "bpcer"])
def test_more_frames_of_the_same_faces_narrow_nothing(metric: str) -> None:
    names, labels, scores = scored(12, 3, seed=0)
    once = bounds(names, labels, scores, metric)
    often = [np.tile(column, 4) for column in (names, labels, scores)]
    assert bounds(*often, metric) == pytest.approx(once)
    # What resampling frames would say, each as if it were another person's, is far narrower: the equality above is no accident.
    rows = np.arange(len(often[0])).astype(str)
    assert np.ptp(bounds(rows, *often[1:], metric)) < 0.6 * np.ptp(once)


def test_every_subject_is_drawn_whole_and_as_often_as_there_are_subjects() -> None:
    names, labels, _ = scored(7, 2, seed=1)
    counts, place = bootstrap.draw_subjects(names, labels, 50, seed=0, stream="x")
    assert counts.shape == (50, 7)
    assert (counts.sum(axis=1) == 7).all()
    assert [sorted(set(names))[number] for number in place] == names.tolist()


def test_the_same_draws_again_and_others_for_another_stream() -> None:
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


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    # Two-sided 90 % intervals of BPCER over 40 subjects, one bona fide row each, with a true rate of 0.3.
    random, held = np.random.default_rng(5), 0
    names, trials = np.repeat(np.arange(40), 2).astype(str), 150
    labels = np.tile([0, 1], 40)
    for trial in range(trials):
        scores = np.where(labels == 1, 1.0, random.random(80) < 0.3).astype(float)
        counts, place = bootstrap.draw_subjects(names, labels, 300, seed=trial, stream="c")
        drawn = bootstrap.replicated(
            lambda w, s=scores: metrics.measure(metrics.Sample(labels, s, SPECIES[labels], 0.5, w)), counts, place
        )
        low, high = bootstrap.interval(drawn["bpcer"], 0.9)
        held += low <= 0.3 <= high
    assert 0.8 <= held / trials <= 0.97


def test_a_run_against_itself_differs_by_exactly_nothing() -> None:
    random = np.random.default_rng(0)
    values, replicates = random.random(3), random.random((3, 100))
    draws = bootstrap.draw_seeds(3, 100, seed=0, stream="x")
    difference, many = bootstrap.paired_difference(values, values, replicates, replicates, draws)
    assert difference == 0.0
    assert (many == 0.0).all()


def test_pairing_takes_out_what_the_runs_share() -> None:
    # Replicates that move together but for a shift: unpaired the intervals overlap, paired the shift stands out.
    noise = np.random.default_rng(1).normal(0, 0.1, (1, 500))
    difference, many = bootstrap.paired_difference(
        np.array([0.4]), np.array([0.45]), noise + 0.4, noise + 0.45, bootstrap.draw_seeds(1, 500, seed=0, stream="x")
    )
    assert difference == pytest.approx(-0.05)
    assert bootstrap.interval(many, 0.95) == pytest.approx((-0.05, -0.05))


def test_seeds_are_drawn_too() -> None:
    replicates = np.tile(np.array([[0.0], [1.0]]), (1, 400))  # two seeds that disagree, subjects that do not matter
    many = bootstrap.over_seeds(replicates, bootstrap.draw_seeds(2, 400, seed=0, stream="x"))
    assert set(many.tolist()) == {0.0, 0.5, 1.0}
    assert (many == 0.5).mean() == pytest.approx(0.5, abs=0.1)


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = scored(8, 2, seed=2)
    whole = bounds(*columns)
    monkeypatch.setattr(bootstrap, "CHUNK", 7 * len(columns[0]))
    assert bounds(*columns) == whole


def test_no_interval_from_one_subject_or_from_no_number() -> None:
    assert bootstrap.figure(0.5, np.array([0.5, 0.5]), 0.95, subjects=1) == {"value": 0.5, "low": None, "high": None}
    assert bootstrap.figure(float("nan"), np.array([0.5]), 0.95, subjects=3) == {"value": None, "low": None, "high": None}
    assert bootstrap.interval(np.array([np.nan, 0.25]), 0.95) == (0.25, 0.25)


def test_a_label_that_is_not_there_is_named() -> None:
    with pytest.raises(metrics.MetricError, match="msu: no attack rows"):
        bootstrap.draw_subjects(["a", "b"], np.array([0, 0]), 10, 0, "msu")


def test_within_kinds_each_keeps_its_subjects_and_who_is_alone_is_always_drawn() -> None:
    subjects, kinds = ["a", "b", "c", "d", "d", "e"], ["mask", "mask", "mask", "mask", "print", "makeup"]
    counts, place, free = bootstrap.draw_within(subjects, kinds, 300, 5, "siw")
    assert place.tolist() == [0, 1, 2, 3, 3, 4]
    assert free.tolist() == [True, True, True, False, False, False]  # d has both kinds, and e its own
    assert (counts[:, :3].sum(axis=1) == 3).all()
    assert (counts[:, 3:] == 1).all()
    assert counts[:, 0].max() == 3
    assert bootstrap.draw_within(subjects, kinds, 300, 5, "siw")[0].tolist() == counts.tolist()
    assert bootstrap.draw_within(subjects, kinds, 300, 6, "siw")[0].tolist() != counts.tolist()


def test_averaged_keeps_the_figure_and_averages_each_replicate_over_its_drawn_seeds() -> None:
    by_seed = np.array([[[1.0], [2.0], [3.0]], [[5.0], [6.0], [7.0]]])  # 2 seeds, the figure and 2 replicates
    found = bootstrap.averaged(by_seed, np.array([[0, 0], [0, 1]]))
    assert found.tolist() == [[3.0], [2.0], [5.0]]
