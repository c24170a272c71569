"""What subjects contribute: by hand, their mean, and their spread against other ways to compute it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro.evaluation import contributions, metrics
from fasrepro.evaluation.metrics import CueSample, ScoreSample, VerdictSample

PEOPLE = np.array([0, 0, 0, 1, 1, 1])
LABELS = np.array([0, 1, 1, 0, 1, 1])
# Subjects 0 to 3 with rows of both labels; more rows of any kind follow.
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 6)), max_size=20).map(
    lambda rows: [*rows, *((subject, label, 2 * subject + label) for subject in range(4) for label in (0, 1))]
)


def scores(labels: np.ndarray, p_attack: np.ndarray, threshold: float = 0.5) -> ScoreSample:
    return ScoreSample(labels, p_attack, np.full(labels.shape, "print"), threshold, np.ones((1, labels.size)))


def verdicts(labels: np.ndarray, given: list[int]) -> VerdictSample:
    return VerdictSample(labels, np.array(given), np.ones((1, labels.size)))


def test_with_equal_counts_a_subject_contributes_its_own_hter() -> None:
    # Subject 0 misses one of two attacks; subject 1 is called an attack once, and misses none.
    sample = scores(LABELS, np.array([0.1, 0.9, 0.2, 0.8, 0.9, 0.9]))
    values = contributions.of_sample(sample, PEOPLE)
    assert values["hter_dev"] == pytest.approx([0.25, 0.5])
    assert values["bpcer"] == pytest.approx([0.0, 1.0])
    assert values["apcer_pooled"] == pytest.approx([0.5, 0.0])


def test_a_subject_of_one_label_contributes_through_that_label() -> None:
    # Two bona fide people, one of them called an attack, and two attackers, none missed: HTER is (1/2 + 0) / 2.
    labels, people = np.array([0, 0, 1, 1]), np.arange(4)
    values = contributions.of_sample(scores(labels, np.array([0.9, 0.1, 0.8, 0.7])), people)["hter_dev"]
    # By the formula, 1/4 + (4 / 2) * (1 - 1/2) / 2 of the first.
    assert values == pytest.approx([0.75, -0.25, 0.25, 0.25])


def test_undecided_verdicts_are_wrong_or_omitted() -> None:
    values = contributions.of_sample(verdicts(LABELS, [0, 1, -1, 0, 1, 1]), PEOPLE)
    assert values["accuracy"] == pytest.approx([2 / 3, 1.0])
    assert values["undecided"] == pytest.approx([1 / 3, 0.0])
    assert values["hter"] == pytest.approx([0.25, 0.0])
    assert values["hter_decided"] == pytest.approx([0.0, 0.0])


def test_a_figure_that_rows_do_not_determine_has_no_contributions() -> None:
    values = contributions.of_sample(verdicts(LABELS, [-1] * 6), PEOPLE)
    assert np.isnan(values["hter_decided"]).all() and np.isnan(values["accuracy_decided"]).all()
    assert values["hter"] == pytest.approx([1.0, 1.0])


@settings(deadline=None)
@given(ROWS)
def test_the_mean_over_subjects_is_the_figure(rows: list[tuple[int, int, int]]) -> None:
    people, labels, levels = np.array(rows).T
    sample = scores(labels, levels / 7)
    for name, values in contributions.of_sample(sample, people).items():
        assert values.mean() == pytest.approx(float(metrics.METRICS[name].compute(sample)[0]), abs=1e-12)
    read = verdicts(labels, (levels % 3 - 1).tolist())
    for name, values in contributions.of_sample(read, people).items():
        figure = float(metrics.READER_METRICS[name].compute(read)[0])
        assert np.isnan(figure) or values.mean() == pytest.approx(figure, abs=1e-12)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.lists(st.integers(0, 3), min_size=3, max_size=3)), max_size=20)
)
def test_of_named_cues_too(rows: list[tuple[int, int, list[int]]]) -> None:
    rows = [*rows, *((subject, label, [1, 1, subject]) for subject in range(4) for label in (0, 1))]
    people, labels = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    sample = CueSample(labels, np.array([row[2] for row in rows], float), np.ones((1, len(rows))))
    assert contributions.of_sample(sample, people)["f1"].mean() == pytest.approx(float(sample.f1[0]))


def many_people(subjects: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return people of two rows of each label, their labels and scores: a person's rows are alike."""
    random = np.random.default_rng(2)
    people, labels = np.repeat(np.arange(subjects), 4), np.tile([0, 0, 1, 1], subjects)
    shift = random.normal(0, 1, subjects)[people]
    return people, labels, 1 / (1 + np.exp(-(2 * labels - 1 + shift + random.normal(0, 1, people.size))))


@pytest.mark.parametrize("name", ["hter_dev", "auc"])
def test_their_spread_is_that_of_a_bootstrap_of_subjects(name: str) -> None:
    people, labels, p_attack = many_people(80)
    error = contributions.of_sample(scores(labels, p_attack), people)[name].std(ddof=1) / np.sqrt(80)
    counts = np.random.default_rng(3).multinomial(80, np.full(80, 1 / 80), size=2000)
    replicates = ScoreSample(labels, p_attack, np.full(labels.shape, "print"), 0.5, counts[:, people].astype(float))
    assert error == pytest.approx(metrics.METRICS[name].compute(replicates).std(), rel=0.08)


def test_those_of_the_auc_are_close_to_leaving_subjects_out() -> None:
    people, labels, p_attack = many_people(40)
    values = contributions.of_sample(scores(labels, p_attack), people)["auc"]
    whole = metrics.auc(labels, p_attack)
    left_out = [metrics.auc(labels[people != one], p_attack[people != one]) for one in range(40)]
    assert values == pytest.approx(40 * whole - 39 * np.array(left_out), abs=0.06)


def test_figures_that_choose_on_the_rows_have_none() -> None:
    assert not {"apcer_max", "acer", "oracle_eer", "oracle_hter"} & contributions.SCORES.keys()
    assert contributions.SCORES.keys() <= metrics.METRICS.keys()
    assert contributions.VERDICTS.keys() == metrics.READER_METRICS.keys()
