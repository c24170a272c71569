"""From frames to videos: mean score, majority verdict."""

from __future__ import annotations

import pytest

from fasrepro.evaluation import aggregate
from fasrepro.evaluation.metrics import MetricError
from fasrepro.rows.captions import Verdict
from tests.faces import face

FACES = [face("msu/b", "print", 20), face("msu/a", "bona_fide", 4), face("msu/b", "print", 4)]


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
    ("verdicts", "expected"),
    [([1, 1, 0], 1), ([0], 0), ([0, 1], -1), ([1, -1], 1), ([-1, -1], -1), ([], -1)],
)
def test_the_majority_is_of_decided_verdicts(verdicts: list[int], expected: int) -> None:
    assert aggregate.majority(verdicts) == expected


def test_faces_without_a_verdict_are_omitted() -> None:
    verdicts = {"msu/b#0004": Verdict.ATTACK, "msu/b#0020": Verdict.BONA_FIDE}
    assert aggregate.verdicts(FACES, verdicts, "video").values.tolist() == [-1]
    assert aggregate.verdicts(FACES, verdicts, "frame").values.tolist() == [1, 0]
