"""Probes of states whose answer is known: numbers that hold a cue, numbers that hold a scene alone, and too few faces."""

from __future__ import annotations

import numpy as np

from fasrepro.evaluation.analyses import probes

FITTED, TESTED = 40, 30


def pairs(effect: float) -> probes.PairStates:
    """Return pairs of one cue: twelve numbers of a scene, which a pair shares, the first moved by `effect` with the cue."""
    rng = np.random.default_rng(3)
    scenes = rng.normal(size=(FITTED + TESTED, 12))
    present = scenes.copy()
    present[:, 0] += effect
    fitted = np.arange(FITTED + TESTED) < FITTED
    return probes.PairStates(np.full(FITTED + TESTED, "moire"), fitted, scenes, present)


def faces(cue_rate: float = 0.5) -> probes.FaceStates:
    """Return faces whose first number tells the label, and whose second tells the cue."""
    rng = np.random.default_rng(4)
    labels, shows = np.arange(120) % 2, rng.random(120) < cue_rate
    numbers = np.stack([labels + rng.normal(0, 0.01, 120), shows + rng.normal(0, 0.01, 120)], axis=1)
    splits = np.where(np.arange(120) < 80, "train", "test")
    return probes.FaceStates(numbers, labels, [("moire",) if shown else () for shown in shows], splits)


def test_a_cue_that_moves_a_number_orders_every_pair_and_shuffled_labels_order_none_reliably() -> None:
    (share, shuffled) = probes.of_pairs(pairs(2.0), seed=1)["moire"]
    assert share == 1.0
    assert shuffled < 0.75  # a few probes on forty pairs, whose labels say nothing


def test_a_cue_that_changes_nothing_is_a_tie_and_counts_half() -> None:
    assert probes.of_pairs(pairs(0.0), seed=1)["moire"] == (0.5, 0.5)


def test_a_cue_without_tested_pairs_has_no_share() -> None:
    one = pairs(2.0)
    everyone = probes.PairStates(one.cues, np.ones_like(one.fitted), one.without, one.present)
    assert probes.of_pairs(everyone, seed=1) == {}


def test_faces_of_other_people_are_told_apart_by_what_their_numbers_hold() -> None:
    site = probes.at_site(pairs(2.0), faces(), seed=1)
    assert site.attack_auc == 1.0
    assert site.cues["moire"].auc == 1.0


def test_a_cue_on_too_few_faces_has_no_auc() -> None:
    assert probes.at_site(pairs(2.0), faces(cue_rate=0.02), seed=1).cues["moire"].auc is None


def test_faces_of_one_label_have_no_auc_of_attacks() -> None:
    one = faces()
    alike = probes.FaceStates(one.numbers, np.zeros_like(one.labels), one.cues, one.splits)
    assert probes.at_site(pairs(2.0), alike, seed=1).attack_auc is None
