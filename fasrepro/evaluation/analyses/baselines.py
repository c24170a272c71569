"""Detectors without a language model: what each protocol's runs are worth beside a linear probe and beside classical features.

A baseline is a logistic regression (`probes.fit`) on numbers of a face. It is fitted on train faces of the protocol's sources,
has its threshold from their dev people, and is tested on the same faces of the same targets as every run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.special import expit

from fasrepro.evaluation.analyses import probes
from fasrepro.hashing import unit_hash
from fasrepro.rows.faces import Face

Array = np.ndarray
Features = Callable[[Sequence[Face]], Mapping[str, Array]]  # of some faces, the numbers of each baseline: (faces, numbers)
Detector = Callable[[Array], Array]  # p_attack of (faces, numbers)
ENCODER, TEXTURE = "encoder_probe", "texture_probe"
MOST_FITTED = 4000  # faces: more add little to a linear fit, and the descriptor of each has thousands of numbers
BATCH = 480  # faces whose numbers are in memory at once


def fitted_on(train: Sequence[Face]) -> list[Face]:
    """Return the train faces that are fitted on: all, or `MOST_FITTED` of them chosen by hash."""
    return sorted(train, key=lambda face: unit_hash("baseline", face.face_id))[:MOST_FITTED]


def fit(train: Sequence[Face], features: Features) -> dict[str, Detector]:
    """Return a detector for each baseline."""
    chosen = fitted_on(train)
    labels = np.array([int(face.label) for face in chosen])
    return {name: _detector(numbers, labels) for name, numbers in _in_batches(chosen, features).items()}


def _detector(numbers: Array, labels: Array) -> Detector:
    margins = probes.fit(numbers, labels)
    return lambda others: expit(margins(others))


def _in_batches(faces: Sequence[Face], features: Features) -> dict[str, Array]:
    parts = [features(faces[start : start + BATCH]) for start in range(0, len(faces), BATCH)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def scores(
    detectors: Mapping[str, Mapping[str, Detector]], wanted: Mapping[str, Sequence[Face]], features: Features
) -> dict[str, dict[str, dict[str, float]]]:
    """Return p_attack by protocol, baseline and face_id. Numbers of a face are computed once, however many protocols have it.

    Args:
        detectors: by protocol and baseline.
        wanted: the faces to score, by protocol.
        features: of faces.
    """
    face_of = {face.face_id: face for faces in wanted.values() for face in faces}
    asked = {protocol: {face.face_id for face in faces} for protocol, faces in wanted.items()}
    by_protocol: dict[str, dict[str, dict[str, float]]] = {
        protocol: {name: {} for name in of_protocol} for protocol, of_protocol in detectors.items()
    }
    ordered = [face_of[face_id] for face_id in sorted(face_of)]
    for start in range(0, len(ordered), BATCH):
        batch = ordered[start : start + BATCH]
        numbers = features(batch)
        for protocol, of_protocol in detectors.items():
            own = np.array([face.face_id in asked[protocol] for face in batch])
            ids = [face.face_id for face in batch if face.face_id in asked[protocol]]
            for name, detector in of_protocol.items() if ids else ():
                by_protocol[protocol][name] |= dict(zip(ids, detector(numbers[name][own]).tolist(), strict=True))
    return by_protocol
