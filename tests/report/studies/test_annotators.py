"""Annotators: tables and the figure of caption sets, with the label known or not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fasrepro import config
from fasrepro.evaluation.metrics import CUE_METRICS
from fasrepro.evaluation.results import Annotators, Counts
from fasrepro.evaluation.results.explanations import CaptionCue, CaptionGroup, CaptionSetCues, CaptionSetPair, ErrorRates
from fasrepro.report.notebook import Study
from fasrepro.report.studies import annotators
from tests.report.samples import NO_FIGURE, figure, material, metrics

CUES = ("halftone", "moire", "glare", "bezel", "curl")


def group(value: float) -> CaptionGroup:
    return CaptionGroup(Counts(4, 8, 6), {name: figure(value) for name in CUE_METRICS})


def caption_set(label_aware: bool, value: float, named: dict[str, int]) -> CaptionSetCues:
    cues = {}
    for cue in CUES:
        showing = 4 if cue in ("halftone", "moire") else 0
        recall = figure(value) if showing else NO_FIGURE
        cues[cue] = CaptionCue(
            showing, named.get(cue, 0), 0, 4 if cue == "glare" and not label_aware else 0, figure(value), recall
        )
    species = {name: group(value) for name in ("bona_fide", "print", "replay_video")}
    return CaptionSetCues(label_aware, {"m": 12}, group(value), {name: group(value) for name in ("oulu", "msu")}, species, cues)


REPORT = Annotators(
    {"reasoning": caption_set(True, 0.75, {"bezel": 4}), "blind": caption_set(False, 1.0, {})},
    [CaptionSetPair("reasoning", "blind", True, Counts(4, 8, 6), {name: figure(-0.25) for name in CUE_METRICS}, {})],
    ErrorRates(0.15, 0.25),
)
NOTHING = Annotators({}, [], None)


def study(report: Annotators = REPORT, label_aware: str = "reasoning", label_blind: str = "blind") -> Study:
    entry = config.Ablation("paper1/annotators", options={"label_aware": label_aware, "label_blind": label_blind})
    return Study("annotators", entry, material(annotators=report), metrics(), [], [])


def test_tables_say_whether_the_label_was_known() -> None:
    pooled = annotators.pooled_table(study()).data
    assert "<td>reasoning</td><td>yes</td><td>m</td><td>8</td><td>4</td><td>6</td><td>0.750 [0.750, 0.750]</td>" in pooled
    assert "<td>blind</td><td>no</td>" in pooled
    pair = annotators.pair_table(study()).data
    assert "<td>reasoning − blind</td><td>yes</td><td>6</td><td>-0.250 [-0.250, -0.250]</td>" in pair


def test_a_cue_has_a_row_if_an_attack_shows_it_or_a_caption_names_it() -> None:
    assert annotators.named_cues(list(REPORT.sets.values())) == ["halftone", "moire", "glare", "bezel"]
    assert annotators.named_cues([REPORT.sets["blind"]]) == ["halftone", "moire", "glare"]
    table = annotators.cue_table(study()).data
    assert table.count("<tr>") == 1 + 8
    assert "<td>bezel</td><td>reasoning</td><td>0</td><td>4</td><td>0</td><td>0.750 [0.750, 0.750]</td><td>–</td>" in table


def test_groups_have_the_books_names() -> None:
    table = annotators.group_table(study(), "datasets").data
    assert table.index("MSU-MFSD") < table.index("OULU-NPU")
    assert "replay video" in annotators.group_table(study(), "species").data


def test_what_follows_from_construction_is_taken_from_the_rates() -> None:
    text = annotators.construction(study()).data
    assert "probability 0.15, whether it knows the label or not, so recall is about 0.85" in text and "probability 0.25" in text
    real = annotators.construction(study(dataclasses.replace(REPORT, by_construction=None))).data
    assert "no figure follows from how it was made" in real


def test_missing_sets_are_named() -> None:
    assert annotators.notice(study()) == ""
    assert "No captions of prose: add them to `captions:`" in annotators.notice(study(label_blind="prose"))
    assert annotators.notice(study(NOTHING)) == annotators.CUES_UNKNOWN
    tables = [annotators.pooled_table, annotators.cue_table, annotators.pair_table, annotators.cue_figure, annotators.pair_figure]
    assert {table(study(NOTHING)).data for table in tables} == {""}


def test_the_figure_is_the_same_twice_and_has_the_line_of_construction(tmp_path: Path) -> None:
    for name, report in (("a", REPORT), ("b", REPORT), ("c", dataclasses.replace(REPORT, by_construction=None))):
        annotators.draw_cues(report, report.sets, tmp_path / f"{name}.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes() != (tmp_path / "c.png").read_bytes()
    assert np.asarray(Image.open(tmp_path / "a.png").convert("L")).std() > 5


def test_an_option_that_is_missing_is_named() -> None:
    entry = config.Ablation("paper1/annotators", options={"label_aware": "reasoning"})
    with pytest.raises(config.ConfigError, match="unknown option 'label_blind'"):
        annotators.compared(Study("annotators", entry, material(annotators=REPORT), metrics(), [], []))
