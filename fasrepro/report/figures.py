"""The book's figures: drawn with Agg, readable without colour, the same bytes on every run.

Colours are seaborn's "colorblind" palette. A marker, a line style or a hatch always repeats what the colour says, so that a
figure can be read in grey print. All numbers come from the stages' outputs; only the positions of marks are computed here.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import MaxNLocator

from fasrepro import files
from fasrepro.evaluation import metrics
from fasrepro.evaluation.results import Figure
from fasrepro.evaluation.results.metrics import CellMetrics
from fasrepro.report import tables

Target: TypeAlias = Path | io.BytesIO
Place: TypeAlias = tuple[str, str]  # a cell's short name, and a run
PALETTE = sns.color_palette("colorblind")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
BONA_FIDE_COLOUR, ATTACK_COLOUR = PALETTE[0], PALETTE[1]
SIDE_BY_SIDE = 4  # ticks that panels side by side have room for
UPRIGHT = 12  # more tick labels than this stand upright
ACROSS = 3  # panels of scores in a row
WIDTH = 7.2  # inches: the text width of a page of the book
LEGEND_ROW = 0.22  # inches
LEGEND_LETTERS, LEGEND_MARK = 96, 6  # what a row of a legend holds, and what a mark takes of it
X_TICKS = 4  # of differences: more would touch, as each number has a sign and three digits
GUESS_ROOM = 0.12  # of a panel's height, for the words above the line of a guess
CELL_AXIS = "protocol (sources_target)"


@contextlib.contextmanager
def saved(target: Target, drawing: Drawing) -> Iterator[Drawing]:
    """Yield `drawing`, then write it to `target` as PNG, whole and without version or date, and close it."""
    settings = {"format": "png", "dpi": 120, "bbox_inches": "tight", "metadata": {"Software": None}}
    try:
        yield drawing
        if isinstance(target, io.BytesIO):
            drawing.savefig(target, **settings)
        else:
            with files.replaced(target) as temporary:
                drawing.savefig(temporary, **settings)
    finally:
        plt.close(drawing)


def png(draw: Callable[..., Any], *arguments: Any, **named: Any) -> bytes:
    """Return the PNG that a drawing function would write, as bytes for a notebook to display."""
    buffer = io.BytesIO()
    draw(*arguments, path=buffer, **named)
    return buffer.getvalue()


def theme() -> None:
    """Set seaborn's theme and the fonts for all figures that follow."""
    sns.set_theme(context="paper", style="whitegrid", palette="colorblind", font_scale=1.05)
    mpl.rcParams.update({"font.family": "DejaVu Sans", "svg.hashsalt": "fasrepro", "hatch.linewidth": 0.6})


def grid(rows: int, columns: int, height: float, sharey: str = "none") -> tuple[Drawing, np.ndarray]:
    """Return a themed figure of text width and its axes, shape (rows, columns); `height` in inches a row."""
    theme()
    return plt.subplots(rows, columns, figsize=(WIDTH, height * rows), squeeze=False, layout="constrained", sharey=sharey)


def panels(count: int, ticks: int) -> tuple[Drawing, np.ndarray]:
    """Return a themed figure and its panels, shape (count,): side by side, or stacked if `ticks` need the width."""
    wide = ticks > SIDE_BY_SIDE
    rows, columns = (count, 1) if wide else (1, count)
    height = 3.2 if ticks > UPRIGHT else 2.4 if wide else 2.9
    drawing, axes = grid(rows, columns, height, sharey="all")
    return drawing, axes.ravel()


def spread(count: int, width: float = 0.6) -> np.ndarray:
    """Return `count` offsets, centred on 0, that separate the marks of one tick."""
    return (np.arange(count) - (count - 1) / 2) * (width / max(count, 1))


def marker_style(index: int) -> dict[str, Any]:
    """Return the mark of the series with this index: its shape and its colour go together."""
    return {"fmt": MARKERS[index % len(MARKERS)], "color": PALETTE[index % len(PALETTE)], "markeredgecolor": "black"}


def reach(figure: Figure) -> tuple[float, float]:
    """Return how far an interval reaches below and above its value; 0 if there is no interval."""
    if figure.value is None:
        return 0.0, 0.0
    low = figure.value if figure.low is None else figure.low
    high = figure.value if figure.high is None else figure.high
    return abs(low - figure.value), abs(high - figure.value)


def draw_intervals(axes: Axes, series: Mapping[str, Mapping[str, Figure | None]], ticks: Sequence[str]) -> None:
    """Draw a mark with its interval for each series and tick.

    `series` maps a name to {tick: figure}. A tick that a series lacks stays empty, and the others share its room.
    """

    def has_value(name: str, tick: str) -> bool:
        figure = series[name].get(tick)
        return figure is not None and figure.value is not None

    drawn = {tick: [name for name in series if has_value(name, tick)] for tick in ticks}
    for index, (name, points) in enumerate(series.items()):
        places = [(place, tick) for place, tick in enumerate(ticks) if name in drawn[tick]]
        if not places:
            continue
        offsets = [spread(len(drawn[tick]))[drawn[tick].index(name)] for _, tick in places]
        axes.errorbar(
            [place + offset for (place, _), offset in zip(places, offsets, strict=True)],
            [points[tick].value for _, tick in places],
            yerr=np.array([reach(points[tick]) for _, tick in places]).T,
            **marker_style(index),
            markeredgewidth=0.5,
            capsize=3,
            label=name,
        )
    write_ticks(axes, ticks)
    axes.set_xlim(-0.6, len(ticks) - 0.4)
    axes.grid(visible=False, axis="x")


def write_ticks(axes: Axes, labels: Sequence[str]) -> None:
    """Write a label at each whole number of the x axis: turned where there are many, upright where there are very many."""
    if len(labels) <= SIDE_BY_SIDE:
        axes.set_xticks(range(len(labels)), labels)
    elif len(labels) <= UPRIGHT:
        axes.set_xticks(range(len(labels)), labels, rotation=25, ha="right")
    else:
        axes.set_xticks(range(len(labels)), labels, rotation=90)


def draw_points(axes: Axes, index: int, across: Sequence[float], down: Sequence[float], label: str) -> None:
    """Draw the points of the series with this index, without intervals."""
    style = marker_style(index)
    axes.scatter(
        across,
        down,
        marker=style["fmt"],
        color=style["color"],
        edgecolor=style["markeredgecolor"],
        linewidth=0.5,
        s=20,
        label=label,
    )


def draw_legend(drawing: Drawing, panels: Iterable[Axes], columns: int = 4) -> None:
    """Draw one legend for all panels, each name once: a panel may lack a series that another has.

    Long names take fewer columns, and the figure grows with the legend's rows after the first, so that the
    panels keep their size.
    """
    entries = {label: handle for panel in panels for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)}
    if entries:
        longest = max(map(len, entries))
        columns = max(1, min(columns, LEGEND_LETTERS // (longest + LEGEND_MARK)))
        drawing.legend(entries.values(), entries.keys(), loc="outside upper center", ncols=columns, frameon=False)
        drawing.set_figheight(drawing.get_figheight() + LEGEND_ROW * ((len(entries) - 1) // columns))


def cell_names(cells: Iterable[CellMetrics]) -> list[str]:
    """Return the short names of cells, each once, in their order."""
    return list(dict.fromkeys(cell.cell for cell in cells))


def by_place(cells: Iterable[CellMetrics]) -> dict[Place, CellMetrics]:
    """Return cells by short name and run."""
    return {(cell.cell, cell.run): cell for cell in cells}


def measure(cells: Sequence[CellMetrics], runs: Sequence[str], metric: str, path: Target, chance: float | None = None) -> None:
    """Draw one metric of every cell and run, by video and by frame; `chance` is the value of a guess.

    Cells of still images have no mark by video.
    """
    ticks, cell_at = cell_names(cells), by_place(cells)
    drawing, axes = panels(2, len(ticks))
    with saved(path, drawing):
        for panel, level in zip(axes, ("video", "frame"), strict=True):
            series: dict[str, dict[str, Figure | None]] = {run: {} for run in runs}
            for (name, run), cell in cell_at.items():
                measured = getattr(cell.mean, level)
                if run in series and measured is not None:
                    series[run][name] = measured.figures.get(metric)
            draw_intervals(panel, series, ticks)
            panel.set_title(f"by {level}")
            panel.set_xlabel(CELL_AXIS)
            if chance is not None:
                _draw_guess(panel, chance)
            panel.label_outer()
        drawing.supylabel(metrics.title(metric), fontsize="medium")
        draw_legend(drawing, axes)


def _draw_guess(panel: Axes, value: float) -> None:
    low, high = panel.get_ylim()
    panel.set_ylim(low, max(high, value + GUESS_ROOM * (high - low)))
    panel.axhline(value, color="0.3", linestyle=":", linewidth=1)
    panel.annotate("a guess", (0.99, value), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7)


def readers(cells: Sequence[CellMetrics], runs: Sequence[str], metric: str, path: Target) -> None:
    """Draw one metric of the readers' verdicts for every cell and run, a panel a reader; by video."""
    ticks = cell_names(cells)
    names = sorted({reader for cell in cells for reader in cell.mean.readers})
    drawing, axes = panels(max(len(names), 1), len(ticks))
    with saved(path, drawing):
        for panel, reader in zip(axes, names, strict=False):
            series: dict[str, dict[str, Figure | None]] = {run: {} for run in runs}  # a run without verdicts keeps its mark
            for cell in cells:
                levels = cell.mean.readers.get(reader)
                if cell.run in series and levels is not None and levels.video is not None:
                    series[cell.run][cell.cell] = levels.video.figures.get(metric)
            draw_intervals(panel, series, ticks)
            panel.set_title(f"{reader} reader")
            panel.set_xlabel(CELL_AXIS)
            panel.label_outer()
        drawing.supylabel(metrics.title(metric), fontsize="medium")
        draw_legend(drawing, axes)


def species(cells: Sequence[CellMetrics], runs: Sequence[str], path: Target) -> None:
    """Draw the APCER of each PAI species at the dev threshold, a panel a cell; by video or still image."""
    names, cell_at = cell_names(cells), by_place(cells)
    drawing, axes = grid(len(names), 1, 2.4)
    with saved(path, drawing):
        for panel, name in zip(axes[:, 0], names, strict=True):
            apcer = {run: cell_at[name, run].mean.units.apcer if (name, run) in cell_at else {} for run in runs}
            ticks = sorted({species for points in apcer.values() for species in points})
            draw_intervals(panel, apcer, ticks)
            panel.set_title(name)
            panel.set_ylabel("APCER")
            panel.set_ylim(-0.05, 1.05)
            if len(ticks) > SIDE_BY_SIDE:
                write_ticks(panel, [tables.words(species) for species in ticks])
        draw_legend(drawing, axes[:, 0])


def thresholds(cells: Sequence[CellMetrics], runs: Sequence[str], path: Target) -> None:
    """Draw HTER at the dev threshold beside HTER at the oracle threshold: their distance is what the oracle gains.

    By video, so that cells of still images are omitted.
    """
    cell_at = by_place([cell for cell in cells if cell.mean.video is not None])
    places = [(name, run) for name in cell_names(cells) for run in runs if (name, run) in cell_at]
    drawing, axes = grid(1, 1, 0.9 + 0.34 * len(places))
    with saved(path, drawing):
        panel = axes[0][0]
        for row, place in enumerate(places):
            figures_of_cell = cell_at[place].mean.units.figures
            dev, oracle = (figures_of_cell[name].value for name in ("hter_dev", "oracle_hter"))
            if dev is None or oracle is None:
                continue
            panel.plot([oracle, dev], [row, row], color="0.6", linewidth=1.5, zorder=1)
            labels = ("dev (honest)", "oracle (chosen on the target)") if row == 0 else (None, None)
            panel.scatter([dev], [row], marker="o", color=PALETTE[0], edgecolor="black", label=labels[0])
            panel.scatter([oracle], [row], marker="D", color="white", edgecolor="black", label=labels[1])
        panel.set_yticks(range(len(places)), [f"{name} · {run}" for name, run in places])
        panel.set_ylim(max(len(places), 1) - 0.5, -0.5)
        panel.set_xlabel("HTER by video")
        panel.set_xlim(left=0)
        draw_legend(drawing, [panel])


def score_distributions(
    scores: Mapping[Place, Mapping[str, Sequence[float]]], cuts: Mapping[Place, Sequence[float]], path: Target
) -> None:
    """Draw the scores of test faces, a panel a cell and run.

    Args:
        scores: "bona fide" and "attack" p_attack in [0, 1].
        cuts: the dev threshold of each seed.
        path: where to write it.
    """
    rows = max(1, -(-len(scores) // ACROSS))
    drawing, axes = grid(rows, min(ACROSS, max(1, len(scores))), 1.9)
    with saved(path, drawing):
        edges = np.linspace(0, 1, 21)
        for panel in axes.ravel()[len(scores) :]:
            panel.set_visible(False)
        for place, (panel, (job, by_label)) in enumerate(zip(axes.ravel(), scores.items(), strict=False)):
            for label, colour, hatch in (("bona fide", BONA_FIDE_COLOUR, ""), ("attack", ATTACK_COLOUR, "///")):
                values = by_label.get(label, [])
                share = np.full(len(values), 1 / max(len(values), 1))
                look = {"color": colour, "alpha": 0.55, "hatch": hatch, "edgecolor": "black", "linewidth": 0.4}
                panel.hist(values, edges, weights=share, label=label, **look)
            for number, cut in enumerate(cuts.get(job, [])):
                panel.axvline(cut, color="black", linestyle="--", linewidth=1.2, label="dev threshold" if number == 0 else None)
            panel.set_xlim(0, 1)
            panel.set_title(" · ".join(job), fontsize=8)
            if place % ACROSS == 0:
                panel.set_ylabel("share of faces")
            if place + ACROSS >= len(scores):
                panel.set_xlabel("p(attack)")
        draw_legend(drawing, axes[0])


def differences(rows: Sequence[tuple[str, str, Figure]], label: str, path: Target) -> None:
    """Draw differences between runs with their intervals.

    `rows` hold the run, which gives the mark, the row's words, and the difference.
    """
    drawing, axes = grid(1, 1, 0.9 + 0.32 * max(len(rows), 1))
    with saved(path, drawing):
        panel = axes[0][0]
        runs = list(dict.fromkeys(run for run, _, _ in rows))
        for place, (run, _, figure) in enumerate(rows):
            error = np.array([reach(figure)]).T
            panel.errorbar([figure.value], [place], xerr=error, capsize=3, **marker_style(runs.index(run)))
        panel.axvline(0, color="0.3", linestyle=":", linewidth=1)
        panel.set_yticks(range(len(rows)), [words for _, words, _ in rows])
        panel.set_ylim(max(len(rows), 1) - 0.5, -0.5)
        panel.xaxis.set_major_locator(MaxNLocator(X_TICKS))
        panel.set_xlabel(label)
