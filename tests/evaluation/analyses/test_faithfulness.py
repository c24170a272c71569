"""A cue taken out of the image, by hand: score, naming, and whether they change together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro.evaluation.analyses import faithfulness
from fasrepro.evaluation.analyses.faithfulness import Pairs
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import Cell, EvaluationSettings, Figure
from fasrepro.evaluation.results.explanations import CellFaithfulness, PairCounts
from fasrepro.evaluation.results.shared import FaceCounts
from fasrepro.vocabulary import CUES

SCORES = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)
MOIRE, BEZEL = (f"There is {CUES[name].phrasings[0]}." for name in ("moire", "bezel"))


def pairs_json(*cues: str) -> dict[str, dict[str, Any]]:
    """Return the contents of pairs.json for faces a, b, ...; a crop's id is its face's with its side appended."""
    return {
        face: {"cue": cue, **{side: {"face_id": f"{face}/{side}"} for side in ("without", "with")}}
        for face, cue in zip("abcdefgh", cues, strict=False)
    }


def rows(scores: Sequence[Sequence[float]], named: Sequence[Sequence[int]], cues: Sequence[str] = ()) -> Pairs:
    subjects = [f"s{number % 3}" for number in range(len(scores))]
    return Pairs(subjects, cues or ["moire"] * len(scores), np.array(scores, dtype=float), np.array(named, dtype=float))


def summarise(by_seed: Mapping[int, Pairs]) -> CellFaithfulness:
    cell = Cell("oci_m", "vanilla", "msu", "oci_m")
    return faithfulness.summarise(by_seed, cell, EvaluationSettings(replicates=200, confidence=0.95, seed=1, digits=6))


def test_rows_join_the_two_crops_of_a_pair() -> None:
    pairs = pairs_json("moire", "bezel", "glare")
    scores = {"b": 0.5, "b/with": 0.6, "b/without": 0.4, "a": 0.9, "a/with": 0.8, "a/without": 0.2}
    texts = {"a/with": MOIRE, "a/without": BEZEL, "b/with": MOIRE, "b/without": BEZEL}
    joined = faithfulness.gather(pairs, {"a": "s1", "b": "s2"}, scores, texts)  # c belongs to another target
    assert joined.scores.tolist() == [[0.2, 0.8, 0.9], [0.4, 0.6, 0.5]]
    assert joined.named.tolist() == [[0, 1], [1, 0]]  # a's cue is moire, b's the bezel
    assert (joined.subjects, joined.cues) == (["s1", "s2"], ["moire", "bezel"])


def test_a_pair_without_a_text_or_score_is_named() -> None:
    scores = dict.fromkeys(("a", "a/with", "a/without"), 0.5)
    with pytest.raises(MetricError, match="a/without: no score or no explanation"):
        faithfulness.gather(pairs_json("moire"), {"a": "s1"}, scores, {"a/with": MOIRE})
    with pytest.raises(MetricError, match="no face of results/counterfactual/pairs"):
        faithfulness.gather(pairs_json("moire"), {}, {"z": 0.5}, {})


def test_figures_by_hand() -> None:
    scores = [[0.2, 0.8, 0.7], [0.5, 0.5, 0.5], [0.6, 0.5, 0.9], [0.5, 0.8, 0.8]]
    pairs = rows(scores, [[0, 1], [1, 1], [1, 0], [0, 1]])
    figures = {name: float(value[0]) for name, value in faithfulness.measure(pairs, np.ones((1, 4))).items()}
    drops = [2 * math.log(4), 0.0, -math.log(1.5), math.log(4)]
    assert figures == pytest.approx(
        {
            "score_change": (0.6 + 0 - 0.1 + 0.3) / 4,
            "logit_change": sum(drops) / 4,
            "fell": 2 / 4,
            "redrawn": (0.1 + 0 + 0.4 + 0) / 4,
            "named_with": 3 / 4,
            "named_without": 2 / 4,
            "named_change": 1 / 4,
            "still_named": 1 / 3,
            "newly_named": 1.0,
            "agreement": np.corrcoef([1, 0, -1, 1], drops)[0, 1],
        }
    )
    weighted = faithfulness.measure(pairs, np.array([[2.0, 1.0, 0.0, 0.0]]))
    assert weighted["score_change"][0] == pytest.approx(0.4)
    assert np.isnan(weighted["newly_named"][0])  # every row with weight names the cue
    assert weighted["agreement"][0] == pytest.approx(1.0)


def test_without_change_in_naming_or_score_agreement_is_nan() -> None:
    names_always = rows([[0.2, 0.8, 0.8], [0.3, 0.4, 0.4], [0.1, 0.7, 0.7]], [[1, 1]] * 3)
    assert np.isnan(faithfulness.measure(names_always, np.ones((1, 3)))["agreement"][0])
    scores_never_change = rows([[0.3, 0.3, 0.3]] * 3, [[0, 1], [1, 1], [0, 1]])
    assert np.isnan(faithfulness.measure(scores_never_change, np.ones((1, 3)))["agreement"][0])


VALUES = st.lists(st.tuples(SCORES, SCORES, st.integers(0, 1), st.integers(0, 1)), min_size=2, max_size=9)


@settings(deadline=None)
@given(VALUES, st.data())
def test_a_weight_of_two_counts_as_two_rows(values: list[tuple[float, float, int, int]], data: st.DataObject) -> None:
    weights = np.array(data.draw(st.lists(st.integers(1, 3), min_size=len(values), max_size=len(values))))
    repeated = [row for row, times in zip(values, weights, strict=True) for _ in range(times)]
    one = rows([[a, b, b] for a, b, _, _ in values], [[c, d] for _, _, c, d in values])
    many = rows([[a, b, b] for a, b, _, _ in repeated], [[c, d] for _, _, c, d in repeated])
    first = faithfulness.measure(one, weights[None, :].astype(float))
    second = faithfulness.measure(many, np.ones((1, len(repeated))))
    for name, value in first.items():
        assert value.tolist() == pytest.approx(second[name].tolist(), nan_ok=True, abs=1e-6), name


@settings(deadline=None)
@given(VALUES)
def test_exchanging_with_and_without_changes_signs(values: list[tuple[float, float, int, int]]) -> None:
    weights = np.ones((1, len(values)))
    first = faithfulness.measure(rows([[a, b, b] for a, b, _, _ in values], [[c, d] for _, _, c, d in values]), weights)
    other = faithfulness.measure(rows([[b, a, a] for a, b, _, _ in values], [[d, c] for _, _, c, d in values]), weights)
    for name in ("score_change", "logit_change", "named_change"):
        assert first[name][0] == pytest.approx(-other[name][0], abs=1e-9)
    assert first["agreement"].tolist() == pytest.approx(other["agreement"].tolist(), nan_ok=True, abs=1e-6)


def test_log_odds_stay_finite_at_the_ends() -> None:
    ends = faithfulness.logit(np.array([0.0, 0.5, 1.0]))
    assert ends.tolist() == pytest.approx([-math.log(1e6 - 1), 0.0, math.log(1e6 - 1)])


def test_a_model_that_looks_differs_from_one_that_recites() -> None:
    random = np.random.default_rng(5)
    with_cue, without_cue = random.uniform(0.7, 0.9, 24), random.uniform(0.2, 0.4, 24)
    cues = ["moire", "bezel"] * 12
    looks = rows(np.stack([without_cue, with_cue, with_cue], axis=1), [[0, 1]] * 23 + [[1, 1]], cues)
    recites = rows(np.stack([with_cue, with_cue, with_cue], axis=1), [[1, 1]] * 24, cues)

    report = summarise({0: looks, 1: looks})
    assert report.counts == PairCounts(faces=24, subjects=3, seeds=2)
    assert report.figures["score_change"].low > 0.3
    assert report.figures["named_change"].low > 0.5
    assert list(report.cues) == sorted(report.cues, key=list(CUES).index)
    assert report.cues["moire"].counts == FaceCounts(faces=12, subjects=3)
    assert report.cues["moire"].figures["named_change"].value == 1.0
    assert report.cues["bezel"].figures["named_change"].value == pytest.approx(11 / 12)

    figures = summarise({0: recites}).figures
    assert figures["named_change"] == figures["score_change"] == Figure(0.0, 0.0, 0.0)
    assert figures["named_with"].value == figures["still_named"].value == 1.0
    assert figures["agreement"].value is None
    assert summarise({0: looks, 1: recites}).figures["named_change"].value == pytest.approx(23 / 48)


def test_a_cue_of_one_subject_has_no_interval() -> None:
    report = summarise({0: rows([[0.2, 0.8, 0.8]] * 3, [[0, 1]] * 3, ["moire", "moire", "glare"])})
    assert report.cues["glare"].figures["score_change"] == Figure(pytest.approx(0.6), None, None)
