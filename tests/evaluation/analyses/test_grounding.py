"""Cues named against cues present, by hand, and beside a sampler that does not look."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro import vocabulary
from fasrepro.evaluation.analyses import grounding
from fasrepro.evaluation.metrics import MetricError
from fasrepro.rows.faces import Face, Label

NAMES = sorted(vocabulary.CUES)


def face(number: int, label: Label) -> Face:
    species = "print" if label is Label.ATTACK else "bona_fide"
    return Face(f"msu/{number}#0004", "msu", "test", f"msu/{number % 4}", f"msu/{number}", 4, label, species, "", "m",
                (0, 0, 9, 9), "sidecar", f"{number}.png", "")  # fmt: skip


def text(names: Collection[str]) -> str:
    return f"One can see {' and '.join(vocabulary.CUES[name].phrasings[0] for name in names)}." if names else "A face."


def rows(named: list[Collection[str]], present: list[Collection[str]], labels: list[Label]) -> grounding.Rows:
    faces = [face(number, label) for number, label in enumerate(labels)]
    ids = [one.face_id for one in faces]
    return grounding.explained(faces, dict(zip(ids, map(text, named), strict=True)), dict(zip(ids, present, strict=True)))


def test_by_hand() -> None:
    labels = [Label.ATTACK, Label.ATTACK, Label.BONA_FIDE, Label.BONA_FIDE]
    found = rows([["moire", "glare"], ["bezel"], ["moire"], []], [["moire"], ["moire", "bezel"], [], []], labels)
    assert found.hits.tolist() == [[1, 1, 0], [1, 0, 1], [0, 1, 0], [0, 0, 0]]
    measured = {name: float(value[0]) for name, value in grounding.measure(found, np.ones((1, 4))).items()}
    assert measured == pytest.approx({"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "named_on_bona_fide": 0.5})
    twice = grounding.measure(found, np.array([[2.0, 0.0, 1.0, 0.0]]))
    assert (twice["precision"][0], twice["recall"][0], twice["named_on_bona_fide"][0]) == (0.5, 1.0, 1.0)


def test_where_nothing_is_named_precision_is_no_number_and_recall_is_zero() -> None:
    found = rows([[], []], [["moire"], []], [Label.ATTACK, Label.BONA_FIDE])
    measured = grounding.measure(found, np.ones((1, 2)))
    assert np.isnan(measured["precision"][0])
    assert (measured["recall"][0], measured["f1"][0]) == (0.0, 0.0)


@given(st.lists(st.tuples(st.sets(st.sampled_from(NAMES), max_size=4), st.sets(st.sampled_from(NAMES), min_size=1, max_size=4)),
                min_size=1, max_size=8))  # fmt: skip
def test_precision_and_recall_change_places_with_what_is_named_and_what_is_there(pairs: list[tuple[set[str], set[str]]]) -> None:
    labels = [Label.ATTACK] * len(pairs) + [Label.BONA_FIDE]
    one = grounding.measure(rows([a for a, _ in pairs] + [[]], [b for _, b in pairs] + [[]], labels), np.ones((1, len(labels))))
    other = grounding.measure(rows([b for _, b in pairs] + [[]], [a for a, _ in pairs] + [[]], labels), np.ones((1, len(labels))))
    assert one["precision"].tolist() == pytest.approx(other["recall"].tolist(), nan_ok=True)
    assert one["f1"].tolist() == other["f1"].tolist()


def test_the_sampler_is_the_mean_over_all_captions_of_the_label() -> None:
    faces = [face(0, Label.ATTACK), face(1, Label.BONA_FIDE)]
    captions = {Label.ATTACK: [text(["moire", "glare"]), text(["bezel"])], Label.BONA_FIDE: [text([]), text([])]}
    present = {faces[0].face_id: ["moire", "bezel"], faces[1].face_id: []}
    found = grounding.sampled(faces, captions, present)
    # the first caption: 1 right, 1 wrong, 1 missed; the second: 1 right, 0 wrong, 1 missed
    assert found.hits.tolist() == [[1.0, 0.5, 1.0], [0.0, 0.0, 0.0]]
    with pytest.raises(MetricError, match="no training caption of a face that is bona_fide"):
        grounding.sampled(faces, {Label.ATTACK: ["x"]}, present)


def test_a_run_that_says_what_is_there_beats_the_sampler_and_one_that_repeats_a_caption_does_not() -> None:
    random = np.random.default_rng(3)
    labels = [Label.ATTACK, Label.ATTACK, Label.BONA_FIDE] * 8
    present = [list(random.choice(NAMES, 2, replace=False)) if label is Label.ATTACK else [] for label in labels]
    faces = [face(number, label) for number, label in enumerate(labels)]
    ids = [one.face_id for one in faces]
    there = dict(zip(ids, present, strict=True))
    captions = {Label.ATTACK: [text(names) for names in present if names], Label.BONA_FIDE: [text([])]}
    sampler = grounding.sampled(faces, captions, there)
    right = rows(present, present, labels)
    same = rows([present[0] if label is Label.ATTACK else [] for label in labels], present, labels)
    report = grounding.summarise({0: right, 1: right}, sampler, "msu", "oci_m", 200, 0.95, 1)
    assert report["explained"]["f1"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert report["difference"]["f1"]["low"] > 0.5
    assert report["counts"] == {"attack": 16, "bona_fide": 8, "subjects": 4, "seeds": 2}
    blind = grounding.summarise({0: same}, sampler, "msu", "oci_m", 200, 0.95, 1)["difference"]["f1"]
    assert blind["value"] < 0.2
    mixed = grounding.summarise({0: right, 1: same}, sampler, "msu", "oci_m", 200, 0.95, 1)
    assert mixed["explained"]["f1"]["value"] == pytest.approx((1.0 + grounding.measure(same, np.ones((1, 24)))["f1"][0]) / 2)
