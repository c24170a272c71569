"""Drawings of a choice: the error along a training, and errors along every threshold. As `figures` draws, and by its means."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fasrepro.report.figures import ATTACK_COLOUR, BONA_FIDE_COLOUR, PALETTE, grid, saved

# The marks of `trace`: a key of habits.json's trace, the mark's shape, size and colour, and its name. Two may fall on one place,
# so those that come later are larger, and lie below.
MARKS = (
    ("last", "o", 25, PALETTE[0], "last step, dev threshold (honest)"),
    ("best_on_target", "D", 110, "white", "best step on the target, dev threshold"),
    ("best_on_target_with_oracle_threshold", "*", 380, "white", "best step and threshold on the target"),
)


def trace(found: Mapping[str, Any], path: Path | io.BytesIO) -> None:
    """Draw HTER on the target by step at both thresholds, the first with its interval; `found` is habits.json's trace."""
    figure, axes = grid(1, 1, 3.2)
    with saved(path, figure):
        panel, steps = axes[0][0], [entry["step"] for entry in found["steps"]]
        honest = [entry["hter_dev"] for entry in found["steps"]]
        if all(entry["low"] is not None for entry in honest):
            bounds = ([entry[side] for entry in honest] for side in ("low", "high"))
            panel.fill_between(steps, *bounds, color=PALETTE[0], alpha=0.15, linewidth=0, label="its interval")
        panel.plot(steps, [entry["value"] for entry in honest], color=PALETTE[0], label="dev threshold of that step")
        oracle = [entry["hter_oracle"]["value"] for entry in found["steps"]]
        panel.plot(steps, oracle, color=PALETTE[1], linestyle="--", label="oracle threshold of that step")
        for depth, (key, marker, size, colour, name) in enumerate(MARKS):
            place = (found[key]["step"], found[key]["hter"]["value"])
            panel.scatter(*place, marker=marker, s=size, color=colour, edgecolor="black", zorder=9 - depth, label=name)
        panel.set_title(f"{found['protocol']} · {found['run']}")
        panel.set_xlabel("training step")
        panel.set_ylabel("HTER on the target, by video")
        panel.set_ylim(bottom=0)
        figure.legend(*panel.get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False, fontsize=8)


def cumulative(
    scores: Mapping[tuple[str, str], Mapping[str, Sequence[float]]],
    cuts: Mapping[tuple[str, str], Mapping[str, float]],
    path: Path | io.BytesIO,
) -> None:
    """Draw, for every threshold, the share of the target's videos below it, a panel a protocol (row) and run (column).

    `scores` maps (protocol, run) to {"bona fide": p_attack in [0, 1] a video, "attack": ...}; `cuts` to its thresholds "dev" and
    "oracle". Where a threshold crosses the attacks' line is its APCER; what the bona fide videos' line lacks to 1 its BPCER.
    """
    protocols, runs = (list(dict.fromkeys(job[i] for job in scores)) for i in (0, 1))
    figure, axes = grid(max(len(protocols), 1), max(len(runs), 1), 2.0, sharey="all")
    with saved(path, figure):
        for (row, protocol), (column, run) in ((p, r) for p in enumerate(protocols) for r in enumerate(runs)):
            panel = axes[row][column]
            for name, colour, style in (("bona fide", BONA_FIDE_COLOUR, "-"), ("attack", ATTACK_COLOUR, "--")):
                values = np.sort(scores.get((protocol, run), {}).get(name, []))
                shares = np.arange(len(values) + 1) / max(len(values), 1)
                panel.step([0, *values, 1], [*shares, 1.0], where="post", color=colour, linestyle=style, label=name)
            for name, colour, style in (("dev", "black", "-"), ("oracle", "0.5", ":")):
                if name in cuts.get((protocol, run), {}):
                    label = f"{name} threshold"
                    panel.axvline(cuts[protocol, run][name], color=colour, linestyle=style, linewidth=1.4, label=label)
            panel.set_xlim(0, 1)
            panel.set_title(f"{protocol} · {run}", fontsize=8)
            if column == 0:
                panel.set_ylabel("share below")
            if row == len(protocols) - 1:
                panel.set_xlabel("p(attack), a video")
        handles, labels = axes[0][0].get_legend_handles_labels()
        if handles:
            figure.legend(handles, labels, loc="outside upper center", ncols=4, frameon=False)
