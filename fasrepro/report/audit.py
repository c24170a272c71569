"""The page of the audit for shortcuts: tables, sentences and heat maps from what results/audit.json holds.

Every number is an AUC on test faces; no interval is given, so the tables say how many faces and subjects a figure was taken on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from fasrepro import files
from fasrepro.datasets import DATASETS, TITLES
from fasrepro.report import difficulty, figures, fragments
from fasrepro.report.tables import NONE, number

# What a probe sees of a face, in words: every probe of the audit, those without a picture last.
SEES = {
    "mean_colour": "the mean of red, green and blue",
    "contrast": "the spread of the luminance, and its percentiles",
    "spectrum_slope": "slope and intercept of the power spectrum",
    "border": "mean and spread of the crop's rim, and by how much they exceed its middle's",
    "file_size": "the bytes that the video spends on a frame",
    "crop_size": "width, height and shape of the face box",
    "vision": "colour texture, spectrum and a thumbnail: a detector from before networks",
    "cues": "the cues that are in the crop, and look-alikes: no picture at all",
}
MEASURES = {"inside": "inside", "across": "from one other, mean", "held_out": "from all others"}
EXPECTED = {
    "vision_inside": "The vision probe should reach {least} inside every data set",
    "vision_drop": "The vision probe should lose {least} on average on its way from one data set to another",
    "cues_everywhere": "The cues alone should tell attacks with {least} inside every data set and from all others",
}
OUTCOMES = {None: "which could not be tested", True: "and does", False: "and does **not**"}
# What the page's section on licensed archives says, by whether the audited ones are synthetic or licensed.
ON_LICENSED = {
    "synthetic": (
        "The cues probe is told what was drawn. Of licensed archives nobody knows that, so there the audit has no such row, and"
        " how well a face can be known at best stays open. A leak in licensed archives is a finding about them and stops"
        " nothing.\n"
    ),
    "licensed": (
        "These archives are licensed ones: what cues are in a face is not known, so there is no probe of them. A leak is a"
        " finding about the archives, and stopped nothing.\n"
    ),
}


def title(name: str) -> str:
    """Return a probe's name as a text shows it."""
    return name.replace("_", " ")


def probes(found: Mapping[str, Any]) -> list[str]:
    """Return the names of the probes: the simple ones first, then in the order of `SEES`."""
    return [*found["simple"], *(name for name in SEES if name in found["probes"] and name not in found["simple"])]


def datasets(found: Mapping[str, Any]) -> list[str]:
    """Return the data sets that were audited, in the order of `DATASETS`."""
    return [name for name in DATASETS if name in found["datasets"]]


def by_target(told: Mapping[str, Any], target: str) -> dict[str, float | None]:
    """Return one probe's figures on one data set, by the keys of `MEASURES`."""
    return {
        "inside": told["single"][target][target]["auc"],
        "across": told["from_one_other"][target],
        "held_out": told["leave_one_out"][target]["auc"],
    }


def table(found: Mapping[str, Any]) -> str:
    """Return the table of probes and data sets: inside, from one other data set, and from all others."""
    names, rows = datasets(found), []
    for name in probes(found):
        told = found["probes"][name]
        cells = {target: by_target(told, target) for target in names}
        for measure, words in MEASURES.items():
            figures_of = [number(cells[target][measure]) for target in names]
            rows.append([title(name) if measure == "inside" else "", words, *figures_of, number(told[measure])])
    return (
        fragments.table(["probe", "fitted", *(DATASETS[target].title for target in names), "mean"], rows) + "\n" + missing(found)
    )


def missing(found: Mapping[str, Any]) -> str:
    """Return why a figure is lacking, each reason once; an empty text where none is."""
    told = [*found["probes"].values()]
    groups = [group for one in told for group in (*one["single"].values(), one["leave_one_out"])]
    reasons = sorted({cell["missing"] for group in groups for cell in group.values() if cell["missing"]})
    words = re.sub(r"\w+", lambda word: TITLES.get(word[0], word[0]), "; ".join(reasons))
    return f"Without a figure ({NONE}): {words}.\n" if reasons else ""


def faces(found: Mapping[str, Any]) -> str:
    """Return the table of what probes are fitted and tested on."""
    rows = []
    for name in datasets(found):
        parts = [found["faces"][name][split] for split in ("train", "test")]
        rows.append([DATASETS[name].title, *(part[key] for part in parts for key in ("subjects", "bona_fide", "attack"))])
    heads = [f"{part}: {what}" for part in ("train", "test") for what in ("subjects", "bona fide faces", "attack faces")]
    return fragments.table(["data set", *heads], rows)


def matrices(found: Mapping[str, Any]) -> str:
    """Return every probe's matrix, a row a source and a column a target, folded away."""
    names, blocks = datasets(found), []
    for name in probes(found):
        told = found["probes"][name]
        rows = [[DATASETS[s].title, *(number(told["single"][s][t]["auc"]) for t in names)] for s in names]
        rows.append(["all others", *(number(told["leave_one_out"][t]["auc"]) for t in names)])
        blocks += [f"**{title(name)}**: {SEES[name]}; {told['measures']} measures", ""]
        blocks += [fragments.table(["fitted on", *(DATASETS[t].title for t in names)], rows)]
    sizes = [found["faces"][t]["test"] for t in names]
    told_sizes = [
        f"{DATASETS[t].title} {s['bona_fide'] + s['attack']} and {s['subjects']}" for t, s in zip(names, sizes, strict=True)
    ]
    tested = f"Faces and subjects that each column is tested on: {'; '.join(told_sizes)}.\n"
    return "\n".join(["::::{dropdown} Each probe from each data set to each other", *blocks, tested, "::::", ""])


def findings(found: Mapping[str, Any]) -> str:
    """Return a line for each probe: what it can and cannot do."""
    bound, lines = found["bounds"]["max_global_auc"], []
    for name in probes(found):
        told = found["probes"][name]
        judged = told["judged"]["held_out"]
        above = sum(told["leave_one_out"][dataset]["auc"] > bound for dataset in judged)
        lines.append(
            f"- **{title(name)}** ({SEES[name]}): {number(told['inside'])} inside a data set,"
            f" {number(told['across'])} from one to another, {number(told['held_out'])} from all others, where {above} of"
            f" {len(judged)} data sets that count lie above {bound:g}."
        )
    return "\n".join([*lines, ""])


def named(names: Sequence[str]) -> str:
    """Return probes as a sentence lists them."""
    return ", ".join(map(title, names))


def verdict(found: Mapping[str, Any]) -> str:
    """Return what the rule makes of the simple probes, and of which of them nothing can be said."""
    bound, simple = f"{found['bounds']['max_global_auc']:g}", found["simple"]
    why = f"fewer than two data sets have a figure on at least {found['bounds']['min_subjects']} test subjects"
    untested, untold = found["untested"]["leaks"], found["untested"]["inside_everywhere"]
    if found["leaks"]:
        leaks = named(found["leaks"])
        rule = f"**{leaks}** tells attacks in every data set when fitted on the others, with an AUC above {bound}: a leak."
    elif len(untested) < len(simple):
        rule = f"No simple probe has an AUC above {bound} on every data set when fitted on the others: **no leak was found**."
    else:
        rule = f"Whether a simple probe tells attacks in every data set **could not be tested**: {why}."
    if untested and len(untested) < len(simple):
        rule += f" It **could not be tested** of {named(untested)}: {why}."
    within = f"For information: inside every data set, each on its own, above {bound}: "
    if len(untold) == len(simple):
        within += f"could not be tested: {why}"
    else:
        within += named(found["inside_everywhere"]) or "none"
        within += f"; could not be tested: {named(untold)}" if untold else ""
    return f"{rule}\n\n{within}.\n"


def expected(found: Mapping[str, Any]) -> str:
    """Return whether the world is as learnable, and as shifted, as it should be."""
    lines = []
    for name, words in EXPECTED.items():
        if name in found["expected"]:
            entry = found["expected"][name]
            outcome = OUTCOMES[entry["met"]]
            kind = "on average" if name == "vision_drop" else "at the lowest"
            value = "" if entry["value"] is None else f": {number(entry['value'])} {kind}"
            lines.append(f"- {words.format(least=format(entry['least'], 'g'))}, {outcome}{value}.")
    return "\n".join([*lines, ""]) if lines else "Nothing was tested.\n"


def values(found: Mapping[str, Any]) -> dict[str, str]:
    """Return named texts for a page's prose: "audit_<probe>_<inside, across, drop or held_out>"."""
    keys = ("inside", "across", "drop", "held_out")
    return {f"audit_{name}_{key}": number(told[key]) for name, told in found["probes"].items() for key in keys}


def heat(axes: Axes, grid: Sequence[Sequence[float | None]], rows: Sequence[str], columns: Sequence[str], bound: float) -> None:
    """Draw AUCs as a heat map, each with its number; above `bound` it is bold with a mark, a missing one is hatched."""
    array = np.array([[np.nan if value is None else value for value in row] for row in grid], float)
    words = [["" if np.isnan(v) else f"{v:.2f}{' ▲' if v > bound else ''}" for v in row] for row in array]
    options = {"vmin": 0.0, "vmax": 1.0, "cmap": "cividis", "linewidths": 0.8, "linecolor": "white"}
    sns.heatmap(array, ax=axes, annot=np.array(words), fmt="", cbar_kws={"label": "AUC (0.5: a guess)"}, **options)
    for text in axes.texts:
        text.set_fontweight("bold" if "▲" in text.get_text() else "normal")
        text.set_color(
            "black" if float(text.get_text().split()[0]) > 0.5 else "white"
        )  # on cividis' light half, and its dark one
    for row, column in np.argwhere(np.isnan(array)):
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor="white", edgecolor="0.5", hatch="///", linewidth=0))
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns, rotation=0)
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows, rotation=0)


def draw_matrix(found: Mapping[str, Any], name: str, path: Path) -> None:
    """Draw one probe's matrix with its last row fitted on all others; inside a data set stands in a frame."""
    names, told = datasets(found), found["probes"][name]
    grid = [[told["single"][s][t]["auc"] for t in names] for s in names]
    grid.append([told["leave_one_out"][t]["auc"] for t in names])
    figure, axes = figures.grid(1, 1, 1.2 + 0.42 * len(grid))
    with figures.saved(path, figure):
        panel = axes[0][0]
        bound = found["bounds"]["min_vision_auc"]
        heat(panel, grid, [*(DATASETS[s].title for s in names), "all others"], [DATASETS[t].title for t in names], bound)
        for place in range(len(names)):
            panel.add_patch(Rectangle((place, place), 1, 1, fill=False, edgecolor="black", linewidth=2))
        panel.axhline(len(names), color="black", linewidth=1.5)
        panel.set_ylabel("fitted on train of")
        panel.set_xlabel("tested on test of")


def draw_held_out(found: Mapping[str, Any], path: Path) -> None:
    """Draw every probe on every data set, fitted on all the others; the simple ones stand above the line."""
    names, order = datasets(found), probes(found)
    grid = [[found["probes"][name]["leave_one_out"][t]["auc"] for t in names] for name in order]
    figure, axes = figures.grid(1, 1, 1.2 + 0.38 * max(len(grid), 1))
    with figures.saved(path, figure):
        panel = axes[0][0]
        heat(panel, grid, list(map(title, order)), [DATASETS[t].title for t in names], found["bounds"]["max_global_auc"])
        panel.axhline(len(found["simple"]), color="black", linewidth=1.5)
        panel.set_xlabel("tested on test of; fitted on train of all others")


def write_audit(found: Mapping[str, Any], log: difficulty.Log, synthetic: bool, folder: Path) -> None:
    """Write the figures and every fragment of the page into `folder`."""
    bounds, source = found["bounds"], "synthetic" if synthetic else "licensed"
    draw_held_out(found, folder / "figures/audit_held_out.png")
    draw_matrix(found, "vision", folder / "figures/audit_vision.png")
    texts = {
        "audit_verdict": verdict(found),
        "audit_table": table(found),
        "audit_faces": faces(found),
        "audit_findings": findings(found),
        "audit_matrices": matrices(found),
        "audit_expected": expected(found),
        "audit_licensed": ON_LICENSED[source],
        "audit_held_out": fragments.figure(
            "audit_held_out",
            "AUC of each probe on each data set when fitted on all the others; ▲ and bold letters: above"
            f" {bounds['max_global_auc']:g}. The simple probes stand above the line. A row of ▲ above it would be a leak; data"
            f" sets with fewer than {bounds['min_subjects']} test subjects do not count.",
            "A heat map of probes and data sets with its numbers written in; the table below holds them too",
        ),
        "audit_vision": fragments.figure(
            "audit_vision",
            "AUC of the vision probe from each data set to each other. In a frame: inside a data set. Last row: fitted on all"
            f" others. ▲ and bold letters: above {bounds['min_vision_auc']:g}.",
            "A heat map of sources and targets with its numbers written in; the folded tables hold them too",
        ),
        "audit_difficulty": difficulty.page(log),
    }
    for name, text in texts.items():
        files.write_text(folder / f"{name}.md", text)
