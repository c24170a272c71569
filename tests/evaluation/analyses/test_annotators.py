"""Annotators against the truth, by hand, and consistent with the pooled figures of grounding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro import vocabulary
from fasrepro.evaluation.analyses import annotators, grounding
from fasrepro.evaluation.analyses.annotators import CaptionTexts
from fasrepro.evaluation.results import Counts, EvaluationSettings, Figure, Figures
from fasrepro.evaluation.results.explanations import CaptionSetCues, CaptionSetPair
from fasrepro.rows.faces import Face
from tests.evaluation.analyses.test_grounding import text
from tests.faces import face

NAMES = sorted(vocabulary.CUES)
SETTINGS = EvaluationSettings(replicates=200, confidence=0.95, seed=1, digits=6)
# Two subjects a data set; every replay shows moire and glare, every print halftone.
FACES = [
    face(f"{dataset}/{subject}_{species}", species, subject=f"{dataset}/{subject}", split="train")
    for dataset in ("msu", "oulu")
    for subject in (1, 2)
    for species in ("bona_fide", "print", "replay_video")
]
BY_ID = {one.face_id: one for one in FACES}
CUES = {"bona_fide": [], "print": ["halftone"], "replay_video": ["moire", "glare"]}
PRESENT = {one.face_id: CUES[one.species] for one in FACES}


def caption_texts(named: dict[str, list[str]], aware: bool, faces: list[Face] = FACES, task: str = "t") -> CaptionTexts:
    """Return captions that name these cues on each species."""
    return CaptionTexts({one.face_id: text(named[one.species]) for one in faces}, aware, {"m": len(faces)}, task)


# The label-aware annotator invents a bezel on every replay. The label-blind one misses the halftone, and mistakes freckles of a
# live face for it.
AWARE = caption_texts({"bona_fide": [], "print": ["halftone"], "replay_video": ["moire", "glare", "bezel"]}, True)
BLIND = caption_texts({"bona_fide": ["halftone"], "print": [], "replay_video": ["moire", "glare"]}, False)


@pytest.fixture(scope="module")
def report() -> tuple[dict[str, CaptionSetCues], list[CaptionSetPair]]:
    return annotators.summarise({"reasoning": AWARE, "blind": BLIND}, BY_ID, PRESENT, SETTINGS)


Report = tuple[dict[str, CaptionSetCues], list[CaptionSetPair]]


def values(figures: Figures) -> dict[str, float | None]:
    return {name: figure.value for name, figure in figures.items()}


def test_pooled_figures_by_hand(report: Report) -> None:
    aware, blind = report[0]["reasoning"], report[0]["blind"]
    assert values(aware.pooled.figures) == pytest.approx(
        {"precision": 3 / 4, "recall": 1.0, "f1": 6 / 7, "named_on_bona_fide": 0.0}
    )
    assert values(blind.pooled.figures) == pytest.approx(
        {"precision": 1.0, "recall": 2 / 3, "f1": 4 / 5, "named_on_bona_fide": 1.0}
    )
    assert aware.pooled.counts == Counts(bona_fide=4, attack=8, subjects=4)
    precision = aware.pooled.figures["precision"]
    assert precision.low == precision.high == pytest.approx(0.75)  # all subjects are alike
    assert (aware.label_aware, blind.label_aware, aware.models) == (True, False, {"m": 12})


def test_figures_of_one_cue_by_hand(report: Report) -> None:
    bezel, halftone = report[0]["reasoning"].cues["bezel"], report[0]["blind"].cues["halftone"]
    assert (bezel.showing, bezel.named, bezel.named_there, bezel.on_bona_fide) == (0, 4, 0, 0)
    assert (bezel.precision.value, bezel.recall.value) == (0.0, None)
    assert (halftone.showing, halftone.named, halftone.on_bona_fide) == (4, 0, 4)
    assert (halftone.precision.value, halftone.recall.value) == (None, 0.0)
    assert report[0]["reasoning"].cues["moire"].named_there == 4


def test_species_and_data_sets_are_parts_of_the_whole(report: Report) -> None:
    aware = report[0]["reasoning"]
    assert values(aware.species["replay_video"].figures) == pytest.approx(
        {"precision": 2 / 3, "recall": 1.0, "f1": 4 / 5, "named_on_bona_fide": None}
    )
    assert values(aware.species["bona_fide"].figures) == {
        "precision": None,
        "recall": None,
        "f1": None,
        "named_on_bona_fide": 0.0,
    }
    assert set(aware.datasets) == {"msu", "oulu"}
    assert aware.datasets["msu"].counts == Counts(bona_fide=2, attack=4, subjects=2)


def test_a_pair_is_label_aware_minus_label_blind(report: Report) -> None:
    (pair,) = report[1]
    assert (pair.captions, pair.baseline, pair.same_task) == ("reasoning", "blind", True)
    assert values(pair.difference) == pytest.approx(
        {"precision": -1 / 4, "recall": 1 / 3, "f1": 6 / 7 - 4 / 5, "named_on_bona_fide": -1.0}
    )
    assert pair.cues["halftone"]["recall"].value == 1.0


def test_a_pair_is_of_the_faces_that_both_sets_caption() -> None:
    some = caption_texts(CUES, False, FACES[:6], "another task")
    _, (pair,) = annotators.summarise({"reasoning": AWARE, "blind": some}, BY_ID, PRESENT, SETTINGS)
    assert pair.counts == Counts(bona_fide=2, attack=4, subjects=2)
    assert not pair.same_task


def test_equal_captions_have_no_difference_in_any_replicate() -> None:
    random = np.random.default_rng(2)
    texts = {one.face_id: text(random.choice(["moire", "glare", "halftone", "bezel"], 2).tolist()) for one in FACES}
    twice = {name: CaptionTexts(texts, aware, {"m": 12}, "t") for name, aware in (("aware", True), ("blind", False))}
    sets, (pair,) = annotators.summarise(twice, BY_ID, PRESENT, SETTINGS)
    recall = sets["aware"].pooled.figures["recall"]
    assert recall.low < recall.high
    assert pair.difference["recall"] == pair.difference["named_on_bona_fide"] == Figure(0.0, 0.0, 0.0)


def test_one_subject_has_no_interval() -> None:
    one = caption_texts(CUES, True, FACES[:3])
    assert annotators.of_set(one, BY_ID, PRESENT, SETTINGS).pooled.figures["recall"] == Figure(1.0, None, None)


def test_without_captions_the_report_is_empty() -> None:
    assert annotators.summarise({}, {}, {}, SETTINGS) == ({}, [])


@given(st.lists(st.tuples(st.sets(st.sampled_from(NAMES), max_size=4), st.sets(st.sampled_from(NAMES), max_size=4)),
                min_size=12, max_size=12))  # fmt: skip
def test_hits_by_cue_sum_to_those_of_grounding(pairs: list[tuple[set[str], set[str]]]) -> None:
    texts = {one.face_id: text(sorted(named)) for one, (named, _) in zip(FACES, pairs, strict=True)}
    present = {one.face_id: cues for one, (_, cues) in zip(FACES, pairs, strict=True)}
    pooled = grounding.of_texts(FACES, texts, present)
    assert annotators.hits_by_cue(FACES, texts, present).sum(axis=1).tolist() == pooled.hits.tolist()
