"""The verdict on a difference, by a rule that is fixed before target scores are read.

The first of these that holds is the verdict:

1. *seen* or *opposite*: the test of no difference (`evaluation.inference`), adjusted by Holm within the claim's family, gives a p
   of at most 1 - confidence. The sign says which.
2. *no difference*: the interval of `EQUIVALENCE` confidence lies within a share of the claimed effect on either side of zero (two
   one-sided tests; Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 657-680, 1987).
3. *smaller than claimed*: the same interval excludes the claimed effect.
4. *undecided*, and the smallest difference that would probably have been seen is printed beside.

The claimed effect is the paper's relative one times the baseline's error here: a fall of HTER from 0.19 to 0.16 claims 16 % of
it. A claim without a published figure is taken to claim `ledger.effect` of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from fasrepro.evaluation import inference, metrics
from fasrepro.evaluation.results import LedgerSettings

EQUIVALENCE = 0.9  # confidence of the interval that bounds a difference: each of its two limits errs in 5 of 100 cases


@dataclasses.dataclass(frozen=True)
class Words:
    """The words of the five verdicts."""

    seen: str
    opposite: str
    no_difference: str
    smaller: str
    undecided: str


SYNTHETIC = Words("mechanism seen", "opposite seen", "no difference", "smaller than claimed", "undecided")
LICENSED = Words("reproduced", "opposite found", "no difference", "smaller than claimed", "undecided")
TOO_WEAK = "instrument too weak"  # of a caption model that cannot read well enough for rewards to lift what it reads
INTERVAL_ONLY = "interval only"  # of a row that no verdict was announced for


# Figures of caption models that claims are about (`report.caption_models.COLUMNS`); a higher one is better.
CAPTION_FIGURES = ("accuracy_all", "parse_rate", "accuracy", "auc", "precision", "recall")
CAPTION_FAULTS = ("exploited",)  # those of which a lower one is better


def higher_is_better(metric: str) -> bool:
    """Return the direction of a metric, or of a figure of caption models."""
    if metric in CAPTION_FAULTS:
        return False
    return metric in CAPTION_FIGURES or metrics.ALL_METRICS[metric].higher_is_better


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What a verdict needs to know of a difference, run minus baseline.

    Args:
        metric: of the difference.
        worse: whether the claim is that the run does *worse*.
        difference: in [-1, 1].
        error: its standard error, > 0.
        degrees: of freedom.
        effect: the claimed effect, > 0, in the metric's unit.
    """

    metric: str
    worse: bool
    difference: float
    error: float
    degrees: float
    effect: float

    @property
    def p(self) -> float:
        """The two-sided p of no difference."""
        return inference.two_sided_p(self.difference, self.error, self.degrees)

    def detectable(self, confidence: float) -> float:
        """Return the smallest difference that would probably have been seen (`inference.detectable`)."""
        return inference.detectable(self.error, self.degrees, confidence)

    @property
    def gain(self) -> float:
        """The difference, positive if it has the claimed sign."""
        claims_increase = higher_is_better(self.metric) != self.worse
        return self.difference if claims_increase else -self.difference


def verdict(evidence: Evidence, p_adjusted: float, settings: LedgerSettings, confidence: float, words: Words) -> str:
    """Return the verdict on a difference that rests on enough seeds and subjects.

    Args:
        evidence: the difference and the claimed effect.
        p_adjusted: its p after Holm.
        settings: params' ledger.
        confidence: of the test, in (0, 1).
        words: of the verdicts.
    """
    if p_adjusted <= 1 - confidence:
        return words.seen if evidence.gain > 0 else words.opposite
    bounds = inference.interval(evidence.gain, evidence.error, evidence.degrees, EQUIVALENCE)
    if bounds is None:
        return words.undecided
    low, high = bounds
    margin = settings.equivalence * evidence.effect
    if -margin < low and high < margin:
        return words.no_difference
    return words.smaller if high < evidence.effect else words.undecided


def adjusted(family: Sequence[Evidence]) -> list[float]:
    """Return the p-values of a family after Holm, in its order."""
    return inference.holm([evidence.p for evidence in family])


def enough(seeds: int, subjects: int, training_sets: int, settings: LedgerSettings) -> bool:
    """Return whether a row has the seeds and subjects that the rule demands before it decides anything.

    A row that rests on one training set needs more seeds, because its trainings are all that shows how trainings vary.
    """
    least = settings.min_seeds if training_sets > 1 else max(settings.min_seeds, settings.min_seeds_alone)
    return seeds >= least and subjects >= settings.min_subjects
