"""The claims ledger: what a paper says, what we see, and a verdict by a rule that is fixed before target scores are read.

The rule looks at one paired interval of metrics.json. Its numbers come from params.yaml (`ledger`, `evaluation`), and its wording
is made from them here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from fasrepro.evaluation.metrics import HIGHER_IS_BETTER
from fasrepro.report.paired import oriented
from fasrepro.report.published import Figure

NOT_RUN = "not run"
# (the gain lies beyond the margin, the loss does, neither)
WORDS = {
    "synthetic": ("mechanism seen", "opposite seen", "undecided"),
    "licensed": ("reproduced", "not reproduced", "cannot be told"),
}
HEAD = "head"
READERS = "readers"


@dataclasses.dataclass(frozen=True)
class Claim:
    """A statement that `run` does better than `baseline`, and how it is looked at.

    `channel`: the head's scores, or every reader's verdicts. `metric`: None for the ledger's own. `figures`: ids of the published
    baseline and run figures; none for a control of ours. `loses`: the claim is that the run does *worse*.
    """

    id: str
    text: str
    run: str
    baseline: str
    channel: str = HEAD
    metric: str | None = None
    figures: tuple[str, ...] = ()
    loses: bool = False
    transfer: bool = False  # about models that were trained for another target


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "P1-1",
        "Training on six-step reasoning mixed with vanilla captions lowers the HTER on an unseen data set against vanilla "
        "captions alone. Here: of the head's scores; as far as we know the paper reports the text's verdicts only.",
        run="reasoning",
        baseline="vanilla",
        figures=("p1_loo_vanilla_hter", "p1_loo_mixed_hter"),
    ),
    Claim(
        "P1-2",
        "The same, measured as the paper does: HTER of the verdicts that a reader takes from the explanations.",
        run="reasoning",
        baseline="vanilla",
        channel=READERS,
        metric="hter",
        figures=("p1_loo_vanilla_hter", "p1_loo_mixed_hter"),
    ),
    Claim(
        "P1-3",
        "Trained on M, O and I and tested on SiW-Mv2, whose attacks include masks and make-up, reasoning captions do worse. "
        "Here: on SiW-Mv2 from each set of sources that was trained on.",
        run="reasoning",
        baseline="vanilla",
        channel=READERS,
        metric="hter",
        figures=("p1_siw_vanilla_hter", "p1_siw_mixed_hter"),
        loses=True,
        transfer=True,
    ),
    Claim(
        "P1-4",
        "Mixed reasoning raises the accuracy of the verdicts that a reader takes from the explanations.",
        run="reasoning",
        baseline="vanilla",
        channel=READERS,
        metric="accuracy",
        figures=("p1_loo_vanilla_accuracy", "p1_loo_mixed_accuracy"),
    ),
    Claim(
        "C-1",
        "A control of ours, no claim of paper 1 that we know of: vanilla captions beside the labels do better than labels alone.",
        run="vanilla",
        baseline="label_only",
    ),
)


@dataclasses.dataclass(frozen=True)
class LedgerRow:
    """One claim on one protocol (or their mean); `difference` is run minus baseline, None where there is none."""

    claim: Claim
    scope: str
    channel: str
    metric: str
    paper: str
    difference: float | None
    low: float | None
    high: float | None
    test: str
    verdict: str


def verdict(metric: str, low: float | None, high: float | None, margin: float, world: str, loses: bool = False) -> str:
    """Return the verdict on a paired interval of run minus baseline; `world` is a key of `WORDS`.

    The whole interval must lie beyond `margin` on the claimed side, or on the other; an unknown interval decides nothing.
    """
    seen, opposite, open_ = WORDS[world]
    if low is None or high is None:
        return open_
    up = (metric in HIGHER_IS_BETTER) != loses  # does the claim say that the difference is positive?
    least, most = (low, high) if up else (-high, -low)
    return seen if least > margin else opposite if most < -margin else open_


def enough(row: Mapping[str, Any], ledger: Mapping[str, Any]) -> bool:
    """Return whether a paired row has the seeds and subjects that the rule asks for before it decides anything."""
    return row["seeds"] >= ledger["min_seeds"] and row["subjects"] >= ledger["min_subjects"]


def rule(settings: Mapping[str, Any], world: str) -> str:
    """Return the rule in words, made from the `settings` of metrics.json."""
    seen, opposite, open_ = WORDS[world]
    ledger, evaluation = settings["ledger"], settings["evaluation"]
    return (
        f"The difference run minus baseline, by video on the same faces, has a {evaluation['confidence'] * 100:g} % percentile "
        f"interval from {evaluation['replicates']} bootstrap replicates over seeds and subjects. Where a claim names no metric "
        f"of its own, it is about {ledger['metric']}. The verdict is '{seen}' if the whole interval lies more than "
        f"{ledger['margin']:g} beyond zero on the claimed side, '{opposite}' if it lies so on the other side, else '{open_}'. "
        f"With fewer than {ledger['min_seeds']} seeds or {ledger['min_subjects']} subjects it is '{open_}': "
        f"one training tells nothing about another, and with few subjects the interval is too narrow."
    )


def _paper(claim: Claim, published: Mapping[str, Figure]) -> str:
    if not claim.figures:
        return "no figure found"
    first, second = (published[name] for name in claim.figures)
    return f"{first.metric} {first.shown} → {second.shown} ({first.where})"


def _test(row: Mapping[str, Any]) -> str:
    seeds = "1 seed" if row["seeds"] == 1 else f"{row['seeds']} seeds"
    return f"paired bootstrap, {row['subjects']} subjects, {seeds}"


def rows_of(claim: Claim, metrics: Mapping[str, Any], published: Mapping[str, Figure], world: str) -> list[LedgerRow]:
    """Return a claim's rows: one a protocol and channel, means last; or one that says it was not run."""
    ledger = metrics["settings"]["ledger"]
    metric, paper = claim.metric or ledger["metric"], _paper(claim, published)
    # A control of ours has nothing to reproduce.
    world = world if claim.figures else "synthetic"

    def fits(row: Mapping[str, Any]) -> bool:
        channel = (row["channel"] == HEAD) == (claim.channel == HEAD)
        return channel and (row["metric"], row["level"], row["transfer"]) == (metric, "video", claim.transfer)

    found = [row for row in oriented(metrics["paired"], claim.run, claim.baseline) if fits(row)]
    if not found:
        reason = f"no results of {claim.run} beside {claim.baseline}{' on another target' if claim.transfer else ''}"
        return [LedgerRow(claim, "—", claim.channel, metric, paper, None, None, None, reason, NOT_RUN)]
    return [
        LedgerRow(
            claim,
            f"mean of {', '.join(row['protocols'])}" if "protocols" in row else row["protocol"],
            row["channel"],
            metric,
            paper,
            row["difference"],
            row["low"],
            row["high"],
            _test(row),
            verdict(metric, row["low"], row["high"], ledger["margin"], world, claim.loses)
            if enough(row, ledger)
            else WORDS[world][2],
        )
        for row in sorted(found, key=lambda row: (row["channel"], "protocols" in row, row["protocol"]))
    ]


def ledger(
    metrics: Mapping[str, Any], published: Mapping[str, Figure], synthetic: bool, claims: Sequence[Claim] = CLAIMS
) -> list[LedgerRow]:
    """Return the ledger. `metrics` is what results/metrics.json holds; `synthetic`: whether the archives were rendered."""
    world = "synthetic" if synthetic else "licensed"
    return [row for claim in claims for row in rows_of(claim, metrics, published, world)]
