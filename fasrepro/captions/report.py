"""What came of annotation, by data set and species: what it took, how long the captions are, how alike, and what they name.

A caption is a text about one image. These figures show where it may be none: where captions repeat each other, name no cue, or
name what goes with the species of attack, which the annotator may have been told, and is not in the image.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from fasrepro import hashing, vocabulary
from fasrepro.captions import duplicates
from fasrepro.llm import types
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face, Label

EXAMPLES = 2  # captions of a species
PERCENTILES = (5, 50, 95)

Outcome = types.Answer[Any] | types.Failure


def breakdown(
    captions: Sequence[Caption],
    outcomes: Mapping[str, Outcome],
    faces: Mapping[str, Face],
    present: Mapping[str, Collection[str]] | None,
) -> dict[str, Any]:
    """Return `figures` of all captions of a style, the same under "datasets" and "species" with `counts`, and "examples".

    "near" says from when on captions are near-duplicates.
    `outcomes` is what came of each face that was asked about, `present` the cues that are seen in each face's crop, both by
    face_id; None where no truth is known. A near-duplicate is one of any caption of the style.
    """
    near = dict(zip((c.face_id for c in captions), duplicates.near_duplicates([c.text for c in captions]).tolist(), strict=True))

    def of(group: Collection[str]) -> dict[str, Any]:
        own = [caption for caption in captions if caption.face_id in group]
        asked = [outcomes[face_id] for face_id in group if face_id in outcomes]
        return counts(len(group), own, asked) | figures(own, near, faces, present)

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


def counts(faces: int, captions: Sequence[Caption], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return how many faces there are, how many have a caption, after how many attempts, and why replies were asked again."""
    return {
        "faces": faces,
        "captions": len(captions),
        "failed": sum(isinstance(outcome, types.Failure) for outcome in outcomes),
        "attempts": dict(sorted(Counter(str(caption.attempts) for caption in captions).items())),
        "rejected": types.codes(outcomes),
    }


def figures(
    captions: Sequence[Caption],
    near: Mapping[str, bool],
    faces: Mapping[str, Face],
    present: Mapping[str, Collection[str]] | None,
) -> dict[str, Any]:
    """Return {"words", "near_duplicates", "no_cue", "fits_not_image"} of captions; `near`, `faces` and `present` by face_id.

    "words" are mean and percentiles of their length; the others are shares in [0, 1], None of nothing. "no_cue": of the captions
    of attacks, those that name no cue. "fits_not_image": of the same, those whose every cue goes with the species, by
    `cues.cues_of`, while at least one is not in the image: a check by a list of words lets them pass. None without truth.
    """
    named = {c.face_id: vocabulary.named_cues(c.text) for c in captions if faces[c.face_id].label is Label.ATTACK}
    fitting = None
    if present is not None:
        fitting = [
            set(names) <= set(vocabulary.cues_of(faces[face_id].species)) and not set(names) <= set(present[face_id])
            for face_id, names in named.items()
        ]
    return {
        "words": words([len(caption.text.split()) for caption in captions]),
        "near_duplicates": _share([near[caption.face_id] for caption in captions]),
        "no_cue": _share([not names for names in named.values()]),
        "fits_not_image": None if fitting is None else _share(fitting),
    }


def words(lengths: Sequence[int]) -> dict[str, float | None]:
    """Return mean and percentiles of lengths, in words; None of no captions."""
    if not lengths:
        return dict.fromkeys(["mean", *(f"p{place}" for place in PERCENTILES)])
    found = {f"p{place}": round(float(np.percentile(lengths, place)), 2) for place in PERCENTILES}
    return {"mean": round(sum(lengths) / len(lengths), 2), **found}


def examples(captions: Sequence[Caption]) -> list[dict[str, str]]:
    """Return the first `EXAMPLES` captions in the order of a hash of their face, so that nobody chose them."""
    drawn = sorted(captions, key=lambda caption: hashing.unit_hash("example", caption.face_id))
    return [{"face_id": caption.face_id, "text": caption.text} for caption in drawn[:EXAMPLES]]


def _share(flags: Sequence[bool]) -> float | None:
    return round(sum(flags) / len(flags), 6) if flags else None
