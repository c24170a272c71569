"""Lines and rank correlations by hand, and against numpy and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fasrepro.evaluation.analyses import regression

NAN = float("nan")


def test_a_weighted_line_by_hand() -> None:
    x, y = np.array([[0.0, 0.5, 1.0]]), np.array([[0.0, 1.0, 1.0]])
    slope, intercept = regression.line(x, y, np.ones((1, 3)))
    assert (slope[0], intercept[0]) == pytest.approx((1.0, 1 / 6))
    # Twice the last point: mean x 5/8, mean y 3/4; sxx 25/64 + 1/64 + 2 * 9/64 = 11/16; sxy 30/64 - 2/64 + 2 * 6/64 = 5/8.
    slope, intercept = regression.line(x, y, np.array([[1.0, 1.0, 2.0]]))
    assert (slope[0], intercept[0]) == pytest.approx((10 / 11, 3 / 4 - 50 / 88))


def test_incomplete_points_are_omitted_and_one_x_makes_no_line() -> None:
    x, y = np.array([[0.0, 0.5, 1.0], [0.3, 0.3, NAN]]), np.array([[0.0, NAN, 1.0], [0.0, 1.0, 2.0]])
    slope, intercept = regression.line(x, y, np.ones((2, 3)))
    assert (slope[0], intercept[0]) == (1.0, 0.0)
    assert np.isnan(slope[1])
    assert np.isnan(regression.spearman(x, y)[1])


points = st.lists(st.tuples(st.integers(0, 4), st.integers(-4, 4), st.integers(1, 5)), min_size=3, max_size=9)


@settings(deadline=None)  # SciPy is slow in its first call
@given(points)
def test_line_and_correlation_equal_numpy_and_scipy(rows: list[tuple[int, int, int]]) -> None:
    x, y, weights = np.array(rows, float).T
    slope, intercept = regression.line(x[None], y[None], weights[None])
    correlation = regression.spearman(x[None], y[None])[0]
    if np.ptp(x) == 0:
        assert np.isnan(slope[0])
        return
    assert (slope[0], intercept[0]) == pytest.approx(tuple(np.polyfit(x, y, 1, w=np.sqrt(weights))), abs=1e-9)
    if np.ptp(y) == 0:
        assert np.isnan(correlation)
    else:
        assert correlation == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-6)
