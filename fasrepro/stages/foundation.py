"""Stage `foundation`: draw bona fide faces, describe them neutrally, and teach a tiny VLM to do so."""

from __future__ import annotations

import argparse
import dataclasses

from PIL import Image

from fasrepro import config, cues, paths, provenance, stages
from fasrepro.synthetic import people, render
from fasrepro.training import foundation, loop

RECIPE = ("epochs", "batch_size", "learning_rate", "warmup_steps", "weight_decay", "max_caption_tokens")


def main(argv: list[str] | None = None) -> None:
    """Write results/foundation, a checkpoint that `AutoModelForImageTextToText` loads."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("threads", "foundation", "synthetic", "training")
    loop.use_threads(params.threads)
    settings = dataclasses.asdict(params.foundation)
    seed, images, vocabulary = (settings.pop(key) for key in ("seed", "images", "vocabulary"))
    recipe = {key: settings.pop(key) for key in RECIPE}

    drawn = [
        render.neutral_portrait(seed * 1_000_000 + number, settings["image_size"], params.synthetic.people)
        for number in range(images)
    ]
    texts = [people.describe(attributes, number) for number, (_, attributes) in enumerate(drawn)]
    # The tokenizer knows the words that captions will use, as any tokenizer does; the weights see the neutral texts alone.
    words = [*(phrase for cue in cues.CUES.values() for phrase in cue.phrasings), *cues.STEPS.values(), *cues.SPECIES.values()]
    tokenizer = foundation.train_tokenizer([*texts, *words * 20, params.training.prompt], vocabulary)
    shape = {key: settings[key] for key in ("image_size", "patch_size", "scale_factor")}
    processor = foundation.build_processor(tokenizer, **shape)
    model = foundation.build_model(tokenizer, **settings, seed=seed)
    losses = foundation.pretrain(
        model,
        processor,
        [Image.fromarray(pixels) for pixels, _ in drawn],
        texts,
        prompt=params.training.prompt,
        **recipe,
        seed=seed,
        work=paths.WORK / "trainer",
    )
    print(f"foundation: caption loss a token {losses[0]} -> {losses[-1]}")
    with provenance.replaced_folder(paths.FOUNDATION, paths.WORK / "foundation") as folder:
        foundation.save(model, processor, folder)
        provenance.write_json(folder / "provenance.json", {"losses": losses, "versions": provenance.versions()})


if __name__ == "__main__":
    stages.run(main)
