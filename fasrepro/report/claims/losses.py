"""The ledger's row on the losses of two runs: the loss of one task where both have brought the other as low.

No loss is logged on dev, so these are losses of training, means over a tenth of a phase. A run's loss of the chain at a level of
the label's loss is the one that it has when the label's loss first falls to that level. The level is the lowest that both runs
reach with a seed. A phase that trains on one of the tasks alone has no such point.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fasrepro.evaluation import inference
from fasrepro.evaluation.results import Figure
from fasrepro.evaluation.results.training_losses import PhaseLosses, RunLosses, curves
from fasrepro.report import tables
from fasrepro.report.claims.claim import Claim
from fasrepro.report.claims.rows import CHAIN_LOSS, NOT_RUN, Evidence, LedgerRow, counted, paper_figures, without_result

CHAIN, LABEL = "caption", "answer"  # losses
CHANNEL = "losses of training"


def rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return a claim's row for each protocol on which both runs learnt both tasks; or one that says why there is none."""
    cells = {} if evidence.training_losses is None else evidence.training_losses.cells
    of_run = {cell.protocol: cell for cell in cells.values() if cell.run == claim.run}
    of_baseline = {cell.protocol: cell for cell in cells.values() if cell.run == claim.baseline}
    both = [protocol for protocol in claim.protocols if protocol in of_run and protocol in of_baseline]
    own = [_row(claim, protocol, of_run[protocol], of_baseline[protocol], evidence) for protocol in both]
    known = [row for row in own if row is not None]
    reason = f"no losses of chain and label of {claim.run} and {claim.baseline} with a seed in common"
    return known or [without_result(claim, evidence, CHAIN_LOSS, reason, NOT_RUN)]


def at_equal_loss(run: Sequence[PhaseLosses], baseline: Sequence[PhaseLosses]) -> tuple[float, float] | None:
    """Return the run's loss of the chain minus the baseline's, and the level; None where one of them never trained on both."""
    first, second = (_of_both_tasks(phases) for phases in (run, baseline))
    if not first or not second:
        return None
    level = max(min(label for _, label in points) for points in (first, second))
    reached = [next(chain for chain, label in points if label <= level) for points in (first, second)]
    return reached[0] - reached[1], level


def _of_both_tasks(phases: Sequence[PhaseLosses]) -> list[tuple[float, float]]:
    """Return the losses of chain and label, in order of the steps, wherever a training has both."""
    return [(row[CHAIN], row[LABEL]) for row in curves(list(phases)) if CHAIN in row and LABEL in row]


def _row(claim: Claim, protocol: str, run: RunLosses, baseline: RunLosses, evidence: Evidence) -> LedgerRow | None:
    seeds = sorted(run.by_seed.keys() & baseline.by_seed.keys())
    pairs = [pair for pair in (at_equal_loss(run.by_seed[seed], baseline.by_seed[seed]) for seed in seeds) if pair is not None]
    if not pairs:
        return None
    changes = [change for change, _ in pairs]
    bounds = inference.over_draws(changes, evidence.metrics.settings.evaluation.confidence) or (None, None)
    draws = inference.of_draws(changes)
    test = "one seed has no interval" if draws is None else f"t over seeds, {draws[1]:g} degrees of freedom"
    level = tables.number(float(np.mean([level for _, level in pairs])))
    return LedgerRow(
        claim=claim,
        cells=(protocol,),
        channel=CHANNEL,
        metric=CHAIN_LOSS,
        paper=paper_figures(claim, evidence.published),
        difference=Figure(float(np.mean(changes)), *bounds),
        basis=f"{test}; {counted(len(pairs), 'seed')}; the label's loss is {level}, on rows of training: none is logged on dev",
    )
