"""The rule on differences with an obvious verdict: one for each of the five words, and their order."""

from __future__ import annotations

import pytest

from fasrepro.report.claims import verdicts
from fasrepro.report.claims.verdicts import Evidence
from tests.report.samples import settings

SETTINGS = settings().ledger


def evidence(difference: float, error: float = 0.01, metric: str = "hter_dev", worse: bool = False) -> Evidence:
    """Return a difference by many degrees of freedom; the claim is an effect of 0.06."""
    return Evidence(metric, worse, difference, error, 1000, 0.06)


def judged(one: Evidence, words: verdicts.Words = verdicts.SYNTHETIC) -> str:
    return verdicts.verdict(one, one.p, SETTINGS, 0.95, words)


@pytest.mark.parametrize(
    ("difference", "error", "wanted"),
    [
        (-0.06, 0.01, "mechanism seen"),  # an error fell
        (0.06, 0.01, "opposite seen"),
        (-0.01, 0.01, "no difference"),  # 90 % interval -0.026 to +0.006: within half of the claimed 0.06
        (0.01, 0.012, "no difference"),
        (0.02, 0.02, "smaller than claimed"),  # a fall of at most 0.013, but not within 0.03 on the other side
        (-0.02, 0.02, "smaller than claimed"),  # a fall of at most 0.053
        (-0.03, 0.03, "undecided"),  # of at most 0.079
    ],
)
def test_each_word(difference: float, error: float, wanted: str) -> None:
    assert judged(evidence(difference, error)) == wanted


@pytest.mark.parametrize(
    ("metric", "worse", "difference", "wanted"),
    [
        ("auc", False, 0.1, "mechanism seen"),  # more is better
        ("auc", False, -0.1, "opposite seen"),
        ("hter", True, 0.1, "mechanism seen"),  # the claim is that the run does worse
        ("hter", True, -0.1, "opposite seen"),
        ("accuracy", True, -0.1, "mechanism seen"),
        ("hter", True, 0.02, "undecided"),
        ("hter", True, -0.02, "smaller than claimed"),
    ],
)
def test_the_claimed_side_follows_metric_and_claim(metric: str, worse: bool, difference: float, wanted: str) -> None:
    assert judged(evidence(difference, 0.01 if abs(difference) > 0.05 else 0.03, metric, worse)) == wanted


def test_a_difference_that_is_seen_is_not_called_smaller_or_none() -> None:
    assert judged(evidence(-0.01, 0.001)) == "mechanism seen"  # within half of the claimed effect, and surely not zero


def test_the_adjusted_p_decides() -> None:
    one = evidence(-0.06, 0.025)
    assert one.p == pytest.approx(0.0166, abs=1e-3)
    assert verdicts.verdict(one, one.p, SETTINGS, 0.95, verdicts.SYNTHETIC) == "mechanism seen"
    first, *_ = verdicts.adjusted([one] * 4)
    assert first == pytest.approx(4 * one.p)
    assert verdicts.verdict(one, first, SETTINGS, 0.95, verdicts.SYNTHETIC) == "undecided"


def test_licensed_archives_have_their_own_words() -> None:
    words = [judged(evidence(difference), verdicts.LICENSED) for difference in (-0.1, 0.1, 0.0)]
    assert words == ["reproduced", "opposite found", "no difference"]


@pytest.mark.parametrize(
    ("seeds", "subjects", "training_sets", "wanted"),
    [(3, 8, 2, True), (2, 8, 2, False), (3, 7, 2, False), (3, 8, 1, False), (5, 8, 1, True)],
)
def test_one_training_set_needs_more_seeds(seeds: int, subjects: int, training_sets: int, wanted: bool) -> None:
    assert verdicts.enough(seeds, subjects, training_sets, SETTINGS) is wanted
