"""The same claims in other worlds: runs of other profiles whose figures were recorded, compared with this one's.

A verdict in one synthetic world may be an accident of that world. A recorded run (`recorded`) holds its paired rows and
settings, so its verdicts are made here, by the one rule of `claims.ledger`.

Over worlds: each replicate draws worlds with replacement, and for each a difference from a normal distribution around the
observed one, as wide as that world's interval; then it averages. This is the bootstrap over worlds, subjects and seeds, with a
normal approximation inside a world, because a recorded run keeps no replicates. Of K worlds it draws K - 1 (Rao and Wu, J Am
Stat Assoc 83:231, 1988): the mean of K would vary with only (K - 1) / K of the variance between worlds, which is too certain
when worlds are few. Variation inside a world is counted twice, in the distance between worlds and in each interval, so the
interval over similar worlds is too wide.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from fasrepro.evaluation import bootstrap
from fasrepro.evaluation.results import EvaluationSettings, Figure, Metrics, key
from fasrepro.evaluation.results.metrics import MetricsSettings
from fasrepro.report import claims, markdown, recorded, tables
from fasrepro.report.claims import ledger
from fasrepro.report.claims.claim import Claim
from fasrepro.report.claims.ledger import Evidence, LedgerRow
from fasrepro.report.recorded import Run

BASELINE = "label_only"  # how hard a world is, without captions
LEAST_WORLDS = 3  # to average over: two do not tell how worlds vary
LEAST_STRENGTHS = 2  # to fit a trend to
TREND = {
    ledger.SYNTHETIC.seen: "grows with the ties",
    ledger.SYNTHETIC.opposite: "shrinks with the ties",
    ledger.SYNTHETIC.undecided: "undecided",
}
LICENSED = "Licensed archives have no other worlds.\n"
NOTHING = "No run in another world was recorded: `fasrepro record --profile NAME` keeps the figures of one.\n"
PAIRED_CLAIMS = tuple(claim for claim in claims.CLAIMS if claim.test == "paired")


def overall(claim: Claim, metrics: Metrics) -> LedgerRow:
    """Return the claim's row over all protocols of a world: the mean over most cells, else the one cell that there is."""
    plain = dataclasses.replace(claim, published=(), also=())  # those are in the ledger
    rows = ledger.paired_rows(plain, Evidence(metrics, None, {}, ledger.SYNTHETIC, [recorded.READER]))
    return next((row for row in rows if row.is_mean), rows[-1])


def baseline_error(metrics: Metrics) -> float | None:
    """Return the mean HTER of the labels alone, over the cells that the first claim is averaged over."""
    cells = [metrics.cells.get(key(cell, BASELINE)) for cell in overall(claims.CLAIMS[0], metrics).cells]
    errors = [cell.mean.video.figures["hter_dev"].value for cell in cells if cell is not None]
    values = [error for error in errors if error is not None]
    return sum(values) / len(values) if values else None


def pooled(rows: Sequence[LedgerRow], settings: EvaluationSettings) -> Figure | None:
    """Return the mean difference over worlds; None if fewer than `LEAST_WORLDS` have enough seeds and subjects."""
    measured = _with_interval(rows)
    if len(measured) < LEAST_WORLDS:
        return None
    values, errors = _normal(measured, settings.confidence)
    random = bootstrap.generator(settings.seed, f"worlds/{measured[0].claim.id}")
    drawn = random.integers(len(measured), size=(settings.replicates, len(measured) - 1))
    means = (values[drawn] + errors[drawn] * random.standard_normal(drawn.shape)).mean(axis=1)
    return _figure(float(values.mean()), means, settings.confidence)


def trend(by_strength: Mapping[float, LedgerRow], settings: EvaluationSettings) -> Figure | None:
    """Return how much a difference changes from no ties to full ones (strength 0 to 1), by the least-squares line.

    Each difference is drawn as in `pooled`, independently, although the runs share people: what they have in common cancels in
    a trend, so that the interval is, if anything, too wide.

    Returns:
        None if fewer than `LEAST_STRENGTHS` have enough seeds and subjects.
    """
    measured = _with_interval(list(by_strength.values()))
    if len(measured) < LEAST_STRENGTHS:
        return None
    values, errors = _normal(measured, settings.confidence)
    places = np.array([strength for strength, row in by_strength.items() if row in measured])
    weights = (places - places.mean()) / ((places - places.mean()) ** 2).sum()
    random = bootstrap.generator(settings.seed, f"trend/{measured[0].claim.id}")
    slopes = (values + errors * random.standard_normal((settings.replicates, len(measured)))) @ weights
    return _figure(float(values @ weights), slopes, settings.confidence)


def _figure(value: float, replicates: np.ndarray, confidence: float) -> Figure | None:
    low, high = bootstrap.interval(replicates, confidence)
    return None if low is None or high is None else Figure(value, low, high)


def _with_interval(rows: Sequence[LedgerRow]) -> list[LedgerRow]:
    """Return the rows with an interval over as many seeds and subjects as the rule demands."""
    return [row for row in rows if row.enough and row.difference.low is not None and row.difference.high is not None]


def _normal(rows: Sequence[LedgerRow], confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the differences and their standard errors, as the intervals give them."""
    low, high = (np.array([getattr(row.difference, side) for row in rows], dtype=float) for side in ("low", "high"))
    values = np.array([row.difference.value for row in rows], dtype=float)
    return values, (high - low) / (2 * stats.norm.ppf((1 + confidence) / 2))


def _verdict(row: LedgerRow, difference: Figure, settings: MetricsSettings) -> str:
    """Return the ledger's verdict on a difference about the row's claim and metric."""
    return ledger.verdict(row.metric, difference, settings.ledger.margin, ledger.SYNTHETIC, row.claim.worse)


def _shown(row: LedgerRow) -> str:
    if row.difference.value is None:
        return row.verdict
    return f"{tables.interval(row.difference, signed=True)}: {row.verdict}"


def _compared(rows: Sequence[LedgerRow]) -> str:
    """Return what the rows compare, taken from one that was run: only that names its reader."""
    return ledger.compared(next((row for row in rows if row.difference.value is not None), rows[0]))


def title(world: Run) -> str:
    """Return a run's world, how tightly scene and label are tied in it, its profile, and the version that recorded it."""
    version = f", version {world.version}" if world.version else ""
    return f"{world.world}, ties {world.spurious_strength:g} ({world.profile}{version})"


def verdict_table(worlds: Sequence[Run], settings: MetricsSettings) -> str:
    """Return the table of each claim's mean over protocols in each world, and over the worlds that share this one's strength.

    `worlds`: this run first.
    """
    rows = []
    similar = one_each([world for world in worlds if world.spurious_strength == worlds[0].spurious_strength])
    together = [f"over {len(similar)} worlds"] if len(similar) >= LEAST_WORLDS else []
    for claim in PAIRED_CLAIMS:
        by_world = [overall(claim, world.metrics) for world in worlds]
        if all(row.difference.value is None for row in by_world):
            continue
        cells = [claim.id, _compared(by_world), *map(_shown, by_world)]
        if together:
            mean = pooled([overall(claim, world.metrics) for world in similar], settings.evaluation)
            word = "" if mean is None else f": {_verdict(by_world[0], mean, settings)}"
            cells.append(tables.interval(mean, signed=True) + word)
        rows.append(cells)
    return tables.table_or_notice(["", "difference", *map(title, worlds), *together], rows)


def one_each(worlds: Sequence[Run]) -> list[Run]:
    """Return the first run of each world: two runs of one world are not two worlds."""
    return list({world.world: world for world in reversed(worlds)}.values())[::-1]


def strength_table(worlds: Sequence[Run], settings: MetricsSettings) -> str:
    """Return the table of how this world's ties between scene and label change the error of labels alone, and each claim.

    Loosest ties first; the last column is the trend. A claim that was run at one strength only has no row.
    """
    here = [world for world in worlds if world.world == worlds[0].world]
    by_strength = dict(sorted({world.spurious_strength: world for world in reversed(here)}.items()))
    if len(by_strength) < LEAST_STRENGTHS:
        return NOTHING
    errors = [tables.number(baseline_error(world.metrics)) for world in by_strength.values()]
    rows = [["", f"{BASELINE}, HTER", *errors, tables.NONE]]
    for claim in PAIRED_CLAIMS:
        row_at = {strength: overall(claim, world.metrics) for strength, world in by_strength.items()}
        if sum(row.difference.value is not None for row in row_at.values()) < LEAST_STRENGTHS:
            continue
        differences = list(row_at.values())
        slope = trend(row_at, settings.evaluation)
        word = "" if slope is None else f": {TREND[_verdict(differences[0], slope, settings)]}"
        change = tables.interval(slope, signed=True) + word
        rows.append([claim.id, _compared(differences), *map(_shown, differences), change])
    ties = [f"ties {strength:g} ({world.profile})" for strength, world in by_strength.items()]
    return markdown.table(["", "difference", *ties, f"from 0 to 1, by {len(by_strength)} strengths"], rows)


def recorded_table(runs: Sequence[Run]) -> str:
    """Return the table of recorded runs, the version that recorded each, and the hours that it took."""
    rows = []
    for one in runs:
        untimed = f", {one.untimed_stages} stages not timed" if one.untimed_stages else ""
        rows.append([one.profile, one.world, f"{one.spurious_strength:g}", one.version, tables.number(one.hours) + untimed])
    return tables.table_or_notice(["profile", "world", "ties", "version", "hours"], rows, NOTHING)


def shown(this: Run, runs: Sequence[Run]) -> list[Run]:
    """Return the runs that have a column: this one, and each recorded one that does more than extend it."""
    return [this, *(one for one in runs if not recorded.only_extends(one, this))]
