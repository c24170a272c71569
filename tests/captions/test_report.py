"""The report on captions, by hand: five faces of two data sets, one of them without a caption."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fasrepro import vocabulary
from fasrepro.captions.report import breakdown, examples, words
from fasrepro.llm.types import Answer, Failure
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face, Label

MOIRE, GLARE, WAX = (vocabulary.CUES[name].phrasings[0] for name in ("moire", "glare", "waxy_skin"))


def face(dataset: str, number: int, species: str) -> Face:
    name = f"{dataset}/{number}"
    return Face(f"{name}#0004", dataset, "train", name, name, 4, Label(species != "bona_fide"), species, "", "m",
                (0, 0, 9, 9), "sidecar", "", "")  # fmt: skip


FACES = [face("msu", 0, "bona_fide"), face("msu", 1, "replay_video"), face("msu", 2, "replay_video"), face("oulu", 3, "print"),
         face("oulu", 4, "replay_video")]  # fmt: skip
TEXTS = [
    "a face in a room with a red door and a lamp",
    f"a face in a room with {MOIRE} and {GLARE}",
    "a face in a room with a red door and a lamp",
    f"a hand and {WAX}",
]
BY_ID = {one.face_id: one for one in FACES}
PRESENT = {FACES[1].face_id: ["moire"], FACES[2].face_id: ["moire"], FACES[3].face_id: [], FACES[4].face_id: []}


@pytest.fixture
def figures() -> dict[str, Any]:
    return report(PRESENT)


def report(present: dict[str, list[str]] | None) -> dict[str, Any]:
    rejected = [(), ("refusal", "empty"), ("empty",), ()]
    captions, outcomes = [], {}
    for one, text, codes in zip(FACES, TEXTS, rejected, strict=False):
        captions.append(Caption(one.face_id, "s", text, Verdict.UNDECIDED, "v", "m", True, len(codes) + 1, "k"))
        outcomes[one.face_id] = Answer(None, "k", len(codes) + 1, codes, "v")
    outcomes[FACES[4].face_id] = Failure("refusal: no", ("refusal", "refusal"))
    return breakdown(captions, outcomes, BY_ID, present)


def test_counts_of_a_data_set_and_a_species(figures: dict[str, Any]) -> None:
    msu, replay = figures["datasets"]["msu"], figures["species"]["replay_video"]
    assert {name: msu[name] for name in ("faces", "captions", "failed", "attempts", "rejected")} == {
        "faces": 3,
        "captions": 3,
        "failed": 0,
        "attempts": {"1": 1, "2": 1, "3": 1},
        "rejected": {"empty": 2, "refusal": 1},
    }
    assert (replay["faces"], replay["captions"], replay["failed"], replay["rejected"]) == (3, 2, 1, {"empty": 2, "refusal": 3})
    assert set(figures["datasets"]) == {"msu", "oulu"} and set(figures["species"]) == {"bona_fide", "print", "replay_video"}


def test_lengths_in_words(figures: dict[str, Any]) -> None:
    lengths = [len(text.split()) for text in TEXTS]
    p5, p95 = np.percentile(lengths, [5, 95])
    middle = sum(sorted(lengths)[1:3]) / 2
    assert figures["words"] == {"mean": sum(lengths) / 4, "p5": round(p5, 2), "p50": middle, "p95": round(p95, 2)}
    assert figures["species"]["print"]["words"] == dict.fromkeys(["mean", "p5", "p50", "p95"], float(lengths[3]))
    assert words([]) == dict.fromkeys(["mean", "p5", "p50", "p95"])


def test_near_duplicates_are_sought_among_all_captions(figures: dict[str, Any]) -> None:
    assert figures["near_duplicates"] == 0.5
    assert {name: group["near_duplicates"] for name, group in figures["species"].items()} == {
        "bona_fide": 1.0,  # the same text as that of a replay
        "replay_video": 0.5,
        "print": 0.0,
    }
    assert figures["near"] == {"words_a_run": 5, "jaccard": 0.8}


def test_captions_of_attacks_without_cues_or_with_invented_ones_are_counted(figures: dict[str, Any]) -> None:
    # Of three attacks one names nothing; one names a glare that fits a replay and is not there; wax goes with no print.
    assert figures["no_cue"] == pytest.approx(1 / 3, abs=1e-6)
    assert figures["fits_not_image"] == pytest.approx(1 / 3, abs=1e-6)
    assert {name: (group["no_cue"], group["fits_not_image"]) for name, group in figures["species"].items()} == {
        "bona_fide": (None, None),
        "replay_video": (0.5, 0.5),
        "print": (0.0, 0.0),
    }
    assert report({**PRESENT, FACES[1].face_id: ["moire", "glare"]})["fits_not_image"] == 0.0


def test_without_truth_invented_cues_are_unknown() -> None:
    without = report(None)
    assert without["fits_not_image"] is None and without["species"]["replay_video"]["fits_not_image"] is None
    assert without["no_cue"] == pytest.approx(1 / 3, abs=1e-6)


def test_examples_are_independent_of_the_order_of_captions() -> None:
    captions = [Caption(f"msu/{n}#0004", "s", f"text {n}", Verdict.UNDECIDED, "v", "m", True, 1, "k") for n in range(9)]
    chosen = examples(captions)
    assert len(chosen) == 2 and chosen == examples(captions[::-1])
    assert all(one["text"] == f"text {one['face_id'][4]}" for one in chosen)
