"""Fragments on unseen attacks: numbers in their cells, words that the intervals decide, and a sentence where there is nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fasrepro.evaluation.analyses import misplaced_cues
from fasrepro.evaluation.analyses import unseen as measured
from fasrepro.report import figures, unseen
from tests.evaluation.analyses import test_misplaced_cues as named
from tests.evaluation.analyses.test_unseen import FACES, SHARED, job
from tests.report.test_tables import cells

SETTINGS = {"ledger": {"metric": "hter_dev", "margin": 0.0, "min_seeds": 1, "min_subjects": 2}}
RUNS = ["label_only", "vanilla", "reasoning"]


def results(*protocols: str) -> dict[str, Any]:
    jobs = [job(protocol, run) for protocol in protocols for run in ("vanilla", "reasoning")]
    how = ("reasoning", "vanilla", "siw", 50, 0.95, 1)
    found = measured.summarise(jobs, FACES, dict.fromkeys(protocols, SHARED), *how)
    written = {
        (p, run): {0: text} for p in protocols for run, text in (("vanilla", named.VANILLA), ("reasoning", named.REASONING))
    }
    found["named"] = misplaced_cues.summarise(written, named.FACES, named.SEEN, *how)
    return {"run": "reasoning", "baseline": "vanilla", "targets": {"siw": found}}


def fit(value: float | None, low: float | None, high: float | None) -> dict[str, float | None]:
    return {"value": value, "low": low, "high": high}


def test_species_stand_by_falling_sharing_with_their_rates_and_gains() -> None:
    made = unseen.fragments_of(results("oci_w"), SETTINGS, RUNS)
    heading, *rows = cells(made["unseen_species_table"])
    assert heading[5:7] == ["APCER, vanilla", "APCER, reasoning"]  # label_only was not tested here
    assert rows == [
        ["print", "print", "2 / 2", "1.000", "1.000", "0.750", "0.000", "+0.750", "+0.200"],
        ["silicone mask", "mask", "2 / 2", "0.000", "0.250", "0.000", "0.750", "-0.750", "-0.325"],
    ]
    assert (
        "BPCER on the 2 bona fide videos, at the same thresholds: vanilla 0.250, reasoning 0.000." in made["unseen_species_table"]
    )
    assert [row[0] for row in cells(made["unseen_protocols_table"])[1:]] == ["oci_w", "oci_w"]


def test_lines_have_a_mean_where_there_is_more_than_one_protocol() -> None:
    rows = cells(unseen.fragments_of(results("oci_w", "ocm_w"), SETTINGS, RUNS)["unseen_lines_table"])[1:]
    assert [row[1] for row in rows] == ["oci_w", "ocm_w", "mean"] * 2
    assert rows[2][2].startswith("+1.500 [")
    assert rows[2][5] == "–"
    assert len(cells(unseen.fragments_of(results("oci_w"), SETTINGS, RUNS)["unseen_lines_table"])) == 1 + 2


@pytest.mark.parametrize(
    ("slope", "words"),
    [
        (fit(0.5, 0.125, 0.75), "It rises with sharing, as the negative claim says."),
        (fit(-0.5, -0.75, -0.125), "It falls with sharing, which is the opposite"),
        (fit(0.5, -0.125, 0.75), "or falls is undecided"),
        (fit(0.5, 0.0, 0.75), "or falls is undecided"),
        (fit(0.5, None, None), "or falls is undecided"),
        (fit(None, None, None), "there is no line"),
    ],
)
def test_the_interval_decides_the_words(slope: dict[str, Any], words: str) -> None:
    found = results("oci_w")["targets"]["siw"]
    found["mean"]["lines"]["apcer"]["slope"] = slope
    assert words in unseen.meaning(found, "reasoning", "vanilla", SETTINGS)


def test_with_too_few_seeds_or_subjects_nothing_is_decided() -> None:
    found = results("oci_w")["targets"]["siw"]
    found["mean"]["lines"]["apcer"] |= {"slope": fit(0.5, 0.125, 0.75), "intercept": fit(-0.5, -0.75, -0.125)}
    assert "loses, as paper 1 reports" in unseen.meaning(found, "reasoning", "vanilla", SETTINGS)
    strict = {"ledger": {**SETTINGS["ledger"], "min_seeds": 3}}
    text = unseen.meaning(found, "reasoning", "vanilla", strict)
    assert "where nothing is shared is undecided: -0.500 [-0.750, -0.125]" in text
    assert "as paper 1 reports" not in text
    assert "With fewer than 3 seeds or 2 subjects both are undecided" in text


def test_named_cues_have_a_row_a_face_and_run_and_their_difference() -> None:
    text = unseen.fragments_of(results("oci_w"), SETTINGS, RUNS)["unseen_named_table"]
    rows = [row for row in cells(text)[1:] if row[0] == "mask"]
    assert [row[2] for row in rows] == ["vanilla", "reasoning", "reasoning − vanilla"]
    assert [row[3].split(" ")[0] for row in rows] == ["0.000", "1.000", "+1.000"]
    assert [row[4] for row in cells(text)[1:] if row[0] == "bona fide"] == ["–"] * 3  # none can be there
    assert text.startswith("On a mask, make-up or partial cover,")


def test_without_a_target_every_fragment_says_what_to_do_and_nothing_is_drawn(tmp_path: Path) -> None:
    empty = {"run": "reasoning", "baseline": "vanilla", "targets": {}}
    assert set(unseen.fragments_of(empty, SETTINGS, RUNS).values()) == {unseen.NOTHING}
    unseen.draw(empty, tmp_path)
    assert not list(tmp_path.iterdir())
    silent = results("oci_w")
    silent["targets"]["siw"]["named"] = {}
    assert unseen.fragments_of(silent, SETTINGS, RUNS)["unseen_named_table"] == unseen.NOT_EXPLAINED


def test_the_figure_is_the_same_twice_and_stands_where_the_page_looks_for_it(tmp_path: Path) -> None:
    found = results("oci_w")
    found["targets"]["siw"]["mean"]["species"]["print"]["sharing"] = None  # has no place in it
    for copy in ("a", "b"):
        unseen.draw(found, tmp_path / copy)
    path = Path("figures/unseen_siw.png")
    assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()
    assert f"/_generated/{path}" in unseen.fragments_of(found, SETTINGS, RUNS)["figure_unseen"]


def test_marks_of_one_sharing_are_set_apart_around_it() -> None:
    places = figures.set_apart({"a": 0.0, "b": 0.0, "c": 1.0, "d": None}, step=0.1)
    assert places == pytest.approx({"a": -0.05, "b": 0.05, "c": 1.0})
