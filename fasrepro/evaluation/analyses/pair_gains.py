"""How many more pairs a trained encoder puts in order than the foundation's does, and than that of another run.

A share is a mean over cues, each weighing the same. Two encoders are compared on the same pairs. An interval is that of
`inference`: over the people in the pictures, and over seeds where there are several. A person has pairs of several cues, so a
subject's contribution is that of a sum of ratios, as in `contributions`. The people of the fit are not drawn again.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from fasrepro.evaluation import inference
from fasrepro.evaluation.analyses.pair_orders import PairOrders
from fasrepro.evaluation.inference import TargetDifference
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import Figure
from fasrepro.evaluation.results.pair_gains import FOUNDATION, ComparedOrders, Order, PairGains

Array = np.ndarray
BySeed = Mapping[int, PairOrders]
PEOPLE = "probe pairs"  # the set of people, the same for every run and protocol


def mean_over_cues(values: Array, cues: Array) -> float:
    """Return the mean over cues of the mean over each cue's pairs; both (pairs,)."""
    return float(np.mean([values[cues == cue].mean() for cue in np.unique(cues)]))


def contributions(values: Array, cues: Array, subject_of_pair: Array) -> Array:
    """Return what each person contributes to `mean_over_cues`, (subjects,): their mean is that figure.

    Args:
        values: (pairs,).
        cues: (pairs,).
        subject_of_pair: (pairs,) numbers from 0.
    """
    names, cue_of_pair, pairs = np.unique(cues, return_inverse=True, return_counts=True)
    of_cue = np.bincount(cue_of_pair, values) / pairs
    deviations = (values - of_cue[cue_of_pair]) / pairs[cue_of_pair] / len(names)
    by_subject = np.bincount(subject_of_pair, deviations)
    return of_cue.mean() + len(by_subject) * by_subject


def order(before: Array, after: Array, pairs: PairOrders, protocol: str, confidence: float) -> Order:
    """Return the shares of two encoders and their difference with its interval.

    Args:
        before: whether the baseline's encoders put each pair in order, (seeds, pairs).
        after: the same of the run's.
        pairs: whose cues and people these are.
        protocol: the training set of the run.
        confidence: of the interval, in (0, 1).
    """
    names, subject_of_pair = np.unique(pairs.subjects, return_inverse=True)
    values = np.stack([contributions(change, pairs.cues, subject_of_pair) for change in after - before])
    mean = inference.mean_difference([TargetDifference(PEOPLE, protocol, names.tolist(), values)])
    bounds = mean.interval(confidence) or (None, None)
    shares = (float(np.mean([mean_over_cues(one, pairs.cues) for one in encoder])) for encoder in (before, after))
    return Order(*shares, Figure(mean.value, *bounds))


def against_foundation(protocol: str, run: str, by_seed: BySeed, confidence: float) -> ComparedOrders:
    """Return a run's encoders against the foundation's, over all cues and by cue."""
    seeds = sorted(by_seed)
    pairs = by_seed[seeds[0]]
    before, after = (np.stack([by_seed[seed].ordered[place] for seed in seeds]) for place in (0, 1))
    by_cue = {}
    for cue in dict.fromkeys(pairs.cues.tolist()):
        own = pairs.cues == cue
        of_cue = PairOrders(pairs.cues[own], pairs.subjects[own], pairs.ordered[:, own])
        by_cue[cue] = order(before[:, own], after[:, own], of_cue, protocol, confidence)
    mean = order(before, after, pairs, protocol, confidence)
    return ComparedOrders(protocol, run, FOUNDATION, seeds, len(pairs.cues), len(set(pairs.subjects.tolist())), mean, by_cue)


def between_runs(
    protocol: str, run: tuple[str, BySeed], baseline: tuple[str, BySeed], confidence: float
) -> ComparedOrders | None:
    """Return two runs' encoders, paired by pair and seed; None where they have no seed in common.

    Raises:
        MetricError: where the two were asked about different pairs.
    """
    seeds = sorted(run[1].keys() & baseline[1].keys())
    if not seeds:
        return None
    pairs, others = run[1][seeds[0]], baseline[1][seeds[0]]
    if not (np.array_equal(pairs.cues, others.cues) and np.array_equal(pairs.subjects, others.subjects)):
        raise MetricError(f"{protocol}: {run[0]} and {baseline[0]} were asked about different pairs; run `dvc repro pair_gains`")
    before, after = (np.stack([by_seed[seed].ordered[1] for seed in seeds]) for _, by_seed in (baseline, run))
    mean = order(before, after, pairs, protocol, confidence)
    people = len(set(pairs.subjects.tolist()))
    return ComparedOrders(protocol, run[0], baseline[0], seeds, len(pairs.cues), people, mean, {})


def summarise(runs: Mapping[tuple[str, str], BySeed], confidence: float) -> PairGains:
    """Return the figures of all runs, by (protocol, run)."""
    cells = {f"{protocol}-{run}": against_foundation(protocol, run, one, confidence) for (protocol, run), one in runs.items()}
    differences = [_compared(runs, *both, confidence) for both in itertools.combinations(sorted(runs), 2)]
    return PairGains(cells, [one for one in differences if one is not None])


def _compared(
    runs: Mapping[tuple[str, str], BySeed], baseline: tuple[str, str], run: tuple[str, str], confidence: float
) -> ComparedOrders | None:
    """Return the difference of two runs; None where they were trained on different protocols."""
    if run[0] != baseline[0]:
        return None
    return between_runs(run[0], (run[1], runs[run]), (baseline[1], runs[baseline]), confidence)
