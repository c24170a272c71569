"""Stage `foundation`: draw bona fide faces and stills, describe them neutrally, and teach a tiny VLM to do so.

Writes results/foundation.
"""

from __future__ import annotations

import argparse
import operator

import numpy as np
from PIL import Image

from fasrepro import config, files, hashing, names, paths, stages, vocabulary
from fasrepro.config import ConfigError
from fasrepro.foundation import pretraining, shape, tokenizer
from fasrepro.models import backbones
from fasrepro.simulation import foundation_faces, media_stills
from fasrepro.training import trainer

MAX_GRAD_NORM = 1.0
SEEDS = 1_000_000  # faces, and stills, that a seed of the foundation has to itself
CAPTIONS = {"media": operator.attrgetter("media_caption"), "plain": operator.attrgetter("plain_caption")}  # of a still
SHOWN = 24  # stills that are kept for the book
WORD_REPEATS = 20  # of the vocabulary's words in the tokenizer's corpus


def main(argv: list[str] | None = None) -> None:
    """Write a checkpoint that `AutoModelForImageTextToText` loads."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("threads", "foundation", "synthetic", "training")
    settings, prompt = params.foundation, params.training.prompt
    backbones.use_threads(params.threads)
    caption_of = names.lookup(CAPTIONS, settings.captions, "caption", ConfigError, f"{paths.PARAMS}: foundation.captions")
    first = settings.seed * SEEDS
    faces = foundation_faces.captioned_faces(range(first, first + settings.faces), settings.image_size, params.synthetic.people)
    stills = media_stills.captioned_stills(range(first, first + settings.stills), settings.image_size)
    pictures = [*(picture for picture, _ in faces), *(still.picture for still in stills)]
    texts = [*(text for _, text in faces), *map(caption_of, stills)]
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
        [Image.fromarray(picture) for picture in pictures],
        texts,
        prompt=prompt,
        max_caption_tokens=settings.max_caption_tokens,
        optimisation=trainer.Optimisation(
            steps=-(-len(pictures) // settings.batch_size) * settings.epochs,
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
        shown = stills[:SHOWN]
        pictures_of = np.array([still.picture for still in shown])
        np.savez(folder / paths.STILLS.name, pictures=pictures_of, captions=np.array(list(map(caption_of, shown)), dtype=str))
        files.write_json(folder / "provenance.json", {"losses": losses, "versions": hashing.versions()})


if __name__ == "__main__":
    stages.run(main)
