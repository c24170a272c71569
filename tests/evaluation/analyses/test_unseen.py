"""Gain on sharing: lines by hand, draws within species, and a target small enough to check every figure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fasrepro.evaluation.analyses import unseen
from fasrepro.evaluation.analyses.cue_overlap import Shared
from fasrepro.evaluation.analyses.unseen import Scored
from fasrepro.evaluation.metrics import MetricError
from fasrepro.rows.faces import Face, Label

NAN = float("nan")


def face(species: str, number: int, frame: int = 4) -> Face:
    label = Label.BONA_FIDE if species == "bona_fide" else Label.ATTACK
    name = f"siw/{species}_{number}"
    return Face(f"{name}#{frame:04d}", "siw", "test", name, name, frame, label, species, "", "", (0, 0, 9, 9), "sidecar", "", "")


def test_a_weighted_line_by_hand() -> None:
    x, y = np.array([[0.0, 0.5, 1.0]]), np.array([[0.0, 1.0, 1.0]])
    slope, intercept = unseen.line(x, y, np.ones((1, 3)))
    assert (slope[0], intercept[0]) == pytest.approx((1.0, 1 / 6))
    # Twice the last point: mean x 5/8, mean y 3/4; sxx 25/64 + 1/64 + 2 * 9/64 = 11/16; sxy 30/64 - 2/64 + 2 * 6/64 = 5/8.
    slope, intercept = unseen.line(x, y, np.array([[1.0, 1.0, 2.0]]))
    assert (slope[0], intercept[0]) == pytest.approx((10 / 11, 3 / 4 - 50 / 88))


def test_points_without_a_number_are_left_out_and_one_sharing_makes_no_line() -> None:
    x, y = np.array([[0.0, 0.5, 1.0], [0.3, 0.3, NAN]]), np.array([[0.0, NAN, 1.0], [0.0, 1.0, 2.0]])
    slope, intercept = unseen.line(x, y, np.ones((2, 3)))
    assert (slope[0], intercept[0]) == (1.0, 0.0)
    assert np.isnan(slope[1])
    assert np.isnan(unseen.spearman(x, y)[1])


points = st.lists(st.tuples(st.integers(0, 4), st.integers(-4, 4), st.integers(1, 5)), min_size=3, max_size=9)


@settings(deadline=None)  # SciPy is slow in its first call
@given(points)
def test_line_and_rank_correlation_are_those_of_numpy_and_scipy(rows: list[tuple[int, int, int]]) -> None:
    x, y, weights = np.array(rows, float).T
    slope, intercept = unseen.line(x[None], y[None], weights[None])
    found = unseen.spearman(x[None], y[None])[0]
    if np.ptp(x) == 0:
        assert np.isnan(slope[0])
        return
    assert (slope[0], intercept[0]) == pytest.approx(tuple(np.polyfit(x, y, 1, w=np.sqrt(weights))), abs=1e-9)
    if np.ptp(y) == 0:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-6)


# A print that shares all, a mask that shares nothing, two videos each of one frame, and two live ones; the cut is 0.5.
FACES = [face(species, number) for species in ("bona_fide", "print", "silicone_mask") for number in (1, 2)]
SCORES = {  # by run and seed, in the order of FACES
    ("vanilla", 0): [0.1, 0.6, 0.4, 0.8, 0.7, 0.9],  # misses one print
    ("vanilla", 1): [0.1, 0.2, 0.4, 0.4, 0.7, 0.9],  # misses both prints
    ("reasoning", 0): [0.1, 0.2, 0.6, 0.8, 0.3, 0.9],  # misses one mask
    ("reasoning", 1): [0.1, 0.2, 0.6, 0.8, 0.3, 0.4],  # misses both masks
}


def job(protocol: str, run: str) -> Scored:
    scores = {seed: {one.face_id: value for one, value in zip(FACES, SCORES[run, seed], strict=True)} for seed in (0, 1)}
    return Scored(protocol, run, scores, {0: 0.5, 1: 0.5})


SHARED = Shared(
    {one.face_id: float(one.species == "print") for one in FACES if one.label}, {"print": 1.0, "silicone_mask": 0.25}, True
)


def summary(jobs: list[Scored]) -> dict:
    names = {one.protocol for one in jobs}
    return unseen.summarise(jobs, FACES, dict.fromkeys(names, SHARED), "reasoning", "vanilla", "siw", 200, 0.95, 1)


def test_a_target_by_hand() -> None:
    found = summary([job("oci_w", "vanilla"), job("oci_w", "reasoning")])
    cell = found["mean"]
    assert cell == found["protocols"]["oci_w"]
    assert cell["species"]["print"]["runs"]["vanilla"]["apcer"] == 0.75
    assert cell["species"]["print"]["gain"]["apcer"]["value"] == 0.75
    assert cell["species"]["silicone_mask"]["gain"]["apcer"]["value"] == -0.75
    assert cell["species"]["print"]["gain"]["p_attack"]["value"] == pytest.approx(0.7 - 0.5)
    assert cell["species"]["silicone_mask"]["nominal"] == 0.25
    line = cell["lines"]["apcer"]
    assert (line["slope"]["value"], line["intercept"]["value"], line["spearman"]["value"]) == pytest.approx((1.5, -0.75, 1.0))
    assert line["without_one"] == {"low": None, "high": None}  # one species is left, and no line
    assert [line["band"][at]["value"] for at in (0, 5, 10)] == pytest.approx([-0.75, 0.0, 0.75])
    # Of two subjects, drawn with replacement, and of two seeds: never beyond what one subject and seed can say.
    assert -1.0 <= line["intercept"]["low"] <= -0.75 <= line["intercept"]["high"] <= 0.0
    assert cell["bona_fide"]["vanilla"]["bpcer"] == 0.25
    assert found["counts"]["species"]["print"] == {"family": "print", "videos": 2, "subjects": 2}
    assert (found["counts"]["attack"], found["counts"]["bona_fide"], found["counts"]["alone"]) == (4, 2, [])


def test_the_two_runs_exchanged_turn_every_sign_and_two_equal_protocols_have_their_own_mean() -> None:
    jobs = [job(protocol, run) for protocol in ("oci_w", "ocm_w") for run in ("vanilla", "reasoning")]
    found = summary(jobs)
    other = unseen.summarise(jobs, FACES, {"oci_w": SHARED, "ocm_w": SHARED}, "vanilla", "reasoning", "siw", 200, 0.95, 1)
    for measure in unseen.MEASURES:
        one, turned = (cell["mean"]["lines"][measure]["slope"] for cell in (found, other))
        assert one["value"] == pytest.approx(-turned["value"])
        assert one["low"] == pytest.approx(-turned["high"])
        assert (
            found["mean"]["lines"][measure]["slope"]["value"] == found["protocols"]["ocm_w"]["lines"][measure]["slope"]["value"]
        )


def test_species_of_one_subject_each_have_no_interval() -> None:
    alone = [one for one in FACES if one.presentation.endswith("1")]
    jobs = [job("oci_w", run) for run in ("vanilla", "reasoning")]
    found = unseen.summarise(jobs, alone, {"oci_w": SHARED}, "reasoning", "vanilla", "siw", 50, 0.95, 1)
    assert found["counts"]["alone"] == ["print", "silicone_mask"]
    assert found["mean"]["lines"]["apcer"]["slope"] == {"value": 2.0, "low": None, "high": None}


def test_without_bona_fide_faces_rates_on_them_are_not_known() -> None:
    jobs = [job("oci_w", run) for run in ("vanilla", "reasoning")]
    attacks = [one for one in FACES if one.label]
    found = unseen.summarise(jobs, attacks, {"oci_w": SHARED}, "reasoning", "vanilla", "siw", 50, 0.95, 1)
    assert found["mean"]["bona_fide"]["vanilla"] == {"bpcer": None, "p_attack_bona_fide": None}
    assert found["mean"]["lines"]["apcer"]["slope"]["value"] == pytest.approx(1.5)


def test_a_protocol_with_one_of_the_runs_has_no_row_and_runs_without_a_common_seed_are_refused() -> None:
    assert summary([job("oci_w", "vanilla")]) == {}
    first, second = job("oci_w", "vanilla"), job("oci_w", "reasoning")
    with pytest.raises(MetricError, match="oci_w: reasoning and vanilla have no seed in common"):
        summary([Scored("oci_w", "vanilla", {7: first.scores[0]}, {7: 0.5}), second])
