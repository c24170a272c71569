"""Near-duplicates: by hand at the threshold, and compared with a check of every pair."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from fasrepro.captions.duplicates import OF, SHARED, WINDOW, near_duplicates


def duplicates(texts: list[str]) -> list[bool]:
    return near_duplicates(texts).tolist()


def runs(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[i : i + WINDOW]) for i in range(max(1, len(words) - WINDOW + 1))}


def by_every_pair(texts: list[str]) -> list[bool]:
    sets = [runs(text) for text in texts]
    return [
        any(i != j and Fraction(len(one & other), len(one | other)) >= Fraction(SHARED, OF) for j, other in enumerate(sets))
        for i, one in enumerate(sets)
    ]


def test_the_threshold_is_four_of_five_shared_runs() -> None:
    assert duplicates(["a b c d e f g h", "a b c d e f g h i"]) == [True, True]  # runs: 4 shared of 5
    assert duplicates(["a b c d e f g", "a b c d e f g h"]) == [False, False]  # 3 of 4


def test_word_order_counts_but_case_and_blanks_do_not() -> None:
    assert duplicates(["One two three four five six", "one  two three\nfour five SIX", "six five four three two one"]) == [
        True,
        True,
        False,
    ]


def test_a_short_text_only_matches_its_equals() -> None:
    assert duplicates(["a b", "a b", "a b c", "a"]) == [True, True, False, False]
    assert (duplicates([]), duplicates(["a b c d e f"])) == ([], [False])


WORDS = st.lists(st.sampled_from("abc"), max_size=14).map(" ".join)


@given(st.lists(WORDS, max_size=14))
@example(["a a a a a a a a", "a a a a a"])  # a repeated run counts once
def test_it_agrees_with_a_check_of_every_pair(texts: list[str]) -> None:
    assert duplicates(texts) == by_every_pair(texts)


def test_it_agrees_on_longer_texts_with_a_few_words_changed() -> None:
    random = np.random.default_rng(4)
    texts = []
    for _ in range(40):
        words = random.integers(0, 30, random.integers(40, 90)).astype(str)
        for changed in random.integers(0, 3, 3):
            copy = words.copy()
            copy[random.integers(0, len(copy), changed)] = "x"
            texts.append(" ".join(copy[: len(copy) - int(random.integers(0, 8))]))
    expected = by_every_pair(texts)
    assert duplicates(texts) == expected
    assert 0.2 < np.mean(expected) < 0.8  # both kinds occur
