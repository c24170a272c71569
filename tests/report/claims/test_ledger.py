"""The ledger's rule on intervals with an obvious verdict, and its rows from metrics."""

from __future__ import annotations

import dataclasses
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from fasrepro.evaluation.results import Figure, Grounding, Metrics
from fasrepro.report import claims, published
from fasrepro.report.claims import ledger, verdicts
from fasrepro.report.claims.ledger import Evidence, LedgerRow
from tests.report.samples import cell_metrics, difference, figure, mean_difference, metrics, settings

LENIENT = settings(effect=0.07, min_seeds=1, min_subjects=3, confidence=0.9)
READING = {"channel": "lexical", "metric": "hter", "level": "frame"}


def evidence(given: Metrics, grounding: Grounding | None = None, words: verdicts.Words = verdicts.SYNTHETIC) -> Evidence:
    return Evidence(given, grounding, published.load(), words, ["lexical", "tfidf"])


def rows(given: Metrics, claim: str = "", **more: Any) -> list[LedgerRow]:
    return [row for row in ledger.rows(evidence(given, **more)) if claim in ("", row.claim.id)]


def test_a_claim_has_a_row_for_each_cell_and_its_mean_decides() -> None:
    given = metrics(
        mean_difference(["oci_m", "ocm_i"], -0.2, -0.1),
        difference("ocm_i", -0.2, 0.1),
        difference("oci_m", 0.1, 0.2),
        difference("oci_m", -0.9, -0.8, level="frame"),
        difference("oci_m", -0.9, -0.8, metric="auc"),
    )
    ledger_rows = rows(given, "P1-1")
    assert [(row.scope, row.verdict) for row in ledger_rows] == [
        ("oci_m", "interval only"),
        ("ocm_i", "interval only"),
        ("mean of oci_m, ocm_i", "mechanism seen"),
    ]
    assert ledger_rows[0].paper == "HTER 0.19 [2] → 0.16 [2] (Table 1)"
    assert ledger_rows[0].basis == "t, 6.0 degrees of freedom; 8 subjects; 2 training sets; 3 seeds"
    assert ledger_rows[2].basis.endswith("3 seeds; p < 0.001, < 0.001 after Holm of 1")
    assert ledger_rows[2].over_targets == figure(ledger_rows[2].difference.value, 0.5)


def test_p_is_adjusted_within_the_family_alone() -> None:
    cells = ["oci_m", "ocm_i"]
    alone = [mean_difference(cells, -0.21, -0.005)]  # p 0.043
    with_another = [*alone, mean_difference(cells, -0.2, 0.2, **READING)]
    control = mean_difference(cells, -0.2, 0.2, run="vanilla", baseline="label_only")
    verdict = {}
    for name, given in (("alone", alone), ("with another", with_another), ("with a control", [*alone, control])):
        verdict[name] = next(row.verdict for row in rows(metrics(*given), "P1-1"))
    assert verdict == {"alone": "mechanism seen", "with another": "undecided", "with a control": "mechanism seen"}


def test_the_claimed_effect_is_relative_to_the_baseline_here() -> None:
    (row,) = rows(metrics(difference("oci_m", -0.2, -0.1, baseline_value=0.38)), "P1-1")
    assert row.tested is not None and row.tested.effect == pytest.approx((0.19 - 0.16) / 0.19 * 0.38)
    (row,) = rows(metrics(difference("oci_m", -0.2, -0.1, run="vanilla", baseline="label_only")), "C-1")
    assert row.tested is not None and row.tested.effect == pytest.approx(0.15 * 0.3)


def test_an_open_verdict_names_the_difference_that_would_be_seen() -> None:
    (row,) = rows(metrics(difference("oci_m", -0.3, 0.2)), "P1-1")
    assert row.verdict == "undecided"
    assert row.tested is not None
    assert row.basis.endswith(f"would probably see {row.tested.detectable(0.95):.3f}")


def test_a_difference_stored_in_the_other_direction_is_flipped() -> None:
    (row,) = rows(metrics(difference("oci_m", 0.1, 0.3, run="vanilla", baseline="reasoning")), "P1-1")
    assert (row.difference, row.verdict) == (Figure(-0.2, -0.3, -0.1), "mechanism seen")


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [({}, "mechanism seen"), ({"seeds": 2}, "undecided"), ({"subjects": 7}, "undecided"), ({"training_sets": 1}, "undecided")],
)
def test_few_seeds_or_subjects_decide_nothing(changes: dict[str, int], wanted: str) -> None:
    (row,) = rows(metrics(difference("oci_m", -0.3, -0.2, **changes)), "P1-1")
    assert row.verdict == wanted
    assert row.basis.endswith("too few seeds or subjects") is bool(changes)


def test_accuracy_decides_nothing_and_has_its_base_rate_beside_it() -> None:
    accuracy = {"channel": "lexical", "metric": "accuracy", "level": "frame"}
    given = metrics(difference("oci_m", 0.2, 0.3, **accuracy), cells=[cell_metrics("oci_m", "vanilla")])
    (row,) = rows(given, "P1-4")
    assert row.verdict == "interval only"
    assert "'always attack' is right in 0.750" in row.basis  # 9 of 12


def test_claims_without_results_say_so_and_untestable_ones_say_why() -> None:
    ledger_rows = {row.claim.id: row for row in rows(metrics())}
    assert len([name for name in ledger_rows if name.startswith("P1-")]) >= 12
    assert {row.verdict for row in ledger_rows.values()} == {"not run", "not tested"}
    assert ledger_rows["P1-3"].basis == "no results of reasoning and vanilla on SiW-Mv2"
    assert ledger_rows["P1-1"].basis.startswith("no results of reasoning and vanilla on MSU-MFSD, ")
    assert ledger_rows["P1-6"].basis.startswith("no results of reasoning and sampler on MSU-MFSD, ")
    untested = [row for row in ledger_rows.values() if row.verdict == "not tested"]
    assert all(len(row.basis) > 10 and "{" not in row.basis for row in untested)
    assert published.load()["safas_loo_hter"].shown in ledger_rows["P1-5"].basis


GROUNDING = {"baseline": "sampler", "channel": "explanations", "metric": "f1", "level": "frame"}


def test_grounding_is_tested_against_the_sampler_on_the_claims_targets() -> None:
    rows_of_cells = [difference(name, 0.1, 0.3, **GROUNDING) for name in ("oci_m", "ocm_i", "oci_w")]
    rows_of_cells.append(difference("oci_m", 0.1, 0.3, **{**GROUNDING, "run": "vanilla"}))
    mean = mean_difference(["oci_m", "ocm_i"], 0.1, 0.3, **GROUNDING)
    ledger_rows = rows(metrics(), "P1-6", grounding=Grounding({}, rows_of_cells, [mean]))
    assert [(row.scope, row.verdict) for row in ledger_rows] == [
        ("oci_m", "interval only"),
        ("ocm_i", "interval only"),
        ("mean of oci_m, ocm_i", "mechanism seen"),
    ]
    assert ledger_rows[2].tested is not None
    assert ledger_rows[2].tested.effect == pytest.approx(0.15 * (1 - 0.3))  # a share of what the sampler lacks


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
    (control,) = rows(given, "C-1", words=verdicts.LICENSED)
    assert (control.paper, control.verdict) == ("a control of ours", "mechanism seen")


def test_a_recorded_row_names_its_profile_and_has_no_verdict_without_an_error() -> None:
    given = difference("ocm_i", -0.2, -0.1, recorded="a recorded run, profile recipes of version 0.1.0", error=None, degrees=None)
    (row,) = rows(metrics(given), "P1-1")
    assert row.basis == (
        "8 subjects; 2 training sets; 3 seeds; a recorded run, profile recipes of version 0.1.0; no standard error"
    )
    assert row.verdict == "undecided"


def test_the_rule_is_worded_from_params() -> None:
    text = ledger.rule(LENIENT, verdicts.SYNTHETIC)
    for word in ("at most 0.1 after", "7 % of it", "90 % interval", "(hter_dev)", "fewer than 1 seeds (5", "3 subjects"):
        assert word in text
    for word in dataclasses.astuple(verdicts.SYNTHETIC):
        assert f"'{word}'" in text


def test_every_family_is_small_and_listed() -> None:
    by_family = Counter(claim.family for claim in claims.CLAIMS if claim.family)
    assert all(count <= 6 for count in by_family.values())
    text = ledger.families(rows(metrics()))
    assert "paper 1, primary: P1-1, P1-2, P1-3, P1-6; controls: C-1, C-2, C-3, C-4, C-5, C-9; paper 2, primary: P2-1, " in text


def test_an_accuracy_claims_what_it_takes_from_the_error() -> None:
    figures = published.load()
    assert figures["p2_sft_accuracy"].error == pytest.approx(0.12)
    assert figures["p2_cepl_hter"].error == pytest.approx(0.0765)


def test_real_metrics_fill_the_ledger(world: SimpleNamespace) -> None:
    ledger_rows = ledger.rows(Evidence(world.metrics, None, published.load(), verdicts.SYNTHETIC, ["lexical"]))
    numbers = Counter(row.claim.id for row in ledger_rows)
    # Two cells and their mean; of readings also the means of decided verdicts and by video.
    assert [numbers[name] for name in ("P1-1", "P1-2", "P1-3", "P1-4", "C-1")] == [3, 5, 1, 5, 3]
    assert figure(None) in [row.difference for row in ledger_rows]
    assert len({row.claim.id for row in ledger_rows}) == len(claims.CLAIMS)
