"""Descriptive tests of each pair of runs, one seed at a time, by video, as the field's papers report them.

Of the head's scores: DeLong's test of the AUC, and McNemar's test of the decisions at each run's own dev threshold. Of a reader's
verdicts: McNemar's test alone, where an undecided verdict is wrong. `p_holm` is adjusted over the cells that have the same pair
of runs, seed, channel and test.

They decide no verdict: `inference` does. Each compares *one* training of either run, and assumes independent rows. Videos of one
subject are not independent, so these p-values are as a rule too small for a statement about new subjects, and they say nothing
about another training.

Conventions are those of `metrics`: label 0 is bona fide, 1 is an attack, a score is `p_attack` in [0, 1]. A difference is `a`
minus `b`; swapping the two turns its sign and keeps p.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from fasrepro.evaluation import inference, roc
from fasrepro.evaluation.aggregate import Columns
from fasrepro.evaluation.metrics import LABELS, UNDECIDED, MetricError, check, check_labels
from fasrepro.evaluation.results import Cell
from fasrepro.evaluation.results.metrics import AucTest, DecisionTest, PairwiseTests

TESTS = ("auc", "bona_fide", "attack", "all")  # DeLong's, and McNemar's of three groups of videos
NAN = float("nan")


@dataclasses.dataclass(frozen=True)
class AucDifference:
    """AUC of a minus AUC of b, in [-1, 1]; its standard `error`; the two-sided `p`. NaN where the rows do not determine it."""

    difference: float
    error: float
    p: float


@dataclasses.dataclass(frozen=True)
class Discordant:
    """How many rows only a decided correctly, how many only b did, and the two-sided exact `p` that both chances are equal."""

    only_a: int
    only_b: int
    p: float


@dataclasses.dataclass(frozen=True)
class Decisions:
    """The decisions of one channel of a run with one seed; all of shape (videos,), sorted by id.

    `decided`: 0 bona fide, 1 attack, -1 undecided. `scores`: `p_attack`, or None of a reader.
    """

    ids: np.ndarray
    labels: np.ndarray
    decided: np.ndarray
    scores: np.ndarray | None


def of_scores(columns: Columns, threshold: float) -> Decisions:
    """Return the head's decisions: a video whose score is at least `threshold` is an attack."""
    return Decisions(columns.ids, columns.labels, (columns.values >= threshold).astype(int), columns.values)


def of_verdicts(columns: Columns) -> Decisions:
    """Return a reader's decisions."""
    return Decisions(columns.ids, columns.labels, columns.values, None)


def delong(labels: ArrayLike, scores_a: ArrayLike, scores_b: ArrayLike) -> AucDifference:
    """Test whether two runs have the same AUC on the same rows; all arguments (rows,).

    This is the correlated test of DeLong, DeLong and Clarke-Pearson (Biometrics 44, 837-845, 1988), with placements from midranks
    as in Sun and Xu (IEEE Signal Processing Letters 21, 1389-1393, 2014). It is meant for scores, not for verdicts: ties weaken
    it.

    Degenerate cases. Where no row changes its placement, as between equal scores, the difference and its error are 0 and p is 1.
    The spread of placements is undefined where all rows of each label change theirs by the same amount (the error is 0), and
    where a label has a single row: then p is NaN, not 0.

    Raises:
        MetricError: where a label has no rows, and for scores outside [0, 1].
    """
    labels, a, b = np.asarray(labels), np.asarray(scores_a, float), np.asarray(scores_b, float)
    check(labels, a, "DeLong, first run")
    check(labels, b, "DeLong, second run")
    attack = labels == 1
    attacks, bona_fide = int(attack.sum()), int((~attack).sum())
    # Placements are multiples of one half, so equal ones are exactly equal, and a variance of 0 is exactly 0.
    change = roc.placements(a, attack) - roc.placements(b, attack)
    if not change.any():
        return AucDifference(0.0, 0.0, 1.0)
    difference = float(change[attack].sum() / (attacks * bona_fide))
    if min(attacks, bona_fide) < 2:
        return AucDifference(difference, NAN, NAN)
    of_attacks = change[attack].var(ddof=1) / (bona_fide**2 * attacks)
    of_bona_fide = change[~attack].var(ddof=1) / (attacks**2 * bona_fide)
    error = float(np.sqrt(of_attacks + of_bona_fide))
    if error == 0:
        return AucDifference(difference, 0.0, NAN)
    return AucDifference(difference, error, float(2 * stats.norm.sf(abs(difference) / error)))


def mcnemar(labels: ArrayLike, decided_a: ArrayLike, decided_b: ArrayLike) -> dict[str, Discordant]:
    """Test whether two runs are correct equally often on the same rows: on "bona_fide" rows, on "attack" rows, and on "all".

    This is McNemar's test (Psychometrika 12, 153-157, 1947) in its exact form: under the null hypothesis, each of the rows that
    one run alone decides correctly belongs to either run with probability one half. Without such a row p is 1.

    Args:
        labels: 0 or 1, (rows,).
        decided_a: 0, 1, or -1 for undecided, which is never correct; (rows,).
        decided_b: of the other run.

    Raises:
        MetricError: where a label has no rows, and for values that are no decision.
    """
    labels, a, b = np.asarray(labels), np.asarray(decided_a), np.asarray(decided_b)
    check_labels(labels, "McNemar")
    for decided in (a, b):
        if decided.shape != labels.shape or not np.isin(decided, (*LABELS, UNDECIDED)).all():
            raise MetricError(f"McNemar: decisions must be 0, 1 or {UNDECIDED}, one for each of {labels.size} rows")
    right_a, right_b = a == labels, b == labels
    groups = {"bona_fide": labels == 0, "attack": labels == 1, "all": np.ones(labels.shape, bool)}
    return {
        name: _discordant(int((right_a & ~right_b & rows).sum()), int((right_b & ~right_a & rows).sum()))
        for name, rows in groups.items()
    }


def _discordant(only_a: int, only_b: int) -> Discordant:
    total = only_a + only_b
    return Discordant(only_a, only_b, float(stats.binomtest(only_a, total, 0.5).pvalue) if total else 1.0)


def rows(
    decisions: Mapping[Cell, Mapping[tuple[str, int], Decisions]], pairs: Iterable[tuple[Cell, Cell]]
) -> list[PairwiseTests]:
    """Return the tests of each pair of runs, for every channel and seed that both have.

    Args:
        decisions: by cell, then by (channel, seed).
        pairs: (run, baseline) of one protocol and target.

    Raises:
        MetricError: where two runs were judged on different videos.
    """
    tests = []
    for run, baseline in pairs:
        for (channel, seed), ours in decisions[run].items():
            theirs = decisions[baseline].get((channel, seed))
            if theirs is None:
                continue
            if not np.array_equal(ours.ids, theirs.ids):
                names = f"{run.run} and {baseline.run}"
                raise MetricError(f"{run.cell}, {channel}: {names} were judged on different videos; run `dvc repro`")
            tests.append(
                PairwiseTests(
                    **{name: value for name, value in run.names.items() if name != "run"},
                    run=run.run,
                    baseline=baseline.run,
                    channel=channel,
                    seed=seed,
                    **_tests(ours, theirs),
                )
            )
    return _adjusted(tests)


def _tests(ours: Decisions, theirs: Decisions) -> dict[str, AucTest | DecisionTest]:
    """Return the tests of one pair, not yet adjusted."""
    tests: dict[str, AucTest | DecisionTest] = {}
    if ours.scores is not None and theirs.scores is not None:
        auc = delong(ours.labels, ours.scores, theirs.scores)
        tests["auc"] = AucTest(auc.difference, auc.p, auc.p)
    for group, test in mcnemar(ours.labels, ours.decided, theirs.decided).items():
        tests[group] = DecisionTest(test.only_a, test.only_b, test.p, test.p)
    return tests


def _adjusted(tests: Sequence[PairwiseTests]) -> list[PairwiseTests]:
    """Return the tests with `p_holm`, over the rows that differ by cell alone; an undefined p becomes None."""
    groups: dict[tuple[str, str, str, int, str], list[int]] = {}
    for number, row in enumerate(tests):
        for test in TESTS:
            if getattr(row, test) is not None:
                groups.setdefault((row.run, row.baseline, row.channel, row.seed, test), []).append(number)
    adjusted = list(tests)
    for (*_, test), numbers in groups.items():
        p_values = [getattr(tests[number], test).p for number in numbers]
        for number, p, p_holm in zip(numbers, p_values, inference.holm(p_values), strict=True):
            entry = dataclasses.replace(getattr(tests[number], test), p=_defined(p), p_holm=_defined(p_holm))
            adjusted[number] = dataclasses.replace(adjusted[number], **{test: entry})
    return adjusted


def _defined(p: float) -> float | None:
    return None if math.isnan(p) else p
