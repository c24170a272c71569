"""`fasrepro export`: a trained job as a folder that stands alone, for `fasrepro predict`.

The folder holds the adapter on a copy of its backbone (a backbone from a hub is named), or with --merged one checkpoint that any
`from_pretrained` loads; tokenizer, image processor and head; fasrepro.json, which says what a score means; the job's scores; and
a model card. --push lists what a hub of models would get, of a new folder or of one that this job was exported to; --send sends
it.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from fasrepro import config, files, paths


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("job", help="a trained job of jobs.yaml that has its scores, such as oci_m-reasoning-0")
    parser.add_argument("--to", type=Path, required=True, help="the folder to write; it must not exist")
    parser.add_argument("--push", metavar="OWNER/NAME", help="list what this repository of the Hugging Face hub would get")
    parser.add_argument("--send", action="store_true", help="with --push: send it; a new repository is private")
    parser.add_argument("--merged", action="store_true", help="one checkpoint instead of an adapter on its backbone")


def run(arguments: argparse.Namespace) -> int:
    """Write the folder, whole or not at all, and list or send its files."""
    if arguments.send and not arguments.push:
        raise ValueError("--send sends to the repository of --push; name one")
    if not (arguments.push and arguments.to.exists()):
        write(arguments.job, arguments.to, arguments.merged)
        print(f"{arguments.to}: {arguments.job}. Try it: `fasrepro predict {arguments.to} photo.jpg`")
    if arguments.push:
        _push(arguments)
    return 0


def _push(arguments: argparse.Namespace) -> None:
    from huggingface_hub import HfApi  # here, because it takes seconds that no other verb needs

    from fasrepro.deployment import exported, hub

    hub.check_name(arguments.push)
    about = exported.read_about(arguments.to)
    if about.job != arguments.job:
        raise ValueError(f"{arguments.to}: holds {about.job}, not {arguments.job}; name another folder, or that job")
    for name, size in hub.listing(arguments.to).items():
        print(f"  {size:>12} {name}")
    if arguments.send:
        print(hub.push(HfApi(), arguments.to, arguments.push))
    else:
        print(f"Nothing was sent. With --send, {arguments.push} gets these files. Licence: {about.licence}.")


def write(name: str, to: Path, merged: bool) -> None:
    """Write the folder `to` of a job. Raises `ValueError` where the job's files are missing, or the folder exists."""
    job = config.load_job(name)
    trained = paths.checkpoint(job.name)
    needed = {trained: "train@" + job.name, paths.scores(job.name): "predict@" + job.name}
    for path, stage in (needed | {paths.trainset(job.trainset): "trainset@" + job.trainset}).items():
        if not path.exists():
            raise ValueError(f"{path}: no such file or folder; `dvc repro {stage}` makes it")
    if to.exists():
        raise ValueError(f"{to}: exists already; name another folder, or delete it")

    # Here, because torch takes seconds that no other verb needs.
    from fasrepro.deployment import card, exported, score_file
    from fasrepro.stages import job_description

    form = exported.MERGED if merged else exported.ADAPTER
    to.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".export-", dir=to.parent) as work,
        files.replaced_folder(to, Path(work)) as folder,
    ):
        exported.copy_weights(trained, folder, form)
        params = config.load("archives", "index", "prediction")
        about = job_description.about(job, params, form, folder)
        exported.write_about(folder, about)
        score_file.write(folder / score_file.NAME, job_description.scores(job))
        files.write_text(folder / "README.md", card.text(about, job_description.figures(job)))
