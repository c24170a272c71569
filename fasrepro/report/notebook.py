"""What the notebooks share: a study, which is an ablation's results, and its tables and figures.

    from fasrepro.report import notebook
    study = notebook.open_study("caption_style")  # a key of `ablations:` in params.yaml
    display(study.table("hter_dev", "auc"), study.figure("hter_dev"))

A notebook reads results. It never trains a model, and never calls an API.
"""

from __future__ import annotations

import dataclasses
import html
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
from IPython.display import HTML, Image

from fasrepro import config, names, paths
from fasrepro.evaluation import metrics
from fasrepro.evaluation.results import HEAD, Metrics, key
from fasrepro.evaluation.results.metrics import CellDifference, CellMetrics
from fasrepro.report import differences, figures, recorded, tables
from fasrepro.report.material import Material
from fasrepro.report.tables import interval

LINE = 90  # letters that a line of a cell's output has room for in the book
ALL_PRESENT = "Every run of this ablation has results."
PARAMS = ("ablations", "experiments", "training", "runs", "archives", "synthetic")
CHANCE = {"hter_dev": 0.5, "auc": 0.5}  # what a guess gets


def html_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> HTML:
    """Return a table to display, every cell escaped; nothing to see if there are no rows."""
    lines = [f"<tr>{''.join(f'<td>{html.escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows]
    if not lines:
        return HTML("")
    head = "".join(f"<th>{html.escape(column)}</th>" for column in columns)
    return HTML(f'<table class="table"><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>')


def image(*arguments: Any, **named: Any) -> Image:
    """Return a figure to display: a drawing function and its arguments but `path`."""
    return Image(figures.png(*arguments, **named))


@dataclasses.dataclass(frozen=True)
class Study:
    """An ablation with its results.

    Args:
        name: of its entry under `ablations:`.
        entry: that entry.
        material: results and rows that can be read.
        metrics: of the recorded run, or of this machine.
        cells: the cells that it shows, in the order of the experiment's protocols and runs.
        runs: that it shows, in the order of the experiment.
    """

    name: str
    entry: config.Ablation
    material: Material
    metrics: Metrics
    cells: list[CellMetrics]
    runs: list[str]

    @property
    def trained_runs(self) -> list[str]:
        """The runs that have results."""
        return [run for run in self.runs if any(cell.run == run for cell in self.cells)]

    def option(self, name: str) -> Any:
        """Return one of the entry's options. Raises `ConfigError` that names the nearest."""
        where = f"{paths.PARAMS}: ablations.{self.name}.options"
        return names.lookup(self.entry.options, name, "option", config.ConfigError, where)

    def select(self, cells: Mapping[str, tables.CellEntry]) -> list[tables.CellEntry]:
        """Return the cells of another results file that this study shows, in its order."""
        return [cells[cell.key] for cell in self.cells if cell.key in cells]

    def frame(self, *names: str, level: str = "video") -> pd.DataFrame:
        """Return metrics to compute with: a row a cell, run and metric, with value, low and high; none of still images by
        video."""
        rows = []
        for cell in self.cells:
            measured = getattr(cell.mean, level)
            for name in names if measured is not None else ():
                figure = measured.figures[name]
                row = {"protocol": cell.cell, "run": cell.run, "seeds": len(cell.seeds), "metric": name}
                rows.append({**row, **dataclasses.asdict(figure)})
        return pd.DataFrame(rows, columns=["protocol", "run", "seeds", "metric", "value", "low", "high"])

    def table(self, *names: str, level: str = "video") -> HTML:
        """Return the table of metrics (`metrics.METRICS`), a row a cell and run."""
        rows = []
        for cell in self.cells:
            measured = getattr(cell.mean, level)
            rows.append([cell.cell, cell.run, *tables.intervals(measured and measured.figures, names)])
        return html_table(["protocol", "run", *map(metrics.title, names)], rows)

    def figure(self, name: str) -> Image | HTML:
        """Return the figure of a metric, by video and by frame."""
        if not self.cells:
            return HTML("")
        cells = tables.in_order(self.cells, self.runs)  # as on the page of results
        return image(figures.measure, cells, self.trained_runs, name, chance=CHANCE.get(name))

    def against_baseline(self, name: str) -> list[CellDifference]:
        """Return run minus baseline of one of the head's metrics by video, a row a cell and run but the baseline's own."""
        rows = {}
        for run in self.runs:
            for row in differences.oriented(self.metrics.paired, run, self.entry.baseline):
                if (row.metric, row.channel, row.level) == (name, HEAD, "video"):
                    rows[key(row.cell, run)] = row
        return [rows[cell.key] for cell in self.cells if cell.key in rows]

    def differences(self, *names: str) -> HTML:
        """Return the table of paired differences from the baseline, by video."""
        rows = []
        for name in names:
            for row in self.against_baseline(name):
                difference = interval(tables.as_figure(row), signed=True)
                rows.append([metrics.title(name), row.cell, row.run, row.baseline, difference, row.seeds, row.subjects])
        if not rows and self.cells:
            return HTML(f"<p>No run has a difference from {html.escape(self.entry.baseline)}: both need a seed in common.</p>")
        return html_table(["metric", "protocol", "run", "baseline", "difference", "seeds", "subjects"], rows)

    def difference_figure(self, name: str) -> Image | HTML:
        """Return the figure of paired differences from the baseline, by video."""
        rows = [
            (row.run, f"{row.cell} · {row.run} − {row.baseline}", tables.as_figure(row)) for row in self.against_baseline(name)
        ]
        if not rows:
            return HTML("")
        side = "right" if metrics.ALL_METRICS[name].higher_is_better else "left"
        return image(figures.differences, rows, f"difference in {metrics.title(name)}, by video ({side} is better)")

    def verdicts(self, *names: str) -> HTML:
        """Return the table of metrics (`metrics.READER_METRICS`) of the verdicts that readers take from explanations, by
        video."""
        rows = []
        for cell in self.cells:
            for reader, levels in sorted(cell.mean.readers.items(), reverse=True):
                measured = levels.video
                rows.append([cell.cell, cell.run, reader, *tables.intervals(measured and measured.figures, names)])
        return html_table(["protocol", "run", "reader", *map(metrics.title, names)], rows)

    def verdict_figure(self, name: str) -> Image | HTML:
        """Return the figure of a metric of readers' verdicts, a panel a reader."""
        if not any(cell.mean.readers for cell in self.cells):
            return HTML("")
        return image(figures.readers, tables.in_order(self.cells, self.runs), self.trained_runs, name)


def open_study(name: str, folder: Path = Path()) -> Study:
    """Return the study of an ablation, and print where its results are from, or what to type.

    The project is looked for in `folder` and above it, so that a notebook runs in its own folder.

    Raises:
        ConfigError: for a name that is no key of `ablations:`.
    """
    root = paths.project_root(folder)
    params = config.load(*PARAMS, path=root / paths.PARAMS)
    sections = recorded.sections(config.read_yaml(root / paths.PARAMS))
    entry = names.lookup(params.ablations, name, "ablation", config.ConfigError, f"{paths.PARAMS}: ablations")
    material = Material(vars(params), root=root, sections=sections, profile=entry.recorded)
    protocols, runs, targets = shown_parts(entry, params.experiments, material.record)
    cells = [
        cell
        for cell in material.metrics.cells.values()
        if cell.protocol in protocols and cell.run in runs and (not targets or cell.target in targets)
    ]
    cells = sorted(cells, key=lambda cell: (protocols.index(cell.protocol), cell.cell, runs.index(cell.run)))
    notice = ""
    if protocols:
        notice = what_to_run(missing(material.metrics, protocols, runs)) or ALL_PRESENT
        if entry.recorded:
            notice = f"{textwrap.fill(material.provenance, LINE)}\n{notice}"
    elif entry.recorded:
        notice = what_to_record(material, entry)
    elif entry.experiment:
        notice = what_to_add(entry, material.metrics, compared_sets(params, entry.baseline))
    if notice:
        print(notice)
    return Study(name, entry, material, material.metrics, cells, runs)


def shown_parts(
    entry: config.Ablation, experiments: Mapping[str, config.Experiment], record: recorded.Run | None
) -> tuple[list[str], list[str], list[str]]:
    """Return the protocols, runs and targets that an ablation shows; empty if nobody has its experiment. No targets: all.

    The runs are those of the recorded experiment, and those that params.yaml adds to it.
    """
    of_record = record.experiments.get(entry.experiment) if record else None
    parts = [one for one in (of_record, experiments.get(entry.experiment)) if one is not None]
    protocols = list(dict.fromkeys(protocol for one in parts for protocol in one.protocols))
    runs = list(dict.fromkeys(run for one in parts for run in one.runs if run not in entry.omit))
    tested = list(dict.fromkeys(target for one in parts for target in one.test)) if all(one.test for one in parts) else []
    return protocols, runs, entry.targets or tested


def missing(source: Metrics, protocols: Collection[str], runs: Collection[str]) -> list[tuple[str, str]]:
    """Return the protocols and runs without results."""
    present = {(cell.protocol, cell.run) for cell in source.cells.values()}
    return [(protocol, run) for protocol in protocols for run in runs if (protocol, run) not in present]


def what_to_run(lacking: Collection[tuple[str, str]]) -> str:
    """Return what to type for runs without results; "" if none lacks them."""
    if not lacking:
        return ""
    listed = "\n".join(f"  {run} on {protocol}" for protocol, run in lacking)
    return f"No results for\n{listed}\n\nRun\n\n  fasrepro jobs\n  dvc repro\n"


def compared_sets(params: SimpleNamespace, run: str) -> list[str]:
    """Return the caption sets that the experiments of `run` compare; none if no experiment has it."""
    experiments = [experiment for experiment in params.experiments.values() if run in experiment.runs]
    return sorted({name for experiment in experiments for name in config.compared_sets(experiment, params.training, params.runs)})


def what_to_add(entry: config.Ablation, source: Metrics, compared: Collection[str]) -> str:
    """Return the entry of params.yaml that an ablation lacks, with the protocols and seeds of the results there are.

    Args:
        entry: of the ablation.
        source: the results there are.
        compared: the caption sets that the baseline's experiment compares: the new experiment shares its models only if it
            compares the same.
    """
    cells = source.cells.values()
    protocols = ", ".join(sorted({cell.protocol for cell in cells})) or "oci_m"
    seeds = ", ".join(map(str, sorted({seed for cell in cells for seed in cell.seeds}))) or "0"
    runs = ", ".join(filter(None, [entry.baseline, "your_run"]))
    sets = f", compared: [{', '.join(compared)}]" if compared else ""
    return f"""No results: params.yaml has no experiment {entry.experiment!r}.

Add to params.yaml, under experiments: (a run of a new name also needs its entry under runs:)

  {entry.experiment}: {{protocols: [{protocols}], runs: [{runs}], seeds: [{seeds}]{sets}}}

then run

  fasrepro jobs
  dvc repro
"""


def what_to_record(material: Material, entry: config.Ablation) -> str:
    """Return why the recorded run of an ablation cannot be shown, and what to type."""
    command = f"\nRun `make reproduce PROFILE={entry.recorded}`, then `fasrepro record --profile {entry.recorded}`.\n"
    profile = f"recorded run of profile {entry.recorded}"
    record = next((one for one in material.recorded if one.profile == entry.recorded), None)
    if record is None:
        return f"No results: there is no {profile}.{command}"
    different = recorded.differing(record, material.sections)
    if different:
        return f"No results: the {profile} was made by other params ({', '.join(different)}).{command}"
    return f"No results: the {profile} has no experiment {entry.experiment!r}.{command}"
