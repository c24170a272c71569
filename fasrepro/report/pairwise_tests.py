"""Tables of tests that only describe a difference, and of the smallest difference that each protocol can detect."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from fasrepro.evaluation import inference
from fasrepro.evaluation import metrics as metric_titles
from fasrepro.evaluation.results import HEAD, Metrics
from fasrepro.evaluation.results.metrics import AucTest, DecisionTest, Difference, MetricsSettings, PairwiseTests
from fasrepro.report import claims, differences, markdown, tables
from fasrepro.report.markdown import escape
from fasrepro.report.published import Published, derived_mark

CLAIMED = ("p1_loo_vanilla_hter", "p1_loo_mixed_hter")  # paper 1: a baseline's HTER, and the run's lower one
METRIC = "hter_dev"  # whose smallest detectable difference is shown
GROUPS = {"bona_fide": "bona fide", "attack": "attack", "all": "all videos"}


def _p(test: AucTest | DecisionTest) -> str:
    return f"{tables.p_value(test.p)} ({tables.p_value(test.p_holm)})"


def flipped(row: PairwiseTests) -> PairwiseTests:
    """Return baseline against run for a row of run against baseline: the AUC's sign changes, and the counts swap."""
    swapped = {}
    for name in GROUPS:
        test: DecisionTest = getattr(row, name)
        swapped[name] = dataclasses.replace(test, run_only=test.baseline_only, baseline_only=test.run_only)
    auc = dataclasses.replace(row.auc, difference=differences.negated(row.auc.difference)) if row.auc else None
    return dataclasses.replace(row, run=row.baseline, baseline=row.run, auc=auc, **swapped)


def test_table(metrics: Metrics, runs: Sequence[str], head: bool) -> str:
    """Return the table of descriptive tests, a row a pair, cell and seed: of the `head`, or else of the readers."""
    rows = []
    for baseline, run in claims.compared_pairs(runs):
        tests = [row for row in metrics.pairwise_tests if {row.run, row.baseline} == {run, baseline}]
        tests = [row if row.run == run else flipped(row) for row in tests if (row.channel == HEAD) == head]
        for row in sorted(tests, key=lambda row: (row.cell, row.channel, row.seed)):
            first = [row.channel]
            if head:
                first = [tables.number(row.auc.difference, signed=True), _p(row.auc)] if row.auc else [tables.NONE] * 2
            counts = []
            for name in GROUPS:
                test: DecisionTest = getattr(row, name)
                counts.append(f"{test.run_only} : {test.baseline_only}, p {_p(test)}")
            rows.append([row.cell, f"{run} − {baseline}", row.seed, *first, *counts])
    first_columns = ["AUC difference", "DeLong's p (Holm)"] if head else ["reader"]
    alone = [f"{name}: only one correct" for name in GROUPS.values()]
    return tables.table_or_notice(["protocol", "run − baseline", "seed", *first_columns, *alone], rows)


def claimed_difference(published: Mapping[str, Published]) -> str:
    """Return paper 1's difference in HTER, baseline minus run, marked as derived and by what it is derived from."""
    first, second = (published[name] for name in CLAIMED)
    return f"{first.share - second.share:.2f} {derived_mark(first, second)}"


def power_table(metrics: Metrics, runs: Sequence[str], published: Mapping[str, Published]) -> str:
    """Return the table of the smallest detectable difference for each pair of runs and scope, after what it means."""
    paper, rows, confidence = claimed_difference(published), [], metrics.settings.evaluation.confidence
    for baseline, run in claims.compared_pairs(runs):
        wanted = [
            row
            for row in differences.oriented([*metrics.paired, *metrics.means], run, baseline)
            if (row.channel, row.level, row.metric) == (HEAD, "video", METRIC)
        ]
        for row in sorted(wanted, key=lambda row: (len(differences.cells_of(row)) > 1, differences.cells_of(row))):
            scope = differences.scope(differences.cells_of(row))
            rows.append([scope, f"{run} − {baseline}", row.subjects, row.seeds, *_power(row, confidence), paper])
    if not rows:
        return tables.NO_RESULTS
    detectable = f"smallest detectable difference: {metric_titles.title(METRIC)}"
    columns = [
        "protocol",
        "runs",
        "subjects",
        "seeds",
        detectable,
        f"of the variance: {' / '.join(inference.KINDS)}",
        "paper 1 claims",
    ]
    return f"{_meaning(metrics.settings, published)}\n\n{markdown.table(columns, rows)}"


def _power(row: Difference, confidence: float) -> list[str]:
    """Return the smallest detectable difference, and which share of the variance each kind of component has."""
    if row.error is None or row.degrees is None:
        return [tables.NONE, tables.NONE]
    shares = " / ".join(f"{row.variance.get(kind, 0.0):.0%}" for kind in inference.KINDS)
    return [tables.number(inference.detectable(row.error, row.degrees, confidence)), shares]


def _meaning(settings: MetricsSettings, published: Mapping[str, Published]) -> str:
    first, second = (published[name] for name in CLAIMED)
    paper = f"{first.shown} − {second.shown} = {claimed_difference(published)} ({first.where}; {first.setting}; {first.note})"
    confidence, power = settings.evaluation.confidence * 100, inference.POWER * 100
    return (
        f"If two runs truly differ by this much, the {confidence:g} % interval of the difference excludes zero in {power:g} % of"
        " repetitions; a claim whose p is adjusted within a family needs more. More people narrow the first part of the variance,"
        f" more seeds the second, more dev people the third. Paper 1's claim for comparison: {escape(paper)}."
    )
