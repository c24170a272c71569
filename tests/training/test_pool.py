"""Which faces reinforcement learning asks about: half of each label, and mixed outcomes more often where that is asked."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.captions.layouts import NO, YES
from fasrepro.training import pool


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 40), st.integers(0, 99))
def test_labels_take_turns_and_no_face_comes_again_before_the_others(
    bona_fide: int, attacks: int, wanted: int, seed: int
) -> None:
    truths = [YES] * bona_fide + [NO] * attacks
    order = pool.draw(truths, wanted, seed)
    assert order == pool.draw(truths, wanted, seed)
    assert len(order) == wanted
    assert [truths[number] for number in order] == ([NO, YES] * wanted)[:wanted]
    for word in (YES, NO):
        times = Counter(number for number in order if truths[number] == word)
        unasked = truths.count(word) - len(times)
        assert not times or max(times.values()) - (0 if unasked else min(times.values())) <= 1


def test_faces_with_mixed_outcomes_are_drawn_more_often() -> None:
    weights = pool.mixed_weights([0, 2, 4, 4], 4)
    assert weights == pytest.approx([5 / 36, 0.25, 5 / 36, 5 / 36])
    drawn = Counter(pool.draw([YES, YES, NO, NO], 2000, 1, weights))
    assert 1.5 < drawn[1] / drawn[0] < 2.2
    assert 0.8 < drawn[2] / drawn[3] < 1.25


def test_a_pool_of_one_label_is_refused() -> None:
    with pytest.raises(ValueError, match=r"faces of \['Yes'\] alone: it needs both labels"):
        pool.draw([YES, YES], 2, 0)
