"""Annotators: are the cues that captions name in the image, and what changes if the annotator knows the label?"""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from IPython.display import HTML, Image

from fasrepro.datasets import TITLES as DATASET_TITLES
from fasrepro.evaluation.results import Annotators, Figures
from fasrepro.evaluation.results.explanations import CaptionSetCues
from fasrepro.report import figures
from fasrepro.report.notebook import Study, html_table, image
from fasrepro.report.tables import interval, words

MEASURES = {
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "named_on_bona_fide": "cues named, a bona fide face",
}
CUES_UNKNOWN = "<p>No caption set has an entry: only of synthetic archives are the cues in an image known.</p>"


def compared(study: Study) -> list[str]:
    """Return the two caption sets of the study: by an annotator that knew the label, and by one that did not."""
    return [study.option("label_aware"), study.option("label_blind")]


def shown_sets(study: Study) -> dict[str, CaptionSetCues]:
    """Return the compared sets that have an entry, by name."""
    sets = study.material.annotators.sets
    return {name: sets[name] for name in compared(study) if name in sets}


def notice(study: Study) -> str:
    """Return "" if both sets have an entry; otherwise what to do about it, as HTML."""
    sets = study.material.annotators.sets
    if not sets:
        return CUES_UNKNOWN
    lacking = [name for name in compared(study) if name not in sets]
    if not lacking:
        return ""
    return (
        f"<p>No captions of {html.escape(', '.join(lacking))}: add them to `captions:` in params.yaml, then run `dvc repro`.</p>"
    )


def construction(study: Study) -> HTML:
    """Return which figures follow from how a simulated annotator is made."""
    rates = study.material.annotators.by_construction
    if rates is None:
        return HTML(notice(study) + "<p>The annotator is not simulated: no figure follows from how it was made.</p>")
    return HTML(
        f"{notice(study)}<p>The annotator is simulated, and errs at set rates. By construction it misses a cue that is in"
        f" the image with probability {rates.missed_cue:g}, whether it knows the label or not, so recall is about"
        f" {1 - rates.missed_cue:g} everywhere. If it knows the label, it invents each cue that goes with the kind of attack"
        f" and is absent with probability {rates.invented_cue:g}, and names none on a bona fide face. If it does not, it"
        " takes each harmless thing that resembles a cue for one with the same probability, on bona fide faces too. Its"
        " precision is not set: it depends on what the images hold.</p>"
    )


def _measures(of_group: Figures, signed: bool = False) -> list[str]:
    return [interval(of_group[measure], signed) for measure in MEASURES]


def pooled_table(study: Study) -> HTML:
    """Return the pooled figures of every caption set: who wrote it, whether the label was known, and over how many faces."""
    rows = []
    for name, entry in study.material.annotators.sets.items():
        counts = entry.pooled.counts
        knows = "yes" if entry.label_aware else "no"
        sizes = [counts.attack, counts.bona_fide, counts.subjects]
        rows.append([name, knows, ", ".join(entry.models), *sizes, *_measures(entry.pooled.figures)])
    columns = ["captions", "label known", "annotator", "attacks", "bona fide", "subjects"]
    return html_table([*columns, *MEASURES.values()], rows)


def pair_table(study: Study) -> HTML:
    """Return label known minus not known, for every pair of caption sets, on the same faces and drawn subjects."""
    rows = []
    for pair in study.material.annotators.pairs:
        same_task = "yes" if pair.same_task else "no"
        rows.append([f"{pair.captions} − {pair.baseline}", same_task, pair.counts.subjects, *_measures(pair.difference, True)])
    return html_table(["difference", "same task", "subjects", *MEASURES.values()], rows)


def pair_figure(study: Study) -> Image | HTML:
    """Return the figure of label known minus not known for the two compared sets."""
    rows = [
        (pair.captions, f"{title} · {pair.captions} − {pair.baseline}", pair.difference[measure])
        for measure, title in MEASURES.items()
        for pair in study.material.annotators.pairs
        if [pair.captions, pair.baseline] == compared(study) and pair.difference[measure].value is not None
    ]
    return image(figures.differences, rows, "difference: label known minus not known") if rows else HTML("")


def named_cues(sets: Sequence[CaptionSetCues]) -> list[str]:
    """Return the cues that an attack shows or a caption names, in the order of the file."""
    first = list(sets[0].cues) if sets else []
    return [
        cue
        for cue in first
        if any(entry.cues[cue].showing or entry.cues[cue].named or entry.cues[cue].on_bona_fide for entry in sets)
    ]


def cue_table(study: Study) -> HTML:
    """Return a row a cue and caption set: how many attacks show it, how many captions name it, and how correctly."""
    sets, rows = shown_sets(study), []
    for cue in named_cues(list(sets.values())):
        for name, entry in sets.items():
            one = entry.cues[cue]
            rows.append(
                [words(cue), name, one.showing, one.named, one.on_bona_fide, interval(one.precision), interval(one.recall)]
            )
    columns = ["attacks that show it", "captions of attacks that name it", "of bona fide faces", "precision", "recall"]
    return html_table(["cue", "captions", *columns], rows)


def cue_figure(study: Study) -> Image | HTML:
    """Return the figure of precision and recall by cue."""
    sets = shown_sets(study)
    return image(draw_cues, study.material.annotators, sets) if sets else HTML("")


def group_table(study: Study, part: str) -> HTML:
    """Return a row a group and caption set; `part` is "datasets" or "species"."""
    sets = shown_sets(study)
    rows = []
    for group in sorted({group for entry in sets.values() for group in getattr(entry, part)}):
        for name, entry in sets.items():
            one = getattr(entry, part).get(group)
            if one is not None:
                faces = one.counts.attack + one.counts.bona_fide
                rows.append([DATASET_TITLES.get(group, words(group)), name, faces, *_measures(one.figures)])
    return html_table(["data set" if part == "datasets" else part, "captions", "faces", *MEASURES.values()], rows)


def draw_cues(annotators: Annotators, sets: dict[str, CaptionSetCues], path: Path) -> None:
    """Draw precision and recall of each cue with intervals, a panel each, a mark a caption set.

    A dashed line is the recall that a simulated annotator has by construction.
    """
    cues = named_cues(list(sets.values()))
    drawing, axes = figures.grid(1, 2, 1.1 + 0.3 * max(len(cues), 1), sharey="all")
    with figures.saved(path, drawing):
        for panel, measure in zip(axes[0], ("precision", "recall"), strict=True):
            for index, (offset, (name, entry)) in enumerate(zip(figures.spread(len(sets), 0.45), sets.items(), strict=True)):
                points = [(row, getattr(entry.cues[cue], measure)) for row, cue in enumerate(cues)]
                points = [(row, figure) for row, figure in points if figure.value is not None]
                panel.errorbar(
                    [figure.value for _, figure in points],
                    [row + offset for row, _ in points],
                    xerr=np.array([figures.reach(figure) for _, figure in points]).reshape(-1, 2).T,
                    **figures.marker_style(index),
                    markeredgewidth=0.5,
                    capsize=2,
                    linestyle="none",
                    label=f"{name}: label {'known' if entry.label_aware else 'not known'}",
                )
            panel.set_xlim(-0.03, 1.03)
            panel.set_xlabel(measure)
            panel.grid(visible=True, axis="y", linewidth=0.4)
        if annotators.by_construction is not None:
            axes[0][1].axvline(1 - annotators.by_construction.missed_cue, color="0.3", linestyle="--", linewidth=1)
        axes[0][0].set_yticks(range(len(cues)), list(map(words, cues)))
        axes[0][0].set_ylim(max(len(cues), 1) - 0.5, -0.5)
        drawing.legend(*axes[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=2, frameon=False)
