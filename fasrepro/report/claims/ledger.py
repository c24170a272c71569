"""The claims ledger: what a paper says, what we see, and a verdict by a rule that is fixed before target scores are read.

The rule is that of `verdicts`. Its numbers come from params.yaml (`ledger`, `evaluation`), and its wording is built from them
here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TypeAlias

from fasrepro.evaluation import metrics
from fasrepro.evaluation.results import HEAD
from fasrepro.evaluation.results.metrics import MetricsSettings
from fasrepro.report import tables
from fasrepro.report.caption_models import TITLES as CAPTION_TITLES
from fasrepro.report.claims import CLAIMS, caption_models, gold, groups, losses, paired, pairs, targets, verdicts
from fasrepro.report.claims.claim import CAPTION_MODELS, READERS, Claim
from fasrepro.report.claims.rows import MEASURES, NOT_RUN, Evidence, LedgerRow, reason_of, untested_rows, without_result

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
        " protocols by its scores or by the first reader, so that chance alone calls a difference in any of its claims in at most"
        f" as many cases as the rule says. Other rows describe: *{verdicts.INTERVAL_ONLY}*."
    )


def measured(row: LedgerRow) -> str:
    """Return what a row measures: the metric, the level of readers' verdicts, and what decides: scores or a reader."""
    if row.metric in MEASURES:
        return MEASURES[row.metric]
    if row.claim.channel == CAPTION_MODELS:
        return f"{CAPTION_TITLES[row.metric]} ({row.channel})"
    level = f", by {row.claim.level}" if row.claim.channel == READERS else ""
    return f"{metrics.title(row.metric)}{level} ({'scores' if row.channel == HEAD else row.channel})"


def compared(row: LedgerRow) -> str:
    """Return which runs a row compares, if it compares any, and by which measure."""
    return f"{row.claim.run} − {row.claim.baseline}: {measured(row)}" if row.claim.run else measured(row)


def published_row(rows: Sequence[LedgerRow]) -> LedgerRow:
    """Return the row of a claim that the paper's figures are about; the first if there is none."""
    claim = rows[0].claim
    if not claim.published:
        return rows[0]
    about = [row for row in rows if (row.cells == (claim.published_cell,) if claim.published_cell else row.is_mean)]
    return (about or rows)[0]


def waiting_rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return the row of a claim whose runs no stage makes, with what would decide it."""
    return [without_result(claim, evidence, "", reason_of(claim, evidence), NOT_RUN)]


Test: TypeAlias = Callable[[Claim, Evidence], list[LedgerRow]]
TESTS: dict[str, Test] = {
    "paired": paired.rows,
    "some targets": targets.some_rows,
    "count of targets": targets.count_rows,
    "resolution": targets.resolution_rows,
    "sources": targets.source_rows,
    "losses": losses.rows,
    "pairs": pairs.rows,
    "edits": gold.rows,
    "caption models": caption_models.rows,
    "caption detectors": caption_models.detector_rows,
    "gaps": groups.gap_rows,
    "conditions": groups.condition_rows,
    "not run": waiting_rows,
    "none": untested_rows,
}


def rows_of_claim(claim: Claim, sources: Sequence[Evidence]) -> list[LedgerRow]:
    """Return the rows of a claim, and those of its further pairs of runs and of its second measure.

    Each pair of runs is tested on the first of `sources` that has results of it. A further pair without results has no row.
    """
    rows = of_first_with_results(claim, sources)
    for run, baseline in claim.beside:
        further = dataclasses.replace(
            claim, run=run, baseline=baseline, beside=(), also=(), published=(), published_cell="", second=None
        )
        rows += [row for row in of_first_with_results(further, sources) if row.cells]
    if claim.second is not None:
        rows += of_first_with_results(claim.second, sources)
    return rows


def of_first_with_results(claim: Claim, sources: Sequence[Evidence]) -> list[LedgerRow]:
    """Return the rows of a claim on the first of `sources` where something was measured; else those of the first."""
    by_source = (TESTS[claim.test](claim, evidence) for evidence in sources)
    return next((rows for rows in by_source if rows[0].cells), TESTS[claim.test](claim, sources[0]))


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


def rows(evidence: Evidence, claims: Sequence[Claim] = CLAIMS, further: Sequence[Evidence] = ()) -> list[LedgerRow]:
    """Return the ledger: the rows of every claim.

    Args:
        evidence: what claims are tested on.
        claims: in order.
        further: on which those pairs of runs are tested that the first has no results of, in order.
    """
    return decided([row for claim in claims for row in rows_of_claim(claim, [evidence, *further])], evidence)
