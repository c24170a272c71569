"""The page on shortcuts: what simple probes learn of the label, as tables, sentences and heat maps.

Every number is an AUC on test faces. No interval is given, so the tables say how many faces and subjects a figure rests on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from fasrepro.datasets import DATASETS, TITLES
from fasrepro.evaluation.results import Audit, Metrics
from fasrepro.report import difficulty, figures, markdown
from fasrepro.report.material import Material, Needs
from fasrepro.report.tables import NONE, number, words

NEEDS = Needs(inputs=("audit", "difficulty", "metrics"), params=("archives", "synthetic", "audit"))
# What a probe sees of a face: every probe of the audit, those without a picture last.
SEES = {
    "mean_colour": "the mean of red, green and blue",
    "contrast": "the spread of the luminance, and its percentiles",
    "spectrum_slope": "slope and intercept of the power spectrum",
    "border": "mean and spread of the crop's rim, and by how much they exceed its middle's",
    "file_size": "the bytes that the video spends on a frame",
    "crop_size": "width, height and shape of the face box",
    "vision": "colour texture, spectrum and a thumbnail: a detector from before networks",
    "cues": "the cues in the crop, and look-alikes: no picture at all",
}
MEASURES = {"inside": "inside", "across": "from one other, mean", "held_out": "from all others"}
EXPECTED = {
    "vision_inside": "The vision probe should reach {least} inside every data set",
    "vision_drop": "The vision probe should lose {least} on average from one data set to another",
    "cues_everywhere": "The cues alone should detect attacks with {least} inside every data set and from all others",
}
DIFFICULTY_RUN = "label_only"  # the trials of the difficulty are of this run
OUTCOMES = {None: "which could not be tested", True: "and does", False: "and does **not**"}
# The page's section on licensed archives, for a book of synthetic archives and of licensed ones.
ON_SYNTHETIC = (
    "The cues probe knows what was drawn. Of licensed archives nobody knows that, so there the audit has no such row, and"
    " how well a face can be classified at best stays open. A leak in licensed archives is a finding about them and stops"
    " nothing.\n"
)
ON_LICENSED = (
    "These archives are licensed: which cues are in a face is not known, so there is no probe of them. A leak is a finding"
    " about the archives, and stopped nothing.\n"
)


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments, and draw its heat maps."""
    audit, bounds = material.audit, material.audit.bounds
    return {
        "answer": markdown.answer(verdict(audit)),
        "probes": probe_table(audit),
        "faces": face_table(audit),
        "findings": findings(audit),
        "matrices": matrices(audit),
        "expected": expectations(audit),
        "near_images": near_images(audit),
        "licensed": ON_SYNTHETIC if material.is_synthetic else ON_LICENSED,
        "held_out": material.draw(
            "held_out",
            lambda path: draw_held_out(audit, path),
            "AUC of each probe on each data set when fitted on all the others; ▲ and bold letters: above"
            f" {bounds.max_global_auc:g}. The simple probes are above the line. A row of ▲ there would be a leak; data sets"
            f" with fewer than {bounds.min_subjects} test subjects do not count.",
            "A heat map of probes and data sets with its numbers written in; the table below holds them too",
        ),
        "vision": material.draw(
            "vision",
            lambda path: draw_matrix(audit, "vision", path),
            "AUC of the vision probe from each data set to each other. In a frame: inside a data set. Last row: fitted on"
            f" all others. ▲ and bold letters: above {bounds.min_vision_auc:g}.",
            "A heat map of sources and targets with its numbers written in; the folded tables hold them too",
        ),
        "difficulty": difficulty_table(material.difficulty) + "\n" + present_difficulty(material.difficulty, material.metrics),
    }


def values(material: Material) -> dict[str, str]:
    """Return the values of the page's text: "audit_<probe>_<inside, across, drop or held_out>"."""
    return {
        f"audit_{name}_{key}": number(getattr(probe, key))
        for name, probe in material.audit.probes.items()
        for key in ("inside", "across", "drop", "held_out")
    }


def probe_names(audit: Audit) -> list[str]:
    """Return the names of the probes: the simple ones first, then in the order of `SEES`."""
    return [*audit.simple, *(name for name in SEES if name in audit.probes and name not in audit.simple)]


def dataset_names(audit: Audit) -> list[str]:
    """Return the audited data sets, in the order of `DATASETS`."""
    return [name for name in DATASETS if name in audit.datasets]


def listed(probes: Sequence[str]) -> str:
    """Return probes as a sentence lists them."""
    return ", ".join(map(words, probes))


def probe_table(audit: Audit) -> str:
    """Return the table of probes and data sets: inside, from one other data set, and from all others."""
    targets, rows = dataset_names(audit), []
    for name in probe_names(audit):
        probe = audit.probes[name]
        by_measure = {
            "inside": [probe.single[target][target].auc for target in targets],
            "across": [probe.from_one_other[target] for target in targets],
            "held_out": [probe.leave_one_out[target].auc for target in targets],
        }
        for measure, title in MEASURES.items():
            first = words(name) if measure == "inside" else ""
            rows.append([first, title, *map(number, by_measure[measure]), number(getattr(probe, measure))])
    columns = ["probe", "fitted", *(DATASETS[target].title for target in targets), "mean"]
    return markdown.table(columns, rows) + "\n" + missing_reasons(audit)


def missing_reasons(audit: Audit) -> str:
    """Return why figures are missing, each reason once; "" if none is."""
    probes = audit.probes.values()
    groups = [group for probe in probes for group in (*probe.single.values(), probe.leave_one_out)]
    reasons = sorted({cell.missing for group in groups for cell in group.values() if cell.missing})
    text = re.sub(r"\w+", lambda word: TITLES.get(word[0], word[0]), "; ".join(reasons))
    return f"Without a figure ({NONE}): {text}.\n" if reasons else ""


def face_table(audit: Audit) -> str:
    """Return the table of the faces that probes are fitted and tested on."""
    rows = []
    for name in dataset_names(audit):
        counts = [getattr(audit.faces[name], split) for split in ("train", "test")]
        rows.append([DATASETS[name].title, *(n for c in counts for n in (c.subjects, c.bona_fide, c.attack))])
    heads = [f"{split}: {unit}" for split in ("train", "test") for unit in ("subjects", "bona fide faces", "attack faces")]
    return markdown.table(["data set", *heads], rows)


def _matrix(audit: Audit, name: str) -> list[list[float | None]]:
    """Return one probe's AUC, a row a source and a column a target; the last row is fitted on all others."""
    targets, probe = dataset_names(audit), audit.probes[name]
    rows = [[probe.single[source][target].auc for target in targets] for source in targets]
    return [*rows, [probe.leave_one_out[target].auc for target in targets]]


def matrices(audit: Audit) -> str:
    """Return every probe's matrix, a row a source and a column a target, folded away."""
    targets, blocks = dataset_names(audit), []
    titles = [DATASETS[target].title for target in targets]
    for name in probe_names(audit):
        rows = [
            [source, *map(number, figures_of)]
            for source, figures_of in zip([*titles, "all others"], _matrix(audit, name), strict=True)
        ]
        blocks += [f"**{words(name)}**: {SEES[name]}; {audit.probes[name].measures} measures", ""]
        blocks += [markdown.table(["fitted on", *titles], rows)]
    sizes = []
    for target in targets:
        counts = audit.faces[target].test
        sizes.append(f"{DATASETS[target].title} {counts.bona_fide + counts.attack} and {counts.subjects}")
    tested = f"Faces and subjects that each column is tested on: {'; '.join(sizes)}.\n"
    return "\n".join(["::::{dropdown} Each probe from each data set to each other", *blocks, tested, "::::", ""])


def findings(audit: Audit) -> str:
    """Return a line for each probe: what it can and cannot do."""
    bound, lines = audit.bounds.max_global_auc, []
    for name in probe_names(audit):
        probe = audit.probes[name]
        counted = probe.judged.held_out
        above = sum((probe.leave_one_out[dataset].auc or 0) > bound for dataset in counted)
        lines.append(
            f"- **{words(name)}** ({SEES[name]}): {number(probe.inside)} inside a data set, {number(probe.across)} from one to"
            f" another, {number(probe.held_out)} from all others, where {above} of {len(counted)} data sets that count lie above"
            f" {bound:g}."
        )
    return "\n".join([*lines, ""])


def near_images(audit: Audit) -> str:
    """Return how many faces in two parts of a protocol look the same, with examples."""
    near = audit.near_images
    if near is None:
        return "These figures were computed before such images were looked for.\n"
    counted = f"Of {near.faces} faces, {near.pairs} pairs of different people look the same."
    if not near.shared:
        return f"{counted} **No protocol** has two of them in two of its parts.\n"
    rows = [
        [name, shared.pairs, "; ".join(" and ".join(pair) for pair in shared.examples)] for name, shared in near.shared.items()
    ]
    return "\n".join([f"{counted} In two parts of a protocol:\n", markdown.table(["protocol", "pairs", "such as"], rows)])


def verdict(audit: Audit) -> str:
    """Return the rule's verdict on the simple probes, and which of them it could not judge."""
    bound, simple = f"{audit.bounds.max_global_auc:g}", audit.simple
    why = f"fewer than two data sets have a figure on at least {audit.bounds.min_subjects} test subjects"
    untested, untested_inside = audit.untested.leaks, audit.untested.inside_everywhere
    if audit.leaks:
        text = (
            f"**{listed(audit.leaks)}** detects attacks in every data set when fitted on the others, with an AUC above {bound}:"
            " a leak."
        )
    elif len(untested) < len(simple):
        text = f"No simple probe has an AUC above {bound} on every data set when fitted on the others: **no leak was found**."
    else:
        text = f"Whether a simple probe detects attacks in every data set **could not be tested**: {why}."
    if untested and len(untested) < len(simple):
        text += f" **Not tested**: {listed(untested)}, because {why}."
    inside = f"For information: simple probes above {bound} inside every data set, each on its own: "
    if len(untested_inside) == len(simple):
        inside += f"could not be tested: {why}"
    else:
        inside += listed(audit.inside_everywhere) or "none"
        inside += f"; could not be tested: {listed(untested_inside)}" if untested_inside else ""
    return f"{text}\n\n{inside}.\n"


def expectations(audit: Audit) -> str:
    """Return whether the world is as learnable, and as shifted, as it should be."""
    lines = []
    for name, sentence in EXPECTED.items():
        if name in audit.expected:
            entry = audit.expected[name]
            kind = "on average" if name == "vision_drop" else "at the lowest"
            value = "" if entry.value is None else f": {number(entry.value)} {kind}"
            lines.append(f"- {sentence.format(least=format(entry.least, 'g'))}, {OUTCOMES[entry.met]}{value}.")
    return "\n".join([*lines, ""]) if lines else "Nothing was tested.\n"


def draw_heat_map(
    axes: Axes, grid: Sequence[Sequence[float | None]], rows: Sequence[str], columns: Sequence[str], bound: float
) -> None:
    """Draw AUCs as a heat map, each with its number: bold with a mark above `bound`, hatched if missing."""
    array = np.array([[np.nan if value is None else value for value in row] for row in grid], float)
    texts = [["" if np.isnan(v) else f"{v:.2f}{' ▲' if v > bound else ''}" for v in row] for row in array]
    options = {"vmin": 0.0, "vmax": 1.0, "cmap": "cividis", "linewidths": 0.8, "linecolor": "white"}
    sns.heatmap(array, ax=axes, annot=np.array(texts), fmt="", cbar_kws={"label": "AUC (0.5: a guess)"}, **options)
    for text in axes.texts:
        text.set_fontweight("bold" if "▲" in text.get_text() else "normal")
        light = float(text.get_text().split()[0]) > 0.5  # the light half of cividis
        text.set_color("black" if light else "white")
    for row, column in np.argwhere(np.isnan(array)):
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor="white", edgecolor="0.5", hatch="///", linewidth=0))
    axes.set_xticks(np.arange(len(columns)) + 0.5, columns, rotation=0)
    axes.set_yticks(np.arange(len(rows)) + 0.5, rows, rotation=0)


def draw_matrix(audit: Audit, name: str, path: Path) -> None:
    """Draw one probe's matrix, whose last row is fitted on all others; frames mark figures inside a data set."""
    titles, grid = [DATASETS[target].title for target in dataset_names(audit)], _matrix(audit, name)
    drawing, axes = figures.grid(1, 1, 1.2 + 0.42 * len(grid))
    with figures.saved(path, drawing):
        panel = axes[0][0]
        draw_heat_map(panel, grid, [*titles, "all others"], titles, audit.bounds.min_vision_auc)
        for place in range(len(titles)):
            panel.add_patch(Rectangle((place, place), 1, 1, fill=False, edgecolor="black", linewidth=2))
        panel.axhline(len(titles), color="black", linewidth=1.5)
        panel.set_ylabel("fitted on train of")
        panel.set_xlabel("tested on test of")


def draw_held_out(audit: Audit, path: Path) -> None:
    """Draw every probe on every data set, fitted on all the others; the simple probes are above the line."""
    titles, order = [DATASETS[target].title for target in dataset_names(audit)], probe_names(audit)
    grid = [_matrix(audit, name)[-1] for name in order]
    drawing, axes = figures.grid(1, 1, 1.2 + 0.38 * max(len(grid), 1))
    with figures.saved(path, drawing):
        panel = axes[0][0]
        draw_heat_map(panel, grid, list(map(words, order)), titles, audit.bounds.max_global_auc)
        panel.axhline(len(audit.simple), color="black", linewidth=1.5)
        panel.set_xlabel("tested on test of; fitted on train of all others")


def difficulty_table(log: difficulty.Log) -> str:
    """Return where HTER was to lie, the trials as a table, and whether the last of them reached it."""
    window = log.window
    goal = (
        f"The goal: HTER of `label_only` at the dev threshold from {window.low:.2f} to {window.high:.2f} on at least"
        f" {window.targets} targets, before any run with captions was made in this world.\n"
    )
    if not log.trials:
        return f"{goal}\nNo trial has been logged yet.\n"
    targets = [name for name in DATASETS if any(name in trial.hter for trial in log.trials)]
    rows = []
    for trial in log.trials:
        shares = [f"{getattr(trial, key):.2f}" for key in difficulty.SHARES]
        errors = [number(trial.hter.get(name)) for name in targets]
        rows.append([trial.number, trial.changed, trial.why, *shares, trial.subjects, trial.seeds, *errors, log.inside(trial)])
    columns = ["trial", "changed", "why", "least strength", "tie", "vision probe loses", "subjects", "seeds"]
    columns += [*(f"HTER, {DATASETS[name].title}" for name in targets), "targets in the range"]
    last = log.trials[-1]
    count = log.inside(last)
    reached = "as intended" if count >= window.targets else "fewer than intended"
    closing = f"In the last trial {count} of {len(last.hter)} targets lie in the range, {reached}.\n"
    return "\n".join([goal, markdown.table(columns, rows), closing])


def present_difficulty(log: difficulty.Log, metrics: Metrics) -> str:
    """Return how difficult the trials' targets are for `label_only` as it is trained now, and what that means for comparisons.

    The trials have the recipe of their time, so its error can leave the range that the last of them reached.
    """
    targets = log.trials[-1].hter if log.trials else {}
    cells = [cell for cell in metrics.cells.values() if cell.run == DIFFICULTY_RUN and cell.target in targets]
    if not cells:
        return ""
    errors = {cell.cell: cell.mean.units.figures["hter_dev"].value for cell in cells}
    low, high = log.window.low, log.window.high
    figures_of_cells = ", ".join(f"`{name}` {number(error)}" for name, error in errors.items())
    near_guess = [f"`{name}`" for name, error in errors.items() if error is not None and error > high]
    inside = sum(error is not None and low <= error <= high for error in errors.values())
    text = (
        f"The runs of this book use a later recipe in the same world. With it, HTER of `{DIFFICULTY_RUN}` at the dev threshold is"
        f" {figures_of_cells}: {inside} of {len(errors)} in the range.\n"
    )
    if near_guess:
        text += (
            f"\nOn {', '.join(near_guess)} it errs more often than that: labels alone hardly transfer, and where another run does"
            " not either, both are nearly guesses and their difference says little. The world was not made easier for this.\n"
        )
    return text
