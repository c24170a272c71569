"""Images and texts into a model's inputs, and its texts out: a neutral prompt about an image, and a caption behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from transformers import GenerationConfig, ProcessorMixin

IGNORED = -100  # label of a token that no loss is taken on
THOUGHT_END = "\n</think>\n\n"  # as Qwen's templates close a thought that they leave out


class CaptionTokenError(ValueError):
    """A caption that holds a token which is no text; the message names the face, the token and the remedy."""


def encode_prompts(processor: ProcessorMixin, images: Sequence[Image.Image], prompt: str) -> dict[str, Tensor]:
    """Return the model's inputs for `prompt` about each image, padded on the left: (batch, tokens) and pixels."""
    message = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": prompt}]}
    text = opened_turn(processor, [message])
    # Some templates begin with the token that the tokenizer puts before a text by itself.
    tokenizer = getattr(processor, "tokenizer", None)
    begun = bool(getattr(tokenizer, "bos_token", None)) and text.startswith(tokenizer.bos_token)
    options = {"add_special_tokens": False} if begun else {}
    encoded = processor(
        text=[text] * len(images), images=[[image] for image in images], return_tensors="pt", padding=True, **options
    )
    return dict(encoded)


def opened_turn(processor: ProcessorMixin, messages: Sequence[Mapping[str, Any]]) -> str:
    """Return a conversation as the chat template writes it, up to where the model answers.

    A template that opens a thought is asked not to. One that does so all the same has it closed: what follows is an answer.
    """
    named = "enable_thinking" in str(getattr(processor, "chat_template", None))
    options = {"enable_thinking": False} if named else {}
    text = processor.apply_chat_template(list(messages), add_generation_prompt=True, tokenize=False, **options)
    return text + THOUGHT_END if text.rfind("<think>") > text.rfind("</think>") else text


def join_rows(parts: Sequence[Mapping[str, Tensor]], axes: Mapping[str, int]) -> dict[str, Tensor]:
    """Return the inputs of several images, each encoded alone, as inputs of one batch; see `row_axes`."""
    return {name: torch.cat([part[name] for part in parts], dim=axis) for name, axis in axes.items()}


def row_axes(parts: Sequence[Mapping[str, Tensor]], together: Mapping[str, Tensor]) -> dict[str, int] | None:
    """Return the axis along which a processor joins each of its tensors, or None where it does more than join.

    Not all do so along the first: MiniCPM-V's pixels are one row of patches.

    Args:
        parts: inputs of at least two images, each encoded alone.
        together: of the same images, encoded as a batch.
    """
    axes: dict[str, int] = {}
    for name, value in together.items():
        ones = [part[name] for part in parts]
        fitting = [
            axis
            for axis in range(value.dim())
            if sum(one.shape[axis] for one in ones) == value.shape[axis] and torch.equal(torch.cat(ones, dim=axis), value)
        ]
        if not fitting:
            return None
        axes[name] = fitting[0]
    return axes


def check_captions(processor: ProcessorMixin, captions: Mapping[str, str]) -> None:
    """Refuse captions, by face_id, that hold a token with a meaning of its own, such as an image's.

    Raises:
        CaptionTokenError: naming the face and the token.
    """
    tokenizer = processor.tokenizer
    special = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
    special |= {
        str(token) for token in (getattr(processor, "image_token", None), getattr(processor, "video_token", None)) if token
    }
    pattern = re.compile("|".join(re.escape(token) for token in sorted(special)) or r"(?!)")
    for face_id, caption in captions.items():
        match = pattern.search(caption)
        if match:
            raise CaptionTokenError(
                f"caption of {face_id}: it holds {match.group()!r}, which the tokenizer reads as a token, not as text; write it"
                " in other words, or take the face out of the caption set"
            )


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
    ends = end_tokens(model, processor)
    inputs = {name: value.to(model.device) for name, value in encode_prompts(processor, images, prompt).items()}
    settings = GenerationConfig(
        max_new_tokens=max_new_tokens,
        do_sample=False,
        use_cache=True,
        eos_token_id=ends,
        pad_token_id=tokenizer.pad_token_id,
    )
    written = model.generate(**inputs, generation_config=settings)[:, inputs["input_ids"].shape[1] :]
    results = []
    for row in written.tolist():
        end = next((place for place, token in enumerate(row) if token in ends), None)
        tokens = len(row) if end is None else end + 1
        results.append((tokenizer.decode(row[:tokens], skip_special_tokens=True).strip(), tokens, end is not None))
    return results


def end_tokens(model: nn.Module, processor: ProcessorMixin) -> list[int]:
    """Return the tokens that end a text: the tokenizer's, which captions are taught with, then the backbone's others.

    Some backbones end a turn and a text with two.
    """
    own = model.generation_config.eos_token_id
    others = [] if own is None else [own] if isinstance(own, int) else list(own)
    return list(dict.fromkeys([processor.tokenizer.eos_token_id, *others]))
