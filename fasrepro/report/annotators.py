"""Annotators beside each other, for the notebook: rows of tables from results/annotators.json, and a figure by cue."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fasrepro.datasets import TITLES as DATASET_TITLES
from fasrepro.report.figures import MARKERS, PALETTE, grid, saved, spread

TITLES = {
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "named_on_bona_fide": "cues named, a bona fide face",
}
UNKNOWN = "No entry: which cues are in an image is known of synthetic archives alone."


def interval(entry: Mapping[str, float | None], form: str = ".3f") -> str:
    """Return "0.123 [0.100, 0.150]" of {"value", "low", "high"}; a dash where there is no value."""
    if entry["value"] is None:
        return "–"
    bounds = "" if entry["low"] is None else f" [{entry['low']:{form}}, {entry['high']:{form}}]"
    return f"{entry['value']:{form}}{bounds}"


def told(style: Mapping[str, Any]) -> str:
    """Return whether the annotator of a style was told the label, as a cell."""
    return "yes" if style["label_aware"] else "no"


def construction(rates: Mapping[str, float] | None) -> str:
    """Return what of the figures is so by construction; `rates` are those of a simulated annotator, None of another."""
    if rates is None:
        return "The annotator is none of ours: nothing here is so by construction."
    return (
        "The annotator is simulated, and errs at set rates. By construction it misses a cue that is in the image with"
        f" probability {rates['missed_cue']:g}, told or not, so that recall is about {1 - rates['missed_cue']:g} everywhere. Told"
        " the label, it invents each cue that goes with the kind of attack and is not there with probability"
        f" {rates['invented_cue']:g}, and names none on a bona fide face. Not told, it takes each harmless thing that resembles a"
        " cue for one with the same probability, on bona fide faces too. What its precision comes to is not set: it depends on"
        " what the images hold."
    )


def lacking(found: Mapping[str, Any], styles: Sequence[str]) -> str:
    """Return "" if each style has an entry, else what to do about it."""
    if not found["styles"]:
        return UNKNOWN
    missing = [style for style in styles if style not in found["styles"]]
    return f"No captions of {', '.join(missing)}: name them under `styles:` in params.yaml, then `dvc repro`." if missing else ""


def pooled_rows(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row a style: who wrote it, whether it was told the label, how many faces, and the pooled figures."""
    return [
        {
            "style": name,
            "told the label": told(style),
            "annotator": ", ".join(style["models"]),
            "attacks": style["pooled"]["counts"]["attack"],
            "bona fide": style["pooled"]["counts"]["bona_fide"],
            "subjects": style["pooled"]["counts"]["subjects"],
            **{title: interval(style["pooled"][measure]) for measure, title in TITLES.items()},
        }
        for name, style in found["styles"].items()
    ]


def part_rows(found: Mapping[str, Any], styles: Sequence[str], part: str) -> list[dict[str, Any]]:
    """Return a row a group and style; `part` is "datasets" or "species"."""
    known = {name: found["styles"][name] for name in styles if name in found["styles"]}
    groups = sorted({group for style in known.values() for group in style[part]})
    return [
        {
            {"datasets": "data set"}.get(part, part): DATASET_TITLES.get(group, group.replace("_", " ")),
            "style": name,
            "faces": style[part][group]["counts"]["attack"] + style[part][group]["counts"]["bona_fide"],
            **{title: interval(style[part][group][measure]) for measure, title in TITLES.items()},
        }
        for group in groups
        for name, style in known.items()
        if group in style[part]
    ]


def met(found: Mapping[str, Any], styles: Sequence[str]) -> list[str]:
    """Return the cues that any attack shows or any caption of these styles names, in the order of the file."""
    known = [found["styles"][name]["cues"] for name in styles if name in found["styles"]]
    return [
        cue
        for cue in (known[0] if known else ())
        if any(of[cue][n] for of in known for n in ("showing", "named", "on_bona_fide"))
    ]


def cue_rows(found: Mapping[str, Any], styles: Sequence[str]) -> list[dict[str, Any]]:
    """Return a row a cue and style: how many attacks show it, how many captions name it, and how rightly."""
    return [
        {
            "cue": cue.replace("_", " "),
            "style": name,
            "attacks that show it": entry["showing"],
            "captions of attacks that name it": entry["named"],
            "of bona fide faces": entry["on_bona_fide"],
            "precision": interval(entry["precision"]),
            "recall": interval(entry["recall"]),
        }
        for cue in met(found, styles)
        for name in styles
        if name in found["styles"]
        for entry in [found["styles"][name]["cues"][cue]]
    ]


def pair_rows(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row a pair of styles: the first's figures minus the second's, on the same drawn subjects."""
    return [
        {
            "difference": f"{pair['style']} − {pair['baseline']}",
            "same task": "yes" if pair["same_task"] else "no",
            "subjects": pair["counts"]["subjects"],
            **{title: interval(pair["difference"][measure], "+.3f") for measure, title in TITLES.items()},
        }
        for pair in found["pairs"]
    ]


def dots(found: Mapping[str, Any], styles: Sequence[str], path: Path | io.BytesIO) -> None:
    """Draw precision and recall of each cue with intervals, a panel each, a mark a style.

    A dashed line is the recall that a simulated annotator has by construction.
    """
    shown, known = met(found, styles), [name for name in styles if name in found["styles"]]
    figure, axes = grid(1, 2, 1.1 + 0.3 * max(len(shown), 1), sharey="all")
    with saved(path, figure):
        for panel, measure in zip(axes[0], ("precision", "recall"), strict=True):
            for index, (offset, name) in enumerate(zip(spread(len(known), 0.45), known, strict=True)):
                style = found["styles"][name]
                points = [(row, style["cues"][cue][measure]) for row, cue in enumerate(shown)]
                points = [(row, point) for row, point in points if point["value"] is not None]
                values = np.array([point["value"] for _, point in points], dtype=float)
                ends = [[p["value"] if p[side] is None else p[side] for _, p in points] for side in ("low", "high")]
                panel.errorbar(
                    values,
                    [row + offset for row, _ in points],
                    xerr=np.abs(np.array(ends, dtype=float) - values),
                    fmt=MARKERS[index % len(MARKERS)],
                    color=PALETTE[index % len(PALETTE)],
                    markeredgecolor="black",
                    markeredgewidth=0.5,
                    capsize=2,
                    linestyle="none",
                    label=f"{name}: {'told the label' if style['label_aware'] else 'not told'}",
                )
            panel.set_xlim(-0.03, 1.03)
            panel.set_xlabel(measure)
            panel.grid(visible=True, axis="y", linewidth=0.4)
        if found["by_construction"] is not None:
            axes[0][1].axvline(1 - found["by_construction"]["missed_cue"], color="0.3", linestyle="--", linewidth=1)
        axes[0][0].set_yticks(range(len(shown)), [cue.replace("_", " ") for cue in shown])
        axes[0][0].set_ylim(max(len(shown), 1) - 0.5, -0.5)
        figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)
