"""Random scores for tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st


@st.composite
def scored_rows(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Draw labels and scores of both labels, many of them tied."""
    some = draw(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 12)), min_size=0, max_size=30))
    some += [(0, draw(st.integers(0, 12))), (1, draw(st.integers(0, 12)))]
    return np.array([label for label, _ in some]), np.array([score / 12 for _, score in some])
