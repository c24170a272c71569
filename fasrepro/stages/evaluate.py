"""Stage `evaluate`: figures of every cell, and differences between runs -> results/metrics.json."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Collection, Mapping
from typing import Any

from fasrepro import config, files, names, paths, stages
from fasrepro.config import ConfigError, Job
from fasrepro.data import splits
from fasrepro.evaluation import contributions, results, summary, tuning_report
from fasrepro.evaluation.cells import CellResults
from fasrepro.evaluation.results.metrics import TuningReport
from fasrepro.rows import table
from fasrepro.rows.captions import Verdict
from fasrepro.rows.scores import Judgement, Score
from fasrepro.stages import predictions
from fasrepro.stages.predictions import CellJobs

# (protocol, run, seed, reader) -> face_id -> verdict
Verdicts = Mapping[Any, Mapping[str, Verdict]]


def cell_results(entry: CellJobs, verdicts: Verdicts, readers: Collection[str]) -> CellResults:
    """Return what a cell's jobs left about its target, with the verdicts of some readers."""
    cell = entry.cell
    target = {face.face_id for face in entry.test}
    by_reader: dict[str, dict[int, dict[str, Verdict]]] = {}
    for (protocol, run, seed, reader), by_face in verdicts.items():
        if (protocol, run) == (cell.protocol, cell.run) and reader in readers:
            of_target = {face_id: verdict for face_id, verdict in by_face.items() if face_id in target}
            by_reader.setdefault(reader, {})[seed] = of_target
    judged = {reader: by_seed for reader, by_seed in by_reader.items() if any(by_seed.values())}
    return CellResults(**cell.names, dev=entry.split.dev, test=entry.test, scores=entry.scores(), verdicts=judged)


def tuning(run: str, job: Job, tolerance: float) -> TuningReport:
    """Return the report of a run's choice of its learning rate, on the first target of its protocol."""
    choice, rows = files.read_json(paths.tuning_choice(run)), table.read(paths.tuning_scores(run), Score)
    split, target = splits.read(job.protocol), job.test[0]
    return tuning_report.report(choice, rows, split.dev, split.of_target(target), target, tolerance)


def main(argv: list[str] | None = None) -> None:
    """Write results/metrics.json."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("evaluation", "ledger", "judging", "tuning")
    names.lookup(contributions.SCORES, params.ledger.metric, "metric", ConfigError, f"{paths.PARAMS}: ledger.metric")
    judgements = table.read(paths.JUDGEMENTS, Judgement)
    verdicts = predictions.by_face(judgements, "verdict", "protocol", "run", "seed", "reader")
    cells = [cell_results(entry, verdicts, params.judging.readers) for entry in predictions.load_cells()]
    report = summary.summarise(cells, params.evaluation, params.ledger)
    tunings = {run: tuning(run, job, params.tuning.saturation) for run, job in config.read_jobs().tunings.items()}
    results.write(paths.METRICS, dataclasses.replace(report, tuning=tunings), params.evaluation.digits)


if __name__ == "__main__":
    stages.run(main)
