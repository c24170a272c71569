"""Grounding: does an explanation name the cues that are in the image? Only synthetic images have known cues.

A cue is present if it is visible in the face's crop (`regions.visible`), and named if one of its phrasings is in the text
(`vocabulary.named_cues`). A model that has learnt which cues go with attacks, and does not look at the image, names some present
cues by chance. So each figure is compared with that of a *sampler*, which answers with a caption of the run's own training set,
drawn from the captions of faces with the same label: what is possible without looking. The sampler knows the label, which a model
does not.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence

import numpy as np

from fasrepro import vocabulary
from fasrepro.evaluation import bootstrap, contributions, differences, metrics
from fasrepro.evaluation.differences import Compared, OnCell
from fasrepro.evaluation.inference import TargetDifference
from fasrepro.evaluation.metrics import CUE_METRICS, MetricError
from fasrepro.evaluation.results import Cell, Counts, EvaluationSettings, Figure, Figures
from fasrepro.evaluation.results.explanations import EXPLANATIONS, SAMPLER, CellGrounding, GroundingCounts
from fasrepro.evaluation.results.metrics import CellDifference, MeanDifference
from fasrepro.rows.faces import Face, Label


@dataclasses.dataclass(frozen=True)
class NamedCues:
    """One row a face: its label (rows,), its subject, and `hits` (rows, 3) as in `metrics.CueSample`."""

    labels: np.ndarray
    subjects: Sequence[str]
    hits: np.ndarray

    def measure(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """Return `CUE_METRICS`, each (replicates,), for weights (replicates, rows)."""
        return metrics.compute(CUE_METRICS, metrics.CueSample(self.labels, self.hits, weights))

    @property
    def counts(self) -> Counts:
        """The faces of each label, and the subjects."""
        attacks = int(self.labels.sum())
        return Counts(len(self.labels) - attacks, attacks, len(set(self.subjects)))


def hits(named: Collection[str], present: Collection[str]) -> tuple[int, int, int]:
    """Return how many cues are named and present, named and absent, present and not named.

    >>> hits(["moire", "bezel"], ["moire", "glare"])
    (1, 1, 1)
    """
    both = set(named) & set(present)
    return len(both), len(set(named)) - len(both), len(set(present)) - len(both)


def of_texts(faces: Sequence[Face], texts: Mapping[str, str], present: Mapping[str, Collection[str]]) -> NamedCues:
    """Return the rows of texts about `faces`; `texts` and `present` cues by face_id."""
    return _rows(faces, [hits(vocabulary.named_cues(texts[face.face_id]), present[face.face_id]) for face in faces])


def of_sampler(
    faces: Sequence[Face], captions: Mapping[Label, Sequence[str]], present: Mapping[str, Collection[str]]
) -> NamedCues:
    """Return the rows of the sampler: for each face the mean over all training captions of its label, its expectation.

    Args:
        faces: the explained faces.
        captions: of the run's training set, by label.
        present: cues by face_id.

    Raises:
        MetricError: where a label has no captions.
    """
    cues_by_label = {label: [vocabulary.named_cues(text) for text in texts] for label, texts in captions.items()}
    expected = []
    for face in faces:
        if not cues_by_label.get(face.label):
            raise MetricError(f"no training caption of a face that is {face.label.name.lower()}: nothing to sample from")
        drawn = [hits(cues, present[face.face_id]) for cues in cues_by_label[face.label]]
        expected.append(tuple(np.mean(drawn, axis=0)))
    return _rows(faces, expected)


def _rows(faces: Sequence[Face], hits: Sequence[tuple[float, ...]]) -> NamedCues:
    labels = np.array([int(face.label) for face in faces], dtype=int)
    return NamedCues(labels, [face.subject for face in faces], np.array(hits, dtype=float).reshape(-1, 3))


def compared_with_sampler(by_seed: Mapping[int, NamedCues], sampler: NamedCues, cell: Cell) -> OnCell | None:
    """Return F1 of the explanations minus that of the sampler, by seed and subject; None where a seed has no F1."""
    subjects, subject_of_row = np.unique(sampler.subjects, return_inverse=True)
    ones = np.ones((1, len(sampler.labels)))

    def f1(rows: NamedCues) -> np.ndarray:
        return contributions.of_sample(metrics.CueSample(rows.labels, rows.hits, ones), subject_of_row)["f1"]

    baseline = f1(sampler)
    values = np.stack([f1(rows) - baseline for _, rows in sorted(by_seed.items())])
    if np.isnan(values).any():
        return None
    difference = TargetDifference(cell.target, cell.protocol, subjects.tolist(), values)
    return OnCell(cell, difference, float(baseline.mean()))


def tests(by_cell: Iterable[tuple[OnCell, Hashable]], confidence: float) -> tuple[list[CellDifference], list[MeanDifference]]:
    """Return the difference on each cell, and the mean of each run over the cells of a pool; `by_cell`: with the pool of each."""
    rows: list[CellDifference] = []
    groups: dict[tuple[Compared, Hashable], list[OnCell]] = {}
    for one, pool in by_cell:
        compared = Compared(one.cell.run, SAMPLER, EXPLANATIONS, "frame", "f1")
        rows.append(differences.on_cell(compared, one, confidence))
        groups.setdefault((compared, pool), []).append(one)
    means = [differences.over_cells(compared, group, confidence) for (compared, _), group in groups.items() if len(group) > 1]
    return rows, means


def summarise(by_seed: Mapping[int, NamedCues], sampler: NamedCues, cell: Cell, settings: EvaluationSettings) -> CellGrounding:
    """Return a cell's figures. Intervals resample subjects and seeds with the draws of the metrics.

    Args:
        by_seed: rows of the explanations, all of the same faces in the same order.
        sampler: rows of the sampler, of the same faces.
        cell: the target names the draws of subjects, the cell those of seeds.
        settings: of the bootstrap.
    """
    draws = bootstrap.draw_subjects(sampler.subjects, sampler.labels, settings.replicates, settings.seed, cell.target)
    seed_draws = bootstrap.draw_seeds(len(by_seed), settings.replicates, settings.seed, cell.cell)
    seeds = [bootstrap.point_and_replicates(rows.measure, *draws) for _, rows in sorted(by_seed.items())]
    sampler_point, sampler_replicates = bootstrap.point_and_replicates(sampler.measure, *draws)
    counts = sampler.counts

    def figure(value: float, replicates: np.ndarray) -> Figure:
        return bootstrap.figure(float(value), replicates, settings.confidence, counts.subjects)

    explained: Figures = {}
    by_sampler: Figures = {}
    difference: Figures = {}
    for name in CUE_METRICS:
        value, replicates = bootstrap.seed_mean(seeds, name, seed_draws)
        explained[name] = figure(value, replicates)
        by_sampler[name] = figure(sampler_point[name], sampler_replicates[name])
        difference[name] = figure(value - sampler_point[name], replicates - sampler_replicates[name])
    return CellGrounding(
        **cell.names,
        counts=GroundingCounts(**dataclasses.asdict(counts), seeds=len(by_seed)),
        explained=explained,
        sampler=by_sampler,
        difference=difference,
    )
