"""The same claims in other worlds: runs of other profiles whose figures were recorded, beside this one's.

A verdict in one synthetic world may be an accident of it. A recorded run (`recorded`) holds its paired rows and settings, so that
its verdicts are made here, by the one rule of `ledger`.

Over worlds: each replicate draws worlds with replacement, and of each a difference from a normal distribution about what was
seen there, as wide as that world's interval; then it averages. That is the bootstrap over worlds, subjects and seeds, its inner
part by a normal approximation, since a recorded run keeps no replicates. Of K worlds it draws K - 1 (Rao and Wu, J Am Stat Assoc
83:231, 1988): the mean of K would vary with only (K - 1) / K of the variance between worlds, too sure where worlds are few.
What varies inside a world is counted twice, in how far worlds lie apart and in each one's interval: where worlds are alike, the
interval over them is too wide.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import stats

from fasrepro import paths
from fasrepro.evaluation import bootstrap
from fasrepro.report import fragments, ledger, recorded, tables
from fasrepro.report.claims import CLAIMS, HEAD, READERS, Claim
from fasrepro.report.ledger import LedgerRow
from fasrepro.report.recorded import Run

READER = "lexical"  # of several readers the one shown: a fixed rule, the same everywhere
SOURCES = 3  # of a leave-one-out protocol
LEAST_WORLDS = 3  # to average over: two do not tell how worlds vary
LEAST_STRENGTHS = 2  # to tell a trend from
TREND = dict(zip(ledger.WORDS["synthetic"], ("more, the tighter", "less, the tighter", "undecided"), strict=True))
LICENSED = "Licensed archives are of one world.\n"
NOTHING = "No run in another world was recorded: `fasrepro record --profile NAME` keeps the figures of one.\n"


def label_only(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return the HTER of the labels alone on each leave-one-out protocol."""
    jobs = {job["protocol"]: job for job in metrics["jobs"].values() if job["run"] == "label_only" and not job["transfer"]}
    return {
        protocol: job["mean"]["video"]["hter_dev"]["value"]
        for protocol, job in jobs.items()
        if len(protocol.partition("_")[0]) == SOURCES
    }


def read(metrics: Mapping[str, Any], settings: Mapping[str, Any]) -> tuple[Run, list[Run]]:
    """Return the run that the book shows, completed by recorded ones, and all recorded ones; `settings` are params' synthetic."""
    runs, sections = recorded.load(paths.RECORDED), recorded.sections(paths.PARAMS)
    this = Run("this book", settings["world"], settings["spurious_strength"], None, sections, metrics)
    return recorded.completed(this, runs), runs


def overall(claim: Claim, world: Run) -> LedgerRow:
    """Return the claim's row over all protocols of a world: their mean (of several the one over most), or that of the one there
    is."""
    channels = [READER] if claim.channel == READERS else [HEAD]
    plain = dataclasses.replace(claim, figures=(), beside=())  # these stand in the ledger
    rows = ledger.of_pairs(plain, {"metrics": world.metrics}, {}, "synthetic", channels)
    return next((row for row in rows if row.scope.startswith(ledger.OVERALL)), rows[-1])


def pooled(rows: Sequence[LedgerRow], confidence: float, replicates: int, seed: int) -> tuple[float, float, float] | None:
    """Return the mean difference over worlds with its interval; None for fewer than `LEAST_WORLDS` that tell."""
    known = _known(rows)
    if len(known) < LEAST_WORLDS:
        return None
    values, errors = _normal(known, confidence)
    random = bootstrap.generator(seed, f"worlds/{known[0].claim.id}")
    drawn = random.integers(len(known), size=(replicates, len(known) - 1))
    means = (values[drawn] + errors[drawn] * random.standard_normal(drawn.shape)).mean(axis=1)
    low, high = bootstrap.interval(means, confidence)
    return (float(values.mean()), low, high) if low is not None and high is not None else None


def trend(
    by_strength: Mapping[float, LedgerRow], confidence: float, replicates: int, seed: int
) -> tuple[float, float, float] | None:
    """Return how much a difference changes from no ties to full ones (strength 0 to 1), with its interval; None for fewer
    than `LEAST_STRENGTHS` that tell.

    The least-squares line through the differences. Each is drawn as in `pooled` and by itself, though the runs share people: what
    they have in common cancels out of a trend, so that the interval is, if anything, too wide.
    """
    known = _known(list(by_strength.values()))
    if len(known) < LEAST_STRENGTHS:
        return None
    values, errors = _normal(known, confidence)
    places = np.array([strength for strength, row in by_strength.items() if row in known])
    weights = (places - places.mean()) / ((places - places.mean()) ** 2).sum()
    random = bootstrap.generator(seed, f"trend/{known[0].claim.id}")
    slopes = (values + errors * random.standard_normal((replicates, len(known)))) @ weights
    low, high = bootstrap.interval(slopes, confidence)
    return (float(values @ weights), low, high) if low is not None and high is not None else None


def _known(rows: Sequence[LedgerRow]) -> list[LedgerRow]:
    """Return the rows with an interval over as many seeds and subjects as the rule asks for."""
    return [row for row in rows if row.enough and None not in (row.difference, row.low, row.high)]


def _normal(known: Sequence[LedgerRow], confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Return differences and standard errors of rows with an interval."""
    widths = np.array([float(row.high or 0) - float(row.low or 0) for row in known])
    return np.array([row.difference for row in known], dtype=float), widths / (2 * stats.norm.ppf((1 + confidence) / 2))


def _replicates(settings: Mapping[str, Any]) -> tuple[float, int, int]:
    """Return what `pooled` and `trend` draw by: confidence, replicates and seed."""
    evaluation = settings["evaluation"]
    return evaluation["confidence"], evaluation["replicates"], evaluation["seed"]


def _verdict(row: LedgerRow, estimate: tuple[float, float, float], settings: Mapping[str, Any]) -> str:
    """Return the ledger's word for an estimate about the row's claim and metric."""
    _, low, high = estimate
    return ledger.verdict(row.metric, low, high, settings["ledger"]["margin"], "synthetic", row.claim.loses)


def _said(estimate: tuple[float | None, float | None, float | None], word: str) -> str:
    value, low, high = estimate
    return f"{tables.interval({'value': value, 'low': low, 'high': high}, signed=True)}: {word}"


def _shown(row: LedgerRow) -> str:
    return row.verdict if row.difference is None else _said((row.difference, row.low, row.high), row.verdict)


def _measured(rows: Sequence[LedgerRow]) -> str:
    """Return what the rows compare, as one says it that was run: another names no reader."""
    return ledger.compared(next((row for row in rows if row.difference is not None), rows[0]))


def title(world: Run) -> str:
    """Return a world's name and how tightly scene and label are tied in it."""
    return f"{world.world}, ties {world.strength:g} ({world.name})"


def verdicts(worlds: Sequence[Run], settings: Mapping[str, Any]) -> str:
    """Return the table of each claim's mean over protocols in each world, and over the worlds that share this one's strength.

    `worlds`: this run first. `settings`: of metrics.json.
    """
    rows = []
    alike = _one_each([world for world in worlds if world.strength == worlds[0].strength])
    together = [f"over {len(alike)} worlds"] if len(alike) >= LEAST_WORLDS else []
    for claim in (claim for claim in CLAIMS if claim.look == "paired"):
        found = [overall(claim, world) for world in worlds]
        if all(row.difference is None for row in found):
            continue
        cells = [claim.id, _measured(found), *map(_shown, found)]
        if together:
            mean = pooled([overall(claim, world) for world in alike], *_replicates(settings))
            cells.append(_said(mean, _verdict(found[0], mean, settings)) if mean is not None else tables.NONE)
        rows.append(cells)
    return fragments.table(["", "difference", *map(title, worlds), *together], rows) if rows else tables.NOTHING


def _one_each(worlds: Sequence[Run]) -> list[Run]:
    """Return the first run of each world: two runs of one world are no two worlds."""
    return list({world.world: world for world in reversed(worlds)}.values())[::-1]


def strengths(worlds: Sequence[Run], settings: Mapping[str, Any]) -> str:
    """Return the table of what a world's ties between scene and label do: to labels alone, and to each claim; tightest last.

    The trend beside it: what becomes of each difference from no ties to full ones. A claim that was looked at with one strength
    only has no row. `settings`: of metrics.json.
    """
    here = [world for world in worlds if world.world == worlds[0].world]
    by_strength = dict(sorted({world.strength: world for world in reversed(here)}.items()))
    if len(by_strength) < LEAST_STRENGTHS:
        return NOTHING
    errors = [list(label_only(world.metrics).values()) for world in by_strength.values()]
    alone = [sum(one) / len(one) if one else None for one in errors]
    rows = [["", "label_only, HTER", *map(tables.number, alone), tables.NONE]]
    for claim in (claim for claim in CLAIMS if claim.look == "paired"):
        found = {strength: overall(claim, world) for strength, world in by_strength.items()}
        if sum(row.difference is not None for row in found.values()) < LEAST_STRENGTHS:
            continue
        rows.append([claim.id, _measured(list(found.values())), *map(_shown, found.values()), _trend(found, settings)])
    ties = [f"ties {strength:g} ({world.name})" for strength, world in by_strength.items()]
    return fragments.table(["", "difference", *ties, f"from 0 to 1, by {len(by_strength)} strengths"], rows)


def _trend(found: Mapping[float, LedgerRow], settings: Mapping[str, Any]) -> str:
    slope = trend(found, *_replicates(settings))
    if slope is None:
        return tables.NONE
    return _said(slope, TREND[_verdict(next(iter(found.values())), slope, settings)])


def hours(worlds: Sequence[Run]) -> str:
    """Return the table of recorded runs and the hours that they took."""
    untimed = {world.name: f", {world.untimed} stages not timed" if world.untimed else "" for world in worlds}
    rows = [[one.name, one.world, f"{one.strength:g}", tables.number(one.hours) + untimed[one.name]] for one in worlds]
    return fragments.table(["profile", "world", "ties", "hours"], rows) if rows else NOTHING


def fragments_of(this: Run, runs: Sequence[Run], synthetic: bool) -> dict[str, str]:
    """Return the fragments by name; `this` and `runs` as `read` has them. Licensed archives are set in no world.

    A recorded run that only adds to this one is no column of its own.
    """
    worlds = [this, *(one for one in runs if not recorded.adds_only(one, this))]
    if not synthetic:
        return dict.fromkeys(("worlds_table", "strengths_table", "recorded_table"), LICENSED)
    return {
        "worlds_table": verdicts(worlds, this.metrics["settings"]),
        "strengths_table": strengths(worlds, this.metrics["settings"]),
        "recorded_table": hours(runs),
    }
