"""One entry point a DVC stage: parse, call, write."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable
from typing import Any

from fasrepro import config, names


def run(main: Callable[[], None]) -> None:
    """Run a stage; a `ValueError` is a message for the user, and so is an `OSError` (a full disk, a file that may not be read).

    It is printed without a trace, and the exit status is 1.
    """
    try:
        main()
    except (ValueError, OSError) as error:
        stage = main.__module__ if main.__module__ != "__main__" else sys.argv[0].rsplit("/", 1)[-1].removesuffix(".py")
        print(f"{stage}: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit("interrupted")


def jobs_of(protocols: list[str], runs: list[str]) -> list[config.Job]:
    """Return the job of each run on each protocol that params' `counterfactual` names. Raises `ConfigError` for one without."""
    jobs = config.load_jobs()
    wanted = [f"{protocol}-{run}" for protocol in protocols for run in runs]
    for name in wanted:
        if name not in jobs:
            raise config.ConfigError(f"params.yaml: counterfactual: {names.unknown(name, jobs, 'job')}; run `fasrepro jobs`")
    return [jobs[name] for name in wanted]


def job(argv: list[str] | None, description: str | None) -> config.Job:
    """Parse a job from the command line, as dvc.yaml unpacks it from jobs.yaml."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--protocol", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    parser.add_argument("--trainset", required=True)
    parser.add_argument("--tuned", required=True)
    parser.add_argument("--checkpoint", default="")
    return config.Job(**vars(parser.parse_args(argv)))


def told(recipe: config.Training, learning_rate: float) -> dict[str, Any]:
    """Return what a training is told: the recipe with one learning rate, without backbone and captions, which a stage loads."""
    fields = dataclasses.asdict(recipe)
    for loaded in ("backbone", "captions", "learning_rates"):
        del fields[loaded]
    return {**fields, "learning_rate": learning_rate}
