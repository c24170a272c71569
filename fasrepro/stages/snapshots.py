"""Stage `trace`: one job trained once more with one seed, and looked at on its way -> results/trace.parquet."""

from __future__ import annotations

import functools

from fasrepro import config, files, paths, stages
from fasrepro.crops import read_crop
from fasrepro.data import protocols
from fasrepro.evaluation import predict
from fasrepro.models import backbones, vlm
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Score
from fasrepro.rows.training import TrainRow
from fasrepro.training import dual, loop, snapshots, trace

BATCH = 48  # at once; no score depends on it


def main(argv: list[str] | None = None) -> None:
    """Write the scores of dev and target after each of `trace.looks` even parts of the training; the last is its end."""
    arguments = stages.job(argv, __doc__)
    params = config.load("threads", "training", "runs", "trace")
    loop.use_threads(params.threads)
    recipe = config.recipe(params.training, params.runs, arguments.run)
    told = stages.told(recipe, files.read_json(paths.tuning_choice(arguments.tuned))["chosen"])
    plan, method = loop.split_recipe(told, arguments.seeds[0])
    trainset = table.read(paths.trainset(arguments.trainset), TrainRow)
    split = protocols.split_faces(table.read(paths.FACES, Face), protocols.protocol(arguments.protocol))
    read_image = functools.cache(lambda row: read_crop(paths.CROPS, row.crop, row.crop_sha256))
    base, processor = backbones.load(recipe.backbone, backbones.device())
    rows: list[Score] = []

    def look(step: int, model: vlm.FasVlm) -> None:
        scores = predict.score(model, processor, split.dev + split.test, read_image, method["prompt"], BATCH)
        name = snapshots.name(arguments.run, step)
        rows.extend(Score(arguments.protocol, name, plan.seed, face_id, value) for face_id, value in scores.items())
        print(f"trace {name}: {len(scores)} scores")

    watch = trace.Watch(snapshots.steps(plan.steps, params.trace.looks), look)
    dual.train(base, processor, trainset, read_image, plan=plan, work=paths.WORK / "trainer", callbacks=[watch], **method)
    table.write(paths.TRACE, rows, Score)


if __name__ == "__main__":
    stages.run(main)
