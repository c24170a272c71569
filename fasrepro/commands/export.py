"""`fasrepro export`: a trained job as a folder that stands alone, for `fasrepro predict`.

The folder holds the adapter on a copy of its backbone (a backbone from a hub is named), or with --merged one checkpoint that any
`from_pretrained` loads; tokenizer, image processor and head; fasrepro.json, which says what a score means; and a model card.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fasrepro import config, datasets, files, paths
from fasrepro.data import splits
from fasrepro.evaluation import aggregate, metrics
from fasrepro.rows import table
from fasrepro.rows.scores import Score
from fasrepro.rows.training import TrainRow

if TYPE_CHECKING:
    from fasrepro.deployment.exported import About

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SYNTHETIC = "The data are synthetic archives: its scores say nothing about real faces."
LICENSED = "The data are licensed archives, whose terms may bind the weights too."


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

    from fasrepro.deployment import card, exported  # here, with torch, because it takes seconds that no other verb needs

    form = exported.MERGED if arguments.merged else exported.ADAPTER
    arguments.to.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".export-", dir=arguments.to.parent) as work,
        files.replaced_folder(arguments.to, Path(work)) as folder,
    ):
        exported.copy_weights(trained, folder, form)
        about = describe(job, form, folder)
        exported.write_about(folder, about)
        files.write_text(folder / "README.md", card.text(about, _figures(job)))
    print(f"{arguments.to}: {job.name}, {form}. Try it: `fasrepro predict {arguments.to} photo.jpg`")
    return 0


def describe(job: config.Job, form: str, folder: Path) -> About:
    """Return what fasrepro.json says of a job whose weights are in `folder`."""
    from fasrepro.deployment import exported
    from fasrepro.models import vlm

    params = config.load("archives", "index", "prediction")
    own = vlm.read_made_of(folder)
    split = splits.read(job.protocol)
    p_attack = {row.face_id: row.p_attack for row in table.read(paths.scores(job.name), Score)}
    dev = aggregate.scores(split.dev, p_attack, "video", str(paths.scores(job.name)))
    quantiles = {
        name: {str(q): round(float(np.quantile(dev.values[dev.labels == label], q)), 7) for q in QUANTILES}
        for label, name in enumerate(("bona_fide", "attack"))
    }
    sources = sorted({face.dataset for face in split.train})
    synthetic = params.archives.source == "synthetic"
    terms = "; ".join(f"{datasets.DATASETS[name].title}: {datasets.DATASETS[name].licence}" for name in sources)
    return exported.About(
        format=exported.FORMAT,
        job=job.name,
        form=form,
        backbone=own.backbone,
        backbone_sha256=own.backbone_sha256,
        backbone_revision="" if Path(own.backbone).is_dir() else exported.revision(own.backbone),
        index=params.index,
        prompt=own.prompt,
        score_by=own.score_by,
        score_means=exported.MEANING,
        threshold=metrics.dev_threshold(dev.labels, dev.values, dev.datasets),
        threshold_datasets=sorted(set(dev.datasets.tolist())),
        dev_quantiles=quantiles,
        training_datasets=sources,
        data=SYNTHETIC if synthetic else LICENSED,
        licence="Apache-2.0" if synthetic else f"research only, by the terms of the data ({terms})",
        explains=any(row.caption for row in table.read(paths.trainset(job.trainset), TrainRow)),
        max_new_tokens=params.prediction.max_new_tokens,
        image_backend=own.image_backend,
        versions=exported.versions(),
        files=exported.weight_hashes(folder),
    )


def _figures(job: config.Job) -> dict[str, dict[str, float]]:
    """Return target -> metric -> value of this job by video, or by frame where there is none, as far as they are computed."""
    if not paths.METRICS.is_file():
        return {}
    figures = {}
    for cell in files.read_json(paths.METRICS)["cells"].values():
        by_seed = cell["by_seed"].get(str(job.seed))
        if (cell["protocol"], cell["run"]) == (job.protocol, job.run) and by_seed:
            level = by_seed.get("video") or by_seed["frame"]
            figures[cell["target"]] = {name: one["value"] for name, one in level["figures"].items() if one["value"] is not None}
    return figures
