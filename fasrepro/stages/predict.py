"""Stage `predict@job`: scores of the sources' dev and of every target's test, explanations of videos of both."""

from __future__ import annotations

from fasrepro import config, paths, stages
from fasrepro.data import splits
from fasrepro.evaluation import predict
from fasrepro.models import backbones, scoring
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Explanation, Score
from fasrepro.stages import jobs


def main(argv: list[str] | None = None) -> None:
    """Write scores.parquet, explanations.parquet and dev_explanations.parquet into results/predictions/<job>."""
    job = config.load_job(stages.name_argument(argv, __doc__, "a job of jobs.yaml"))
    params = config.load("threads", "index", "prediction")
    backbones.use_threads(params.threads)
    split = splits.read(job.protocol)
    model, processor, recipe = jobs.load_model(job, params.index.crop)
    read_image, batch = jobs.crop_reader(), params.prediction.batch_size
    scorer = scoring.scorer(model, processor, recipe)
    key = job.protocol, job.run, job.seed

    def explain(faces: list[Face], videos: int) -> list[Explanation]:
        sampled, longest = predict.sample_videos(faces, videos), params.prediction.max_new_tokens
        texts = predict.explain(model, processor, sampled, read_image, recipe.prompt, batch, longest)
        return [Explanation(*key, face_id, *text) for face_id, text in texts.items()]

    scores = predict.score(scorer, split.dev, read_image, batch)
    dev_explanations = explain(split.dev, params.prediction.explained_dev_videos)
    explanations: list[Explanation] = []
    for target in job.test:
        faces = split.of_target(target)
        scores |= predict.score(scorer, faces, read_image, batch)
        explanations += explain(faces, params.prediction.explained_videos)
    table.write(paths.scores(job.name), [Score(*key, *score) for score in scores.items()], Score)
    table.write(paths.explanations(job.name), explanations, Explanation)
    table.write(paths.dev_explanations(job.name), dev_explanations, Explanation)
    print(f"predict {job.name}: {len(scores)} scores, {len(explanations) + len(dev_explanations)} explanations")


if __name__ == "__main__":
    stages.run(main)
