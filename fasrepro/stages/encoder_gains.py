"""Stage `encoder_gains`: what trained encoders hold that the foundation's does not -> results/encoder_gains.json."""

from __future__ import annotations

import argparse

from fasrepro import config, paths, stages
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses import encoder_gains, encoders
from fasrepro.stages import predictions


def main(argv: list[str] | None = None) -> None:
    """Write results/encoder_gains.json: a run on a protocol each, means over seeds."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("encoders", "evaluation")
    subjects = {face_id: face.subject for face_id, face in predictions.faces_by_id().items()}
    cells = {}
    for (protocol, run), jobs in sorted(config.by_run(config.load_jobs()).items()):
        by_seed = {job.seed: encoders.read(paths.encoder(job.name)) for job in jobs}
        place, shown = (protocol, run), params.encoders.shown
        cells[f"{protocol}-{run}"] = encoder_gains.summarise(by_seed, subjects, place, shown, params.evaluation)
    results.write(paths.ENCODER_GAINS, results.EncoderGains(cells, params.encoders), params.evaluation.digits)
    print(f"encoder_gains: {len(cells)} runs on protocols")


if __name__ == "__main__":
    stages.run(main)
