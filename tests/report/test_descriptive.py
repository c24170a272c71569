"""The tables of descriptive tests and of what a protocol can tell: right numbers in right cells, either way round."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from fasrepro.report import descriptive, published, tables
from tests.report.test_tables import EMPTY, cells

RUNS = ["label_only", "vanilla", "reasoning"]
ROW = {
    "protocol": "oci_m",
    "run": "vanilla",
    "baseline": "label_only",
    "channel": "head",
    "seed": 0,
    "auc": {"difference": 0.25, "p": 0.03, "p_holm": 0.06},
    "bona_fide": {"run_only": 1, "baseline_only": 2, "p": 1.0, "p_holm": 1.0},
    "attack": {"run_only": 3, "baseline_only": 4, "p": 1.0, "p_holm": 1.0},
    "all": {"run_only": 4, "baseline_only": 6, "p": 0.75, "p_holm": 1.0},
}


def small(
    rows: Sequence[dict[str, Any]], runs: Sequence[str] = ("label_only", "vanilla"), paired: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Return as much of metrics.json as these tables read."""
    places = sorted({row["protocol"] for row in (*rows, *paired)} | {"oci_m"})
    jobs = {f"{place}-{run}": {"protocol": place, "run": run} for place in places for run in runs}
    settings = EMPTY["settings"] | {"descriptive": {"power": 0.8}}
    return {"jobs": jobs, "paired": list(paired), "descriptive": list(rows), "settings": settings}


def test_the_other_way_round_by_hand() -> None:
    turned = descriptive.turned(ROW)
    assert (turned["run"], turned["baseline"], turned["auc"]["difference"]) == ("label_only", "vanilla", -0.25)
    assert (turned["all"]["run_only"], turned["all"]["baseline_only"], turned["all"]["p"]) == (6, 4, 0.75)
    assert descriptive.turned(turned) == ROW
    verdicts = {key: value for key, value in ROW.items() if key != "auc"}
    assert descriptive.turned(descriptive.turned(verdicts)) == verdicts


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.0, "< 0.001"), (0.0009, "< 0.001"), (0.001, "0.001"), (0.04567, "0.046"), (1.0, "1.000")]
)
def test_a_p_value_is_never_printed_as_zero(value: float | None, text: str) -> None:
    assert descriptive.p_value(value) == text


def test_the_heads_tests_stand_under_their_heading() -> None:
    for metrics, sign, counts in (
        (small([ROW]), "+0.250", "3 : 4"),
        (small([ROW], runs=("vanilla", "label_only")), "-0.250", "4 : 3"),
    ):
        heading, row = cells(descriptive.tests(metrics, head=True))
        named = dict(zip(heading, row, strict=True))
        assert named["AUC difference"] == sign
        assert named["DeLong's p (Holm)"] == "0.030 (0.060)"
        assert named["attack: right alone"] == f"{counts}, p 1.000 (1.000)"
    assert named["run − baseline"] == "label_only − vanilla"
    assert descriptive.tests(small([ROW]), head=False) == tables.NOTHING


def test_seeds_and_protocols_stand_in_order_and_readers_apart() -> None:
    read = {key: value for key, value in ROW.items() if key != "auc"} | {"channel": "lexical"}
    rows = [ROW | {"protocol": place, "seed": seed} for place in ("ocm_i", "oci_m") for seed in (1, 0)]
    metrics = small([*rows, read])
    heads = cells(descriptive.tests(metrics, head=True))[1:]
    assert [(row[0], row[2]) for row in heads] == [("oci_m", "0"), ("oci_m", "1"), ("ocm_i", "0"), ("ocm_i", "1")]
    assert [row[3] for row in cells(descriptive.tests(metrics, head=False))[1:]] == ["lexical"]


def test_what_a_reader_was_named_is_shown_letter_by_letter() -> None:
    read = {key: value for key, value in ROW.items() if key != "auc"} | {"channel": "<b>x|y</b>"}
    text = descriptive.tests(small([read]), head=False)
    assert "<b>" not in text
    assert cells(text)[1][3] == "<b>x|y</b>"


def test_tests_of_a_whole_world(world: SimpleNamespace) -> None:
    metrics = tables.in_order(world.metrics, RUNS)
    heads, reads = (cells(descriptive.tests(metrics, head=head))[1:] for head in (True, False))
    assert len(heads) == 3 * 2  # pairs, protocols
    assert len(reads) == 3 * 2 * 2  # and readers
    assert [row[:2] for row in heads[:2]] == [["oci_m", "vanilla − label_only"], ["ocm_i", "vanilla − label_only"]]


def test_the_papers_difference_is_computed_and_keeps_its_mark() -> None:
    figures = published.load()
    wanted = figures["p1_loo_vanilla_hter"].share - figures["p1_loo_mixed_hter"].share
    assert descriptive.claimed(figures) == f"{wanted:.2f} [2, D]"


def test_what_a_protocol_can_tell_stands_beside_what_the_paper_claims(world: SimpleNamespace) -> None:
    figures, metrics = published.load(), tables.in_order(world.metrics, RUNS)
    heading, *rows = cells(descriptive.power(metrics, figures))
    assert [row[0] for row in rows[:3]] == ["oci_m", "ocm_i", "mean of oci_m, ocm_i"]
    assert len(rows) == 3 * 3
    stored = {
        (row["protocol"], frozenset((row["run"], row["baseline"]))): row
        for row in world.metrics["paired"]
        if (row["metric"], row["level"], row["channel"]) == ("hter_dev", "video", "head")
    }
    for row in rows:
        named = dict(zip(heading, row, strict=True))
        entry = stored[named["protocol"].split(" ")[0], frozenset(named["runs"].split(" − "))]
        assert named["smallest detectable difference: HTER, dev threshold"] == tables.number(entry["detectable"])
        assert (named["subjects"], named["seeds"]) == (str(entry["subjects"]), str(entry["seeds"]))
        assert named["paper 1 claims"] == descriptive.claimed(figures)


@pytest.mark.parametrize(("margin", "said"), [(0.0, False), (0.02, True)])
def test_the_meaning_takes_its_numbers_from_the_settings(margin: float, said: bool) -> None:
    entry = {
        "protocol": "oci_m",
        "run": "vanilla",
        "baseline": "label_only",
        "channel": "head",
        "level": "video",
        "metric": "hter_dev",
    }
    entry |= {"difference": 0.0, "low": None, "high": None, "detectable": None, "seeds": 4, "subjects": 1}
    metrics = copy.deepcopy(small([], paired=(entry,)))
    metrics["settings"]["evaluation"]["confidence"] = 0.9
    metrics["settings"]["ledger"]["margin"] = margin
    text = descriptive.power(metrics, published.load())
    assert "90 % interval" in text
    assert "80 % of repetitions" in text
    assert ("margin of 0.02" in text) is said
    assert cells(text)[1][2:5] == ["1", "4", "–"]


@pytest.mark.parametrize("runs", [(), ("label_only",)], ids=["no jobs", "no pairs"])
def test_without_results_the_tables_say_so(runs: Sequence[str]) -> None:
    made = descriptive.fragments_of(small([], runs=runs), published.load())
    assert set(made) == {"power_table", "descriptive_table", "descriptive_readers_table"}
    assert set(made.values()) == {tables.NOTHING}


def test_results_of_before_say_what_to_run() -> None:
    with pytest.raises(ValueError, match="run `dvc repro evaluate`"):
        descriptive.fragments_of(EMPTY, published.load())
