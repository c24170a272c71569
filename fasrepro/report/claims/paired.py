"""The ledger's rows of paired differences between runs: a row a cell, then the means over cells."""

from __future__ import annotations

import dataclasses

from fasrepro.datasets import TITLES
from fasrepro.evaluation.results import Metrics, key
from fasrepro.evaluation.results.metrics import Difference, MeanDifference
from fasrepro.report import differences, tables
from fasrepro.report.claims import verdicts
from fasrepro.report.claims.claim import READERS, Claim
from fasrepro.report.claims.rows import NOT_RUN, Evidence, LedgerRow, claimed_effect, counted, paper_figures, without_result

NAMED_TARGETS = 4  # of more targets, a row without results says their number


def row_of(claim: Claim, row: Difference, evidence: Evidence) -> LedgerRow:
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


def rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return the rows of a claim that paired differences test, or one row that says why there is none.

    By channel, in the order of `evidence.readers`: a row a cell, then the means, the one over most cells first. The means of the
    claim's further metrics come last.
    """
    metric = claim.metric or evidence.metrics.settings.ledger.metric
    channels = channels_of(claim, evidence)
    wanted = differences_of(claim, evidence)
    if not wanted:
        return [without_result(claim, evidence, metric, f"no results of {compared_on(claim)}", NOT_RUN)]
    wanted = sorted(wanted, key=lambda row: (channels.index(row.channel), _by_size(row)))
    rows_of_claim = [row_of(claim, row, evidence) for row in wanted]
    for name, level in claim.also:
        further = rows(dataclasses.replace(claim, metric=name, level=level, also=()), evidence)
        rows_of_claim += [row for row in further if row.is_mean]
    return rows_of_claim


def channels_of(claim: Claim, evidence: Evidence) -> list[str]:
    """Return the channels that a claim is about: every reader that counts, or the one that it names."""
    return list(evidence.readers) if claim.channel == READERS else [claim.channel]


def differences_of(claim: Claim, evidence: Evidence) -> list[Difference]:
    """Return the differences of a claim's runs by its metric, on its targets and protocols alone."""
    metric = claim.metric or evidence.metrics.settings.ledger.metric
    channels = channels_of(claim, evidence)
    return [
        row
        for row in differences.oriented(evidence.rows, claim.run, claim.baseline)
        if row.channel in channels
        and (row.metric, row.level) == (metric, claim.level)
        and set(differences.targets_of(row)) <= set(claim.targets)
        and (not claim.protocols or set(differences.protocols_of(row)) <= set(claim.protocols))
    ]


def compared_on(claim: Claim) -> str:
    """Return the two runs that a claim compares, and the targets on which, in words."""
    where = ", ".join(TITLES[target] for target in claim.targets)
    if len(claim.targets) > NAMED_TARGETS:
        where = f"its {len(claim.targets)} targets"
    return f"{claim.run} and {claim.baseline} on {where}"


def _by_size(row: Difference) -> tuple[bool, int, list[str]]:
    """Return the order of a claim's rows: single cells by name, then means, the one over most cells first."""
    cells = differences.cells_of(row)
    return len(cells) > 1, -len(cells), cells
