"""Stage `read_out_figures`: a detector's verdict as its answer against that of its chains -> results/read_out_figures.json."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from fasrepro import config, paths, stages
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses import read_out_figures
from fasrepro.evaluation.analyses.read_out_figures import Estimate, SeedReadOuts
from fasrepro.evaluation.analyses.read_outs import ChainScore
from fasrepro.evaluation.results import Cell, EvaluationSettings, ReadOutFigures, ReadOutSettings
from fasrepro.evaluation.results.read_outs import CellReadOuts, RunReadOuts
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.stages import predictions
from fasrepro.stages.predictions import CellJobs


def main(argv: list[str] | None = None) -> None:
    """Write results/read_out_figures.json: the cells of jobs that write chains in tags, and their means over targets."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("read_outs", "evaluation")
    chosen = config.read_jobs().read_out_jobs
    rows = {name: table.read(paths.read_outs(name), ChainScore) for name in chosen}
    entries = [entry for entry in predictions.load_cells() if entry.jobs[0].name in rows] if rows else []
    figures = figures_of(entries, rows, params.read_outs, params.evaluation)
    results.write(paths.READ_OUT_FIGURES, figures, params.evaluation.digits)
    print(f"read_out_figures: {len(figures.cells)} cells")


def figures_of(
    entries: Sequence[CellJobs],
    rows: Mapping[str, Sequence[ChainScore]],
    settings: ReadOutSettings,
    evaluation: EvaluationSettings,
) -> ReadOutFigures:
    """Return the figures of some cells, and of their runs; `rows` by job."""
    cells: dict[str, CellReadOuts] = {}
    by_run: dict[str, list[tuple[Cell, Mapping[int, SeedReadOuts], Estimate]]] = {}
    for entry in entries:
        faces, by_seed = gather(entry, rows)
        estimate = read_out_figures.estimate(faces, by_seed, entry.cell, evaluation)
        cells[entry.cell.key] = read_out_figures.of_cell(entry.cell, faces, by_seed, estimate, evaluation.confidence)
        by_run.setdefault(f"{entry.cell.protocol}-{entry.cell.run}", []).append((entry.cell, by_seed, estimate))
    runs: dict[str, RunReadOuts] = {}
    for name, group in by_run.items():
        of_targets = [cell for cell, _, _ in group]
        estimates = [estimate for _, _, estimate in group]
        runs[name] = read_out_figures.of_run(of_targets, group[0][1], estimates, evaluation.confidence)
    return ReadOutFigures(cells, runs, settings)


def gather(entry: CellJobs, rows: Mapping[str, Sequence[ChainScore]]) -> tuple[list[Face], dict[int, SeedReadOuts]]:
    """Return the faces of a cell that chains are about, by face_id, and what the model of each seed gave on them."""
    read = {row.face_id for row in rows[entry.jobs[0].name]}
    test, dev = ([face for face in faces if face.face_id in read] for faces in (entry.test, entry.split.dev))
    answers = entry.scores()
    by_seed = {job.seed: read_out_figures.gather(test, dev, rows[job.name], answers[job.seed]) for job in entry.jobs}
    return sorted(test, key=lambda face: face.face_id), by_seed


if __name__ == "__main__":
    stages.run(main)
