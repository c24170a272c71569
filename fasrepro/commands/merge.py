"""`fasrepro merge`: a trained job or caption model as one checkpoint, which a server makes an annotator of.

The checkpoint writes what the model writes. The head's score is no text: `predict` gives it, a server cannot.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from fasrepro import config, files, paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "job", help="a trained job of jobs.yaml, such as icm_o-reasoning_only-0, or a caption model, such as grpo-0"
    )
    parser.add_argument("--to", type=Path, required=True, help="the folder of the checkpoint")


def trained_as(name: str) -> tuple[Path, str, str]:
    """Return the folder, the backbone and the prompt of a caption model, or of a job. Raises `ValueError` for one not trained."""
    if paths.captioner(name).is_dir():
        from fasrepro.models import vlm  # here, with torch, because both take seconds that no other verb needs

        own = vlm.read_made_of(paths.captioner(name))
        return paths.captioner(name), own.backbone, own.prompt
    job = config.load_job(name)
    folder = paths.checkpoint(job.name)
    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder; `dvc repro train@{job.name}` trains it")
    return folder, job.recipe["backbone"], job.recipe["prompt"]


def run(arguments: argparse.Namespace) -> int:
    """Write the checkpoint and print how it is served."""
    trained, backbone, prompt = trained_as(arguments.job)
    if arguments.to.exists():
        raise ValueError(f"{arguments.to}: exists already; name another folder, or delete it")

    from fasrepro.models import vlm  # here as above

    arguments.to.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".merge-", dir=arguments.to.parent) as work,
        files.replaced_folder(arguments.to, Path(work)) as folder,
    ):
        vlm.merge(backbone, trained, folder)
    served = f"serve {arguments.to} --port 8000"
    print(f"{arguments.to}: {arguments.job}. Serve it by `transformers {served}` or, on GPUs, `vllm {served}`,")
    print("and ask it for captions of the style it was trained on, by these lines of params.yaml's annotator:")
    print(f"  base_url: http://localhost:8000/v1\n  model: {arguments.to}\n  prompt: {json.dumps(prompt)}")
    return 0
