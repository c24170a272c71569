"""The ledger's rows about caption models: run minus baseline on people whom no caption model was trained on, and on the targets.

The figures of each model come with an interval over people, but not with what each person contributes. So the two models of a
difference count as if they had been tested on different people. The same people raise and lower both, so the true error is
smaller: a difference that is seen here is seen all the more in pairs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from fasrepro.evaluation import inference
from fasrepro.evaluation.inference import Component, MeanDifference
from fasrepro.evaluation.results import Figure
from fasrepro.evaluation.results.caption_models import CaptionModel, PartFigures
from fasrepro.report.caption_models import HEADLINE, SUPERVISED, by_entry
from fasrepro.report.claims import paired, verdicts
from fasrepro.report.claims.claim import Claim
from fasrepro.report.claims.rows import NOT_RUN, Evidence, LedgerRow, claimed_effect, counted, paper_figures, without_result

SCOPE = f"people of part {HEADLINE}"
UNPAIRED = "people as if each model had others"
UNDEFINED = Figure(None, None, None)
GATE_MISSED = "the supervised model misses the gate"


def rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return a claim's row, and one of each of its further figures; or one row that says why there is none."""
    groups = {} if evidence.caption_models is None else by_entry(evidence.caption_models)
    pairs = by_seed(groups, claim.run, claim.baseline)
    if not pairs:
        reason = f"no caption models {claim.run} and {claim.baseline} with a seed in common"
        return [without_result(claim, evidence, claim.metric, reason, NOT_RUN)]
    weak = misses_gate(evidence)
    return [_row(claim, name, pairs, weak, evidence) for name in (claim.metric, *(name for name, _ in claim.also))]


def detector_rows(claim: Claim, evidence: Evidence) -> list[LedgerRow]:
    """Return a claim's rows on the targets, where caption models are scored at the conclusion of what they write."""
    if evidence.caption_detectors is None:
        reason = f"no results of {paired.compared_on(claim)}"
        return [without_result(claim, evidence, evidence.metrics.settings.ledger.metric, reason, NOT_RUN)]
    rows_of_claim = paired.rows(claim, dataclasses.replace(evidence, metrics=evidence.caption_detectors))
    if not (claim.family and misses_gate(evidence)):
        return rows_of_claim
    too_weak = {"verdict": verdicts.TOO_WEAK, "tested": None}
    return [
        dataclasses.replace(row, basis=f"{row.basis}; {GATE_MISSED}", **too_weak) if row.is_mean else row for row in rows_of_claim
    ]


def misses_gate(evidence: Evidence) -> bool:
    """Return whether a supervised model cannot read enough for rewards to lift."""
    groups = {} if evidence.caption_models is None else by_entry(evidence.caption_models)
    return any(model.missed for model in groups.get(SUPERVISED, ()))


def by_seed(groups: Mapping[str, Sequence[CaptionModel]], run: str, baseline: str) -> list[tuple[PartFigures, PartFigures]]:
    """Return the figures of run and baseline, of each seed that both have."""
    first, second = (
        {model.seed: model.parts[HEADLINE] for model in groups.get(entry, ()) if HEADLINE in model.parts}
        for entry in (run, baseline)
    )
    return [(first[seed], second[seed]) for seed in sorted(first.keys() & second.keys())]


def difference(pairs: Sequence[tuple[PartFigures, PartFigures]], name: str, confidence: float) -> MeanDifference | None:
    """Return the mean over seeds of run minus baseline; None where a figure is not defined.

    Its variance is that over people, which seeds share, and that over seeds, each a training of both models.

    Args:
        pairs: figures of run and baseline by seed, at least one.
        name: of the figure.
        confidence: of the figures' intervals, in (0, 1).
    """
    figures = [(run.figures.get(name, UNDEFINED), baseline.figures.get(name, UNDEFINED)) for run, baseline in pairs]
    if any(figure.value is None for pair in figures for figure in pair):
        return None
    values = np.array([run.value - baseline.value for run, baseline in figures])  # type: ignore[operator]
    components = []
    people = [sum(_variance(figure, confidence) for figure in pair) for pair in figures]
    subjects = min(part.counts.subjects for pair in pairs for part in pair)
    if min(people) > 0 and subjects > 1:
        components.append(Component(inference.PEOPLE, HEADLINE, float(np.mean(people)), subjects - 1))
    if len(values) > 1:
        variance = float(values.var(ddof=1)) / len(values)
        components.append(Component(inference.TRAININGS, HEADLINE, variance, len(values) - 1))
    return MeanDifference(float(values.mean()), tuple(components))


def _variance(figure: Figure, confidence: float) -> float:
    """Return the variance over people that a figure's interval stands for; 0 where it has none."""
    if figure.low is None or figure.high is None:
        return 0.0
    return float(((figure.high - figure.low) / 2 / stats.norm.ppf((1 + confidence) / 2)) ** 2)


def _row(claim: Claim, name: str, pairs: Sequence[tuple[PartFigures, PartFigures]], weak: bool, evidence: Evidence) -> LedgerRow:
    """Return the row of one figure, without a verdict but that of a missed gate."""
    settings = evidence.metrics.settings
    result = difference(pairs, name, settings.evaluation.confidence)
    subjects = min(part.counts.subjects for pair in pairs for part in pair)
    parts = [f"{subjects} subjects", UNPAIRED, counted(len(pairs), "seed"), *filter(None, [evidence.caption_source])]
    figure, tested = UNDEFINED, None
    if result is None:
        parts.append("not defined on the texts of one of them")
    elif not result.error > 0:
        figure = Figure(result.value, None, None)
        parts.append("no standard error")
    else:
        low, high = result.interval(settings.evaluation.confidence) or (None, None)
        figure = Figure(result.value, low, high)
        parts.insert(0, f"t, {result.degrees:.1f} degrees of freedom")
        if verdicts.enough(len(pairs), subjects, 1, settings.ledger):
            value = float(np.mean([baseline.figures[name].value for _, baseline in pairs]))
            effect = claimed_effect(claim, name, value, evidence)
            tested = verdicts.Evidence(name, claim.worse, result.value, result.error, result.degrees, effect)
        else:
            parts.append("too few seeds or subjects")
    if weak:
        parts.append(GATE_MISSED)
    return LedgerRow(
        claim=claim,
        cells=(SCOPE,),
        channel=claim.channel,
        metric=name,
        paper=paper_figures(claim, evidence.published),
        difference=figure,
        basis="; ".join(parts),
        verdict=_verdict(claim, name, figure, weak, evidence),
        tested=None if weak else tested,
    )


def _verdict(claim: Claim, name: str, figure: Figure, weak: bool, evidence: Evidence) -> str:
    """Return the verdict that a row has before the test: that of a missed gate, or of a figure that is not defined."""
    if not claim.family or name != claim.metric:
        return verdicts.INTERVAL_ONLY
    if weak:
        return verdicts.TOO_WEAK
    return evidence.words.undecided if figure.value is None else verdicts.INTERVAL_ONLY
