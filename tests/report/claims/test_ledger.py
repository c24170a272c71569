"""The ledger's rule on intervals with an obvious verdict, and its rows from metrics."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from fasrepro.evaluation.results import Figure, Grounding, Metrics
from fasrepro.evaluation.results.explanations import CellGrounding, GroundingCounts
from fasrepro.report import claims, published
from fasrepro.report.claims import ledger
from fasrepro.report.claims.ledger import Evidence, LedgerRow
from tests.report.samples import difference, figure, mean_difference, metrics, place, settings

LENIENT = settings(margin=0.07, min_seeds=1, min_subjects=3, confidence=0.9)
READING = {"channel": "lexical", "metric": "hter", "level": "frame"}


@pytest.mark.parametrize(
    ("metric", "low", "high", "margin", "worse", "wanted"),
    [
        ("hter_dev", -0.2, -0.1, 0.0, False, "mechanism seen"),  # an error fell
        ("hter_dev", 0.1, 0.2, 0.0, False, "opposite seen"),
        ("hter_dev", -0.2, 0.1, 0.0, False, "undecided"),
        ("hter_dev", -0.2, -0.1, 0.15, False, "undecided"),  # not beyond the margin
        ("hter_dev", -0.2, -0.16, 0.15, False, "mechanism seen"),
        ("hter_dev", -0.1, 0.0, 0.0, False, "undecided"),  # touching zero is not beyond it
        ("auc", 0.1, 0.2, 0.0, False, "mechanism seen"),  # more is better
        ("auc", -0.2, -0.1, 0.0, False, "opposite seen"),
        ("hter", 0.1, 0.2, 0.0, True, "mechanism seen"),  # the claim is that the run does worse
        ("accuracy", -0.2, -0.1, 0.0, True, "mechanism seen"),
        ("hter_dev", None, None, 0.0, False, "undecided"),
    ],
)
def test_verdicts(metric: str, low: float | None, high: float | None, margin: float, worse: bool, wanted: str) -> None:
    assert ledger.verdict(metric, Figure(0.0, low, high), margin, ledger.SYNTHETIC, worse) == wanted


def test_licensed_archives_have_their_own_words() -> None:
    intervals = [Figure(0.0, low, high) for low, high in ((-2, -1), (1, 2), (-1, 1))]
    verdicts = [ledger.verdict("hter_dev", interval, 0.0, ledger.LICENSED) for interval in intervals]
    assert verdicts == ["reproduced", "not reproduced", "undecided"]


def evidence(given: Metrics, grounding: Grounding | None = None, words: ledger.Verdicts = ledger.SYNTHETIC) -> Evidence:
    return Evidence(given, grounding, published.load(), words, ["lexical", "tfidf"])


def rows(given: Metrics, claim: str = "", **more: Any) -> list[LedgerRow]:
    return [row for row in ledger.rows(evidence(given, **more)) if claim in ("", row.claim.id)]


def test_a_claim_has_a_row_for_each_cell_and_its_mean_last() -> None:
    given = metrics(
        mean_difference(["oci_m", "ocm_i"], -0.2, -0.1),
        difference("ocm_i", -0.2, 0.1),
        difference("oci_m", 0.1, 0.2),
        difference("oci_m", -0.9, -0.8, level="frame"),
        difference("oci_m", -0.9, -0.8, metric="auc"),
        of=LENIENT,
    )
    ledger_rows = rows(given, "P1-1")
    assert [(row.scope, row.verdict) for row in ledger_rows] == [
        ("oci_m", "opposite seen"),
        ("ocm_i", "undecided"),
        ("mean of oci_m, ocm_i", "mechanism seen"),
    ]
    assert ledger_rows[0].paper == "HTER 0.19 [2] → 0.16 [2] (Table 1)"
    assert ledger_rows[0].basis == "paired bootstrap, 8 subjects, 3 seeds"


def test_a_difference_stored_in_the_other_direction_is_flipped() -> None:
    (row,) = rows(metrics(difference("oci_m", 0.1, 0.3, run="vanilla", baseline="reasoning"), of=LENIENT), "P1-1")
    assert (row.difference, row.verdict) == (Figure(-0.2, -0.3, -0.1), "mechanism seen")


@pytest.mark.parametrize(("seeds", "subjects", "wanted"), [(3, 8, "mechanism seen"), (2, 8, "undecided"), (3, 7, "undecided")])
def test_few_seeds_or_subjects_decide_nothing(seeds: int, subjects: int, wanted: str) -> None:
    (row,) = rows(metrics(difference("oci_m", -0.3, -0.2, seeds=seeds, subjects=subjects)), "P1-1")
    assert row.verdict == wanted


def test_claims_without_results_say_so_and_untestable_ones_say_why() -> None:
    ledger_rows = {row.claim.id: row for row in rows(metrics())}
    assert len([name for name in ledger_rows if name.startswith("P1-")]) >= 12
    assert {row.verdict for row in ledger_rows.values()} == {"not run", "not tested"}
    assert ledger_rows["P1-3"].basis == "no results of reasoning and vanilla on SiW-Mv2"
    assert ledger_rows["P1-1"].basis.startswith("no results of reasoning and vanilla on MSU-MFSD, ")
    assert ledger_rows["P1-6"].basis == "no explanations of reasoning on images whose cues are known"
    untested = [row for row in ledger_rows.values() if row.verdict == "not tested"]
    assert all(len(row.basis) > 10 and "{" not in row.basis for row in untested)
    assert published.load()["safas_loo_hter"].shown in ledger_rows["P1-5"].basis


def cell_grounding(cell: str, run: str, low: float, high: float, seeds: int = 3) -> CellGrounding:
    f1 = {"f1": Figure((low + high) / 2, low, high)}
    return CellGrounding(**place(cell), run=run, counts=GroundingCounts(3, 9, 8, seeds), explained=f1, sampler=f1, difference=f1)


@pytest.mark.parametrize(
    ("low", "high", "seeds", "wanted"),
    [(0.1, 0.3, 3, "mechanism seen"), (-0.3, -0.1, 3, "opposite seen"), (-0.1, 0.3, 3, "undecided"), (0.1, 0.3, 1, "undecided")],
)
def test_grounding_is_tested_on_the_difference_from_the_sampler(low: float, high: float, seeds: int, wanted: str) -> None:
    cells = {run: cell_grounding("oci_m", run, low, high, seeds) for run in ("reasoning", "vanilla")}
    ledger_rows = rows(metrics(of=settings(min_subjects=3)), "P1-6", grounding=Grounding(cells))
    assert [(row.scope, row.verdict) for row in ledger_rows] == [("oci_m", wanted)]


def test_grounding_counts_only_the_targets_that_the_claim_names() -> None:
    cells = {name: cell_grounding(name, "reasoning", 0.1, 0.3) for name in ("oci_m", "oci_w", "moci_w")}
    assert [row.scope for row in rows(metrics(), "P1-6", grounding=Grounding(cells))] == ["oci_m"]


def test_a_reading_is_reported_by_frame_and_its_means_also_by_video_and_decided_only() -> None:
    given = []
    for metric, low in (("hter", 0.1), ("hter_decided", -0.3)):
        reading = {**READING, "metric": metric}
        given += [difference("oci_m", low, low + 0.1, **reading), mean_difference(["oci_m", "ocm_i"], low, low + 0.1, **reading)]
    by_video = {"metric": "hter", "channel": "lexical"}
    given += [difference("oci_m", 0.5, 0.6, **by_video), mean_difference(["oci_m", "ocm_i"], 0.7, 0.8, **by_video)]
    ledger_rows = rows(metrics(*given), "P1-2")
    assert [(ledger.measured(row), row.scope, row.difference.low) for row in ledger_rows] == [
        ("reader's HTER, undecided wrong, by frame (lexical)", "oci_m", 0.1),
        ("reader's HTER, undecided wrong, by frame (lexical)", "mean of oci_m, ocm_i", 0.1),
        ("reader's HTER, decided only, by frame (lexical)", "mean of oci_m, ocm_i", -0.3),
        ("reader's HTER, undecided wrong, by video (lexical)", "mean of oci_m, ocm_i", 0.7),
    ]
    assert ledger.published_row(ledger_rows) is ledger_rows[1]  # the paper's figure is a mean over protocols


def test_a_published_figure_is_shown_at_the_cell_that_it_is_about() -> None:
    given = metrics(*(difference(name, 0.1, 0.2, **READING) for name in ("icm_w", "omi_w")))
    assert ledger.published_row(rows(given, "P1-3")).scope == "omi_w"
    assert ledger.published_row(rows(metrics(), "P1-3")).verdict == "not run"


def test_simulated_readers_decide_nothing() -> None:
    assert ledger.decisive_readers(["lexical", "api"], "simulated") == ["lexical"]
    assert ledger.decisive_readers(["lexical", "api"], "https://api.example.org/v1") == ["lexical", "api"]
    given = metrics(difference("oci_m", 0.1, 0.2, **{**READING, "channel": "api"}), difference("oci_m", -0.2, -0.1, **READING))
    assert [(row.channel, row.verdict) for row in rows(given, "P1-2")] == [("lexical", "mechanism seen")]


def test_a_result_counts_only_for_claims_about_its_target() -> None:
    given = metrics(difference("oci_m", 0.1, 0.2, **READING), difference("oci_w", 0.1, 0.2, **READING))
    assert [(row.scope, row.verdict) for row in rows(given, "P1-2")] == [("oci_m", "opposite seen")]
    assert [(row.scope, row.verdict) for row in rows(given, "P1-3")] == [("oci_w", "mechanism seen")]


def test_the_mean_over_most_cells_comes_before_other_means() -> None:
    given = metrics(
        difference("mi_c", 0.1, 0.2),
        mean_difference(["mi_c", "mi_o"], 0.1, 0.2),
        mean_difference(["oci_m", "omi_c", "ocm_i"], -0.2, -0.1),
        difference("moci_w", 0.1, 0.2),
    )
    assert [row.scope for row in rows(given, "P1-1")] == ["mi_c", "mean of oci_m, omi_c, ocm_i", "mean of mi_c, mi_o"]
    given = metrics(difference("moci_w", 0.1, 0.2, **READING), difference("oci_w", 0.1, 0.2, **READING))
    assert [row.scope for row in rows(given, "P1-3")] == ["moci_w", "oci_w"]


def test_readers_come_in_their_order() -> None:
    given = metrics(*(difference("oci_m", 0.1, 0.2, **{**READING, "channel": name}) for name in ("tfidf", "lexical")))
    assert [row.channel for row in rows(given, "P1-2")] == ["lexical", "tfidf"]


def test_a_control_has_nothing_to_reproduce_and_no_published_figure() -> None:
    given = metrics(difference("oci_m", -0.3, -0.2, run="vanilla", baseline="label_only"))
    (control,) = rows(given, "C-1", words=ledger.LICENSED)
    assert (control.paper, control.verdict) == ("a control of ours", "mechanism seen")


def test_a_recorded_row_names_its_profile() -> None:
    given = [difference("oci_m", -0.2, -0.1), difference("ocm_i", -0.2, -0.1, recorded="recipes of version 0.1.0")]
    assert [row.basis for row in rows(metrics(*given), "P1-1")] == [
        "paired bootstrap, 8 subjects, 3 seeds",
        "paired bootstrap, 8 subjects, 3 seeds; a recorded run, profile recipes of version 0.1.0",
    ]


def test_the_rule_is_worded_from_params() -> None:
    text = ledger.rule(LENIENT, ledger.SYNTHETIC)
    for word in ("90 %", "321", "more than 0.07 beyond zero", "(hter_dev)", "mechanism seen", "opposite seen", "undecided"):
        assert word in text
    assert "the whole interval lies beyond zero" in ledger.rule(settings(margin=0.0), ledger.SYNTHETIC)


def test_the_ledger_reports_how_many_verdicts_chance_would_produce() -> None:
    given = metrics(difference("oci_m", 0.1, 0.2), difference("ocm_i", 0.1, 0.2), of=LENIENT)
    assert "0.2 of the 2 intervals below" in ledger.chance(given.settings, rows(given))


def test_real_metrics_fill_the_ledger(world: SimpleNamespace) -> None:
    ledger_rows = ledger.rows(Evidence(world.metrics, None, published.load(), ledger.SYNTHETIC, ["lexical"]))
    numbers = Counter(row.claim.id for row in ledger_rows)
    # Two cells and their mean; of readings also the means of decided verdicts and by video.
    assert [numbers[name] for name in ("P1-1", "P1-2", "P1-3", "P1-4", "C-1")] == [3, 5, 1, 5, 3]
    assert figure(None) in [row.difference for row in ledger_rows]
    assert len({row.claim.id for row in ledger_rows}) == len(claims.CLAIMS)
