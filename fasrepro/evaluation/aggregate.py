"""Scores and verdicts by frame and by video, as the columns that metrics take.

A video's score is the mean over its frames. Its verdict is the majority of its decided frames, and undecided in a tie or where no
frame is decided. A still image is no video of one frame: where videos and still images are taken together, as on the dev people
of a protocol's sources, each image stands for itself, and a target of still images has no figures by video (`levels_of`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from fasrepro.datasets import is_still
from fasrepro.evaluation.metrics import UNDECIDED, MetricError
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face

VERDICTS = {Verdict.BONA_FIDE: 0, Verdict.ATTACK: 1, Verdict.UNDECIDED: UNDECIDED}
LEVELS = ("video", "frame")


def levels_of(dataset: str) -> tuple[str, ...]:
    """Return the levels of `LEVELS` at which a data set has figures: still images have none by video.

    >>> levels_of("msu"), levels_of("celeba_spoof")
    (('video', 'frame'), ('frame',))
    """
    return ("frame",) if is_still(dataset) else LEVELS


@dataclasses.dataclass(frozen=True)
class Columns:
    """One row a face or a video, sorted by id; all of shape (rows,). `values` are scores, or verdicts as 0, 1, -1."""

    ids: np.ndarray
    labels: np.ndarray
    species: np.ndarray
    subjects: np.ndarray
    datasets: np.ndarray
    values: np.ndarray


def _columns(rows: Sequence[tuple[str, Face, float]]) -> Columns:
    """Return (id, one of its faces, value) rows as columns."""
    rows = sorted(rows, key=lambda row: row[0])
    return Columns(
        ids=np.array([name for name, _, _ in rows], dtype=str),
        labels=np.array([int(face.label) for _, face, _ in rows], dtype=int),
        species=np.array([face.species for _, face, _ in rows], dtype=str),
        subjects=np.array([face.subject for _, face, _ in rows], dtype=str),
        datasets=np.array([face.dataset for _, face, _ in rows], dtype=str),
        values=np.array([value for _, _, value in rows]),
    )


def _faces_by_video(faces: Sequence[Face]) -> dict[str, list[Face]]:
    """Return the frames of each video by its id, and each still image alone by its face_id."""
    videos: dict[str, list[Face]] = {}
    for face in sorted(faces, key=lambda face: face.face_id):
        videos.setdefault(face.face_id if is_still(face.dataset) else face.presentation, []).append(face)
    return videos


def scores(faces: Sequence[Face], p_attack: Mapping[str, float], level: str, where: str) -> Columns:
    """Return the scores of `faces` at a level of `LEVELS`.

    Args:
        faces: each must have a score.
        p_attack: by face_id.
        level: of `LEVELS`; a still image stands for itself at both.
        where: begins the message.

    Raises:
        MetricError: naming a face without a score.
    """
    missing = sorted(face.face_id for face in faces if face.face_id not in p_attack)
    if missing:
        raise MetricError(f"{where}: no score for {len(missing)} of {len(faces)} faces, such as {missing[0]}; run `dvc repro`")
    if level == "frame":
        return _columns([(face.face_id, face, p_attack[face.face_id]) for face in faces])
    return _columns(
        [
            (video, frames[0], float(np.mean([p_attack[face.face_id] for face in frames])))
            for video, frames in _faces_by_video(faces).items()
        ]
    )


def majority(verdicts: Sequence[int]) -> int:
    """Return the verdict (0, 1, -1) of most of the decided `verdicts`; -1 for a tie.

    >>> majority([1, 1, 0, -1]), majority([0, 1])
    (1, -1)
    """
    balance = sum(verdict == 1 for verdict in verdicts) - sum(verdict == 0 for verdict in verdicts)
    return UNDECIDED if balance == 0 else int(balance > 0)


def verdicts(faces: Sequence[Face], verdict_of: Mapping[str, Verdict], level: str) -> Columns:
    """Return the verdicts, by face_id, at a level of `LEVELS`; faces without a verdict are omitted."""
    codes = {face.face_id: VERDICTS[verdict_of[face.face_id]] for face in faces if face.face_id in verdict_of}
    judged = [face for face in faces if face.face_id in codes]
    if level == "frame":
        return _columns([(face.face_id, face, codes[face.face_id]) for face in judged])
    return _columns(
        [
            (video, frames[0], majority([codes[face.face_id] for face in frames]))
            for video, frames in _faces_by_video(judged).items()
        ]
    )
