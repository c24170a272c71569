"""The tiny foundation: a SmolVLM-shaped (Idefics3) model made from a config and taught to describe bona fide faces.

A departure from the papers, whose backbones are pretrained on the web: this one has seen synthetic bona fide faces only, and
no word of spoofing. Its tokenizer knows such words as strings, as any tokenizer does; its weights do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3ImageProcessorPil,
    Idefics3Processor,
    LlamaConfig,
    PreTrainedTokenizerFast,
)

from fasrepro.models.inputs import append_captions, encode_prompts
from fasrepro.training import loop

SPECIAL = [
    "<pad>",
    "<bos>",
    "<end_of_utterance>",
    "<image>",
    "<fake_token_around_image>",
    "<global-img>",
    *(f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)),
]
# SmolVLM's template, for turns of one image and one text.
CHAT_TEMPLATE = (
    "<bos>{% for message in messages %}{{ message['role'] | capitalize }}:"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}"
    "<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)


def train_tokenizer(corpus: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """Train a byte-level BPE tokenizer with `vocabulary` entries, the special tokens included."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<bos>", eos_token="<end_of_utterance>", padding_side="left"
    )


def build_processor(tokenizer: PreTrainedTokenizerFast, image_size: int, patch_size: int, scale_factor: int) -> Idefics3Processor:
    """Return the processor: images squared to `image_size` pixels, not split into tiles."""
    side = image_size // patch_size
    if image_size % patch_size or side % scale_factor:
        raise ValueError(f"foundation: image_size {image_size} must be a multiple of patch_size times scale_factor")
    images = Idefics3ImageProcessorPil(
        do_image_splitting=False, size={"longest_edge": image_size}, max_image_size={"longest_edge": image_size}
    )
    return Idefics3Processor(images, tokenizer, image_seq_len=(side // scale_factor) ** 2, chat_template=CHAT_TEMPLATE)


def build_model(
    tokenizer: PreTrainedTokenizerFast,
    *,
    image_size: int,
    patch_size: int,
    scale_factor: int,
    hidden_size: int,
    vision_layers: int,
    text_layers: int,
    heads: int,
    seed: int,
) -> Idefics3ForConditionalGeneration:
    """Return an untrained model with weights drawn from `seed`."""
    ids = {"pad_token_id": tokenizer.pad_token_id, "bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    text = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden_size,
        intermediate_size=3 * hidden_size,
        num_hidden_layers=text_layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=1024,
        **ids,
    )
    vision = {
        "hidden_size": hidden_size,
        "intermediate_size": 3 * hidden_size,
        "num_hidden_layers": vision_layers,
        "num_attention_heads": heads,
        "image_size": image_size,
        "patch_size": patch_size,
    }
    torch.manual_seed(seed)
    config = Idefics3Config(
        text_config=text.to_dict(),
        vision_config=vision,
        scale_factor=scale_factor,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        tie_word_embeddings=False,
        **ids,
    )
    return Idefics3ForConditionalGeneration(config)


def pretrain(
    model: Idefics3ForConditionalGeneration,
    processor: Idefics3Processor,
    images: Sequence[Image.Image],
    captions: Sequence[str],
    *,
    prompt: str,
    max_caption_tokens: int,
    plan: loop.Optimisation,
    work: Path,
) -> list[float]:
    """Teach `model` (all its weights) to write each image's caption; return the mean loss a token of each tenth of training."""

    def collate(rows: list[int]) -> dict[str, torch.Tensor]:
        inputs = encode_prompts(processor, [images[row] for row in rows], prompt)
        return append_captions(inputs, [captions[row] for row in rows], processor, max_caption_tokens)

    trainer = loop.DescribeTrainer(
        model=model,
        args=loop.arguments(work, plan),
        train_dataset=list(range(len(images))),
        data_collator=collate,
    )
    trainer.train()
    return loop.tenths(trainer.losses["caption"])


def save(model: Idefics3ForConditionalGeneration, processor: Idefics3Processor, folder: Path) -> None:
    """Write a checkpoint like any other: safetensors, config and processor."""
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
