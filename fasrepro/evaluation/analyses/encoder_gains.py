"""What training does to the encoder: AUC of the probes of `encoders` after training minus before, and where the saliency lies.

All probes are fitted on train people of the sources, and measured on dev people of the sources and on test people of the targets.

Intervals resample subjects, as `bootstrap` says. A replicate without anybody who shows a cue, or without anybody who does not,
omits that cue, before training and after. The people of the fit are not drawn: every replicate has the same probe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fasrepro.evaluation import bootstrap
from fasrepro.evaluation.analyses import saliency, shortcuts
from fasrepro.evaluation.analyses.encoders import ATTACK, ENCODERS, Readouts
from fasrepro.evaluation.results import EvaluationSettings, Figure
from fasrepro.evaluation.results.encoder_gains import Gain, GroupGains, Inside, Saliency, TrainedEncoder
from fasrepro.evaluation.results.shared import FaceCounts

Array = np.ndarray
LEAST_SUBJECTS = 5  # with and without a cue, among the measured, for an AUC


def won_pairs(margins: Array, positive: Array, subject_of_row: Array, subjects: int) -> Array:
    """Return the pairs of faces that margins order rightly, by the subjects of both; a tie counts half.

    Args:
        margins: (faces,).
        positive: (faces,) bool.
        subject_of_row: (faces,) numbers of subjects.
        subjects: how many there are.

    Returns:
        (subjects, subjects), that of the positive face first.
    """
    own = np.eye(subjects)[subject_of_row]
    rounded = np.round(margins, shortcuts.DECIMALS)
    ordered = np.sign(rounded[positive][:, None] - rounded[~positive][None, :])
    return own[positive].T @ ((ordered + 1) / 2) @ own[~positive]


def replicated_auc(margins: Array, positive: Array, subject_of_row: Array, counts: Array) -> Array:
    """Return the AUC when each subject stands in as often as `counts` says; NaN without faces of both kinds.

    Args:
        margins: (faces,).
        positive: (faces,) bool.
        subject_of_row: (faces,) numbers of subjects.
        counts: (replicates, subjects).

    Returns:
        (replicates,).
    """
    subjects = counts.shape[1]
    won = ((counts @ won_pairs(margins, positive, subject_of_row, subjects)) * counts).sum(axis=1)
    faces = [counts @ np.bincount(subject_of_row[rows], minlength=subjects) for rows in (positive, ~positive)]
    return _ratio(won, faces[0] * faces[1])


def drawn_subjects(subjects: Sequence[str], settings: EvaluationSettings, stream: str) -> tuple[Array, Array]:
    """Return how often each replicate draws each subject, (1 + replicates, subjects), and each row's subject, (rows,).

    The first row is the subjects as they are.
    """
    names, subject_of_row = np.unique(np.asarray(subjects), return_inverse=True)
    random = bootstrap.generator(settings.seed, f"{stream}/encoder subjects")
    counts = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=settings.replicates)
    return np.concatenate([np.ones((1, len(names))), counts]), subject_of_row


def summarise(
    by_seed: Mapping[int, Readouts], subjects: Mapping[str, str], place: tuple[str, str], shown: int, settings: EvaluationSettings
) -> TrainedEncoder:
    """Return the figures of a run on a protocol: means over seeds, with intervals that resample subjects and seeds.

    Args:
        by_seed: of the same faces and questions.
        subjects: by face_id.
        place: protocol and run. Runs of a protocol share their draws, so that their intervals differ by the runs alone.
        shown: pictures whose maps are kept.
        settings: of the bootstrap.
    """
    protocol, run = place
    seeds = [readouts for _, readouts in sorted(by_seed.items())]
    groups = dict.fromkeys(seeds[0].groups.tolist())
    return TrainedEncoder(
        protocol=protocol,
        run=run,
        seeds=sorted(by_seed),
        groups={group: group_gains(seeds, group, subjects, protocol, settings) for group in groups},
        saliency=saliency_of(seeds, subjects, protocol, shown, settings) if len(seeds[0].pictured) else None,
    )


def group_gains(
    seeds: Sequence[Readouts], group: str, subjects: Mapping[str, str], protocol: str, settings: EvaluationSettings
) -> GroupGains:
    """Return the gains on one group of people; the arguments are those of `summarise`."""
    own = seeds[0].groups == group
    people = np.array([subjects[face_id] for face_id in seeds[0].face_ids[own].tolist()])
    stream = f"{protocol}/{group}"
    counts, subject_of_row = drawn_subjects(people, settings, stream)
    draws = bootstrap.draw_seeds(len(seeds), settings.replicates, settings.seed, stream)
    gain_of: dict[str, Array] = {}
    for number, question in enumerate(seeds[0].questions.tolist()):
        positive = seeds[0].answers[own][:, number]
        among = np.ones(len(positive), dtype=bool) if question == ATTACK else seeds[0].answers[own][:, 0]
        with_and_without = [set(people[among & rows].tolist()) for rows in (positive, ~positive)]
        if min(map(len, with_and_without)) < LEAST_SUBJECTS:
            continue
        asked = positive[among], subject_of_row[among], counts
        auc = np.array([[replicated_auc(one[own][among, number], *asked) for one in readouts.margins] for readouts in seeds])
        gain_of[question] = bootstrap.mean_with_replicates(auc.transpose(0, 2, 1), draws)
    cues = {question: auc for question, auc in gain_of.items() if question != ATTACK}
    size = counts.shape[1]
    return GroupGains(
        counts=FaceCounts(int(own.sum()), size),
        attack=_gain(gain_of[ATTACK], settings, size) if ATTACK in gain_of else None,
        cues=_gain(_mean_of_defined(np.stack(list(cues.values()))), settings, size) if cues else None,
        by_cue={cue: _gain(auc, settings, size) for cue, auc in cues.items()},
    )


def _gain(auc: Array, settings: EvaluationSettings, subjects: int) -> Gain:
    """Return the figures of (1 + replicates, encoders)."""
    foundation, trained = (auc[:, place] for place in range(len(ENCODERS)))
    return Gain(*(_figure(values, settings, subjects) for values in (foundation, trained, trained - foundation)))


def _figure(values: Array, settings: EvaluationSettings, subjects: int) -> Figure:
    """Return the figure of a value that its replicates follow; (1 + replicates,)."""
    return bootstrap.figure(float(values[0]), values[1:], settings.confidence, subjects)


def _mean_of_defined(values: Array) -> Array:
    """Return the mean over the first axis of what is not NaN; NaN where all are."""
    return _ratio(np.where(np.isnan(values), 0.0, values).sum(axis=0), (~np.isnan(values)).sum(axis=0))


def _ratio(sums: Array, total: Array) -> Array:
    """Return sums / total; NaN where the total is 0."""
    return np.divide(sums, total, out=np.full(np.shape(sums), np.nan), where=np.asarray(total) > 0)


def saliency_of(
    seeds: Sequence[Readouts], subjects: Mapping[str, str], protocol: str, shown: int, settings: EvaluationSettings
) -> Saliency:
    """Return where the saliency lies, and the maps of the first pictures; the arguments are those of `summarise`."""
    one = seeds[0]
    stream = f"{protocol}/pictures"
    counts, subject_of_row = drawn_subjects([subjects[face_id] for face_id in one.pictured.tolist()], settings, stream)
    draws = bootstrap.draw_seeds(len(seeds), settings.replicates, settings.seed, stream)
    weights, size, kept = counts[:, subject_of_row], counts.shape[1], one.pictured[:shown].tolist()
    area = one.coverage.mean(axis=(1, 2))
    by_score, maps = {}, {}
    for number, name in enumerate(saliency.SCORES):
        inside = np.stack([saliency.inside(readouts.falls[number], readouts.coverage) for readouts in seeds])
        moved = ~np.isnan(inside)
        figures = []
        for values in (inside, inside - area):
            means = _ratio(np.where(moved, values, 0.0) @ weights.T, moved @ weights.T)  # (seeds, 1 + replicates)
            mean = bootstrap.mean_with_replicates(means[:, :, None], draws)[:, 0]
            figures.append(_figure(mean, settings, size))
        by_score[name] = Inside(*figures, unmoved=float((~moved).sum(axis=1).mean()))
        shares = np.nan_to_num(saliency.shares(one.falls[number][:shown]))
        maps[name] = dict(zip(kept, shares.tolist(), strict=True))
    regions = dict(zip(kept, one.coverage[:shown].tolist(), strict=True))
    return Saliency(FaceCounts(len(one.pictured), size), float(area.mean()), by_score, regions, maps)
