"""Rows and the figure of annotators, from a report that the evaluation made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fasrepro.report import annotators
from tests.evaluation.analyses import test_annotators as made

STYLES = ["reasoning", "blind"]


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    written = {"reasoning": made.TOLD, "blind": made.UNTOLD}
    report = made.annotators.summarise(written, made.BY_ID, made.PRESENT, made.DRAWS)
    return report | {"by_construction": {"missed_cue": 0.15, "invented_cue": 0.25}}


def test_rows_say_who_was_told(found: dict[str, Any]) -> None:
    told, untold = annotators.pooled_rows(found)
    assert (told["style"], told["told the label"], told["attacks"], told["bona fide"]) == ("reasoning", "yes", 8, 4)
    assert (told["precision"], untold["told the label"], untold["annotator"]) == ("0.750 [0.750, 0.750]", "no", "m")
    (pair,) = annotators.pair_rows(found)
    assert (pair["difference"], pair["same task"]) == ("reasoning − blind", "yes")
    assert pair["precision"] == "-0.250 [-0.250, -0.250]"


def test_a_cue_has_rows_if_it_is_there_or_named(found: dict[str, Any]) -> None:
    assert annotators.met(found, STYLES) == ["halftone", "moire", "glare", "bezel"]
    assert annotators.met(found, ["blind"]) == ["halftone", "moire", "glare"]
    rows = {(row["cue"], row["style"]): row for row in annotators.cue_rows(found, STYLES)}
    assert len(rows) == 8
    assert (rows["bezel", "reasoning"]["captions of attacks that name it"], rows["bezel", "reasoning"]["recall"]) == (4, "–")
    assert rows["halftone", "blind"]["of bona fide faces"] == 4


def test_parts_are_named_as_the_book_names_them(found: dict[str, Any]) -> None:
    assert [row["data set"] for row in annotators.part_rows(found, STYLES, "datasets")] == ["MSU-MFSD"] * 2 + ["OULU-NPU"] * 2
    assert [row["species"] for row in annotators.part_rows(found, ["blind"], "species")] == ["bona fide", "print", "replay video"]


def test_what_is_so_by_construction_comes_from_the_rates(found: dict[str, Any]) -> None:
    text = annotators.construction(found["by_construction"])
    assert "with probability 0.15, told or not, so that recall is about 0.85" in text and "probability 0.25" in text
    assert "nothing here is so by construction" in annotators.construction(None)


def test_what_lacks_is_said(found: dict[str, Any]) -> None:
    nothing = {"styles": {}, "pairs": [], "by_construction": None}
    assert annotators.lacking(found, STYLES) == ""
    assert "No captions of prose: name them under `styles:`" in annotators.lacking(found, ["reasoning", "prose"])
    assert annotators.lacking(nothing, STYLES) == annotators.UNKNOWN
    assert (
        annotators.pooled_rows(nothing)
        == annotators.cue_rows(nothing, STYLES)
        == annotators.part_rows(nothing, STYLES, "species")
        == []
    )


def test_the_figure_has_the_same_bytes_twice_and_shows_the_line_of_construction(found: dict[str, Any], tmp_path: Path) -> None:
    for name, report in (("a", found), ("b", found), ("c", found | {"by_construction": None})):
        annotators.dots(report, STYLES, tmp_path / f"{name}.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes() != (tmp_path / "c.png").read_bytes()
    assert np.asarray(Image.open(tmp_path / "a.png").convert("L")).std() > 5
