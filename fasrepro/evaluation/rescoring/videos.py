"""The rows of a split by video, for each training, in the order of the scores; a higher score means an attack.

The direction of scores is not guessed: an option or the file's layout states it, and this module alone reverses scores. Scores
are otherwise unchanged.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from fasrepro.evaluation import metrics
from fasrepro.evaluation.rescoring.source import ScoresError
from fasrepro.evaluation.rescoring.table import SPLITS, Table, pair_codes


@dataclasses.dataclass(frozen=True)
class Videos:
    """One row a video, by ascending score. All arrays are (videos,).

    Args:
        labels: 0 bona fide, 1 attack.
        scores: mean over frames.
        first: the score of the frame with the lowest number; of the first row in the file where frames have no numbers.
        species: places in the table's values of species.
        datasets: places in the table's values of data sets.
        units: number of the subject, or of the video where subjects are unknown: the same for all trainings.
        frames: how many rows of the file the video has.
    """

    labels: np.ndarray
    scores: np.ndarray
    first: np.ndarray
    species: np.ndarray
    datasets: np.ndarray
    units: np.ndarray
    frames: np.ndarray

    def select(self, rows: np.ndarray) -> Videos:
        """Return some of the videos; `rows`: bool or places."""
        return Videos(*(getattr(self, field.name)[rows] for field in dataclasses.fields(self)))


def by_training(table: Table, split: str, higher_is_bona_fide: bool) -> list[Videos]:
    """Return a split's videos for each training: one for each value of the column seed in the table, or one.

    Raises:
        ScoresError: where a split or a label is missing, or trainings have scored different videos.
    """
    rows = np.flatnonzero(table.splits == SPLITS.index(split))
    videos, seeds = table.videos()[rows], table.codes("seed")[rows]
    names, number = np.unique(videos, return_inverse=True)
    trainings = []
    for seed, name in enumerate(table.values("seed")):
        own = rows[seeds == seed]
        trainings.append(_videos(table, own, number[seeds == seed], higher_is_bona_fide))
        if len(trainings[-1].labels) != len(names):
            missing = np.setdiff1d(np.arange(len(names)), number[seeds == seed])[0]
            row = int(rows[np.flatnonzero(number == missing)[0]])
            column = "video" if "video" in table.texts else "path"
            fault = f"split {split}: seed {name!r} has no score of {column} {table.texts[column][row]!r}"
            raise ScoresError(
                f"{table.place(row)}: {fault}; every training needs scores of the same videos: add it, or remove it"
            )
    for label, name in metrics.LABELS.items():
        if not (trainings[0].labels == label).any():
            fault = f"split {split}: no {name} among {len(names)} videos"
            raise ScoresError(f"{table.where}: {fault}; error rates need both labels: add such rows")
    return trainings


def _videos(table: Table, rows: np.ndarray, number: np.ndarray, higher_is_bona_fide: bool) -> Videos:
    """Return the videos of some rows; `number`: of each row's video, (rows,)."""
    frames_by_number = table.frame_numbers()
    order = np.argsort(number, kind="stable") if frames_by_number is None else np.lexsort((frames_by_number[rows], number))
    rows = rows[order]
    starts = np.flatnonzero(np.diff(number[order], prepend=-1))
    heads = rows[starts]
    frames = np.diff(starts, append=len(rows))
    sign = -1.0 if higher_is_bona_fide else 1.0
    scores = sign * _means(table.scores[rows], starts, frames)
    unit_names = table.codes("subject") if "subject" in table.texts else None
    if unit_names is None:
        units = np.arange(len(heads), dtype=np.int32)
    else:
        pairs = pair_codes(table.codes("dataset")[heads], unit_names[heads])
        units = np.unique(pairs, return_inverse=True)[1].astype(np.int32)
    by_number = Videos(
        labels=table.labels[heads],
        scores=scores,
        first=sign * table.scores[heads],
        species=table.codes("species")[heads],
        datasets=table.codes("dataset")[heads],
        units=units,
        frames=frames,
    )
    return by_number.select(np.argsort(scores, kind="stable"))


def _means(scores: np.ndarray, starts: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Return the mean of each run of scores; `fsum` rounds once, so it depends neither on the order of frames nor on the sign."""
    means = scores[starts]
    for video in np.flatnonzero(frames > 1):
        start, count = int(starts[video]), int(frames[video])
        means[video] = math.fsum(scores[start : start + count].tolist()) / count
    return means
