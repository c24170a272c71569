"""Stage `grpo@name`: a caption model that learns from rewards of what it writes -> results/captioners/<name>."""

from __future__ import annotations

import functools
import time
from types import SimpleNamespace
from typing import Any

from torch import nn

from fasrepro import config, names, paths, stages
from fasrepro.data.people_parts import CAPTION_DEV, POOL
from fasrepro.models import backbones
from fasrepro.models.inputs import generate
from fasrepro.rows.faces import Face
from fasrepro.stages import captioners, jobs, part_faces
from fasrepro.training import grpo, pool, rewards
from fasrepro.training.captioners import Captioner
from fasrepro.training.texts import FORMS

SHOWN = 10  # faces whose texts the log keeps at a few steps


def main(argv: list[str] | None = None) -> None:
    """Write a caption model's checkpoint; its log has a row a step, and texts about the same faces at a few steps."""
    name = stages.name_argument(argv, __doc__, "a caption model of jobs.yaml's grpo_jobs")
    job = names.lookup(config.read_jobs().grpo_jobs, name, "caption model", config.ConfigError, f"{paths.JOBS}: grpo_jobs")
    params = config.load("threads", "index", "parts", "caption_models")
    backbones.use_threads(params.threads)
    work, settings, recipe = paths.WORK / "captioners" / name, job.reinforcement, captioners.recipe_of(job)
    assert settings is not None  # `fasrepro jobs` writes those that have it into grpo_jobs
    start = captioners.start_backbone(job, work)
    faces, weights = pool_of(job, settings.screened, str(start), params)
    shown = captioners.selected(part_faces.of_part(params.parts, CAPTION_DEV), SHOWN)
    read_image, processor = jobs.crop_reader(), backbones.load_processor(recipe.backbone)
    texts: list[dict[str, Any]] = []

    def on_snapshot(step: int, model: nn.Module) -> None:
        images = [read_image(face) for face in shown]
        written = generate(model, processor, images, recipe.prompt, settings.max_completion_tokens)
        for face, (text, _, _) in zip(shown, written, strict=True):
            texts.append({"step": step, "face_id": face.face_id, "text": text})

    drawn = [
        grpo.Drawn(functools.partial(read_image, face), word)
        for face, word in zip(faces, captioners.truths(faces, job), strict=True)
    ]
    order = pool.draw([face.truth for face in drawn], settings.steps * settings.faces, captioners.seed_of(job), weights)
    began = time.monotonic()
    model, processor, log = grpo.train(
        start,
        [drawn[number] for number in order],
        recipe.prompt,
        settings,
        lora=(recipe.lora.rank, recipe.lora.alpha),
        seed=captioners.seed_of(job),
        work=work / "trainer",
        on_snapshot=on_snapshot,
    )
    seconds = time.monotonic() - began
    asked = {"faces": len(set(order)), "pool": len(faces)}
    captioners.save(name, job, model, processor, params.index.crop, {"steps": log, "texts": texts, **asked}, work)
    print(f"grpo {name}: reward {log[0]['reward']} -> {log[-1]['reward']}, {seconds / settings.steps:.1f} s a step")


def pool_of(job: Captioner, count: int, start: str, params: SimpleNamespace) -> tuple[list[Face], list[float] | None]:
    """Return the faces of the pool, and how often each is drawn by the outcomes of `count` texts; None for equally often."""
    faces = part_faces.of_part(params.parts, POOL)
    if not count:
        return faces, None
    model, processor = backbones.load(start, backbones.device())
    right: list[int] = []
    written = captioners.sampled(
        model,
        processor,
        job,
        faces,
        jobs.crop_reader(),
        count=count,
        temperature=params.caption_models.temperature,
        limit=params.caption_models.max_new_tokens,
    )
    for part, texts in written:
        for own, word in zip(texts, captioners.truths(part, job), strict=True):
            right.append(sum(rewards.conclusion_in(FORMS[job.form], text) == word for text in own))
    mixed = sum(0 < number < count for number in right)
    print(f"{job.start}: mixed outcomes in {count} texts about {mixed} of {len(faces)} faces")
    return faces, pool.mixed_weights(right, count)


if __name__ == "__main__":
    stages.run(main)
