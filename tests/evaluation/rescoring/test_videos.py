"""Scores by video."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro.evaluation.rescoring import table as tables
from fasrepro.evaluation.rescoring.layouts import Reading
from fasrepro.evaluation.rescoring.source import ScoresError
from fasrepro.evaluation.rescoring.table import Input
from fasrepro.evaluation.rescoring.videos import by_training
from tests.evaluation.rescoring.tables import Row, table

ROWS = [
    Row("dev", 0, -1.5, "v1", "s1", dataset="casia"),
    Row("dev", 0, 0.5, "v1", "s1", dataset="casia"),
    Row("dev", 1, 3.0, "v2", "s1", "print", dataset="casia"),
]


def test_videos_by_hand() -> None:
    (videos,) = by_training(table(ROWS), "dev", higher_is_bona_fide=False)
    assert videos.scores.tolist() == [-0.5, 3.0]
    assert videos.first.tolist() == [-1.5, 3.0]
    assert videos.frames.tolist() == [2, 1]
    assert videos.labels.tolist() == [0, 1]
    assert videos.units.tolist() == [0, 0]  # one subject
    (turned,) = by_training(table(ROWS), "dev", higher_is_bona_fide=True)
    assert turned.scores.tolist() == [-3.0, 0.5]
    assert turned.first.tolist() == [-3.0, 1.5]


@pytest.mark.parametrize(
    ("frames", "first"),
    [
        (("10", "9", "09.5"), 2.0),  # by number: as text 09.5 and then 10 are before 9
        (("b", "a", "c"), 1.0),  # names say nothing of the order, so the first row counts
    ],
)
def test_the_first_frame_is_that_with_the_lowest_number(tmp_path: Path, frames: tuple[str, ...], first: float) -> None:
    lines = [f"test,attack,{score},v,{frame}" for score, frame in zip((1.0, 2.0, 3.0), frames, strict=True)]
    path = tmp_path / "scores.csv"
    path.write_text("\n".join(["split,label,score,video,frame", *lines, "test,live,0,w,1\n"]), encoding="utf-8")
    (videos,) = by_training(tables.read([Input(str(path))], Reading()), "test", higher_is_bona_fide=False)
    assert videos.first.tolist() == [0.0, first]


@settings(deadline=None)
@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_a_mean_depends_neither_on_order_nor_on_sign(frames: list[float], random: Any) -> None:
    def mean(scores: list[float], higher_is_bona_fide: bool) -> float:
        rows = [Row("test", 1, score, "v", "s") for score in scores]
        (videos,) = by_training(table([*rows, Row("test", 0, 0.0, "w", "s")]), "test", higher_is_bona_fide)
        return videos.scores[videos.labels == 1][0]

    shuffled = list(frames)
    random.shuffle(shuffled)
    assert mean(frames, False) == mean(shuffled, False) == mean([-score for score in frames], True)
    assert math.isclose(mean(frames, False), sum(score / len(frames) for score in frames), rel_tol=1e-9, abs_tol=1e288)


@pytest.mark.parametrize(("label", "lacking"), [(0, "attack"), (1, "bona fide")])
def test_a_split_without_a_label_is_named(label: int, lacking: str) -> None:
    rows = [Row("test", label, 0.5, f"v{number}", "s") for number in range(2)]
    with pytest.raises(ScoresError, match=rf"scores\.csv: split test: no {lacking} among 2 videos; .*add such rows"):
        by_training(table(rows), "test", False)


def test_rows_without_a_video_are_videos_in_the_order_of_scores() -> None:
    rows = [Row("test", number % 2, -float(number), "", f"s{number % 3}") for number in range(6)]
    (videos,) = by_training(table(rows, without=("video",)), "test", False)
    assert videos.scores.tolist() == [-5.0, -4.0, -3.0, -2.0, -1.0, 0.0]
    assert videos.units.tolist() == [2, 1, 0, 2, 1, 0]
