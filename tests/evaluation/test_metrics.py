"""Every metric against values computed by hand, against scikit-learn, and under a swap of the labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from fasrepro.evaluation import metrics

# Two bona fide rows, four attacks of two species. By hand, at 0.5 (which one print ties with): bona fide 0.6 is called an attack,
# print 0.2 passes, both replays are caught.
LABELS = np.array([0, 0, 1, 1, 1, 1])
SCORES = np.array([0.1, 0.6, 0.2, 0.5, 0.7, 0.9])
SPECIES = ["bona_fide", "bona_fide", "print", "print", "replay_video", "replay_video"]


@st.composite
def rows(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Rows of both labels, many of them tied."""
    some = draw(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 12)), min_size=0, max_size=30))
    some += [(0, draw(st.integers(0, 12))), (1, draw(st.integers(0, 12)))]
    return np.array([label for label, _ in some]), np.array([score / 12 for _, score in some])


def test_rates_by_hand() -> None:
    assert metrics.rates(LABELS, SCORES, SPECIES, 0.5) == {
        "bpcer": 0.5,
        "apcer/print": 0.5,
        "apcer/replay_video": 0.0,
        "apcer_max": 0.5,
        "apcer_pooled": 0.25,
        "acer": 0.5,
        "acer_pooled": 0.375,
        "hter": 0.375,
    }


def test_a_score_that_equals_the_threshold_is_an_attack() -> None:
    assert metrics.rates([0, 1], [0.5, 0.5], ["bona_fide", "print"], 0.5)["bpcer"] == 1.0
    assert metrics.rates([0, 1], [0.5, 0.5], ["bona_fide", "print"], np.nextafter(0.5, 1))["apcer_pooled"] == 1.0


def test_curve_metrics_by_hand() -> None:
    # Pairs (bona fide, attack) in the right order: 0.1 below all four, 0.6 below two: 6 of 8.
    assert metrics.auc(LABELS, SCORES) == 0.75
    # Thresholds in (0.2, 0.5]: FAR 1/4, FRR 1/2; in (0.5, 0.6]: FAR 1/2, FRR 1/2, the equal point; middle 0.55.
    assert metrics.eer(LABELS, SCORES) == (0.5, pytest.approx(0.55))
    # Lowest HTER: (0.6, 0.7], FAR 1/2, FRR 0; or (0.1, 0.2], FAR 0, FRR 1/2. Both 0.25 and as unequal: the lower one.
    assert metrics.oracle(LABELS, SCORES) == (0.25, pytest.approx(0.15))


def test_a_threshold_lies_between_the_scores() -> None:
    assert metrics.eer([0, 1], [0.0, 1.0]) == (0.0, 0.5)
    above, below = np.nextafter(0.3, 1), 0.3
    assert metrics.eer([0, 1], [below, above]) == (0.0, above)  # no number lies between them


def test_all_scores_alike_separate_nothing() -> None:
    assert metrics.auc([0, 1, 1], [0.4, 0.4, 0.4]) == 0.5
    assert metrics.eer([0, 1, 1], [0.4, 0.4, 0.4])[0] == 0.5


def at_one_limit(labels: np.ndarray, scores: np.ndarray, limit: float) -> tuple[float, float]:
    """Return BPCER at APCER <= limit, and APCER at BPCER <= limit."""
    curve = metrics.curve(np.array(labels), np.array(scores), np.ones((1, len(labels))))
    return float(metrics.bpcer_at_apcer(curve, limit)[0]), float(metrics.apcer_at_bpcer(curve, limit)[0])


def test_one_error_rate_under_a_bound_on_the_other_by_hand() -> None:
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


@given(rows(), st.sampled_from([0.01, 0.1, 0.25, 1 / 3, 0.5]))
def test_either_meaning_of_tpr_at_fpr_agrees_with_scikit_learn(sample: tuple[np.ndarray, np.ndarray], limit: float) -> None:
    labels, scores = sample
    bpcer, apcer = at_one_limit(labels, scores, limit)
    fpr, tpr, _ = roc_curve(labels == 0, -scores, drop_intermediate=False)  # bona fide is positive
    assert 1 - bpcer == pytest.approx(tpr[fpr <= limit][-1])
    fpr, tpr, _ = roc_curve(labels == 1, scores, drop_intermediate=False)  # an attack is positive
    assert 1 - apcer == pytest.approx(tpr[fpr <= limit][-1])


def test_a_bound_on_a_label_without_weight_is_nan() -> None:
    curve = metrics.curve(np.array([0, 1]), np.array([0.1, 0.9]), np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]]))
    for values in (metrics.bpcer_at_apcer(curve, 0.01), metrics.apcer_at_bpcer(curve, 0.01)):
        assert np.isnan(values).tolist() == [True, True, False]
        assert values[2] == 0.0


def reader_rates(labels: list[int], verdicts: list[int]) -> dict[str, float]:
    readings = metrics.Readings(np.array(labels), np.array(verdicts), np.ones((1, len(labels))))
    return {name: float(value[0]) for name, value in metrics.measure_readings(readings).items()}


def test_verdicts_by_hand() -> None:
    # bona fide: right, undecided; attacks: right, wrong, undecided, right.
    values = reader_rates([0, 0, 1, 1, 1, 1], [0, -1, 1, 0, -1, 1])
    assert values == {
        "accuracy": 3 / 6,
        "hter": (1 / 2 + 2 / 4) / 2,
        "accuracy_decided": 3 / 4,
        "hter_decided": (0 / 1 + 1 / 3) / 2,
        "undecided": 2 / 6,
    }


def test_a_reader_that_decides_nothing_is_always_wrong() -> None:
    values = reader_rates([0, 1], [-1, -1])
    assert (values["accuracy"], values["hter"], values["undecided"]) == (0.0, 1.0, 1.0)
    assert np.isnan(values["hter_decided"])


@given(rows())
def test_agrees_with_scikit_learn(sample: tuple[np.ndarray, np.ndarray]) -> None:
    labels, scores = sample
    assert metrics.auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))
    called, caught, _ = roc_curve(labels, scores, drop_intermediate=False)
    missed = 1 - caught
    gap = np.abs(called - missed)
    wanted = ((called + missed) / 2)[gap <= gap.min() + 1e-12].min()
    assert metrics.eer(labels, scores)[0] == pytest.approx(wanted)
    assert metrics.oracle(labels, scores)[0] == pytest.approx(((called + missed) / 2).min())


@given(rows(), st.booleans(), st.lists(st.integers(0, 4), min_size=64, max_size=64))
def test_the_curve_counts_the_errors_at_every_threshold(
    sample: tuple[np.ndarray, np.ndarray], tied: bool, counts: list[int]
) -> None:
    labels, scores = sample
    if not tied:  # tied and untied scores are summed on two ways
        scores = (scores + np.arange(len(scores)) / 1000) / 2
    weights = np.array(counts[: 2 * len(labels)], float).reshape(2, -1)
    found = metrics.curve(labels, scores, weights)
    for number, threshold in enumerate(found.thresholds):
        called = scores >= threshold
        assert found.missed[:, number].tolist() == (weights @ (~called & (labels == 1))).tolist()
        assert found.false[:, number].tolist() == (weights @ (called & (labels == 0))).tolist()
    assert (found.attacks.tolist(), found.bona_fide.tolist()) == ((weights @ labels).tolist(), (weights @ (1 - labels)).tolist())
    for place, rows_weights in enumerate(weights):
        if found.attacks[place] and found.bona_fide[place]:
            held = rows_weights > 0
            wanted = roc_auc_score(labels[held], scores[held], sample_weight=rows_weights[held])
            assert found.auc[place] == pytest.approx(wanted)


@given(rows())
def test_chosen_thresholds_give_the_rates_they_promise(sample: tuple[np.ndarray, np.ndarray]) -> None:
    labels, scores = sample
    species = np.where(labels == 1, "print", "bona_fide")
    for value, threshold in (metrics.eer(labels, scores), metrics.oracle(labels, scores)):
        assert metrics.rates(labels, scores, species, threshold)["hter"] == pytest.approx(value)
        assert threshold not in scores or threshold == scores.min()


@given(rows(), st.integers(1, 47).filter(lambda number: number % 4))
def test_swapping_the_labels_swaps_apcer_and_bpcer(sample: tuple[np.ndarray, np.ndarray], cut: int) -> None:
    labels, scores = sample
    threshold = cut / 48  # between the scores, so that a tie, which is an attack in both worlds, does not come up
    ours = metrics.rates(labels, scores, np.where(labels == 1, "print", "bona_fide"), threshold)
    swapped = metrics.rates(1 - labels, 1 - scores, np.where(labels == 0, "print", "bona_fide"), 1 - threshold)
    assert swapped["apcer_pooled"] == pytest.approx(ours["bpcer"])
    assert swapped["bpcer"] == pytest.approx(ours["apcer_pooled"])
    assert swapped["hter"] == pytest.approx(ours["hter"])
    assert metrics.auc(1 - labels, 1 - scores) == pytest.approx(metrics.auc(labels, scores))
    # One swap without the other turns the ranking round: polarity is not guessed.
    assert metrics.auc(1 - labels, scores) == pytest.approx(1 - metrics.auc(labels, scores))


@given(rows(), st.lists(st.integers(0, 3), min_size=40, max_size=40))
def test_a_weight_is_a_count(sample: tuple[np.ndarray, np.ndarray], counts: list[int]) -> None:
    labels, scores = sample
    weights = np.array(counts[: len(labels)]) + 0
    weights[-2:] += 1  # the last two rows are one of each label
    species = np.where(labels == 1, np.where(scores > 0.5, "print", "cut_photo"), "bona_fide")
    weighted = metrics.measure(
        metrics.Sample(labels, scores, species, 0.4, np.stack([weights, np.ones_like(weights)]).astype(float))
    )
    repeated = [np.repeat(column, weights) for column in (labels, scores, species)]
    for number, columns in enumerate((repeated, [labels, scores, species])):
        single = metrics.measure(metrics.Sample(*columns, 0.4, np.ones((1, len(columns[0])))))
        for name, value in single.items():
            assert weighted[name][number] == pytest.approx(value[0]), name


@given(rows())
def test_relations_between_the_metrics(sample: tuple[np.ndarray, np.ndarray]) -> None:
    labels, scores = sample
    species = np.where(labels == 1, np.where(scores > 0.5, "print", "cut_photo"), "bona_fide")
    values = {
        k: v[0] for k, v in metrics.measure(metrics.Sample(labels, scores, species, 0.5, np.ones((1, len(labels))))).items()
    }
    assert set(metrics.METRICS) <= set(values)
    assert values["hter_oracle"] <= min(values["hter_dev"], values["eer"]) + 1e-12
    assert values["apcer_max"] >= values["apcer_pooled"] - 1e-12
    assert values["acer"] >= values["acer_pooled"] - 1e-12
    assert all(0 <= value <= 1 for value in values.values())


def test_each_dev_data_set_weighs_the_same() -> None:
    # A large set whose scores lie low, and a small one whose scores lie high; each separates perfectly by itself.
    labels = np.array([0] * 100 + [1] * 100 + [0] * 2 + [1] * 2)
    scores = np.array([0.1] * 100 + [0.3] * 100 + [0.5] * 2 + [0.9] * 2)
    datasets = ["oulu"] * 200 + ["msu"] * 4
    # In one pot the small set's errors hardly count: the threshold is the large one's, 0.2, and all of the small one an attack.
    assert metrics.eer(labels, scores)[1] == pytest.approx(0.2)
    # Weighing the same, at (0.1, 0.3] FAR 0 and FRR 1/2; at (0.3, 0.5] 1/2 and 1/2, where they are equal.
    assert metrics.dev_threshold(labels, scores, datasets) == pytest.approx(0.4)
    # Ten times as many rows of one set change nothing.
    many = np.concatenate([np.tile(np.arange(200), 10), np.arange(200, 204)])
    assert metrics.dev_threshold(labels[many], scores[many], np.array(datasets)[many]) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([], [], "no rows"),
        ([1, 1], [0.1, 0.2], "no bona fide rows among 2"),
        ([0, 0], [0.1, 0.2], "no attack rows among 2"),
        ([0, 1], [0.1, float("nan")], "1 of 2 scores are NaN, the first in row 1"),
        ([0, 1], [0.1, 1.5], "score 1.5 in row 1"),
        ([0, 1], [0.1], "1 scores for 2 labels"),
        ([0, 2], [0.1, 0.2], "labels must be"),
    ],
)
def test_what_cannot_be_measured_is_named(labels: list[int], scores: list[float], message: str) -> None:
    for function in (metrics.auc, metrics.eer, metrics.oracle):
        with pytest.raises(metrics.MetricError, match=message):
            function(np.array(labels, dtype=int), scores)


def test_a_dev_set_without_a_label_is_named() -> None:
    with pytest.raises(metrics.MetricError, match="dev of msu: no attack rows among 1"):
        metrics.dev_threshold([0, 1, 0], [0.1, 0.9, 0.2], ["oulu", "oulu", "msu"])


def test_a_replicate_without_a_label_is_nan_not_a_number() -> None:
    values = metrics.measure(
        metrics.Sample(np.array([0, 1]), np.array([0.1, 0.9]), np.array(["bona_fide", "print"]), 0.5, np.array([[1.0, 0.0]]))
    )
    assert all(np.isnan(values[name][0]) for name in ("auc", "eer", "hter_dev", "hter_oracle", "apcer_max", "apcer/print"))
    assert values["bpcer"][0] == 0.0
