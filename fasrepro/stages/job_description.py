"""What fasrepro.json and the model card of an exported job say of it, from its scores and the settings of its run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from fasrepro import config, datasets, files, hashing, paths
from fasrepro.data import splits
from fasrepro.deployment import exported, score_file
from fasrepro.deployment.exported import About
from fasrepro.evaluation import aggregate, metrics
from fasrepro.models import backbones, vlm
from fasrepro.rows import table
from fasrepro.rows.scores import Score
from fasrepro.rows.training import TrainRow

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SYNTHETIC = "The data are synthetic archives: its scores say nothing about real faces."
LICENSED = "The data are licensed archives, whose terms may bind the weights too."


def about(job: config.Job, params: SimpleNamespace, form: str, folder: Path) -> About:
    """Return what fasrepro.json says of a job.

    Args:
        job: that is described.
        params: the sections archives, index and prediction of params.yaml.
        form: of the weights, `exported.ADAPTER` or `exported.MERGED`.
        folder: of the weights.
    """
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
    return About(
        format=exported.FORMAT,
        job=job.name,
        form=form,
        backbone=own.backbone,
        backbone_sha256=own.backbone_sha256,
        backbone_revision=backbones.commit(own.backbone),
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


def scores(job: config.Job) -> Iterator[dict[str, object]]:
    """Yield the job's scores of dev and test, one row a frame, for `fasrepro rescore`.

    Videos and people have hashes for names: those of licensed archives are not passed on.
    """
    p_attack = {row.face_id: row.p_attack for row in table.read(paths.scores(job.name), Score)}
    split = splits.read(job.protocol)
    for name, faces in (("dev", split.dev), ("test", split.test)):
        for face in faces:
            yield {
                "split": name,
                "label": score_file.LABELS[int(face.label)],
                "score": p_attack[face.face_id],
                "dataset": face.dataset,
                "subject": hashing.sha256_bytes(face.subject.encode())[:12],
                "species": face.species if face.label else "",
                "video": hashing.sha256_bytes(face.presentation.encode())[:12],
                "frame": face.frame,
            }


def figures(job: config.Job) -> dict[str, dict[str, float]]:
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
