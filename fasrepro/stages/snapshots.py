"""Stage `snapshots@job`: a job trained once more, and scored on its way -> results/snapshots.parquet."""

from __future__ import annotations

from fasrepro import config, files, names, paths, stages
from fasrepro.config import ConfigError
from fasrepro.data import splits
from fasrepro.evaluation import predict
from fasrepro.models import backbones, scoring, vlm
from fasrepro.rows import table
from fasrepro.rows.scores import Score
from fasrepro.stages import jobs, training
from fasrepro.training import recipe as recipes
from fasrepro.training import snapshots, trainer


def main(argv: list[str] | None = None) -> None:
    """Write the scores of dev and of the first target after each of `snapshots.count` even parts of the training."""
    name = stages.name_argument(argv, __doc__, "the job of jobs.yaml's snapshot_jobs")
    job = names.lookup(config.read_jobs().snapshot_jobs, name, "job", ConfigError, f"{paths.JOBS}: snapshot_jobs")
    params = config.load("threads", "snapshots")
    backbones.use_threads(params.threads)
    rate = files.read_json(paths.tuning_choice(job.tuned))["chosen"]
    split, read_image = splits.read(job.protocol), jobs.crop_reader()
    faces = split.dev + split.of_target(job.test[0])
    recipe = job.recipe_at(rate)
    processor = backbones.load_processor(recipe.backbone)
    rows: list[Score] = []

    def score(step: int, model: vlm.FasVlm) -> None:
        scores = predict.score(scoring.scorer(model, processor, recipe), faces, read_image, jobs.BATCH)
        snapshot = snapshots.name(job.run, step)
        rows.extend(Score(job.protocol, snapshot, job.seed, *row) for row in scores.items())
        print(f"snapshot {snapshot}: {len(scores)} scores")

    steps = snapshots.steps(recipes.steps(recipe), params.snapshots.count)
    training.train_job(job, rate, read_image, paths.WORK / "snapshots", [trainer.AtSteps(steps, score)])
    table.write(paths.SNAPSHOTS, rows, Score)


if __name__ == "__main__":
    stages.run(main)
