"""The page on detectors without a language model: probes, classical texture and deployed peers, beside every run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fasrepro.datasets import TITLES
from fasrepro.evaluation.metrics import METRICS
from fasrepro.evaluation.results.metrics import CellMetrics
from fasrepro.peers.catalogue import PEERS
from fasrepro.report import eleven_targets, figures, markdown, tables
from fasrepro.report.markdown import escape
from fasrepro.report.material import Material, Needs
from fasrepro.report.tables import interval, number

NEEDS = Needs(inputs=("metrics", "baselines", "recorded"), params=("archives", "synthetic", "runs"))
NO_CELLS = "No baseline has been tested yet: run `dvc repro`.\n"
BASELINES = {"encoder_probe": "linear probe of the frozen encoder", "texture_probe": "colour texture"}  # of every machine
DETECTORS = {**BASELINES, **{name: peer.title for name, peer in PEERS.items()}}  # in the order of tables
COLUMNS = ("hter_dev", "auc", "oracle_hter")  # the oracle beside the honest figure
FIGURE = "HTER at the dev threshold of the baselines and of the runs, with intervals over subjects and seeds. Lower is better."


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments, and draw a figure for each paper."""
    papers = all_cells(material)
    order = [*DETECTORS, *material.runs]
    return {
        "answer": markdown.answer("\n".join(answer(cells, order, source) for cells, source in papers) or NO_CELLS),
        "peers": peers([cell for cells, _ in papers for cell in cells]),
        "table": "\n".join(table(cells, order) for cells, _ in papers) or markdown.NOTHING,
        "figure": "\n".join(figure(material, cells, order, place) for place, (cells, _) in enumerate(papers)) or markdown.NOTHING,
    }


def all_cells(material: Material) -> list[tuple[list[CellMetrics], str]]:
    """Return the cells of each paper that has any, baselines and runs, and their source in words where it is a record."""
    second, source = eleven_targets.with_baselines(material.metrics, material.baselines, material.recorded)
    given = [*material.baselines.cells.values(), *material.metrics.cells.values()]
    first = [cell for cell in given if not eleven_targets.is_of_paper_2([cell.protocol])]
    papers = [(beside(first), ""), (beside(second), "" if source == eleven_targets.OWN else source)]
    return [(cells, source) for cells, source in papers if cells]


def beside(cells: Sequence[CellMetrics]) -> list[CellMetrics]:
    """Return the cells that a baseline was tested on, of the baselines and of the runs that were tested on all of these."""
    tested = {cell.cell for cell in cells if cell.run in DETECTORS}
    cells_of: dict[str, set[str]] = {}
    for cell in cells:
        cells_of.setdefault(cell.run, set()).add(cell.cell)
    return [cell for cell in cells if cell.cell in tested and tested <= cells_of[cell.run]]


def answer(cells: Sequence[CellMetrics], order: Sequence[str], source: str) -> str:
    """Return each run's mean HTER over the cells, baselines first, and on how many cells a baseline is better than each run."""
    errors = {run: _errors(cells, run) for run in order if _errors(cells, run)}
    means = {run: float(np.mean(list(values.values()))) for run, values in errors.items()}
    listed = ", ".join(f"{escape(DETECTORS.get(run, run))} {number(mean)}" for run, mean in means.items())
    count = len({cell.cell for cell in cells})
    sentences = [f"Mean HTER at the dev threshold over {count} pairs of protocol and target: {listed}."]
    for baseline in [run for run in DETECTORS if run in errors]:
        wins = [
            f"{sum(errors[baseline][cell] < value for cell, value in values.items())} of {len(values)} against {escape(run)}"
            for run, values in errors.items()
            if run not in DETECTORS
        ]
        if wins:
            sentences.append(f"The {DETECTORS[baseline]} is better on {', '.join(wins)}.")
    sentences.append(f"Figures are those of {source}." if source else "")
    return " ".join(filter(None, sentences)) + "\n"


def _errors(cells: Sequence[CellMetrics], run: str) -> dict[str, float]:
    """Return the HTER of a run by cell, where it is defined."""
    figure_of = {cell.cell: cell.mean.units.figures["hter_dev"].value for cell in cells if cell.run == run}
    return {cell: value for cell, value in figure_of.items() if value is not None}


def peers(cells: Sequence[CellMetrics]) -> str:
    """Return the table of peers: what each is, and whether the cells have it or what computes it."""
    runs = {cell.run for cell in cells}
    states = {name: "computed" if name in runs else f"not computed: {peer.remedy}" for name, peer in PEERS.items()}
    rows = [[name, *(markdown.Html(markdown.with_code(text)) for text in (PEERS[name].title, states[name]))] for name in PEERS]
    return markdown.table(["run", "detector", "rows"], rows)


def table(cells: Sequence[CellMetrics], order: Sequence[str]) -> str:
    """Return the table of HTER, AUC and oracle HTER, a row a cell and run."""
    rows = [
        [cell.protocol, TITLES[cell.target], cell.run, len(cell.seeds), *(interval(cell.mean.units.figures[c]) for c in COLUMNS)]
        for cell in tables.in_order(cells, order)
    ]
    return markdown.table(["trained on", "target", "run", "seeds", *(METRICS[name].title for name in COLUMNS)], rows)


def figure(material: Material, cells: Sequence[CellMetrics], order: Sequence[str], place: int) -> str:
    """Draw the HTER of every cell and run, and return the fragment."""
    runs = [run for run in order if any(cell.run == run for cell in cells)]
    means = {run: float(np.mean(list(_errors(cells, run).values()))) for run in runs}
    alt = "Mean HTER: " + ", ".join(f"{run} {mean:.3f}" for run, mean in means.items()) + ". The table above holds every number"
    in_order = tables.in_order(cells, order)
    return material.draw(
        f"hter_{place}",
        lambda path: figures.measure(in_order, runs, "hter_dev", path, chance=0.5),
        FIGURE,
        markdown.alt_text(alt),
    )
