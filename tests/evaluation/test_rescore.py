"""The figures of anybody's scores, by hand, against `metrics` and `bootstrap`, and under changes that must not matter."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro import schema
from fasrepro.evaluation import bootstrap, metrics, rescore, roc, score_file
from fasrepro.evaluation.rescore import Options, Report, SplitCounts
from fasrepro.evaluation.results import Figure
from fasrepro.evaluation.score_file import Row, ScoresError, Table

QUICK = Options(replicates=50, confidence=0.95, seed=9)
COLUMNS = frozenset((*score_file.REQUIRED, *score_file.OPTIONAL))


def row(split: str, label: int, score: float, video: str, subject: str, species: str = "", dataset: str = "a") -> Row:
    return Row(0, split, label, score, video, subject, species, dataset)


def table(rows: list[Row], without: tuple[str, ...] = ()) -> Table:
    """Return a table of numbered rows; columns in `without` are emptied, as the reader does."""
    blank = {name: "" for name in without if name != "video"}
    rows = [dataclasses.replace(row, number=number, **blank) for number, row in enumerate(rows, 2)]
    if "video" in without:
        rows = [dataclasses.replace(row, video=f"row {row.number}") for row in rows]
    return Table(Path("scores.csv"), COLUMNS - set(without), rows)


# Dev separates between 1 and 2: the threshold is 1.5. On test, v5's frames have the mean 1.8.
DEV = [row("dev", 0, 0, "v0", "s0"), row("dev", 0, 1, "v1", "s1"), row("dev", 1, 2, "v2", "s0"), row("dev", 1, 3, "v3", "s1")]
TEST = [
    row("test", 0, -1, "v4", "s2"),
    row("test", 0, 1.0, "v5", "s3"),
    row("test", 0, 2.6, "v5", "s3"),
    row("test", 1, 1.2, "v6", "s2", "print"),
    row("test", 1, 3.0, "v7", "s3", "print"),
    row("test", 1, 2.0, "v8", "s2", "replay"),
    row("test", 1, 4.0, "v9", "s3", "replay"),
]


def test_every_figure_by_hand() -> None:
    report = rescore.report(table(DEV + TEST), QUICK)
    assert report.dev.threshold == 1.5
    assert report.dev.auc.value == 1.0
    # At 1.5: v5 is called an attack, one of two; v6 passes, one of two prints, and no replay.
    at_dev = report.at_dev_threshold
    values = {name: getattr(at_dev, name).value for name in rescore.HONEST}
    assert values == {"hter_dev": 0.375, "apcer_pooled": 0.25, "apcer_max": 0.5, "bpcer": 0.5, "acer": 0.5}
    assert {name: figure.value for name, figure in at_dev.apcer.items()} == {"print": 0.5, "replay": 0.0}
    # Seven of eight pairs are in order: v5 (1.8) is above v6 (1.2).
    assert report.auc.value == 0.875
    # Best between 1.8 and 2: FAR 1/4, FRR 0, as unequal as between 1.2 and 1.8 and lower.
    oracle = report.oracle
    assert (oracle.oracle_hter.value, oracle.oracle_hter_threshold) == (0.125, pytest.approx(1.9))
    assert (oracle.oracle_eer.value, oracle.oracle_eer_threshold) == (0.125, pytest.approx(1.9))
    # No attack passes up to 1.2, where v5 is called one; no bona fide video is called one above 1.8, where v6 passes.
    assert (oracle.oracle_bpcer_at_apcer_1_percent.value, oracle.oracle_apcer_at_bpcer_1_percent.value) == (0.5, 0.25)
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
            rows.append(row(split, label, float(score), name, f"{split}{len(rows) % 4}", species))
    return rows


def rescaled(rows: list[Row], change: Callable[[float], float]) -> list[Row]:
    return [dataclasses.replace(row, score=change(row.score)) for row in rows]


def without_scale(report: Report) -> Report:
    """Return a report without the fields that depend on the scale and direction of scores."""
    oracle = dataclasses.replace(report.oracle, oracle_hter_threshold=0.0, oracle_eer_threshold=0.0)
    dev = dataclasses.replace(report.dev, threshold=0.0)
    settings = dataclasses.replace(report.settings, higher_score_is="")
    return dataclasses.replace(report, oracle=oracle, dev=dev, settings=settings, warnings=[])


@settings(deadline=None, max_examples=40)
@given(tables())
def test_figures_equal_metrics_on_the_same_rows(rows: list[Row]) -> None:
    rows = rescaled(rows, lambda score: (score + 8) / 16)  # into [0, 1], exactly
    report = rescore.report(table(rows), QUICK)
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


def test_intervals_are_the_bootstraps_over_subjects() -> None:
    random = np.random.default_rng(0)
    labels = np.tile([0, 1, 1], 8)
    rows = [row("test", int(label), random.normal() + label, f"v{n}", f"s{n // 3}", "print") for n, label in enumerate(labels)]
    report = rescore.report(table(DEV + rows), QUICK)
    scores, species = np.array([row.score for row in rows]), np.array([row.species for row in rows])
    draws = bootstrap.draw_subjects([row.subject for row in rows], labels, QUICK.replicates, QUICK.seed, "test/0")
    drawn = bootstrap.replicate(
        lambda weights: metrics.score_metrics(metrics.ScoreSample(labels, scores, species, 1.5, weights)), *draws
    )
    for name in ("hter_dev", "bpcer", "apcer_pooled"):
        figure = getattr(report.at_dev_threshold, name)
        assert (figure.low, figure.high) == pytest.approx(bootstrap.interval(drawn[name], QUICK.confidence)), name


def test_what_is_chosen_on_test_has_no_interval() -> None:
    # Ten species of two videos each, one of them missed: a replicate that draws a missed one twice has a worst species of 1.
    rows = [row("test", 0, 0.0, f"b{n}", f"s{n}", "bona_fide") for n in range(10)]
    for n in range(10):
        rows += [row("test", 1, score, f"a{n}{score}", f"s{n}{score}", f"species{n}") for score in (1.0, 3.0)]
    report = rescore.report(table(DEV + rows), QUICK)
    assert report.at_dev_threshold.apcer_max == Figure(0.5, None, None)
    assert report.at_dev_threshold.acer.low is None and report.oracle.oracle_hter.low is None
    assert report.hter_dev_minus_oracle.low is None
    assert report.at_dev_threshold.apcer_pooled.low is not None and report.oracle.oracle_eer.low is not None


@settings(deadline=None, max_examples=40)
@given(tables(), st.sampled_from([0.25, 1.0, 64.0]), st.integers(-100, 100))
def test_the_scale_of_the_scores_changes_nothing(rows: list[Row], slope: float, shift: int) -> None:
    report = rescore.report(table(rows), QUICK)
    other = rescore.report(table(rescaled(rows, lambda score: slope * score + shift)), QUICK)
    assert without_scale(other) == without_scale(report)
    assert other.dev.threshold == pytest.approx(slope * report.dev.threshold + shift)


@settings(deadline=None, max_examples=40)
@given(tables())
def test_auc_and_oracle_depend_on_the_order_alone(rows: list[Row]) -> None:
    # Not so the figures at the dev threshold: it lies in the middle of two scores of dev, and a bend moves the middle.
    report, other = (rescore.report(table(some), QUICK) for some in (rows, rescaled(rows, lambda score: score**3)))
    assert (other.auc, other.dev.auc) == (report.auc, report.dev.auc)
    assert without_scale(other).oracle == without_scale(report).oracle


@settings(deadline=None, max_examples=40)
@given(tables())
def test_reversed_scores_with_the_option_give_the_same_report(rows: list[Row]) -> None:
    report = rescore.report(table(rows), QUICK)
    turned = rescore.report(table(rescaled(rows, lambda score: -score)), dataclasses.replace(QUICK, higher_is_bona_fide=True))
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
    assert rescore.report(table(shuffled), QUICK) == rescore.report(table(rows), QUICK)


def test_dev_data_sets_weigh_the_same() -> None:
    # A large set whose scores lie low, and a small one whose scores lie high: as in the test of `metrics.dev_threshold`.
    dev = [row("dev", n % 2, (0.1, 0.3)[n % 2], f"o{n}", "", "", "oulu") for n in range(200)]
    dev += [row("dev", n % 2, (0.5, 0.9)[n % 2], f"m{n}", "", "", "msu") for n in range(4)]
    assert rescore.report(table(dev + TEST, without=("subject",)), QUICK).dev.threshold == pytest.approx(0.4)
    alone = rescore.report(table(dev + TEST, without=("subject", "dataset")), QUICK)
    assert alone.dev.threshold == pytest.approx(0.2)


def test_swapped_polarity_is_a_warning_with_its_remedy() -> None:
    dev = [row("dev", n % 2, 1 - n % 2 + n / 100, f"d{n}", f"d{n // 2}") for n in range(20)]
    (warning,) = rescore.report(table(dev + TEST), QUICK).warnings
    assert "AUC on dev is 0.000" in warning and warning.endswith("give --higher-is-bona-fide")
    turned = dataclasses.replace(QUICK, higher_is_bona_fide=True)
    assert rescore.report(table(dev + TEST), turned).warnings == []
    (warning,) = rescore.report(table(rescaled(dev, lambda score: -score) + TEST), turned).warnings
    assert warning.endswith("omit --higher-is-bona-fide")


def test_a_weak_model_or_a_shifted_data_set_gives_no_warning() -> None:
    random = np.random.default_rng(1)
    weak = [row("dev", n % 2, random.normal(), f"d{n}", f"d{n // 2}") for n in range(40)]
    assert rescore.report(table(weak + TEST), QUICK).warnings == []
    # In one pot nearly every attack of b is below nearly every bona fide row of c; inside either all is in order.
    shifted = [row("dev", int(n % 5 > 0), n % 5, f"b{n}", f"b{n}", "", "b") for n in range(50)]
    shifted += [row("dev", int(n % 5 > 3), n % 5 + 50, f"c{n}", f"c{n}", "", "c") for n in range(50)]
    report = rescore.report(table(shifted + TEST), QUICK)
    assert roc.curve(*(np.array([getattr(r, k) for r in shifted]) for k in ("label", "score")), np.ones((1, 100))).auc[0] < 0.5
    assert (report.dev.auc.value, report.warnings) == (1.0, [])


def test_without_subjects_videos_are_resampled_with_a_note() -> None:
    random = np.random.default_rng(2)
    rows = []
    for subject in range(12):
        own = random.normal(0, 1, 2)
        rows += [
            row("test", n % 2, n % 2 + own[n % 2] + random.normal(0, 0.05), f"{subject}-{n}", f"{subject}") for n in range(20)
        ]
    options = Options(replicates=300, confidence=0.95, seed=0)
    known, unknown = (rescore.report(table(DEV + rows, without), options) for without in ((), ("subject",)))
    assert (known.settings.resampled, unknown.settings.resampled) == ("subjects", "videos")
    assert (known.counts["test"].subjects, unknown.counts["test"].subjects) == (12, None)
    assert [note for note in unknown.notes if "No column subject: intervals resample videos" in note]
    assert not [note for note in known.notes if "No column subject" in note]
    assert known.auc.value == unknown.auc.value
    assert unknown.auc.high - unknown.auc.low < 0.6 * (known.auc.high - known.auc.low)


def test_one_subject_has_no_interval() -> None:
    rows = [dataclasses.replace(row, subject="s9") for row in TEST]
    report = rescore.report(table(DEV + rows), QUICK)
    assert report.at_dev_threshold.hter_dev == Figure(0.375, None, None)


def test_a_rate_of_one_subject_has_no_interval_and_a_note() -> None:
    rows = [dataclasses.replace(row, subject="s9") if row.label == 0 else row for row in TEST]
    report = rescore.report(table(DEV + rows), QUICK)
    at_dev = report.at_dev_threshold
    assert at_dev.bpcer.value is not None and at_dev.bpcer.low is None
    assert at_dev.hter_dev.low is None and at_dev.apcer_pooled.low is not None
    assert report.auc.low is None
    assert any("of one label to resample" in note for note in report.notes)
    assert any("rests on one subject" in note for note in report.notes)


def test_without_species_all_attacks_are_one() -> None:
    at_dev = rescore.report(table(DEV + TEST, without=("species",)), QUICK).at_dev_threshold
    assert at_dev.apcer_max.value == at_dev.apcer_pooled.value == at_dev.apcer["all attacks"].value == 0.25


def test_oracle_only_omits_figures_that_depend_on_dev() -> None:
    options = dataclasses.replace(QUICK, oracle_only=True)
    report = rescore.report(table(TEST), options)
    assert set(schema.plain(report)) == {"settings", "counts", "auc", "oracle", "warnings", "notes"}
    assert report == rescore.report(table(DEV + TEST), options)
    whole = rescore.report(table(DEV + TEST), QUICK)
    assert (report.oracle, report.auc) == (whole.oracle, whole.auc)
    (warning,) = rescore.report(table(rescaled(TEST, lambda score: -(score**3))), options).warnings
    assert "AUC on test" in warning


def test_replicates_in_parts_give_the_same_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    rows = [row("test", n % 2, random.normal() + n % 2, f"v{n}", f"s{n // 2}") for n in range(120)]
    options = Options(replicates=400, confidence=0.9, seed=1)
    whole = rescore.report(table(DEV + rows), options).auc
    monkeypatch.setattr(rescore, "CELLS", 7 * len(rows))
    parts = rescore.report(table(DEV + rows), options).auc
    assert parts.value == whole.value
    assert (parts.low, parts.high) == pytest.approx((whole.low, whole.high), abs=0.02)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (TEST, "no rows of split dev; an honest threshold needs dev scores.*--oracle-only"),
        (DEV, "no rows of split test"),
        (DEV[:2] + TEST, "split dev: no attack among 2 videos; error rates need both labels"),
        (DEV + TEST[:3], "split test: no attack among 2 videos"),
        (
            [*DEV, row("dev", 0, 0, "v0", "s9", "", "b"), *TEST],
            "dev of b: no attack rows among 1;.* take the data set out of dev",
        ),
    ],
)
def test_rows_that_cannot_be_scored_are_named(rows: list[Row], message: str) -> None:
    with pytest.raises(ScoresError, match=rf"scores\.csv: {message}"):
        rescore.report(table(rows), QUICK)


@pytest.mark.parametrize("change", [{"replicates": 0}, {"confidence": 1.0}, {"confidence": float("nan")}, {"seed": -1}])
def test_options_out_of_range_are_named(change: dict[str, float]) -> None:
    (name,) = change
    with pytest.raises(ScoresError, match=f"--{name} {change[name]}: give a number that is"):
        dataclasses.replace(QUICK, **change)
