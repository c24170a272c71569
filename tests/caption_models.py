"""A caption model on the small checkpoint of `conftest.checkpoint`, and a project in which it writes a set."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image

from fasrepro import paths
from fasrepro.captions.styles import STYLES
from fasrepro.models import backbones, vlm
from fasrepro.models.inputs import append_captions, encode_prompts
from fasrepro.rows import table
from fasrepro.rows.captions import Caption, Verdict
from tests.small_models import PROMPT, made_of
from tests.stages.projects import write_jobs, write_params

NAME = "grpo-0"
PARTS = [
    "a " * 6,
    "the pale edge of paper " * 2,
    "soft light " * 3,
    "a moire pattern over the face",
    "dark bezel of a device " * 2,
]
TEXT = STYLES["cot"].form.write([" ".join(part.split()) for part in PARTS], Verdict.ATTACK)


def learn(checkpoint: Path, folder: Path, steps: int) -> None:
    """Write a model that was trained on `TEXT` about noise, as results/captioners/<name> holds it; untrained with no steps."""
    base, processor = backbones.load(str(checkpoint))
    head = vlm.new_head(base, "vision")
    head.reset(1)
    train = ("vision", "projector", "language", "embeddings")
    model = vlm.with_trainable(base, train, head=head, site="vision", rank=1, alpha=1, seed=1)
    random = np.random.default_rng(5)
    images = [Image.fromarray(random.integers(0, 256, (24, 20, 3), dtype=np.uint8)) for _ in range(3)]
    inputs = append_captions(encode_prompts(processor, images, PROMPT), [TEXT] * len(images), processor, 400)
    optimizer = torch.optim.AdamW([weight for weight in base.parameters() if weight.requires_grad], lr=0.004)
    for _ in range(steps):
        loss = base(**inputs).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    vlm.save(model, folder, made_of(checkpoint, processor), vlm.changed_weights(model))


def project(world: Any, captioner: Path, **entry: Any) -> None:
    """Make a project in the working folder: `world`'s faces, a caption model, and a set `silver` that it writes beside `gold`.

    Args:
        world: as of `annotated_world`.
        captioner: the folder of the caption model.
        entry: keys of the set, over {style: cot, author: captioner, captioner: NAME, faces: {part: C}, ...}.
    """
    shutil.copytree(world.root / "results", "results")
    shutil.copytree(captioner, paths.captioner(NAME))
    silver = {"style": "cot", "author": "captioner", "captioner": NAME, "faces": {"part": "C", "count": 6}, **entry}
    gold = {"style": "cot", "author": "annotator"}
    write_params(parts={"msu": {"A": 0.2, "C": 0.6, "D": 0.2}}, captions={"gold": gold, "silver": silver})
    write_jobs({}, [], [])
    jobs = yaml.safe_load(paths.JOBS.read_text(encoding="utf-8"))
    jobs["captioned"] = ["msu"]
    jobs["silver"] = {"silver": {"captioner": NAME, "beside": "gold"}}
    paths.JOBS.write_text(yaml.safe_dump(jobs), encoding="utf-8")
    rows = [Caption(face.face_id, "cot", TEXT, Verdict.ATTACK, "v", "annotator", True, 1, "k") for face in world.faces[:5]]
    table.write(paths.captions("gold"), sorted(rows, key=lambda row: row.face_id), Caption)
