"""Scores by prefill alone, and explanations by greedy generation. Nothing in this module reads a label."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from PIL import Image
from transformers import ProcessorMixin

from fasrepro.hashing import unit_hash
from fasrepro.models.inputs import generate
from fasrepro.models.scoring import Scorer
from fasrepro.models.vlm import FasVlm
from fasrepro.rows.faces import Face


def _batches(faces: Sequence[Face], size: int) -> Iterator[Sequence[Face]]:
    for start in range(0, len(faces), size):
        yield faces[start : start + size]


def score(scorer: Scorer, faces: Sequence[Face], read_image: Callable[[Face], Image.Image], batch: int) -> dict[str, float]:
    """Return p_attack in [0, 1] by face_id, rounded to 7 digits, the precision of float32.

    Args:
        scorer: of a model in evaluation mode.
        faces: in any order.
        read_image: returns the crop of a face.
        batch: images at once; no score depends on it.
    """
    scores: dict[str, float] = {}
    for part in _batches(faces, batch):
        values = scorer([read_image(face) for face in part])
        scores |= {face.face_id: round(value, 7) for face, value in zip(part, values, strict=True)}
    return scores


def explain(
    model: FasVlm,
    processor: ProcessorMixin,
    faces: Sequence[Face],
    read_image: Callable[[Face], Image.Image],
    prompt: str,
    batch: int,
    max_new_tokens: int,
) -> dict[str, tuple[str, int, bool]]:
    """Return (text, tokens, finished) by face_id, decoded greedily.

    Args:
        model: in evaluation mode.
        processor: of the model's backbone.
        faces: in any order.
        read_image: returns the crop of a face.
        prompt: the student prompt.
        batch: images at once.
        max_new_tokens: a longer text is cut, and not finished.
    """
    texts: dict[str, tuple[str, int, bool]] = {}
    for part in _batches(faces, batch):
        generated = generate(model.body, processor, [read_image(face) for face in part], prompt, max_new_tokens)
        texts |= {face.face_id: result for face, result in zip(part, generated, strict=True)}
    return texts


def sample_videos(faces: Sequence[Face], videos: int) -> list[Face]:
    """Return the faces of `videos` presentations (0: all), balanced over species.

    The choice is by hash, so it is the same for every run.
    """
    by_species: dict[str, list[str]] = {}
    species = {face.presentation: face.species for face in faces}
    for presentation in sorted(species, key=lambda name: unit_hash("explained", name)):
        by_species.setdefault(species[presentation], []).append(presentation)
    ranks = {name: (rank, group) for group, names in by_species.items() for rank, name in enumerate(names)}
    sampled = set(sorted(ranks, key=lambda name: ranks[name])[: videos or None])
    return [face for face in faces if face.presentation in sampled]
