"""`fasrepro export`: a trained job as a folder that stands alone, for `fasrepro predict`.

The folder holds the adapter on a copy of its backbone (a backbone from a hub is named), or with --merged one checkpoint that any
`from_pretrained` loads; tokenizer, image processor and head; fasrepro.json, which says what a score means; and a model card.
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
    parser.add_argument("--merged", action="store_true", help="one checkpoint instead of an adapter on its backbone")


def run(arguments: argparse.Namespace) -> int:
    """Write the folder, whole or not at all."""
    job = config.load_job(arguments.job)
    trained = paths.checkpoint(job.name)
    needed = {trained: "train@" + job.name, paths.scores(job.name): "predict@" + job.name}
    for path, stage in (needed | {paths.trainset(job.trainset): "trainset@" + job.trainset}).items():
        if not path.exists():
            raise ValueError(f"{path}: no such file or folder; `dvc repro {stage}` makes it")
    if arguments.to.exists():
        raise ValueError(f"{arguments.to}: exists already; name another folder, or delete it")

    # Here, because torch takes seconds that no other verb needs.
    from fasrepro.commands import job_description
    from fasrepro.deployment import card, exported

    form = exported.MERGED if arguments.merged else exported.ADAPTER
    arguments.to.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".export-", dir=arguments.to.parent) as work,
        files.replaced_folder(arguments.to, Path(work)) as folder,
    ):
        exported.copy_weights(trained, folder, form)
        about = job_description.about(job, form, folder)
        exported.write_about(folder, about)
        files.write_text(folder / "README.md", card.text(about, job_description.figures(job)))
    print(f"{arguments.to}: {job.name}, {form}. Try it: `fasrepro predict {arguments.to} photo.jpg`")
    return 0
