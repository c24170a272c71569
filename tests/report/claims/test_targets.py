"""Rows on some targets of one training, by hand: shared errors add up, counts are exact, differences are subtracted."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from fasrepro.evaluation.results import Figure, Metrics
from fasrepro.evaluation.results.metrics import CellDifference, MeanDifference
from fasrepro.report import published
from fasrepro.report.claims import ledger, paper2, targets, verdicts
from fasrepro.report.claims.rows import Evidence, LedgerRow
from tests.report.samples import cell_metrics, difference, mean_difference, metrics

RUNS = {"run": "cepl", "baseline": "label_two_stage"}


def on(target: str, value: float, error: float | None, **changes: Any) -> CellDifference:
    """Return a difference on one of the eleven targets, half of whose squared error is due to people and half to trainings."""
    place = {"protocol": "two_to_eleven", "target": target, "cell": f"two_to_eleven/{target}"}
    row = dataclasses.replace(difference("oci_m", value - 0.1, value + 0.1, **RUNS), **place)
    shares = {"people": 0.5, "trainings": 0.5}
    return dataclasses.replace(row, **{"difference": value, "error": error, "variance": shares, "training_sets": 1, **changes})


def eleven(value: float, error: float, **changes: Any) -> MeanDifference:
    row = mean_difference(["oci_m", "ocm_i"], value - 0.1, value + 0.1, **RUNS)
    place = {"protocols": ["two_to_eleven"] * 2, "targets": ["msu", "replay"], "cells": ["a", "b"]}
    return dataclasses.replace(row, **{**place, "difference": value, "error": error, **changes})


def rows(claim: str, given: Metrics, **more: Any) -> list[LedgerRow]:
    evidence = Evidence(given, None, published.load(), verdicts.SYNTHETIC, [], **more)
    return [row for row in ledger.rows(evidence, paper2.CLAIMS) if row.claim.id == claim]


def test_people_add_variances_and_trainings_add_errors() -> None:
    """Of people (.02 + .02) / 4 = .01; trainings err by (.02 ** .5 + .02 ** .5) / 2, squared .02."""
    mean = targets.mean_of([on("hkbu", -0.1, 0.2), on("hifimask", -0.3, 0.2)], 0.95)
    assert mean.difference == pytest.approx(-0.2)
    assert mean.error == pytest.approx(0.03**0.5)
    assert (mean.subjects, mean.seeds, mean.training_sets) == (16, 3, 1)
    assert mean.degrees == pytest.approx(0.03**2 / (0.005**2 / 7 + 0.005**2 / 7 + 0.02**2 / 2))


def test_a_mean_of_rows_without_an_error_has_none() -> None:
    mean = targets.mean_of([on("hkbu", -0.1, 0.2), on("hifimask", -0.3, None)], 0.95)
    assert (mean.error, mean.low, mean.degrees) == (None, None, None)


def test_new_masks_have_a_row_each_and_their_mean_decides() -> None:
    apcer = {"metric": "apcer_pooled"}
    given = metrics(on("hkbu", -0.1, 0.2, **apcer), on("hifimask", -0.3, 0.2, **apcer), on("msu", -0.9, 0.2, **apcer))
    own = rows("P2-14", given)
    assert [row.difference.value for row in own] == pytest.approx([-0.3, -0.1, -0.2])
    assert ledger.deciding_row(own) is own[2]
    (alone,) = rows("P2-14", metrics(on("hkbu", -0.1, 0.2, **apcer)))
    assert not alone.is_mean


def test_targets_with_a_lower_error_are_counted() -> None:
    """Three of four; the exact interval of Clopper and Pearson, and twice the chance of three or more of four."""
    pair = {"run": "cepl_all", "baseline": "cepl"}
    changes = {"msu": -0.1, "oulu": -0.2, "siw": -0.1, "wmca": 0.1}
    own = rows("P2-17", metrics(*(on(name, value, 0.1, **pair) for name, value in changes.items())))
    assert own[0].difference.value == 0.75
    assert own[0].difference.low == pytest.approx(0.1941, abs=1e-4)
    assert own[0].basis.startswith("lower on 3 of 4 targets; sign test, p 0.625")
    assert ledger.measured(own[0]) == "share of the targets on which the HTER is lower"
    assert len(own) == 5 and ledger.deciding_row(own) is own[0]


def test_without_a_run_a_row_says_what_makes_it() -> None:
    (row,) = rows("P2-17", metrics())
    assert row.verdict == "not run"
    assert row.basis == ("no results of cepl_all and cepl on its 11 targets; make reproduce PROFILE=paper2_ablations makes them")


def test_the_change_with_the_resolution_is_a_difference_of_differences() -> None:
    own = rows("P2-12", metrics(eleven(-0.1, 0.03)), low_resolution=metrics(eleven(-0.3, 0.04)))
    assert [row.difference.value for row in own] == pytest.approx([-0.2, -0.1, -0.3])
    half = (own[0].difference.high - own[0].difference.low) / 2  # type: ignore[operator]
    assert half == pytest.approx(0.05 * 2.2281, rel=0.02)  # an error of (.03 ** 2 + .04 ** 2) ** .5 with some ten degrees
    (alone,) = rows("P2-12", metrics(eleven(-0.1, 0.03)))
    assert (alone.verdict, alone.cells) == ("not run", ())
    assert alone.basis.endswith("at both resolutions; make reproduce PROFILE=low_resolution makes them")


def test_sources_are_compared_on_all_targets_or_not_at_all() -> None:
    def cells(protocol: str, value: float, names: tuple[str, ...]) -> list[Any]:
        return [
            dataclasses.replace(
                cell_metrics("oci_m", "label_only", value), protocol=protocol, target=name, cell=f"{protocol}/{name}"
            )
            for name in names
        ]

    both = [*cells("one_to_eleven", 0.3, paper2.TARGETS), *cells("two_to_eleven", 0.2, paper2.TARGETS)]
    (row,) = rows("P2-16", metrics(cells=both))
    assert row.verdict == "not tested"
    assert row.difference.value == pytest.approx(-0.1)
    assert "label_only 0.300 on one_to_eleven, 0.200 on two_to_eleven" in row.basis
    (row,) = rows("P2-16", metrics(cells=both[:-1]))
    assert row.difference == Figure(None, None, None)


def test_a_pair_is_tested_on_the_first_source_that_has_it() -> None:
    def of(*given: CellDifference) -> Evidence:
        return Evidence(metrics(*given), None, published.load(), verdicts.SYNTHETIC, [])

    first = of(on("msu", -0.1, 0.1))
    second = of(on("msu", -0.2, 0.1), on("msu", -0.3, 0.1, run="cepl", baseline="cepl_reset_none"))
    by_claim = {row.claim.id: row for row in ledger.rows(first, paper2.CLAIMS, [second])}
    assert by_claim["P2-2"].difference.value == -0.1
    assert by_claim["P2-10"].difference.value == -0.3


def test_a_claim_about_other_protocols_does_not_take_the_elevens_rows() -> None:
    assert rows("P2-15", metrics(on("msu", -0.1, 0.1)))[0].verdict == "not run"
    (row,) = rows("P2-15", metrics(difference("oci_m", -0.2, -0.1, **RUNS)))
    assert row.scope == "oci_m"
