"""Explanations: do they say what their verdict says, agree with the head, and name cues that are in the image?"""

from __future__ import annotations

from IPython.display import HTML, Image

from fasrepro.report import figures
from fasrepro.report.notebook import Study, html_table, image
from fasrepro.report.pages.explanations import VARIANTS
from fasrepro.report.tables import interval

CUES_UNKNOWN = HTML("<p>Of licensed archives it is not known which cues are in an image.</p>")


def without_verdict(study: Study, reader: str) -> HTML:
    """Return the accuracy of a reader on whole texts, without their verdict, and with it flipped, by frame."""
    rows = []
    for cell in study.select(study.material.verdict_agreement.cells):
        by_variant = [cell.channels.get(reader + end) for end in VARIANTS]
        accuracies = [interval(channel.figures["accuracy"] if channel else None) for channel in by_variant]
        cut = cell.channels.get(f"{reader}_cut")
        rows.append([cell.cell, cell.run, *accuracies, interval(cut.figures["undecided"] if cut else None)])
    return html_table(["protocol", "run", *VARIANTS.values(), f"undecided, {VARIANTS['_cut']}"], rows)


def against_head(study: Study, reader: str) -> HTML:
    """Return how often the head decides differently from the text, and the errors of both, by frame."""
    rows = []
    for cell in study.select(study.material.verdict_agreement.cells):
        channel = cell.channels.get(reader)
        if channel:
            text = [interval(channel.figures[name]) for name in ("disagreement", "accuracy", "hter")]
            head = study.metrics.cells[cell.key].mean.frame.figures["hter_dev"]
            rows.append([cell.cell, cell.run, *text, interval(head)])
    columns = ["head and text disagree", "accuracy of the text", "HTER of the text", "HTER of the head"]
    return html_table(["protocol", "run", *columns], rows)


def grounding(study: Study) -> HTML:
    """Return the F1 of the cues that explanations name, beside a sampler's."""
    rows = []
    for cell in study.select(study.material.grounding.cells):
        scores = [interval(cell.explained["f1"]), interval(cell.sampler["f1"]), interval(cell.difference["f1"], signed=True)]
        rows.append([cell.cell, cell.run, *scores, interval(cell.explained["named_on_bona_fide"])])
    columns = ["F1", "F1 of the sampler", "difference", "cues named, a bona fide face"]
    return html_table(["protocol", "run", *columns], rows) if rows else CUES_UNKNOWN


def grounding_figure(study: Study) -> Image | HTML:
    """Return the figure of F1 minus the sampler's."""
    cells = [cell for cell in study.select(study.material.grounding.cells) if cell.difference["f1"].value is not None]
    if not cells:
        return HTML("")
    rows = [(cell.run, f"{cell.cell} · {cell.run} − sampler", cell.difference["f1"]) for cell in cells]
    return image(figures.differences, rows, "F1 of named cues minus the sampler's (right is better)")
