"""Annotators against the truth, by hand, and held together with the pooled measure of grounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro import vocabulary
from fasrepro.evaluation.analyses import annotators, grounding
from fasrepro.evaluation.analyses.annotators import Draws, Written
from fasrepro.rows.faces import Face, Label
from tests.evaluation.analyses.test_grounding import text

NAMES = sorted(vocabulary.CUES)
DRAWS = Draws(200, 0.95, 1)


def face(dataset: str, number: int, species: str) -> Face:
    name = f"{dataset}/{number}"
    return Face(f"{name}_{species}#0004", dataset, "train", name, f"{name}_{species}", 4, Label(species != "bona_fide"), species,
                "", "m", (0, 0, 9, 9), "sidecar", "", "")  # fmt: skip


# Two subjects a data set; every replay shows moire and glare, every print halftone.
FACES = [
    face(dataset, n, species) for dataset in ("msu", "oulu") for n in (1, 2) for species in ("bona_fide", "print", "replay_video")
]
BY_ID = {one.face_id: one for one in FACES}
SEEN = {"bona_fide": [], "print": ["halftone"], "replay_video": ["moire", "glare"]}
PRESENT = {one.face_id: SEEN[one.species] for one in FACES}


def written(named: dict[str, list[str]], aware: bool, faces: list[Face] = FACES, task: str = "t") -> Written:
    """Captions that name these cues on each species."""
    return Written({one.face_id: text(named[one.species]) for one in faces}, aware, {"m": len(faces)}, task)


# Told: a bezel is invented on every replay. Not told: the halftone is missed, and freckles of a live face are taken for it.
TOLD = written({"bona_fide": [], "print": ["halftone"], "replay_video": ["moire", "glare", "bezel"]}, True)
UNTOLD = written({"bona_fide": ["halftone"], "print": [], "replay_video": ["moire", "glare"]}, False)


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return annotators.summarise({"reasoning": TOLD, "blind": UNTOLD}, BY_ID, PRESENT, DRAWS)


def values(part: dict[str, Any]) -> dict[str, float | None]:
    return {name: part[name]["value"] for name in grounding.MEASURES}


def test_pooled_figures_by_hand(found: dict[str, Any]) -> None:
    told, untold = found["styles"]["reasoning"], found["styles"]["blind"]
    assert values(told["pooled"]) == pytest.approx({"precision": 3 / 4, "recall": 1.0, "f1": 6 / 7, "named_on_bona_fide": 0.0})
    assert values(untold["pooled"]) == pytest.approx({"precision": 1.0, "recall": 2 / 3, "f1": 4 / 5, "named_on_bona_fide": 1.0})
    assert told["pooled"]["counts"] == {"attack": 8, "bona_fide": 4, "subjects": 4}
    assert (
        told["pooled"]["precision"]["low"] == told["pooled"]["precision"]["high"] == pytest.approx(0.75)
    )  # all subjects are alike
    assert (told["label_aware"], untold["label_aware"], told["models"]) == (True, False, {"m": 12})


def test_a_cue_by_itself(found: dict[str, Any]) -> None:
    told, untold = (found["styles"][name]["cues"] for name in ("reasoning", "blind"))
    bezel, halftone = told["bezel"], untold["halftone"]
    assert {name: bezel[name] for name in ("showing", "named", "named_there", "on_bona_fide")} == {
        "showing": 0,
        "named": 4,
        "named_there": 0,
        "on_bona_fide": 0,
    }
    assert (bezel["precision"]["value"], bezel["recall"]["value"]) == (0.0, None)
    assert (halftone["showing"], halftone["named"], halftone["on_bona_fide"]) == (4, 0, 4)
    assert (halftone["precision"]["value"], halftone["recall"]["value"]) == (None, 0.0)
    assert told["moire"]["named_there"] == 4


def test_species_and_data_sets_are_parts_of_the_whole(found: dict[str, Any]) -> None:
    told = found["styles"]["reasoning"]
    assert values(told["species"]["replay_video"]) == pytest.approx(
        {"precision": 2 / 3, "recall": 1.0, "f1": 4 / 5, "named_on_bona_fide": None}
    )
    assert values(told["species"]["bona_fide"]) == {"precision": None, "recall": None, "f1": None, "named_on_bona_fide": 0.0}
    assert set(told["datasets"]) == {"msu", "oulu"}
    assert told["datasets"]["msu"]["counts"] == {"attack": 4, "bona_fide": 2, "subjects": 2}


def test_a_pair_is_the_one_with_the_label_minus_the_one_without(found: dict[str, Any]) -> None:
    (pair,) = found["pairs"]
    assert (pair["style"], pair["baseline"], pair["same_task"]) == ("reasoning", "blind", True)
    assert values(pair["difference"]) == pytest.approx(
        {"precision": -1 / 4, "recall": 1 / 3, "f1": 6 / 7 - 4 / 5, "named_on_bona_fide": -1.0}
    )
    assert pair["cues"]["halftone"]["recall"]["value"] == 1.0


def test_a_pair_is_of_the_faces_that_both_captioned() -> None:
    some = written(SEEN, False, FACES[:6], "another task")
    (pair,) = annotators.summarise({"reasoning": TOLD, "blind": some}, BY_ID, PRESENT, DRAWS)["pairs"]
    assert pair["counts"] == {"attack": 4, "bona_fide": 2, "subjects": 2}
    assert not pair["same_task"]


def test_equal_captions_differ_by_exactly_nothing_in_every_replicate() -> None:
    random = np.random.default_rng(2)
    texts = {one.face_id: text(random.choice(["moire", "glare", "halftone", "bezel"], 2).tolist()) for one in FACES}
    twice = {name: Written(texts, aware, {"m": 12}, "t") for name, aware in (("told", True), ("untold", False))}
    report = annotators.summarise(twice, BY_ID, PRESENT, DRAWS)
    assert report["pairs"][0]["difference"]["named_on_bona_fide"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    width = report["styles"]["told"]["pooled"]["recall"]
    assert width["low"] < width["high"]
    assert report["pairs"][0]["difference"]["recall"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_one_subject_has_no_interval_and_no_style_no_entry() -> None:
    one = written(SEEN, True, FACES[:3])
    assert annotators.of_style(one, BY_ID, PRESENT, DRAWS)["pooled"]["recall"] == {"value": 1.0, "low": None, "high": None}
    assert annotators.summarise({}, {}, {}, DRAWS) == {"styles": {}, "pairs": []}


@given(st.lists(st.tuples(st.sets(st.sampled_from(NAMES), max_size=4), st.sets(st.sampled_from(NAMES), max_size=4)),
                min_size=12, max_size=12))  # fmt: skip
def test_cues_add_up_to_what_grounding_counts(pairs: list[tuple[set[str], set[str]]]) -> None:
    texts = {one.face_id: text(sorted(named)) for one, (named, _) in zip(FACES, pairs, strict=True)}
    present = {one.face_id: there for one, (_, there) in zip(FACES, pairs, strict=True)}
    pooled = grounding.explained(FACES, texts, present)
    assert annotators.by_cue(FACES, texts, present).sum(axis=1).tolist() == pooled.hits.tolist()
