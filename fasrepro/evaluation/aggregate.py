"""Scores and verdicts by frame and by video, as columns that the metrics take.

A video's score is the mean over its frames; its verdict is the majority of those frames whose verdict is decided, and undecided
where both sides have as many votes or none is decided.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from fasrepro.evaluation.metrics import UNDECIDED, MetricError
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Judgement

VERDICTS = {Verdict.BONA_FIDE: 0, Verdict.ATTACK: 1, Verdict.UNDECIDED: UNDECIDED}
LEVELS = ("video", "frame")


@dataclasses.dataclass(frozen=True)
class Columns:
    """One row a face or a video, sorted by id; all of shape (rows,). `values` are scores, or verdicts as 0, 1, -1."""

    ids: np.ndarray
    labels: np.ndarray
    species: np.ndarray
    subjects: np.ndarray
    datasets: np.ndarray
    values: np.ndarray


def by_job(judgements: Iterable[Judgement]) -> dict[tuple[str, str], list[Judgement]]:
    """Return judgements by (protocol, run), in their order."""
    found: dict[tuple[str, str], list[Judgement]] = {}
    for row in judgements:
        found.setdefault((row.protocol, row.run), []).append(row)
    return found


def _columns(rows: Sequence[tuple[str, Face, float]]) -> Columns:
    rows = sorted(rows, key=lambda row: row[0])
    return Columns(
        ids=np.array([name for name, _, _ in rows], dtype=str),
        labels=np.array([int(face.label) for _, face, _ in rows], dtype=int),
        species=np.array([face.species for _, face, _ in rows], dtype=str),
        subjects=np.array([face.subject for _, face, _ in rows], dtype=str),
        datasets=np.array([face.dataset for _, face, _ in rows], dtype=str),
        values=np.array([value for _, _, value in rows]),
    )


def _videos(faces: Sequence[Face]) -> dict[str, list[Face]]:
    videos: dict[str, list[Face]] = {}
    for face in sorted(faces, key=lambda face: face.face_id):
        videos.setdefault(face.presentation, []).append(face)
    return videos


def scores(faces: Sequence[Face], p_attack: Mapping[str, float], level: str, where: str) -> Columns:
    """Return the scores of `faces` at a level of `LEVELS`; raises `MetricError` naming `where` and a face without a score."""
    missing = sorted(face.face_id for face in faces if face.face_id not in p_attack)
    if missing:
        raise MetricError(f"{where}: no score for {len(missing)} of {len(faces)} faces, such as {missing[0]}; run `dvc repro`")
    if level == "frame":
        return _columns([(face.face_id, face, p_attack[face.face_id]) for face in faces])
    videos = _videos(faces)
    return _columns([(name, group[0], float(np.mean([p_attack[f.face_id] for f in group]))) for name, group in videos.items()])


def majority(verdicts: Sequence[int]) -> int:
    """Return the verdict (0, 1, -1) that most of the decided `verdicts` give; -1 for a tie."""
    balance = sum(verdict == 1 for verdict in verdicts) - sum(verdict == 0 for verdict in verdicts)
    return UNDECIDED if balance == 0 else int(balance > 0)


def verdicts(faces: Sequence[Face], given: Mapping[str, Verdict], level: str) -> Columns:
    """Return the verdicts at a level of `LEVELS`, of those of `faces` that were judged."""
    judged = {face.face_id: VERDICTS[given[face.face_id]] for face in faces if face.face_id in given}
    faces = [face for face in faces if face.face_id in judged]
    if level == "frame":
        return _columns([(face.face_id, face, judged[face.face_id]) for face in faces])
    return _columns([(name, group[0], majority([judged[f.face_id] for f in group])) for name, group in _videos(faces).items()])
