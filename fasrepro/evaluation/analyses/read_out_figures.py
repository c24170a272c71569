"""Does a detector's verdict depend on where it is read, as its answer or at the Conclusion of a chain? And what decides it there?

Three read-outs give P(attack) of a face: the answer to the label question, the Conclusion behind the model's own greedy chain,
and the mean over several sampled chains. Each has a threshold of its own, which is chosen on the same dev faces. A face counts
where all three are known, so that they are compared on the same faces.

A forced chain was written about another subject. Where P(attack) follows the image, the Conclusion is read from the image; where
it follows the chain, from the words before it.

Intervals resample subjects and seeds, as `bootstrap` says. A pair of an image and a forced chain counts as often as both subjects
are drawn, each time they are drawn. Targets have people of their own, so their draws are independent, and those of seeds are the
same for all targets of a protocol. Thresholds are fixed.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from fasrepro.evaluation import bootstrap, metrics, roc
from fasrepro.evaluation.analyses.read_outs import GREEDY, ChainScore
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import Cell, Counts, EvaluationSettings, Figure
from fasrepro.evaluation.results.read_outs import (
    ANSWER,
    BY_CHAIN,
    BY_IMAGE,
    CHAIN,
    FOLLOWS_IMAGE,
    READ_OUTS,
    CellReadOuts,
    ChainCounts,
    ReadOuts,
    RunReadOuts,
)
from fasrepro.evaluation.roc import ratio
from fasrepro.rows.faces import Face, Label

Array = np.ndarray
Values = dict[str, Array]  # by name, each (replicates,)
MEASURES = ("hter", "auc")
OTHERS = tuple(name for name in READ_OUTS if name != ANSWER)
PAIRS = tuple(itertools.combinations(READ_OUTS, 2))
FORCED = tuple(itertools.product(Label, Label))  # the labels of image and chain


@dataclasses.dataclass(frozen=True)
class Readings:
    """P(attack) of some faces by one training's model.

    Args:
        values: (faces, read-outs) in the order of `READ_OUTS`; NaN where no such chain about the face is finished.
        chains: behind which it was read.
    """

    values: Array
    chains: ChainCounts

    @property
    def complete(self) -> Array:
        """Which faces have every read-out; (faces,) bool."""
        return ~np.isnan(self.values).any(axis=1)


@dataclasses.dataclass(frozen=True)
class SeedReadOuts:
    """What one training's model gave on a target.

    Args:
        test: of the target's faces.
        thresholds: (read-outs,); NaN where the dev faces do not give one.
        images, donors: (pairs,) numbers of the target's faces: the image of each forced chain, and the face it was written about.
        forced: (pairs,) P(attack).
        dev: the chains on which thresholds rest.
    """

    test: Readings
    thresholds: Array
    images: Array
    donors: Array
    forced: Array
    dev: ChainCounts


def readings(faces: Sequence[Face], rows: Sequence[ChainScore], answers: Mapping[str, float]) -> Readings:
    """Return the read-outs of some faces.

    Args:
        faces: in the order of the result.
        rows: of one job.
        answers: P(attack) of the label question, by face_id.

    Raises:
        MetricError: naming a face without an answer or without a greedy chain.
    """
    own: dict[str, dict[int, ChainScore]] = {}
    for row in rows:
        if row.donor == row.face_id:
            own.setdefault(row.face_id, {})[row.number] = row
    values, greedy_rows, sample_rows = [], [], []
    for face in faces:
        chains = own.get(face.face_id, {})
        if GREEDY not in chains or face.face_id not in answers:
            raise MetricError(f"{face.face_id}: no score or no chain; `dvc repro --force read_outs` rewrites both")
        samples = [chains[number] for number in sorted(chains) if number != GREEDY]
        values.append([answers[face.face_id], _mean_p_attack([chains[GREEDY]]), _mean_p_attack(samples)])
        greedy_rows.append(chains[GREEDY])
        sample_rows += samples
    unfinished, unfinished_samples = (sum(not row.finished for row in some) for some in (greedy_rows, sample_rows))
    counts = ChainCounts(len(greedy_rows), unfinished, len(sample_rows), unfinished_samples)
    return Readings(np.array(values, float).reshape(len(faces), len(READ_OUTS)), counts)


def _mean_p_attack(chains: Sequence[ChainScore]) -> float:
    """Return the mean over finished chains; NaN where none is."""
    finished = [row.p_attack for row in chains if row.finished]
    return float(np.mean(finished)) if finished else np.nan


def thresholds(dev: Sequence[Face], of_dev: Readings) -> Array:
    """Return each read-out's threshold, chosen on complete dev faces; NaN where a label of a source has none.

    Args:
        dev: faces of the sources.
        of_dev: their read-outs.
    """
    kept = [face for face, complete in zip(dev, of_dev.complete, strict=True) if complete]
    if {(face.dataset, face.label) for face in kept} != {(face.dataset, face.label) for face in dev}:
        return np.full(len(READ_OUTS), np.nan)
    labels = np.array([int(face.label) for face in kept])
    datasets = [face.dataset for face in kept]
    return np.array([metrics.dev_threshold(labels, column, datasets) for column in of_dev.values[of_dev.complete].T])


def gather(test: Sequence[Face], dev: Sequence[Face], rows: Sequence[ChainScore], answers: Mapping[str, float]) -> SeedReadOuts:
    """Return what one training's model gave on a target: `test` and `dev` faces in any order, of those in `rows` alone."""
    test, dev = (sorted(faces, key=lambda face: face.face_id) for faces in (test, dev))
    of_dev = readings(dev, rows, answers)
    place = {face.face_id: number for number, face in enumerate(test)}
    pairs = [row for row in rows if row.donor != row.face_id and row.face_id in place]
    return SeedReadOuts(
        test=readings(test, rows, answers),
        thresholds=thresholds(dev, of_dev),
        images=np.array([place[row.face_id] for row in pairs], int),
        donors=np.array([place[row.donor] for row in pairs], int),
        forced=np.array([row.p_attack for row in pairs], float),
        dev=of_dev.chains,
    )


def measure(labels: Array, seed: SeedReadOuts, weights: Array) -> Values:
    """Return every figure of one training, each (replicates,); NaN where it is not defined.

    Args:
        labels: of the target's faces, (faces,).
        seed: what the training's model gave.
        weights: (replicates, faces).
    """
    nothing = np.full(len(weights), np.nan)
    complete = seed.test.complete
    own, weight = labels[complete], weights[:, complete]
    values: Values = {}
    decisions = {}
    for name, scores, threshold in zip(READ_OUTS, seed.test.values[complete].T, seed.thresholds, strict=True):
        values |= {f"{name}/{measured}": nothing for measured in MEASURES}
        if len(set(own.tolist())) < len(Label):
            continue
        values[f"{name}/auc"] = roc.curve(own, scores, weight).auc
        if not np.isnan(threshold):
            decisions[name] = (scores >= threshold).astype(int)
            verdicts = metrics.VerdictSample(own, decisions[name], weight)
            values[f"{name}/hter"] = verdicts.hter(verdicts.all)
    for name, measured in itertools.product(OTHERS, MEASURES):
        values[f"{name}-{ANSWER}/{measured}"] = values[f"{name}/{measured}"] - values[f"{ANSWER}/{measured}"]
    for one, other in PAIRS:
        known = one in decisions and other in decisions
        differ = decisions[one] != decisions[other] if known else None
        values[f"{one}/{other}"] = nothing if differ is None else ratio(weight @ differ, weight.sum(axis=1))
    return values | forced_values(labels, seed, weights)


def forced_values(labels: Array, seed: SeedReadOuts, weights: Array) -> Values:
    """Return the figures of forced chains; the arguments are those of `measure`.

    The effect of the image weighs both labels of chains alike, and the effect of the chain both labels of images. `FOLLOWS_IMAGE`
    weighs both pairs of different labels alike, so a model that says the same of all has 0.5.
    """
    weight = weights[:, seed.images] * weights[:, seed.donors]
    threshold = seed.thresholds[READ_OUTS.index(CHAIN)]
    means, follows = {}, {}
    for image, chain in FORCED:
        pairs = (labels[seed.images] == image) & (labels[seed.donors] == chain)
        total = weight[:, pairs].sum(axis=1)
        means[image, chain] = ratio(weight[:, pairs] @ seed.forced[pairs], total)
        follows[image, chain] = ratio(weight[:, pairs] @ ((seed.forced[pairs] >= threshold) == image), total)
    real, attack = Label.BONA_FIDE, Label.ATTACK
    values = {forced_name(image, chain): mean for (image, chain), mean in means.items()}
    values[BY_IMAGE] = (means[attack, real] + means[attack, attack] - means[real, real] - means[real, attack]) / 2
    values[BY_CHAIN] = (means[real, attack] + means[attack, attack] - means[real, real] - means[attack, real]) / 2
    share = (follows[real, attack] + follows[attack, real]) / 2
    values[FOLLOWS_IMAGE] = np.full(len(weights), np.nan) if np.isnan(threshold) else share
    return values


def forced_name(image: Label, chain: Label) -> str:
    """Return the name of a mean P(attack), such as "bona_fide/attack"."""
    return f"{image.name.lower()}/{chain.name.lower()}"


@dataclasses.dataclass(frozen=True)
class Estimate:
    """Figures of a target, means over seeds, with their replicates; `subjects`: how many people they are about."""

    values: Mapping[str, float]
    replicates: Values
    subjects: int

    def figures(self, confidence: float) -> ReadOuts:
        """Return the figures with their intervals."""
        figures = {
            name: bootstrap.figure(value, self.replicates[name], confidence, self.subjects) for name, value in self.values.items()
        }
        return nested(figures)


def nested(figures: Mapping[str, Figure]) -> ReadOuts:
    """Return figures by name in their places."""
    forced = [*(forced_name(*labels) for labels in FORCED), BY_IMAGE, BY_CHAIN, FOLLOWS_IMAGE]
    return ReadOuts(
        by_read_out={name: {measured: figures[f"{name}/{measured}"] for measured in MEASURES} for name in READ_OUTS},
        differences={name: {measured: figures[f"{name}-{ANSWER}/{measured}"] for measured in MEASURES} for name in OTHERS},
        disagreement={f"{one}/{other}": figures[f"{one}/{other}"] for one, other in PAIRS},
        forced={name: figures[name] for name in forced},
    )


def estimate(faces: Sequence[Face], by_seed: Mapping[int, SeedReadOuts], cell: Cell, settings: EvaluationSettings) -> Estimate:
    """Return a target's figures with their replicates.

    Args:
        faces: of the target, sorted by face_id.
        by_seed: what each training's model gave on them.
        cell: the target names the draws of subjects, the protocol those of seeds.
        settings: of the bootstrap.
    """
    labels, subjects = np.array([int(face.label) for face in faces]), [face.subject for face in faces]
    counts, subject_of_row = bootstrap.draw_subjects(subjects, labels, settings.replicates, settings.seed, cell.target)
    draws = bootstrap.draw_seeds(len(by_seed), settings.replicates, settings.seed, cell.protocol)
    estimates = []
    for _, one in sorted(by_seed.items()):

        def measure_seed(weights: Array, one: SeedReadOuts = one) -> Values:
            return measure(labels, one, weights)

        estimates.append(bootstrap.point_and_replicates(measure_seed, counts, subject_of_row))
    means = {name: bootstrap.seed_mean(estimates, name, draws) for name in estimates[0][0]}
    return Estimate(
        {name: value for name, (value, _) in means.items()},
        {name: replicates for name, (_, replicates) in means.items()},
        len(set(subjects)),
    )


def mean_over_targets(estimates: Sequence[Estimate]) -> Estimate:
    """Return the mean of several targets, each weighing the same; of a figure, over the targets or replicates that define it."""
    names = estimates[0].values
    return Estimate(
        {name: float(_mean_of_defined(np.array([[one.values[name]] for one in estimates]))[0]) for name in names},
        {name: _mean_of_defined(np.stack([one.replicates[name] for one in estimates])) for name in names},
        sum(one.subjects for one in estimates),
    )


def _mean_of_defined(values: Array) -> Array:
    """Return the mean over the first axis of what is not NaN; NaN where all are."""
    return ratio(np.nansum(values, axis=0), (~np.isnan(values)).sum(axis=0))


def total(counts: Sequence[ChainCounts]) -> ChainCounts:
    """Return the sum of counts of chains."""
    return ChainCounts(*np.sum([dataclasses.astuple(one) for one in counts], axis=0).tolist())


def of_cell(
    cell: Cell, faces: Sequence[Face], by_seed: Mapping[int, SeedReadOuts], of_target: Estimate, confidence: float
) -> CellReadOuts:
    """Return a run's figures on one target; `of_target` is what `estimate` returns for it."""
    attacks = sum(int(face.label) for face in faces)
    return CellReadOuts(
        **cell.names,
        seeds=sorted(by_seed),
        counts=Counts(len(faces) - attacks, attacks, len({face.subject for face in faces})),
        chains=total([one.test.chains for one in by_seed.values()]),
        pairs=sum(len(one.forced) for one in by_seed.values()),
        figures=of_target.figures(confidence),
    )


def of_run(
    cells: Sequence[Cell], by_seed: Mapping[int, SeedReadOuts], estimates: Sequence[Estimate], confidence: float
) -> RunReadOuts:
    """Return a run's means over targets.

    Args:
        cells: of one protocol and run.
        by_seed: of any of them: all have the same dev faces.
        estimates: of the cells, in their order.
        confidence: of the intervals.
    """
    return RunReadOuts(
        protocol=cells[0].protocol,
        run=cells[0].run,
        seeds=sorted(by_seed),
        targets=[cell.target for cell in cells],
        dev=total([one.dev for one in by_seed.values()]),
        figures=mean_over_targets(estimates).figures(confidence),
    )
