"""The ledger's rows about groups: from fairness.json, with an interval and no verdict."""

from __future__ import annotations

import dataclasses

from fasrepro.evaluation.results import Fairness
from fasrepro.report import published
from fasrepro.report.claims import ledger, paper1, paper2, verdicts
from fasrepro.report.claims.ledger import Evidence, LedgerRow
from tests.report.groups import NONE, changes, compared, run_groups
from tests.report.samples import metrics, settings

OF_PAPER_2 = dataclasses.replace(run_groups("cepl"), cells=["a", "b"], protocols=["two_to_eleven"], targets=["msu", "casia"])


def rows(claim: str, given: Fairness | None, source: str = "") -> list[LedgerRow]:
    of = settings(min_seeds=3, min_seeds_alone=5, min_subjects=3)
    evidence = Evidence(metrics(of=of), None, published.load(), verdicts.SYNTHETIC, [], fairness=given, fairness_source=source)
    claims = [one for one in (*paper1.CLAIMS, *paper2.CLAIMS) if one.id == claim]
    return ledger.rows(evidence, claims)


def of_paper_2() -> Fairness:
    return dataclasses.replace(NONE, changes=[changes("cepl", "label_two_stage", OF_PAPER_2)])


def test_a_gap_has_a_row_a_group_and_rate_in_the_claims_order() -> None:
    skin, _, age, _ = rows("P1-12", dataclasses.replace(NONE, changes=[changes()]))
    assert ledger.measured(skin) == "gap in BPCER, skin tone Monk 8 to 10 (scores)"
    assert (age.difference.value, age.verdict, age.scope) == (-0.5, "interval only", "mean of oci_m, omi_c")
    assert "5 people on the smaller side; 2 training sets; 3 seeds; the baseline's gap +0.600" in age.basis
    assert f"would probably see {compared(0.0).detectable:.3f}" in age.basis


def test_a_row_without_a_standard_error_says_so() -> None:
    _, apcer, *_ = rows("P1-12", dataclasses.replace(NONE, changes=[changes()]))
    assert apcer.basis.endswith("no standard error")


def test_the_worst_light_is_chosen_by_the_mean_of_both_runs() -> None:
    """Left has 0.5 and 0.4, above 0.1 and 0.4 (baseline and run)."""
    first, second = rows("P2-13", of_paper_2())
    assert ledger.measured(first) == "HTER, light left, the worst (scores)"
    assert ledger.measured(second) == "HTER, light above (scores)"
    assert first.difference.value == -0.1


def test_one_training_set_needs_more_seeds_and_the_source_is_named() -> None:
    row = rows("P2-21", of_paper_2(), "a recorded run")[0]
    assert row.basis.endswith("too few seeds or subjects; a recorded run")


def test_without_figures_by_group_a_claim_is_not_run() -> None:
    for claim in ("P1-12", "P2-13", "P2-21"):
        for given in (None, NONE):
            (row,) = rows(claim, given)
            assert row.verdict == "not run"
            assert row.basis.endswith("by group")


def test_targets_of_another_claim_do_not_count() -> None:
    elsewhere = dataclasses.replace(changes(), targets=["siw_mv2"])
    (row,) = rows("P1-12", dataclasses.replace(NONE, changes=[elsewhere]))
    assert row.verdict == "not run"
