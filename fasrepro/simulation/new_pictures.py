"""Faces and stills that the pretraining does not show, to ask a backbone's language model about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fasrepro import files
from fasrepro.simulation import foundation_faces, media_stills


def write(path: Path, seeds: Sequence[int], size: int, captions: str, people_from: str) -> None:
    """Draw a face and a still for each seed, and write them with their captions as a .npz file.

    Its arrays: `faces` and `stills`, uint8 RGB of (pictures, size, size, 3); `face_captions` and `still_captions`, as the
    pretraining has them; `media_captions` of the stills, whichever the pretraining has; `wordings` of effects in them, and the
    `effects` that they stand for.

    Args:
        path: of the file.
        seeds: that the pretraining does not use.
        size: of the pictures' sides, in pixels.
        captions: params.yaml's `foundation.captions`.
        people_from: params.yaml's `synthetic.people`.
    """
    faces = foundation_faces.captioned_faces(seeds, size, people_from)
    stills = media_stills.captioned_stills(seeds, size)
    wordings = [(wording, effect) for effect, ways in media_stills.EFFECT_WORDS.items() for wording in ways]
    with files.replaced(path) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            faces=np.array([picture for picture, _ in faces]),
            face_captions=np.array([caption for _, caption in faces]),
            stills=np.array([still.picture for still in stills]),
            still_captions=np.array(list(map(media_stills.CAPTIONS[captions], stills))),
            media_captions=np.array([still.media_caption for still in stills]),
            wordings=np.array([wording for wording, _ in wordings]),
            effects=np.array([effect for _, effect in wordings]),
        )
