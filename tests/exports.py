"""An exported model on the small checkpoint of `conftest.checkpoint`, and pictures with a face that the detector finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from fasrepro.deployment import exported
from fasrepro.models import scoring, vlm
from tests.cartoon import cartoon
from tests.index_settings import INDEX
from tests.small_models import PROMPT, save_trained


def about(folder: Path, form: str) -> exported.About:
    own = vlm.read_made_of(folder)
    return exported.About(
        format=exported.FORMAT,
        job="a-job-0",
        form=form,
        backbone=own.backbone,
        backbone_sha256=own.backbone_sha256,
        backbone_revision="",
        index=INDEX,
        prompt=own.prompt,
        score_by=own.score_by,
        score_means=exported.MEANING,
        threshold=0.5,
        threshold_datasets=["msu"],
        dev_quantiles={},
        training_datasets=["msu"],
        data="",
        licence="Apache-2.0",
        explains=True,
        max_new_tokens=5,
        image_backend=own.image_backend,
        versions=exported.versions(),
        files=exported.weight_hashes(folder),
    )


def export(checkpoint: Path, tmp_path: Path, form: str = exported.ADAPTER) -> tuple[Path, scoring.Scorer]:
    """Export a trained model, and return the folder with the scorer of the model before."""
    model, processor = save_trained(checkpoint, tmp_path / "trained")
    folder = tmp_path / "exported"
    exported.copy_weights(tmp_path / "trained", folder, form)
    exported.write_about(folder, about(folder, form))
    return folder, scoring.by_head(model, processor, PROMPT)


def draw(path: Path, *columns: float, radius: float = 40) -> Path:
    """Draw faces side by side into a picture, 240 pixels for each."""
    Image.fromarray(np.concatenate([cartoon(180, 240, x, 90, radius) for x in columns], axis=1)).save(path)
    return path
