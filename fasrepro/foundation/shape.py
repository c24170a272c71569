"""The foundation's shape: a SmolVLM-like (Idefics3) model made from a config, with weights drawn from a seed."""

from __future__ import annotations

import torch
from transformers import Idefics3Config, Idefics3ForConditionalGeneration, LlamaConfig, PreTrainedTokenizerFast


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
