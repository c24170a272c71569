"""Habits by hand on six videos of two subjects, and what holds of any scores."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro.evaluation import summary
from fasrepro.evaluation.analyses import optimism
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.summary import JobResults, Settings
from fasrepro.rows.faces import Face, Label, face_id

FRAMES = (4, 20)
# A video's dataset, subject, name and label -> the scores of its two frames. On dev the means are 0.2 and 0.8, the first frames
# 0.3 and 0.9: thresholds 0.5 and 0.6.
DEV = {("casia", "1", "live", 0): (0.3, 0.1), ("casia", "1", "print", 1): (0.9, 0.7)}
# Means 0.2 and 0.6 of bona fide videos; 0.65, 0.4, 0.9, 0.7 of attacks.
TEST = {
    ("msu", "1", "live", 0): (0.1, 0.3),
    ("msu", "2", "live", 0): (0.7, 0.5),
    ("msu", "1", "print", 1): (0.55, 0.75),
    ("msu", "1", "screen", 1): (0.3, 0.5),
    ("msu", "2", "print", 1): (0.9, 0.9),
    ("msu", "2", "screen", 1): (0.95, 0.45),
}
SOME = Settings(200, 0.95, 9)
Videos = dict[tuple[str, str, str, int], tuple[float, float]]


def face(dataset: str, subject: str, name: str, label: int, frame: int) -> Face:
    species = {"live": "bona_fide", "print": "print", "screen": "replay_video"}[name]
    presentation = f"{dataset}/test/{subject}_{name}"
    return Face(face_id(presentation, frame), dataset, "test", f"{dataset}/{subject}", presentation, frame, Label(label), species,
                "", "", (0, 0, 9, 9), "sidecar", "x", "y")  # fmt: skip


def faces(videos: Videos) -> list[Face]:
    return [face(*video, frame) for video in videos for frame in reversed(FRAMES)]


def scores(videos: Videos) -> dict[str, float]:
    return {face(*video, frame).face_id: pair[n] for video, pair in videos.items() for n, frame in enumerate(FRAMES)}


def perfect(videos: Videos) -> Videos:
    return {video: (0.9, 0.9) if video[3] else (0.1, 0.1) for video in videos}


def job(*models: Videos, run: str = "vanilla", protocol: str = "c_m") -> JobResults:
    """A job with a seed for each of `models`: what each gives the target's videos; on dev all are alike."""
    found = {seed: {**scores(DEV), **scores(model)} for seed, model in enumerate(models)}
    return JobResults(protocol, run, "msu", faces(DEV), faces(TEST), found, {})


def values(cell: dict[str, dict[str, float | None]]) -> dict[str, float | None]:
    return {name: None if entry["value"] is None else round(entry["value"], 9) for name, entry in cell.items()}


def test_one_model_by_hand() -> None:
    found = optimism.summarise({"j": job(TEST)}, SOME)["jobs"]["j"]
    # At 0.5 one bona fide video of two and one attack of four are wrong; at 0.625, the best on the target, the one attack; by
    # first frames at 0.6 one bona fide video and two attacks.
    assert values(found["hter"]) == {"honest": 0.375, "oracle_threshold": 0.125, "one_frame": 0.5, "best_seed": None}
    assert values(found["flatters_by"]) == {"oracle_threshold": 0.25, "one_frame": -0.125, "best_seed": None}
    # No attack may pass: the threshold is below 0.4, and one bona fide video of two lies above. No bona fide video may fail: it
    # is above 0.6, and three attacks of four lie above.
    assert values(found["tpr"]) == {"bona_fide_positive": 0.5, "attack_positive": 0.75, "difference": -0.25}
    assert found["counts"] == {"attack": 4, "bona_fide": 2, "attack_allowed": 0, "bona_fide_allowed": 0, "subjects": 2}
    seed = found["seeds"]["0"]
    assert seed == pytest.approx({"threshold_dev": 0.5, "threshold_oracle": 0.625, "hter_dev": 0.375, "hter_oracle": 0.125})


def test_the_best_of_two_seeds_is_set_against_their_mean() -> None:
    found = optimism.summarise({"j": job(TEST, perfect(TEST))}, SOME)["jobs"]["j"]
    assert values(found["hter"]) == {"honest": 0.1875, "oracle_threshold": 0.0625, "one_frame": 0.25, "best_seed": 0.0}
    assert values(found["flatters_by"])["best_seed"] == 0.1875
    same = optimism.summarise({"j": job(TEST, TEST)}, SOME)["jobs"]["j"]
    assert same["flatters_by"]["best_seed"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_one_percent_of_a_hundred_videos_is_one_error() -> None:
    columns = optimism.rows_of(job(TEST), "j, seed")[0].mean
    for count, allowed in ((99, 0), (100, 1), (199, 1), (200, 2)):
        many = dataclasses.replace(columns, labels=np.array([1] * count + [0]), subjects=np.array(["a"] * (count + 1)))
        assert optimism._counts(many)["attack_allowed"] == allowed


def test_means_are_over_the_targets_of_a_run_and_those_of_transfers_apart() -> None:
    first, second = job(TEST, protocol="c_m"), job(perfect(TEST), protocol="o_m")
    moved = dataclasses.replace(job(TEST, protocol="c_w"), transfer=True)
    more = job(TEST, protocol="co_m")  # of more sources
    found = optimism.summarise({"a": first, "b": second, "c": moved, "d": job(TEST, run="other"), "e": more}, SOME)["means"]
    assert [(row["run"], row["transfer"], row["protocols"], row["subjects"]) for row in found] == [
        ("vanilla", False, ["c_m", "o_m"], 2)
    ]
    assert values(found[0]["hter"])["honest"] == 0.1875
    assert values(found[0]["flatters_by"]) == {"oracle_threshold": 0.125, "one_frame": -0.0625, "best_seed": None}


SCORES = st.tuples(*[st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.6, 0.9, 1.0])] * 2)


@given(st.lists(st.lists(SCORES, min_size=len(TEST), max_size=len(TEST)), min_size=1, max_size=3))
@settings(max_examples=30, deadline=None)
def test_what_is_chosen_on_the_target_never_costs_and_the_honest_figure_is_that_of_the_metrics(
    drawn: list[list[tuple[float, float]]],
) -> None:
    models = [dict(zip(TEST, pairs, strict=True)) for pairs in drawn]
    few = Settings(50, 0.9, 3)
    found = optimism.summarise({"j": job(*models)}, few)["jobs"]["j"]
    told = summary.summarise({"j": job(*models)}, few)["jobs"]["j"]
    assert found["hter"]["honest"] == told["mean"]["video"]["hter_dev"]
    assert found["hter"]["oracle_threshold"] == told["mean"]["video"]["hter_oracle"]
    assert [one["threshold_dev"] for one in found["seeds"].values()] == [one["threshold_dev"] for one in told["seeds"].values()]
    for name in ("oracle_threshold", "best_seed") if len(models) > 1 else ("oracle_threshold",):
        assert 0 <= found["flatters_by"][name]["low"] <= found["flatters_by"][name]["high"]


def test_the_best_step_is_set_against_the_last() -> None:
    found = optimism.trace(dataclasses.replace(job(), scores=job(TEST, perfect(TEST), TEST).scores), SOME)
    assert [entry["step"] for entry in found["steps"]] == [0, 1, 2]
    assert [entry["hter_dev"]["value"] for entry in found["steps"]] == [0.375, 0.0, 0.375]
    assert [entry["hter_oracle"]["value"] for entry in found["steps"]] == [0.125, 0.0, 0.125]
    assert {entry["dev_auc"] for entry in found["steps"]} == {1.0}
    assert (found["last"]["step"], found["last"]["hter"]["value"]) == (2, 0.375)
    assert found["last"]["flatters_by"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert (found["best_on_target"]["step"], found["best_on_target"]["flatters_by"]["value"]) == (1, 0.375)
    assert found["best_on_target"]["flatters_by"]["low"] >= 0
    assert found["best_on_dev"]["step"] == 0  # the first of equal ones; the target is not asked
    # A target that likes an earlier threshold more than its last step: both chosen there.
    early = optimism.trace(dataclasses.replace(job(), scores=job(TEST, TEST).scores), SOME)
    both = early["best_on_target_with_oracle_threshold"]
    assert (both["step"], both["hter"]["value"], both["flatters_by"]["value"]) == (0, 0.125, 0.25)
    with pytest.raises(MetricError, match="c_m-vanilla, step: no look at the training; run `dvc repro trace`"):
        optimism.trace(dataclasses.replace(job(), scores={}), SOME)


def test_a_video_is_judged_by_its_lowest_frame_in_whatever_order_faces_come() -> None:
    assert {face.frame for face in optimism.first_frames(faces(TEST))} == {4}
    assert len(optimism.first_frames(faces(TEST))) == len(TEST)


def test_a_face_without_a_score_is_named() -> None:
    lacking = job(TEST)
    del lacking.scores[0]["msu/test/2_live#0004"]  # type: ignore[attr-defined]
    with pytest.raises(MetricError, match=r"j, seed 0, test: no score for 1 of 12 faces, such as msu/test/2_live#0004"):
        optimism.summarise({"j": lacking}, SOME)


def test_two_models_are_as_far_apart_as_their_scores_differ_most() -> None:
    assert optimism.apart({"a": 0.5, "b": 0.25}, {"b": 0.75, "a": 0.5}, "t") == 0.5
    with pytest.raises(MetricError, match="t: the last look has scores of other faces"):
        optimism.apart({"a": 0.5}, {"b": 0.5}, "t")
