from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from fasrepro.evaluation import predict
from fasrepro.models import backbones, vlm
from fasrepro.rows.faces import Face, Label, face_id

PROMPT = "Is it a real person? Explain."
SPECIES = ("bona_fide", "print", "replay_video")


def faces(videos: int = 6) -> list[Face]:
    """Two frames of each video; the species take turns."""
    rows = []
    for number in range(videos):
        species = SPECIES[number % len(SPECIES)]
        label = Label.BONA_FIDE if species == "bona_fide" else Label.ATTACK
        for frame in (20, 45):
            presentation = f"msu/v{number}"
            rows.append(
                Face(face_id(presentation, frame), "msu", "test", f"msu/{number}", presentation, frame, label, species, "", "msu",
                     (0, 0, 9, 9), "sidecar", f"{number * 100 + frame}", "")
            )  # fmt: skip
    return rows


@pytest.fixture(scope="module")
def trained(checkpoint: Path) -> tuple[vlm.FasVlm, backbones.ProcessorMixin]:
    base, processor = backbones.load(str(checkpoint))
    model = vlm.create(base, site="vision", rank=4, alpha=8, lora_vision=True, train_embeddings=True, seed=1)
    return model.eval(), processor


def test_scores_do_not_depend_on_the_batch(
    trained: tuple[vlm.FasVlm, backbones.ProcessorMixin], picture: Callable[[int], Image.Image]
) -> None:
    def read(face: Face) -> Image.Image:
        return picture(int(face.crop))

    whole = predict.score(*trained, faces(), read, PROMPT, batch=12)
    parts = predict.score(*trained, faces()[::-1], read, PROMPT, batch=5)
    assert list(whole) == [face.face_id for face in faces()]
    assert parts == pytest.approx(whole, abs=1e-5)
    assert len(set(whole.values())) == len(whole)
    assert all(0 < value < 1 for value in whole.values())


def test_explanations_count_their_tokens_and_say_when_they_were_cut(
    trained: tuple[vlm.FasVlm, backbones.ProcessorMixin], picture: Callable[[int], Image.Image]
) -> None:
    written = predict.explain(*trained, faces(2), lambda face: picture(int(face.crop)), PROMPT, batch=3, max_new_tokens=7)
    assert list(written) == [face.face_id for face in faces(2)]
    for _, tokens, finished in written.values():
        assert tokens == 7 or finished


def test_sampled_videos_are_whole_even_over_species_and_the_same_for_every_run() -> None:
    rows = faces(30)
    chosen = predict.sample_videos(rows, 9)
    assert Counter(face.species for face in chosen) == dict.fromkeys(SPECIES, 6)
    assert set(Counter(face.presentation for face in chosen).values()) == {2}
    assert predict.sample_videos(rows[::-1], 9) == chosen[::-1]
    assert predict.sample_videos(rows, 0) == rows
    smaller = {face.presentation for face in predict.sample_videos(rows, 3)}
    assert smaller < {face.presentation for face in chosen}
