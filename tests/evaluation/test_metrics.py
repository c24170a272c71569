"""Every metric against values computed by hand, against scikit-learn, and under a swap of the labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from fasrepro.evaluation import metrics
from tests.evaluation.scores import scored_rows

# Two bona fide rows, four attacks of two species. At 0.5, which equals the score of one print: bona fide 0.6 is called an attack,
# print 0.2 passes, both replays are detected.
LABELS = np.array([0, 0, 1, 1, 1, 1])
SCORES = np.array([0.1, 0.6, 0.2, 0.5, 0.7, 0.9])
SPECIES = ["bona_fide", "bona_fide", "print", "print", "replay_video", "replay_video"]


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


def test_auc_eer_and_oracle_by_hand() -> None:
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


def test_equal_scores_separate_nothing() -> None:
    assert metrics.auc([0, 1, 1], [0.4, 0.4, 0.4]) == 0.5
    assert metrics.eer([0, 1, 1], [0.4, 0.4, 0.4])[0] == 0.5


def reader_rates(labels: list[int], verdicts: list[int]) -> dict[str, float]:
    sample = metrics.VerdictSample(np.array(labels), np.array(verdicts), np.ones((1, len(labels))))
    return {name: float(value[0]) for name, value in metrics.compute(metrics.READER_METRICS, sample).items()}


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


def test_a_reader_that_decides_nothing_is_wrong_everywhere() -> None:
    values = reader_rates([0, 1], [-1, -1])
    assert (values["accuracy"], values["hter"], values["undecided"]) == (0.0, 1.0, 1.0)
    assert np.isnan(values["hter_decided"])


@given(scored_rows())
def test_auc_eer_and_oracle_equal_scikit_learn(sample: tuple[np.ndarray, np.ndarray]) -> None:
    labels, scores = sample
    assert metrics.auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))
    called, caught, _ = roc_curve(labels, scores, drop_intermediate=False)
    missed = 1 - caught
    gap = np.abs(called - missed)
    expected = ((called + missed) / 2)[gap <= gap.min() + 1e-12].min()
    assert metrics.eer(labels, scores)[0] == pytest.approx(expected)
    assert metrics.oracle(labels, scores)[0] == pytest.approx(((called + missed) / 2).min())


@given(scored_rows())
def test_eer_and_oracle_thresholds_give_their_rates(sample: tuple[np.ndarray, np.ndarray]) -> None:
    labels, scores = sample
    species = np.where(labels == 1, "print", "bona_fide")
    for value, threshold in (metrics.eer(labels, scores), metrics.oracle(labels, scores)):
        assert metrics.rates(labels, scores, species, threshold)["hter"] == pytest.approx(value)
        assert threshold not in scores or threshold == scores.min()


@given(scored_rows(), st.integers(1, 47).filter(lambda number: number % 4))
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


@given(scored_rows(), st.lists(st.integers(0, 3), min_size=40, max_size=40))
def test_a_weight_counts_as_repeated_rows(sample: tuple[np.ndarray, np.ndarray], counts: list[int]) -> None:
    labels, scores = sample
    weights = np.array(counts[: len(labels)]) + 0
    weights[-2:] += 1  # the last two rows are one of each label
    species = np.where(labels == 1, np.where(scores > 0.5, "print", "cut_photo"), "bona_fide")
    weighted = metrics.score_metrics(
        metrics.ScoreSample(labels, scores, species, 0.4, np.stack([weights, np.ones_like(weights)]).astype(float))
    )
    repeated = [np.repeat(column, weights) for column in (labels, scores, species)]
    for number, columns in enumerate((repeated, [labels, scores, species])):
        single = metrics.score_metrics(metrics.ScoreSample(*columns, 0.4, np.ones((1, len(columns[0])))))
        for name, value in single.items():
            assert weighted[name][number] == pytest.approx(value[0]), name


@given(scored_rows())
def test_metrics_keep_their_order(sample: tuple[np.ndarray, np.ndarray]) -> None:
    labels, scores = sample
    species = np.where(labels == 1, np.where(scores > 0.5, "print", "cut_photo"), "bona_fide")
    rows = metrics.ScoreSample(labels, scores, species, 0.5, np.ones((1, len(labels))))
    values = {name: value[0] for name, value in metrics.score_metrics(rows).items()}
    assert set(metrics.METRICS) <= set(values)
    assert values["oracle_hter"] <= min(values["hter_dev"], values["oracle_eer"]) + 1e-12
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
def test_rows_without_a_metric_are_refused_by_name(labels: list[int], scores: list[float], message: str) -> None:
    for function in (metrics.auc, metrics.eer, metrics.oracle):
        with pytest.raises(metrics.MetricError, match=message):
            function(np.array(labels, dtype=int), scores)


def test_a_dev_set_without_a_label_is_named() -> None:
    with pytest.raises(metrics.MetricError, match="dev of msu: no attack rows among 1"):
        metrics.dev_threshold([0, 1, 0], [0.1, 0.9, 0.2], ["oulu", "oulu", "msu"])


def test_a_replicate_without_a_label_gives_nan() -> None:
    values = metrics.score_metrics(
        metrics.ScoreSample(np.array([0, 1]), np.array([0.1, 0.9]), np.array(["bona_fide", "print"]), 0.5, np.array([[1.0, 0.0]]))
    )
    assert all(np.isnan(values[name][0]) for name in ("auc", "oracle_eer", "hter_dev", "oracle_hter", "apcer_max", "apcer/print"))
    assert values["bpcer"][0] == 0.0


def test_named_cues_by_hand() -> None:
    # Attacks: 3 cues named and present, 1 named and absent, 2 present and not named. Two bona fide faces, one cue named.
    hits = np.array([[2, 0, 2], [1, 1, 0], [0, 1, 0], [0, 0, 0]], float)
    weights = np.array([[1, 1, 1, 1], [1, 0, 0, 0]], float)
    sample = metrics.CueSample(np.array([1, 1, 0, 0]), hits, weights)
    values = metrics.compute(metrics.CUE_METRICS, sample)
    assert {name: value[0] for name, value in values.items()} == pytest.approx(
        {"precision": 3 / 4, "recall": 3 / 5, "f1": 6 / 9, "named_on_bona_fide": 1 / 2}
    )
    assert (values["precision"][1], values["recall"][1]) == (1.0, 0.5)
    assert np.isnan(values["named_on_bona_fide"][1])  # a replicate without a bona fide face


def test_every_metric_has_a_title_of_its_own_and_a_direction() -> None:
    titles = [metric.title for metric in metrics.ALL_METRICS.values()]
    assert len(set(titles)) == len(titles) == sum(map(len, (metrics.METRICS, metrics.READER_METRICS, metrics.CUE_METRICS)))
    rising = {name for name, metric in metrics.ALL_METRICS.items() if metric.higher_is_better}
    assert rising == {"auc", "accuracy", "accuracy_decided", "precision", "recall", "f1"}


def test_tables_show_the_oracle_after_the_honest_figure() -> None:
    shown = [name for name, metric in metrics.METRICS.items() if metric.in_tables]
    assert shown == ["hter_dev", "auc", "apcer_max", "bpcer", "acer", "oracle_eer", "oracle_hter"]
    assert "chosen on the target" in metrics.title("oracle_hter")
