"""Figures: the same bytes twice, nothing of versions or dates in them, and marks where the numbers are."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure as Drawing
from PIL import Image

from fasrepro.evaluation.results import Figure
from fasrepro.report import figures, tables
from tests.report.samples import NO_FIGURE, cell_metrics

RUNS = ["label_only", "vanilla", "reasoning"]
DRAWINGS: dict[str, Callable[..., None]] = {
    "measure": functools.partial(figures.measure, runs=RUNS, metric="hter_dev", chance=0.5),
    "readers": functools.partial(figures.readers, runs=RUNS, metric="hter"),
    "species": functools.partial(figures.species, runs=RUNS),
    "thresholds": functools.partial(figures.thresholds, runs=RUNS),
}
POINT = Figure(0.5, 0.4, 0.6)


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_figure_has_the_same_bytes_twice_and_no_version(name: str, world: SimpleNamespace, tmp_path: Path) -> None:
    cells = tables.in_order(world.metrics.cells.values(), RUNS)
    for copy in ("a.png", "b.png"):
        DRAWINGS[name](cells, path=tmp_path / copy)
    content = (tmp_path / "a.png").read_bytes()
    assert content == (tmp_path / "b.png").read_bytes()
    assert b"Software" not in content
    assert b"tEXt" not in content
    assert np.asarray(Image.open(tmp_path / "a.png").convert("L")).std() > 5  # something is drawn


def test_a_figure_is_closed_and_no_file_is_left_if_drawing_fails(tmp_path: Path) -> None:
    cell = cell_metrics("oci_m", "vanilla")
    cell.mean.video.figures.pop("hter_dev")
    with pytest.raises(KeyError):
        figures.thresholds([cell], ["vanilla"], tmp_path / "f.png")
    assert not list(tmp_path.iterdir())
    assert not plt.get_fignums()


def test_an_interval_is_drawn_at_its_value_and_none_for_a_missing_one() -> None:
    _, axes = plt.subplots()
    series = {"a": {"x": Figure(0.3, 0.2, 0.5), "y": Figure(0.4, None, None)}, "b": {"x": NO_FIGURE}}
    figures.draw_intervals(axes, series, ["x", "y"])
    (container,) = axes.containers
    line, _, (bars,) = container.lines
    assert line.get_ydata().tolist() == [0.3, 0.4]
    reach = [segment[:, 1].tolist() for segment in bars.get_segments()]
    assert reach == [pytest.approx([0.2, 0.5]), pytest.approx([0.4, 0.4])]
    plt.close("all")


def test_a_run_keeps_its_colour_and_mark_and_has_one_entry_in_the_legend() -> None:
    drawing, (first, second) = plt.subplots(1, 2)
    point = {"x": POINT}
    figures.draw_intervals(first, {"label_only": {}, "vanilla": point}, ["x"])
    figures.draw_intervals(second, {"label_only": point, "vanilla": point}, ["x"])
    drawn = [
        {c.get_label(): (c.lines[0].get_color(), c.lines[0].get_marker()) for c in axes.containers} for axes in (first, second)
    ]
    assert set(drawn[0]) == {"vanilla"}
    assert drawn[0]["vanilla"] == drawn[1]["vanilla"] != drawn[1]["label_only"]
    figures.draw_legend(drawing, [first, second])
    assert sorted(text.get_text() for text in drawing.legends[0].get_texts()) == ["label_only", "vanilla"]
    plt.close("all")


def test_runs_differ_by_more_than_colour() -> None:
    assert len(set(figures.MARKERS[:8])) == 8
    greys = [np.dot(colour, (0.299, 0.587, 0.114)) for colour in (figures.BONA_FIDE_COLOUR, figures.ATTACK_COLOUR)]
    assert abs(greys[0] - greys[1]) > 0.1


def test_scores_and_differences_can_be_drawn_without_rows(tmp_path: Path) -> None:
    figures.score_distributions({}, {}, tmp_path / "scores.png")
    figures.differences([], "difference", tmp_path / "differences.png")
    rows = [("reasoning", "oci_m · reasoning − vanilla", Figure(-0.1, None, None))]
    assert figures.png(figures.differences, rows, "difference").startswith(b"\x89PNG")


def test_marks_of_a_tick_use_the_room_of_absent_ones() -> None:
    _, axes = plt.subplots()
    figures.draw_intervals(axes, {"a": {"x": POINT, "y": POINT}, "b": {"x": POINT}, "c": {}}, ["x", "y"])
    places = {bar.get_label(): bar.lines[0].get_xdata().tolist() for bar in axes.containers}
    assert places == {"a": pytest.approx([-0.15, 1.0]), "b": pytest.approx([0.15])}


def test_scores_have_a_panel_a_cell_and_run_and_no_titles_overlap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many runs on one protocol and few on the others, as in the default profile."""
    jobs = [("icm_o", f"a_run_of_name_{number}") for number in range(8)] + [("oci_m", "label_only"), ("oci_m", "vanilla")]
    scores = {job: {"bona fide": [0.1, 0.2], "attack": [0.7, 0.9]} for job in jobs}
    kept: list[Drawing] = []
    monkeypatch.setattr(figures.plt, "close", kept.append)
    figures.score_distributions(scores, {job: [0.5] for job in jobs}, tmp_path / "scores.png")
    (drawing,) = kept
    shown = [panel for panel in drawing.axes if panel.get_visible()]
    assert [panel.get_title() for panel in shown] == [" · ".join(job) for job in jobs]
    boxes = [panel.title.get_window_extent() for panel in shown]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_a_legend_of_long_names_stays_inside_the_figure() -> None:
    drawing, (panel,) = figures.panels(1, 1)
    names = [f"label_only trained with a loss weight of 0.{n}" for n in range(4)]
    figures.draw_intervals(panel, {name: {"oci_m": Figure(0.1, None, None)} for name in names}, ["oci_m"])
    figures.draw_legend(drawing, [panel])
    drawing.draw_without_rendering()
    assert drawing.legends[0].get_window_extent().width < drawing.bbox.width
    plt.close(drawing)


def test_no_tick_labels_of_differences_touch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Drawing] = []
    monkeypatch.setattr(figures.plt, "close", kept.append)
    words = "oci_m · the second annotator's reasoning − the first's"
    rows = [("reasoning", words, Figure(value, value - 0.004, value + 0.004)) for value in (-0.01, 0.002)]
    figures.differences(rows, "difference", tmp_path / "differences.png")
    (drawing,) = kept
    boxes = [label.get_window_extent() for label in drawing.axes[0].get_xticklabels()]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


@pytest.mark.parametrize("count", [4, 8, 22])
def test_no_tick_labels_of_protocols_touch(count: int) -> None:
    ticks = [f"two_to_eleven/rose_{place}" if count > 8 else f"oci_{place}" for place in range(count)]
    drawing, (panel, _) = figures.panels(2, count)
    figures.draw_intervals(panel, {"label_only": dict.fromkeys(ticks, Figure(0.2, 0.1, 0.3))}, ticks)
    drawing.draw_without_rendering()
    places = [label.get_window_extent() for label in panel.get_xticklabels()]
    turned = panel.get_xticklabels()[0].get_rotation() == 25  # boxes of turned words overlap though the words do not
    assert turned or not any(one.overlaps(other) for one, other in itertools.combinations(places, 2))
    plt.close(drawing)


def test_panels_keep_their_height_with_any_legend() -> None:
    heights = []
    for count in (4, 9):
        drawing, (panel,) = figures.panels(1, 1)
        figures.draw_intervals(panel, {f"run_{n}": {"oci_m": Figure(0.1, None, None)} for n in range(count)}, ["oci_m"])
        figures.draw_legend(drawing, [panel])
        drawing.draw_without_rendering()
        heights.append(panel.get_position().height * drawing.get_figheight())
        plt.close(drawing)
    assert heights[1] == pytest.approx(heights[0], abs=0.1)
