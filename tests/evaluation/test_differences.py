"""Which runs are compared, and what a mean over cells counts, on estimates made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fasrepro.evaluation import differences
from fasrepro.evaluation.differences import pairs
from fasrepro.evaluation.estimates import Estimate, Estimates
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import Cell, Counts, EvaluationSettings

SETTINGS = EvaluationSettings(replicates=4, confidence=0.95, seed=1, digits=6)


def cell(name: str, run: str) -> Cell:
    return Cell(f"protocol of {name}", run, f"target of {name}", name)


def estimates(value: float, people: list[str], metrics: tuple[str, ...] = ("hter_dev",)) -> Estimates:
    """Return a head's estimates on two videos of each of `people`; every replicate is `value`."""
    ids = np.array([f"{person}/{number}" for person in people for number in range(2)])
    values = {0: {name: (value, np.full(4, value)) for name in metrics}}
    counts = Counts(bona_fide=len(people), attack=len(people), subjects=len(people))
    species = np.tile(["bona_fide", "print"], len(people))
    return {("head", level): Estimate(ids, np.repeat(people, 2), species, counts, values) for level in ("video", "frame")}


def two_runs(values: dict[str, float]) -> dict[Cell, Estimates]:
    """Return run "b", which has these values on these cells, and run "a", which has 0."""
    return {cell(name, run): estimates(v, ["x", "y"]) for name, value in values.items() for run, v in (("a", 0.0), ("b", value))}


def test_every_pair_of_runs_is_compared_once_in_alphabetical_order() -> None:
    runs = {cell("oci_m", run): estimates(value, ["x", "y"]) for run, value in (("wide", 0.5), ("narrow", 0.25))}
    rows, means = differences.differences(runs, {"oci_m": 0}, SETTINGS)
    assert [(row.run, row.baseline, row.difference, row.level) for row in rows] == [
        ("wide", "narrow", 0.25, "video"),
        ("wide", "narrow", 0.25, "frame"),
    ]
    assert means == []


def test_only_runs_of_one_cell_are_paired() -> None:
    cells = [cell("m", "b"), cell("m", "a"), cell("i", "c"), cell("m", "c"), cell("i", "a"), cell("c", "a")]
    assert [(run.cell, run.run, baseline.run) for run, baseline in pairs(cells)] == [
        ("m", "b", "a"),
        ("m", "c", "a"),
        ("m", "c", "b"),
        ("i", "c", "a"),
    ]
    assert pairs([]) == []


def test_the_detectable_difference_is_of_the_head_by_video_and_of_its_mean() -> None:
    runs = {}
    for name, people in (("oci_m", ["m1", "m2"]), ("ocm_i", ["i1", "i2"])):
        for run in "ab":
            runs[cell(name, run)] = estimates(0.5, people)
            runs[cell(name, run)]["lexical", "video"] = estimates(0.5, people)["head", "video"]
        # Replicates of b minus a: 0, 0, 0, 0.5 on both, so of their mean too.
        for level in ("video", "frame"):
            runs[cell(name, "b")]["head", level].values[0]["hter_dev"] = (0.5, np.array([0.5, 0.5, 0.5, 1.0]))
    rows, means = differences.differences(runs, dict.fromkeys(("oci_m", "ocm_i"), 0), SETTINGS)
    detectable = [(row.channel, row.level, row.detectable) for row in (*rows, *means) if row.detectable is not None]
    assert detectable == [("head", "video", pytest.approx((1.959964 + 0.841621) * 0.25, rel=1e-5))] * 3


@pytest.mark.parametrize("people", [["x"], ["x", "y"]], ids=["one subject", "no spread"])
def test_without_spread_there_is_no_detectable_difference(people: list[str]) -> None:
    runs = {cell("oci_m", run): estimates(0.5, people) for run in "ab"}
    rows, _ = differences.differences(runs, {"oci_m": 0}, SETTINGS)
    assert [row.detectable for row in rows] == [None, None]


def test_by_frame_few_metrics_are_compared() -> None:
    metrics = ("hter_dev", "auc", "eer", "hter", "undecided", "apcer/print")
    runs = {cell("oci_m", run): estimates(0.5, ["x", "y"], metrics) for run in "ab"}
    rows, _ = differences.differences(runs, {"oci_m": 0}, SETTINGS)
    compared = {level: [row.metric for row in rows if row.level == level] for level in ("video", "frame")}
    assert compared == {"video": ["hter_dev", "auc", "eer", "hter", "undecided"], "frame": ["hter_dev", "auc", "hter"]}


@pytest.mark.parametrize(
    ("second", "subjects"), [(["m1", "m2", "m3"], 3), (["i1", "i2"], 5), (["m3", "m4"], 4)], ids=["same", "other", "some"]
)
def test_a_mean_counts_each_subject_once(second: list[str], subjects: int) -> None:
    people = {"oci_m": ["m1", "m2", "m3"], "ocw_m": second}
    runs = {cell(name, run): estimates(value, people[name]) for name in people for run, value in (("a", 0.25), ("b", 0.75))}
    _, means = differences.differences(runs, dict.fromkeys(people, 0), SETTINGS)
    (mean,) = [row for row in means if row.level == "video"]
    assert (mean.subjects, mean.difference, mean.cells) == (subjects, 0.5, ["oci_m", "ocw_m"])
    assert mean.protocols == ["protocol of oci_m", "protocol of ocw_m"]
    assert mean.targets == ["target of oci_m", "target of ocw_m"]


def test_each_pool_has_its_own_mean() -> None:
    runs = two_runs({"oci_m": 0.1, "ocm_i": 0.3, "oci_w": 0.5, "ocm_w": 0.9, "mi_c": 0.4})
    pools = {"oci_m": "first", "ocm_i": "first", "oci_w": "second", "ocm_w": "second", "mi_c": "alone"}
    _, means = differences.differences(runs, pools, SETTINGS)
    assert [(row.cells, row.difference) for row in means if row.level == "video"] == [
        (["oci_m", "ocm_i"], pytest.approx(0.2)),
        (["oci_w", "ocm_w"], pytest.approx(0.7)),
    ]


def test_runs_without_a_common_seed_are_not_compared() -> None:
    runs = two_runs({"oci_m": 0.1})
    values = runs[cell("oci_m", "b")]["head", "video"].values  # the frames' too
    values[7] = values.pop(0)
    assert differences.differences(runs, {"oci_m": 0}, SETTINGS) == ([], [])


def test_runs_judged_on_different_faces_are_refused() -> None:
    runs = {cell("oci_m", "a"): estimates(0.5, ["x", "y"]), cell("oci_m", "b"): estimates(0.5, ["x", "z"])}
    with pytest.raises(MetricError, match="oci_m: two runs were judged on different faces"):
        differences.differences(runs, {"oci_m": 0}, SETTINGS)
