"""`fasrepro merge`: a trained job as one checkpoint, so that `transformers serve` makes an annotator of it.

The checkpoint writes what the job's model writes. The head's score is no text: `predict` gives it, a server cannot.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from fasrepro import config, files, paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("job", help="a trained job of jobs.yaml, such as icm_o-reasoning_only-0")
    parser.add_argument("--to", type=Path, required=True, help="the folder of the checkpoint")


def run(arguments: argparse.Namespace) -> int:
    """Write the checkpoint and print how it is served."""
    job = config.load_job(arguments.job)
    trained = paths.checkpoint(job.name)
    if not trained.is_dir():
        raise ValueError(f"{trained}: no such folder; `dvc repro train@{job.name}` trains it")
    if arguments.to.exists():
        raise ValueError(f"{arguments.to}: exists already; name another folder, or delete it")

    from fasrepro.models import vlm  # here, with torch, because both take seconds that no other verb needs

    arguments.to.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".merge-", dir=arguments.to.parent) as work,
        files.replaced_folder(arguments.to, Path(work)) as folder,
    ):
        vlm.merge(job.recipe["backbone"], trained, folder)
    print(f"{arguments.to}: {job.name}. Serve it by `transformers serve {arguments.to} --port 8000`,")
    print("and ask it for captions of the style it was trained on, by these lines of params.yaml's annotator:")
    print(f"  base_url: http://localhost:8000/v1\n  model: {arguments.to}\n  prompt: {json.dumps(job.recipe['prompt'])}")
    return 0
