"""Gains and saliency by hand-computed values; replicates that follow from counting pairs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from fasrepro.evaluation.analyses import encoder_gains
from fasrepro.evaluation.analyses.encoders import Readouts
from fasrepro.evaluation.results import EvaluationSettings
from tests.evaluation.analyses.test_encoders import readouts

SETTINGS = EvaluationSettings(replicates=200, confidence=0.95, seed=3, digits=6)
PEOPLE = 12  # of each group below, with a bona fide face, an attack with moire and one without


def people(trained: float, cue: float = 0.0) -> tuple[Readouts, dict[str, str]]:
    """Return readouts whose foundation guesses; the trained margins rise by `trained` for attacks, by `cue` for moire."""
    kinds = np.tile([0, 1, 2], PEOPLE)  # bona fide, attack without moire, attack with moire
    answers = np.stack([kinds > 0, kinds == 2], axis=1)
    noise = np.random.default_rng(5).normal(size=(2, len(kinds), 2))
    noise[1, :, 0] += trained * answers[:, 0]
    noise[1, :, 1] += cue * answers[:, 1]
    face_ids = np.array([f"f{place}" for place in range(len(kinds))])
    subjects = {face_id: f"s{place // 3}" for place, face_id in enumerate(face_ids.tolist())}
    one = readouts(
        questions=np.array(["attack", "moire"]),
        face_ids=face_ids,
        groups=np.array(["dev"] * len(kinds)),
        answers=answers,
        margins=noise,
    )
    return one, subjects


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 3)), min_size=4, max_size=20), st.randoms())
def test_a_replicate_is_the_auc_of_its_faces_repeated(rows: list[tuple[int, bool, int]], random: object) -> None:
    margins, positive, subjects = (np.array(column) for column in zip(*rows, strict=True))
    positive = positive.astype(bool)
    counts = np.array([[random.randint(0, 3) for _ in range(4)]], dtype=float)  # type: ignore[attr-defined]
    repeated = np.repeat(np.arange(len(rows)), counts[0][subjects].astype(int))
    (value,) = encoder_gains.replicated_auc(margins.astype(float), positive, subjects, counts)
    if len(set(positive[repeated].tolist())) < 2:
        assert np.isnan(value)
    else:
        assert value == pytest.approx(roc_auc_score(positive[repeated], margins[repeated]))


def test_a_gain_is_the_trained_auc_minus_the_foundations() -> None:
    one, subjects = people(trained=50.0)
    group = encoder_gains.group_gains([one], "dev", subjects, "oci_m", SETTINGS)
    assert group.attack is not None and group.attack.trained.value == 1.0
    before = roc_auc_score(one.answers[:, 0], one.margins[0, :, 0])
    assert group.attack.foundation.value == pytest.approx(before)
    assert group.attack.gain.value == pytest.approx(1 - before)
    assert group.attack.gain.low is not None and group.attack.gain.low > 0
    assert (group.counts.faces, group.counts.subjects) == (3 * PEOPLE, PEOPLE)


def test_a_cue_s_auc_ignores_bona_fide_faces() -> None:
    one, subjects = people(trained=0.0, cue=50.0)
    shifted = one.margins.copy()
    shifted[:, ~one.answers[:, 0], 1] = 1e6
    for readouts_of in (one, dataclasses.replace(one, margins=shifted)):
        group = encoder_gains.group_gains([readouts_of], "dev", subjects, "oci_m", SETTINGS)
        assert group.by_cue["moire"].trained.value == 1.0
        assert group.cues == group.by_cue["moire"]  # the mean of one


def test_a_cue_that_few_people_show_has_no_auc() -> None:
    one, subjects = people(trained=1.0)
    rare = one.answers.copy()
    rare[3 * (encoder_gains.LEAST_SUBJECTS - 1) :, 1] = False
    group = encoder_gains.group_gains([dataclasses.replace(one, answers=rare)], "dev", subjects, "oci_m", SETTINGS)
    assert group.attack is not None
    assert group.cues is None and group.by_cue == {}


def test_equal_encoders_gain_nothing_in_any_replicate() -> None:
    one, subjects = people(trained=1.0)
    same = dataclasses.replace(one, margins=np.stack([one.margins[1]] * 2))
    group = encoder_gains.group_gains([same], "dev", subjects, "oci_m", SETTINGS)
    assert group.attack is not None and group.cues is not None
    for gain in (group.attack.gain, group.cues.gain):
        assert (gain.value, gain.low, gain.high) == (0.0, 0.0, 0.0)


def pictured(falls: list[float]) -> Readouts:
    """Return two pictures: the left half is a region; the score falls by `falls[0]` inside and by `falls[1]` outside."""
    fallen = np.array([[falls, falls]] * 2, dtype=float)
    one, _ = people(trained=1.0)
    covered = np.array([[[1.0, 0.0]] * 2] * 2)
    return dataclasses.replace(one, pictured=np.array(["f1", "f4"]), coverage=covered, falls=np.stack([fallen] * 3))


def test_saliency_inside_is_compared_with_the_area() -> None:
    _, subjects = people(1.0)
    entry = encoder_gains.summarise({0: pictured([3, 1])}, subjects, ("oci_m", "vanilla"), 1, SETTINGS)
    assert entry.saliency is not None and entry.saliency.area == 0.5
    score = entry.saliency.by_score["score"]
    assert score.share.value == 0.75 and score.excess.value == 0.25 and score.unmoved == 0
    assert entry.saliency.maps["score"] == {"f1": [[0.375, 0.125], [0.375, 0.125]]}
    assert entry.saliency.regions == {"f1": [[1.0, 0.0], [1.0, 0.0]]}


def test_a_picture_whose_score_never_falls_is_counted_and_has_no_share() -> None:
    _, subjects = people(1.0)
    entry = encoder_gains.summarise({0: pictured([-1, -2])}, subjects, ("oci_m", "vanilla"), 1, SETTINGS)
    assert entry.saliency is not None
    score = entry.saliency.by_score["score"]
    assert score.share.value is None and score.excess.value is None and score.unmoved == 2


def test_figures_are_means_over_seeds() -> None:
    _, subjects = people(1.0)
    by_seed = {0: pictured([3, 1]), 1: pictured([1, 3])}
    entry = encoder_gains.summarise(by_seed, subjects, ("oci_m", "vanilla"), 1, SETTINGS)
    assert entry.seeds == [0, 1]
    assert entry.saliency is not None and entry.saliency.by_score["score"].share.value == 0.5
