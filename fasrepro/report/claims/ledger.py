"""The claims ledger: what a paper says, what we see, and a verdict by a rule that is fixed before target scores are read.

The rule looks at one paired interval. Its numbers come from params.yaml (`ledger`, `evaluation`), and its wording is built from
them here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from fasrepro.datasets import TITLES
from fasrepro.evaluation import metrics
from fasrepro.evaluation.results import Figure, Grounding, LedgerSettings, Metrics
from fasrepro.evaluation.results.metrics import Difference, MetricsSettings
from fasrepro.report import differences, tables
from fasrepro.report.claims import CLAIMS
from fasrepro.report.claims.claim import READERS, Claim
from fasrepro.report.published import Published

NOT_RUN = "not run"
NOT_TESTED = "not tested"
NO_SCOPE = "—"
SIMULATED = "simulated"  # annotator.base_url of a simulated annotator
OVER_NETWORK = ("api",)  # readers that ask the annotator's server


@dataclasses.dataclass(frozen=True)
class Verdicts:
    """The words of the verdicts: the claimed difference, the opposite one, neither."""

    seen: str
    opposite: str
    undecided: str


SYNTHETIC = Verdicts("mechanism seen", "opposite seen", "undecided")
LICENSED = Verdicts("reproduced", "not reproduced", "undecided")


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
        enough: whether there are the seeds and subjects that the rule demands.
    """

    claim: Claim
    cells: tuple[str, ...]
    channel: str
    metric: str
    paper: str
    difference: Figure
    basis: str
    verdict: str
    enough: bool

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
    """

    metrics: Metrics
    grounding: Grounding | None
    published: Mapping[str, Published]
    words: Verdicts
    readers: Sequence[str]


@dataclasses.dataclass(frozen=True)
class Basis:
    """What a paired interval rests on; `recorded` names the profile of a recorded run."""

    seeds: int
    subjects: int
    recorded: str = ""

    @classmethod
    def of_difference(cls, row: Difference) -> Basis:
        """Return the basis of a row of metrics.json."""
        return cls(row.seeds, row.subjects, row.recorded)

    def __str__(self) -> str:
        seeds = "1 seed" if self.seeds == 1 else f"{self.seeds} seeds"
        source = f"; a recorded run, profile {self.recorded}" if self.recorded else ""
        return f"paired bootstrap, {self.subjects} subjects, {seeds}{source}"


def decisive_readers(readers: Sequence[str], base_url: str) -> list[str]:
    """Return the readers whose verdicts may decide a claim: all but those that are simulated.

    A simulated reader errs at a set rate. It shows that the pipeline works, and nothing about explanations.
    """
    return [name for name in readers if not (name in OVER_NETWORK and base_url == SIMULATED)]


def verdict(metric: str, difference: Figure, margin: float, words: Verdicts, worse: bool = False) -> str:
    """Return the verdict on a paired interval of run minus baseline.

    The whole interval must lie beyond `margin` on the claimed side, or on the other; without an interval nothing is decided.

    >>> verdict("auc", Figure(0.2, 0.1, 0.3), 0.0, SYNTHETIC)
    'mechanism seen'
    """
    if difference.low is None or difference.high is None:
        return words.undecided
    claims_increase = metrics.ALL_METRICS[metric].higher_is_better != worse
    least, most = difference.low, difference.high
    if not claims_increase:
        least, most = -difference.high, -difference.low
    if least > margin:
        return words.seen
    return words.opposite if most < -margin else words.undecided


def enough(seeds: int, subjects: int, settings: LedgerSettings) -> bool:
    """Return whether there are the seeds and subjects that the rule demands before it decides anything."""
    return seeds >= settings.min_seeds and subjects >= settings.min_subjects


def rule(settings: MetricsSettings, words: Verdicts) -> str:
    """Return the rule in words."""
    ledger, evaluation = settings.ledger, settings.evaluation
    beyond = f"more than {ledger.margin:g} beyond" if ledger.margin else "beyond"
    return (
        "The difference, run minus baseline on the same faces, by video unless stated otherwise, has a"
        f" {evaluation.confidence * 100:g} % percentile interval from {evaluation.replicates} bootstrap replicates over"
        f" seeds and subjects. A claim that names no metric of its own is about {metrics.title(ledger.metric)}"
        f" ({ledger.metric}). The verdict is '{words.seen}' if the whole interval lies {beyond} zero on the claimed side,"
        f" '{words.opposite}' if it lies there on the other side, and '{words.undecided}' otherwise. With fewer than"
        f" {ledger.min_seeds} seeds or {ledger.min_subjects} subjects it is '{words.undecided}': one training says nothing"
        " about another, and with few subjects the interval is too narrow."
    )


def chance(settings: MetricsSettings, rows: Sequence[LedgerRow]) -> str:
    """Return in words how many verdicts of the ledger chance alone would produce."""
    intervals = sum(row.difference.low is not None for row in rows)
    expected = intervals * (1 - settings.evaluation.confidence)
    return (
        f"The rule is not adjusted for the number of claims and protocols. If nothing made a difference, {expected:.1f} of"
        f" the {intervals} intervals below would exclude zero, and with so few subjects probably more. A claim is therefore"
        " judged by its mean over protocols where it has one; the rows of single protocols describe. The verdict of a claim"
        " that was run on one protocol depends on one interval."
    )


def paper_figures(claim: Claim, published: Mapping[str, Published]) -> str:
    """Return the paper's figures for baseline and run, with their marks."""
    if not claim.published:
        return "a control of ours" if claim.is_control else "no figure found"
    first, second = (published[name] for name in claim.published)
    return f"{first.metric_title} {first.shown} → {second.shown} ({first.where})"


def measured(row: LedgerRow) -> str:
    """Return what a row measures: the metric, the level of readers' verdicts, and the channel."""
    level = f", by {row.claim.level}" if row.claim.channel == READERS else ""
    return f"{metrics.title(row.metric)}{level} ({row.channel})"


def compared(row: LedgerRow) -> str:
    """Return which runs a row compares, and by which measure."""
    return f"{row.claim.run} − {row.claim.baseline}: {measured(row)}"


def published_row(rows: Sequence[LedgerRow]) -> LedgerRow:
    """Return the row of a claim that the paper's figures are about; the first if there is none."""
    claim = rows[0].claim
    if not claim.published:
        return rows[0]
    about = [row for row in rows if (row.cells == (claim.published_cell,) if claim.published_cell else row.is_mean)]
    return (about or rows)[0]


def _without_result(claim: Claim, evidence: Evidence, metric: str, reason: str, verdict: str) -> LedgerRow:
    """Return the one row of a claim on which nothing was measured."""
    paper = paper_figures(claim, evidence.published)
    return LedgerRow(claim, (), claim.channel, metric, paper, Figure(None, None, None), reason, verdict, False)


def _with_result(
    claim: Claim, evidence: Evidence, metric: str, cells: Sequence[str], channel: str, difference: Figure, basis: Basis
) -> LedgerRow:
    """Return the row of a difference, with its verdict. A control of ours has nothing to reproduce."""
    settings = evidence.metrics.settings.ledger
    words = SYNTHETIC if claim.is_control else evidence.words
    is_enough = enough(basis.seeds, basis.subjects, settings)
    judged = verdict(metric, difference, settings.margin, words, claim.worse) if is_enough else words.undecided
    paper = paper_figures(claim, evidence.published)
    return LedgerRow(claim, tuple(cells), channel, metric, paper, difference, str(basis), judged, is_enough)


def paired_rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return the rows of a claim that paired differences test, or one row that says why there is none.

    By channel, in the order of `evidence.readers`: a row a cell, then the means, the one over most cells first. The means of the
    claim's further metrics come last.
    """
    metric = claim.metric or evidence.metrics.settings.ledger.metric
    channels = list(evidence.readers) if claim.channel == READERS else [claim.channel]
    wanted = [
        row
        for row in differences.oriented([*evidence.metrics.paired, *evidence.metrics.means], claim.run, claim.baseline)
        if row.channel in channels
        and (row.metric, row.level) == (metric, claim.level)
        and set(differences.targets_of(row)) <= set(claim.targets)
    ]
    if not wanted:
        where = ", ".join(TITLES[target] for target in claim.targets)
        return [_without_result(claim, evidence, metric, f"no results of {claim.run} and {claim.baseline} on {where}", NOT_RUN)]
    rows = [
        _with_result(
            claim, evidence, metric, differences.cells_of(row), row.channel, tables.as_figure(row), Basis.of_difference(row)
        )
        for row in sorted(wanted, key=lambda row: (channels.index(row.channel), _by_size(row)))
    ]
    for name, level in claim.also:
        further = paired_rows(dataclasses.replace(claim, metric=name, level=level, also=()), evidence)
        rows += [row for row in further if row.is_mean]
    return rows


def _by_size(row: Difference) -> tuple[bool, int, list[str]]:
    """Return the order of a claim's rows: single cells by name, then means, the one over most cells first."""
    cells = differences.cells_of(row)
    return len(cells) > 1, -len(cells), cells


def grounding_rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return a row a cell: by how much the cues that explanations name exceed those of the sampler."""
    cells = evidence.grounding.cells.values() if evidence.grounding else ()
    wanted = sorted(
        (cell for cell in cells if cell.run == claim.run and cell.target in claim.targets), key=lambda cell: cell.cell
    )
    if not wanted:
        reason = f"no explanations of {claim.run} on images whose cues are known"
        return [_without_result(claim, evidence, claim.metric, reason, NOT_RUN)]
    return [
        _with_result(
            claim,
            evidence,
            claim.metric,
            [cell.cell],
            claim.channel,
            cell.difference[claim.metric],
            Basis(cell.counts.seeds, cell.counts.subjects),
        )
        for cell in wanted
    ]


def untested_rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return the row that says why a claim is not tested."""
    reason = claim.reason.format(**{name: number.shown for name, number in evidence.published.items()})
    return [_without_result(claim, evidence, "", reason, NOT_TESTED)]


Test: TypeAlias = Callable[[Claim, Evidence], list[LedgerRow]]
TESTS: dict[str, Test] = {"paired": paired_rows, "grounding": grounding_rows, "none": untested_rows}


def rows(evidence: Evidence, claims: Sequence[Claim] = CLAIMS) -> list[LedgerRow]:
    """Return the ledger: the rows of every claim."""
    return [row for claim in claims for row in TESTS[claim.test](claim, evidence)]
