"""The same claims in other worlds: runs of other profiles whose figures were recorded, compared with this one's.

A verdict in one synthetic world may be an accident of that world. A recorded run (`recorded`) holds its paired rows and
settings, so its verdicts are made here, by the one rule of `claims.ledger`.

Over worlds, and the trend over strengths of ties, the test is Student's t. Over worlds it takes one difference a world: what
varies inside a world varies between worlds as well, and needs no part of its own. A trend takes each run's standard error.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from fasrepro.evaluation import inference
from fasrepro.evaluation.results import Figure, Metrics, key
from fasrepro.evaluation.results.metrics import MetricsSettings
from fasrepro.report import claims, markdown, recorded, tables
from fasrepro.report.claims import ledger, paired, verdicts
from fasrepro.report.claims.claim import Claim
from fasrepro.report.claims.ledger import Evidence, LedgerRow
from fasrepro.report.recorded import Run

BASELINE = "label_only"  # how hard a world is, without captions
LEAST_WORLDS = 3  # to average over: two do not tell how worlds vary
LEAST_STRENGTHS = 2  # to fit a trend to
LICENSED = "Licensed archives have no other worlds.\n"
NO_FOUNDATION = "No run with another foundation was recorded: `fasrepro record --profile plain` keeps the figures of one.\n"
NOTHING = "No run in another world was recorded: `fasrepro record --profile NAME` keeps the figures of one.\n"
PAIRED_CLAIMS = tuple(claim for claim in claims.CLAIMS if claim.test == "paired")


def overall(claim: Claim, metrics: Metrics) -> LedgerRow:
    """Return the claim's row over all protocols of a world: the mean over most cells, else the one cell that there is."""
    plain = dataclasses.replace(claim, published=(), also=())  # those are in the ledger
    rows = paired.rows(plain, Evidence(metrics, None, {}, verdicts.SYNTHETIC, [recorded.READER]))
    return next((row for row in rows if row.is_mean), rows[-1])


def baseline_error(metrics: Metrics) -> float | None:
    """Return the mean HTER of the labels alone, over the cells that the first claim is averaged over."""
    cells = [metrics.cells.get(key(cell, BASELINE)) for cell in overall(claims.CLAIMS[0], metrics).cells]
    errors = [cell.mean.units.figures["hter_dev"].value for cell in cells if cell is not None]
    values = [error for error in errors if error is not None]
    return sum(values) / len(values) if values else None


def over_worlds(rows: Sequence[LedgerRow]) -> verdicts.Evidence | None:
    """Return the mean difference over worlds, by Student's t.

    None if fewer than `LEAST_WORLDS` have enough seeds and subjects, or if all their differences are equal.
    """
    measured = _tested(rows)
    if len(measured) < LEAST_WORLDS:
        return None
    values = [one.difference for one in measured]
    error, degrees = inference.of_draws(values) or (0.0, 0)
    if error == 0:
        return None
    effect = float(np.mean([one.effect for one in measured]))
    return dataclasses.replace(measured[0], difference=float(np.mean(values)), error=error, degrees=degrees, effect=effect)


def trend(by_strength: Mapping[float, LedgerRow]) -> inference.MeanDifference | None:
    """Return how much a difference changes from no ties to full ones (strength 0 to 1), by the least-squares line.

    Each difference has its own standard error; that the runs share people is not used, so the error is, if anything, too wide.

    Returns:
        None if fewer than `LEAST_STRENGTHS` have enough seeds and subjects.
    """
    tested = {strength: row.tested for strength, row in by_strength.items() if row.tested is not None}
    if len(tested) < LEAST_STRENGTHS:
        return None
    places = np.array(list(tested))
    weights = (places - places.mean()) / ((places - places.mean()) ** 2).sum()
    value = sum(weight * one.difference for weight, one in zip(weights, tested.values(), strict=True))
    components = tuple(
        inference.Component("ties", f"{strength:g}", (weight * one.error) ** 2, one.degrees)
        for weight, (strength, one) in zip(weights, tested.items(), strict=True)
    )
    return inference.MeanDifference(float(value), components)


def _tested(rows: Sequence[LedgerRow]) -> list[verdicts.Evidence]:
    """Return what is known of the rows that rest on as many seeds and subjects as the rule demands."""
    return [row.tested for row in rows if row.tested is not None]


def _shown(row: LedgerRow) -> str:
    return row.verdict if row.difference.value is None else tables.interval(row.difference, signed=True)


def verdicts_over_worlds(worlds: Sequence[Run], settings: MetricsSettings) -> dict[str, str]:
    """Return each claim's mean over worlds with its interval and its verdict, p adjusted within the claim's family."""
    means = {claim: over_worlds([overall(claim, world.metrics) for world in worlds]) for claim in PAIRED_CLAIMS}
    tested = {claim: mean for claim, mean in means.items() if mean is not None}
    confidence = settings.evaluation.confidence
    texts = {}
    for claim, mean in tested.items():
        word = verdicts.INTERVAL_ONLY
        if claim.family:
            family = [one for one in tested if one.family == claim.family]
            p = verdicts.adjusted([tested[one] for one in family])[family.index(claim)]
            word = verdicts.verdict(mean, p, settings.ledger, confidence, verdicts.SYNTHETIC)
        bounds = inference.interval(mean.difference, mean.error, mean.degrees, confidence) or (None, None)
        texts[claim.id] = f"{tables.interval(Figure(mean.difference, *bounds), signed=True)}: {word}"
    return texts


def _compared(rows: Sequence[LedgerRow]) -> str:
    """Return what the rows compare, taken from one that was run: only that names its reader."""
    return ledger.compared(next((row for row in rows if row.difference.value is not None), rows[0]))


def title(world: Run) -> str:
    """Return a run's world, how tightly scene and label are tied in it, its profile, and the version that recorded it.

    A profile with another foundation has a column as another world has: its name says which.
    """
    version = f", version {world.version}" if world.version else ""
    return f"{world.world}, ties {world.spurious_strength:g} ({world.profile}{version})"


def with_same_foundation(worlds: Sequence[Run]) -> list[Run]:
    """Return the runs with the foundation of the first: only those can be averaged, or lie on one trend."""
    foundation = worlds[0].sections_sha256.get("foundation")
    return [world for world in worlds if world.sections_sha256.get("foundation") == foundation]


def verdict_table(worlds: Sequence[Run], settings: MetricsSettings) -> str:
    """Return the table of each claim's mean over protocols in each world, and over the worlds that share this one's strength.

    `worlds`: this run first.
    """
    rows = []
    strength = worlds[0].spurious_strength
    similar = one_each([world for world in with_same_foundation(worlds) if world.spurious_strength == strength])
    together = [f"over {len(similar)} worlds"] if len(similar) >= LEAST_WORLDS else []
    verdict_of = verdicts_over_worlds(similar, settings)
    for claim in PAIRED_CLAIMS:
        by_world = [overall(claim, world.metrics) for world in worlds]
        if all(row.difference.value is None for row in by_world):
            continue
        over = [verdict_of.get(claim.id, tables.NONE)] if together else []
        rows.append([claim.id, _compared(by_world), *map(_shown, by_world), *over])
    return tables.table_or_notice(["", "difference", *map(title, worlds), *together], rows)


def one_each(worlds: Sequence[Run]) -> list[Run]:
    """Return the first run of each world: two runs of one world are not two worlds."""
    return list({world.world: world for world in reversed(worlds)}.values())[::-1]


def strength_table(worlds: Sequence[Run], settings: MetricsSettings) -> str:
    """Return the table of how this world's ties between scene and label change the error of labels alone, and each claim.

    Loosest ties first; the last column is the trend. A claim that was run at one strength only has no row.
    """
    here = [world for world in with_same_foundation(worlds) if world.world == worlds[0].world]
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
        change = _change(trend(row_at), settings.evaluation.confidence)
        rows.append([claim.id, _compared(differences), *map(_shown, differences), change])
    ties = [f"ties {strength:g} ({world.profile})" for strength, world in by_strength.items()]
    return markdown.table(["", "difference", *ties, f"from 0 to 1, by {len(by_strength)} strengths"], rows)


def foundation_table(runs: Sequence[Run], settings: MetricsSettings) -> str:
    """Return the table of how another foundation changes each claim's difference: an interaction.

    `runs`: this run first. Runs that differ from it in another param as well have no column.
    """
    this = runs[0]
    others = [one for one in runs[1:] if recorded.differing(one, this.sections_sha256) == ["foundation"]]
    if not others:
        return NO_FOUNDATION
    rows = []
    for claim in PAIRED_CLAIMS:
        own, *theirs = (overall(claim, one.metrics) for one in (this, *others))
        if own.difference.value is None or all(row.difference.value is None for row in theirs):
            continue
        changes = [_change(interaction(own, row), settings.evaluation.confidence) for row in theirs]
        rows.append([claim.id, _compared([own]), _shown(own), *map(_shown, theirs), *changes])
    names = [one.profile for one in others]
    return tables.table_or_notice(
        ["", "difference", this.profile, *names, *(f"{name} minus {this.profile}" for name in names)], rows
    )


def interaction(own: LedgerRow, other: LedgerRow) -> inference.MeanDifference | None:
    """Return the other run's difference minus this one's; None if either has too few seeds or subjects.

    That both are tested on the same people is not used, so the error is, if anything, too wide.
    """
    if own.tested is None or other.tested is None:
        return None
    components = tuple(
        inference.Component("foundation", name, one.error**2, one.degrees)
        for name, one in (("own", own.tested), ("other", other.tested))
    )
    return inference.MeanDifference(other.tested.difference - own.tested.difference, components)


def _change(slope: inference.MeanDifference | None, confidence: float) -> str:
    """Return a change of a difference with its interval and its p."""
    if slope is None:
        return tables.NONE
    bounds = slope.interval(confidence) or (None, None)
    return f"{tables.interval(Figure(slope.value, *bounds), signed=True)}; p {tables.p_value(slope.p)}"


def recorded_table(runs: Sequence[Run]) -> str:
    """Return the table of recorded runs, the version that recorded each, and the hours that it took."""
    rows = []
    for one in runs:
        rows.append([one.profile, one.world, f"{one.spurious_strength:g}", one.version, one.duration])
    return tables.table_or_notice(["profile", "world", "ties", "version", "time"], rows, NOTHING)


def shown(this: Run, runs: Sequence[Run]) -> list[Run]:
    """Return the runs that have a column: this one, and each recorded one with other params."""
    return [this, *(one for one in runs if not recorded.comparable(one, this.sections_sha256))]
