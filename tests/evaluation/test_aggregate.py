"""From frames to videos: mean score, majority verdict."""

from __future__ import annotations

import pytest

from fasrepro.evaluation import aggregate
from fasrepro.evaluation.metrics import MetricError
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face, Label, face_id


def face(presentation: str, frame: int, attack: bool) -> Face:
    species = "print" if attack else "bona_fide"
    label = Label.ATTACK if attack else Label.BONA_FIDE
    name = face_id(presentation, frame)
    return Face(
        name,
        "msu",
        "test",
        "msu/client001",
        presentation,
        frame,
        label,
        species,
        "",
        "android",
        (0, 0, 9, 9),
        "sidecar",
        "x",
        "y",
    )


FACES = [face("msu/b", 20, True), face("msu/a", 4, False), face("msu/b", 4, True)]


def test_a_video_scores_the_mean_of_its_frames() -> None:
    scores = {"msu/a#0004": 0.25, "msu/b#0004": 0.5, "msu/b#0020": 1.0}
    columns = aggregate.scores(FACES, scores, "video", "here")
    assert columns.ids.tolist() == ["msu/a", "msu/b"]
    assert columns.values.tolist() == [0.25, 0.75]
    assert columns.labels.tolist() == [0, 1]
    assert columns.species.tolist() == ["bona_fide", "print"]
    assert aggregate.scores(FACES, scores, "frame", "here").values.tolist() == [0.25, 0.5, 1.0]


def test_a_face_without_a_score_is_named() -> None:
    with pytest.raises(MetricError, match="here: no score for 1 of 3 faces, such as msu/b#0020"):
        aggregate.scores(FACES, {"msu/a#0004": 0.25, "msu/b#0004": 0.5}, "video", "here")


@pytest.mark.parametrize(
    ("votes", "wanted"),
    [([1, 1, 0], 1), ([0], 0), ([0, 1], -1), ([1, -1], 1), ([-1, -1], -1), ([], -1)],
)
def test_majority_of_the_decided(votes: list[int], wanted: int) -> None:
    assert aggregate.majority(votes) == wanted


def test_only_judged_faces_count() -> None:
    given = {"msu/b#0004": Verdict.ATTACK, "msu/b#0020": Verdict.BONA_FIDE}
    assert aggregate.verdicts(FACES, given, "video").values.tolist() == [-1]
    assert aggregate.verdicts(FACES, given, "frame").values.tolist() == [1, 0]
