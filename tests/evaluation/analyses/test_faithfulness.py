"""A cue taken out, by hand: what becomes of the score, of the name, and whether the two go together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro.evaluation.analyses import faithfulness
from fasrepro.evaluation.metrics import MetricError
from fasrepro.vocabulary import CUES

SCORES = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)
MOIRE, BEZEL = (f"There is {CUES[name].phrasings[0]}." for name in ("moire", "bezel"))


def pairs_of(*cues: str) -> dict[str, dict[str, Any]]:
    """Return pairs.json's rows of faces a, b, ...; a part's id is the face's with the part behind it."""
    return {
        face: {"cue": cue, **{part: {"face_id": f"{face}/{part}"} for part in ("without", "with")}}
        for face, cue in zip("abcdefgh", cues, strict=False)
    }


def rows(scores: Sequence[Sequence[float]], named: Sequence[Sequence[int]], cues: Sequence[str] = ()) -> faithfulness.Pairs:
    subjects = [f"s{number % 3}" for number in range(len(scores))]
    return faithfulness.Pairs(
        subjects, cues or ["moire"] * len(scores), np.array(scores, dtype=float), np.array(named, dtype=float)
    )


def test_rows_are_gathered_by_the_ids_of_both_crops() -> None:
    pairs = pairs_of("moire", "bezel", "glare")
    scores = {"b": 0.5, "b/with": 0.6, "b/without": 0.4, "a": 0.9, "a/with": 0.8, "a/without": 0.2}
    texts = {"a/with": MOIRE, "a/without": BEZEL, "b/with": MOIRE, "b/without": BEZEL}
    found = faithfulness.gather(pairs, {"a": "s1", "b": "s2"}, scores, texts)  # c belongs to another target
    assert found.scores.tolist() == [[0.2, 0.8, 0.9], [0.4, 0.6, 0.5]]
    assert found.named.tolist() == [[0, 1], [1, 0]]  # a's cue is moire, b's the bezel
    assert (found.subjects, found.cues) == (["s1", "s2"], ["moire", "bezel"])
    del texts["b/without"]
    with pytest.raises(MetricError, match="b/without: no score or no explanation"):
        faithfulness.gather(pairs, {"a": "s1", "b": "s2"}, scores, texts)
    with pytest.raises(MetricError, match="no face of results/counterfactual/pairs"):
        faithfulness.gather(pairs, {}, {"z": 0.5}, {})


def test_by_hand() -> None:
    scores = [[0.2, 0.8, 0.7], [0.5, 0.5, 0.5], [0.6, 0.5, 0.9], [0.5, 0.8, 0.8]]
    found = rows(scores, [[0, 1], [1, 1], [1, 0], [0, 1]])
    measured = {name: float(value[0]) for name, value in faithfulness.measure(found, np.ones((1, 4))).items()}
    drops = [2 * math.log(4), 0.0, -math.log(1.5), math.log(4)]
    assert measured == pytest.approx(
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
    weighed = faithfulness.measure(found, np.array([[2.0, 1.0, 0.0, 0.0]]))
    assert weighed["score_change"][0] == pytest.approx(0.4)
    assert np.isnan(weighed["newly_named"][0])  # of these rows all name it
    assert weighed["agreement"][0] == pytest.approx(1.0)


def test_where_naming_or_score_never_change_nothing_goes_together() -> None:
    same = rows([[0.2, 0.8, 0.8], [0.3, 0.4, 0.4], [0.1, 0.7, 0.7]], [[1, 1]] * 3)
    assert np.isnan(faithfulness.measure(same, np.ones((1, 3)))["agreement"][0])
    deaf = rows([[0.3, 0.3, 0.3]] * 3, [[0, 1], [1, 1], [0, 1]])
    assert np.isnan(faithfulness.measure(deaf, np.ones((1, 3)))["agreement"][0])


@settings(deadline=None)
@given(
    st.lists(st.tuples(SCORES, SCORES, st.integers(0, 1), st.integers(0, 1)), min_size=2, max_size=9),
    st.data(),
)
def test_a_row_that_weighs_two_is_a_row_twice_and_without_and_with_change_places(
    values: list[tuple[float, float, int, int]], data: st.DataObject
) -> None:
    weights = np.array(data.draw(st.lists(st.integers(1, 3), min_size=len(values), max_size=len(values))))
    repeated = [row for row, times in zip(values, weights, strict=True) for _ in range(times)]
    one = rows([[a, b, b] for a, b, _, _ in values], [[c, d] for _, _, c, d in values])
    many = rows([[a, b, b] for a, b, _, _ in repeated], [[c, d] for _, _, c, d in repeated])
    first = faithfulness.measure(one, weights[None, :].astype(float))
    second = faithfulness.measure(many, np.ones((1, len(repeated))))
    turned = faithfulness.measure(
        rows([[b, a, a] for a, b, _, _ in values], [[d, c] for _, _, c, d in values]), weights[None, :].astype(float)
    )
    for name, value in first.items():
        assert value.tolist() == pytest.approx(second[name].tolist(), nan_ok=True, abs=1e-6), name
    for name in ("score_change", "logit_change", "named_change"):
        assert first[name][0] == pytest.approx(-turned[name][0], abs=1e-9)
    assert first["agreement"].tolist() == pytest.approx(turned["agreement"].tolist(), nan_ok=True, abs=1e-6)


def test_log_odds_stay_finite_at_the_ends() -> None:
    ends = faithfulness.logit(np.array([0.0, 0.5, 1.0]))
    assert ends.tolist() == pytest.approx([-math.log(1e6 - 1), 0.0, math.log(1e6 - 1)])


def test_a_model_that_looks_is_told_from_one_that_recites() -> None:
    random = np.random.default_rng(5)
    before, after = random.uniform(0.7, 0.9, 24), random.uniform(0.2, 0.4, 24)
    kinds = ["moire", "bezel"] * 12
    looks = rows(np.stack([after, before, before], axis=1), [[0, 1]] * 23 + [[1, 1]], kinds)
    recites = rows(np.stack([before, before, before], axis=1), [[1, 1]] * 24, kinds)
    found = faithfulness.summarise({0: looks, 1: looks}, "oci_m", 200, 0.95, 1)
    assert found["counts"] == {"faces": 24, "subjects": 3, "seeds": 2}
    assert found["measures"]["score_change"]["low"] > 0.3
    assert found["measures"]["named_change"]["low"] > 0.5
    assert list(found["cues"]) == sorted(found["cues"], key=list(CUES).index)
    assert found["cues"]["moire"]["counts"] == {"faces": 12, "subjects": 3}
    assert found["cues"]["moire"]["named_change"]["value"] == 1.0
    assert found["cues"]["bezel"]["named_change"]["value"] == pytest.approx(11 / 12)
    idle = faithfulness.summarise({0: recites}, "oci_m", 200, 0.95, 1)["measures"]
    assert idle["named_change"] == idle["score_change"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert idle["named_with"]["value"] == idle["still_named"]["value"] == 1.0
    assert idle["agreement"]["value"] is None
    mixed = faithfulness.summarise({0: looks, 1: recites}, "oci_m", 200, 0.95, 1)["measures"]
    assert mixed["named_change"]["value"] == pytest.approx(23 / 48)


def test_a_cue_of_one_subject_has_no_interval() -> None:
    found = faithfulness.summarise({0: rows([[0.2, 0.8, 0.8]] * 3, [[0, 1]] * 3, ["moire", "moire", "glare"])}, "x", 50, 0.95, 1)
    assert found["cues"]["glare"]["score_change"] == {"value": pytest.approx(0.6), "low": None, "high": None}
