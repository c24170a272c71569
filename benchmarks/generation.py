"""Verdicts/s by prefill against by generation, and generated tokens/s against plain `generate`. Prints ratios.

python -m benchmarks.generation [tokens a text; by default those of params.yaml]

The model has the foundation's shape and LoRA layers like a trained one. Its texts never end early, so that all have as many
tokens. Plain `generate` starts from prepared inputs and decodes no text. They take turns, and the best of each counts.
"""

from __future__ import annotations

import functools
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from transformers import GenerationConfig

from benchmarks import fixtures
from fasrepro import config
from fasrepro.captions.styles import STYLES
from fasrepro.crops import read_crop
from fasrepro.evaluation import predict
from fasrepro.models import backbones, scoring, vlm
from fasrepro.models.inputs import encode_prompts, generate

BATCHES = (1, 8, 32)
FACES, ROUNDS = 96, 3


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` takes once."""
    began = time.perf_counter()
    work()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - began


@torch.inference_mode()
def plain(model: vlm.FasVlm, inputs: dict[str, torch.Tensor], settings: GenerationConfig) -> torch.Tensor:
    """Generate and nothing else."""
    return model.body.generate(**inputs, generation_config=settings)


def main() -> None:
    """Measure verdicts on `FACES` faces, then tokens at each of `BATCHES`."""
    params = config.load("threads", "foundation", "training", "prediction")
    backbones.use_threads(params.threads)
    prompt, batch = params.training.prompt, params.prediction.batch_size
    tokens = int(sys.argv[1]) if len(sys.argv) > 1 else params.prediction.max_new_tokens
    recipe = params.training
    with tempfile.TemporaryDirectory() as name:
        world = fixtures.world(Path(name) / "crops", FACES)
        captions = [row.caption for row in fixtures.train_rows(world, STYLES["reasoning"])]
        fixtures.checkpoint(Path(name) / "foundation", params.foundation, captions, prompt)
        base, processor = backbones.load(str(Path(name) / "foundation"), backbones.device())
        read_image = functools.lru_cache(FACES)(lambda face: read_crop(world.crops, face.crop, face.crop_sha256))
        images = [read_image(face) for face in world.faces]
    head = vlm.new_head(base, recipe.head_site)
    shape = {"site": recipe.head_site, "rank": recipe.lora.rank, "alpha": recipe.lora.alpha, "seed": 0}
    model = vlm.with_trainable(base, recipe.phases[-1].train, head=head, **shape).eval()

    few = world.faces[:batch]
    scorer = scoring.by_head(model, processor, prompt)
    score = functools.partial(predict.score, scorer, world.faces, read_image, batch)
    explain = functools.partial(predict.explain, model, processor, few, read_image, prompt, batch, tokens)
    score()  # not counted
    prefill, generated = zip(*((seconds(score), seconds(explain)) for _ in range(ROUNDS)), strict=True)
    first, second = len(world.faces) / min(prefill), len(few) / min(generated)
    print(f"batches of {batch} images, {tokens} tokens a text, {backbones.device()}, best of {ROUNDS}:")
    print(f"by prefill {first:.1f} verdicts/s, by generation {second:.2f} verdicts/s, ratio {first / second:.0f}")

    tokenizer = processor.tokenizer
    ends = {"eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    settings = GenerationConfig(max_new_tokens=tokens, do_sample=False, use_cache=True, **ends)
    for size in BATCHES:
        inputs = {n: v.to(model.body.device) for n, v in encode_prompts(processor, images[:size], prompt).items()}
        ours = functools.partial(generate, model.body, processor, images[:size], prompt, tokens)
        bare = functools.partial(plain, model, inputs, settings)
        written = sum(count for _, count, _ in ours())  # not counted
        spans = [(seconds(ours), seconds(bare)) for _ in range(ROUNDS)]
        first, second = (written / min(values) for values in zip(*spans, strict=True))
        print(f"batch {size}: ours {first:.0f} tokens/s, plain generate {second:.0f} tokens/s, ratio {first / second:.2f}")


if __name__ == "__main__":
    main()
