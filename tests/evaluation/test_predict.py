"""Scores and explanations of a small model, and the videos that are explained."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from fasrepro.evaluation import predict
from fasrepro.models import backbones, scoring, vlm
from fasrepro.rows.faces import Face
from tests.faces import face
from tests.small_models import model_of

PROMPT = "Is it a real person? Explain."
SPECIES = ("bona_fide", "print", "replay_video")


def faces(videos: int = 6) -> list[Face]:
    """Return two frames of each video; the species take turns, and a crop's name is its number."""
    rows = []
    for number in range(videos):
        for frame in (20, 45):
            one = face(f"msu/v{number}", SPECIES[number % len(SPECIES)], frame)
            rows.append(dataclasses.replace(one, crop=f"{number * 100 + frame}"))
    return rows


@pytest.fixture(scope="module")
def trained(checkpoint: Path) -> tuple[vlm.FasVlm, backbones.ProcessorMixin]:
    return model_of(checkpoint)


def by_head(model: vlm.FasVlm, processor: backbones.ProcessorMixin) -> scoring.Scorer:
    return scoring.by_head(model, processor, PROMPT)


def by_answer(model: vlm.FasVlm, processor: backbones.ProcessorMixin) -> scoring.Scorer:
    return scoring.by_answer(model, processor, "Is this photo of a real person?", "bona_fide")


@pytest.mark.parametrize("scorer", [by_head, by_answer])
def test_scores_do_not_depend_on_the_batch(
    trained: tuple[vlm.FasVlm, backbones.ProcessorMixin],
    picture: Callable[[int], Image.Image],
    scorer: Callable[..., scoring.Scorer],
) -> None:
    def read(face: Face) -> Image.Image:
        return picture(int(face.crop))

    whole = predict.score(scorer(*trained), faces(), read, batch=12)
    parts = predict.score(scorer(*trained), faces()[::-1], read, batch=5)
    assert list(whole) == [one.face_id for one in faces()]
    assert parts == pytest.approx(whole, abs=1e-5)
    assert len(set(whole.values())) == len(whole)
    assert all(0 < value < 1 for value in whole.values())


def test_explanations_report_tokens_and_cuts(
    trained: tuple[vlm.FasVlm, backbones.ProcessorMixin], picture: Callable[[int], Image.Image]
) -> None:
    texts = predict.explain(*trained, faces(2), lambda face: picture(int(face.crop)), PROMPT, batch=3, max_new_tokens=7)
    assert list(texts) == [one.face_id for one in faces(2)]
    for _, tokens, finished in texts.values():
        assert tokens == 7 or finished


def test_sampled_videos_are_balanced_over_species_and_the_same_for_every_run() -> None:
    rows = faces(30)
    sampled = predict.sample_videos(rows, 9)
    assert Counter(one.species for one in sampled) == dict.fromkeys(SPECIES, 6)
    assert set(Counter(one.presentation for one in sampled).values()) == {2}
    assert predict.sample_videos(rows[::-1], 9) == sampled[::-1]
    assert predict.sample_videos(rows, 0) == rows
    smaller = {one.presentation for one in predict.sample_videos(rows, 3)}
    assert smaller < {one.presentation for one in sampled}
