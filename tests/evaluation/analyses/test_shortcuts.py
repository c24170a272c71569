"""Probes on synthetic numbers: a rule planted in every data set is a leak, a rule planted in one data set is none."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fasrepro.evaluation.analyses import shortcuts
from fasrepro.evaluation.analyses.shortcuts import Rows
from fasrepro.evaluation.results import Counts
from fasrepro.evaluation.results.audit import AuditBounds, CountedDatasets, Expected, Probe, ProbeCell, Untested

BOUNDS = AuditBounds(max_global_auc=0.8, min_subjects=10, min_vision_auc=0.95, min_vision_drop=0.15, min_cues_auc=0.97)
DATASETS = ("casia", "msu", "replay")


def planted_rows(planted: dict[str, float], faces: int = 60, seed: int = 0, view: str = "mean_colour") -> Rows:
    """Return rows of three data sets, a third bona fide; `planted`: by how much attacks exceed these in a data set."""
    rng = np.random.default_rng(seed)
    rows = [
        (d, split, f"{d}/{split}/{n // 6}", int(n % 3 > 0)) for d in DATASETS for split in ("train", "test") for n in range(faces)
    ]
    datasets, splits, subjects, labels = (np.array(column) for column in zip(*rows, strict=True))
    shift = np.array([planted.get(d, 0.0) for d in datasets]) * labels
    level = np.array([DATASETS.index(d) * 50.0 for d in datasets])  # a data set's own level must not affect the order in it
    measures = rng.normal(size=(len(rows), 2)) + np.stack([shift + level, np.zeros(len(rows))], axis=1)
    return Rows(datasets, splits, subjects, labels, {view: measures})


def aucs(probe: Probe, source: str) -> dict[str, float]:
    return {target: cell.auc for target, cell in probe.single[source].items()}


def test_a_rule_in_every_data_set_is_a_leak() -> None:
    report = shortcuts.audit(planted_rows(dict.fromkeys(DATASETS, 4.0)), BOUNDS)
    assert report.leaks == ["mean_colour"]
    assert report.inside_everywhere == ["mean_colour"]
    assert report.untested == Untested(leaks=[], inside_everywhere=[])
    probe = report.probes["mean_colour"]
    assert probe.judged == CountedDatasets(inside=list(DATASETS), held_out=list(DATASETS))
    assert all(aucs(probe, source)[target] > 0.95 for source in DATASETS for target in DATASETS)
    message = shortcuts.leak_message(report)
    assert "mean_colour separates attacks in every data set" in message
    assert "msu 0.9" in message
    assert "white balance" in message


def test_a_rule_in_one_data_set_is_no_leak() -> None:
    report = shortcuts.audit(planted_rows({"msu": 4.0}), BOUNDS)
    probe = report.probes["mean_colour"]
    assert aucs(probe, "msu")["msu"] > 0.95
    assert abs(aucs(probe, "msu")["casia"] - 0.5) < 0.2
    assert report.leaks == []
    assert report.inside_everywhere == []
    assert shortcuts.leak_message(report) == ""
    assert shortcuts.outcome(report) == "no simple probe separates attacks in every data set"


def test_a_rule_that_reverses_between_data_sets_is_no_leak() -> None:
    report = shortcuts.audit(planted_rows({"casia": 4.0, "msu": -4.0, "replay": 4.0}), BOUNDS)
    probe = report.probes["mean_colour"]
    assert report.leaks == []
    assert report.inside_everywhere == ["mean_colour"]
    assert aucs(probe, "casia")["msu"] < 0.05
    assert probe.inside > 0.95
    # By hand from the matrix: four of the six ways cross to where the rule is turned round.
    crossings = [aucs(probe, s)[s] - aucs(probe, s)[t] for s in DATASETS for t in DATASETS if s != t]
    assert probe.drop == pytest.approx(np.mean(crossings))
    assert 0.5 < probe.drop < 0.7


def test_shuffled_labels_give_chance_level() -> None:
    rows = planted_rows(dict.fromkeys(DATASETS, 4.0), faces=300)
    shuffled = dataclasses.replace(rows, labels=np.random.default_rng(3).permutation(rows.labels))
    probe = shortcuts.audit(shuffled, BOUNDS).probes["mean_colour"]
    assert all(abs(aucs(probe, source)[target] - 0.5) < 0.12 for source in DATASETS for target in DATASETS)
    assert all(abs(cell.auc - 0.5) < 0.12 for cell in probe.leave_one_out.values())


def test_margins_that_differ_by_rounding_tie() -> None:
    labels = np.array([0, 0, 1, 1, 0, 1])
    margins = np.array([-3.0, 7.0, 7.0, 55.0, 1.0, 1.0 + 1e-13])
    assert shortcuts.auc(labels, margins) == pytest.approx(roc_auc_score(labels, np.round(margins, 9)))
    assert shortcuts.auc(labels, margins) == pytest.approx(
        7 / 9
    )  # attacks over bona fide: 7 beats 2 and ties 1, 55 beats 3, 1: 1.5


def without(rows: Rows, dataset: str, split: str, label: int) -> Rows:
    included = ~((rows.datasets == dataset) & (rows.splits == split) & (rows.labels == label))
    views = {name: view[included] for name, view in rows.views.items()}
    return Rows(rows.datasets[included], rows.splits[included], rows.subjects[included], rows.labels[included], views)


def test_a_cell_that_lacks_a_label_is_none_with_its_reason() -> None:
    rows = planted_rows(dict.fromkeys(DATASETS, 4.0))
    report = shortcuts.audit(without(without(rows, "msu", "test", 0), "casia", "train", 1), BOUNDS)
    probe = report.probes["mean_colour"]
    assert probe.single["replay"]["msu"].auc is None
    assert probe.single["replay"]["msu"].missing == "no bona fide faces in test of msu"
    assert probe.single["casia"]["replay"] == ProbeCell(None, 60, 10, "no attack faces in train of casia")
    assert probe.leave_one_out["replay"].auc > 0.9  # fitted on msu alone
    assert probe.leave_one_out["msu"].auc is None
    assert report.leaks == ["mean_colour"]  # "every" means every data set that counts: casia and replay
    assert probe.judged.held_out == ["casia", "replay"]
    assert probe.from_one_other["replay"] == probe.single["msu"]["replay"].auc  # the one of casia and msu that is defined
    assert report.faces["msu"].test == Counts(bona_fide=0, attack=40, subjects=10)


def test_one_data_set_alone_cannot_test_the_rule() -> None:
    rows = planted_rows({"msu": 4.0})
    included = rows.datasets == "msu"
    rows = Rows(
        rows.datasets[included],
        rows.splits[included],
        rows.subjects[included],
        rows.labels[included],
        {"border": rows.views["mean_colour"][included]},
    )
    report = shortcuts.audit(rows, BOUNDS)
    probe = report.probes["border"]
    assert probe.single["msu"]["msu"].auc > 0.95
    assert (probe.across, probe.drop, probe.held_out) == (None, None, None)
    assert probe.leave_one_out["msu"].missing == "no other data set to fit on"
    assert probe.judged == CountedDatasets(inside=["msu"], held_out=[])
    assert probe.from_one_other == {"msu": None}
    assert report.leaks == report.inside_everywhere == []
    assert report.untested == Untested(leaks=["border"], inside_everywhere=["border"])
    assert "could not be tested: fewer than 2 data sets" in shortcuts.outcome(report)


def test_one_counted_data_set_cannot_test_the_rule() -> None:
    rows = planted_rows(dict.fromkeys(DATASETS, 4.0))
    report = shortcuts.audit(without(without(rows, "msu", "test", 0), "casia", "test", 1), BOUNDS)
    assert report.probes["mean_colour"].judged == CountedDatasets(inside=["replay"], held_out=["replay"])
    assert report.untested.leaks == ["mean_colour"]
    assert "could not be tested" in shortcuts.outcome(report)
    assert "no simple probe" not in shortcuts.outcome(report)


@pytest.mark.parametrize(("least", "leaks", "untested"), [(10, ["mean_colour"], []), (11, [], ["mean_colour"])])
def test_a_data_set_with_too_few_test_subjects_does_not_count(least: int, leaks: list[str], untested: list[str]) -> None:
    rows = planted_rows(dict.fromkeys(DATASETS, 4.0))  # 10 test subjects each
    report = shortcuts.audit(rows, dataclasses.replace(BOUNDS, min_subjects=least))
    assert report.leaks == report.inside_everywhere == leaks
    assert report.untested == Untested(leaks=untested, inside_everywhere=untested)
    assert report.probes["mean_colour"].held_out > 0.95  # reported nevertheless


def test_a_small_data_set_neither_hides_a_leak_nor_is_named() -> None:
    rows = planted_rows({"casia": 4.0, "msu": -4.0, "replay": 4.0}, faces=120)  # 20 test subjects each
    few = (rows.datasets == "msu") & (rows.splits == "test")
    subjects = np.where(few, np.char.add("msu/test/", (np.arange(len(few)) % 3).astype(str)), rows.subjects)
    report = shortcuts.audit(dataclasses.replace(rows, subjects=subjects), BOUNDS)
    probe = report.probes["mean_colour"]
    assert probe.judged.inside == ["casia", "replay"]
    assert report.inside_everywhere == ["mean_colour"]
    leaky = dataclasses.replace(report, leaks=["mean_colour"])
    assert "casia" in shortcuts.leak_message(leaky)
    assert "msu" not in shortcuts.leak_message(leaky)


def test_a_fit_that_does_not_converge_is_a_missing_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = planted_rows(dict.fromkeys(DATASETS, 4.0))
    wide = np.random.default_rng(5).normal(size=(len(rows.labels), 40))
    rows, fit = dataclasses.replace(rows, views={**rows.views, "border": wide}), shortcuts.fit

    def hurried(measures: np.ndarray, *others: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        with monkeypatch.context() as patch:
            patch.setattr(shortcuts, "STEPS", 1 if measures.shape[1] == 40 else shortcuts.STEPS)
            return fit(measures, *others)

    monkeypatch.setattr(shortcuts, "fit", hurried)
    report = shortcuts.audit(rows, BOUNDS)
    cell = report.probes["border"].single["casia"]["msu"]
    assert cell.auc is None
    assert cell.missing == "the probe border, fitted on casia, did not settle in 1 steps"
    held_out = report.probes["border"].leave_one_out["msu"]
    assert held_out.missing == "the probe border, fitted on casia and replay, did not settle in 1 steps"
    assert report.leaks == ["mean_colour"]
    assert report.untested.leaks == ["border"]
    assert "mean_colour separates attacks" in shortcuts.outcome(report)
    assert "; border could not be tested" in shortcuts.outcome(report)


def test_an_unknown_view_is_refused_with_its_remedy() -> None:
    with pytest.raises(shortcuts.ProbeError, match=r"unknown probe 'sharpness'.*mean_colour.*shortcuts\.SIMPLE"):
        shortcuts.audit(planted_rows({}, view="sharpness"), BOUNDS)


def test_a_subject_in_train_and_test_is_refused() -> None:
    rows = planted_rows({})
    subjects = rows.subjects.copy()
    subjects[(rows.datasets == "msu")] = "msu/1"
    with pytest.raises(shortcuts.ProbeError, match=r"subject msu/1 is in train of msu and in test of msu"):
        shortcuts.audit(dataclasses.replace(rows, subjects=subjects), BOUNDS)


def test_each_label_of_each_data_set_weighs_the_same() -> None:
    labels, datasets = np.array([0, 1, 1, 1, 0, 0, 1]), np.array(["a", "a", "a", "a", "b", "b", "b"])
    weights = shortcuts.weights(labels, datasets)
    assert weights.mean() == pytest.approx(1)
    assert weights.tolist() == pytest.approx([1.75, 1.75 / 3, 1.75 / 3, 1.75 / 3, 0.875, 0.875, 1.75])  # 7 rows over 4 groups


def test_each_data_set_is_centred_between_its_labels() -> None:
    labels, datasets = np.array([0, 1, 1, 0, 1]), np.array(["a", "a", "a", "b", "b"])
    measures = np.array([[1.0], [4.0], [6.0], [100.0], [110.0]])  # middles by hand: (1 + 5) / 2 = 3, and 105
    assert shortcuts.centred(measures, labels, datasets).ravel().tolist() == [-2, 1, 3, -5, 5]


def test_a_number_that_never_changes_has_no_influence() -> None:
    rng = np.random.default_rng(0)
    labels, datasets = np.tile([0, 1], 20), np.array(["a"] * 40)
    measures = np.stack([labels + rng.normal(0, 0.1, 40), np.full(40, 0.1)], axis=1)
    margins = shortcuts.fit(measures, labels, datasets)
    assert margins(np.array([[0.5, 0.1]])) == pytest.approx(margins(np.array([[0.5, 900.0]])))


def test_expectations_are_checked_and_such_probes_are_no_leaks() -> None:
    rows = planted_rows(dict.fromkeys(DATASETS, 9.0))
    seen = rows.views["mean_colour"]
    report = shortcuts.audit(dataclasses.replace(rows, views={"vision": seen, "cues": seen}), BOUNDS)
    assert report.leaks == []
    assert report.simple == []
    assert report.expected["cues_everywhere"].met is True
    assert report.expected["vision_inside"] == Expected(1.0, 0.95, True)
    assert report.expected["vision_drop"].met is False


def test_a_report_does_not_depend_on_the_order_of_rows() -> None:
    rows = planted_rows({"msu": 1.0, "casia": 2.0})
    order = np.random.default_rng(1).permutation(len(rows.labels))
    turned = Rows(
        *(column[order] for column in (rows.datasets, rows.splits, rows.subjects, rows.labels)),
        {"mean_colour": rows.views["mean_colour"][order]},
    )
    first, second = (shortcuts.audit(one, BOUNDS) for one in (rows, turned))
    assert first.probes["mean_colour"].held_out == pytest.approx(second.probes["mean_colour"].held_out)
    assert first == shortcuts.audit(rows, BOUNDS)
