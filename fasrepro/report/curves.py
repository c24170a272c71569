"""Figures along an axis: a training, every threshold, shared cues, and right samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator, StrMethodFormatter

from fasrepro.evaluation.results.optimism import SnapshotOptimism
from fasrepro.evaluation.results.unseen import SpeciesCounts, UnseenGains
from fasrepro.report import figures
from fasrepro.report.figures import ATTACK_COLOUR, BONA_FIDE_COLOUR, MARKERS, PALETTE, Place, Target, grid, saved

# The marks of `snapshots`: the rule that selects a snapshot, the mark's shape, size and colour, and its name. Two rules may
# select one place, so later marks are larger and lie below.
MARKS = (
    ("last", "o", 25, PALETTE[0], "last step, dev threshold (honest)"),
    ("best_on_target", "D", 110, "white", "best step on the target, dev threshold"),
    ("best_on_target_with_oracle_threshold", "*", 380, "white", "best step and threshold on the target"),
)
LINES = ("-", "--", ":", "-.")
LOSSES = {"caption": "loss of the chain", "answer": "loss of the label"}
GAINS = {"apcer": "APCER: {baseline} − {run}", "p_attack": "mean score: {run} − {baseline}"}


def snapshots(training: SnapshotOptimism, path: Target) -> None:
    """Draw HTER on the target by training step at both thresholds, at the dev threshold with its interval."""
    drawing, axes = grid(1, 1, 3.2)
    with saved(path, drawing):
        panel, steps = axes[0][0], [snapshot.step for snapshot in training.steps]
        honest = [snapshot.hter_dev for snapshot in training.steps]
        if all(figure.low is not None for figure in honest):
            low, high = [figure.low for figure in honest], [figure.high for figure in honest]
            panel.fill_between(steps, low, high, color=PALETTE[0], alpha=0.15, linewidth=0, label="its interval")
        panel.plot(steps, [figure.value for figure in honest], color=PALETTE[0], label="dev threshold of that step")
        oracle = [snapshot.oracle_hter.value for snapshot in training.steps]
        panel.plot(steps, oracle, color=PALETTE[1], linestyle="--", label="oracle threshold of that step")
        for depth, (rule, marker, size, colour, name) in enumerate(MARKS):
            choice = getattr(training, rule)
            place = (choice.step, choice.hter.value)
            panel.scatter(*place, marker=marker, s=size, color=colour, edgecolor="black", zorder=9 - depth, label=name)
        panel.set_title(f"{training.cell} · {training.run}")
        panel.set_xlabel("training step")
        panel.set_ylabel("HTER on the target, by video")
        panel.set_ylim(bottom=0)
        drawing.legend(*panel.get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False, fontsize=8)


def cumulative(
    scores: Mapping[Place, Mapping[str, Sequence[float]]], cuts: Mapping[Place, Mapping[str, float]], path: Target
) -> None:
    """Draw, for every threshold, the share of the target's videos below it, a row a cell and a column a run.

    A threshold crosses the line of attacks at its APCER; the line of bona fide videos falls short of 1 by its BPCER.

    Args:
        scores: "bona fide" and "attack" p_attack of each video, in [0, 1].
        cuts: the thresholds "dev" and "oracle".
        path: where to write it.
    """
    names, runs = (list(dict.fromkeys(place[part] for place in scores)) for part in (0, 1))
    drawing, axes = grid(max(len(names), 1), max(len(runs), 1), 2.0, sharey="all")
    with saved(path, drawing):
        for row, name in enumerate(names):
            for column, run in enumerate(runs):
                panel = axes[row][column]
                for label, colour, style in (("bona fide", BONA_FIDE_COLOUR, "-"), ("attack", ATTACK_COLOUR, "--")):
                    values = np.sort(scores.get((name, run), {}).get(label, []))
                    shares = np.arange(len(values) + 1) / max(len(values), 1)
                    panel.step([0, *values, 1], [*shares, 1.0], where="post", color=colour, linestyle=style, label=label)
                for cut, colour, style in (("dev", "black", "-"), ("oracle", "0.5", ":")):
                    if cut in cuts.get((name, run), {}):
                        place = cuts[name, run][cut]
                        panel.axvline(place, color=colour, linestyle=style, linewidth=1.4, label=f"{cut} threshold")
                panel.set_xlim(0, 1)
                panel.set_title(f"{name} · {run}", fontsize=8)
                if column == 0:
                    panel.set_ylabel("share below")
                if row == len(names) - 1:
                    panel.set_xlabel("p(attack), a video")
        handles, labels = axes[0][0].get_legend_handles_labels()
        if handles:
            drawing.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False)


def gains(gains: UnseenGains, species: Mapping[str, SpeciesCounts], run: str, baseline: str, path: Target) -> None:
    """Draw what a run gains over a baseline on each species against the share of its cues that the sources show.

    A panel a measure. A mark's area grows with the species' videos, and marks at one place are set apart sideways. Line and
    band are those of the regression.
    """
    families = list(dict.fromkeys(counts.family for counts in species.values()))
    drawing, axes = grid(1, len(GAINS), 3.2)
    with saved(path, drawing):
        for panel, (measure, title) in zip(axes[0], GAINS.items(), strict=True):
            places = set_apart({name: entry.overlap for name, entry in gains.species.items()})
            for number, family in enumerate(families):
                shown = [name for name in places if species[name].family == family]
                panel.scatter(
                    [places[name] for name in shown],
                    [gains.species[name].gain[measure].value for name in shown],
                    [14 + 10 * species[name].videos for name in shown],
                    color=PALETTE[number % len(PALETTE)],
                    marker=MARKERS[number % len(MARKERS)],
                    edgecolor="black",
                    linewidth=0.5,
                    alpha=0.85,
                    label=family,
                    zorder=3,
                )
            band = [point for point in gains.lines[measure].band if point.value is not None]
            overlaps = [point.overlap for point in band]
            panel.plot(overlaps, [point.value for point in band], color="0.2", linewidth=1.4, label="weighted line")
            if band and band[0].low is not None:
                low, high = [point.low for point in band], [point.high for point in band]
                panel.fill_between(overlaps, low, high, color="0.6", alpha=0.3)
            panel.axhline(0, color="0.3", linestyle=":", linewidth=1)
            panel.set_xlim(-0.15, 1.15)
            panel.set_xlabel("share of its cues that the sources show")
            panel.set_title(title.format(run=run, baseline=baseline))
        axes[0][0].set_ylabel("gain (above 0 is better)")
        figures.draw_legend(drawing, axes[0], columns=len(families) + 1)


def set_apart(values: Mapping[str, float | None], step: float = 0.02) -> dict[str, float]:
    """Return each known value; those that are equal lie `step` apart from each other, centred on it.

    >>> set_apart({"a": 0.0, "b": 0.0, "c": 1.0, "d": None}, step=0.1)
    {'a': -0.05, 'b': 0.05, 'c': 1.0}
    """
    groups: dict[float, list[str]] = {}
    for name, value in values.items():
        if value is not None:
            groups.setdefault(value, []).append(name)
    return {
        name: value + float(offset)
        for value, members in groups.items()
        for name, offset in zip(members, figures.spread(len(members), step * len(members)), strict=True)
    }


def trainings(runs: Mapping[str, Sequence[Sequence[Mapping[str, float]]]], panels: Mapping[str, str], path: Target) -> None:
    """Draw what trainings log at each step: a panel a name, a line a run.

    Args:
        runs: by run, of each seed a row a step, with its "step" and its values by name.
        panels: title of each name; a run that does not log it has no line there.
        path: where to write it.
    """
    columns = 2
    drawing, axes = grid(-(-len(panels) // columns), columns, 1.9)
    with saved(path, drawing):
        for number, (name, title) in enumerate(panels.items()):
            panel = axes[number // columns][number % columns]
            for place, (run, seeds) in enumerate(runs.items()):
                logged = [[row[name] for row in rows] for rows in seeds if rows and all(name in row for row in rows)]
                if not logged:
                    continue
                steps, values = [row["step"] for row in seeds[0]], np.array(logged)
                colour, style = PALETTE[place % len(PALETTE)], LINES[place % len(LINES)]
                panel.plot(steps, values.mean(axis=0), color=colour, linestyle=style, linewidth=1.4, label=run)
                panel.fill_between(steps, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.15, linewidth=0)
            panel.set_title(title)
            panel.set_xlabel("step")
        for panel in axes.flat[len(panels) :]:
            panel.axis("off")
        figures.draw_legend(drawing, axes.flat, columns=4)


def losses(runs: Mapping[str, Sequence[Sequence[Mapping[str, float]]]], path: Target) -> None:
    """Draw the losses of chain and label along trainings, and one against the other where a training has both.

    Args:
        runs: by run, of each seed a row a stretch, with its last "step" and its losses "caption" and "answer", in nats; a stretch
            may lack one.
        path: where to write it.
    """
    drawing, axes = grid(1, 3, 2.6)
    with saved(path, drawing):
        for panel, (name, title) in zip(axes[0], LOSSES.items(), strict=False):  # the last panel has both
            for place, (run, seeds) in enumerate(runs.items()):
                logged = [[(row["step"], row[name]) for row in rows if name in row] for rows in seeds]
                if not all(logged):
                    continue
                steps, values = [step for step, _ in logged[0]], np.array([[value for _, value in points] for points in logged])
                colour, style = PALETTE[place % len(PALETTE)], LINES[place % len(LINES)]
                panel.plot(steps, values.mean(axis=0), color=colour, linestyle=style, linewidth=1.4, label=run)
                panel.fill_between(steps, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.15, linewidth=0)
            panel.set_title(title)
            panel.set_xlabel("step")
            _log_scale(panel, "y")
        panel = axes[0][2]
        for place, (run, seeds) in enumerate(runs.items()):
            both = [(row["answer"], row["caption"]) for rows in seeds for row in rows if "answer" in row and "caption" in row]
            if both:
                figures.draw_points(panel, place, *zip(*both, strict=True), run)
        panel.set_title("chain against label")
        panel.set_xlabel("loss of the label")
        _log_scale(panel, "xy")
        figures.draw_legend(drawing, axes[0])


def _log_scale(panel: Axes, sides: str) -> None:
    """Make the axes of some `sides` ("x", "y", "xy") logarithmic, with a few plain numbers."""
    for side in sides:
        panel.set(**{f"{side}scale": "log"})
        axis = getattr(panel, f"{side}axis")
        axis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_locator(NullLocator())


def successes(shares: Mapping[str, Sequence[float]], path: Target) -> None:
    """Draw the share of faces with each number of right samples; `shares`: by model, from none to all samples."""
    drawing, axes = grid(1, 1, 2.6)
    with saved(path, drawing):
        panel = axes[0][0]
        width = 0.8 / max(len(shares), 1)
        for place, (model, values) in enumerate(shares.items()):
            numbers = np.arange(len(values)) + (place - (len(shares) - 1) / 2) * width
            hatch = ("", "///", "...")[place % 3]
            panel.bar(numbers, values, width, color=PALETTE[place % len(PALETTE)], hatch=hatch, edgecolor="black", label=model)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.set_xlabel("right samples about a face")
        panel.set_ylabel("share of faces")
        figures.draw_legend(drawing, axes[0], columns=4)
