"""Stage `sft@name`: a caption model that learns texts -> results/captioners/<name>."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

from PIL import Image

from fasrepro import config, hashing, names, paths, schema, stages
from fasrepro.data.people_parts import GOLD, POOL
from fasrepro.models import backbones
from fasrepro.models.inputs import generate
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face
from fasrepro.rows.training import TrainRow
from fasrepro.stages import captioners, jobs, part_faces
from fasrepro.training import devices, rewards, run, unfinished
from fasrepro.training import pool as pools
from fasrepro.training.captioners import ACCEPTED, OWN, Captioner, CaptionerError
from fasrepro.training.recipe import Recipe, batch_size
from fasrepro.training.texts import FORMS, in_form, with_conclusion
from fasrepro.training.unfinished import Saves


def main(argv: list[str] | None = None) -> None:
    """Write a caption model's checkpoint, with its losses."""
    name = stages.name_argument(argv, __doc__, "a caption model of jobs.yaml's sft_jobs")
    job = names.lookup(config.read_jobs().sft_jobs, name, "caption model", config.ConfigError, f"{paths.JOBS}: sft_jobs")
    params = config.load("threads", "index", "parts", "caption_models")
    backbones.use_threads(params.threads)
    devices.join()
    work, read_image = paths.WORK / "captioners" / name, jobs.crop_reader()
    start = captioners.start_backbone(job, work)
    recipe = captioners.recipe_of(job)
    learnt = next(iter(recipe.captions))
    rows = own_rows(job, str(start), params, read_image) if learnt in OWN else gold_rows(job, params.parts)
    recipe = dataclasses.replace(recipe, backbone=str(start))
    saves = saves_of(job, recipe, rows, work)
    trained = run.train(recipe, rows, read_image, seed=captioners.seed_of(job), work=work / "trainer", saves=saves)
    if not devices.is_first():
        return
    log = {"texts": len(rows), **trained.log}
    captioners.save(name, job, trained.model.release(), trained.processor, params.index.crop, log, work)
    unfinished.forget(saves)
    curve = next(iter(trained.log["losses"].values()))["caption"]
    print(f"sft {name}: {len(rows)} texts, loss {curve[0]} -> {curve[-1]}")


def saves_of(job: Captioner, recipe: Recipe, rows: Sequence[TrainRow], work: Path) -> Saves:
    """Return where the training of a caption model is saved while it is unfinished."""
    texts = hashing.sha256_json(schema.plain(rows))
    backbone = backbones.weights_hash(recipe.backbone)
    return Saves(unfinished.folder_of(work, schema.plain(recipe), texts, captioners.seed_of(job), backbone))


def gold_rows(job: Captioner, parts: Mapping[str, Mapping[str, float]]) -> list[TrainRow]:
    """Return the captions of a set as training rows.

    Raises:
        CaptionerError: for a caption of a face whose person is not in part A: silver and the caption model's dev would not be
            about people whom it has never seen.
    """
    faces = {face.face_id: face for face in part_faces.of_part(parts, GOLD)}
    path = paths.captions(job.gold)
    captions = table.read(path, Caption)
    strangers = [caption.face_id for caption in captions if caption.face_id not in faces]
    if strangers:
        raise CaptionerError(
            f"{path}: {len(strangers)} captions are of people outside part {GOLD}, the first of {strangers[0]}:"
            f" give captions.{job.gold} `faces: {{part: {GOLD}}}` in params.yaml"
        )
    return [_row(faces[caption.face_id], caption.style, in_form(caption.text, job.form)) for caption in captions]


def own_rows(job: Captioner, start: str, params: SimpleNamespace, read_image: Callable[[Face], Image.Image]) -> list[TrainRow]:
    """Return texts that the start model wrote about the pool, with a right conclusion: see `captioners.OWN`.

    There are at most as many as the training has sequences. A text without the form of gold is left out.

    Raises:
        CaptionerError: where no text is left.
    """
    recipe = captioners.recipe_of(job)
    pool = part_faces.of_part(params.parts, POOL)
    words = captioners.truths(pool, job)
    sequences = sum(phase.steps * batch_size(recipe, phase) for phase in recipe.phases)
    drawn = pools.draw(words, min(len(pool), sequences), captioners.seed_of(job))
    faces = [pool[number] for number in dict.fromkeys(drawn)]
    kind = next(iter(recipe.captions))
    write = accepted if kind == ACCEPTED else corrected
    rows = [_row(face, kind, text) for face, text in write(job, start, faces, params, read_image)]
    if not rows:
        raise CaptionerError(f"{job.start}: none of its texts about {len(faces)} faces has its form, so nothing can be learnt")
    print(f"{kind}: {len(rows)} texts of {len(faces)} faces")
    return rows


def corrected(
    job: Captioner, start: str, faces: Sequence[Face], params: SimpleNamespace, read_image: Callable[[Face], Image.Image]
) -> Iterator[tuple[Face, str]]:
    """Yield each face with the start model's greedy chain and the right conclusion."""
    model, processor = backbones.load(start, backbones.device())
    prompt, limit = captioners.recipe_of(job).prompt, params.caption_models.max_new_tokens
    for part in captioners.batches(faces):
        texts = generate(model.eval(), processor, [read_image(face) for face in part], prompt, limit)
        for face, (text, _, _), word in zip(part, texts, captioners.truths(part, job), strict=True):
            concluded = with_conclusion(text, word)
            if rewards.conclusion_in(FORMS[job.form], concluded) == word:
                yield face, concluded


def accepted(
    job: Captioner, start: str, faces: Sequence[Face], params: SimpleNamespace, read_image: Callable[[Face], Image.Image]
) -> Iterator[tuple[Face, str]]:
    """Yield each face with the first of the start model's samples whose conclusion is right; a face without one is left out."""
    model, processor = backbones.load(start, backbones.device())
    written = captioners.sampled(
        model,
        processor,
        job,
        faces,
        read_image,
        count=params.caption_models.samples,
        temperature=params.caption_models.temperature,
        limit=params.caption_models.max_new_tokens,
    )
    for part, texts in written:
        for face, own, word in zip(part, texts, captioners.truths(part, job), strict=True):
            right = [text for text in own if rewards.conclusion_in(FORMS[job.form], text) == word]
            if right:
                yield face, right[0]


def _row(face: Face, style: str, text: str) -> TrainRow:
    return TrainRow(face.face_id, face.dataset, face.species, face.label, face.crop, face.crop_sha256, style, text)


if __name__ == "__main__":
    stages.run(main)
