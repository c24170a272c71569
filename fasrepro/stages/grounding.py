"""Stage `ground`: the cues that explanations name, against those that are in the image -> results/grounding.json."""

from __future__ import annotations

import argparse

from fasrepro import config, files, paths, regions, stages
from fasrepro.data import protocols
from fasrepro.evaluation.analyses import grounding
from fasrepro.rows import table
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.scores import Explanation
from fasrepro.rows.training import TrainRow
from fasrepro.rows.truth import Truth


def main(argv: list[str] | None = None) -> None:
    """Write results/grounding.json: a row a job that was trained on captions; none without truth, as of licensed archives."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    evaluation = config.load("evaluation").evaluation
    faces = {face.face_id: face for face in table.read(paths.FACES, Face)}
    truths = {truth.face_id: truth for truth in table.read(paths.TRUTH, Truth)}
    report = {}
    for name, job in config.load_jobs().items():
        rows = table.read(paths.trainset(job.trainset), TrainRow)
        captions = {label: [row.caption for row in rows if row.label is label and row.caption] for label in Label}
        if not truths or not all(captions.values()):
            continue
        texts: dict[int, dict[str, str]] = {}
        for row in table.read(paths.explanations(name), Explanation):
            texts.setdefault(row.seed, {})[row.face_id] = row.text
        chosen = [faces[face_id] for face_id in sorted(texts[job.seeds[0]])]
        seen = {f.face_id: regions.visible(f.box, truths[f.face_id].cues, truths[f.face_id].regions) for f in chosen}
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
    files.write_json(paths.GROUNDING, files.rounded(report, evaluation.digits))
    print(f"ground: {len(report)} jobs")


if __name__ == "__main__":
    stages.run(main)
