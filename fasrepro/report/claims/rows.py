"""A row of the claims ledger, what rows are made from, and what rows of every kind share."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from fasrepro.evaluation.results import CaptionModels, Fairness, Figure, Grounding, Metrics
from fasrepro.evaluation.results.metrics import Difference
from fasrepro.evaluation.results.pair_gains import PairGains
from fasrepro.evaluation.results.training_losses import TrainingLosses
from fasrepro.report import differences
from fasrepro.report.claims import verdicts
from fasrepro.report.claims.claim import Claim
from fasrepro.report.published import Published

NOT_RUN = "not run"
NOT_TESTED = "not tested"
NO_SCOPE = "—"
# What claims measure that is no metric, in words.
SHARE_OF_TARGETS, CHAIN_LOSS, SHARE_EDITED = "share_of_targets", "chain_loss", "share_edited"
PAIRS_IN_ORDER = "pairs_in_order"
MEASURES = {
    SHARE_OF_TARGETS: "share of the targets on which the HTER is lower",
    CHAIN_LOSS: "training loss of the chain at equal loss of the label",
    SHARE_EDITED: "share of the sampled faces whose caption was edited",
    PAIRS_IN_ORDER: "share of counterfactual pairs that a probe of the encoder puts in order, mean over cues",
}


@dataclasses.dataclass(frozen=True)
class LedgerRow:
    """One claim on one cell or on the mean of several.

    Args:
        claim: what is tested.
        cells: short names; several for a mean, none if nothing was measured.
        channel: the head's scores, a reader, or explanations.
        metric: "" if no result can test the claim.
        paper: the paper's figures.
        difference: run minus baseline, with its interval.
        basis: the test, or why there is none.
        verdict: by the rule, or why there is none.
        tested: what the test needs; None where there are too few seeds or subjects, or no standard error.
        over_targets: of a mean, the same with an interval over targets.
    """

    claim: Claim
    cells: tuple[str, ...]
    channel: str
    metric: str
    paper: str
    difference: Figure
    basis: str
    verdict: str = verdicts.INTERVAL_ONLY
    tested: verdicts.Evidence | None = None
    over_targets: Figure | None = None

    @property
    def is_mean(self) -> bool:
        """Whether the row is a mean over several cells."""
        return len(self.cells) > 1

    @property
    def scope(self) -> str:
        """The row's cells in words."""
        return differences.scope(self.cells) if self.cells else NO_SCOPE


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What claims are tested on.

    Args:
        metrics: of this run, completed by recorded ones.
        grounding: None where no cue in an image is known.
        published: the papers' figures by id.
        words: of the verdicts.
        readers: those whose verdicts count, in order.
        caption_models: None where there are none.
        caption_source: where these were taken from, in words, if not from the run that all other figures are of.
        fairness: None where no error rates by group are known.
        fairness_source: where these were taken from, likewise.
        training_losses: of the runs; None where none are kept.
        pair_gains: of the runs' encoders; None where none are kept.
        caption_detectors: caption models, tested on the targets; None where none are kept.
        gold_report: the report on the gold captions; None where there are none here.
        low_resolution: figures of the same runs on pictures passed through fewer pixels; None where there are none.
    """

    metrics: Metrics
    grounding: Grounding | None
    published: Mapping[str, Published]
    words: verdicts.Words
    readers: Sequence[str]
    caption_models: CaptionModels | None = None
    caption_source: str = ""
    fairness: Fairness | None = None
    fairness_source: str = ""
    training_losses: TrainingLosses | None = None
    pair_gains: PairGains | None = None
    caption_detectors: Metrics | None = None
    gold_report: Mapping[str, Any] | None = None
    low_resolution: Metrics | None = None

    @property
    def rows(self) -> list[Difference]:
        """Every paired difference."""
        rows: list[Difference] = [*self.metrics.paired, *self.metrics.means]
        if self.grounding is not None:
            rows += [*self.grounding.paired, *self.grounding.means]
        return rows


def paper_figures(claim: Claim, published: Mapping[str, Published]) -> str:
    """Return the paper's figures for baseline and run, with their marks."""
    if not claim.published:
        return "a control of ours" if claim.is_control else "no figure found"
    first, second = (published[name] for name in claim.published)
    place = f" ({first.where})" if first.where else ""
    return f"{first.metric_title} {first.shown} → {second.shown}{place}"


def reason_of(claim: Claim, evidence: Evidence) -> str:
    """Return why no result tests a claim, or what its row leaves open, with the published figures that it names."""
    return claim.reason.format(**{name: number.shown for name, number in evidence.published.items()})


def without_result(claim: Claim, evidence: Evidence, metric: str, reason: str, verdict: str) -> LedgerRow:
    """Return the one row of a claim on which nothing was measured; where its runs can be made, the reason says how."""
    paper = paper_figures(claim, evidence.published)
    if claim.profile and verdict == NOT_RUN:
        reason += f"; make reproduce PROFILE={claim.profile} makes them"
    return LedgerRow(claim, (), claim.channel, metric, paper, Figure(None, None, None), reason, verdict)


def untested_rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return the row that says why a claim is not tested."""
    return [without_result(claim, evidence, "", reason_of(claim, evidence), NOT_TESTED)]


def claimed_effect(claim: Claim, metric: str, baseline_value: float, evidence: Evidence) -> float:
    """Return the size of the effect that a claim states, in the metric's unit: a share of the baseline's error here."""
    error = 1 - baseline_value if verdicts.higher_is_better(metric) else baseline_value
    relative = evidence.metrics.settings.ledger.effect
    if claim.published:
        first, second = (evidence.published[name].error for name in claim.published)
        relative = abs(second - first) / first
    return relative * error


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: "1 seed", "3 seeds"."""
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"
