"""The audit for shortcuts: how well simple rules separate attacks, inside a data set, across to another, and on all at once.

A probe is a view of a face (`shortcut_features`) and a logistic regression on its scaled numbers. It is fitted to the official
train split and tested, face by face, on the official test split, which has other subjects. The figure is AUC: whether a threshold
transfers is another question.

**The rule.** A simple probe has found one shortcut that works everywhere, a leak, where its AUC exceeds a bound on *every* data
set, each time fitted on the train splits of all the others. A shortcut inside one data set is no leak: the real archives have
such shortcuts too. A data set with too few test subjects does not count. Where fewer than two data sets count, the rule was not
tested, and the report says so rather than "none found".
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from scipy.stats import rankdata
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from fasrepro import names
from fasrepro.evaluation import metrics
from fasrepro.evaluation.results import Audit, Counts
from fasrepro.evaluation.results.audit import AuditBounds, CountedDatasets, Expected, Probe, ProbeCell, SplitCounts, Untested
from fasrepro.rows.faces import Face

Array = np.ndarray
# The simple probes, and what to inspect where one of them is a leak.
SIMPLE = {
    "mean_colour": "tints, skin tones and white balance that all attacks share, or all bona fide faces",
    "contrast": "the range of light in attacks: flat lighting, lifted blacks, exposure",
    "spectrum_slope": "blur, noise and sharpening of what is shown once more, and compression",
    "border": "what lies in the crop's rim: the medium's edge, the background, the face box",
    "file_size": "what the codec spends on attacks: motion, noise, still pictures",
    "crop_size": "the place and the size of the medium and of the face in it",
}
VISION, CUES = "vision", "cues"
DECIMALS = 9  # of a margin: a smaller difference is rounding, and orders no two faces
STEPS = 5000  # of the solver, at most
LEAST_DATASETS = 2  # for "every data set" to mean anything


class ProbeError(ValueError):
    """Faces on which no probe can be tested honestly; the message names what is wrong."""


class UnsettledError(ProbeError):
    """A fit whose solver did not converge: its figure is missing, but the faces are not at fault."""


@dataclasses.dataclass(frozen=True)
class Rows:
    """Faces as probes see them. Shapes: datasets, splits, subjects, labels (faces,); each of `views` (faces, numbers)."""

    datasets: Array
    splits: Array
    subjects: Array
    labels: Array
    views: Mapping[str, Array]

    def places(self, split: str, datasets: Iterable[str]) -> Array:
        """Return the places of a split's faces in these data sets."""
        return np.flatnonzero((self.splits == split) & np.isin(self.datasets, list(datasets)))

    def counts(self, places: Array) -> Counts:
        """Return the faces of each label, and the subjects, at `places`."""
        labels = self.labels[places]
        return Counts(int((labels == 0).sum()), int((labels == 1).sum()), len(set(self.subjects[places].tolist())))

    def lacking(self, places: Array, where: str) -> str:
        """Return which label is missing among the faces at `places`, as a message; "" where both are there."""
        absent = [name for label, name in metrics.LABELS.items() if not (self.labels[places] == label).any()]
        return f"no {' and no '.join(absent)} faces in {where}" if absent else ""


def rows_of(faces: Sequence[Face], views: Sequence[Mapping[str, Array]]) -> Rows:
    """Return `faces` and their views (one mapping a face: probe -> numbers) as arrays."""
    return Rows(
        datasets=np.array([face.dataset for face in faces]),
        splits=np.array([face.split for face in faces]),
        subjects=np.array([face.subject for face in faces]),
        labels=np.array([int(face.label) for face in faces]),
        views={name: np.stack([view[name] for view in views]) for name in (views[0] if views else {})},
    )


def weights(labels: Array, datasets: Array) -> Array:
    """Return row weights, 1 on average, under which each label of each data set weighs the same; (rows,)."""
    _, groups = np.unique(np.stack([datasets.astype(str), labels.astype(str)]), axis=1, return_inverse=True)
    shares = 1 / np.bincount(groups.ravel())[groups.ravel()]
    return shares * len(shares) / shares.sum()


def centred(numbers: Array, labels: Array, datasets: Array) -> Array:
    """Return `numbers` minus their data set's own middle, which lies halfway between the means of its two labels.

    AUC inside the target ignores its level, so the fit must too: otherwise the difference between attacks and bona fide faces of
    one data set would be hidden by the differences between data sets.
    """
    moved = np.empty(numbers.shape)
    for dataset in np.unique(datasets):
        own = datasets == dataset
        middles = [numbers[own & (labels == label)].mean(axis=0) for label in metrics.LABELS]
        moved[own] = numbers[own] - sum(middles) / 2
    return moved


def strength(count: int) -> float:
    """Return the inverse penalty C of a probe of `count` numbers: rows of many numbers are penalised as much as rows of few."""
    return min(1.0, 10 / count)


def fit(numbers: Array, labels: Array, datasets: Array) -> Callable[[Array], Array]:
    """Fit a logistic regression to centred and scaled `numbers`; return a function to its margins, higher for an attack.

    Every data set must hold both labels.

    Raises:
        UnsettledError: where the solver does not converge.
    """
    moved = centred(numbers, labels, datasets)
    spread = moved.std(axis=0)
    varies = spread > 1e-9 * (1 + np.abs(numbers).max(axis=0))
    spread = np.where(varies, spread, np.inf)  # a number that never changes carries no information
    model = LogisticRegression(C=strength(numbers.shape[1]), max_iter=STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            model.fit(moved / spread, labels, sample_weight=weights(labels, datasets))
        except ConvergenceWarning:
            raise UnsettledError(f"did not settle in {STEPS} steps") from None
    return lambda others: model.decision_function((others - numbers.mean(axis=0)) / spread)


def auc(labels: Array, margins: Array) -> float:
    """Return the AUC of margins, which need not be probabilities."""
    return metrics.auc(labels, rankdata(np.round(margins, DECIMALS)) / len(margins))


def cells(rows: Rows, view: str, sources: Sequence[str], targets: Sequence[str]) -> dict[str, ProbeCell]:
    """Fit one probe to the train faces of all `sources`, and test it on the test faces of each of `targets`.

    Sources whose train split lacks a label are omitted from the fit. AUC is None where a label is missing or the fit did not
    converge; `missing` says which and where.

    Raises:
        ProbeError: where a subject is in train and in test.
    """
    faults = {source: rows.lacking(rows.places("train", [source]), f"train of {source}") for source in sources}
    fitted = [source for source, fault in faults.items() if not fault]
    train = rows.places("train", fitted)
    numbers = rows.views[view]
    fault, margins = "", None
    if not len(train):
        fault = " and ".join(faults.values()) or "no other data set to fit on"
    else:
        try:
            margins = fit(numbers[train], rows.labels[train], rows.datasets[train])
        except UnsettledError as error:
            fault = f"the probe {view}, fitted on {' and '.join(fitted)}, {error}"
    by_target = {}
    for target in targets:
        test = rows.places("test", [target])
        shared = set(rows.subjects[train].tolist()) & set(rows.subjects[test].tolist())
        if shared:
            raise ProbeError(f"subject {min(shared)} is in train of {', '.join(sources)} and in test of {target}")
        missing = fault or rows.lacking(test, f"test of {target}")
        value = None if missing or margins is None else auc(rows.labels[test], margins(numbers[test]))
        by_target[target] = ProbeCell(value, len(test), rows.counts(test).subjects, missing)
    return by_target


def mean(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values that are not None; None where all are.

    >>> mean([0.5, None, 1.0])
    0.75
    """
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined else None


def counted(by_dataset: Mapping[str, ProbeCell], min_subjects: int) -> list[str]:
    """Return the data sets that count for the rule: they have an AUC, from at least `min_subjects` test subjects."""
    return [name for name, cell in by_dataset.items() if cell.auc is not None and cell.subjects >= min_subjects]


def probe(rows: Rows, view: str, datasets: Sequence[str], min_subjects: int) -> Probe:
    """Return all figures of one probe."""
    single = {source: cells(rows, view, [source], datasets) for source in datasets}
    leave_one_out = {}
    for target in datasets:
        others = [dataset for dataset in datasets if dataset != target]
        leave_one_out[target] = cells(rows, view, others, [target])[target]
    crossings = [(single[s][s].auc, single[s][t].auc) for s in datasets for t in datasets if s != t]
    diagonal = {dataset: single[dataset][dataset] for dataset in datasets}
    return Probe(
        measures=int(rows.views[view].shape[1]),
        single=single,
        leave_one_out=leave_one_out,
        from_one_other={t: mean(single[s][t].auc for s in datasets if s != t) for t in datasets},
        judged=CountedDatasets(counted(diagonal, min_subjects), counted(leave_one_out, min_subjects)),
        inside=mean(cell.auc for cell in diagonal.values()),
        across=mean(across for _, across in crossings),
        drop=mean(inside - across for inside, across in crossings if inside is not None and across is not None),
        held_out=mean(cell.auc for cell in leave_one_out.values()),
    )


def diagonal(probe: Probe) -> dict[str, ProbeCell]:
    """Return a probe's cells inside each data set."""
    return {dataset: by_target[dataset] for dataset, by_target in probe.single.items()}


def everywhere_above(by_dataset: Mapping[str, ProbeCell], bounds: AuditBounds) -> bool | None:
    """Return whether AUC exceeds the rule's bound on every data set that counts; None where fewer than `LEAST_DATASETS` count."""
    aucs = [by_dataset[dataset].auc for dataset in counted(by_dataset, bounds.min_subjects)]
    return min(aucs) > bounds.max_global_auc if len(aucs) >= LEAST_DATASETS else None


def _lowest(*groups: Mapping[str, ProbeCell]) -> float | None:
    return min((cell.auc for group in groups for cell in group.values() if cell.auc is not None), default=None)


def _expected(value: float | None, least: float) -> Expected:
    return Expected(value, least, None if value is None else bool(value >= least))


def _expectations(probes: Mapping[str, Probe], bounds: AuditBounds) -> dict[str, Expected]:
    """Return what a learnable and shifted world should reach, of the probes that were run."""
    expected = {}
    if VISION in probes:
        expected["vision_inside"] = _expected(_lowest(diagonal(probes[VISION])), bounds.min_vision_auc)
        expected["vision_drop"] = _expected(probes[VISION].drop, bounds.min_vision_drop)
    if CUES in probes:
        lowest = _lowest(diagonal(probes[CUES]), probes[CUES].leave_one_out)
        expected["cues_everywhere"] = _expected(lowest, bounds.min_cues_auc)
    return expected


def audit(rows: Rows, bounds: AuditBounds) -> Audit:
    """Return what every probe of `rows.views` achieves, and what the rule concludes.

    Raises:
        ProbeError: for a view that is no probe, and for a subject in train and in test.
    """
    probe_names = (*SIMPLE, VISION, CUES)
    for view in rows.views:
        if view not in probe_names:
            raise ProbeError(f"{names.unknown(view, probe_names, 'probe')}. A new simple one needs an entry in shortcuts.SIMPLE")
    datasets = sorted(set(rows.datasets.tolist()))
    probes = {view: probe(rows, view, datasets, bounds.min_subjects) for view in rows.views}
    simple = [view for view in SIMPLE if view in probes]
    leaks = {view: everywhere_above(probes[view].leave_one_out, bounds) for view in simple}
    inside = {view: everywhere_above(diagonal(probes[view]), bounds) for view in simple}
    faces = {}
    for dataset in datasets:
        train, test = (rows.counts(rows.places(split, [dataset])) for split in ("train", "test"))
        faces[dataset] = SplitCounts(train, test)
    return Audit(
        datasets=datasets,
        faces=faces,
        probes=probes,
        simple=simple,
        bounds=bounds,
        leaks=[view for view, above in leaks.items() if above],
        inside_everywhere=[view for view, above in inside.items() if above],
        untested=Untested(
            leaks=[view for view, above in leaks.items() if above is None],
            inside_everywhere=[view for view, above in inside.items() if above is None],
        ),
        expected=_expectations(probes, bounds),
    )


def leak_message(report: Audit) -> str:
    """Return a sentence for each leak: where the probe works, and what to inspect; "" where there is none."""
    sentences = []
    for view in report.leaks:
        by_dataset = report.probes[view].leave_one_out
        figures = ", ".join(f"{name} {by_dataset[name].auc:.3f}" for name in report.probes[view].judged.held_out)
        sentences.append(
            f"{view} separates attacks in every data set when fitted on the others (AUC {figures}; audit.max_global_auc is"
            f" {report.bounds.max_global_auc:g}). Inspect {SIMPLE[view]}."
        )
    return " ".join(sentences)


def outcome(report: Audit) -> str:
    """Return what the rule concludes about the simple probes, in words: leaks or none, and what was not tested."""
    untested = report.untested.leaks
    why = f"fewer than {LEAST_DATASETS} data sets have a figure from at least {report.bounds.min_subjects} test subjects"
    if len(untested) == len(report.simple):
        return f"whether a simple probe separates attacks in every data set could not be tested: {why}"
    remainder = f"; {', '.join(untested)} could not be tested: {why}" if untested else ""
    return f"{leak_message(report) or 'no simple probe separates attacks in every data set'}{remainder}"
