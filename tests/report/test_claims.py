"""The ledger's rule on intervals whose verdict is plain, and its rows from metrics."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from fasrepro.report import claims, published


@pytest.mark.parametrize(
    ("metric", "low", "high", "margin", "loses", "wanted"),
    [
        ("hter_dev", -0.2, -0.1, 0.0, False, "mechanism seen"),  # an error went down
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
def test_verdicts(metric: str, low: float | None, high: float | None, margin: float, loses: bool, wanted: str) -> None:
    assert claims.verdict(metric, low, high, margin, "synthetic", loses) == wanted


def test_words_on_licensed_archives() -> None:
    found = [claims.verdict("hter_dev", low, high, 0.0, "licensed") for low, high in ((-2, -1), (1, 2), (-1, 1))]
    assert found == ["reproduced", "not reproduced", "cannot be told"]


def row(protocol: str, low: float, high: float, **changes: Any) -> dict[str, Any]:
    base = {
        "run": "reasoning",
        "baseline": "vanilla",
        "metric": "hter_dev",
        "level": "video",
        "channel": "head",
        "seeds": 1,
        "subjects": 8,
        "transfer": False,
    }
    return {**base, "protocol": protocol, "difference": (low + high) / 2, "low": low, "high": high, **changes}


def metrics(*rows: dict[str, Any]) -> dict[str, Any]:
    evaluation = {"replicates": 321, "confidence": 0.9, "seed": 0, "digits": 6}
    return {
        "jobs": {},
        "paired": list(rows),
        "settings": {
            "evaluation": evaluation,
            "ledger": {"metric": "hter_dev", "margin": 0.07, "min_seeds": 1, "min_subjects": 3},
        },
    }


def test_a_claim_has_a_row_for_each_protocol_and_their_mean_last() -> None:
    given = metrics(
        row("mean", -0.2, -0.1, protocols=["oci_m", "ocm_i"]),
        row("ocm_i", -0.2, 0.1),
        row("oci_m", 0.1, 0.2),
        row("oci_m", -0.9, -0.8, level="frame"),
        row("oci_m", -0.9, -0.8, metric="auc"),
    )
    found = claims.rows_of(claims.CLAIMS[0], given, published.load(), "synthetic")
    assert [(r.scope, r.verdict) for r in found] == [
        ("oci_m", "opposite seen"),
        ("ocm_i", "undecided"),
        ("mean of oci_m, ocm_i", "mechanism seen"),
    ]
    assert found[0].paper == "hter 0.19 [2] → 0.16 [2] (Table 1)"
    assert found[0].test == "paired bootstrap, 8 subjects, 1 seed"


def test_a_difference_that_is_stored_the_other_way_round_is_turned() -> None:
    turned = row("oci_m", 0.1, 0.3, run="vanilla", baseline="reasoning")
    (found,) = claims.rows_of(claims.CLAIMS[0], metrics(turned), published.load(), "synthetic")
    assert (found.difference, found.low, found.high, found.verdict) == (-0.2, -0.3, -0.1, "mechanism seen")


@pytest.mark.parametrize(("seeds", "subjects", "wanted"), [(3, 8, "mechanism seen"), (2, 8, "undecided"), (3, 7, "undecided")])
def test_few_seeds_or_subjects_decide_nothing(seeds: int, subjects: int, wanted: str) -> None:
    given = metrics(row("oci_m", -0.3, -0.2, seeds=seeds, subjects=subjects))
    given["settings"]["ledger"] |= {"min_seeds": 3, "min_subjects": 8}
    (found,) = claims.rows_of(claims.CLAIMS[0], given, published.load(), "synthetic")
    assert found.verdict == wanted


def test_a_claim_that_no_result_speaks_to_is_not_run() -> None:
    ledger = {r.claim.id: r for r in claims.ledger(metrics(), published.load(), synthetic=True)}
    assert {r.verdict for r in ledger.values()} == {"not run"}
    assert ledger["P1-3"].test == "no results of reasoning beside vanilla on another target"
    assert ledger["P1-1"].test == "no results of reasoning beside vanilla"


def test_what_was_trained_for_another_target_speaks_to_claims_about_that_alone() -> None:
    reading = {"channel": "lexical", "metric": "hter"}
    given = metrics(row("oci_m", 0.1, 0.2, **reading), row("oci_w", 0.1, 0.2, transfer=True, **reading))
    ledger = claims.ledger(given, published.load(), synthetic=True)
    assert [(r.scope, r.verdict) for r in ledger if r.claim.id == "P1-2"] == [("oci_m", "opposite seen")]
    assert [(r.scope, r.verdict) for r in ledger if r.claim.id == "P1-3"] == [("oci_w", "mechanism seen")]


def test_a_control_of_ours_is_neither_reproduced_nor_has_a_published_figure() -> None:
    given = metrics(row("oci_m", -0.3, -0.2, run="vanilla", baseline="label_only"))
    (control,) = [r for r in claims.ledger(given, published.load(), synthetic=False) if r.claim.id == "C-1"]
    assert (control.paper, control.verdict) == ("no figure found", "mechanism seen")


def test_the_rule_says_what_the_params_say() -> None:
    text = claims.rule(metrics()["settings"], "synthetic")
    for word in ("90 %", "321", "0.07", "hter_dev", "mechanism seen", "opposite seen", "undecided"):
        assert word in text


def test_a_real_summary_fills_the_ledger(world: SimpleNamespace) -> None:
    rows = claims.ledger(world.metrics, published.load(), synthetic=True)
    by_id = {name: [r for r in rows if r.claim.id == name] for name in ("P1-1", "P1-2", "P1-3", "P1-4", "C-1")}
    assert [len(by_id[name]) for name in by_id] == [3, 6, 1, 6, 3]  # two protocols and their mean; two readers
    assert {r.verdict for r in rows} <= {*claims.WORDS["synthetic"], "not run"}


def test_every_claim_names_published_figures_that_are_there() -> None:
    figures = published.load()
    assert all(name in figures for claim in claims.CLAIMS for name in claim.figures)
