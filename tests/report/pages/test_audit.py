"""The page of shortcuts: every number is the audit's, missing ones are explained, and figures are the same twice."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from fasrepro.evaluation.analyses import shortcuts
from fasrepro.evaluation.results import Audit, Counts
from fasrepro.evaluation.results.audit import (
    AuditBounds,
    CountedDatasets,
    Expected,
    NearImages,
    Probe,
    ProbeCell,
    SharedImages,
    SplitCounts,
    Untested,
)
from fasrepro.report import difficulty
from fasrepro.report.pages import audit as page
from tests.report.conftest import cells
from tests.report.samples import cell_metrics, material, metrics

DATASETS = ["casia", "msu", "replay"]
LOG = difficulty.Log(difficulty.Window(0.1, 0.4, 3), "", [])


def cell(auc: float | None, missing: str = "") -> ProbeCell:
    return ProbeCell(auc, 40, 4, missing)


def probe(inside: float, across: float, held_out: float) -> Probe:
    return Probe(
        measures=3,
        single={source: {target: cell(inside if source == target else across) for target in DATASETS} for source in DATASETS},
        leave_one_out={target: cell(held_out) for target in DATASETS},
        from_one_other=dict.fromkeys(DATASETS, across),
        judged=CountedDatasets(DATASETS, DATASETS),
        inside=inside,
        across=across,
        drop=round(inside - across, 6),
        held_out=held_out,
    )


@pytest.fixture
def audit() -> Audit:
    counts = SplitCounts(Counts(10, 30, 4), Counts(10, 30, 4))
    return Audit(
        datasets=DATASETS,
        faces=dict.fromkeys(DATASETS, counts),
        probes={
            "cues": probe(0.991, 0.981, 0.985),
            "mean_colour": probe(0.912, 0.523, 0.611),
            "vision": probe(0.961, 0.702, 0.753),
        },
        simple=["mean_colour"],
        bounds=AuditBounds(0.8, 4, 0.95, 0.15, 0.97),
        leaks=[],
        inside_everywhere=["mean_colour"],
        untested=Untested([], []),
        expected={
            "vision_inside": Expected(0.961, 0.95, True),
            "vision_drop": Expected(0.1, 0.15, False),
            "cues_everywhere": Expected(None, 0.97, None),
        },
    )


def changed(audit: Audit, **changes: Any) -> Audit:
    return dataclasses.replace(audit, **changes)


def test_images_on_two_sides_are_named_by_protocol(audit: Audit) -> None:
    assert "before such images were looked for" in page.near_images(audit)
    near = NearImages(
        4, 0.95, 900, 3, {"c_m": SharedImages(1, [["casia/1#0004 (train)", "msu/2#0004 (test)"]]), "m_c": SharedImages(0, [])}
    )
    text = page.near_images(changed(audit, near_images=near))
    assert "Of 900 faces, 3 pairs" in text
    assert cells(text)[1:] == [["c_m", "1", "casia/1#0004 (train) and msu/2#0004 (test)"]]
    none = dataclasses.replace(near, protocols={"m_c": SharedImages(0, [])})
    assert "**No protocol**" in page.near_images(changed(audit, near_images=none))


def test_each_probe_has_a_row_for_each_way_of_fitting_simple_probes_first(audit: Audit) -> None:
    rows = cells(page.probe_table(audit))[1:]
    assert [row[0] for row in rows if row[0]] == ["mean colour", "vision", "cues"]
    assert rows[0][2:] == ["0.912"] * 4
    assert rows[1][1:3] == ["from one other, mean", "0.523"]
    assert rows[2][1:3] == ["from all others", "0.611"]
    assert "Without a figure" not in page.probe_table(audit)


def test_a_missing_figure_is_a_dash_and_its_reason_is_named_once(audit: Audit) -> None:
    for source in DATASETS:
        audit.probes["vision"].single[source]["msu"] = cell(None, "no attack faces in test of msu")
    text = page.probe_table(audit)
    assert text.count("no attack faces in test of MSU-MFSD") == 1
    assert ["vision", "inside", "–", "0.961", "0.961", "0.961"] in cells(text)  # MSU's column comes first


def test_the_mean_from_one_other_is_the_audits(audit: Audit) -> None:
    audit.probes["vision"].from_one_other["msu"] = 0.4
    rows = cells(page.probe_table(audit))
    vision = next(number for number, row in enumerate(rows) if row[0] == "vision")
    assert [rows[vision + offset][2] for offset in range(3)] == ["0.961", "0.400", "0.753"]


def test_the_page_describes_every_probe() -> None:
    assert list(page.SEES) == [*shortcuts.SIMPLE, shortcuts.VISION, shortcuts.CUES]


def test_sentences_have_the_audits_numbers(audit: Audit) -> None:
    text = page.findings(audit)
    assert (
        "0.912 inside a data set, 0.523 from one to another, 0.611 from all others, where 0 of 3 data sets that count lie" in text
    )
    assert "where 3 of 3 data sets that count lie above 0.8" in text  # the cues
    audit.probes["cues"] = dataclasses.replace(audit.probes["cues"], judged=CountedDatasets(DATASETS, ["casia"]))
    assert "where 1 of 1 data sets that count lie above 0.8" in page.findings(audit)
    lines = page.expectations(audit).splitlines()
    assert "and does: 0.961 at the lowest." in lines[0]
    assert "and does **not**: 0.100 on average." in lines[1]
    assert lines[2].endswith("which could not be tested.")


def test_the_verdict_follows_the_rule(audit: Audit) -> None:
    assert "no leak was found" in page.verdict(audit)
    assert "each on its own: mean colour." in page.verdict(audit)
    assert "ot tested" not in page.verdict(audit)
    leaky = page.verdict(changed(audit, leaks=["mean_colour", "border"]))
    assert "**mean colour, border** detects attacks in every data set" in leaky
    assert "no leak was found" not in leaky


def test_a_verdict_on_nothing_says_that_nothing_was_tested(audit: Audit) -> None:
    text = page.verdict(changed(audit, untested=Untested(["mean_colour"], ["mean_colour"]), inside_everywhere=[]))
    assert "no leak was found" not in text
    assert "**could not be tested**: fewer than two data sets have a figure on at least 4 test subjects" in text
    assert "each on its own: could not be tested" in text
    assert "none" not in text


def test_untested_probes_are_named_beside_tested_ones(audit: Audit) -> None:
    text = page.verdict(changed(audit, simple=["mean_colour", "border"], untested=Untested(["border"], ["border"])))
    assert "**no leak was found**. **Not tested**: border, because" in text
    assert "each on its own: mean colour; could not be tested: border." in text


def rendered(audit: Audit, folder: Path, source: str = "synthetic") -> dict[str, str]:
    archives = {"archives": type("Archives", (), {"source": source})}
    return page.render(material(folder, "audit", params=archives, audit=audit, difficulty=LOG, metrics=metrics()))


def test_the_section_on_licensed_archives_knows_which_were_audited(audit: Audit, tmp_path: Path) -> None:
    assert "knows what was drawn" in rendered(audit, tmp_path)["licensed"]
    assert "These archives are licensed" in rendered(audit, tmp_path, "licensed")["licensed"]


def test_values_have_names_for_prose(audit: Audit) -> None:
    values = page.values(material(audit=audit))
    assert values["audit_vision_drop"] == "0.259"
    assert values["audit_mean_colour_held_out"] == "0.611"


def test_a_heat_map_shows_numbers_marks_high_ones_and_hatches_missing_ones() -> None:
    drawing, axes = plt.subplots()
    page.draw_heat_map(axes, [[0.81, 0.8], [None, 0.123]], ["a", "b"], ["x", "y"], 0.8)
    texts = {text.get_text(): text.get_fontweight() for text in axes.texts}
    assert texts["0.81 ▲"] == "bold"
    assert texts["0.80"] == texts["0.12"] == "normal"
    assert [patch.get_xy() for patch in axes.patches if patch.get_hatch()] == [(0, 1)]
    plt.close(drawing)


def test_the_page_is_the_same_twice(audit: Audit, tmp_path: Path) -> None:
    assert rendered(audit, tmp_path / "a") == rendered(audit, tmp_path / "b")
    for name in ("held_out", "vision"):
        path = Path("figures") / f"{name}.png"
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()
    assert np.asarray(Image.open(tmp_path / "a/figures/vision.png").convert("L")).std() > 5


def test_figures_can_be_drawn_with_missing_values(audit: Audit, tmp_path: Path) -> None:
    audit.probes["vision"].leave_one_out["msu"] = cell(None, "none")
    for target in DATASETS:
        audit.probes["vision"].single["casia"][target] = cell(None, "none")
    page.draw_matrix(audit, "vision", tmp_path / "matrix.png")
    page.draw_held_out(audit, tmp_path / "held_out.png")
    assert (tmp_path / "matrix.png").stat().st_size > 1000
    assert not plt.get_fignums()


def test_the_colour_map_grows_lighter_throughout() -> None:
    greys = [float(np.dot(colour[:3], (0.299, 0.587, 0.114))) for colour in plt.get_cmap("cividis")(np.linspace(0, 1, 32))]
    assert greys == sorted(greys)


TRIAL = difficulty.Trial(1, "strengths", "too easy", 0.5, 0.9, 12, 3, 0.125, {"msu": 0.05, "casia": 0.1, "oulu": 0.25})


def test_a_log_without_trials_says_so() -> None:
    text = page.difficulty_table(LOG)
    assert "from 0.10 to 0.40 on at least 3" in text
    assert "No trial" in text


def test_each_trial_has_a_row_and_the_last_one_is_judged() -> None:
    second = dataclasses.replace(TRIAL, number=2, changed="a | pipe", hter={"msu": 0.41, "casia": 0.3})
    log = difficulty.Log(difficulty.Window(0.1, 0.4, 2), "0" * 64, [TRIAL, second])
    text = page.difficulty_table(log)
    first, last = cells(text)[1:]
    assert first == ["1", "strengths", "too easy", "0.50", "0.90", "0.12", "12", "3", "0.050", "0.100", "0.250", "2"]
    assert last[1] == "a | pipe" and last[8:] == ["0.410", "0.300", "–", "1"]
    assert "1 of 2 targets lie in the range, fewer than intended" in text
    alone = difficulty.Log(log.window, log.frozen, [TRIAL])
    assert "2 of 3 targets lie in the range, as intended" in page.difficulty_table(alone)
    assert re.search(r"a &#124; pipe", text)


def test_the_difficulty_of_the_present_runs_stands_below_the_trials() -> None:
    cells = [
        cell_metrics("oci_m", "label_only", 0.42),
        cell_metrics("omi_c", "label_only", 0.2),
        cell_metrics("oci_m", "vanilla"),
    ]
    log = difficulty.Log(difficulty.Window(0.1, 0.4, 2), "0" * 64, [TRIAL])
    text = page.present_difficulty(log, metrics(cells=[*cells, cell_metrics("oci_w", "label_only", 0.45)]))
    assert "`oci_m` 0.420, `omi_c` 0.200: 1 of 2 in the range" in text
    assert "On `oci_m` it errs more often" in text


def test_a_range_that_is_kept_is_not_excused() -> None:
    log = difficulty.Log(difficulty.Window(0.1, 0.4, 2), "0" * 64, [TRIAL])
    assert "errs more often" not in page.present_difficulty(log, metrics(cells=[cell_metrics("omi_c", "label_only", 0.2)]))
    assert page.present_difficulty(log, metrics(cells=[cell_metrics("omi_c", "vanilla", 0.2)])) == ""
