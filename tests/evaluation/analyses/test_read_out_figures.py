"""Figures of read-outs, by hand, and what an unfinished chain, a missing threshold or a constant verdict makes of them."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from fasrepro.evaluation.analyses import read_out_figures
from fasrepro.evaluation.analyses.read_out_figures import SeedReadOuts
from fasrepro.evaluation.analyses.read_outs import GREEDY, ChainScore
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import Cell, EvaluationSettings
from fasrepro.evaluation.results.read_outs import BY_CHAIN, BY_IMAGE, FOLLOWS_IMAGE, ChainCounts
from fasrepro.rows.faces import Face
from tests.faces import face

CELL = Cell("i_m", "cepl", "msu", "i_m")
SETTINGS = EvaluationSettings(replicates=60, confidence=0.95, seed=3, digits=6)
TEST = [
    face(f"msu/{subject}{species}", species, subject=f"msu/{subject}") for subject in "abcd" for species in ("bona_fide", "print")
]
DEV = [face(f"replay/{number}{species}", species) for number in range(3) for species in ("bona_fide", "print")]
ANSWERS = {one.face_id: 0.75 if one.label else 0.25 for one in (*TEST, *DEV)}


def own(one: Face, p_attack: float, number: int = GREEDY, finished: bool = True) -> ChainScore:
    return ChainScore(one.face_id, one.face_id, number, finished, p_attack)


def rows(p_of: dict[str, float] | None = None) -> list[ChainScore]:
    """Return a greedy chain and two samples about each face: the answer turned round, and right; `p_of`: other greedy values."""
    scores = []
    for one in (*TEST, *DEV):
        right = float(one.label)
        turned = 0.25 if one.label else 0.75
        scores += [own(one, (p_of or {}).get(one.face_id, turned)), own(one, right, 1), own(one, right, 2)]
    return scores


def forced(p_of: dict[tuple[int, int], float]) -> list[ChainScore]:
    """Return the score of every image with every other subject's chain, by the labels of both."""
    return [
        ChainScore(image.face_id, donor.face_id, GREEDY, True, p_of[image.label, donor.label])
        for image, donor in itertools.product(TEST, TEST)
        if image.subject != donor.subject
    ]


def measured(seed: SeedReadOuts) -> dict[str, float]:
    labels = np.array([int(one.label) for one in TEST])
    values = read_out_figures.measure(labels, seed, np.ones((1, len(TEST))))
    return {name: float(value[0]) for name, value in values.items()}


def test_read_outs_are_measured_on_the_same_faces_and_compared_with_the_answer() -> None:
    values = measured(read_out_figures.gather(TEST, DEV, rows(), ANSWERS))
    assert (values["answer/auc"], values["chain/auc"], values["sampled_chains/auc"]) == (1.0, 0.0, 1.0)
    assert values["answer/hter"] == values["sampled_chains/hter"] == 0.0
    assert values["chain-answer/auc"] == -1.0
    assert values["answer/sampled_chains"] == 0.0
    assert values["chain/sampled_chains"] == values["answer/chain"]


def test_read_outs_disagree_where_their_decisions_differ() -> None:
    """By hand: chains are right on dev and on all target faces but one of eight, an attack that they let pass."""
    right = {one.face_id: float(one.label) for one in (*TEST, *DEV)}
    seed = read_out_figures.gather(TEST, DEV, rows(right | {TEST[1].face_id: 0.0}), ANSWERS)
    values = measured(seed)
    assert values["answer/chain"] == 1 / 8
    assert values["chain/hter"] == values["chain-answer/hter"] == (1 / 4 + 0) / 2


def test_unfinished_chains_are_counted_and_their_faces_left_out_of_every_read_out() -> None:
    scores = [
        dataclasses.replace(row, finished=False)
        if (row.face_id, row.number) in {(TEST[0].face_id, GREEDY), (TEST[1].face_id, 1)}
        else row
        for row in rows()
    ]
    seed = read_out_figures.gather(TEST, DEV, scores, ANSWERS)
    assert seed.test.chains == ChainCounts(chains=8, unfinished=1, samples=16, unfinished_samples=1)
    assert seed.test.complete.tolist() == [one is not TEST[0] for one in sorted(TEST, key=lambda one: one.face_id)]


def test_without_a_finished_chain_of_a_label_of_a_source_there_is_no_threshold_and_no_hter() -> None:
    live = {one.face_id for one in DEV if not one.label}
    scores = [dataclasses.replace(row, finished=row.face_id not in live) for row in rows()]
    values = measured(read_out_figures.gather(TEST, DEV, scores, ANSWERS))
    assert np.isnan(values["answer/hter"]) and np.isnan(values["answer/chain"])
    assert values["answer/auc"] == 1.0


def test_a_model_that_finishes_no_chain_has_no_figure_and_is_no_error() -> None:
    scores = [dataclasses.replace(row, finished=False) for row in rows()]
    seed = read_out_figures.gather(TEST, DEV, scores, ANSWERS)
    assert all(np.isnan(value) for value in measured(seed).values())
    estimate = read_out_figures.estimate(TEST, {0: seed}, CELL, SETTINGS)
    assert estimate.figures(0.95).by_read_out["answer"]["hter"].value is None


def test_effects_of_image_and_chain_are_differences_of_cell_means() -> None:
    """By hand: images of attacks add 0.1 and chains of attacks 0.6."""
    p_of = {(0, 0): 0.2, (0, 1): 0.8, (1, 0): 0.3, (1, 1): 0.9}
    right = {one.face_id: float(one.label) for one in DEV}
    values = measured(read_out_figures.gather(TEST, DEV, [*rows(right), *forced(p_of)], ANSWERS))
    assert values["bona_fide/attack"] == pytest.approx(0.8)
    assert values[BY_IMAGE] == pytest.approx(0.1)
    assert values[BY_CHAIN] == pytest.approx(0.6)
    assert values[FOLLOWS_IMAGE] == 0.0  # the threshold is 0.5, so that every decision is the chain's label


def test_a_verdict_that_never_changes_follows_the_image_in_half_of_the_pairs() -> None:
    always = dict.fromkeys(itertools.product((0, 1), (0, 1)), 0.9)
    right = {one.face_id: float(one.label) for one in DEV}
    fewer = [row for row in forced(always) if row.donor != TEST[1].face_id]  # so that cells are of different sizes
    assert measured(read_out_figures.gather(TEST, DEV, [*rows(right), *fewer], ANSWERS))[FOLLOWS_IMAGE] == 0.5


def test_a_mean_over_targets_weighs_those_alike_that_have_the_figure() -> None:
    whole = read_out_figures.estimate(TEST, {0: read_out_figures.gather(TEST, DEV, rows(), ANSWERS)}, CELL, SETTINGS)
    lower = dataclasses.replace(
        whole,
        values={name: value - 1 for name, value in whole.values.items()},
        replicates={name: value - 1 for name, value in whole.replicates.items()},
    )
    none = dataclasses.replace(whole, values=dict.fromkeys(whole.values, np.nan))
    mean = read_out_figures.mean_over_targets([whole, lower, none])
    assert mean.values["answer/auc"] == 0.5
    assert mean.subjects == 3 * 4


def test_seeds_are_averaged_and_an_interval_holds_its_figure() -> None:
    right = {one.face_id: float(one.label) for one in (*TEST, *DEV)}
    by_seed = {
        0: read_out_figures.gather(TEST, DEV, rows(), ANSWERS),
        1: read_out_figures.gather(TEST, DEV, rows(right), ANSWERS),
    }
    figure = read_out_figures.estimate(TEST, by_seed, CELL, SETTINGS).figures(0.95).by_read_out["chain"]["auc"]
    assert figure.value == 0.5
    assert figure.low is not None and figure.high is not None and figure.low <= 0.5 <= figure.high


def test_a_face_without_a_score_is_named_with_the_remedy() -> None:
    with pytest.raises(MetricError, match=r"msu/aprint#0004: no score or no chain; `dvc repro --force read_outs`"):
        read_out_figures.gather(TEST, DEV, rows(), {name: p for name, p in ANSWERS.items() if name != "msu/aprint#0004"})
