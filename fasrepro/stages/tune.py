"""Stage `tune@run`: the learning rate that a run is trained with, chosen on dev -> results/tuning/<run>."""

from __future__ import annotations

from fasrepro import config, files, names, paths, stages
from fasrepro.config import ConfigError
from fasrepro.data import splits
from fasrepro.evaluation import predict
from fasrepro.models import backbones, scoring
from fasrepro.rows import table
from fasrepro.rows.scores import Score
from fasrepro.stages import jobs, training
from fasrepro.training import tuning

DIGITS = 6


def main(argv: list[str] | None = None) -> None:
    """Write choice.json, and scores.parquet: dev and target at each rate, so that the book can show what the choice means."""
    run = stages.name_argument(argv, __doc__, "a run of jobs.yaml's tunings")
    job = names.lookup(config.read_jobs().tunings, run, "run", ConfigError, f"{paths.JOBS}: tunings")
    rates = job.recipe["learning_rates"]
    aucs: dict[float, dict[str, float]] = {}
    rows: list[Score] = []
    work = paths.WORK / "tune" / run
    if len(rates) > 1:
        backbones.use_threads(config.load("threads").threads)
        split, read_image = splits.read(job.protocol), jobs.crop_reader()
    for rate in rates if len(rates) > 1 else ():
        trained = training.train_job(job, rate, read_image, work)
        scorer = scoring.scorer(trained.model, trained.processor, job.recipe_at(rate))
        scores = predict.score(scorer, split.dev + split.test, read_image, jobs.BATCH)
        aucs[rate] = tuning.dev_auc(split.dev, scores)
        name = tuning.name(run, rate)
        rows += [Score(job.protocol, name, job.seed, *score) for score in scores.items()]
        print(f"tune {name}: dev AUC {tuning.mean_auc(aucs[rate]):.4f}")
    best_rate = tuning.choose({rate: tuning.mean_auc(by_dataset) for rate, by_dataset in aucs.items()}) if aucs else rates[0]
    choice = {
        "run": run,
        "protocol": job.protocol,
        "seed": job.seed,
        "chosen": best_rate,
        "dev_auc": {f"{rate:g}": files.rounded(by_dataset, DIGITS) for rate, by_dataset in aucs.items()},
    }
    with files.replaced_folder(paths.TUNING / run, work) as folder:
        table.write(folder / paths.tuning_scores(run).name, rows, Score)
        files.write_json(folder / paths.tuning_choice(run).name, choice)


if __name__ == "__main__":
    stages.run(main)
