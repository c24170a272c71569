"""The audit for shortcuts: how far simple rules get in telling attacks, inside a data set, across to another, and on all at once.

A probe is a view of a face (see `features`) and a logistic regression on its scaled measures. It is fitted to the official
train split and tested on the official test split, whose subjects are others, face by face. What is told is AUC: a threshold that
does not travel is another matter.

**The rule.** A simple probe whose AUC on *every* data set, fitted on the train splits of all the others, lies above a bound has
found one shortcut that works everywhere: a leak. Inside a data set a shortcut is what the real archives have too. A data set
with too few test subjects does not count, and where fewer than two count nothing was tested: that is told, and is no "none
found".
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from fasrepro import names
from fasrepro.evaluation import metrics
from fasrepro.rows.faces import Face

Array = np.ndarray
Cell = dict[str, Any]
# The simple probes, and what to look at where one of them is a leak.
SIMPLE = {
    "mean_colour": "tints, skin tones and white balance that all attacks share, or all bona fide faces",
    "contrast": "the range of light in attacks: flat lighting, lifted blacks, exposure",
    "spectrum_slope": "blur, noise and sharpening of what is shown once more, and compression",
    "border": "what lies in the crop's rim: the medium's edge, the background, the face box",
    "file_size": "what the codec spends on attacks: motion, noise, still pictures",
    "crop_size": "the place and the size of the medium and of the face in it",
}
VISION, CUES = "vision", "cues"
DECIMALS = 9  # of a margin: what rounding in sums leaves is no order between two faces
STEPS = 5000  # of the solver, at most
EVERY = 2  # data sets at least, for "every data set" to say anything


class ProbeError(ValueError):
    """Faces on which no probe can be tested honestly; the message names what is wrong."""


class UnsettledError(ProbeError):
    """A fit whose solver did not come to an end: a figure that is lacking, not a fault of the faces."""


@dataclasses.dataclass(frozen=True)
class Rows:
    """Faces as probes see them. Shapes: datasets, splits, subjects, labels (faces,); each of `views` (faces, measures)."""

    datasets: Array
    splits: Array
    subjects: Array
    labels: Array
    views: Mapping[str, Array]

    def chosen(self, split: str, datasets: Iterable[str]) -> Array:
        """Return the places of a split's faces in these data sets."""
        return np.flatnonzero((self.splits == split) & np.isin(self.datasets, list(datasets)))

    def counts(self, places: Array) -> dict[str, int]:
        """Return how many faces of each label and how many subjects stand at `places`."""
        labels = self.labels[places]
        return {
            "bona_fide": int((labels == 0).sum()),
            "attack": int((labels == 1).sum()),
            "subjects": len(set(self.subjects[places].tolist())),
        }

    def lacking(self, places: Array, where: str) -> str:
        """Say which label is not among the faces at `places`; "" where both are."""
        absent = [name for label, name in metrics.LABELS.items() if not (self.labels[places] == label).any()]
        return f"no {' and no '.join(absent)} faces in {where}" if absent else ""


def rows_of(faces: Sequence[Face], views: Sequence[Mapping[str, Array]]) -> Rows:
    """Return `faces` and what each probe sees of them (one mapping a face, probe -> measures) as arrays."""
    words = [np.array([getattr(face, name) for face in faces]) for name in ("dataset", "split", "subject")]
    labels = np.array([int(face.label) for face in faces])
    return Rows(*words, labels, {name: np.stack([view[name] for view in views]) for name in (views[0] if views else {})})


@dataclasses.dataclass(frozen=True)
class Bounds:
    """What the audit compares with: the first two are the rule, the others what a world worth measuring in should reach.

    `min_subjects`: of a data set's test split; with fewer its cell does not count for the rule.
    """

    max_global_auc: float
    min_subjects: int
    min_vision_auc: float
    min_vision_drop: float
    min_cues_auc: float


def weights(labels: Array, datasets: Array) -> Array:
    """Return the rows' weights, 1 on average, under which each label of each data set weighs the same; shape (rows,)."""
    _, groups = np.unique(np.stack([datasets.astype(str), labels.astype(str)]), axis=1, return_inverse=True)
    shares = 1 / np.bincount(groups.ravel())[groups.ravel()]
    return shares * len(shares) / shares.sum()


def centred(measures: Array, labels: Array, datasets: Array) -> Array:
    """Return `measures` less their data set's own middle, which lies halfway between the means of its two labels.

    An order within the target does not heed a level, so neither may the rule: what all attacks share beside the bona fide faces
    of their own data set would drown in what tells one data set from another.
    """
    moved = np.empty(measures.shape)
    for dataset in np.unique(datasets):
        own = datasets == dataset
        middles = [measures[own & (labels == label)].mean(axis=0) for label in metrics.LABELS]
        moved[own] = measures[own] - sum(middles) / 2
    return moved


def fit(measures: Array, labels: Array, datasets: Array) -> Callable[[Array], Array]:
    """Fit a logistic regression to centred and scaled `measures` and return what gives its margins, higher for an attack.

    Every data set must hold both labels. The strength C of the penalty is fixed: 10 over the number of measures, 1 at most, so
    that it holds rows of many measures back as much as rows of few. Raises `UnsettledError` where the solver does not come to an
    end.
    """
    moved = centred(measures, labels, datasets)
    spread = moved.std(axis=0)
    spread = np.where(spread > 1e-9 * (1 + np.abs(measures).max(axis=0)), spread, np.inf)  # what never changes tells nothing
    model = LogisticRegression(C=min(1.0, 10 / measures.shape[1]), max_iter=STEPS)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            model.fit(moved / spread, labels, sample_weight=weights(labels, datasets))
        except ConvergenceWarning:
            raise UnsettledError(f"did not settle in {STEPS} steps") from None
    return lambda others: model.decision_function((others - measures.mean(axis=0)) / spread)


def auc(labels: Array, margins: Array) -> float:
    """Return the AUC of margins, which need not be probabilities."""
    return metrics.auc(labels, rankdata(np.round(margins, DECIMALS)) / len(margins))


def cells(rows: Rows, view: str, sources: Sequence[str], targets: Sequence[str]) -> dict[str, Cell]:
    """Fit a probe to the train faces of `sources`, all in one, and test it on the test faces of each of `targets`.

    Of several sources those whose train split lacks a label teach nothing and are left out. A cell holds the AUC and the faces
    and subjects that it was taken on; AUC is None where a label is lacking or the fit did not settle, and `missing` says which
    and where.
    """
    faults = {source: rows.lacking(rows.chosen("train", [source]), f"train of {source}") for source in sources}
    train = rows.chosen("train", [source for source, fault in faults.items() if not fault])
    lacking = "" if len(train) else " and ".join(faults.values()) or "no other data set to fit on"
    measures = rows.views[view]
    margins = None
    if not lacking:
        try:
            margins = fit(measures[train], rows.labels[train], rows.datasets[train])
        except UnsettledError as error:
            lacking = f"the probe {view}, fitted on {' and '.join(d for d in sources if not faults[d])}, {error}"
    found = {}
    for target in targets:
        test = rows.chosen("test", [target])
        shared = set(rows.subjects[train].tolist()) & set(rows.subjects[test].tolist())
        if shared:
            raise ProbeError(f"subject {min(shared)} stands in train of {', '.join(sources)} and in test of {target}")
        missing = lacking or rows.lacking(test, f"test of {target}")
        value = None if missing or margins is None else auc(rows.labels[test], margins(measures[test]))
        subjects = rows.counts(test)["subjects"]
        found[target] = {"auc": value, "faces": len(test), "subjects": subjects, "missing": missing}
    return found


def mean(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values that are there; None where none is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def judged(found: Mapping[str, Cell], min_subjects: int) -> list[str]:
    """Return the data sets whose cell counts for the rule: it has an AUC, taken on `min_subjects` at least."""
    return [dataset for dataset, cell in found.items() if cell["auc"] is not None and cell["subjects"] >= min_subjects]


def probe(rows: Rows, view: str, datasets: Sequence[str], min_subjects: int) -> dict[str, Any]:
    """Return all that is told of one probe.

    `single`: {source: {target: cell}}; `leave_one_out`: {target: cell}, fitted on all others; `from_one_other`: {target: mean of
    the AUCs fitted on each other one}; means over data sets: of the diagonal (`inside`), of the rest (`across`), of what crossing
    costs (`drop`, inside the source less across), and `held_out`; `judged`: the data sets that count, `inside` and `held_out`.
    """
    single = {source: cells(rows, view, [source], datasets) for source in datasets}
    out = {target: cells(rows, view, [d for d in datasets if d != target], [target])[target] for target in datasets}
    pairs = [(single[s][s]["auc"], single[s][t]["auc"]) for s in datasets for t in datasets if s != t]
    diagonal = {dataset: single[dataset][dataset] for dataset in datasets}
    return {
        "measures": int(rows.views[view].shape[1]),
        "single": single,
        "leave_one_out": out,
        "from_one_other": {t: mean(single[s][t]["auc"] for s in datasets if s != t) for t in datasets},
        "judged": {"inside": judged(diagonal, min_subjects), "held_out": judged(out, min_subjects)},
        "inside": mean(cell["auc"] for cell in diagonal.values()),
        "across": mean(across for _, across in pairs),
        "drop": mean(inside - across for inside, across in pairs if inside is not None and across is not None),
        "held_out": mean(cell["auc"] for cell in out.values()),
    }


def inside(told: Mapping[str, Any]) -> dict[str, Cell]:
    """Return the diagonal of a probe's matrix, {data set: cell}."""
    return {dataset: targets[dataset] for dataset, targets in told["single"].items()}


def everywhere_above(found: Mapping[str, Cell], bounds: Bounds) -> bool | None:
    """Return whether the AUC lies above the rule's bound in every data set that counts; None where fewer than `EVERY` count."""
    known = [found[dataset]["auc"] for dataset in judged(found, bounds.min_subjects)]
    return min(known) > bounds.max_global_auc if len(known) >= EVERY else None


def _lowest(*found: Mapping[str, Cell]) -> float | None:
    return min((cell["auc"] for group in found for cell in group.values() if cell["auc"] is not None), default=None)


def _expected(value: float | None, least: float) -> dict[str, Any]:
    return {"value": value, "least": least, "met": None if value is None else bool(value >= least)}


def audit(rows: Rows, bounds: Bounds) -> dict[str, Any]:
    """Return what every probe of `rows.views` can and cannot do, and what the rule makes of it; JSON-able.

    `leaks` are the simple probes that break the rule, `inside_everywhere` those above the same bound inside every data set, for
    information; `untested` holds for each of the two the simple probes of which it could not be said. `expected` holds what a
    learnable and shifted world should reach. Raises `ProbeError`, also for a view that is none of the audit's probes.
    """
    known = (*SIMPLE, VISION, CUES)
    for view in rows.views:
        if view not in known:
            raise ProbeError(f"{names.unknown(view, known, 'probe')}. A new simple one needs an entry in shortcuts.SIMPLE")
    datasets = sorted(set(rows.datasets.tolist()))
    told = {view: probe(rows, view, datasets, bounds.min_subjects) for view in rows.views}
    simple = [view for view in SIMPLE if view in told]
    rules = {
        "leaks": {view: everywhere_above(told[view]["leave_one_out"], bounds) for view in simple},
        "inside_everywhere": {view: everywhere_above(inside(told[view]), bounds) for view in simple},
    }
    expected = {}
    if VISION in told:
        expected["vision_inside"] = _expected(_lowest(inside(told[VISION])), bounds.min_vision_auc)
        expected["vision_drop"] = _expected(told[VISION]["drop"], bounds.min_vision_drop)
    if CUES in told:
        lowest = _lowest(inside(told[CUES]), told[CUES]["leave_one_out"])
        expected["cues_everywhere"] = _expected(lowest, bounds.min_cues_auc)
    return {
        "datasets": datasets,
        "faces": {d: {split: rows.counts(rows.chosen(split, [d])) for split in ("train", "test")} for d in datasets},
        "probes": told,
        "simple": simple,
        "bounds": dataclasses.asdict(bounds),
        **{rule: [view for view, above in found.items() if above] for rule, found in rules.items()},
        "untested": {rule: [view for view, above in found.items() if above is None] for rule, found in rules.items()},
        "expected": expected,
    }


def leak_message(report: Mapping[str, Any]) -> str:
    """Return a sentence for each leak: where the probe works, and what to look at; "" where there is none."""
    sentences = []
    for view in report["leaks"]:
        found = report["probes"][view]["leave_one_out"]
        counted = report["probes"][view]["judged"]["held_out"]
        figures = ", ".join(f"{dataset} {found[dataset]['auc']:.3f}" for dataset in counted)
        sentences.append(
            f"{view} tells attacks in every data set when fitted on the others (AUC {figures}; audit.max_global_auc is"
            f" {report['bounds']['max_global_auc']:g}). Look at {SIMPLE[view]}."
        )
    return " ".join(sentences)


def outcome(report: Mapping[str, Any]) -> str:
    """Return in words what the rule makes of the simple probes: the leaks, or that there is none, and what was not tested."""
    untested, simple = report["untested"]["leaks"], report["simple"]
    why = f"fewer than {EVERY} data sets have a figure on at least {report['bounds']['min_subjects']} test subjects"
    if len(untested) == len(simple):
        return f"whether a simple probe tells attacks in every data set could not be tested: {why}"
    left = f"; {', '.join(untested)} could not be tested: {why}" if untested else ""
    return f"{leak_message(report) or 'no simple probe tells attacks in every data set'}{left}"
