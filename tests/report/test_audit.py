"""The audit's page: every number in it is one of the report's, nulls are named, pictures are the same twice."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from fasrepro.evaluation.analyses import shortcuts
from fasrepro.report import audit, difficulty

PAGE = Path(__file__).parents[2] / "book" / "audit.md"
DATASETS = ["casia", "msu", "replay"]
LOG = difficulty.Log(difficulty.Window(0.1, 0.4, 3), "", [])


def cell(auc: float | None, missing: str = "") -> dict[str, Any]:
    return {"auc": auc, "faces": 40, "subjects": 4, "missing": missing}


def told(inside: float, across: float, held_out: float) -> dict[str, Any]:
    return {
        "measures": 3,
        "single": {s: {t: cell(inside if s == t else across) for t in DATASETS} for s in DATASETS},
        "leave_one_out": {t: cell(held_out) for t in DATASETS},
        "from_one_other": dict.fromkeys(DATASETS, across),
        "judged": {"inside": DATASETS, "held_out": DATASETS},
        "inside": inside,
        "across": across,
        "drop": round(inside - across, 6),
        "held_out": held_out,
    }


@pytest.fixture
def found() -> dict[str, Any]:
    part = {"bona_fide": 10, "attack": 30, "subjects": 4}
    return {
        "datasets": DATASETS,
        "faces": {d: {"train": part, "test": part} for d in DATASETS},
        "probes": {
            "cues": told(0.991, 0.981, 0.985),
            "mean_colour": told(0.912, 0.523, 0.611),
            "vision": told(0.961, 0.702, 0.753),
        },
        "simple": ["mean_colour"],
        "bounds": {
            "max_global_auc": 0.8,
            "min_subjects": 4,
            "min_vision_auc": 0.95,
            "min_vision_drop": 0.15,
            "min_cues_auc": 0.97,
        },
        "leaks": [],
        "inside_everywhere": ["mean_colour"],
        "untested": {"leaks": [], "inside_everywhere": []},
        "expected": {
            "vision_inside": {"value": 0.961, "least": 0.95, "met": True},
            "vision_drop": {"value": 0.1, "least": 0.15, "met": False},
            "cues_everywhere": {"value": None, "least": 0.97, "met": None},
        },
    }


def test_the_table_has_a_row_a_probe_and_way_of_fitting_simple_probes_first(found: dict[str, Any]) -> None:
    rows = [line.split(" | ") for line in audit.table(found).splitlines() if line.startswith("| ")][2:]
    assert [row[0].strip("| ") for row in rows if row[0].strip("| ")] == ["mean colour", "vision", "cues"]
    assert rows[0][2:] == ["0.912", "0.912", "0.912", "0.912 |"]
    assert rows[1][1:3] == ["from one other, mean", "0.523"]
    assert rows[2][1:3] == ["from all others", "0.611"]
    assert "Without a figure" not in audit.table(found)


def test_what_lacks_a_figure_is_a_dash_and_named_once(found: dict[str, Any]) -> None:
    for source in DATASETS:
        found["probes"]["vision"]["single"][source]["msu"] = cell(None, "no attack faces in test of msu")
    text = audit.table(found)
    assert text.count("no attack faces in test of MSU-MFSD") == 1
    assert "| vision | inside | – | 0.961 | 0.961 | 0.961 |" in text  # MSU's column comes first


def test_the_mean_from_one_other_is_the_reports(found: dict[str, Any]) -> None:
    one = found["probes"]["vision"]
    one["from_one_other"]["msu"] = 0.4
    assert audit.by_target(one, "msu") == {"inside": 0.961, "across": 0.4, "held_out": 0.753}


def test_what_each_probe_sees_is_said_and_no_probe_is_left_out() -> None:
    assert list(audit.SEES) == [*shortcuts.SIMPLE, shortcuts.VISION, shortcuts.CUES]


def test_sentences_say_what_the_numbers_say(found: dict[str, Any]) -> None:
    text = audit.findings(found)
    assert (
        "0.912 inside a data set, 0.523 from one to another, 0.611 from all others, where 0 of 3 data sets that count lie" in text
    )
    assert "where 3 of 3 data sets that count lie above 0.8" in text  # the cues
    found["probes"]["cues"]["judged"]["held_out"] = ["casia"]
    assert "where 1 of 1 data sets that count lie above 0.8" in audit.findings(found)
    lines = audit.expected(found).splitlines()
    assert "and does: 0.961 at the lowest." in lines[0]
    assert "and does **not**: 0.100 on average." in lines[1]
    assert lines[2].endswith("which could not be tested.")


def test_the_verdict_turns_with_the_rule(found: dict[str, Any]) -> None:
    assert "no leak was found" in audit.verdict(found)
    assert "above 0.8: mean colour." in audit.verdict(found)
    assert "could not be tested" not in audit.verdict(found)
    leaky = {**found, "leaks": ["mean_colour", "border"]}
    assert "**mean colour, border** tells attacks in every data set" in audit.verdict(leaky)
    assert "no leak was found" not in audit.verdict(leaky)


def test_where_nothing_was_tested_the_verdict_says_so(found: dict[str, Any]) -> None:
    blind = {**found, "untested": {key: ["mean_colour"] for key in ("leaks", "inside_everywhere")}, "inside_everywhere": []}
    text = audit.verdict(blind)
    assert "no leak was found" not in text
    assert "**could not be tested**: fewer than two data sets have a figure on at least 4 test subjects" in text
    assert "above 0.8: could not be tested" in text
    assert "none" not in text


def test_a_probe_that_could_not_be_tested_is_named_beside_those_that_were(found: dict[str, Any]) -> None:
    part = {**found, "simple": ["mean_colour", "border"], "untested": {"leaks": ["border"], "inside_everywhere": ["border"]}}
    text = audit.verdict(part)
    assert "**no leak was found**. It **could not be tested** of border" in text
    assert "above 0.8: mean colour; could not be tested: border." in text


def test_the_section_on_licensed_archives_says_which_the_audited_ones_are(found: dict[str, Any], tmp_path: Path) -> None:
    for synthetic, words in ((True, "told what was drawn"), (False, "These archives are licensed ones")):
        audit.write_audit(found, LOG, synthetic, tmp_path)
        assert words in (tmp_path / "audit_licensed.md").read_text(encoding="utf-8")


def test_values_for_prose(found: dict[str, Any]) -> None:
    values = audit.values(found)
    assert values["audit_vision_drop"] == "0.259"
    assert values["audit_mean_colour_held_out"] == "0.611"


def test_a_heat_map_writes_its_numbers_marks_those_above_and_hatches_what_is_missing() -> None:
    figure, axes = plt.subplots()
    audit.heat(axes, [[0.81, 0.8], [None, 0.123]], ["a", "b"], ["x", "y"], 0.8)
    texts = {text.get_text(): text.get_fontweight() for text in axes.texts}
    assert texts["0.81 ▲"] == "bold"
    assert texts["0.80"] == texts["0.12"] == "normal"
    assert [patch.get_xy() for patch in axes.patches if patch.get_hatch()] == [(0, 1)]
    plt.close(figure)


def test_every_fragment_of_the_page_is_written_and_the_same_twice(found: dict[str, Any], tmp_path: Path) -> None:
    before = copy.deepcopy(found)
    for name in ("a", "b"):
        audit.write_audit(found, LOG, True, tmp_path / name)
    assert found == before
    included = set(re.findall(r"_generated/(\w+)\.md", PAGE.read_text(encoding="utf-8")))
    assert {path.stem for path in (tmp_path / "a").glob("*.md")} == included - {"note"}
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert [path.name for path in files if path.suffix == ".png"] == ["audit_held_out.png", "audit_vision.png"]
    assert all((tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes() for path in files)
    assert np.asarray(Image.open(tmp_path / "a/figures/audit_vision.png").convert("L")).std() > 5


def test_pictures_can_be_drawn_where_a_figure_is_lacking(found: dict[str, Any], tmp_path: Path) -> None:
    found["probes"]["vision"]["leave_one_out"]["msu"] = cell(None, "none")
    for target in DATASETS:
        found["probes"]["vision"]["single"]["casia"][target] = cell(None, "none")
    audit.draw_matrix(found, "vision", tmp_path / "matrix.png")
    audit.draw_held_out(found, tmp_path / "held_out.png")
    assert (tmp_path / "matrix.png").stat().st_size > 1000
    assert not plt.get_fignums()


def test_the_pages_prose_names_values_that_there_are_and_types_no_figure(found: dict[str, Any]) -> None:
    text = PAGE.read_text(encoding="utf-8")
    known = {*audit.values(found), *(f"audit_{name}" for name in found["bounds"])}
    assert set(re.findall(r"{{ (\w+) }}", text)) <= known
    prose = re.sub(r"```.*?```|{{.*?}}|\A---.*?---", "", text, flags=re.DOTALL)
    assert not re.findall(r"\d", prose)


def test_the_map_of_colours_grows_lighter_throughout() -> None:
    greys = [float(np.dot(colour[:3], (0.299, 0.587, 0.114))) for colour in plt.get_cmap("cividis")(np.linspace(0, 1, 32))]
    assert greys == sorted(greys)
