"""Descriptive tests of each pair of runs, one seed at a time, by video. They decide no verdict.

Of the head's scores: DeLong's test of the AUC, and McNemar's test of the decisions at each run's own dev threshold. Of a reader's
verdicts: McNemar's test alone, where an undecided verdict is wrong. `p_holm` is adjusted over the cells that have the same pair
of runs, seed, channel and test. `inference` says what these tests can show.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from fasrepro.evaluation import inference
from fasrepro.evaluation.aggregate import Columns
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import Cell
from fasrepro.evaluation.results.metrics import AucTest, DecisionTest, PairwiseTests

TESTS = ("auc", "bona_fide", "attack", "all")  # DeLong's, and McNemar's of three groups of videos


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
        auc = inference.delong(ours.labels, ours.scores, theirs.scores)
        tests["auc"] = AucTest(auc.difference, auc.p, auc.p)
    for group, test in inference.mcnemar(ours.labels, ours.decided, theirs.decided).items():
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
