"""The page on unseen attacks: numbers in their cells, sentences that follow the intervals, and a notice without results."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from fasrepro.evaluation.results import Figure, Unseen
from fasrepro.evaluation.results.shared import FaceCounts
from fasrepro.evaluation.results.unseen import (
    GainLine,
    LinePoint,
    MisplacedCues,
    Range,
    SpeciesCounts,
    SpeciesGain,
    TargetCounts,
    UnseenGains,
    UnseenTarget,
)
from fasrepro.report import curves
from fasrepro.report.markdown import escape
from fasrepro.report.pages import unseen as page
from tests.report.conftest import cells
from tests.report.samples import NO_FIGURE, RUNS, figure, material, metrics, settings

LENIENT = settings(min_seeds=1, min_seeds_alone=1, min_subjects=2).ledger


def line(slope: Figure = NO_FIGURE, intercept: Figure = NO_FIGURE) -> GainLine:
    band = [LinePoint(at, at - 0.1, at + 0.1, at) for at in (0.0, 1.0)]
    return GainLine(slope, intercept, figure(1.0), Range(None, None), band)


def gains() -> UnseenGains:
    rates = {"print": (0.75, 0.0), "silicone_mask": (0.0, 0.75)}
    species = {}
    for name, (vanilla, reasoning) in rates.items():
        gain = {"apcer": figure(vanilla - reasoning), "p_attack": figure((vanilla - reasoning) / 2)}
        overlap, nominal = (1.0, 1.0) if name == "print" else (0.0, 0.25)
        runs = {"vanilla": {"apcer": vanilla, "p_attack": 0.5}, "reasoning": {"apcer": reasoning, "p_attack": 0.5}}
        species[name] = SpeciesGain(overlap, nominal, runs, gain)
    bona_fide = {"vanilla": {"bpcer": 0.25, "p_attack_bona_fide": 0.2}, "reasoning": {"bpcer": 0.0, "p_attack_bona_fide": 0.1}}
    lines = {"apcer": line(Figure(1.5, 0.5, 2.5), Figure(-0.75, -1.0, -0.5)), "p_attack": line(figure(0.5), figure(-0.25))}
    return UnseenGains(2, species, bona_fide, lines)


def misplaced() -> MisplacedCues:
    def shares(value: float) -> dict[str, dict[str, Figure]]:
        return {
            kind: {name: figure(value, 0.01) for name in ("print_replay", "present", "any")}
            for kind in ("bona_fide", "mask", "unseen")
        }

    counts = {kind: FaceCounts(4, 2) for kind in ("bona_fide", "mask", "unseen")}
    return MisplacedCues(counts, {}, {"vanilla": shares(0.0), "reasoning": shares(1.0)}, shares(1.0))


def target(*names: str) -> UnseenTarget:
    species = {"print": SpeciesCounts("print", 2, 2), "silicone_mask": SpeciesCounts("mask", 2, 2)}
    counts = TargetCounts(species, 4, 2, 4, ["obfuscation"])
    return UnseenTarget(counts, True, {name: gains() for name in names}, gains(), misplaced())


def results(*names: str) -> Unseen:
    return Unseen("reasoning", "vanilla", {"siw_mv2": target(*names)})


def rendered(unseen: Unseen, folder: Path) -> dict[str, str]:
    return page.render(
        material(folder, "unseen", unseen=unseen, metrics=metrics(of=settings(min_seeds=1, min_seeds_alone=1, min_subjects=2)))
    )


def test_species_with_most_shared_cues_come_first_with_their_rates_and_gains() -> None:
    text = page.species_table(target("oci_w"), RUNS)
    heading, *rows = cells(text)
    assert heading[5:7] == ["APCER, vanilla", "APCER, reasoning"]  # label_only was not tested here
    assert rows == [
        ["print", "print", "2 / 2", "1.000", "1.000", "0.750", "0.000", "+0.750", "+0.375"],
        ["silicone mask", "mask", "2 / 2", "0.000", "0.250", "0.000", "0.750", "-0.750", "-0.375"],
    ]
    assert "BPCER on the 2 bona fide videos, at the same thresholds: vanilla 0.250, reasoning 0.000." in text
    assert [row[0] for row in cells(page.species_table_by_cell(target("oci_w"), RUNS))[1:]] == ["oci_w", "oci_w"]


def test_lines_have_a_mean_if_there_are_several_cells() -> None:
    rows = cells(page.line_table(target("oci_w", "ocm_w")))[1:]
    assert [row[1] for row in rows] == ["oci_w", "ocm_w", "mean"] * 2
    assert rows[2][2].startswith("+1.500 [")
    assert rows[2][5] == "–"
    assert len(cells(page.line_table(target("oci_w")))) == 1 + 2


@pytest.mark.parametrize(
    ("slope", "sentence"),
    [
        (
            Figure(0.5, 0.125, 0.75),
            "**The gain rises with the share of cues that the sources show, as the negative claim says.**",
        ),
        (Figure(-0.5, -0.75, -0.125), "**The gain falls with the share of cues that the sources show, the opposite"),
        (Figure(0.5, -0.125, 0.75), "**Undecided: the gain may rise"),
        (Figure(0.5, 0.0, 0.75), "**Undecided: the gain may rise"),
        (Figure(0.5, None, None), "**Undecided: the gain may rise"),
        (NO_FIGURE, "there is no line"),
    ],
)
def test_the_interval_decides_the_answer(slope: Figure, sentence: str) -> None:
    given = target("oci_w")
    given.mean.lines["apcer"] = line(slope, figure(0.0, 0.1))
    assert sentence in page.meaning(given, results("oci_w"), LENIENT)


def test_too_few_seeds_or_subjects_decide_nothing() -> None:
    given = target("oci_w")
    assert "loses, as paper 1 reports" in page.meaning(given, results("oci_w"), LENIENT)
    text = page.meaning(given, results("oci_w"), dataclasses.replace(LENIENT, min_seeds=3))
    assert "it is undecided whether reasoning gains or loses: -0.750 [-1.000, -0.500]" in text
    assert "as paper 1 reports" not in text
    assert "With fewer than 3 seeds (1 of one training set) or 2 subjects both are undecided" in text
    assert "(4 attack videos of 4 subjects, 2 species, 2 seeds, mean of oci_w)." in text
    assert text.endswith("There is one subject of each of obfuscation, which adds nothing to an interval's width.\n")


def test_misplaced_cues_have_a_row_for_each_face_and_run_and_their_difference() -> None:
    text = page.misplaced_cue_table(target("oci_w"), results("oci_w"), RUNS, LENIENT)
    rows = [row for row in cells(text)[1:] if row[0] == "mask"]
    assert [row[2] for row in rows] == ["vanilla", "reasoning", "reasoning − vanilla"]
    assert [row[3].split(" ")[0] for row in rows] == ["0.000", "1.000", "+1.000"]
    assert [row[4] for row in cells(text)[1:] if row[0] == "bona fide"] == ["–"] * 3  # none can be there
    assert text.startswith("On a mask, make-up or partial cover, reasoning names a print or replay cue more often than vanilla")


def test_a_target_with_several_entries_names_their_protocols(tmp_path: Path) -> None:
    targets = {"siw_mv2: oci_m": target("oci_w"), "siw_mv2: mi_w": target("mi_w")}
    text = rendered(Unseen("reasoning", "vanilla", targets), tmp_path)
    assert f"**SiW-Mv2, {escape('oci_m')}**" in text["lines"]
    assert f"**SiW-Mv2, {escape('mi_w')}**" in text["lines"]
    assert {path.stem for path in (tmp_path / "figures").iterdir()} == {"gains_siw_mv2_oci_m", "gains_siw_mv2_mi_w"}


def test_without_a_target_every_fragment_says_what_to_do(tmp_path: Path) -> None:
    assert set(rendered(Unseen("reasoning", "vanilla", {}), tmp_path).values()) == {
        page.NO_TARGET,
        f"**Answer.** {page.NO_TARGET}",
    }
    assert not list(tmp_path.iterdir())
    silent = Unseen("reasoning", "vanilla", {"siw_mv2": dataclasses.replace(target("oci_w"), misplaced_cues=None)})
    assert rendered(silent, tmp_path)["misplaced_cues"] == page.NOT_EXPLAINED


def test_several_targets_have_their_titles(tmp_path: Path) -> None:
    both = Unseen("reasoning", "vanilla", {"siw_mv2": target("oci_w"), "oulu": target("icm_o")})
    text = rendered(both, tmp_path)["lines"]
    assert "**SiW-Mv2**" in text and "**OULU-NPU**" in text


def test_the_figure_is_the_same_twice_at_the_place_that_the_page_includes(tmp_path: Path) -> None:
    given = results("oci_w")
    species = given.targets["siw_mv2"].mean.species
    species["print"] = dataclasses.replace(species["print"], overlap=None)  # has no place in it
    fragments = {copy: rendered(given, tmp_path / copy)["figure"] for copy in ("a", "b")}
    path = Path("figures/gains_siw_mv2.png")
    assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()
    assert fragments["a"] == fragments["b"] and f"/_generated/unseen/{path}" in fragments["a"]


def test_marks_at_one_place_are_set_apart_around_it() -> None:
    assert curves.set_apart({"a": 0.0, "b": 0.0, "c": 1.0, "d": None}, step=0.1) == pytest.approx(
        {"a": -0.05, "b": 0.05, "c": 1.0}
    )
