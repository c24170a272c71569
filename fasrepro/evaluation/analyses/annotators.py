"""Which annotator is right? The cues that captions name against the cues in the image. Only synthetic images have known cues.

Present and named are as in `grounding`, and so are the metrics. A label-aware annotator may write the cues that go with the
label, whether they are in the image or not. A label-blind one can only name what it sees, or what it mistakes for a cue.
Two caption sets are compared on the faces that both caption, and on the same drawn subjects.

Intervals resample subjects within their data set (`bootstrap.draw_stratified`), so every replicate holds all data sets.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from fasrepro import vocabulary
from fasrepro.evaluation import bootstrap
from fasrepro.evaluation.analyses import grounding
from fasrepro.evaluation.analyses.grounding import NamedCues
from fasrepro.evaluation.metrics import CUE_METRICS
from fasrepro.evaluation.results import EvaluationSettings, Figures
from fasrepro.evaluation.results.explanations import CaptionCue, CaptionGroup, CaptionSetCues, CaptionSetPair
from fasrepro.rows.faces import Face

STREAM = "annotators"
CUE_FIGURES = ("precision", "recall")  # of each cue alone
Draws = tuple[np.ndarray, np.ndarray]  # counts and subject_of_row, as `bootstrap.draw_subjects` returns them
Present = Mapping[str, Collection[str]]  # face_id -> cues in its image


@dataclasses.dataclass(frozen=True)
class CaptionTexts:
    """The captions of one set.

    Args:
        texts: by face_id.
        label_aware: whether the annotator was told the label.
        models: how many captions each model wrote.
        task: two sets with the same task differ only in whether the annotator was told the label.
    """

    texts: Mapping[str, str]
    label_aware: bool
    models: Mapping[str, int]
    task: str


def hits_by_cue(faces: Sequence[Face], texts: Mapping[str, str], present: Present) -> np.ndarray:
    """Return the `hits` of each cue alone, (faces, cues, 3), in the order of `vocabulary.CUES`."""
    hits = np.zeros((len(faces), len(vocabulary.CUES), 3))
    for row, face in enumerate(faces):
        named_cues, present_cues = set(vocabulary.named_cues(texts[face.face_id])), set(present[face.face_id])
        for column, cue in enumerate(vocabulary.CUES):
            hits[row, column] = grounding.hits(named_cues & {cue}, present_cues & {cue})
    return hits


def summarise(
    sets: Mapping[str, CaptionTexts], faces: Mapping[str, Face], present: Present, settings: EvaluationSettings
) -> tuple[dict[str, CaptionSetCues], list[CaptionSetPair]]:
    """Return the figures of each set, and those of each pair of a label-aware set with a label-blind one about the same faces.

    Args:
        sets: by name.
        faces: by face_id.
        present: cues by face_id.
        settings: of the bootstrap; equal subjects have equal draws.
    """
    pairs = [
        of_pair((name, baseline), sets, faces, present, settings)
        for name, one in sets.items()
        for baseline, other in sets.items()
        if one.label_aware and not other.label_aware and one.texts.keys() & other.texts.keys()
    ]
    return {name: of_set(captions, faces, present, settings) for name, captions in sets.items()}, pairs


def of_set(captions: CaptionTexts, faces: Mapping[str, Face], present: Present, settings: EvaluationSettings) -> CaptionSetCues:
    """Return the figures of one set: pooled, by data set, by species, by cue."""
    captioned = [faces[face_id] for face_id in sorted(captions.texts)]
    hits = hits_by_cue(captioned, captions.texts, present)
    counts, subject_of_row = _draw(captioned, settings)

    def group(rows: np.ndarray) -> CaptionGroup:
        named = _rows(captioned, hits.sum(axis=1), rows)
        return CaptionGroup(named.counts, _figures(named, (counts, subject_of_row[rows]), settings))

    def cue(column: int) -> CaptionCue:
        named = _rows(captioned, hits[:, column], everyone)
        right, wrong, missed = (int(number) for number in named.hits[named.labels == 1].sum(axis=0))
        figures = _figures(named, (counts, subject_of_row), settings)
        return CaptionCue(
            showing=right + missed,
            named=right + wrong,
            named_there=right,
            on_bona_fide=int(named.hits[named.labels == 0, 1].sum()),
            precision=figures["precision"],
            recall=figures["recall"],
        )

    everyone = np.arange(len(captioned))
    return CaptionSetCues(
        label_aware=captions.label_aware,
        models=dict(captions.models),
        pooled=group(everyone),
        datasets={name: group(rows) for name, rows in _rows_by_name([face.dataset for face in captioned]).items()},
        species={name: group(rows) for name, rows in _rows_by_name([face.species for face in captioned]).items()},
        cues={name: cue(column) for column, name in enumerate(vocabulary.CUES)},
    )


def of_pair(
    names: tuple[str, str],
    sets: Mapping[str, CaptionTexts],
    faces: Mapping[str, Face],
    present: Present,
    settings: EvaluationSettings,
) -> CaptionSetPair:
    """Return the first set minus the second, on the faces that both caption and on the same drawn subjects."""
    one, other = (sets[name] for name in names)
    shared = [faces[face_id] for face_id in sorted(set(one.texts) & set(other.texts))]
    draws = _draw(shared, settings)
    everyone = np.arange(len(shared))
    hits = [hits_by_cue(shared, captions.texts, present) for captions in (one, other)]

    def difference(first: np.ndarray, second: np.ndarray) -> Figures:
        ours, theirs = (_rows(shared, part, everyone) for part in (first, second))
        point, many = bootstrap.point_and_replicates(ours.measure, *draws)
        base_point, base_many = bootstrap.point_and_replicates(theirs.measure, *draws)
        subjects = ours.counts.subjects
        return {
            name: bootstrap.figure(point[name] - base_point[name], many[name] - base_many[name], settings.confidence, subjects)
            for name in CUE_METRICS
        }

    cues = {}
    for column, cue in enumerate(vocabulary.CUES):
        figures = difference(hits[0][:, column], hits[1][:, column])
        cues[cue] = {name: figures[name] for name in CUE_FIGURES}
    return CaptionSetPair(
        captions=names[0],
        baseline=names[1],
        same_task=one.task == other.task,
        counts=_rows(shared, hits[0].sum(axis=1), everyone).counts,
        difference=difference(hits[0].sum(axis=1), hits[1].sum(axis=1)),
        cues=cues,
    )


def _draw(faces: Sequence[Face], settings: EvaluationSettings) -> Draws:
    subjects, datasets = [face.subject for face in faces], [face.dataset for face in faces]
    counts, subject_of_row, _ = bootstrap.draw_stratified(subjects, datasets, settings.replicates, settings.seed, STREAM)
    return counts, subject_of_row


def _rows(faces: Sequence[Face], hits: np.ndarray, rows: np.ndarray) -> NamedCues:
    """Return some of the rows."""
    labels = np.array([int(faces[row].label) for row in rows], dtype=int)
    return NamedCues(labels, [faces[row].subject for row in rows], hits[rows])


def _figures(named: NamedCues, draws: Draws, settings: EvaluationSettings) -> Figures:
    point, replicates = bootstrap.point_and_replicates(named.measure, *draws)
    subjects = named.counts.subjects
    return {name: bootstrap.figure(point[name], replicates[name], settings.confidence, subjects) for name in CUE_METRICS}


def _rows_by_name(names: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the rows that have each name."""
    return {name: np.flatnonzero(np.array(names) == name) for name in sorted(set(names))}
