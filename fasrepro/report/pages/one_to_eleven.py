"""The page of paper 2's results: one training tested on eleven targets, by target, by type of attack, and run against run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fasrepro import vocabulary
from fasrepro.datasets import TITLES
from fasrepro.evaluation.metrics import METRICS
from fasrepro.evaluation.results import Figure
from fasrepro.evaluation.results.metrics import CellMetrics
from fasrepro.report import figures, markdown, recipe_trials, tables
from fasrepro.report.material import Material, Needs
from fasrepro.report.pages import ledger, results
from fasrepro.report.tables import interval, words

NEEDS = Needs(inputs=(*ledger.LEDGER_INPUTS, "recipe_trials"), params=ledger.LEDGER_PARAMS)
MAIN_CLAIMS = ("P2-1", "P2-2")
NOT_RUN = (
    "Nothing is recorded of these protocols, and this machine has not run them: `make reproduce PROFILE=one_to_eleven` does,"
    " and `fasrepro record --profile one_to_eleven` keeps its figures.\n"
)
COLUMNS = ("hter_dev", "auc", "oracle_hter")  # the oracle beside the honest figure
FIGURE = (
    "HTER on each target at the threshold selected on the sources' dev people, with intervals over subjects and seeds. Lower is"
    " better."
)


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments, and draw its figure; where nothing has been run, the answer says so and they are dashes."""
    shown = ledger.paper_2(material)
    cells = tables.in_order(shown.cells, material.runs)
    trials = {"trials": trial_table(material.recipe_trials)}
    if not cells:
        names = ("source", "means", "by_target", "figure_hter", "paired", "by_species", "species_by_cell")
        return dict.fromkeys(names, markdown.NOTHING) | {"answer": markdown.answer(NOT_RUN)} | trials
    rows = ledger.ledger_rows(material)
    answers = " ".join(ledger.answer(rows, claim).strip() for claim in MAIN_CLAIMS)
    runs = [run for run in material.runs if any(cell.run == run for cell in cells)]
    return {
        "answer": markdown.answer(f"{answers}\n"),
        "source": f"Figures are those of {shown.source}.\n",
        "means": mean_table(cells),
        "by_target": target_table(cells),
        "figure_hter": material.draw(
            "hter", lambda path: figures.measure(cells, material.runs, "hter_dev", path, chance=0.5), FIGURE
        ),
        "paired": results.paired_table(shown.metrics, runs),
        "by_species": species_table(cells),
        "species_by_cell": results.species_table(cells),
        **trials,
    }


def target_table(cells: Sequence[CellMetrics]) -> str:
    """Return the table of HTER, AUC and oracle HTER, a row a target and run."""
    rows = [
        [
            cell.protocol,
            TITLES[cell.target],
            cell.run,
            len(cell.seeds),
            cell.mean.units.counts.subjects,
            *tables.intervals(cell.mean.units.figures, COLUMNS),
        ]
        for cell in cells
    ]
    return markdown.table(["trained on", "target", "run", "seeds", "subjects", *_titles()], rows)


def mean_table(cells: Sequence[CellMetrics]) -> str:
    """Return the table of means over targets, a row a protocol and run, each target weighing the same.

    They have no interval: targets share trainings and dev people, which only the table of differences counts.
    """
    rows = []
    for (protocol, run), group in _by_run(cells).items():
        means = [_mean([cell.mean.units.figures[name] for cell in group]) for name in COLUMNS]
        rows.append([protocol, run, len(group), min(len(cell.seeds) for cell in group), *means])
    return markdown.table(["trained on", "run", "targets", "seeds", *_titles()], rows)


def species_table(cells: Sequence[CellMetrics]) -> str:
    """Return the table of APCER by type of attack, a column a protocol and run: means over the targets that have the type."""
    groups = _by_run(cells)
    rows = []
    for species in vocabulary.SPECIES:
        having = [cell for cell in cells if species in cell.mean.units.apcer]
        by_group = [[cell.mean.units.apcer[species] for cell in group if cell in having] for group in groups.values()]
        if having:
            rows.append([words(species), len({cell.target for cell in having}), *map(_mean, by_group)])
    return markdown.table(["type of attack", "targets", *(f"{run}, {protocol}" for protocol, run in groups)], rows)


def trial_table(log: recipe_trials.Log) -> str:
    """Return what decided the recipe of the runs in two stages, and its trials as a table."""
    sources = log.trials[0].dev_auc
    rows = []
    for number, trial in enumerate(log.trials, start=1):
        aucs = [trial.dev_auc[source] for source in sources]
        steps = " + ".join(map(str, trial.steps))
        rows.append([number, trial.trained, steps, trial.rate, *map(tables.number, [*aucs, float(np.mean(aucs))])])
    columns = ["trial", "trained in stage 1", "steps", "rate", *(f"dev AUC, {TITLES[source]}" for source in sources), "mean"]
    return f"{markdown.escape(log.decided)}\n\n{markdown.table(columns, rows)}"


def _titles() -> list[str]:
    return [METRICS[name].title for name in COLUMNS]


def _by_run(cells: Sequence[CellMetrics]) -> dict[tuple[str, str], list[CellMetrics]]:
    """Return the cells of each protocol and run."""
    groups: dict[tuple[str, str], list[CellMetrics]] = {}
    for cell in cells:
        groups.setdefault((cell.protocol, cell.run), []).append(cell)
    return groups


def _mean(group: Sequence[Figure]) -> str:
    """Return the mean of figures; a dash unless all are defined, and there is one."""
    values = [figure.value for figure in group if figure.value is not None]
    return interval(Figure(float(np.mean(values)), None, None)) if values and len(values) == len(group) else tables.NONE
