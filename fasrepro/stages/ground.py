"""Stage `ground`: the cues that explanations name, against those that are in the image -> results/grounding.json."""

from __future__ import annotations

import argparse

from fasrepro import config, cues, paths, provenance, records, stages
from fasrepro.data import protocols
from fasrepro.evaluation import grounding
from fasrepro.records import Label


def main(argv: list[str] | None = None) -> None:
    """Write results/grounding.json: a row a job that was trained on captions; none without truth, as of licensed archives."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    evaluation = config.load("evaluation").evaluation
    faces = {face.face_id: face for face in records.read(paths.FACES, records.Face)}
    truths = {truth.face_id: truth for truth in records.read(paths.TRUTH, records.Truth)}
    report = {}
    for name, job in config.load_jobs().items():
        rows = records.read(paths.trainset(job.trainset), records.TrainRow)
        captions = {label: [row.caption for row in rows if row.label is label and row.caption] for label in Label}
        if not truths or not all(captions.values()):
            continue
        texts: dict[int, dict[str, str]] = {}
        for row in records.read(paths.explanations(name), records.Explanation):
            texts.setdefault(row.seed, {})[row.face_id] = row.text
        chosen = [faces[face_id] for face_id in sorted(texts[job.seeds[0]])]
        seen = {f.face_id: cues.visible(f.box, truths[f.face_id].cues, truths[f.face_id].masks) for f in chosen}
        found = grounding.summarise(
            {seed: grounding.explained(chosen, texts[seed], seen) for seed in job.seeds},
            grounding.sampled(chosen, captions, seen),
            protocols.protocol(job.protocol).target,
            job.protocol,
            evaluation.replicates,
            evaluation.confidence,
            evaluation.seed,
        )
        report[name] = {"protocol": job.protocol, "run": job.run, **found}
    provenance.write_json(paths.GROUNDING, provenance.rounded(report, evaluation.digits))
    print(f"ground: {len(report)} jobs")


if __name__ == "__main__":
    stages.run(main)
