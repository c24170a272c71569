"""The page on the encoder: gains beside what they rest on, and maps on the picture they are of."""

from __future__ import annotations

import dataclasses
import io

import numpy as np

from fasrepro.evaluation.results import EncoderGains, Figure
from fasrepro.evaluation.results.encoder_gains import EncoderSettings, Gain, GroupGains, Inside, Saliency, TrainedEncoder
from fasrepro.evaluation.results.shared import FaceCounts
from fasrepro.report.pages import encoder as page
from tests.report.conftest import cells

SETTINGS = EncoderSettings(40, 20, 2, 2, 1)
UP = Gain(Figure(0.5, 0.4, 0.6), Figure(0.75, 0.7, 0.8), Figure(0.25, 0.125, 0.375))
DOWN = Gain(Figure(0.5, 0.4, 0.6), Figure(0.25, 0.2, 0.3), Figure(-0.25, -0.375, -0.125))
INSIDE = Inside(Figure(0.75, 0.5, 1.0), Figure(0.25, 0.0, 0.5), unmoved=1.0)
MAP = {"f": [[0.75, 0.25], [0.0, 0.0]]}
REGION = {"f": [[1.0, 0.0], [1.0, 0.0]]}
SALIENCY = Saliency(FaceCounts(3, 2), 0.5, dict.fromkeys(page.SCORES, INSIDE), REGION, dict.fromkeys(page.SCORES, MAP))


def entry(run: str = "vanilla", target: Gain | None = UP, saliency: Saliency | None = SALIENCY) -> TrainedEncoder:
    groups = {
        "dev": GroupGains(FaceCounts(9, 4), DOWN, UP, {"moire": UP}),
        "msu": GroupGains(FaceCounts(8, 3), target, None, {}),
    }
    return TrainedEncoder("oci_m", run, [0], groups, saliency)


def test_the_answer_is_about_the_targets_and_counts_intervals() -> None:
    text = page.answer([entry(), entry("reasoning", DOWN)], ["vanilla", "reasoning"])
    assert "vanilla: attack +0.250 (1 of 1 intervals above zero, 0 below); its score's saliency" in text
    assert "reasoning: attack -0.250 (0 of 1 intervals above zero, 1 below)" in text
    assert "by +0.250 more than by chance" in text


def test_dev_comes_before_every_target() -> None:
    swapped = dataclasses.replace(entry(), groups=dict(reversed(entry().groups.items())))
    assert [row[2] for row in cells(page.group_table([swapped]))[1:]] == ["dev of the sources", "MSU-MFSD"]


def test_a_run_without_figures_says_so() -> None:
    assert "vanilla: no figure, too few people." in page.answer([entry(target=None, saliency=None)], ["vanilla"])
    assert page.answer([], ["vanilla"]) == page.NO_GAINS


def test_a_row_of_people_has_the_foundation_beside_the_trained_encoder() -> None:
    _, dev, target = cells(page.group_table([entry()]))
    assert dev == [
        *("oci_m", "vanilla", "dev of the sources", "9 / 4"),
        *("0.500", "0.750", "+0.250 [+0.125, +0.375]", "0.500", "0.250", "-0.250 [-0.375, -0.125]"),
    ]
    assert target[2:] == ["MSU-MFSD", "8 / 3", "–", "–", "–", "0.500", "0.750", "+0.250 [+0.125, +0.375]"]


def test_a_row_of_saliency_has_chance_beside_it() -> None:
    _, first, *_ = cells(page.saliency_table([entry()]))
    assert first[2:] == ["the model's score", "3 / 2", "0.750 [0.500, 1.000]", "0.500", "+0.250 [+0.000, +0.500]", "1"]
    assert page.saliency_table([entry(saliency=None)]) == page.NO_PICTURES


def test_runs_come_in_the_order_of_params() -> None:
    gains = EncoderGains({name: entry(name) for name in ("reasoning", "vanilla")}, SETTINGS)
    assert [one.run for one in page.in_order(gains, ["vanilla", "reasoning"])] == ["vanilla", "reasoning"]


def test_a_map_is_reddest_where_the_saliency_is_and_the_region_has_a_line() -> None:
    crop = np.full((20, 20, 3), 100, dtype=np.uint8)
    picture, region, foundation, own = page.picture_cells(crop, "f", [entry()], titled=True)
    assert (np.asarray(picture.picture) == 100).all()
    framed = np.asarray(region.picture)
    assert (framed[0, 0] == page.OUTLINE).all() and (framed[30, 29] == page.OUTLINE).all()
    assert (framed[30, 15] == 100).all() and (framed[30, 45] == 100).all()
    assert foundation.title == "foundation\n(probe)" and own.title == "vanilla\n(score)"
    heat = np.asarray(own.picture)[..., 0].astype(int)
    assert heat[15, 15] > heat[15, 45] > heat[45, 45] == 100


def test_the_figure_is_the_same_twice() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    page.draw([entry()], first)
    page.draw([entry()], second)
    assert first.getvalue() == second.getvalue() != b""
