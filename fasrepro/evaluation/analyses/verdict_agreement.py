"""What readers make of explanations, whole and without their verdict, and how that goes with the head and with other readers.

All by frame, as paper 1 counts, an undecided explanation being wrong. Figures are means over seeds; intervals resample subjects
and seeds as those of the metrics do.

- accuracy and HTER of each reader on each of `variants`: whole, cut, flipped.
- kappa: Cohen's kappa of two readers' verdicts on the whole texts that both read, "undecided" being a verdict like any other
  (Educational and Psychological Measurement 20, 37-46, 1960).
- disagreement: of the explanations that a reader decides, the share whose verdict is not that of the head at its own dev
  threshold (which is by video, as everywhere: see `summary`).
- unparsed: share of explanations that do not have the form of any caption style that the run was trained on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fasrepro.evaluation import bootstrap, metrics
from fasrepro.evaluation.aggregate import VERDICTS
from fasrepro.evaluation.metrics import UNDECIDED, MetricError
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face

Values = dict[str, np.ndarray]  # by name, each of shape (replicates,)
SHOWN = ("accuracy", "hter", "undecided")  # of `metrics.READINGS`
CHANCE_ONE = 1e-12  # kappa is not defined where two readers agree by chance alone


@dataclasses.dataclass(frozen=True)
class Read:
    """One seed's explanations of a job, one row a face, sorted by id.

    `verdicts`: by channel ("lexical", "lexical_cut"), each (rows,) of 0, 1, -1 for undecided, and NaN for what was not read.
    `decided`: (rows,) of the head's 0 and 1. `unparsed`: (rows,) of 0 and 1, or None where the run has no form to keep.
    """

    ids: np.ndarray
    labels: np.ndarray
    subjects: Sequence[str]
    verdicts: Mapping[str, np.ndarray]
    decided: np.ndarray
    unparsed: np.ndarray | None


def gather(
    faces: Sequence[Face],
    verdicts: Mapping[str, Mapping[str, Verdict]],
    decided: Mapping[str, bool],
    unparsed: Mapping[str, bool] | None,
) -> Read:
    """Return the rows of what was read of `faces`; `verdicts` by channel and face_id, the others by face_id."""
    faces = sorted(faces, key=lambda face: face.face_id)
    ids = [face.face_id for face in faces]
    return Read(
        np.array(ids, dtype=str),
        np.array([int(face.label) for face in faces]),
        [face.subject for face in faces],
        {
            channel: np.array([float(VERDICTS[given[name]]) if name in given else np.nan for name in ids])
            for channel, given in verdicts.items()
        },
        np.array([int(decided[name]) for name in ids]),
        None if unparsed is None else np.array([int(unparsed[name]) for name in ids]),
    )


def kappa(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Cohen's kappa, shape (replicates,); `first`, `second` (rows,) of -1, 0, 1, `weights` (replicates, rows).

    NaN where both give one and the same verdict throughout, and where there is none.
    """
    total = weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = weights @ (first == second) / total
        chance = np.zeros(len(weights))
        for verdict in (UNDECIDED, *metrics.LABELS):
            chance += (weights @ (first == verdict)) * (weights @ (second == verdict)) / total**2
        return np.where(1 - chance > CHANCE_ONE, (observed - chance) / (1 - chance), np.nan)


def disagreement(verdicts: np.ndarray, decided: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the share of the decided `verdicts` that are not the head's, shape (replicates,); NaN where none is decided."""
    known = verdicts != UNDECIDED
    with np.errstate(invalid="ignore", divide="ignore"):
        return weights @ (known & (verdicts != decided)) / (weights @ known)


def measure(read: Read, channel: str, first: str, weights: np.ndarray) -> Values:
    """Return `SHOWN` of one channel for weights (replicates, rows), its disagreement with the head, and its kappa with the
    channel `first`, which has none itself."""
    verdicts = read.verdicts[channel]
    rows = ~np.isnan(verdicts)
    given = verdicts[rows].astype(int)
    found = metrics.measure_readings(metrics.Readings(read.labels[rows], given, weights[:, rows]))
    made = {name: found[name] for name in SHOWN}
    made["disagreement"] = disagreement(given, read.decided[rows], weights[:, rows])
    if channel != first and first in read.verdicts:
        both = rows & ~np.isnan(read.verdicts[first])
        made["kappa"] = kappa(verdicts[both], read.verdicts[first][both], weights[:, both])
    return made


def summarise(
    by_seed: Mapping[int, Read], first: str, target: str, protocol: str, replicates: int, confidence: float, seed: int
) -> dict[str, Any]:
    """Return {"channels": {channel: {figure: {"value", "low", "high"}}}, "unparsed", "counts"} of one job.

    `first` is the reader that the others are held against. `target` names the draws of subjects, `protocol` those of seeds, as
    they do for the metrics. Raises `MetricError` where the seeds' explanations are not of the same faces.
    """
    seeds = sorted(by_seed)
    one = by_seed[seeds[0]]
    for number in seeds:
        if not np.array_equal(by_seed[number].ids, one.ids):
            raise MetricError(f"seed {number} explains other faces than seed {seeds[0]}; run `dvc repro`")
    draws = bootstrap.draw_seeds(len(seeds), replicates, seed, protocol)
    report: dict[str, Any] = {"channels": {}}
    for channel in sorted(one.verdicts):
        rows = ~np.isnan(one.verdicts[channel])
        # A reader that reads few videos has draws of its own: of the subjects whose videos it reads.
        subjects = [name for name, read in zip(one.subjects, rows, strict=True) if read]
        if not rows.any() or len(set(one.labels[rows].tolist())) < 2:
            continue
        counts, place = bootstrap.draw_subjects(subjects, one.labels[rows], replicates, seed, target)
        place = _spread(place, rows)

        def figures(read: Read, weights: np.ndarray, channel: str = channel) -> Values:
            return measure(read, channel, first, weights)

        points = {n: figures(by_seed[n], np.ones((1, len(rows)))) for n in seeds}
        drawn = {n: bootstrap.replicated(lambda w, n=n: figures(by_seed[n], w), counts, place) for n in seeds}
        report["channels"][channel] = {
            name: bootstrap.figure(
                float(np.mean([points[n][name][0] for n in seeds])),
                bootstrap.over_seeds(np.stack([drawn[n][name] for n in seeds]), draws),
                confidence,
                len(set(subjects)),
            )
            for name in points[seeds[0]]
        } | {"read": int(rows.sum())}
    forms = [by_seed[n].unparsed for n in seeds]
    report["unparsed"] = None if any(form is None for form in forms) else float(np.mean(forms))
    report["counts"] = {"explanations": len(one.ids), "subjects": len(set(one.subjects)), "seeds": len(seeds)}
    return report


def _spread(place: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the number of each row's subject where `rows` is True; elsewhere 0, which nothing reads."""
    whole = np.zeros(len(rows), dtype=int)
    whole[rows] = place
    return whole
