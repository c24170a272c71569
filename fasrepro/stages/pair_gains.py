"""Stage `pair_gains`: how many pairs the encoders of two-stage runs put in order -> results/pair_gains.json."""

from __future__ import annotations

import argparse

from fasrepro import config, paths, stages
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses import pair_gains, pair_orders


def main(argv: list[str] | None = None) -> None:
    """Write results/pair_gains.json: two-stage runs against the foundation, and against each other."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("evaluation")
    jobs = config.read_jobs()
    own = {name: jobs.jobs[name] for name in jobs.two_stage_jobs}
    runs = {
        place: {job.seed: pair_orders.read(paths.pair_orders(job.name)) for job in of_run}
        for place, of_run in sorted(config.by_run(own).items())
    }
    gains = pair_gains.summarise(runs, params.evaluation.confidence)
    results.write(paths.PAIR_GAINS, gains, params.evaluation.digits)
    print(f"pair_gains: {len(gains.cells)} runs on protocols, {len(gains.differences)} differences")


if __name__ == "__main__":
    stages.run(main)
