"""Threshold choice: a video is the mean of its frames, and a score at the threshold is an attack."""

from __future__ import annotations

from fasrepro.report.studies import thresholds
from fasrepro.rows.faces import Face, Label, face_id
from fasrepro.rows.scores import Score


def face(dataset: str, split: str, video: str, frame: int, label: int) -> Face:
    presentation = f"{dataset}/{video}"
    return Face(face_id(presentation, frame), dataset, split, f"{dataset}/1", presentation, frame, Label(label),
                "print" if label else "bona_fide", "", "", (0, 0, 9, 9), "sidecar", "x", "y")  # fmt: skip


def test_videos_are_the_targets_test_videos_with_their_mean_scores() -> None:
    faces = [face("msu", "test", "a", 4, 1), face("msu", "test", "a", 20, 1), face("msu", "test", "b", 4, 0)]
    faces += [face("msu", "train", "c", 4, 1), face("casia", "test", "d", 4, 1)]
    values = (0.25, 0.75, 0.5, 0.9, 0.9)
    scores = [Score("oc_m", "r", 0, one.face_id, value) for one, value in zip(faces, values, strict=True)]
    videos = thresholds.videos_of(scores, {one.face_id: one for one in faces}, "msu")
    assert videos.to_dict("records") == [
        {"video": "msu/a", "species": "print", "label": "attack", "score": 0.5},
        {"video": "msu/b", "species": "bona_fide", "label": "bona fide", "score": 0.5},
    ]
    decided = thresholds.decide(videos, {"dev": 0.5, "oracle": 0.625})
    assert decided["dev"].tolist() == ["attack", "attack"]  # a score that equals the threshold is an attack
    assert decided["oracle"].tolist() == ["bona fide", "bona fide"]
