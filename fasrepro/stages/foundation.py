"""Stage `foundation`: draw bona fide faces, describe them neutrally, and teach a tiny VLM to do so."""

from __future__ import annotations

import argparse
import dataclasses

from PIL import Image

from fasrepro import config, files, hashing, paths, stages
from fasrepro.foundation import pretraining
from fasrepro.simulation import foundation_portraits, people
from fasrepro.training import loop

MAX_GRAD_NORM = 1.0


def main(argv: list[str] | None = None) -> None:
    """Write results/foundation, a checkpoint that `AutoModelForImageTextToText` loads."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("threads", "foundation", "synthetic", "training")
    loop.use_threads(params.threads)
    settings = dataclasses.asdict(params.foundation)
    seed, images, tokens = (settings.pop(key) for key in ("seed", "images", "vocabulary"))
    epochs, max_caption_tokens = settings.pop("epochs"), settings.pop("max_caption_tokens")
    steps = -(-images // settings["batch_size"]) * epochs
    plan, settings = loop.split_recipe({**settings, "steps": steps, "max_grad_norm": MAX_GRAD_NORM}, seed)

    seeds = range(seed * 1_000_000, seed * 1_000_000 + images)
    drawn = foundation_portraits.neutral_portraits(seeds, settings["image_size"], params.synthetic.people)
    texts = [people.describe(attributes, number) for number, (_, attributes) in enumerate(drawn)]
    # The tokenizer knows the words that captions will use, as any tokenizer does; the weights see the neutral texts alone.
    words = [
        *(phrase for cue in vocabulary.CUES.values() for phrase in cue.phrasings),
        *vocabulary.STEPS.values(),
        *vocabulary.SPECIES.values(),
    ]
    tokenizer = pretraining.train_tokenizer([*texts, *words * 20, params.training.prompt], tokens)
    shape = {key: settings[key] for key in ("image_size", "patch_size", "scale_factor")}
    processor = pretraining.build_processor(tokenizer, **shape)
    model = pretraining.build_model(tokenizer, **settings, seed=seed)
    losses = pretraining.pretrain(
        model,
        processor,
        [Image.fromarray(pixels) for pixels, _ in drawn],
        texts,
        prompt=params.training.prompt,
        max_caption_tokens=max_caption_tokens,
        plan=plan,
        work=paths.WORK / "trainer",
    )
    print(f"foundation: caption loss a token {losses[0]} -> {losses[-1]}")
    with files.replaced_folder(paths.FOUNDATION, paths.WORK / "foundation") as folder:
        pretraining.save(model, processor, folder)
        files.write_json(folder / "provenance.json", {"losses": losses, "versions": hashing.versions()})


if __name__ == "__main__":
    stages.run(main)
