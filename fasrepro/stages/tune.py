"""Stage `tune@run`: the learning rate that a run is trained with, chosen on dev -> results/tuning/<run>."""

from __future__ import annotations

import functools

from fasrepro import config, files, paths, stages
from fasrepro.crops import read_crop
from fasrepro.data import protocols
from fasrepro.evaluation import predict
from fasrepro.models import backbones
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Score
from fasrepro.rows.training import TrainRow
from fasrepro.training import dual, loop, tuning

BATCH = 48  # at once; no score depends on it
DIGITS = 6


def main(argv: list[str] | None = None) -> None:
    """Write choice.json, and scores.parquet: dev and target at each rate tried, so that one can see what the choice means."""
    arguments = stages.job(argv, __doc__)
    params = config.load("threads", "training", "runs")
    recipe = config.recipe(params.training, params.runs, arguments.run)
    rates = recipe.learning_rates
    tried: dict[float, dict[str, float]] = {}
    rows: list[Score] = []
    if len(rates) > 1:
        loop.use_threads(params.threads)
        trainset = table.read(paths.trainset(arguments.trainset), TrainRow)
        split = protocols.split_faces(table.read(paths.FACES, Face), protocols.protocol(arguments.protocol))
        read_image = functools.cache(lambda row: read_crop(paths.CROPS, row.crop, row.crop_sha256))
    for rate in rates if len(rates) > 1 else ():
        base, processor = backbones.load(recipe.backbone, backbones.device())
        plan, method = loop.split_recipe(stages.told(recipe, rate), arguments.seeds[0])
        model, _ = dual.train(base, processor, trainset, read_image, plan=plan, work=paths.WORK / "trainer", **method)
        scores = predict.score(model, processor, split.dev + split.test, read_image, recipe.prompt, BATCH)
        tried[rate] = tuning.dev_auc(split.dev, scores)
        name = tuning.name(arguments.run, rate)
        rows += [Score(arguments.protocol, name, plan.seed, face_id, value) for face_id, value in scores.items()]
        print(f"tune {name}: dev AUC {tuning.mean_auc(tried[rate]):.4f}")
    chosen = tuning.choose({rate: tuning.mean_auc(found) for rate, found in tried.items()}) if tried else rates[0]
    choice = {"run": arguments.run, "protocol": arguments.protocol, "seed": arguments.seeds[0], "chosen": chosen}
    choice["dev_auc"] = {f"{rate:g}": files.rounded(found, DIGITS) for rate, found in tried.items()}
    with files.replaced_folder(paths.TUNING / arguments.run, paths.WORK / "tune") as output:
        table.write(output / paths.TUNED_SCORES, rows, Score)
        files.write_json(output / paths.CHOICE, choice)


if __name__ == "__main__":
    stages.run(main)
