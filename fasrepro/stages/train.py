"""Stage `train@job`: one run on one protocol with one seed -> results/checkpoints/<job>.

One that is killed goes on when it is run again. On several devices: `accelerate launch ... -m fasrepro.stages.train JOB`.
"""

from __future__ import annotations

from fasrepro import config, files, hashing, paths, schema, stages
from fasrepro.models import backbones, vlm
from fasrepro.stages import jobs, training
from fasrepro.training import devices, unfinished


def main(argv: list[str] | None = None) -> None:
    """Write a job's checkpoint: adapters, head, what else changed, and what it is made of."""
    job = config.load_job(stages.name_argument(argv, __doc__, "a job of jobs.yaml"))
    params = config.load("threads", "index")
    backbones.use_threads(params.threads)
    rate = files.read_json(paths.tuning_choice(job.tuned))["chosen"]
    work = paths.WORK / "train" / job.name
    saves = training.saves_of(job, rate, work)
    trained = training.train_job(job, rate, jobs.crop_reader(), work, saves=saves)
    if not devices.is_first():
        return
    recipe = job.recipe_at(rate)
    provenance = {
        "seed": job.seed,
        "recipe": schema.plain(recipe),
        "trainset_sha256": hashing.sha256_file(paths.trainset(job.trainset)),
        "versions": hashing.versions(),
        **trained.log,
    }
    with files.replaced_folder(paths.checkpoint(job.name), work) as folder:
        vlm.save(trained.model, folder, jobs.made_of(recipe, trained.processor, params.index.crop), trained.weights)
        files.write_json(folder / "provenance.json", provenance)
    unfinished.forget(saves)
    for phase, losses in trained.log["losses"].items():
        curves = ", ".join(f"{name} {curve[0]} -> {curve[-1]}" for name, curve in losses.items())
        print(f"train {job.name}, {phase}: {curves}")


if __name__ == "__main__":
    stages.run(main)
