"""The figures of anybody's scores, by hand, against `metrics` and `bootstrap`, and under changes that must not matter."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro import schema
from fasrepro.evaluation import metrics, roc
from fasrepro.evaluation.rescoring import report as reports
from fasrepro.evaluation.rescoring.figures import Report, SplitCounts
from fasrepro.evaluation.rescoring.layouts import Reading
from fasrepro.evaluation.rescoring.options import Options
from fasrepro.evaluation.rescoring.report import report as report_of
from fasrepro.evaluation.rescoring.source import ScoresError
from fasrepro.evaluation.rescoring.table import SPLITS, Input, Table
from fasrepro.evaluation.rescoring.table import read as read_table
from fasrepro.evaluation.rescoring.videos import by_training
from fasrepro.evaluation.results import Figure
from tests.evaluation.rescoring.tables import Row, table

QUICK = Options(replicates=50, confidence=0.95, seed=9)


# Dev separates between 1 and 2: the threshold is 1.5. On test, v5's frames have the mean 1.8.
DEV = [Row("dev", 0, 0, "v0", "s0"), Row("dev", 0, 1, "v1", "s1"), Row("dev", 1, 2, "v2", "s0"), Row("dev", 1, 3, "v3", "s1")]
TEST = [
    Row("test", 0, -1, "v4", "s2"),
    Row("test", 0, 1.0, "v5", "s3"),
    Row("test", 0, 2.6, "v5", "s3"),
    Row("test", 1, 1.2, "v6", "s2", "print"),
    Row("test", 1, 3.0, "v7", "s3", "print"),
    Row("test", 1, 2.0, "v8", "s2", "replay"),
    Row("test", 1, 4.0, "v9", "s3", "replay"),
]


def test_every_figure_by_hand() -> None:
    report = report_of(table(DEV + TEST), QUICK)
    assert report.dev.threshold == 1.5
    assert report.dev.auc.value == 1.0
    # At 1.5: v5 is called an attack, one of two; v6 passes, one of two prints, and no replay.
    at_dev = report.at_dev_threshold
    values = {name: getattr(at_dev, name).value for name in ("hter_dev", "apcer_pooled", "apcer_max", "bpcer", "acer")}
    assert values == {"hter_dev": 0.375, "apcer_pooled": 0.25, "apcer_max": 0.5, "bpcer": 0.5, "acer": 0.5}
    assert {name: figure.value for name, figure in at_dev.apcer.items()} == {"print": 0.5, "replay": 0.0}
    # Seven of eight pairs are in order: v5 (1.8) is above v6 (1.2).
    assert report.auc.value == 0.875
    # Best between 1.8 and 2: FAR 1/4, FRR 0, as unequal as between 1.2 and 1.8 and lower.
    oracle = report.oracle
    assert (oracle.oracle_hter.value, oracle.oracle_hter_threshold) == (0.125, pytest.approx(1.9))
    assert (oracle.oracle_eer.value, oracle.oracle_eer_threshold) == (0.125, pytest.approx(1.9))
    # No attack passes up to 1.2, where v5 is called one; no bona fide video is called one above 1.8, where v6 passes.
    (limits,) = oracle.at_limits
    assert (limits.limit, limits.bpcer_at_apcer.value, limits.apcer_at_bpcer.value) == (0.01, 0.5, 0.25)
    assert report.hter_dev_minus_oracle.value == 0.25
    # v5's first frame is 1.0: bona fide.
    assert report.first_frame.hter_first_frame.value == 0.125
    assert report.first_frame.first_frame_minus_mean.value == -0.25
    assert report.counts["test"] == SplitCounts(rows=7, videos=6, bona_fide=2, attack=4, subjects=2, datasets=["a"])


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    """Rows whose scores are small whole numbers, some tied; a video has one row."""
    rows = []
    for split in ("dev", "test"):
        scored = draw(st.lists(st.tuples(st.integers(0, 1), st.integers(-8, 8)), min_size=0, max_size=12))
        for label, score in [*scored, (0, draw(st.integers(-8, 8))), (1, draw(st.integers(-8, 8)))]:
            name, species = f"{split}{len(rows)}", ("print", "replay")[score % 2] if label else ""
            rows.append(Row(split, label, float(score), name, f"{split}{len(rows) % 4}", species))
    return rows


def rescaled(rows: list[Row], change: Callable[[float], float]) -> list[Row]:
    return [dataclasses.replace(row, score=change(row.score)) for row in rows]


def without_scale(report: Report) -> Report:
    """Return a report without the fields that depend on the scale and direction of scores."""
    oracle = dataclasses.replace(report.oracle, oracle_hter_threshold=0.0, oracle_eer_threshold=0.0)
    at_dev = {name: dataclasses.replace(one, threshold=0.0) for name, one in report.at_dev_apcer.items()}
    dev = dataclasses.replace(report.dev, threshold=0.0)
    settings = dataclasses.replace(report.settings, higher_score_is="")
    return dataclasses.replace(report, oracle=oracle, dev=dev, settings=settings, at_dev_apcer=at_dev, warnings=[])


@settings(deadline=None, max_examples=40)
@given(tables())
def test_figures_equal_metrics_on_the_same_rows(rows: list[Row]) -> None:
    rows = rescaled(rows, lambda score: (score + 8) / 16)  # into [0, 1], exactly
    report = report_of(table(rows), QUICK)
    dev, test = ([row for row in rows if row.split == split] for split in ("dev", "test"))
    threshold = metrics.dev_threshold([row.label for row in dev], [row.score for row in dev], [row.dataset for row in dev])
    assert report.dev.threshold == threshold
    labels, scores, species = (np.array([getattr(row, name) for row in test]) for name in ("label", "score", "species"))
    rates = metrics.rates(labels, scores, species, threshold)
    at_dev = report.at_dev_threshold
    for name in ("bpcer", "apcer_max", "apcer_pooled", "acer"):
        assert getattr(at_dev, name).value == rates[name]
    assert at_dev.hter_dev.value == rates["hter"]
    assert {f"apcer/{name}": figure.value for name, figure in at_dev.apcer.items()} == {
        name: value for name, value in rates.items() if name.startswith("apcer/")
    }
    assert report.auc.value == metrics.auc(labels, scores)
    oracle = report.oracle
    assert (oracle.oracle_eer.value, oracle.oracle_eer_threshold) == metrics.eer(labels, scores)
    assert (oracle.oracle_hter.value, oracle.oracle_hter_threshold) == metrics.oracle(labels, scores)
    assert report.first_frame is None  # a video has one row


def test_what_is_chosen_on_test_has_no_interval() -> None:
    # Ten species of two videos each, one of them missed: a replicate that draws a missed one twice has a worst species of 1.
    rows = [Row("test", 0, 0.0, f"b{n}", f"t{n}", "bona_fide") for n in range(10)]
    for n in range(10):
        rows += [Row("test", 1, score, f"a{n}{score}", f"t{n}{score}", f"species{n}") for score in (1.0, 3.0)]
    report = report_of(table(DEV + rows), QUICK)
    assert report.at_dev_threshold.apcer_max == Figure(0.5, None, None)
    assert report.at_dev_threshold.acer.low is None and report.oracle.oracle_hter.low is None
    assert report.hter_dev_minus_oracle.low is None
    assert report.at_dev_threshold.apcer_pooled.low is not None and report.oracle.oracle_eer.low is not None


@settings(deadline=None, max_examples=40)
@given(tables(), st.sampled_from([0.25, 1.0, 64.0]), st.integers(-100, 100))
def test_the_scale_of_the_scores_changes_nothing(rows: list[Row], slope: float, shift: int) -> None:
    report = report_of(table(rows), QUICK)
    other = report_of(table(rescaled(rows, lambda score: slope * score + shift)), QUICK)
    assert without_scale(other) == without_scale(report)
    assert other.dev.threshold == pytest.approx(slope * report.dev.threshold + shift)


@settings(deadline=None, max_examples=40)
@given(tables())
def test_auc_and_oracle_depend_on_the_order_alone(rows: list[Row]) -> None:
    # Not so the figures at the dev threshold: it lies in the middle of two scores of dev, and a bend moves the middle.
    report, other = (report_of(table(some), QUICK) for some in (rows, rescaled(rows, lambda score: score**3)))
    assert (other.auc, other.dev.auc) == (report.auc, report.dev.auc)
    assert without_scale(other).oracle == without_scale(report).oracle


@settings(deadline=None, max_examples=40)
@given(tables())
def test_reversed_scores_with_the_option_give_the_same_report(rows: list[Row]) -> None:
    report = report_of(table(rows), QUICK)
    turned = report_of(table(rescaled(rows, lambda score: -score)), dataclasses.replace(QUICK, higher_is_bona_fide=True))
    assert without_scale(turned) == without_scale(report)
    assert turned.dev.threshold == -report.dev.threshold
    for name in ("oracle_hter_threshold", "oracle_eer_threshold"):
        assert getattr(turned.oracle, name) == -getattr(report.oracle, name)
    assert turned.settings == dataclasses.replace(report.settings, higher_score_is="bona_fide")


@settings(deadline=None, max_examples=20)
@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(rows: list[Row], random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert report_of(table(shuffled), QUICK) == report_of(table(rows), QUICK)


def test_dev_data_sets_weigh_the_same() -> None:
    # A large set whose scores lie low, and a small one whose scores lie high: as in the test of `metrics.dev_threshold`.
    dev = [Row("dev", n % 2, (0.1, 0.3)[n % 2], f"o{n}", "", "", "oulu") for n in range(200)]
    dev += [Row("dev", n % 2, (0.5, 0.9)[n % 2], f"m{n}", "", "", "msu") for n in range(4)]
    assert report_of(table(dev + TEST, without=("subject",)), QUICK).dev.threshold == pytest.approx(0.4)
    alone = report_of(table(dev + TEST, without=("subject", "dataset")), QUICK)
    assert alone.dev.threshold == pytest.approx(0.2)


def test_swapped_polarity_is_a_warning_with_both_remedies() -> None:
    rows = [Row(split, n % 2, 1 - n % 2 + n / 100, f"{split}{n}", f"{split}{n // 2}") for split in SPLITS for n in range(20)]
    numbers = dataclasses.replace(table(rows), numeric_labels=True)
    dev, test = report_of(numbers, QUICK).warnings
    for warning, name in ((dev, "dev of a"), (test, "test of a")):
        assert f"AUC on {name} is 0.000" in warning
        assert "give --higher-is-bona-fide; if the labels are the wrong way round (a label 1 is an attack here)" in warning
        assert "give --label-live 1" in warning
    assert test.endswith("the model is worse than chance there") and not dev.endswith("there")
    for warning in report_of(table(rows), QUICK).warnings:  # of labels in words
        assert "the wrong way round, correct them in the file, or --label-live where you gave it" in warning
    turned = dataclasses.replace(QUICK, higher_is_bona_fide=True)
    assert report_of(table(rows), turned).warnings == []
    warning, _ = report_of(table(rescaled(rows, lambda score: -score)), turned).warnings
    assert "if a higher score means an attack, give --higher-is-attack" in warning


def test_one_of_two_dev_sets_that_is_turned_is_named() -> None:
    dev = [Row("dev", n % 2, n % 2 + n / 100, f"d{n}", f"d{n // 2}", dataset="oulu") for n in range(40)]
    dev += [Row("dev", n % 2, -(n % 2) - n / 100, f"d{n}", f"d{n // 2}", dataset="msu") for n in range(40)]
    (warning,) = report_of(table(dev + TEST), QUICK).warnings
    assert warning.startswith("polarity looks swapped: AUC on dev of msu is 0.")
    assert "AUC is above 0.5 on dev of oulu, test of a, so turn the scores or the labels of dev of msu alone" in warning


def test_one_of_two_test_sets_that_is_turned_is_named() -> None:
    rows = [Row("test", n % 2, 2 * (n % 2) + n / 100, f"d{n}", f"d{n // 2}", dataset="oulu") for n in range(40)]
    rows += [Row("test", n % 2, -2 * (n % 2) - n / 100, f"d{n}", f"d{n // 2}", dataset="msu") for n in range(40)]
    (warning,) = report_of(table(DEV + rows), QUICK).warnings
    assert warning.startswith("polarity looks swapped: AUC on test of msu is 0.")


def test_attacks_and_bona_fide_of_different_data_sets_are_a_warning() -> None:
    def dataset(name: str, rows: list[Row]) -> list[Row]:
        return [dataclasses.replace(row, dataset=name, subject=f"{row.subject}x") for row in rows]

    bona_fide, attacks = ([row for row in TEST if row.label == label] for label in (0, 1))
    (warning,) = report_of(table(DEV + dataset("celeb", bona_fide) + dataset("wild", attacks)), QUICK).warnings
    assert warning.startswith(
        "test: bona fide videos come from celeb and attacks from wild: a model that tells the data sets apart"
    )
    mixed = table(DEV + dataset("celeb", TEST) + dataset("wild", attacks))
    (warning,) = report_of(mixed, QUICK).warnings
    assert warning.startswith("test: wild has attacks alone, so error rates also compare data sets")


# Three bona fide videos and two species of four attacks each: print 1 to 4, and mask 2, 4, 6 and 8.
SPECIES_DEV = [Row("dev", 0, score, f"b{score}", f"b{score}") for score in (0, 1.4, 9)]
SPECIES_DEV += [Row("dev", 1, score, f"p{score}", f"p{score}", "print") for score in (1, 2, 3, 4)]
SPECIES_DEV += [Row("dev", 1, score, f"m{score}", f"m{score}", "mask") for score in (2, 4, 6, 8)]


@pytest.mark.parametrize(("limit", "threshold"), [(0.1, 0.5), (0.25, 1.7), (0.5, 2.5), (0.99, 3.5)])
def test_the_threshold_of_an_apcer_holds_every_species_to_it(limit: float, threshold: float) -> None:
    # One of four prints may be below at 25 %, two at 50 %, three at 99 %. Scores are 0, 1, 1.4, 2, 3, 4 and so on.
    (dev,) = by_training(table(SPECIES_DEV + TEST), "dev", False)
    assert reports.apcer_threshold(dev, np.ones(len(dev.labels)), limit) == pytest.approx(threshold)


def test_bpcer10_20_and_100_are_at_dev_chosen_thresholds() -> None:
    at = report_of(table(SPECIES_DEV + TEST), QUICK).at_dev_apcer
    # No attack of dev may pass: the threshold is 0.5. On test v5 (1.8) is called an attack, v4 (-1) is not, and no attack passes.
    assert [(name, one.dev_apcer) for name, one in at.items()] == [("bpcer10", 0.1), ("bpcer20", 0.05), ("bpcer100", 0.01)]
    assert {(one.threshold, one.bpcer.value, one.apcer_max.value) for one in at.values()} == {(0.5, 0.5, 0.0)}


def test_figures_at_any_limit_are_given() -> None:
    at = report_of(table(DEV + TEST), dataclasses.replace(QUICK, limits=(0.01, 0.25))).oracle.at_limits
    # One of four attacks may pass: above 1.8 no bona fide video is called an attack.
    assert [(one.limit, one.bpcer_at_apcer.value, one.apcer_at_bpcer.value) for one in at] == [
        (0.01, 0.5, 0.25),
        (0.25, 0.0, 0.25),
    ]


SEEDS_HEADER = "split,label,score,video,seed\n"


def seeds_table(folder: Path, text: str) -> Table:
    path = folder / "seeds.csv"
    path.write_text(SEEDS_HEADER + text, encoding="utf-8")
    return read_table([Input(str(path))], Reading())


def test_figures_of_several_trainings_are_means_at_their_own_thresholds(tmp_path: Path) -> None:
    """Averaged as frames, the two trainings would be one with HTER 0."""
    dev = "dev,0,0,a,1\ndev,1,2,b,1\ndev,0,10,a,2\ndev,1,14,b,2\n"
    # Thresholds 1 and 12. Training 1 calls c an attack, and is right on all else; training 2 misses d.
    test = "test,0,3,c,1\ntest,1,4,d,1\ntest,1,5,e,1\ntest,0,1,c,2\ntest,1,11,d,2\ntest,1,13,e,2\n"
    report = report_of(seeds_table(tmp_path, dev + test), QUICK)
    assert [(one.seed, one.threshold, one.hter_dev) for one in report.trainings] == [("1", 1.0, 0.5), ("2", 12.0, 0.25)]
    assert report.at_dev_threshold.hter_dev.value == 0.375
    assert report.dev.threshold is None
    assert report.first_frame is None
    assert any("means over 2 trainings" in note for note in report.notes)
    (tmp_path / "one").mkdir()
    one = report_of(
        seeds_table(tmp_path / "one", "\n".join(line for line in (dev + test).splitlines() if line[-1] == "2")), QUICK
    )
    assert one.at_dev_threshold.hter_dev.value == 0.25


def test_the_data_sets_of_dev_share_the_draws_of_trainings(tmp_path: Path) -> None:
    """Videos of a label are alike, so only the trainings that are drawn move the AUC: 1 in training 1, and 0 in training 2."""
    rows = []
    for dataset in "mocr":
        for seed, scores in (("1", (0, 1)), ("2", (1, 0))):
            for label, score in enumerate(scores):
                rows += [f"dev,{label},{score},{dataset}{label}{video},{seed},{dataset}" for video in "ab"]
    rows += [f"test,{label},{label},t{label},{seed},m" for label in (0, 1) for seed in ("1", "2")]
    path = tmp_path / "scores.csv"
    path.write_text("split,label,score,video,seed,dataset\n" + "\n".join(rows) + "\n", encoding="utf-8")
    auc = report_of(read_table([Input(str(path))], Reading()), QUICK).dev.auc
    assert (auc.value, auc.low, auc.high) == (0.5, 0.0, 1.0)


def test_a_training_that_lacks_a_video_is_named(tmp_path: Path) -> None:
    text = "test,0,3,c,1\ntest,1,4,d,1\ntest,0,3,c,2\n"
    with pytest.raises(ScoresError, match=r"seeds\.csv, row 3: split test: seed '2' has no score of video 'd'"):
        report_of(seeds_table(tmp_path, text), dataclasses.replace(QUICK, oracle_only=True))


def test_a_weak_model_or_a_shifted_data_set_gives_no_warning() -> None:
    random = np.random.default_rng(1)
    weak = [Row("dev", n % 2, random.normal(), f"d{n}", f"d{n // 2}") for n in range(40)]
    assert report_of(table(weak + TEST), QUICK).warnings == []
    # In one pot nearly every attack of b is below nearly every bona fide row of c; inside either all is in order.
    shifted = [Row("dev", int(n % 5 > 0), n % 5, f"b{n}", f"b{n}", "", "b") for n in range(50)]
    shifted += [Row("dev", int(n % 5 > 3), n % 5 + 50, f"c{n}", f"c{n}", "", "c") for n in range(50)]
    report = report_of(table(shifted + TEST), QUICK)
    assert roc.curve(*(np.array([getattr(r, k) for r in shifted]) for k in ("label", "score")), np.ones((1, 100))).auc[0] < 0.5
    assert (report.dev.auc.value, report.warnings) == (1.0, [])


def test_without_subjects_videos_are_resampled_with_a_note() -> None:
    random = np.random.default_rng(2)
    rows = []
    for subject in range(12):
        own = random.normal(0, 1, 2)
        rows += [
            Row("test", n % 2, n % 2 + own[n % 2] + random.normal(0, 0.05), f"{subject}-{n}", f"{subject}") for n in range(20)
        ]
    options = Options(replicates=300, confidence=0.95, seed=0)
    known, unknown = (report_of(table(DEV + rows, without), options) for without in ((), ("subject",)))
    assert (known.settings.resampled, unknown.settings.resampled) == ("subjects", "videos")
    assert (known.counts["test"].subjects, unknown.counts["test"].subjects) == (12, None)
    assert [note for note in unknown.notes if "No column subject: intervals resample videos" in note]
    assert not [note for note in known.notes if "No column subject" in note]
    assert known.auc.value == unknown.auc.value
    assert unknown.auc.high - unknown.auc.low < 0.6 * (known.auc.high - known.auc.low)


def test_one_subject_has_no_interval() -> None:
    rows = [dataclasses.replace(row, subject="s9") for row in TEST]
    report = report_of(table(DEV + rows), QUICK)
    assert report.at_dev_threshold.hter_dev == Figure(0.375, None, None)


def test_a_rate_of_one_subject_has_no_interval_and_a_note() -> None:
    rows = [dataclasses.replace(row, subject="s9") if row.label == 0 else row for row in TEST]
    report = report_of(table(DEV + rows), QUICK)
    at_dev = report.at_dev_threshold
    assert at_dev.bpcer.value is not None and at_dev.bpcer.low is None
    assert at_dev.hter_dev.low is None and at_dev.apcer_pooled.low is not None
    assert report.auc.low is None
    assert any("of one label to resample" in note for note in report.notes)
    assert any("rests on one subject" in note for note in report.notes)


def test_without_species_all_attacks_are_one() -> None:
    at_dev = report_of(table(DEV + TEST, without=("species",)), QUICK).at_dev_threshold
    assert at_dev.apcer_max.value == at_dev.apcer_pooled.value == at_dev.apcer["all attacks"].value == 0.25


def test_oracle_only_omits_figures_that_depend_on_dev() -> None:
    options = dataclasses.replace(QUICK, oracle_only=True)
    report = report_of(table(TEST), options)
    assert set(schema.plain(report)) == {"settings", "counts", "auc", "oracle", "warnings", "notes"}
    assert report == report_of(table(DEV + TEST), options)
    whole = report_of(table(DEV + TEST), QUICK)
    assert (report.oracle, report.auc) == (whole.oracle, whole.auc)
    (warning,) = report_of(table(rescaled(TEST, lambda score: -(score**3))), options).warnings
    assert "AUC on test" in warning


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (TEST, "no rows of split dev; an honest threshold needs dev scores.*--oracle-only"),
        (DEV, "no rows of split test"),
        (DEV[:2] + TEST, "split dev: no attack among 2 videos; error rates need both labels"),
        (DEV + TEST[:3], "split test: no attack among 2 videos"),
        (
            [*DEV, Row("dev", 0, 0, "v0", "s9", "", "b"), *TEST],
            "dev of b: no attack rows among 1;.* take the data set out of dev",
        ),
    ],
)
def test_rows_that_cannot_be_scored_are_named(rows: list[Row], message: str) -> None:
    with pytest.raises(ScoresError, match=rf"scores\.csv: {message}"):
        report_of(table(rows), QUICK)


@pytest.mark.parametrize("change", [{"replicates": 0}, {"confidence": 1.0}, {"confidence": float("nan")}, {"seed": -1}])
def test_options_out_of_range_are_named(change: dict[str, float]) -> None:
    (name,) = change
    with pytest.raises(ScoresError, match=f"--{name} {change[name]}: give a number that is"):
        dataclasses.replace(QUICK, **change)
