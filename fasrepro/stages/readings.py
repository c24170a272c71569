"""Stage `readings`: explanations with and without their verdict, readers and head held together -> results/readings.json."""

from __future__ import annotations

import argparse

from fasrepro import config, paths, provenance, records, stages
from fasrepro.captions import forms, styles
from fasrepro.data import protocols
from fasrepro.evaluation import levels, readings
from fasrepro.records import Explanation, Face, Judgement, Score, TrainRow, Verdict


def gathered(
    name: str, job: config.Job, faces: dict[str, Face], judged: list[Judgement], cuts: dict[int, float]
) -> dict[int, readings.Read]:
    """Return what was read of a job, by seed; `judged` are the job's judgements, `cuts` its dev thresholds."""
    trained = {row.style for row in records.read(paths.trainset(job.trainset), TrainRow)}
    known = [styles.STYLES[form] for form in sorted(trained & set(styles.STYLES))]
    explanations, scores = records.read(paths.explanations(name), Explanation), records.read(paths.scores(name), Score)
    found = {}
    for seed, cut in cuts.items():
        texts = {row.face_id: row.text for row in explanations if row.seed == seed}
        decided = {row.face_id: row.p_attack >= cut for row in scores if row.seed == seed}
        verdicts: dict[str, dict[str, Verdict]] = {row.reader: {} for row in judged}
        for row in judged:
            if row.seed == seed:
                verdicts[row.reader][row.face_id] = row.verdict
        unparsed = {face_id: not forms.fits(text, known) for face_id, text in texts.items()} if known else None
        found[seed] = readings.gather([faces[face_id] for face_id in texts], verdicts, decided, unparsed)
    return found


def main(argv: list[str] | None = None) -> None:
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("evaluation", "judging")
    settings = params.evaluation.replicates, params.evaluation.confidence, params.evaluation.seed
    faces = {face.face_id: face for face in records.read(paths.FACES, Face)}
    judged = levels.by_job(records.read(paths.JUDGEMENTS, Judgement))
    cells, report = provenance.read_json(paths.METRICS)["jobs"], {}
    for name, job in config.load_jobs().items():
        cuts = {seed: cells[name]["seeds"][str(seed)]["threshold_dev"] for seed in job.seeds}
        by_seed = gathered(name, job, faces, judged.get((job.protocol, job.run), []), cuts)
        target = protocols.protocol(job.protocol).target
        found = readings.summarise(by_seed, params.judging.readers[0], target, job.protocol, *settings)
        report[name] = {"protocol": job.protocol, "run": job.run, **found}
    provenance.write_json(paths.READINGS, provenance.rounded(report, params.evaluation.digits))


if __name__ == "__main__":
    stages.run(main)
