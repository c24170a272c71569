"""Stage `caption_samples@name`: what a caption model writes about people whom it never saw -> results/captioners/samples."""

from __future__ import annotations

from fasrepro import config, names, paths, stages
from fasrepro.data.people_parts import OF_CAPTION_MODELS
from fasrepro.models import backbones
from fasrepro.models.inputs import generate
from fasrepro.rows import table
from fasrepro.stages import captioner_checkpoint, captioners, jobs, part_faces
from fasrepro.training import completions
from fasrepro.training.captioners import CaptionerError
from fasrepro.training.texts import GREEDY, WrittenText


def main(argv: list[str] | None = None) -> None:
    """Write a greedy text about each face, with the log-odds of its conclusion, and samples."""
    name = stages.name_argument(argv, __doc__, "a caption model of jobs.yaml's captioner_names")
    known = config.read_jobs()
    job = names.lookup({**known.sft_jobs, **known.grpo_jobs}, name, "caption model", config.ConfigError, str(paths.JOBS))
    params = config.load("threads", "index", "parts", "caption_models")
    backbones.use_threads(params.threads)
    read_image, limit = jobs.crop_reader(), params.caption_models.max_new_tokens
    model, processor, prompt = captioner_checkpoint.load(name, params.index.crop)
    rows: list[WrittenText] = []
    for part in params.caption_models.parts:
        if part in OF_CAPTION_MODELS:
            raise CaptionerError(f"params.yaml: caption_models.parts: caption models are trained on part {part}: name others")
        faces = captioners.selected(part_faces.of_part(params.parts, part), params.caption_models.faces)
        for batch in captioners.batches(faces):
            images = [read_image(face) for face in batch]
            texts = [text for text, _, _ in generate(model, processor, images, prompt, limit)]
            odds = completions.yes_log_odds(model, processor, images, prompt, texts, limit)
            rows += [
                WrittenText(face.face_id, part, GREEDY, text, odd) for face, text, odd in zip(batch, texts, odds, strict=True)
            ]
        written = captioners.sampled(
            model,
            processor,
            job,
            faces,
            read_image,
            count=params.caption_models.samples,
            temperature=params.caption_models.temperature,
            limit=limit,
        )
        for batch, sampled in written:
            for face, own in zip(batch, sampled, strict=True):
                rows += [WrittenText(face.face_id, part, number, text, 0.0) for number, text in enumerate(own, GREEDY + 1)]
    table.write(paths.caption_samples(name), rows, WrittenText)
    print(f"caption_samples {name}: {len(rows)} texts")


if __name__ == "__main__":
    stages.run(main)
