"""Captions/s of a caption model, greedy and sampled, against plain `generate`. Prints ratios.

python -m benchmarks.silver [tokens a text; by default those of a caption set]

The model has the foundation's shape, and its greedy texts never end early, so that all have as many tokens; a sampled one may.
Plain `generate` starts from prepared inputs, decodes greedily, and makes no text of its tokens. They take turns, and the best of
each counts.
"""

from __future__ import annotations

import functools
import sys
import tempfile
from pathlib import Path

import torch
from transformers import GenerationConfig, PreTrainedModel

from benchmarks import fixtures
from benchmarks.generation import BATCHES, ROUNDS, seconds
from fasrepro import config
from fasrepro.captions.sets import Generation
from fasrepro.captions.styles import STYLES
from fasrepro.crops import read_crop
from fasrepro.models import backbones
from fasrepro.models.inputs import encode_prompts
from fasrepro.stages.caption_writer import CaptionWriter

TEMPERATURE = 0.7


@torch.inference_mode()
def plain(model: PreTrainedModel, inputs: dict[str, torch.Tensor], settings: GenerationConfig) -> torch.Tensor:
    """Generate and nothing else."""
    return model.generate(**inputs, generation_config=settings)


def main() -> None:
    """Measure a batch of each size of `BATCHES`."""
    params = config.load("threads", "foundation", "training")
    backbones.use_threads(params.threads)
    prompt = params.training.prompt
    tokens = int(sys.argv[1]) if len(sys.argv) > 1 else Generation().max_new_tokens
    with tempfile.TemporaryDirectory() as name:
        world = fixtures.world(Path(name) / "crops", max(BATCHES))
        captions = [row.caption for row in fixtures.train_rows(world, STYLES["cot"])]
        fixtures.checkpoint(Path(name) / "foundation", params.foundation, captions, prompt)
        model, processor = backbones.load(str(Path(name) / "foundation"), backbones.device())
        read_image = functools.lru_cache(len(world.faces))(lambda face: read_crop(world.crops, face.crop, face.crop_sha256))
        images = [read_image(face) for face in world.faces]
    model.eval()
    tokenizer = processor.tokenizer
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    settings = GenerationConfig(max_new_tokens=tokens, do_sample=False, use_cache=True, **ends)
    print(f"{tokens} tokens a caption, {backbones.device()}, best of {ROUNDS}:")
    for size in BATCHES:
        faces = world.faces[:size]
        inputs = {name: value.to(model.device) for name, value in encode_prompts(processor, images[:size], prompt).items()}
        greedy = CaptionWriter(model, processor, prompt, Generation(0.0, 0, tokens, size), read_image)
        sampled = CaptionWriter(model, processor, prompt, Generation(TEMPERATURE, 0, tokens, size), read_image)
        drawn = sum(text.tokens for text in sampled.write(faces))  # not counted
        bare = functools.partial(plain, model, inputs, settings)
        ways = (functools.partial(greedy.write, faces), functools.partial(sampled.write, faces), bare)
        rounds = [[seconds(way) for way in ways] for _ in range(ROUNDS)]
        ours, with_noise, theirs = (min(spans) for spans in zip(*rounds, strict=True))
        print(
            f"batch {size}: {size / ours:.2f} captions/s, plain generate {size / theirs:.2f}, ratio {theirs / ours:.2f};"
            f" sampled, by tokens, ratio {drawn / with_noise * theirs / (size * tokens):.2f}"
        )


if __name__ == "__main__":
    main()
