"""Which runs are compared, and what a mean over protocols counts, on estimates made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fasrepro.evaluation import summary

SETTINGS = summary.Settings(replicates=4, confidence=0.95, seed=1)


def estimates(value: float, people: list[str], metrics: tuple[str, ...] = ("hter_dev",)) -> summary.Estimates:
    """Return a head's estimates on two videos of each of `people`; every replicate is `value`."""
    ids = np.array([f"{person}/{number}" for person in people for number in range(2)])
    subjects = np.repeat(people, 2)
    values = {0: {name: (value, np.full(4, value)) for name in metrics}}
    counts = {"bona_fide": len(people), "attack": len(people), "subjects": len(people)}
    return {("head", level): summary.Estimate(ids, subjects, counts, values) for level in ("video", "frame")}


def test_every_two_runs_are_compared_once_whatever_they_are_named() -> None:
    assert summary.pairs(["vanilla", "b", "a"]) == [("b", "a"), ("vanilla", "a"), ("vanilla", "b")]
    found = {("oci_m", name): estimates(value, ["x", "y"]) for name, value in (("wide", 0.5), ("narrow", 0.25))}
    rows = summary.paired(found, SETTINGS)
    assert [(row["run"], row["baseline"], row["difference"], row["level"]) for row in rows] == [
        ("wide", "narrow", 0.25, "video"),
        ("wide", "narrow", 0.25, "frame"),
    ]


def test_what_is_compared_is_what_a_protocol_has() -> None:
    found = [("oci_m", "b"), ("oci_m", "a"), ("ocm_i", "c"), ("oci_m", "c"), ("ocm_i", "a"), ("omi_c", "a")]
    assert summary.compared(found) == [("oci_m", "b", "a"), ("oci_m", "c", "a"), ("oci_m", "c", "b"), ("ocm_i", "c", "a")]
    assert summary.compared([]) == []


def test_what_can_be_detected_is_told_of_the_head_by_video_alone_and_of_the_mean_too() -> None:
    found = {}
    for place, people in (("oci_m", ["m1", "m2"]), ("ocm_i", ["i1", "i2"])):
        for run in "ab":
            found[place, run] = estimates(0.5, people) | {("lexical", "video"): estimates(0.5, people)["head", "video"]}
        # Replicates of b minus a: 0, 0, 0, 0.5 on both, so of their mean too.
        varied = np.array([0.5, 0.5, 0.5, 1.0])
        for level in ("video", "frame"):
            found[place, "b"]["head", level] = estimates(0.5, people)["head", level]
            found[place, "b"]["head", level].values[0]["hter_dev"] = (0.5, varied)
    rows = summary.paired(found, SETTINGS)
    told = {row["protocol"]: row["detectable"] for row in rows if "detectable" in row}
    assert all((row["channel"], row["level"]) == ("head", "video") for row in rows if "detectable" in row)
    assert told == {name: pytest.approx((1.959964 + 0.841621) * 0.25, rel=1e-5) for name in ("oci_m", "ocm_i", "mean")}


@pytest.mark.parametrize("people", [["x"], ["x", "y"]], ids=["one subject", "no spread"])
def test_what_can_be_detected_is_none_where_nothing_varies(people: list[str]) -> None:
    found = {("oci_m", name): estimates(0.5, people) for name in "ab"}
    assert [row["detectable"] for row in summary.paired(found, SETTINGS) if row["level"] == "video"] == [None]


def test_by_frame_few_metrics_are_compared() -> None:
    found = {("oci_m", name): estimates(0.5, ["x", "y"], ("hter_dev", "auc", "eer", "hter", "undecided")) for name in "ab"}
    rows = summary.paired(found, SETTINGS)
    metrics = {level: [row["metric"] for row in rows if row["level"] == level] for level in ("video", "frame")}
    by_video = ["hter_dev", "auc", "eer", "hter", "undecided"]
    assert metrics == {"video": by_video, "frame": ["hter_dev", "auc", "hter"]}


@pytest.mark.parametrize(
    ("second", "subjects"), [(["m1", "m2", "m3"], 3), (["i1", "i2"], 5), (["m3", "m4"], 4)], ids=["same", "other", "some"]
)
def test_a_mean_over_protocols_counts_each_subject_once(second: list[str], subjects: int) -> None:
    people = {"oci_m": ["m1", "m2", "m3"], "ocw_m": second}
    found = {(place, run): estimates(value, people[place]) for place in people for run, value in (("a", 0.25), ("b", 0.75))}
    (mean,) = [row for row in summary.paired(found, SETTINGS) if row["protocol"] == "mean" and row["level"] == "video"]
    assert (mean["subjects"], mean["difference"], mean["protocols"]) == (subjects, 0.5, ["oci_m", "ocw_m"])


def test_the_mean_of_transfers_is_apart() -> None:
    worse = {"oci_m": 0.1, "ocm_i": 0.3, "oci_w": 0.5, "ocm_w": 0.9}
    found = {
        (place, run): estimates(value, ["x", "y"]) for place, least in worse.items() for run, value in (("a", 0.0), ("b", least))
    }
    means = [row for row in summary.paired(found, SETTINGS, {"oci_w", "ocm_w"}) if row["protocol"] == "mean"]
    by_video = [(row["protocols"], row["transfer"], row["difference"]) for row in means if row["level"] == "video"]
    assert by_video == [(["oci_m", "ocm_i"], False, pytest.approx(0.2)), (["oci_w", "ocm_w"], True, pytest.approx(0.7))]


def test_protocols_with_fewer_sources_have_a_mean_of_their_own() -> None:
    worse = {"oci_m": 0.1, "ocm_i": 0.3, "mi_c": 0.5, "mi_o": 0.9, "moci_w": 0.8}
    found = {
        (place, run): estimates(value, ["x", "y"]) for place, least in worse.items() for run, value in (("a", 0.0), ("b", least))
    }
    means = [row for row in summary.paired(found, SETTINGS) if row["protocol"] == "mean" and row["level"] == "video"]
    assert [(row["protocols"], row["difference"]) for row in means] == [
        (["oci_m", "ocm_i"], pytest.approx(0.2)),
        (["mi_c", "mi_o"], pytest.approx(0.7)),
    ]
