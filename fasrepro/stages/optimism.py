"""Stage `optimism`: how much optimistic practices improve our own figures -> results/optimism.json."""

from __future__ import annotations

import argparse
import dataclasses

from fasrepro import config, paths, stages
from fasrepro.config import Job
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses import optimism, snapshot_choice
from fasrepro.evaluation.cells import CellResults
from fasrepro.evaluation.results import EvaluationSettings
from fasrepro.evaluation.results.optimism import OptimismSettings, SnapshotOptimism
from fasrepro.rows import table
from fasrepro.rows.scores import Score
from fasrepro.stages import predictions
from fasrepro.stages.evaluate import cell_results
from fasrepro.training import snapshots


def snapshot_scores(job: Job) -> dict[int, dict[str, float]]:
    """Return the scores of a job's snapshots by step and face_id. Raises `ValueError` where the file holds another job's."""
    scores: dict[int, dict[str, float]] = {}
    owners = set()
    for row in table.read(paths.SNAPSHOTS, Score):
        run, step = snapshots.parse(row.run)
        owners.add(f"{row.protocol}-{run}-{row.seed}")
        scores.setdefault(step, {})[row.face_id] = row.p_attack
    if owners != {job.name}:
        holds = ", ".join(sorted(owners)) or "nothing"
        raise ValueError(f"{paths.SNAPSHOTS}: holds {holds}, not {job.name}; run `dvc repro snapshots`")
    return scores


def snapshot_optimism(job: Job, cells: list[CellResults], evaluation: EvaluationSettings) -> SnapshotOptimism:
    """Return the choice among a job's snapshots, on its first target. Raises `ValueError` where jobs.yaml has no such job."""
    for cell in cells:
        if (cell.protocol, cell.run, cell.target) == (job.protocol, job.run, job.test[0]) and job.seed in cell.scores:
            scored = {face.face_id for face in (*cell.dev, *cell.test)}
            own = {face_id: value for face_id, value in cell.scores[job.seed].items() if face_id in scored}
            by_step = dataclasses.replace(cell, scores=snapshot_scores(job))
            return snapshot_choice.summarise(by_step, job.seed, own, evaluation)
    raise ValueError(f"{paths.JOBS}: snapshots: {job.name} is not among the jobs; run `fasrepro jobs`")


def main(argv: list[str] | None = None) -> None:
    """Write results/optimism.json."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    evaluation = config.load("evaluation").evaluation
    cells = [cell_results(entry, {}, ()) for entry in predictions.load_cells()]
    entries, means = optimism.summarise(cells, evaluation)
    snapshot_reports = [snapshot_optimism(job, cells, evaluation) for job in config.read_jobs().snapshot_jobs.values()]
    report = results.Optimism(
        cells=entries,
        means=means,
        snapshots=snapshot_reports[0] if snapshot_reports else None,
        settings=OptimismSettings(evaluation, optimism.LIMIT),
    )
    results.write(paths.OPTIMISM, report, evaluation.digits)
    print(f"optimism: {len(entries)} cells")
    if report.snapshots:
        print(f"optimism: the last snapshot's scores differ from the job's by at most {report.snapshots.score_difference:.1e}")


if __name__ == "__main__":
    stages.run(main)
