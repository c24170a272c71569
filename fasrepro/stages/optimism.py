"""Stage `habits`: what the field's habits would flatter our own figures by -> results/habits.json."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Mapping

from fasrepro import config, files, paths, stages
from fasrepro.evaluation.analyses import optimism
from fasrepro.evaluation.summary import JobResults, Settings
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Score
from fasrepro.stages import evaluate
from fasrepro.training import snapshots


def traced(jobs: Mapping[str, JobResults]) -> tuple[int, dict[str, float], JobResults]:
    """Return the traced seed, the scores that its job left, and the job with the trace's scores, by step in place of seed.

    Raises `ValueError` where the trace is not of one seed of one of `jobs`.
    """
    scores: dict[int, dict[str, float]] = {}
    whose: set[tuple[str, int]] = set()
    for row in table.read(paths.TRACE, Score):
        run, step = snapshots.parse(row.run)
        whose.add((f"{row.protocol}-{run}", row.seed))
        scores.setdefault(step, {})[row.face_id] = row.p_attack
    if len(whose) != 1 or not whose <= {(name, seed) for name, job in jobs.items() for seed in job.scores}:
        found = ", ".join(f"{name}, seed {seed}" for name, seed in sorted(whose)) or "nothing"
        raise ValueError(f"{paths.TRACE}: holds {found}, not one seed of one job of {paths.JOBS}; run `dvc repro trace`")
    ((name, seed),) = whose
    return seed, dict(jobs[name].scores[seed]), dataclasses.replace(jobs[name], scores=scores)


def main(argv: list[str] | None = None) -> None:
    """Write results/habits.json."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    evaluation = config.load("evaluation").evaluation
    settings = Settings(evaluation.replicates, evaluation.confidence, evaluation.seed)
    faces = table.read(paths.FACES, Face)
    jobs = {name: evaluate.results_of(name, job, faces, (), []) for name, job in config.load_jobs().items()}
    report = optimism.summarise(jobs, settings)
    seed, own, looked = traced(jobs)
    report["trace"] = optimism.trace(looked, settings) | {"seed": seed}
    report["trace"]["apart_from_job"] = optimism.apart(looked.scores[max(looked.scores)], own, str(paths.TRACE))
    report["settings"] = {"evaluation": dataclasses.asdict(evaluation), "limit": optimism.LIMIT}
    files.write_json(paths.HABITS, files.rounded(report, evaluation.digits))
    print(f"habits: {len(jobs)} jobs; the last look's scores are at most {report['trace']['apart_from_job']:.1e} from the job's")


if __name__ == "__main__":
    stages.run(main)
