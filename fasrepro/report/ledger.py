"""The claims ledger: what a paper says, what we see, and a verdict by a rule that is fixed before target scores are read.

The rule looks at one paired interval. Its numbers come from params.yaml (`ledger`, `evaluation`), and its wording is made of
them here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from fasrepro.evaluation.metrics import HIGHER_IS_BETTER
from fasrepro.report import headings
from fasrepro.report.claims import CLAIMS, READERS, Claim
from fasrepro.report.paired import oriented
from fasrepro.report.published import Figure

NOT_RUN = "not run"
NOT_TESTED = "not tested"
OVERALL = "mean of"  # what a row over several protocols begins with
ELSEWHERE = "w"  # the letter of SiW-Mv2, which is no target of the leave-one-out protocols
# (the gain lies beyond the margin, the loss does, neither)
WORDS = {
    "synthetic": ("mechanism seen", "opposite seen", "undecided"),
    "licensed": ("reproduced", "not reproduced", "cannot be told"),
}
RISING = HIGHER_IS_BETTER | {"f1"}


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
    enough: bool  # whether there are the seeds and subjects that the rule asks for


def verdict(metric: str, low: float | None, high: float | None, margin: float, world: str, loses: bool = False) -> str:
    """Return the verdict on a paired interval of run minus baseline; `world` is a key of `WORDS`.

    The whole interval must lie beyond `margin` on the claimed side, or on the other; an unknown interval decides nothing.
    """
    seen, opposite, open_ = WORDS[world]
    if low is None or high is None:
        return open_
    up = (metric in RISING) != loses  # does the claim say that the difference is positive?
    least, most = (low, high) if up else (-high, -low)
    return seen if least > margin else opposite if most < -margin else open_


def enough(row: Mapping[str, Any], ledger: Mapping[str, Any]) -> bool:
    """Return whether a paired row has the seeds and subjects that the rule asks for before it decides anything."""
    return row["seeds"] >= ledger["min_seeds"] and row["subjects"] >= ledger["min_subjects"]


def rule(settings: Mapping[str, Any], world: str) -> str:
    """Return the rule in words, made from the `settings` of metrics.json."""
    seen, opposite, open_ = WORDS[world]
    ledger, evaluation = settings["ledger"], settings["evaluation"]
    beyond = f"more than {ledger['margin']:g} beyond" if ledger["margin"] else "beyond"
    return (
        f"The difference run minus baseline on the same faces, by video if not said otherwise, has a "
        f"{evaluation['confidence'] * 100:g} % percentile interval from {evaluation['replicates']} bootstrap replicates over "
        f"seeds and subjects. Where a claim names no metric of its own, it is about {headings.words(ledger['metric'])} "
        f"({ledger['metric']}). The verdict is '{seen}' if the whole interval lies {beyond} zero on the claimed side, "
        f"'{opposite}' if it lies so on the other side, else '{open_}'. "
        f"With fewer than {ledger['min_seeds']} seeds or {ledger['min_subjects']} subjects it is '{open_}': "
        f"one training tells nothing about another, and with few subjects the interval is too narrow."
    )


def chance(settings: Mapping[str, Any], rows: Sequence[LedgerRow]) -> str:
    """Return in words how many verdicts of the ledger chance alone would make."""
    intervals = sum(row.low is not None for row in rows)
    return (
        f"The rule is not adjusted for how many claims and protocols there are: of the {intervals} intervals below, "
        f"{intervals * (1 - settings['evaluation']['confidence']):.1f} or, with so few subjects, more would leave zero out if "
        f"nothing made a difference. So a claim goes by its mean over protocols where it has one, and a row of one protocol "
        f"beside it describes. The verdict of a claim that was run on one protocol hangs on one interval."
    )


def _paper(claim: Claim, published: Mapping[str, Figure]) -> str:
    if not claim.figures:
        return "a control of ours" if claim.ours else "no figure found"
    first, second = (published[name] for name in claim.figures)
    return f"{first.measured} {first.shown} → {second.shown} ({first.where})"


def measured(row: LedgerRow) -> str:
    """Return what a row is about: metric, of readings the level, and channel."""
    level = f", by {row.claim.level}" if row.claim.channel == READERS else ""
    return f"{headings.words(row.metric)}{level} ({row.channel})"


def compared(row: LedgerRow) -> str:
    """Return which runs a row compares, and in what."""
    return f"{row.claim.run} − {row.claim.baseline}: {measured(row)}"


def published_at(rows: Sequence[LedgerRow]) -> LedgerRow:
    """Return the one of a claim's rows that the paper's figure is about; the first if there is none."""
    about = [row for row in rows if (row.scope == row.claim.about if row.claim.about else row.scope.startswith(OVERALL))]
    return (about if rows[0].claim.figures and about else rows)[0]


def _test(row: Mapping[str, Any]) -> str:
    seeds = "1 seed" if row["seeds"] == 1 else f"{row['seeds']} seeds"
    source = f"; a recorded run, profile {row['recorded']}" if "recorded" in row else ""
    return f"paired bootstrap, {row['subjects']} subjects, {seeds}{source}"


def _row(claim: Claim, paper: str, metric: str, reason: str, verdict: str) -> LedgerRow:
    """Return the one row of a claim that nothing was measured of."""
    return LedgerRow(claim, "—", claim.channel, metric, paper, None, None, None, reason, verdict, False)


def _decided(claim: Claim, metric: str, row: Mapping[str, Any], ledger: Mapping[str, Any], world: str) -> str:
    # A control of ours has nothing to reproduce.
    world = "synthetic" if claim.ours else world
    if not enough(row, ledger):
        return WORDS[world][2]
    return verdict(metric, row["low"], row["high"], ledger["margin"], world, claim.loses)


def _size(row: Mapping[str, Any]) -> tuple[bool, int]:
    """Return what orders a claim's rows: means last, and of these the one over most protocols first."""
    return "protocols" in row, -len(row.get("protocols", ()))


def _elsewhere(row: Mapping[str, Any]) -> bool:
    """Return whether a row is about models on a data set that is no target of the leave-one-out protocols: those that were
    transferred there, and those of all four data sets."""
    return row["transfer"] or all(name.endswith(f"_{ELSEWHERE}") for name in row.get("protocols", [row["protocol"]]))


def of_pairs(
    claim: Claim, results: Mapping[str, Any], published: Mapping[str, Figure], world: str, readers: Sequence[str]
) -> list[LedgerRow]:
    """Return a claim's rows: one a protocol and channel, in the order of `readers`, means last, then the means of what is told
    `beside`; or one that says it was not run."""
    metrics = results["metrics"]
    numbers = metrics["settings"]["ledger"]
    metric, paper = claim.metric or numbers["metric"], _paper(claim, published)
    channels = readers if claim.channel == READERS else [claim.channel]

    def fits(row: Mapping[str, Any]) -> bool:
        wanted = metric, claim.level, claim.transfer
        return row["channel"] in channels and (row["metric"], row["level"], _elsewhere(row)) == wanted

    found = [row for row in oriented(metrics["paired"], claim.run, claim.baseline) if fits(row)]
    if not found:
        reason = f"no results of {claim.run} beside {claim.baseline}{' on another target' if claim.transfer else ''}"
        return [_row(claim, paper, metric, reason, NOT_RUN)]
    made = [
        LedgerRow(
            claim,
            f"{OVERALL} {', '.join(row['protocols'])}" if "protocols" in row else row["protocol"],
            row["channel"],
            metric,
            paper,
            row["difference"],
            row["low"],
            row["high"],
            _test(row),
            _decided(claim, metric, row, numbers, world),
            enough(row, numbers),
        )
        for row in sorted(found, key=lambda row: (channels.index(row["channel"]), _size(row), row["protocol"]))
    ]
    for name, level in claim.beside:
        beside = dataclasses.replace(claim, metric=name, level=level, beside=())
        made += [row for row in of_pairs(beside, results, published, world, readers) if row.scope.startswith(OVERALL)]
    return made


def of_grounding(
    claim: Claim, results: Mapping[str, Any], published: Mapping[str, Figure], world: str, readers: Sequence[str]
) -> list[LedgerRow]:
    """Return a row a protocol, those `_elsewhere` apart: what the explanations' named cues have over the sampler's."""
    numbers, metric, paper = results["metrics"]["settings"]["ledger"], str(claim.metric), _paper(claim, published)
    moved = {job["protocol"]: _elsewhere(job) for job in results["metrics"]["jobs"].values()}
    found = [
        job
        for job in results["grounding"].values()
        if job["run"] == claim.run and moved.get(job["protocol"], False) == claim.transfer
    ]
    jobs = sorted(found, key=lambda job: job["protocol"])
    if not jobs:
        return [_row(claim, paper, metric, f"no explanations of {claim.run} on images whose cues are known", NOT_RUN)]
    rows = [{**job["counts"], **job["difference"][metric], "protocol": job["protocol"]} for job in jobs]
    return [
        LedgerRow(
            claim,
            row["protocol"],
            claim.channel,
            metric,
            paper,
            row["value"],
            row["low"],
            row["high"],
            _test(row),
            _decided(claim, metric, row, numbers, world),
            enough(row, numbers),
        )
        for row in rows
    ]


def untested(
    claim: Claim, results: Mapping[str, Any], published: Mapping[str, Figure], world: str, readers: Sequence[str]
) -> list[LedgerRow]:
    """Return the row that says why a claim is not tested."""
    reason = claim.reason.format(**{name: figure.shown for name, figure in published.items()})
    return [_row(claim, _paper(claim, published), "", reason, NOT_TESTED)]


Look: TypeAlias = Callable[[Claim, Mapping[str, Any], Mapping[str, Figure], str, Sequence[str]], list[LedgerRow]]
LOOKS: dict[str, Look] = {"paired": of_pairs, "grounding": of_grounding, "none": untested}


def rows(
    results: Mapping[str, Any],
    published: Mapping[str, Figure],
    synthetic: bool,
    readers: Sequence[str],
    claims: Sequence[Claim] = CLAIMS,
) -> list[LedgerRow]:
    """Return the ledger.

    `results` holds what results/<name>.json holds; `synthetic`: whether the archives were rendered; `readers`: whose verdicts
    count. A simulated reader with a set error rate shows that the road is there, and nothing of explanations, so it is not named.
    """
    world = "synthetic" if synthetic else "licensed"
    return [row for claim in claims for row in LOOKS[claim.look](claim, results, published, world, readers)]
