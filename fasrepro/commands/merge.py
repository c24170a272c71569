"""`fasrepro merge`: a trained job as one checkpoint, so that `transformers serve` makes an annotator of it.

The checkpoint writes what the job's model writes. The head's score is no text: `predict` gives it, a server cannot.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from fasrepro import config, files, names, paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("job", help="a trained job of jobs.yaml, such as icm_o-reasoning_only")
    parser.add_argument("--seed", type=int, default=0, help="of the job's")
    parser.add_argument("--to", type=Path, required=True, help="the folder of the checkpoint")


def run(arguments: argparse.Namespace) -> int:
    """Write the checkpoint and say how it is served."""
    jobs = config.load_jobs()
    if arguments.job not in jobs:
        raise config.ConfigError(names.unknown(arguments.job, jobs, "job"))
    job = jobs[arguments.job]
    if arguments.seed not in job.seeds:
        raise config.ConfigError(f"{arguments.job} has no seed {arguments.seed}; its seeds: {', '.join(map(str, job.seeds))}")
    trained = paths.checkpoint(job.checkpoint or arguments.job, arguments.seed)
    if not trained.is_dir():
        raise ValueError(f"{trained}: no such folder; `dvc repro train@{job.checkpoint or arguments.job}` trains it")
    if arguments.to.exists():
        raise ValueError(f"{arguments.to}: is there already; name another folder, or delete it")
    params = config.load("training", "runs")
    recipe = config.recipe(params.training, params.runs, job.run)

    from fasrepro.models import merging  # here, with torch, because both take seconds that no other verb needs

    arguments.to.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".merge-", dir=arguments.to.parent) as work,
        files.replaced_folder(arguments.to, Path(work)) as folder,
    ):
        merging.merge(recipe.backbone, trained, recipe.head_site, folder)
    print(f"{arguments.to}: {arguments.job}, seed {arguments.seed}. Serve it by `transformers serve {arguments.to} --port 8000`,")
    print("and ask it for captions of the style it was trained on, by these lines of params.yaml's annotator:")
    print(f"  base_url: http://localhost:8000/v1\n  model: {arguments.to}\n  prompt: {json.dumps(recipe.prompt)}")
    return 0
