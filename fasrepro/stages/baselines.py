"""Stage `baselines`: detectors without a language model on each protocol -> results/baselines.json."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Mapping, Sequence

import numpy as np
import threadpoolctl

from fasrepro import config, paths, stages
from fasrepro.evaluation import results, summary
from fasrepro.evaluation.analyses import baselines, shortcut_features
from fasrepro.evaluation.cells import CellResults
from fasrepro.models import backbones
from fasrepro.models.states import pooled_states
from fasrepro.peers import deployed, dinov2
from fasrepro.peers.catalogue import DINOV2, PEERS
from fasrepro.rows.faces import Face
from fasrepro.stages import jobs, predictions

BATCH = 48  # pictures at once
SITE = "encoder"  # of models.states.SITES
REMEMBERED = 20_000  # faces whose DINOv2 numbers are kept, since several protocols fit on the same ones: 120 MB


def main(argv: list[str] | None = None) -> None:
    """Write results/baselines.json: figures as in metrics.json, whose runs are the baselines."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("threads", "training", "evaluation", "ledger")
    backbones.use_threads(params.threads)
    prompt = params.training.prompt
    model, processor = backbones.load(params.training.backbone, backbones.device())
    model.eval()

    read = jobs.crop_reader()
    encoder, scorers = dinov2.encoder(params.threads), deployed.scorers()
    dinov2_of = None if encoder is None else functools.lru_cache(REMEMBERED)(lambda face: encoder(read(face)))

    def features(faces: Sequence[Face]) -> Mapping[str, np.ndarray]:
        images = [read(face) for face in faces]
        textures = [shortcut_features.colour_texture(shortcut_features.picture(image)) for image in images]
        states = pooled_states(model, processor, images, prompt, BATCH)[SITE]
        numbers = {baselines.ENCODER: states, baselines.TEXTURE: np.array(textures, np.float32)}
        if dinov2_of is not None:
            numbers[DINOV2] = np.stack([dinov2_of(face) for face in faces])
        return numbers

    def all_numbers(faces: Sequence[Face]) -> Mapping[str, np.ndarray]:
        images = [read(face) for face in faces] if scorers else []
        attack = {name: np.array([score(image) for image in images]) for name, score in scorers.items()}
        return {**features(faces), **attack}

    entries = {entry.cell.cell: entry for entry in predictions.load_cells()}
    splits = {entry.cell.protocol: entry.split for entry in entries.values()}
    wanted = {name: list(split.dev) for name, split in splits.items()}
    for entry in entries.values():
        wanted[entry.cell.protocol] += entry.test
    with threadpoolctl.threadpool_limits(params.threads):
        fitted = {name: baselines.fit(split.train, features) for name, split in splits.items()}
        # A deployed network is not fitted: its number of a face is its p_attack.
        detectors = {name: {**of_protocol, **dict.fromkeys(scorers, np.asarray)} for name, of_protocol in fitted.items()}
        scores = baselines.scores(detectors, wanted, all_numbers)
    cells = [
        CellResults(
            **{**entry.cell.names, "run": name},
            dev=entry.split.dev,
            test=entry.test,
            scores={0: scores[entry.cell.protocol][name]},
        )
        for entry in entries.values()
        for name in detectors[entry.cell.protocol]
    ]
    results.write(paths.BASELINES, summary.summarise(cells, params.evaluation, params.ledger), params.evaluation.digits)
    print(f"baselines: {len(detectors)} protocols, {len(cells)} cells")
    for name, peer in PEERS.items():
        if not any(cell.run == name for cell in cells):
            print(f"baselines: {name} not computed: {peer.remedy}")


if __name__ == "__main__":
    stages.run(main)
