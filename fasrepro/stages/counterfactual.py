"""Stage `counterfactual`: attacks drawn without and with one of their cues, and what models make of both."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from fasrepro import config, files, paths, stages
from fasrepro.crops import read_crop
from fasrepro.data import cropping, protocols
from fasrepro.evaluation import predict
from fasrepro.models import backbones, vlm
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Explanation, Score
from fasrepro.rows.truth import Truth
from fasrepro.simulation import rerender
from fasrepro.training import loop


def look(job: config.Job, own: list[Face], both: list[Face], images: dict[str, Any], params: Any) -> tuple[list[Any], list[Any]]:
    """Return scores of all faces, and explanations of `both`, by the job's model of each seed; `images` by face_id."""
    recipe, scores, explanations = config.recipe(params.training, params.runs, job.run), [], []
    for seed in job.seeds:
        base, processor = backbones.load(recipe.backbone, backbones.device())
        model = vlm.load(base, paths.checkpoint(job.checkpoint or job.name, seed), recipe.head_site)
        key, how = (job.protocol, job.run, seed), (lambda face: images[face.face_id], recipe.prompt, params.prediction.batch_size)
        scores += [Score(*key, *row) for row in predict.score(model, processor, own + both, *how).items()]
        texts = predict.explain(model, processor, both, *how, params.prediction.max_new_tokens)
        explanations += [Explanation(*key, face_id, *text) for face_id, text in texts.items()]
        print(f"counterfactual {job.name} seed {seed}: {len(own)} pairs")
    return scores, explanations


def main(argv: list[str] | None = None) -> None:
    """Write results/counterfactual; nothing is in it of licensed archives, which cannot be drawn again."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("threads", "archives", "synthetic", "index", "training", "runs", "prediction", "counterfactual")
    loop.use_threads(params.threads)
    asked, convention, found = params.counterfactual, cropping.CROPS[params.index.crop], [[], []]
    jobs = stages.jobs_of(asked.protocols if params.archives.source == "synthetic" else [], asked.runs)
    faces, truths = table.read(paths.FACES, Face), {row.face_id: row for row in table.read(paths.TRUTH, Truth)}
    tests = {job.protocol: protocols.split_faces(faces, protocols.protocol(job.protocol)).test for job in jobs}
    chosen = {name: rerender.choose(test, truths, asked.faces) for name, test in tests.items()}
    sections = dataclasses.asdict(params.archives), dataclasses.asdict(params.synthetic)
    choices = {choice.face.face_id: choice for part in chosen.values() for choice in part}.values()  # a target's once
    with files.replaced_folder(paths.COUNTERFACTUAL, paths.WORK / "counterfactual") as work:
        crops = work / paths.PAIR_CROPS.name
        rows = rerender.write(*sections, choices, lambda rgb, box, eyes: cropping.crop(rgb, box, convention, eyes)[0], crops)
        for job in jobs:
            own = [choice.face for choice in chosen[job.protocol]]
            both = [rerender.part_of(face, rows[face.face_id], part) for face in own for part in rerender.PARTS]
            images = {row.face_id: read_crop(paths.CROPS, row.crop, row.crop_sha256) for row in own}
            images |= {row.face_id: read_crop(crops, row.crop, row.crop_sha256) for row in both}
            found = [kept + more for kept, more in zip(found, look(job, own, both, images, params), strict=True)]
        files.write_json(work / paths.PAIRS.name, rows)
        table.write(work / paths.PAIR_SCORES.name, found[0], Score)
        table.write(work / paths.PAIR_EXPLANATIONS.name, found[1], Explanation)


if __name__ == "__main__":
    stages.run(main)
