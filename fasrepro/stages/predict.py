"""Stage `predict@job`: scores of the sources' dev and of every target's test, explanations of test videos."""

from __future__ import annotations

from fasrepro import config, paths, stages
from fasrepro.data import splits
from fasrepro.evaluation import predict
from fasrepro.models import backbones
from fasrepro.rows import table
from fasrepro.rows.scores import Explanation, Score
from fasrepro.stages import jobs


def main(argv: list[str] | None = None) -> None:
    """Write results/predictions/<job>/scores.parquet and explanations.parquet."""
    job = config.load_job(stages.name_argument(argv, __doc__, "a job of jobs.yaml"))
    params = config.load("threads", "index", "prediction")
    backbones.use_threads(params.threads)
    split = splits.read(job.protocol)
    model, processor, recipe = jobs.load_model(job, params.index.crop)
    how = jobs.crop_reader(), recipe.prompt, params.prediction.batch_size
    key = job.protocol, job.run, job.seed

    scores = predict.score(model, processor, split.dev, *how)
    explanations = {}
    for target in job.test:
        faces = split.of_target(target)
        scores |= predict.score(model, processor, faces, *how)
        to_explain = predict.sample_videos(faces, params.prediction.explained_videos)
        explanations |= predict.explain(model, processor, to_explain, *how, params.prediction.max_new_tokens)
    table.write(paths.scores(job.name), [Score(*key, *score) for score in scores.items()], Score)
    rows = [Explanation(*key, face_id, *text) for face_id, text in explanations.items()]
    table.write(paths.explanations(job.name), rows, Explanation)
    print(f"predict {job.name}: {len(scores)} scores, {len(explanations)} explanations")


if __name__ == "__main__":
    stages.run(main)
