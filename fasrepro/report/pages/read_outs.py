"""The page on read-outs: a detector's verdict as its answer, at the Conclusion of its chains, and behind chains of others."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from fasrepro.datasets import TITLES
from fasrepro.evaluation.metrics import METRICS
from fasrepro.evaluation.results import Figure, ReadOutFigures
from fasrepro.evaluation.results.read_outs import (
    ANSWER,
    BY_CHAIN,
    BY_IMAGE,
    CHAIN,
    FOLLOWS_IMAGE,
    READ_OUTS,
    SAMPLED,
    CellReadOuts,
    ChainCounts,
    ReadOuts,
    RunReadOuts,
)
from fasrepro.report import markdown, tables
from fasrepro.report.eleven_targets import OWN, in_order
from fasrepro.report.markdown import escape
from fasrepro.report.material import Material, Needs
from fasrepro.report.tables import interval, number

NEEDS = Needs(inputs=("read_out_figures", "recorded"), params=("runs", "read_outs"))
NOT_RUN = (
    "No detector that answers the label question and writes chains in tags is recorded with its read-outs, and this machine has"
    " trained none: `make reproduce PROFILE=one_to_eleven` does, and `fasrepro record --profile one_to_eleven` keeps its"
    " figures.\n"
)
NAMES = {ANSWER: "answer", CHAIN: "own chain", SAMPLED: "sampled chains"}
MEASURES = {"hter": METRICS["hter_dev"].title, "auc": METRICS["auc"].title}
FORCED = {
    "bona_fide/bona_fide": "bona fide image, bona fide chain",
    "bona_fide/attack": "bona fide image, chain of an attack",
    "attack/bona_fide": "image of an attack, bona fide chain",
    "attack/attack": "image of an attack, chain of an attack",
    BY_IMAGE: "effect of the image",
    BY_CHAIN: "effect of the chain",
    FOLLOWS_IMAGE: "decisions that follow the image",
}
SIGNED = (BY_IMAGE, BY_CHAIN)
FRAGMENTS = ("source", "means", "disagreement", "forced", "by_target", "forced_by_target", "chains")


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments; where no read-out is known, the answer says so and the others are dashes."""
    figures, source = shown(material)
    if not figures.cells:
        return dict.fromkeys(FRAGMENTS, markdown.NOTHING) | {"answer": markdown.answer(NOT_RUN)}
    runs = runs_in_order(figures.runs.values(), material.runs)
    cells = tables.in_order(figures.cells.values(), material.runs)
    of_runs = [([run.protocol, run.run, len(run.targets), len(run.seeds)], run.figures) for run in runs]
    of_cells = [([cell.protocol, cell.run, TITLES[cell.target], _size(cell)], cell.figures) for cell in cells]
    by_run, by_cell = ["trained on", "run", "targets", "seeds"], ["trained on", "run", "target", "faces / subjects"]
    return {
        "answer": markdown.answer(answer(runs)),
        "source": f"Figures are those of {source}.\n",
        "means": figure_table(by_run, of_runs),
        "disagreement": disagreement_table(by_run, of_runs),
        "forced": forced_table(by_run, of_runs),
        "by_target": figure_table(by_cell, of_cells),
        "forced_by_target": forced_table(by_cell, of_cells),
        "chains": chain_table(runs, cells),
    }


def shown(material: Material) -> tuple[ReadOutFigures, str]:
    """Return this machine's read-outs, or where it has none those of a recorded run; and whose they are."""
    own = material.read_out_figures
    if own.cells:
        return own, OWN
    for run in in_order(material.recorded):
        if run.read_out_figures is not None and run.read_out_figures.cells:
            return run.read_out_figures, f"a recorded run, profile {run.source}"
    return own, OWN


def runs_in_order(entries: Iterable[RunReadOuts], runs: Sequence[str]) -> list[RunReadOuts]:
    """Return entries by protocol, then in the order of `runs`."""
    place = {run: count for count, run in enumerate(runs)}
    return sorted(entries, key=lambda entry: (entry.protocol, place.get(entry.run, len(place))))


def answer(runs: Sequence[RunReadOuts]) -> str:
    """Return for each run the HTER of each read-out, how often two of them disagree, and what the Conclusion follows."""
    lines = []
    for run in runs:
        figures = run.figures
        hter = [f"{number(figures.by_read_out[name]['hter'].value)} by {_of(name)}" for name in READ_OUTS]
        disagree = number(figures.disagreement[f"{ANSWER}/{CHAIN}"].value)
        effects = [interval(figures.forced[name], signed=True) for name in SIGNED]
        lines.append(
            f"- {escape(run.run)}, trained on {escape(run.protocol)}: HTER {', '.join(hter)}. Answer and own chain decide"
            f" differently on {disagree} of the faces. With another person's chain, P(attack) at the Conclusion moves by"
            f" {effects[0]} with the image's label and by {effects[1]} with the chain's."
        )
    return "Means over the targets, each read-out at a threshold of its own.\n\n" + "\n".join(lines) + "\n"


def _of(name: str) -> str:
    return f"its {NAMES[name]}"


def _size(cell: CellReadOuts) -> str:
    return f"{cell.counts.bona_fide + cell.counts.attack} / {cell.counts.subjects}"


Rows = Sequence[tuple[list[object], ReadOuts]]  # the first cells of a row, and its figures


def figure_table(columns: Sequence[str], rows: Rows) -> str:
    """Return the table of HTER and AUC: a row a read-out, with its difference from the answer."""
    lines = []
    for first, figures in rows:
        for name in READ_OUTS:
            own, minus = figures.by_read_out[name], figures.differences.get(name, {})
            lines.append(
                [
                    *first,
                    NAMES[name],
                    *(interval(own[measure]) for measure in MEASURES),
                    *(interval(minus.get(measure), signed=True) for measure in MEASURES),
                ]
            )
    titles = list(MEASURES.values())
    return markdown.table([*columns, "read from", *titles, *(f"{title}: minus the answer's" for title in titles)], lines)


def disagreement_table(columns: Sequence[str], rows: Rows) -> str:
    """Return the share of faces that two read-outs decide differently, a column a pair of them."""
    pairs = list(itertools.combinations(READ_OUTS, 2))
    lines = [[*first, *(interval(figures.disagreement[f"{one}/{other}"]) for one, other in pairs)] for first, figures in rows]
    return markdown.table([*columns, *(f"{NAMES[one]}, {NAMES[other]}" for one, other in pairs)], lines)


def forced_table(columns: Sequence[str], rows: Rows) -> str:
    """Return mean P(attack) by the labels of image and chain, and what it follows."""

    def shown_figure(name: str, figure: Figure) -> str:
        return interval(figure, signed=name in SIGNED)

    lines = [[*first, *(shown_figure(name, figures.forced[name]) for name in FORCED)] for first, figures in rows]
    return markdown.table([*columns, *FORCED.values()], lines)


def chain_table(runs: Sequence[RunReadOuts], cells: Sequence[CellReadOuts]) -> str:
    """Return how many chains there are, and how many have no Conclusion: about dev faces, and about each target's."""
    lines = [[run.protocol, run.run, "dev of the sources", *_counts(run.dev)] for run in runs]
    lines += [[cell.protocol, cell.run, TITLES[cell.target], *_counts(cell.chains)] for cell in cells]
    columns = ["own chains", "without a Conclusion", "sampled chains", "without a Conclusion"]
    return markdown.table(["trained on", "run", "people", *columns], lines)


def _counts(counts: ChainCounts) -> list[int]:
    return [counts.chains, counts.unfinished, counts.samples, counts.unfinished_samples]
