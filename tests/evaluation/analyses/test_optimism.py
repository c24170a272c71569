"""Optimistic practices by hand on six videos of two subjects, and properties of any scores."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro.evaluation import summary
from fasrepro.evaluation.analyses import optimism
from fasrepro.evaluation.cells import CellResults
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import EvaluationSettings, Figure, Figures, LedgerSettings
from fasrepro.evaluation.results.optimism import CellOptimism, OptimismCounts, SeedThresholds
from fasrepro.rows.faces import Face, face_id
from tests.faces import face

FRAMES = (4, 20)
SPECIES = {"live": "bona_fide", "print": "print", "screen": "replay_video"}
# A video -> the scores of its two frames. On dev the means are 0.2 and 0.8, the first frames 0.3 and 0.9: thresholds 0.5 and 0.6.
DEV = {"casia/1_live": (0.3, 0.1), "casia/1_print": (0.9, 0.7)}
# Means 0.2 and 0.6 of bona fide videos; 0.65, 0.4, 0.9, 0.7 of attacks.
TEST = {
    "msu/1_live": (0.1, 0.3),
    "msu/2_live": (0.7, 0.5),
    "msu/1_print": (0.55, 0.75),
    "msu/1_screen": (0.3, 0.5),
    "msu/2_print": (0.9, 0.9),
    "msu/2_screen": (0.95, 0.45),
}
SETTINGS = EvaluationSettings(replicates=200, confidence=0.95, seed=9, digits=6)
Videos = dict[str, tuple[float, float]]


def faces(videos: Videos) -> list[Face]:
    rows = []
    for video in videos:
        subject, _, kind = video.partition("_")
        rows += [face(video, SPECIES[kind], frame, subject=subject) for frame in reversed(FRAMES)]
    return rows


def scores(videos: Videos) -> dict[str, float]:
    return {face_id(video, frame): pair[n] for video, pair in videos.items() for n, frame in enumerate(FRAMES)}


def perfect(videos: Videos) -> Videos:
    return {video: (0.1, 0.1) if video.endswith("live") else (0.9, 0.9) for video in videos}


def cell(*models: Videos, run: str = "vanilla", protocol: str = "c_m", dev: Videos = DEV) -> CellResults:
    """Return a cell with a seed for each of `models`: its scores of the target's videos; on dev all are alike."""
    by_seed = {seed: {**scores(dev), **scores(model)} for seed, model in enumerate(models)}
    return CellResults(protocol, run, "msu", protocol, faces(dev), faces(TEST), by_seed)


def only(results: CellResults) -> CellOptimism:
    """Return the entry of one cell."""
    entries, _ = optimism.summarise([results], SETTINGS)
    (entry,) = entries.values()
    return entry


def values(figures: Figures) -> dict[str, float | None]:
    return {name: None if figure.value is None else round(figure.value, 9) for name, figure in figures.items()}


def test_one_model_by_hand() -> None:
    entry = only(cell(TEST))
    # At 0.5 one bona fide video of two and one attack of four are wrong; at 0.625, the best on the target, the one attack; by
    # first frames at 0.6 one bona fide video and two attacks.
    assert values(entry.hter) == {"honest": 0.375, "oracle_threshold": 0.125, "one_frame": 0.5, "best_seed": None}
    assert values(entry.optimism) == {"oracle_threshold": 0.25, "one_frame": -0.125, "best_seed": None}
    # No attack may pass: the threshold is below 0.4, and one bona fide video of two is above it. No bona fide video may fail: the
    # threshold is above 0.6, and three attacks of four are above it.
    assert values(entry.tpr) == {"bona_fide_positive": 0.5, "attack_positive": 0.75, "difference": -0.25}
    assert entry.counts == OptimismCounts(bona_fide=2, attack=4, subjects=2, bona_fide_allowed=0, attack_allowed=0)
    assert entry.seeds == {0: SeedThresholds(0.5, pytest.approx(0.625), 0.375, 0.125)}


def test_the_best_seed_is_compared_with_the_mean_of_seeds() -> None:
    entry = only(cell(TEST, perfect(TEST)))
    assert values(entry.hter) == {"honest": 0.1875, "oracle_threshold": 0.0625, "one_frame": 0.25, "best_seed": 0.0}
    assert values(entry.optimism)["best_seed"] == 0.1875
    assert only(cell(TEST, TEST)).optimism["best_seed"] == Figure(0.0, None, None)


@pytest.mark.parametrize(("videos", "allowed"), [(99, 0), (100, 1), (199, 1), (200, 2)])
def test_one_percent_of_a_hundred_videos_is_one_error(videos: int, allowed: int) -> None:
    columns = optimism.models_of(cell(TEST), "seed")[0].mean
    many = dataclasses.replace(columns, labels=np.array([1] * videos + [0]), subjects=np.array(["a"] * (videos + 1)))
    assert optimism.counts_of(many).attack_allowed == allowed


def test_a_mean_is_over_the_cells_of_a_pool() -> None:
    other_source = {"oulu/1_live": (0.3, 0.1), "oulu/1_print": (0.9, 0.7)}
    cells = [
        cell(TEST, protocol="c_m"),
        cell(perfect(TEST), protocol="o_m", dev=other_source),
        cell(TEST, run="other"),
        cell(TEST, protocol="co_m", dev=DEV | other_source),  # more sources
    ]
    _, means = optimism.summarise(cells, SETTINGS)
    (mean,) = means
    assert (mean.run, mean.protocols, mean.targets, mean.cells) == ("vanilla", ["c_m", "o_m"], ["msu", "msu"], ["c_m", "o_m"])
    assert mean.subjects == 2  # the two cells share a target
    assert values(mean.hter)["honest"] == 0.1875
    assert values(mean.optimism) == {"oracle_threshold": 0.125, "one_frame": -0.0625, "best_seed": None}


SCORES = st.tuples(*[st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.6, 0.9, 1.0])] * 2)
MODELS = st.lists(st.lists(SCORES, min_size=len(TEST), max_size=len(TEST)), min_size=1, max_size=3).map(
    lambda models: [dict(zip(TEST, pairs, strict=True)) for pairs in models]
)
QUICK = dataclasses.replace(SETTINGS, replicates=50)


@given(MODELS)
@settings(max_examples=30, deadline=None)
def test_a_choice_on_the_target_never_costs(models: list[Videos]) -> None:
    entries, _ = optimism.summarise([cell(*models)], QUICK)
    (entry,) = entries.values()
    for name in ("oracle_threshold", "best_seed") if len(models) > 1 else ("oracle_threshold",):
        assert entry.optimism[name].value >= 0


def test_what_is_chosen_on_the_target_has_no_interval() -> None:
    entry = only(cell(TEST, perfect(TEST)))
    for figures in (entry.hter, entry.optimism, entry.tpr):
        for name, figure in figures.items():
            assert (figure.low is None) == (name in optimism.CHOSEN), name


@given(MODELS)
@settings(max_examples=15, deadline=None)
def test_honest_and_oracle_figures_equal_those_of_metrics(models: list[Videos]) -> None:
    results = cell(*models)
    entries, _ = optimism.summarise([results], QUICK)
    entry = entries[results.key]
    metrics = summary.summarise([results], QUICK, LedgerSettings("hter_dev", 0.15, 0.5, 1, 1, 1)).cells[results.key]
    assert entry.hter["honest"] == metrics.mean.video.figures["hter_dev"]
    assert entry.hter["oracle_threshold"] == metrics.mean.video.figures["oracle_hter"]
    thresholds = {seed: one.threshold_dev for seed, one in entry.seeds.items()}
    assert thresholds == {seed: one.threshold_dev for seed, one in metrics.by_seed.items()}


def test_the_first_frame_has_the_lowest_number() -> None:
    assert {one.frame for one in optimism.first_frames(faces(TEST))} == {4}
    assert len(optimism.first_frames(faces(TEST))) == len(TEST)


def test_a_face_without_a_score_is_named() -> None:
    incomplete = cell(TEST)
    del incomplete.scores[0]["msu/2_live#0004"]  # type: ignore[attr-defined]
    with pytest.raises(MetricError, match=r"c_m-vanilla, seed 0, test: no score for 1 of 12 faces, such as msu/2_live#0004"):
        optimism.summarise([incomplete], SETTINGS)
