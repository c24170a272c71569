"""Readers' verdicts on explanations, whole and without their verdict, and their agreement with the head and with other readers.

All figures are by frame, as paper 1 counts, and an undecided explanation is wrong. Figures are means over seeds; intervals
resample subjects and seeds with the draws of the metrics.

- accuracy and HTER of each reader on each variant of the texts (`readers.verdict_ablation`): whole, cut, flipped.
- kappa: Cohen's kappa of two readers' verdicts on the whole texts that both read, where "undecided" is a verdict like any other
  (Educational and Psychological Measurement 20, 37-46, 1960).
- disagreement: of the explanations that a reader decides, the share whose verdict differs from the head's at its own dev
  threshold (which is by video, as everywhere: see `estimates`).
- unparsed: share of explanations that have the form of none of the caption styles that the run was trained on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from fasrepro.evaluation import bootstrap, metrics
from fasrepro.evaluation.aggregate import VERDICTS
from fasrepro.evaluation.metrics import READER_METRICS, UNDECIDED, MetricError
from fasrepro.evaluation.results import Cell, EvaluationSettings
from fasrepro.evaluation.results.explanations import CellAgreement, ChannelAgreement, ExplanationCounts
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face

Values = dict[str, np.ndarray]  # by name, each of shape (replicates,)
SHOWN = ("accuracy", "hter", "undecided")  # of `metrics.READER_METRICS`
CHANCE_ONE = 1e-12  # kappa is undefined where two readers agree by chance alone


@dataclasses.dataclass(frozen=True)
class Verdicts:
    """One seed's explanations of a cell, one row a face, sorted by id.

    Args:
        ids: face_ids, (rows,).
        labels: 0 and 1, (rows,).
        subjects: of each row.
        verdicts: by channel ("lexical", "lexical_cut"), each (rows,) of 0, 1, -1 for undecided, and NaN for what was not read.
        head: the head's decisions, 0 and 1, (rows,).
        unparsed: 0 and 1, (rows,), or None where the run's captions have no form.
    """

    ids: np.ndarray
    labels: np.ndarray
    subjects: Sequence[str]
    verdicts: Mapping[str, np.ndarray]
    head: np.ndarray
    unparsed: np.ndarray | None


def gather(
    faces: Sequence[Face],
    verdicts: Mapping[str, Mapping[str, Verdict]],
    head: Mapping[str, bool],
    unparsed: Mapping[str, bool] | None,
) -> Verdicts:
    """Return one seed's rows.

    Args:
        faces: that were explained.
        verdicts: by channel, then by face_id.
        head: whether the head calls a face an attack, by face_id.
        unparsed: whether an explanation has no form of the captions, by face_id; None where these have no form.
    """
    faces = sorted(faces, key=lambda face: face.face_id)
    ids = [face.face_id for face in faces]
    by_channel = {
        channel: np.array([float(VERDICTS[by_face[name]]) if name in by_face else np.nan for name in ids])
        for channel, by_face in verdicts.items()
    }
    return Verdicts(
        ids=np.array(ids, dtype=str),
        labels=np.array([int(face.label) for face in faces]),
        subjects=[face.subject for face in faces],
        verdicts=by_channel,
        head=np.array([int(head[name]) for name in ids]),
        unparsed=None if unparsed is None else np.array([int(unparsed[name]) for name in ids]),
    )


def kappa(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return Cohen's kappa, (replicates,); `first`, `second` (rows,) of -1, 0, 1, `weights` (replicates, rows).

    NaN where both readers give one and the same verdict throughout, and where there is no row.
    """
    total = weights.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = weights @ (first == second) / total
        chance = np.zeros(len(weights))
        for verdict in (UNDECIDED, *metrics.LABELS):
            chance += (weights @ (first == verdict)) * (weights @ (second == verdict)) / total**2
        return np.where(1 - chance > CHANCE_ONE, (observed - chance) / (1 - chance), np.nan)


def disagreement(verdicts: np.ndarray, head: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the share of the decided `verdicts` that differ from the head's, (replicates,); NaN where none is decided."""
    decided = verdicts != UNDECIDED
    with np.errstate(invalid="ignore", divide="ignore"):
        return weights @ (decided & (verdicts != head)) / (weights @ decided)


def measure(rows: Verdicts, channel: str, first: str, weights: np.ndarray) -> Values:
    """Return the figures of one channel, each (replicates,): `SHOWN`, "disagreement" with the head, "kappa" with `first`.

    The channel `first` has no kappa. `weights`: (replicates, rows).
    """
    verdicts = rows.verdicts[channel]
    read = ~np.isnan(verdicts)
    codes = verdicts[read].astype(int)
    figures = metrics.compute(READER_METRICS, metrics.VerdictSample(rows.labels[read], codes, weights[:, read]))
    values = {name: figures[name] for name in SHOWN}
    values["disagreement"] = disagreement(codes, rows.head[read], weights[:, read])
    if channel != first and first in rows.verdicts:
        both = read & ~np.isnan(rows.verdicts[first])
        values["kappa"] = kappa(verdicts[both], rows.verdicts[first][both], weights[:, both])
    return values


def summarise(by_seed: Mapping[int, Verdicts], first: str, cell: Cell, settings: EvaluationSettings) -> CellAgreement:
    """Return a cell's figures.

    A channel is omitted where it read no explanation, or explanations of one label alone.

    Args:
        by_seed: rows of the same faces.
        first: the reader that the others are compared with.
        cell: the target names the draws of subjects, the cell those of seeds, as for the metrics.
        settings: of the bootstrap.

    Raises:
        MetricError: where the seeds' explanations are not of the same faces.
    """
    seeds = sorted(by_seed)
    rows = by_seed[seeds[0]]
    for seed in seeds:
        if not np.array_equal(by_seed[seed].ids, rows.ids):
            raise MetricError(f"{cell.key}: seed {seed} explains other faces than seed {seeds[0]}; run `dvc repro`")
    draws = bootstrap.draw_seeds(len(seeds), settings.replicates, settings.seed, cell.cell)
    channels = {}
    for channel in sorted(rows.verdicts):
        read = ~np.isnan(rows.verdicts[channel])
        if len(set(rows.labels[read].tolist())) == 2:
            channels[channel] = _channel([by_seed[seed] for seed in seeds], channel, first, cell.target, draws, settings)
    unparsed = [by_seed[seed].unparsed for seed in seeds]
    return CellAgreement(
        **cell.names,
        counts=ExplanationCounts(len(rows.ids), len(set(rows.subjects)), len(seeds)),
        channels=channels,
        unparsed=None if any(form is None for form in unparsed) else float(np.mean(unparsed)),
    )


def _channel(
    seeds: Sequence[Verdicts], channel: str, first: str, target: str, seed_draws: np.ndarray, settings: EvaluationSettings
) -> ChannelAgreement:
    """Return the figures of one channel over `seeds`. A reader that reads few videos has draws of the subjects in these."""
    rows = seeds[0]
    read = ~np.isnan(rows.verdicts[channel])
    subjects = [name for name, one in zip(rows.subjects, read, strict=True) if one]
    counts, subject_of_read_row = bootstrap.draw_subjects(subjects, rows.labels[read], settings.replicates, settings.seed, target)
    subject_of_row = np.zeros(len(read), dtype=int)  # of rows that were not read: 0, which nothing uses
    subject_of_row[read] = subject_of_read_row
    estimates = []
    for one in seeds:

        def measure_seed(weights: np.ndarray, one: Verdicts = one) -> Values:
            return measure(one, channel, first, weights)

        estimates.append(bootstrap.point_and_replicates(measure_seed, counts, subject_of_row))
    figures = {}
    for name in estimates[0][0]:
        value, replicates = bootstrap.seed_mean(estimates, name, seed_draws)
        figures[name] = bootstrap.figure(value, replicates, settings.confidence, len(set(subjects)))
    return ChannelAgreement(int(read.sum()), figures)
