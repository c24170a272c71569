"""Stage `evaluate`: scores and verdicts of all jobs -> results/metrics.json."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterable

from fasrepro import config, files, names, paths, stages
from fasrepro.data import protocols
from fasrepro.evaluation import aggregate, inference, metrics, summary, tuning_report
from fasrepro.rows import table
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Judgement, Score


def results_of(
    name: str, job: config.Job, faces: list[Face], judgements: Iterable[Judgement], readers: list[str]
) -> summary.JobResults:
    """Collect what a job left, of its `judgements` those of `readers`; raises `ValueError` for a seed without scores."""
    protocol = protocols.protocol(job.protocol)
    split = protocols.split_faces(faces, protocol)
    scores: dict[int, dict[str, float]] = {seed: {} for seed in job.seeds}
    for row in table.read(paths.scores(name), Score):
        if (row.protocol, row.run) != (job.protocol, job.run) or row.seed not in scores:
            held = f"{row.protocol}-{row.run}, seed {row.seed}"
            raise ValueError(f"{paths.scores(name)}: holds {held}; run `dvc repro predict@{name}`")
        scores[row.seed][row.face_id] = row.p_attack
    verdicts: dict[str, dict[int, dict[str, Verdict]]] = {}
    for row in judgements:
        if row.seed in scores and row.reader in readers:
            verdicts.setdefault(row.reader, {}).setdefault(row.seed, {})[row.face_id] = row.verdict
    parts = split.dev, split.test, scores, verdicts
    return summary.JobResults(job.protocol, job.run, protocol.target, *parts, bool(job.checkpoint))


def tuned(run: str, faces: list[Face], within: float) -> dict[str, object]:
    choice, rows = files.read_json(paths.tuning_choice(run)), table.read(paths.tuning_scores(run), Score)
    split = protocols.split_faces(faces, protocols.protocol(choice["protocol"]))
    return tuning_report.report(choice, rows, split.dev, split.test, within)


def main(argv: list[str] | None = None) -> None:
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("evaluation", "ledger", "judging", "tuning")
    if params.ledger.metric not in metrics.METRICS:
        raise config.ConfigError(f"params.yaml: ledger.metric: {names.unknown(params.ledger.metric, metrics.METRICS, 'metric')}")
    faces = table.read(paths.FACES, Face)
    judged = aggregate.by_job(table.read(paths.JUDGEMENTS, Judgement))
    jobs = {}
    for name, job in config.load_jobs().items():
        jobs[name] = results_of(name, job, faces, judged.get((job.protocol, job.run), ()), params.judging.readers)
    settings = summary.Settings(params.evaluation.replicates, params.evaluation.confidence, params.evaluation.seed)
    report = summary.summarise(jobs, settings)
    report["tuning"] = {run: tuned(run, faces, params.tuning.saturation) for run in config.load_tunings()}
    report["settings"] = {"evaluation": dataclasses.asdict(params.evaluation), "ledger": dataclasses.asdict(params.ledger)}
    report["settings"]["descriptive"] = {"power": inference.POWER}
    files.write_json(paths.METRICS, files.rounded(report, params.evaluation.digits))


if __name__ == "__main__":
    stages.run(main)
