"""Stage `train@job`: one run on one protocol, its seeds one after another."""

from __future__ import annotations

import functools
from pathlib import Path

from fasrepro import config, files, hashing, paths, stages
from fasrepro.crops import read_crop
from fasrepro.models import backbones, vlm
from fasrepro.rows import table
from fasrepro.rows.training import TrainRow
from fasrepro.training import dual, loop

CACHED_CROPS = 2048  # decoded; all of them in the embedded profile


def main(argv: list[str] | None = None) -> None:
    """Write results/checkpoints/<job>/seed_<n>: adapters, projector, head and provenance."""
    arguments = stages.job(argv, __doc__)
    params = config.load("threads", "training", "runs")
    loop.use_threads(params.threads)
    recipe = config.recipe(params.training, params.runs, arguments.run)
    told = stages.told(recipe, files.read_json(paths.tuning_choice(arguments.tuned))["chosen"])
    trainset = paths.trainset(arguments.trainset)
    rows = table.read(trainset, TrainRow)
    read_image = functools.lru_cache(CACHED_CROPS)(lambda row: read_crop(paths.CROPS, row.crop, row.crop_sha256))

    inputs = {"trainset": hashing.sha256_file(trainset), "backbone": backbone_hash(recipe.backbone)}
    with files.replaced_folder(paths.CHECKPOINTS / arguments.name, paths.WORK / "train") as output:
        for seed in arguments.seeds:
            base, processor = backbones.load(recipe.backbone, backbones.device())
            plan, method = loop.split_recipe(told, seed)
            model, log = dual.train(base, processor, rows, read_image, plan=plan, work=paths.WORK / "trainer", **method)
            vlm.save(model, output / f"seed_{seed}")
            made = {"seed": seed, "recipe": told, "inputs": inputs, "versions": hashing.versions(), **log}
            files.write_json(output / f"seed_{seed}" / "provenance.json", made)
            curves = (f"{name} {curve[0]} -> {curve[-1]}" for name, curve in log["losses"].items() if curve)
            print(f"train {arguments.name} seed {seed}: {', '.join(curves)}")


def backbone_hash(checkpoint: str) -> str:
    """Hash a checkpoint folder's weights; a hub id stands for itself."""
    weights = sorted(Path(checkpoint).glob("*.safetensors"))
    return hashing.sha256_json([hashing.sha256_file(path) for path in weights]) if weights else checkpoint


if __name__ == "__main__":
    stages.run(main)
