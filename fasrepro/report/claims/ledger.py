"""The claims ledger: what a paper says, what we see, and a verdict by a rule that is fixed before target scores are read.

The rule is that of `verdicts`. Its numbers come from params.yaml (`ledger`, `evaluation`), and its wording is built from them
here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TypeAlias

from fasrepro.datasets import TITLES
from fasrepro.evaluation import metrics
from fasrepro.evaluation.results import Metrics, key
from fasrepro.evaluation.results.metrics import Difference, MeanDifference, MetricsSettings
from fasrepro.report import differences, tables
from fasrepro.report.caption_models import TITLES as CAPTION_TITLES
from fasrepro.report.claims import CLAIMS, caption_models, groups, verdicts
from fasrepro.report.claims.claim import CAPTION_MODELS, READERS, Claim
from fasrepro.report.claims.rows import (
    NOT_RUN,
    NOT_TESTED,
    Evidence,
    LedgerRow,
    claimed_effect,
    counted,
    paper_figures,
    without_result,
)

SIMULATED = "simulated"  # annotator.base_url of a simulated annotator
OVER_NETWORK = ("api",)  # readers that ask the annotator's server


def decisive_readers(readers: Sequence[str], base_url: str) -> list[str]:
    """Return the readers whose verdicts may decide a claim: all but those that are simulated.

    A simulated reader errs at a set rate. It shows that the pipeline works, and nothing about explanations.
    """
    return [name for name in readers if not (name in OVER_NETWORK and base_url == SIMULATED)]


def rule(settings: MetricsSettings, words: verdicts.Words) -> str:
    """Return the rule in words."""
    ledger, confidence = settings.ledger, settings.evaluation.confidence
    return (
        "The difference is run minus baseline on the same faces, by video unless stated otherwise. Its standard error follows"
        " from how people, trainings and dev people vary, and its test is Student's t. A claim that names no metric of its own"
        f" is about {metrics.title(ledger.metric)} ({ledger.metric}). The first of these that holds is the verdict:"
        f" '{words.seen}' or '{words.opposite}' if p is at most {1 - confidence:.2g} after Holm's adjustment in the family;"
        f" '{words.no_difference}' if the {verdicts.EQUIVALENCE * 100:g} % interval lies within {ledger.equivalence:g} of the"
        f" claimed effect on either side of zero; '{words.smaller}' if that interval excludes the claimed effect;"
        f" '{words.undecided}' otherwise. The claimed effect is the paper's relative change of the baseline's error, or"
        f" {ledger.effect * 100:g} % of it for a claim without a published figure. With fewer than {ledger.min_seeds} seeds"
        f" ({ledger.min_seeds_alone} of a row that rests on one training set) or {ledger.min_subjects} subjects it is"
        f" '{words.undecided}'. Of caption models the difference is on people whom none of them was trained on; its standard"
        f" error counts people as if each model had others. Where the supervised model misses its gate, the verdict is"
        f" '{verdicts.TOO_WEAK}'."
    )


def families(rows: Sequence[LedgerRow]) -> str:
    """Return which claims each family holds, and that no other row has a verdict."""
    by_family: dict[str, list[str]] = {}
    for row in rows:
        if row.claim.family and row.claim.id not in by_family.setdefault(row.claim.family, []):
            by_family[row.claim.family].append(row.claim.id)
    listed = "; ".join(f"{family}: {', '.join(claims)}" for family, claims in by_family.items())
    return (
        f"The families, named before the scores were read: {listed}. In each family one row a claim is tested, the mean over most"
        " protocols by the head or by the first reader, so that chance alone calls a difference in any of its claims in at most"
        f" as many cases as the rule says. Other rows describe: *{verdicts.INTERVAL_ONLY}*."
    )


def measured(row: LedgerRow) -> str:
    """Return what a row measures: the metric, the level of readers' verdicts, and the channel."""
    if row.claim.channel == CAPTION_MODELS:
        return f"{CAPTION_TITLES[row.metric]} ({row.channel})"
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


def paired_row(claim: Claim, row: Difference, evidence: Evidence) -> LedgerRow:
    """Return the ledger's row of a paired difference, without a verdict (see `decided`)."""
    reason, tested = "", None
    if row.error is None or row.degrees is None:
        reason = "; no standard error"
    elif not verdicts.enough(row.seeds, row.subjects, row.training_sets, evidence.metrics.settings.ledger):
        reason = "; too few seeds or subjects"
    else:
        effect = claimed_effect(claim, row.metric, row.baseline_value, evidence)
        tested = verdicts.Evidence(row.metric, claim.worse, row.difference, row.error, row.degrees, effect)
    return LedgerRow(
        claim=claim,
        cells=tuple(differences.cells_of(row)),
        channel=row.channel,
        metric=row.metric,
        paper=paper_figures(claim, evidence.published),
        difference=tables.as_figure(row),
        basis=basis(row, evidence.metrics) + reason,
        tested=tested,
        over_targets=row.over_targets if isinstance(row, MeanDifference) else None,
    )


def basis(row: Difference, metrics: Metrics) -> str:
    """Return what a paired difference rests on, in words."""
    parts = [f"{row.subjects} subjects", counted(row.training_sets, "training set"), counted(row.seeds, "seed")]
    if row.degrees is not None:
        parts.insert(0, f"t, {row.degrees:.1f} degrees of freedom")
    if row.metric.startswith("accuracy"):
        parts.append(f"'always attack' is right in {tables.number(always_attack(row, metrics))}")
    if row.recorded:
        parts.append(row.recorded)
    return "; ".join(parts)


def always_attack(row: Difference, metrics: Metrics) -> float | None:
    """Return the accuracy of calling everything an attack on a reader's rows, a mean over cells; None where they are not here."""
    shares = []
    for name in differences.cells_of(row):
        cell = metrics.cells.get(key(name, row.baseline))
        if cell is None or row.channel not in cell.mean.readers:
            return None
        counts = getattr(cell.mean.readers[row.channel], row.level).counts
        shares.append(counts.attack / (counts.attack + counts.bona_fide))
    return sum(shares) / len(shares)


def paired_rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return the rows of a claim that paired differences test, or one row that says why there is none.

    By channel, in the order of `evidence.readers`: a row a cell, then the means, the one over most cells first. The means of the
    claim's further metrics come last.
    """
    metric = claim.metric or evidence.metrics.settings.ledger.metric
    channels = list(evidence.readers) if claim.channel == READERS else [claim.channel]
    wanted = [
        row
        for row in differences.oriented(evidence.rows, claim.run, claim.baseline)
        if row.channel in channels
        and (row.metric, row.level) == (metric, claim.level)
        and set(differences.targets_of(row)) <= set(claim.targets)
    ]
    if not wanted:
        where = ", ".join(TITLES[target] for target in claim.targets)
        return [without_result(claim, evidence, metric, f"no results of {claim.run} and {claim.baseline} on {where}", NOT_RUN)]
    wanted = sorted(wanted, key=lambda row: (channels.index(row.channel), _by_size(row)))
    rows = [paired_row(claim, row, evidence) for row in wanted]
    for name, level in claim.also:
        further = paired_rows(dataclasses.replace(claim, metric=name, level=level, also=()), evidence)
        rows += [row for row in further if row.is_mean]
    return rows


def _by_size(row: Difference) -> tuple[bool, int, list[str]]:
    """Return the order of a claim's rows: single cells by name, then means, the one over most cells first."""
    cells = differences.cells_of(row)
    return len(cells) > 1, -len(cells), cells


def untested_rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return the row that says why a claim is not tested."""
    reason = claim.reason.format(**{name: number.shown for name, number in evidence.published.items()})
    return [without_result(claim, evidence, "", reason, NOT_TESTED)]


def waiting_rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return the row of a claim whose runs follow, with what will decide it."""
    return [without_result(claim, evidence, "", claim.reason, NOT_RUN)]


Test: TypeAlias = Callable[[Claim, Evidence], list[LedgerRow]]
TESTS: dict[str, Test] = {
    "paired": paired_rows,
    "caption models": caption_models.rows,
    "gaps": groups.gap_rows,
    "conditions": groups.condition_rows,
    "not run": waiting_rows,
    "none": untested_rows,
}


def rows_of_claim(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return the rows of a claim, and those of its further pairs of runs that have results."""
    rows = TESTS[claim.test](claim, evidence)
    for run, baseline in claim.beside:
        further = dataclasses.replace(claim, run=run, baseline=baseline, beside=(), also=(), published=(), published_cell="")
        rows += [row for row in TESTS[claim.test](further, evidence) if row.cells]
    return rows


def deciding_row(rows: Sequence[LedgerRow]) -> LedgerRow | None:
    """Return the row of a claim that decides it: by the first channel, the mean over most cells, or the only cell.

    None where a claim has several cells and no mean.
    """
    first = rows[0]
    own = [
        row
        for row in rows
        if (row.channel, row.metric) == (first.channel, first.metric)
        and (row.claim.run, row.claim.baseline) == (first.claim.run, first.claim.baseline)
    ]
    means = [row for row in own if row.is_mean]
    if means:
        return means[0]
    return own[0] if len(own) == 1 else None


def decided(rows: Sequence[LedgerRow], evidence: Evidence) -> list[LedgerRow]:
    """Return the rows with verdicts: of each claim of a family, its deciding row, with p adjusted within the family."""
    by_claim: dict[str, list[LedgerRow]] = {}
    for row in rows:
        by_claim.setdefault(row.claim.id, []).append(row)
    by_family: dict[str, list[LedgerRow]] = {}
    for own in by_claim.values():
        row = deciding_row(own)
        waits = row is not None and row.difference.value is not None and row.verdict == verdicts.INTERVAL_ONLY
        if own[0].claim.family and row is not None and waits:
            by_family.setdefault(row.claim.family, []).append(row)
    judged = {id(row): new for family in by_family.values() for row, new in zip(family, _judged(family, evidence), strict=True)}
    return [judged.get(id(row), row) for row in rows]


def _judged(family: Sequence[LedgerRow], evidence: Evidence) -> list[LedgerRow]:
    """Return the deciding rows of one family with their verdicts."""
    settings = evidence.metrics.settings
    tested = [row.tested for row in family if row.tested is not None]
    adjusted = iter(verdicts.adjusted(tested))
    rows = []
    for row in family:
        words = verdicts.SYNTHETIC if row.claim.is_control else evidence.words
        if row.tested is None:
            rows.append(dataclasses.replace(row, verdict=words.undecided))
            continue
        p = next(adjusted)
        word = verdicts.verdict(row.tested, p, settings.ledger, settings.evaluation.confidence, words)
        basis = f"{row.basis}; p {tables.p_value(row.tested.p)}, {tables.p_value(p)} after Holm of {len(tested)}"
        if word == words.undecided:
            basis += f"; would probably see {tables.number(row.tested.detectable(settings.evaluation.confidence))}"
        rows.append(dataclasses.replace(row, verdict=word, basis=basis))
    return rows


def rows(evidence: Evidence, claims: Sequence[Claim] = CLAIMS) -> list[LedgerRow]:
    """Return the ledger: the rows of every claim."""
    return decided([row for claim in claims for row in rows_of_claim(claim, evidence)], evidence)
