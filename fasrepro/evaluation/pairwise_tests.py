"""The key "descriptive" of results/metrics.json: tests of each pair of runs, one seed at a time, that decide nothing.

By video. Of the head's scores: DeLong's test of the AUC, and McNemar's of the decisions at each run's own dev threshold. Of a
reader's verdicts: McNemar's alone, an undecided verdict being wrong. "p_holm" is adjusted over the protocols that have the same
pair, seed, channel and test. What these tests can and cannot say is told in `comparisons`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from fasrepro.evaluation import inference
from fasrepro.evaluation.aggregate import Columns
from fasrepro.evaluation.metrics import MetricError

TESTS = ("auc", "bona_fide", "attack", "all")  # DeLong's, and McNemar's of three groups of videos


@dataclasses.dataclass(frozen=True)
class Decisions:
    """What one channel of a run decided in one seed; all of shape (videos,), sorted by id.

    `decided`: 0 bona fide, 1 attack, -1 undecided. `scores`: `p_attack`, or None of a reader.
    """

    ids: np.ndarray
    labels: np.ndarray
    decided: np.ndarray
    scores: np.ndarray | None


def of_scores(columns: Columns, threshold: float) -> Decisions:
    """Return the head's decisions: an attack is what scores at least `threshold`."""
    return Decisions(columns.ids, columns.labels, (columns.values >= threshold).astype(int), columns.values)


def of_verdicts(columns: Columns) -> Decisions:
    """Return a reader's decisions."""
    return Decisions(columns.ids, columns.labels, columns.values, None)


def rows(
    found: Mapping[tuple[str, str], Mapping[tuple[str, int], Decisions]], compared: Iterable[tuple[str, str, str]]
) -> list[dict[str, Any]]:
    """Return a row per protocol, pair of runs, channel and seed that both runs have.

    `found`: by (protocol, run), then by (channel, seed). `compared`: (protocol, run, baseline). A row names these and holds, by
    name of `TESTS`, {"difference", "p", "p_holm"} of the AUC (run minus baseline), and {"run_only", "baseline_only", "p",
    "p_holm"} of the decisions: how many videos that run alone got right. A p that cannot be told is None. Raises `MetricError`
    where two runs were not judged on the same videos.
    """
    made: list[dict[str, Any]] = []
    for protocol, run, baseline in compared:
        for (channel, seed), ours in found[protocol, run].items():
            theirs = found[protocol, baseline].get((channel, seed))
            if theirs is None:
                continue
            if not np.array_equal(ours.ids, theirs.ids):
                raise MetricError(f"{protocol}, {channel}: {run} and {baseline} were judged on different videos; run `dvc repro`")
            names = {"protocol": protocol, "run": run, "baseline": baseline, "channel": channel, "seed": seed}
            made.append(names | _tests(ours, theirs))
    return _adjusted(made)


def _tests(ours: Decisions, theirs: Decisions) -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    if ours.scores is not None and theirs.scores is not None:
        auc = inference.delong(ours.labels, ours.scores, theirs.scores)
        made["auc"] = {"difference": auc.difference, "p": auc.p}
    for group, test in inference.mcnemar(ours.labels, ours.decided, theirs.decided).items():
        made[group] = {"run_only": test.only_a, "baseline_only": test.only_b, "p": test.p}
    return made


def _adjusted(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return `made` with each test's "p_holm", over the rows that differ by protocol alone."""
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in made:
        for test in TESTS:
            if test in row:
                groups.setdefault((row["run"], row["baseline"], row["channel"], row["seed"], test), []).append(row[test])
    for group in groups.values():
        for entry, p_holm in zip(group, inference.holm([entry["p"] for entry in group]), strict=True):
            entry |= {"p": _told(entry["p"]), "p_holm": _told(p_holm)}
    return made


def _told(p: float) -> float | None:
    return None if math.isnan(p) else p
