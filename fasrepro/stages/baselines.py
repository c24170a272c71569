"""Stage `baselines`: detectors without a language model on each protocol -> results/baselines.json."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

import numpy as np
import threadpoolctl

from fasrepro import config, crops, paths, stages
from fasrepro.evaluation import results, summary
from fasrepro.evaluation.analyses import baselines, shortcut_features
from fasrepro.evaluation.cells import CellResults
from fasrepro.models import backbones
from fasrepro.models.states import pooled_states
from fasrepro.rows.faces import Face
from fasrepro.stages import predictions

BATCH = 48  # pictures at once
SITE = "encoder"  # of models.states.SITES


def main(argv: list[str] | None = None) -> None:
    """Write results/baselines.json: figures as in metrics.json, whose runs are the baselines."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("threads", "training", "evaluation", "ledger")
    backbones.use_threads(params.threads)
    prompt = params.training.prompt
    model, processor = backbones.load(params.training.backbone, backbones.device())
    model.eval()

    def features(faces: Sequence[Face]) -> Mapping[str, np.ndarray]:
        images = [crops.read_crop(paths.CROPS, face.crop, face.crop_sha256) for face in faces]
        textures = [shortcut_features.colour_texture(shortcut_features.picture(image)) for image in images]
        states = pooled_states(model, processor, images, prompt, BATCH)[SITE]
        return {baselines.ENCODER: states, baselines.TEXTURE: np.array(textures, np.float32)}

    entries = {entry.cell.cell: entry for entry in predictions.load_cells()}
    splits = {entry.cell.protocol: entry.split for entry in entries.values()}
    wanted = {name: list(split.dev) for name, split in splits.items()}
    for entry in entries.values():
        wanted[entry.cell.protocol] += entry.test
    with threadpoolctl.threadpool_limits(params.threads):
        detectors = {name: baselines.fit(split.train, features) for name, split in splits.items()}
        scores = baselines.scores(detectors, wanted, features)
    cells = [
        CellResults(
            **{**entry.cell.names, "run": name},
            dev=entry.split.dev,
            test=entry.test,
            scores={0: scores[entry.cell.protocol][name]},
        )
        for entry in entries.values()
        for name in (baselines.ENCODER, baselines.TEXTURE)
    ]
    results.write(paths.BASELINES, summary.summarise(cells, params.evaluation, params.ledger), params.evaluation.digits)
    print(f"baselines: {len(detectors)} protocols, {len(cells)} cells")


if __name__ == "__main__":
    stages.run(main)
