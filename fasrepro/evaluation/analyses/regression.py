"""Lines and rank correlations of a few points, under many weightings at once, with missing points."""

from __future__ import annotations

import numpy as np
from scipy import stats

from fasrepro.evaluation.metrics import ratio

EQUAL = 1e-12  # a smaller spread is rounding
DECIMALS = 9  # values that differ only beyond it tie in rank


def line(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return slope and intercept of the weighted least-squares line of `y` on `x`, each (replicates,).

    All arguments are (replicates, points). Points where x or y is NaN are omitted. The result is NaN where the remaining points
    share one x.

    >>> slope, intercept = line(np.array([[0.0, 1.0, 2.0]]), np.array([[1.0, 3.0, np.nan]]), np.ones((1, 3)))
    >>> float(slope[0]), float(intercept[0])
    (2.0, 1.0)
    """
    complete = ~(np.isnan(x) | np.isnan(y))
    x, y, weights = np.where(complete, x, 0), np.where(complete, y, 0), np.where(complete, weights, 0)
    total = weights.sum(axis=1)
    mean_x, mean_y = ratio((weights * x).sum(axis=1), total), ratio((weights * y).sum(axis=1), total)
    deviation = x - mean_x[:, None]
    spread = (weights * deviation**2).sum(axis=1)
    slope = ratio((weights * deviation * (y - mean_y[:, None])).sum(axis=1), np.where(spread > EQUAL, spread, 0))
    return slope, mean_y - slope * mean_x


def spearman(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the rank correlation of `x` and `y`, (replicates, points) -> (replicates,); ties share their mean rank.

    Points where x or y is NaN are omitted. The result is NaN where the remaining points share one x or one y.
    """
    missing = np.isnan(x) | np.isnan(y)
    rounded = [np.where(missing, np.nan, np.round(values, DECIMALS)) for values in (x, y)]
    x_ranks, y_ranks = (stats.rankdata(values, axis=1, nan_policy="omit") for values in rounded)
    ones = np.ones(x.shape)
    # The squared correlation is the product of the slopes of either on the other.
    slope, inverse_slope = line(x_ranks, y_ranks, ones)[0], line(y_ranks, x_ranks, ones)[0]
    return np.sign(slope) * np.sqrt(np.clip(slope * inverse_slope, 0, 1))
