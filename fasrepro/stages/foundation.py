"""Stage `foundation`: draw bona fide faces, describe them neutrally, and teach a tiny VLM to do so -> results/foundation."""

from __future__ import annotations

import argparse

from PIL import Image

from fasrepro import config, files, hashing, paths, stages, vocabulary
from fasrepro.foundation import pretraining, shape, tokenizer
from fasrepro.models import backbones
from fasrepro.simulation import foundation_faces
from fasrepro.training import trainer

MAX_GRAD_NORM = 1.0
SEEDS = 1_000_000  # faces that a seed of the foundation has to itself
WORD_REPEATS = 20  # of the vocabulary's words in the tokenizer's corpus


def main(argv: list[str] | None = None) -> None:
    """Write a checkpoint that `AutoModelForImageTextToText` loads."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("threads", "foundation", "synthetic", "training")
    settings, prompt = params.foundation, params.training.prompt
    backbones.use_threads(params.threads)
    seeds = range(settings.seed * SEEDS, settings.seed * SEEDS + settings.images)
    faces = foundation_faces.captioned_faces(seeds, settings.image_size, params.synthetic.people)
    texts = [text for _, text in faces]
    # The tokenizer knows the words that captions will use, as any tokenizer does; the weights see the neutral texts alone.
    phrasings = [phrasing for cue in vocabulary.CUES.values() for phrasing in cue.phrasings]
    words = [*phrasings, *vocabulary.STEPS.values(), *vocabulary.SPECIES.values()]
    trained = tokenizer.train_tokenizer([*texts, *words * WORD_REPEATS, prompt], settings.vocabulary)
    processor = tokenizer.build_processor(trained, settings.image_size, settings.patch_size, settings.scale_factor)
    model = shape.build_model(
        trained,
        image_size=settings.image_size,
        patch_size=settings.patch_size,
        scale_factor=settings.scale_factor,
        hidden_size=settings.hidden_size,
        vision_layers=settings.vision_layers,
        text_layers=settings.text_layers,
        heads=settings.heads,
        seed=settings.seed,
    )
    losses = pretraining.pretrain(
        model,
        processor,
        [Image.fromarray(pixels) for pixels, _ in faces],
        texts,
        prompt=prompt,
        max_caption_tokens=settings.max_caption_tokens,
        optimisation=trainer.Optimisation(
            steps=-(-settings.images // settings.batch_size) * settings.epochs,
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            warmup_steps=settings.warmup_steps,
            weight_decay=settings.weight_decay,
            max_grad_norm=MAX_GRAD_NORM,
            seed=settings.seed,
        ),
        work=paths.WORK / "foundation" / "trainer",
    )
    print(f"foundation: caption loss a token {losses[0]} -> {losses[-1]}")
    with files.replaced_folder(paths.FOUNDATION, paths.WORK / "foundation") as folder:
        pretraining.save(model, processor, folder)
        files.write_json(folder / "provenance.json", {"losses": losses, "versions": hashing.versions()})


if __name__ == "__main__":
    stages.run(main)
