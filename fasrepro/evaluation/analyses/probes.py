"""What a frozen backbone can see: linear probes of its states, on pairs that differ in one cue, and on the archives' faces.

A probe is a logistic regression on the scaled mean, deviation and maximum of the states of a picture. Probes of an archive's
faces can read the scene that goes with a label there. So the question whether a cue can be seen is decided by pairs: a probe is
fitted on pictures without and with the cue, and must order the two pictures of pairs of other people.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fasrepro.evaluation.analyses import shortcuts
from fasrepro.evaluation.results.probes import CueProbe, SiteProbes

Array = np.ndarray
SHUFFLES = 5
LEAST_FACES = 10  # with a cue, among the fitted and among the tested, for an AUC
STEPS = 1000  # of the solver, at most


@dataclasses.dataclass(frozen=True, slots=True)
class PairStates:
    """The states of pairs at one site.

    Args:
        cues: (pairs,) the cue in which a pair differs.
        fitted: (pairs,) whether probes are fitted on it.
        without: (pairs, numbers).
        present: (pairs, numbers), with the cue.
    """

    cues: Array
    fitted: Array
    without: Array
    present: Array


@dataclasses.dataclass(frozen=True, slots=True)
class FaceStates:
    """The states of faces at one site.

    Args:
        numbers: (faces, numbers).
        labels: (faces,) 1 for an attack.
        cues: what each face's crop shows.
        splits: (faces,) "train" is fitted on, "test" tested.
    """

    numbers: Array
    labels: Array
    cues: Sequence[tuple[str, ...]]
    splits: Array


def fit(numbers: Array, labels: Array) -> Callable[[Array], Array]:
    """Fit a probe; return a function to its margins. The penalty is that of the audit's probes."""
    model = LogisticRegression(C=shortcuts.strength(numbers.shape[1]), max_iter=STEPS)
    return make_pipeline(StandardScaler(), model).fit(numbers, labels).decision_function


def order(fitted: tuple[Array, Array], tested: tuple[Array, Array], swapped: Array) -> float:
    """Return the share of tested pairs that a probe orders rightly; a tie counts half.

    Args:
        fitted: without and with the cue, each (pairs, numbers).
        tested: the same, of other people.
        swapped: (fitted pairs,) bool: whether the labels of a pair are exchanged in the fit.
    """
    without, present = fitted
    labels = np.concatenate([swapped, ~swapped]).astype(int)
    margins = fit(np.concatenate([without, present]), labels)
    return float(np.mean((np.sign(np.round(margins(tested[1]) - margins(tested[0]), shortcuts.DECIMALS)) + 1) / 2))


def of_pairs(states: PairStates, seed: int) -> dict[str, tuple[float, float]]:
    """Return, for each cue with pairs of both kinds, the share that is ordered rightly, and the same with shuffled labels."""
    shares = {}
    for cue in dict.fromkeys(states.cues.tolist()):
        own = states.cues == cue
        fitted, tested = own & states.fitted, own & ~states.fitted
        if not fitted.any() or not tested.any():
            continue
        parts = [(states.without[rows], states.present[rows]) for rows in (fitted, tested)]
        rng = np.random.default_rng([seed, *cue.encode()])
        shuffles = [rng.permutation(np.arange(fitted.sum()) % 2 == 1) for _ in range(SHUFFLES)]
        shuffled = float(np.mean([order(*parts, swapped) for swapped in shuffles]))
        shares[cue] = order(*parts, np.zeros(fitted.sum(), dtype=bool)), shuffled
    return shares


def auc(states: FaceStates, positive: Array) -> float | None:
    """Return the AUC on test faces of a probe that is fitted on train faces; None where too few of either are `positive`."""
    train, test = (states.splits == split for split in ("train", "test"))
    counts = [count for rows in (train, test) for count in (positive[rows].sum(), (~positive[rows]).sum())]
    if min(counts) < LEAST_FACES:
        return None
    margins = fit(states.numbers[train], positive[train].astype(int))
    return shortcuts.auc(positive[test].astype(int), margins(states.numbers[test]))


def at_site(pairs: PairStates, faces: FaceStates, seed: int) -> SiteProbes:
    """Return all probes of one site; `seed`: of the shuffled labels."""
    cues = {
        cue: CueProbe(share, shuffled, auc(faces, np.array([cue in shown for shown in faces.cues])))
        for cue, (share, shuffled) in of_pairs(pairs, seed).items()
    }
    return SiteProbes(auc(faces, faces.labels == 1), cues)
