"""A report on captions: what they took, how long they are, how alike, and what they name; in all, by data set and by species.

A caption should be about its image. These figures show where it may not be: where captions repeat each other, name no cue, or
name what goes with the species, which the annotator may have been told, but is not in the image.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from fasrepro import hashing, regions, vocabulary
from fasrepro.captions import duplicates
from fasrepro.captions.styles import OF_LABEL
from fasrepro.llm import types
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.truth import Truth

EXAMPLES = 2  # captions per species
PERCENTILES = (5, 50, 95)

Outcome = types.Answer[Any] | types.Failure


def visible_cues(faces: Collection[Face], truths: Mapping[str, Truth]) -> dict[str, list[str]] | None:
    """Return the cues visible in each face's crop, by face_id; None where no truth is known. `truths` by face_id."""
    if not truths:
        return None
    return {face.face_id: regions.visible(face.box, truths[face.face_id].cues, truths[face.face_id].regions) for face in faces}


def summary(
    captions: Sequence[Caption],
    answers: Mapping[str, types.Answer[Any]],
    failures: Mapping[str, types.Failure],
    faces: Mapping[str, Face],
) -> dict[str, Any]:
    """Count captions, attempts, the reasons for rejections, mean words, and agreement with the label.

    "verdict_agreement" is the share of captions whose verdict is the face's label: 1 by construction if the annotator was told
    it, None if the style has no verdict. "failed" names each face without a caption, with the last reason.
    """
    words = [len(caption.text.split()) for caption in captions]
    concluding = [caption for caption in captions if caption.verdict != Verdict.UNDECIDED]
    agreeing = [caption.verdict == OF_LABEL[faces[caption.face_id].label] for caption in concluding]
    return {
        **counts(len(faces), captions, [*answers.values(), *failures.values()]),
        "failed": {face_id: failure.reason for face_id, failure in failures.items()},
        "mean_words": round(sum(words) / len(words), 2) if words else 0.0,
        "verdict_agreement": _share(agreeing),
    }


def breakdown(
    captions: Sequence[Caption],
    outcomes: Mapping[str, Outcome],
    faces: Mapping[str, Face],
    present: Mapping[str, Collection[str]] | None,
) -> dict[str, Any]:
    """Return `figures` of all captions, the same with `counts` under "datasets" and "species", and "examples".

    "near" states the bound of near-duplicates, which are sought among all captions.

    Args:
        captions: of one style.
        outcomes: of each face that a model was asked about, by face_id.
        faces: by face_id.
        present: the cues visible in each face's crop, by face_id; None where no truth is known.
    """
    near = dict(zip((c.face_id for c in captions), duplicates.near_duplicates([c.text for c in captions]).tolist(), strict=True))

    def of(group: Collection[str]) -> dict[str, Any]:
        own = [caption for caption in captions if caption.face_id in group]
        own_outcomes = [outcomes[face_id] for face_id in group if face_id in outcomes]
        return counts(len(group), own, own_outcomes) | figures(own, near, faces, present)

    by_dataset: dict[str, set[str]] = {}
    by_species: dict[str, set[str]] = {}
    for face in faces.values():
        by_dataset.setdefault(face.dataset, set()).add(face.face_id)
        by_species.setdefault(face.species, set()).add(face.face_id)
    return {
        **figures(captions, near, faces, present),
        "near": {"words_a_run": duplicates.WINDOW, "jaccard": duplicates.SHARED / duplicates.OF},
        "datasets": {name: of(group) for name, group in by_dataset.items()},
        "species": {name: of(group) for name, group in by_species.items()},
        "examples": {name: examples([c for c in captions if c.face_id in group]) for name, group in by_species.items()},
    }


def funnel(sampled: int, rounds: Mapping[str, int], edited: Mapping[str, int], dropped: int, left: int) -> dict[str, Any]:
    """Return how the faces of a set that is asked in rounds came to their captions.

    "agreed" counts captions of the first round, "asked_again" all other faces, "agreed_later" captions of a later round, "edited"
    those of people or of the simulated editor, by author, "dropped" faces that they left out, and "left" faces about which nobody
    has decided. A face that people decided about counts among those asked again, as the model is not asked about it.

    Args:
        sampled: the faces of the set.
        rounds: captions of the "first" round and of "later" ones.
        edited: captions by author.
        dropped: faces.
        left: faces.
    """
    return {
        "sampled": sampled,
        "agreed": rounds["first"],
        "asked_again": sampled - rounds["first"],
        "agreed_later": rounds["later"],
        "edited": dict(sorted(edited.items())),
        "dropped": dropped,
        "left": left,
    }


def funnel_line(figures: Mapping[str, Any]) -> str:
    """Return a funnel in words."""
    edited = ", ".join(f"{count} edited by {author}" for author, count in figures["edited"].items()) or "none edited"
    return (
        f"{figures['sampled']} faces, {figures['agreed']} agreed; of {figures['asked_again']} asked again"
        f" {figures['agreed_later']} agreed, {edited}, {figures['dropped']} dropped, {figures['left']} left to people"
    )


def counts(faces: int, captions: Sequence[Caption], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Count faces, captions, failures, attempts, and the reasons for rejections."""
    return {
        "faces": faces,
        "captions": len(captions),
        "failed": sum(isinstance(outcome, types.Failure) for outcome in outcomes),
        "attempts": dict(sorted(Counter(str(caption.attempts) for caption in captions).items())),
        "rejected": types.rejection_counts(outcomes),
    }


def figures(
    captions: Sequence[Caption],
    near: Mapping[str, bool],
    faces: Mapping[str, Face],
    present: Mapping[str, Collection[str]] | None,
) -> dict[str, Any]:
    """Return {"words", "near_duplicates", "no_cue", "fits_not_image"} of captions.

    "words" is `words` of their lengths; the others are shares in [0, 1], None of no captions. "no_cue": of the captions of
    attacks, those that name no cue. "fits_not_image": of the same, those whose every cue goes with the species
    (`vocabulary.cues_of`) while at least one is not in the image. A check by a list of words would pass them. None without truth.

    Args:
        captions: to be described.
        near: whether a caption is a near-duplicate, by face_id.
        faces: by face_id.
        present: the cues visible in each face's crop, by face_id; None where no truth is known.
    """
    named = {c.face_id: vocabulary.named_cues(c.text) for c in captions if faces[c.face_id].label is Label.ATTACK}
    fitting = []
    if present is not None:
        for face_id, names in named.items():
            fits_species = set(names) <= set(vocabulary.cues_of(faces[face_id].species))
            fitting.append(fits_species and not set(names) <= set(present[face_id]))
    return {
        "words": words([len(caption.text.split()) for caption in captions]),
        "near_duplicates": _share([near[caption.face_id] for caption in captions]),
        "no_cue": _share([not names for names in named.values()]),
        "fits_not_image": _share(fitting),
    }


def words(lengths: Sequence[int]) -> dict[str, float | None]:
    """Return mean and percentiles of lengths in words; None of no captions."""
    if not lengths:
        return dict.fromkeys(["mean", *(f"p{rank}" for rank in PERCENTILES)])
    percentiles = {f"p{rank}": round(float(np.percentile(lengths, rank)), 2) for rank in PERCENTILES}
    return {"mean": round(sum(lengths) / len(lengths), 2), **percentiles}


def examples(captions: Sequence[Caption]) -> list[dict[str, str]]:
    """Return `EXAMPLES` captions, drawn by a hash of their face, so that nobody chose them."""
    drawn = sorted(captions, key=lambda caption: hashing.unit_hash("example", caption.face_id))
    return [{"face_id": caption.face_id, "text": caption.text} for caption in drawn[:EXAMPLES]]


def _share(flags: Sequence[bool]) -> float | None:
    return round(sum(flags) / len(flags), 6) if flags else None
