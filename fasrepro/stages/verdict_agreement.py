"""Stage `readings`: explanations with and without their verdict, readers and head held together -> results/readings.json."""

from __future__ import annotations

import argparse

from fasrepro import config, files, paths, stages
from fasrepro.captions import forms, styles
from fasrepro.data import protocols
from fasrepro.evaluation import aggregate
from fasrepro.evaluation.analyses import verdict_agreement
from fasrepro.rows import table
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Explanation, Judgement, Score
from fasrepro.rows.training import TrainRow


def gathered(
    name: str, job: config.Job, faces: dict[str, Face], judged: list[Judgement], cuts: dict[int, float]
) -> dict[int, verdict_agreement.Read]:
    """Return what was read of a job, by seed; `judged` are the job's judgements, `cuts` its dev thresholds."""
    trained = {row.style for row in table.read(paths.trainset(job.trainset), TrainRow)}
    known = [styles.STYLES[form] for form in sorted(trained & set(styles.STYLES))]
    explanations, scores = table.read(paths.explanations(name), Explanation), table.read(paths.scores(name), Score)
    found = {}
    for seed, cut in cuts.items():
        texts = {row.face_id: row.text for row in explanations if row.seed == seed}
        decided = {row.face_id: row.p_attack >= cut for row in scores if row.seed == seed}
        verdicts: dict[str, dict[str, Verdict]] = {row.reader: {} for row in judged}
        for row in judged:
            if row.seed == seed:
                verdicts[row.reader][row.face_id] = row.verdict
        unparsed = {face_id: not forms.fits(text, known) for face_id, text in texts.items()} if known else None
        found[seed] = verdict_agreement.gather([faces[face_id] for face_id in texts], verdicts, decided, unparsed)
    return found


def main(argv: list[str] | None = None) -> None:
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("evaluation", "judging")
    settings = params.evaluation.replicates, params.evaluation.confidence, params.evaluation.seed
    faces = {face.face_id: face for face in table.read(paths.FACES, Face)}
    judged = aggregate.by_job(table.read(paths.JUDGEMENTS, Judgement))
    cells, report = files.read_json(paths.METRICS)["jobs"], {}
    for name, job in config.load_jobs().items():
        cuts = {seed: cells[name]["seeds"][str(seed)]["threshold_dev"] for seed in job.seeds}
        by_seed = gathered(name, job, faces, judged.get((job.protocol, job.run), []), cuts)
        target = protocols.protocol(job.protocol).target
        found = verdict_agreement.summarise(by_seed, params.judging.readers[0], target, job.protocol, *settings)
        report[name] = {"protocol": job.protocol, "run": job.run, **found}
    files.write_json(paths.READINGS, files.rounded(report, params.evaluation.digits))


if __name__ == "__main__":
    stages.run(main)
