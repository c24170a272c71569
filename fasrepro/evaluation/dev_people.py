"""How much a figure at the dev threshold depends on who the dev people are.

The dev threshold is the EER point of the sources' dev videos or still images, and these show few people: other people would
give another threshold. Each draw takes every source's dev people again, with replacement, and computes the threshold from them.
Two runs, the seeds of a run and the protocols that share a source are given the same drawn people, as they were given the same
people.
"""

from __future__ import annotations

import numpy as np

from fasrepro.evaluation import bootstrap, metrics, roc
from fasrepro.evaluation.aggregate import Columns

DRAWS = 200


def weights(dev: Columns, seed: int, draws: int = DRAWS) -> np.ndarray:
    """Return the weight of each dev row in each draw, (draws, rows); both labels of each data set sum to 1, as for the threshold.

    Args:
        dev: the sources' dev rows.
        seed: of the draws.
        draws: how many.

    Raises:
        MetricError: naming a data set whose people lack a label.
    """
    drawn = np.zeros((draws, len(dev.labels)))
    for dataset in np.unique(dev.datasets):
        rows = np.flatnonzero(dev.datasets == dataset)
        counts, subject_of_row = bootstrap.draw_subjects(dev.subjects[rows], dev.labels[rows], draws, seed, f"dev/{dataset}")
        of_rows = np.take(counts, subject_of_row, axis=1)
        for label in metrics.LABELS:
            of_label = dev.labels[rows] == label
            drawn[:, rows[of_label]] = of_rows[:, of_label] / of_rows[:, of_label].sum(axis=1, keepdims=True)
    return drawn


def thresholds(dev: Columns, drawn: np.ndarray) -> np.ndarray:
    """Return the dev threshold of each draw, (draws,); `drawn` are `weights`."""
    return roc.equal_error(roc.curve(dev.labels, dev.values, drawn))[1]


def hter(labels: np.ndarray, p_attack: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Return the HTER of test rows at each of several thresholds, (thresholds,); `labels` and `p_attack` (rows,)."""
    bona_fide, attacks = np.sort(p_attack[labels == 0]), np.sort(p_attack[labels == 1])
    passed_attacks = np.searchsorted(attacks, cuts, side="left") / attacks.size
    false_alarms = 1 - np.searchsorted(bona_fide, cuts, side="left") / bona_fide.size
    return (passed_attacks + false_alarms) / 2
