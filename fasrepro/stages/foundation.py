"""Stage `foundation`: draw bona fide faces and stills, describe them neutrally, and teach a tiny VLM to do so.

Writes results/foundation.
"""

from __future__ import annotations

import argparse

import numpy as np
from PIL import Image

from fasrepro import config, files, hashing, names, paths, stages
from fasrepro.config import ConfigError
from fasrepro.foundation import encoder, pretraining, shape, tokenizer
from fasrepro.foundation.settings import FoundationSettings, Training
from fasrepro.models import backbones
from fasrepro.simulation import foundation_faces, media_stills
from fasrepro.training.trainer import Optimisation

MAX_GRAD_NORM = 1.0
SHOWN = 24  # stills that are kept for the book
WORD_REPEATS = 20  # of the words of captions in the tokenizer's corpus


def main(argv: list[str] | None = None) -> None:
    """Write a checkpoint that `AutoModelForImageTextToText` loads."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("threads", "foundation", "synthetic", "training")
    settings, prompt, work = params.foundation, params.training.prompt, paths.WORK / "foundation"
    backbones.use_threads(params.threads)
    caption_of = names.lookup(
        media_stills.CAPTIONS, settings.captions, "caption", ConfigError, f"{paths.PARAMS}: foundation.captions"
    )
    first = settings.first_picture
    faces = foundation_faces.captioned_faces(range(first, first + settings.faces), settings.image_size, params.synthetic.people)
    stills = media_stills.captioned_stills(range(first, first + settings.stills), settings.image_size)
    pictures = [*(picture for picture, _ in faces), *(still.picture for still in stills)]
    texts = [*(text for _, text in faces), *map(caption_of, stills)]
    # The tokenizer knows the words that captions will use, as any tokenizer does; the weights see the neutral texts alone.
    trained = tokenizer.train_tokenizer([*texts, *tokenizer.words() * WORD_REPEATS, prompt], settings.vocabulary)
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
    images = [Image.fromarray(picture) for picture in pictures]
    word_losses = encoder.teach_words(
        model,
        processor,
        images,
        texts,
        optimisation=_optimisation(settings, settings.encoder_training, len(images)),
        work=work / "trainer",
    )
    caption_losses = pretraining.teach_captions(
        model,
        processor,
        images,
        texts,
        prompt=prompt,
        max_caption_tokens=settings.max_caption_tokens,
        optimisation=_optimisation(settings, settings.caption_training, len(images)),
        work=work / "trainer",
    )
    print(f"foundation: word loss a picture {word_losses[0]} -> {word_losses[-1]}")
    print(f"foundation: caption loss a token {caption_losses[0]} -> {caption_losses[-1]}")
    with files.replaced_folder(paths.FOUNDATION, work) as folder:
        pretraining.save(model, processor, folder)
        shown = stills[:SHOWN]
        pictures_of = np.array([still.picture for still in shown])
        np.savez(folder / paths.STILLS.name, pictures=pictures_of, captions=np.array(list(map(caption_of, shown)), dtype=str))
        files.write_json(
            folder / "provenance.json",
            {"word_losses": word_losses, "caption_losses": caption_losses, "versions": hashing.versions()},
        )


def _optimisation(settings: FoundationSettings, training: Training, pictures: int) -> Optimisation:
    return Optimisation(
        steps=-(-pictures // training.batch_size) * training.epochs,
        batch_size=training.batch_size,
        learning_rate=training.learning_rate,
        warmup_steps=settings.warmup_steps,
        weight_decay=settings.weight_decay,
        max_grad_norm=MAX_GRAD_NORM,
        seed=settings.seed,
    )


if __name__ == "__main__":
    stages.run(main)
