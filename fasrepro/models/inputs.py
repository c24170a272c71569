"""Images and texts into a model's inputs, and its texts out: a neutral prompt about an image, and a caption behind it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor, nn
from transformers import GenerationConfig, ProcessorMixin

IGNORED = -100  # label of a token that no loss is taken on


def encode_prompts(processor: ProcessorMixin, images: Sequence[Image.Image], prompt: str) -> dict[str, Tensor]:
    """Return the model's inputs for `prompt` about each image, padded on the left: (batch, tokens) and pixels."""
    message = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": prompt}]}
    text = processor.apply_chat_template([message], add_generation_prompt=True, tokenize=False)
    encoded = processor(text=[text] * len(images), images=[[image] for image in images], return_tensors="pt", padding=True)
    return dict(encoded)


def append_captions(
    inputs: dict[str, Tensor], captions: Sequence[str], processor: ProcessorMixin, limit: int
) -> dict[str, Tensor]:
    """Return `inputs` with each caption and an end-of-text token behind its prompt, and `labels` on those tokens alone.

    Captions are tokenised apart from the prompt, so that no token spans the border, and cut at `limit` tokens; a cut one gets
    no end token. An empty caption adds nothing. Rows are padded on the right; the prompt keeps its place, so the head reads
    the same states with and without a caption.
    """
    tokenizer = processor.tokenizer
    tokens = [
        tokenizer(text, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id] if text else [] for text in captions
    ]
    tokens = [ids[:limit] for ids in tokens]
    width = max(map(len, tokens))
    caption_ids = torch.full((len(tokens), width), tokenizer.pad_token_id)
    mask = torch.zeros_like(caption_ids)
    for row, ids in enumerate(tokens):
        caption_ids[row, : len(ids)] = torch.tensor(ids, dtype=torch.long)
        mask[row, : len(ids)] = 1
    ignored = torch.full(inputs["input_ids"].shape, IGNORED)
    labels = torch.cat([ignored, caption_ids.masked_fill(mask == 0, IGNORED)], dim=1)
    return {**_append(inputs, caption_ids, mask), "labels": labels}


def append_tokens(inputs: dict[str, Tensor], tokens: Sequence[int]) -> dict[str, Tensor]:
    """Return `inputs` with the same tokens behind each prompt."""
    ids = torch.tensor(tokens, dtype=torch.long).expand(inputs["input_ids"].shape[0], -1)
    return _append(inputs, ids, torch.ones_like(ids))


def _append(inputs: dict[str, Tensor], ids: Tensor, mask: Tensor) -> dict[str, Tensor]:
    """Return `inputs` with `ids` behind the prompts, which count where `mask` is 1; both (batch, tokens)."""
    prompt_shape = inputs["input_ids"].shape
    appended = {"input_ids": ids, "attention_mask": mask}
    return {
        # Some processors also mark each token's modality: what is appended is text, which is 0 in all of them.
        name: torch.cat([value, appended.get(name, torch.zeros_like(ids)).to(value.dtype)], dim=1)
        if value.shape == prompt_shape
        else value
        for name, value in inputs.items()
    }


@torch.inference_mode()
def generate(
    model: nn.Module, processor: ProcessorMixin, images: Sequence[Image.Image], prompt: str, max_new_tokens: int
) -> list[tuple[str, int, bool]]:
    """Generate a text about each image, greedily and with a KV cache, by a checkpoint as `backbones.load` returns it.

    Returns, in the order of `images`: the text, its number of tokens including the end token, and whether it ended by itself.
    """
    tokenizer = processor.tokenizer
    inputs = {name: value.to(model.device) for name, value in encode_prompts(processor, images, prompt).items()}
    settings = GenerationConfig(
        max_new_tokens=max_new_tokens,
        do_sample=False,
        use_cache=True,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    written = model.generate(**inputs, generation_config=settings)[:, inputs["input_ids"].shape[1] :]
    results = []
    for row in written.tolist():
        finished = tokenizer.eos_token_id in row
        tokens = row.index(tokenizer.eos_token_id) + 1 if finished else len(row)
        results.append((tokenizer.decode(row[:tokens], skip_special_tokens=True).strip(), tokens, finished))
    return results
