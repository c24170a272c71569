"""Stages `predict@job` and `transfer@job`: scores of the sources' dev and the target's test, explanations of test videos."""

from __future__ import annotations

import functools

from fasrepro import config, paths, stages
from fasrepro.crops import read_crop
from fasrepro.data import protocols
from fasrepro.evaluation import predict
from fasrepro.models import backbones, vlm
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Explanation, Score
from fasrepro.training import loop

CACHED_CROPS = 2048  # decoded; all of them in the embedded profile


def main(argv: list[str] | None = None) -> None:
    """Write results/predictions/<job>/scores.parquet and explanations.parquet."""
    arguments = stages.job(argv, __doc__)
    params = config.load("threads", "training", "runs", "prediction")
    loop.use_threads(params.threads)
    recipe = config.recipe(params.training, params.runs, arguments.run)
    split = protocols.split_faces(table.read(paths.FACES, Face), protocols.protocol(arguments.protocol))
    read_image = functools.lru_cache(CACHED_CROPS)(lambda face: read_crop(paths.CROPS, face.crop, face.crop_sha256))

    scores: list[Score] = []
    explanations: list[Explanation] = []
    for seed in arguments.seeds:
        base, processor = backbones.load(recipe.backbone, backbones.device())
        model = vlm.load(base, paths.checkpoint(arguments.checkpoint or arguments.name, seed), recipe.head_site)
        job = (arguments.protocol, arguments.run, seed)
        batch = params.prediction.batch_size
        values = predict.score(model, processor, split.dev + split.test, read_image, recipe.prompt, batch)
        scores += [Score(*job, face_id, value) for face_id, value in values.items()]
        chosen = predict.sample_videos(split.test, params.prediction.explained_videos)
        texts = predict.explain(model, processor, chosen, read_image, recipe.prompt, batch, params.prediction.max_new_tokens)
        explanations += [Explanation(*job, face_id, *written) for face_id, written in texts.items()]
        print(f"predict {arguments.name} seed {seed}: {len(values)} scores, {len(texts)} explanations")
    table.write(paths.scores(arguments.name), scores, Score)
    table.write(paths.explanations(arguments.name), explanations, Explanation)


if __name__ == "__main__":
    stages.run(main)
