"""Batched greedy generation with a KV cache."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from PIL import Image
from transformers import GenerationConfig, ProcessorMixin

from fasrepro.models.inputs import encode_prompts
from fasrepro.models.vlm import FasVlm


@torch.inference_mode()
def generate(
    model: FasVlm, processor: ProcessorMixin, images: Sequence[Image.Image], prompt: str, max_new_tokens: int
) -> list[tuple[str, int, bool]]:
    """Return for each image the text, its number of tokens with the end token, and whether it ended by itself."""
    tokenizer = processor.tokenizer
    inputs = {name: value.to(model.body.device) for name, value in encode_prompts(processor, images, prompt).items()}
    settings = GenerationConfig(
        max_new_tokens=max_new_tokens,
        do_sample=False,
        use_cache=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    written = model.body.generate(**inputs, generation_config=settings)[:, inputs["input_ids"].shape[1] :]
    results = []
    for row in written.tolist():
        finished = tokenizer.eos_token_id in row
        tokens = row.index(tokenizer.eos_token_id) + 1 if finished else len(row)
        results.append((tokenizer.decode(row[:tokens], skip_special_tokens=True).strip(), tokens, finished))
    return results
