"""The book's figures: drawn with Agg, readable without colour, the same bytes on every run.

Colours are seaborn's "colorblind" palette; beside the colour a marker, a line style or a hatch always says the same thing,
so that a figure can be read in grey print. All numbers come from the tables that the stages wrote; nothing is computed here
but the place of a mark.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fasrepro import files
from fasrepro.report import headings

PALETTE = sns.color_palette("colorblind")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
BONA_FIDE_COLOUR, ATTACK_COLOUR = PALETTE[0], PALETTE[1]
SIDE_BY_SIDE = 4  # protocols that panels side by side have room for
ACROSS = 3  # panels of scores in a row
WIDTH = 7.2  # inches: the text width of a page of the book
LEGEND_ROW = 0.22  # inches
GUESS_ROOM = 0.12  # of a panel's height, for the words above a guess's line


@contextlib.contextmanager
def saved(target: Path | io.BytesIO, figure: Figure) -> Iterator[Figure]:
    """Yield `figure` to be drawn on, then write it to `target` as PNG, whole and without version or date, and close it."""
    settings = {"format": "png", "dpi": 120, "bbox_inches": "tight", "metadata": {"Software": None}}
    try:
        yield figure
        if isinstance(target, io.BytesIO):
            figure.savefig(target, **settings)
        else:
            with files.replaced(target) as temporary:
                figure.savefig(temporary, **settings)
    finally:
        plt.close(figure)


def png(draw: Callable[..., Any], *arguments: Any, **named: Any) -> bytes:
    """Return what a drawing function of this module would write, as the bytes of a PNG, for a notebook to display."""
    buffer = io.BytesIO()
    draw(*arguments, path=buffer, **named)
    return buffer.getvalue()


def theme() -> None:
    """Set seaborn's theme and the fonts for all figures that follow (also in a notebook)."""
    sns.set_theme(context="paper", style="whitegrid", palette="colorblind", font_scale=1.05)
    mpl.rcParams.update({"font.family": "DejaVu Sans", "svg.hashsalt": "fasrepro", "hatch.linewidth": 0.6})


def grid(rows: int, columns: int, height: float, sharey: str = "none") -> tuple[Figure, np.ndarray]:
    """Return a themed figure of text width, and its axes as an array of shape (rows, columns); `height` in inches a row."""
    theme()
    return plt.subplots(rows, columns, figsize=(WIDTH, height * rows), squeeze=False, layout="constrained", sharey=sharey)


def panels(count: int, ticks: int) -> tuple[Figure, np.ndarray]:
    """Return a themed figure and its panels, shape (count,): side by side, or below each other where `ticks` need the room."""
    wide = ticks > SIDE_BY_SIDE
    figure, axes = grid(*((count, 1) if wide else (1, count)), 2.4 if wide else 2.9, sharey="all")
    return figure, axes.ravel()


def spread(count: int, width: float = 0.6) -> np.ndarray:
    """Return `count` offsets, centred on 0, that set the marks of one tick apart."""
    return (np.arange(count) - (count - 1) / 2) * (width / max(count, 1))


def draw_intervals(axes: Axes, series: Mapping[str, Mapping[str, Mapping[str, float]]], ticks: Sequence[str]) -> None:
    """Draw a mark with its interval per series and tick.

    `series` maps a name to {tick: {"value", "low", "high"}}; a tick that a series lacks, or whose value is None, stays empty, and
    the others have its room.
    """
    drawn = [[name for name, points in series.items() if points.get(tick, {}).get("value") is not None] for tick in ticks]
    for index, (name, points) in enumerate(series.items()):
        known = [
            (place + spread(len(here))[here.index(name)], points[tick])
            for place, (tick, here) in enumerate(zip(ticks, drawn, strict=True))
            if name in here
        ]
        if not known:
            continue
        values = np.array([point["value"] for _, point in known], dtype=float)
        bounds = np.array(
            [[_bound(point, side, point["value"]) for side in ("low", "high")] for _, point in known], dtype=float
        ).T
        axes.errorbar(
            [place for place, _ in known],
            values,
            yerr=np.abs(bounds - values),
            fmt=MARKERS[index % len(MARKERS)],
            color=PALETTE[index % len(PALETTE)],
            markeredgecolor="black",
            markeredgewidth=0.5,
            capsize=3,
            label=name,
        )
    axes.set_xticks(range(len(ticks)), ticks)
    axes.set_xlim(-0.6, len(ticks) - 0.4)
    axes.grid(visible=False, axis="x")


def _bound(point: Mapping[str, Any], side: str, value: float) -> float:
    bound = point.get(side)  # None or NaN where there were too few subjects for an interval
    return value if bound is None or np.isnan(bound) else bound


def _legend(figure: Figure, panels: Iterable[Axes], columns: int = 4) -> None:
    """Draw one legend for all panels, each name once: a panel may lack a series that another has.

    The figure grows by its rows from the second on, so that the panels keep their height.
    """
    known = {label: handle for panel in panels for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)}
    if known:
        figure.legend(known.values(), known.keys(), loc="outside upper center", ncols=columns, frameon=False)
        figure.set_figheight(figure.get_figheight() + LEGEND_ROW * ((len(known) - 1) // columns))


def cells(metrics: Mapping[str, Any], level: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Return {(protocol, run): measures at `level` ("video" or "frame")} of metrics.json, means over seeds."""
    return {(job["protocol"], job["run"]): job["mean"].get(level, {}) for job in metrics["jobs"].values()}


def names(metrics: Mapping[str, Any], key: str) -> list[str]:
    """Return the protocols (`key` "protocol") or runs ("run") that metrics.json holds, in its order of jobs, each once."""
    return list(dict.fromkeys(job[key] for job in metrics["jobs"].values()))


def measure(
    metrics: Mapping[str, Any], runs: Sequence[str], name: str, path: Path | io.BytesIO, chance: float | None = None
) -> None:
    """Draw one measure per protocol and run, by video and by frame; `chance` is a guess's value."""
    protocols = names(metrics, "protocol")
    figure, axes = panels(2, len(protocols))
    with saved(path, figure):
        for panel, level in zip(axes, ("video", "frame"), strict=True):
            found = cells(metrics, level)
            series = {run: {p: found.get((p, run), {}).get(name, {}) for p in protocols} for run in runs}
            draw_intervals(panel, series, protocols)
            panel.set_title(f"by {level}")
            panel.set_xlabel("protocol (sources_target)")
            if chance is not None:
                low, high = panel.get_ylim()
                panel.set_ylim(low, max(high, chance + GUESS_ROOM * (high - low)))
                panel.axhline(chance, color="0.3", linestyle=":", linewidth=1)
                panel.annotate("a guess", (0.99, chance), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7)
            panel.label_outer()
        figure.supylabel(headings.words(name), fontsize="medium")
        _legend(figure, axes)


def readers(metrics: Mapping[str, Any], runs: Sequence[str], name: str, path: Path | io.BytesIO) -> None:
    """Draw one measure of the readers' verdicts on explanations, per protocol and run, a panel a reader; by video."""
    protocols = names(metrics, "protocol")
    found = sorted({reader for job in metrics["jobs"].values() for reader in job["mean"].get("readers", {})})
    figure, axes = panels(max(len(found), 1), len(protocols))
    with saved(path, figure):
        for panel, reader in zip(axes, found, strict=False):
            points: dict[str, dict[str, Any]] = {run: {} for run in runs}
            for job in metrics["jobs"].values():
                cell = job["mean"].get("readers", {}).get(reader, {}).get("video", {})
                if job["run"] in points:
                    points[job["run"]][job["protocol"]] = cell.get(name, {})
            draw_intervals(panel, points, protocols)  # a run without a reading keeps its mark
            panel.set_title(f"{reader} reader")
            panel.set_xlabel("protocol (sources_target)")
            panel.label_outer()
        figure.supylabel(headings.words(name), fontsize="medium")
        _legend(figure, axes)


def species(metrics: Mapping[str, Any], runs: Sequence[str], path: Path | io.BytesIO) -> None:
    """Draw APCER per PAI species at the dev threshold, a panel a protocol; by video."""
    protocols, found = names(metrics, "protocol"), cells(metrics, "video")
    figure, axes = grid(len(protocols), 1, 2.4)
    with saved(path, figure):
        for panel, protocol in zip(axes[:, 0], protocols, strict=True):
            apcer = {run: found.get((protocol, run), {}).get("apcer", {}) for run in runs}
            ticks = sorted({name for points in apcer.values() for name in points})
            draw_intervals(panel, apcer, ticks)
            panel.set_title(protocol)
            panel.set_ylabel("APCER")
            panel.set_ylim(-0.05, 1.05)
            if len(ticks) > SIDE_BY_SIDE:
                panel.set_xticks(range(len(ticks)), [name.replace("_", " ") for name in ticks], rotation=25, ha="right")
        _legend(figure, axes[:, 0])


def thresholds(metrics: Mapping[str, Any], runs: Sequence[str], path: Path | io.BytesIO) -> None:
    """Draw HTER at the dev threshold against HTER at the oracle threshold: their distance is what peeking would gain."""
    found = cells(metrics, "video")
    jobs = [(p, run) for p in names(metrics, "protocol") for run in runs if (p, run) in found]
    figure, axes = grid(1, 1, 0.9 + 0.34 * len(jobs))
    with saved(path, figure):
        panel = axes[0][0]
        for row, job in enumerate(jobs):
            dev, oracle = (found[job].get(name, {}).get("value") for name in ("hter_dev", "hter_oracle"))
            if dev is None or oracle is None:
                continue
            first = row == 0
            panel.plot([oracle, dev], [row, row], color="0.6", linewidth=1.5, zorder=1)
            panel.scatter([dev], [row], marker="o", color=PALETTE[0], edgecolor="black", label="dev (honest)" if first else None)
            panel.scatter(
                [oracle],
                [row],
                marker="D",
                color="white",
                edgecolor="black",
                label="oracle (chosen on the target)" if first else None,
            )
        panel.set_yticks(range(len(jobs)), [f"{p} · {run}" for p, run in jobs])
        panel.set_ylim(max(len(jobs), 1) - 0.5, -0.5)
        panel.set_xlabel("HTER by video")
        panel.set_xlim(left=0)
        _legend(figure, [panel])


def score_distributions(
    scores: Mapping[tuple[str, str], Mapping[str, Sequence[float]]],
    cuts: Mapping[tuple[str, str], Sequence[float]],
    path: Path | io.BytesIO,
) -> None:
    """Draw the scores of the target's test faces, a panel a run on a protocol.

    `scores` maps (protocol, run) to {"bona fide": p_attack in [0, 1], "attack": ...}; `cuts` to the dev threshold of each seed.
    """
    rows = max(1, -(-len(scores) // ACROSS))
    figure, axes = grid(rows, min(ACROSS, max(1, len(scores))), 1.9)
    with saved(path, figure):
        edges = np.linspace(0, 1, 21)
        looks = {"bona fide": (BONA_FIDE_COLOUR, ""), "attack": (ATTACK_COLOUR, "///")}
        for panel in axes.ravel()[len(scores) :]:
            panel.set_visible(False)
        for place, (panel, (job, found)) in enumerate(zip(axes.ravel(), scores.items(), strict=False)):
            for name, (colour, hatch) in looks.items():
                values = found.get(name, [])
                share = np.full(len(values), 1 / max(len(values), 1))
                panel.hist(
                    values,
                    edges,
                    weights=share,
                    color=colour,
                    alpha=0.55,
                    hatch=hatch,
                    edgecolor="black",
                    linewidth=0.4,
                    label=name,
                )
            for number, cut in enumerate(cuts.get(job, [])):
                panel.axvline(cut, color="black", linestyle="--", linewidth=1.2, label="dev threshold" if number == 0 else None)
            panel.set_xlim(0, 1)
            panel.set_title(" · ".join(job), fontsize=8)
            if place % ACROSS == 0:
                panel.set_ylabel("share of faces")
            if place + ACROSS >= len(scores):
                panel.set_xlabel("p(attack)")
        _legend(figure, axes[0])


def gains(found: Mapping[str, Any], run: str, baseline: str, path: Path | io.BytesIO) -> None:
    """Draw what a run gains over a baseline on each species against how much it shares cues with the sources, a panel a measure.

    `found`: a target's entry in results/unseen.json, of which its "mean" is drawn. A mark's area goes with the species' videos;
    marks of one sharing are set apart sideways. The line and its band are those of the regression.
    """
    species, mean = found["counts"]["species"], found["mean"]
    families = list(dict.fromkeys(entry["family"] for entry in species.values()))
    named = {"apcer": f"APCER: {baseline} − {run}", "p_attack": f"mean score: {run} − {baseline}"}
    figure, axes = grid(1, len(named), 3.2)
    with saved(path, figure):
        for panel, (measure, title) in zip(axes[0], named.items(), strict=True):
            places = set_apart({name: entry["sharing"] for name, entry in mean["species"].items()})
            for number, family in enumerate(families):
                shown = [name for name in places if species[name]["family"] == family]
                panel.scatter(
                    [places[name] for name in shown],
                    [mean["species"][name]["gain"][measure]["value"] for name in shown],
                    [14 + 10 * species[name]["videos"] for name in shown],
                    color=PALETTE[number % len(PALETTE)],
                    marker=MARKERS[number % len(MARKERS)],
                    edgecolor="black",
                    linewidth=0.5,
                    alpha=0.85,
                    label=family,
                    zorder=3,
                )
            band = [point for point in mean["lines"][measure]["band"] if point["value"] is not None]
            at = [point["sharing"] for point in band]
            panel.plot(at, [point["value"] for point in band], color="0.2", linewidth=1.4, label="weighted line")
            if band and band[0]["low"] is not None:
                panel.fill_between(at, *([point[side] for point in band] for side in ("low", "high")), color="0.6", alpha=0.3)
            panel.axhline(0, color="0.3", linestyle=":", linewidth=1)
            panel.set_xlim(-0.15, 1.15)
            panel.set_xlabel("share of its cues that the sources show")
            panel.set_title(title)
        axes[0][0].set_ylabel("gain (above 0 is better)")
        _legend(figure, axes[0], columns=len(families) + 1)


def set_apart(values: Mapping[str, float | None], step: float = 0.02) -> dict[str, float]:
    """Return each known value, those that are equal `step` apart from each other and centred on it."""
    groups: dict[float, list[str]] = {}
    for name, value in values.items():
        if value is not None:
            groups.setdefault(value, []).append(name)
    return {
        name: value + offset
        for value, names_ in groups.items()
        for name, offset in zip(names_, spread(len(names_), step * len(names_)), strict=True)
    }


def paired(rows: Sequence[Mapping[str, Any]], label: str, path: Path | io.BytesIO) -> None:
    """Draw paired differences with intervals; each row has protocol, run, baseline, difference, low and high."""
    figure, axes = grid(1, 1, 0.9 + 0.32 * max(len(rows), 1))
    with saved(path, figure):
        panel = axes[0][0]
        runs = list(dict.fromkeys(row["run"] for row in rows))
        for place, row in enumerate(rows):
            index = runs.index(row["run"])
            value = row["difference"]
            reach = np.abs([[value - bound] for bound in (_bound(row, "low", value), _bound(row, "high", value))])
            look = {"fmt": MARKERS[index % len(MARKERS)], "color": PALETTE[index % len(PALETTE)], "markeredgecolor": "black"}
            panel.errorbar([value], [place], xerr=reach, capsize=3, **look)
        panel.axvline(0, color="0.3", linestyle=":", linewidth=1)
        panel.set_yticks(range(len(rows)), [f"{row['protocol']} · {row['run']} − {row['baseline']}" for row in rows])
        panel.set_ylim(max(len(rows), 1) - 0.5, -0.5)
        panel.set_xlabel(label)
