"""A tiny random checkpoint of each family of `BACKBONES`, built from the family's own config, processor and chat template.

Shapes are of one or two layers and a vocabulary of some hundred tokens. What differs between families is kept: how they cut
pictures into tiles or patches, which tokens begin and end a prompt and a turn, and whether a turn opens with a thought.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers.processors import TemplateProcessing
from transformers import AutoConfig, AutoModelForImageTextToText, PreTrainedTokenizerFast, ProcessorMixin

from fasrepro.foundation import tokenizer as tokenizers

SIDE, PATCH, WIDTH = 32, 8, 32  # pixels of a tile, of a patch; features of both encoders
TEXTS = [
    "a person with brown hair looks at the camera in soft light",
    "the pale edge of a sheet of paper and flat lighting; this is a presentation attack",
    "a moire pattern over the face and the dark bezel of a device",
    *["Yes", "No"] * 20,
]
CHAT_ML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}IMAGE{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\nTHOUGHT{% endif %}"
)
LLAVA = (
    "{% for message in messages %}{{ message['role'] | upper }}: "
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>\n{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% if message['role'] == 'assistant' %}</s>{% else %} {% endif %}{% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT: {% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% for message in messages %}<start_of_turn>"
    "{{ 'model' if message['role'] == 'assistant' else message['role'] }}\n"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<start_of_image>{% else %}{{ part['text'] | trim }}{% endif %}"
    "{% endfor %}<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
# Qwen3.5's, shortened: it opens a thought unless it is told not to.
THOUGHT = "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% else %}<think>\n{% endif %}"


def chat_ml(image: str, thought: str = "") -> str:
    """Return the chat template of the Qwen families, with the family's own words for an image and for a thought."""
    return CHAT_ML.replace("IMAGE", image).replace("THOUGHT", thought)


@dataclasses.dataclass(frozen=True)
class Family:
    """What a family's checkpoint is built from.

    Args:
        template: of chats.
        ends: tokens that end a text; the first is the tokenizer's, all are the generation config's.
        named: special tokens that the tokenizer has by an attribute's name.
        special: other special tokens.
        adds_bos: whether the tokenizer puts one before a text by itself.
        processor: of the tokenizer.
        config: of the model, given the tokenizer.
    """

    template: str
    ends: tuple[str, ...]
    processor: Callable[[PreTrainedTokenizerFast], ProcessorMixin]
    config: Callable[[PreTrainedTokenizerFast], dict[str, Any]]
    named: dict[str, str] = dataclasses.field(default_factory=dict)
    special: tuple[str, ...] = ()
    adds_bos: bool = False


def build(name: str, folder: Path, seed: int = 3) -> Path:
    """Write a checkpoint of a family to `folder`, as `save_pretrained` writes it, and return the folder."""
    family = FAMILIES[name]
    tokenizer = _tokenizer(family)
    processor = family.processor(tokenizer)
    ids = {
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    torch.manual_seed(seed)
    config = AutoConfig.for_model(name, **family.config(tokenizer), **ids)
    model = AutoModelForImageTextToText.from_config(config)
    with torch.no_grad():  # so that pictures differ in their scores as they do in a trained model
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=0.15)
    model.generation_config.eos_token_id = [tokenizer.convert_tokens_to_ids(token) for token in family.ends]
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _tokenizer(family: Family) -> PreTrainedTokenizerFast:
    trained = tokenizers.train_tokenizer(TEXTS * 3, 400)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=trained.backend_tokenizer,
        pad_token="<pad>",
        bos_token="<bos>",
        eos_token=family.ends[0],
        extra_special_tokens=family.named,
        chat_template=family.template,
    )
    tokenizer.add_special_tokens(
        {"additional_special_tokens": [*family.ends, *family.special]}, replace_extra_special_tokens=False
    )
    if family.adds_bos:
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
            single="<bos> $A", special_tokens=[("<bos>", tokenizer.bos_token_id)]
        )
    return tokenizer


def _class(name: str) -> type:
    """Return the class of an image processor; its PIL one where there is no torchvision."""
    chosen = getattr(transformers, name)
    return getattr(transformers, name + "Pil") if getattr(chosen, "is_dummy", False) else chosen


def _text(tokenizer: PreTrainedTokenizerFast, **changed: Any) -> dict[str, Any]:
    """Return the config of a language model of one layer."""
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": 2048,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        **changed,
    }


def _vision(**changed: Any) -> dict[str, Any]:
    """Return the config of a vision encoder of one layer."""
    return {
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": SIDE,
        "patch_size": PATCH,
        **changed,
    }


def _idefics3_processor(tokenizer: PreTrainedTokenizerFast) -> ProcessorMixin:
    images = _class("Idefics3ImageProcessor")(size={"longest_edge": 2 * SIDE}, max_image_size={"longest_edge": SIDE})
    return transformers.Idefics3Processor(images, tokenizer, image_seq_len=4, chat_template=tokenizer.chat_template)


def _smolvlm_processor(tokenizer: PreTrainedTokenizerFast) -> ProcessorMixin:
    images = _class("SmolVLMImageProcessor")(size={"longest_edge": 2 * SIDE}, max_image_size={"longest_edge": SIDE})
    videos = transformers.SmolVLMVideoProcessor()
    return transformers.SmolVLMProcessor(images, tokenizer, videos, image_seq_len=4, chat_template=tokenizer.chat_template)


def _idefics_config(text: str) -> Callable[[PreTrainedTokenizerFast], dict[str, Any]]:
    return lambda tokenizer: {
        "text_config": {"model_type": text, **_text(tokenizer)},
        "vision_config": _vision(),
        "scale_factor": 2,
        "image_token_id": tokenizer.convert_tokens_to_ids("<image>"),
        "tie_word_embeddings": False,
    }


def _qwen_processor(processor: str, videos: str) -> Callable[[PreTrainedTokenizerFast], ProcessorMixin]:
    def make(tokenizer: PreTrainedTokenizerFast) -> ProcessorMixin:
        images = _class("Qwen2VLImageProcessor")(
            patch_size=PATCH, merge_size=2, size={"shortest_edge": 256, "longest_edge": 64 * 64}
        )
        return getattr(transformers, processor)(
            images, tokenizer, getattr(transformers, videos)(), chat_template=tokenizer.chat_template
        )

    return make


def _qwen_config(rope: dict[str, Any], **vision: Any) -> Callable[[PreTrainedTokenizerFast], dict[str, Any]]:
    names = {
        "image_token_id": "<|image_pad|>",
        "video_token_id": "<|video_pad|>",
        "vision_start_token_id": "<|vision_start|>",
        "vision_end_token_id": "<|vision_end|>",
    }
    return lambda tokenizer: {
        "text_config": _text(tokenizer, rope_parameters={"rope_type": "default", "rope_theta": 1e4, **rope}, head_dim=16),
        "vision_config": {
            "depth": 2,
            "hidden_size": WIDTH,
            "intermediate_size": 2 * WIDTH,
            "num_heads": 2,
            "patch_size": PATCH,
            "spatial_merge_size": 2,
            "out_hidden_size": WIDTH,
            **vision,
        },
        "tie_word_embeddings": True,
        **{name: tokenizer.convert_tokens_to_ids(token) for name, token in names.items()},
    }


def _internvl_processor(tokenizer: PreTrainedTokenizerFast) -> ProcessorMixin:
    images = _class("GotOcr2ImageProcessor")(size={"height": SIDE, "width": SIDE}, crop_to_patches=True, max_patches=4)
    videos = transformers.InternVLVideoProcessor()
    return transformers.InternVLProcessor(images, tokenizer, videos, image_seq_length=4, chat_template=tokenizer.chat_template)


def _internvl_config(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    return {
        "text_config": {"model_type": "qwen2", **_text(tokenizer)},
        "vision_config": _vision(),
        "image_token_id": tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        "image_seq_length": 4,
        "downsample_ratio": 0.5,
    }


def _llava_processor(tokenizer: PreTrainedTokenizerFast) -> ProcessorMixin:
    images = _class("CLIPImageProcessor")(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    return transformers.LlavaProcessor(
        images,
        tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=tokenizer.chat_template,
    )


def _llava_config(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    return {
        "text_config": {"model_type": "llama", **_text(tokenizer)},
        "vision_config": {"model_type": "clip_vision_model", "projection_dim": WIDTH, **_vision(num_hidden_layers=2)},
        "image_token_id": tokenizer.convert_tokens_to_ids("<image>"),
    }


PINPOINTS = [[SIDE, SIDE], [SIDE, 2 * SIDE], [2 * SIDE, SIDE], [2 * SIDE, 2 * SIDE]]


def _onevision_processor(tokenizer: PreTrainedTokenizerFast) -> ProcessorMixin:
    images = _class("LlavaOnevisionImageProcessor")(size={"height": SIDE, "width": SIDE}, image_grid_pinpoints=PINPOINTS)
    return transformers.LlavaOnevisionProcessor(
        images,
        tokenizer,
        transformers.LlavaOnevisionVideoProcessor(),
        num_image_tokens=16,
        vision_feature_select_strategy="full",
        chat_template=tokenizer.chat_template,
    )


def _onevision_config(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    return {
        "text_config": {"model_type": "qwen2", **_text(tokenizer)},
        "vision_config": {"model_type": "siglip_vision_model", "vision_use_head": False, **_vision()},
        "image_token_index": tokenizer.convert_tokens_to_ids("<image>"),
        "video_token_index": tokenizer.convert_tokens_to_ids("<video>"),
        "image_grid_pinpoints": PINPOINTS,
    }


def _gemma3_processor(tokenizer: PreTrainedTokenizerFast) -> ProcessorMixin:
    images = _class("Gemma3ImageProcessor")(size={"height": SIDE, "width": SIDE})
    return transformers.Gemma3Processor(images, tokenizer, image_seq_length=4, chat_template=tokenizer.chat_template)


def _gemma3_config(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    return {
        "text_config": _text(tokenizer, head_dim=16),
        "vision_config": {"model_type": "siglip_vision_model", "vision_use_head": False, **_vision()},
        "mm_tokens_per_image": 4,
        "image_token_index": tokenizer.image_token_id,
        "boi_token_index": tokenizer.convert_tokens_to_ids("<start_of_image>"),
        "eoi_token_index": tokenizer.convert_tokens_to_ids("<end_of_image>"),
    }


def _minicpm_processor(tokenizer: PreTrainedTokenizerFast) -> ProcessorMixin:
    images = _class("MiniCPMV4_6ImageProcessor")(patch_size=PATCH, scale_resolution=2 * SIDE, max_slice_nums=2)
    return transformers.MiniCPMV4_6Processor(
        images, transformers.MiniCPMV4_6VideoProcessor(), tokenizer, chat_template=tokenizer.chat_template
    )


def _minicpm_config(tokenizer: PreTrainedTokenizerFast) -> dict[str, Any]:
    linear = {"linear_key_head_dim": 8, "linear_value_head_dim": 8, "linear_num_key_heads": 2, "linear_num_value_heads": 2}
    layers = ["linear_attention", "full_attention"]
    return {
        "text_config": {
            "model_type": "qwen3_5_text",
            **_text(tokenizer, head_dim=16, num_hidden_layers=2, layer_types=layers, **linear),
        },
        "vision_config": _vision(num_hidden_layers=2, image_size=128),
        "insert_layer_id": 0,
        "image_token_id": tokenizer.image_token_id,
        "video_token_id": tokenizer.video_token_id,
    }


IM_ENDS = ("<|im_end|>", "<|endoftext|>")
QWEN_TOKENS = ("<|im_start|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
QWEN_CHAT = chat_ml("<|vision_start|><|image_pad|><|vision_end|>")
FAMILIES: dict[str, Family] = {  # by config.model_type
    "idefics3": Family(
        tokenizers.CHAT_TEMPLATE,
        ("<end_of_utterance>",),
        _idefics3_processor,
        _idefics_config("llama"),
        adds_bos=True,
    ),
    "smolvlm": Family(
        tokenizers.CHAT_TEMPLATE,
        ("<end_of_utterance>",),
        _smolvlm_processor,
        _idefics_config("llama"),
        special=("<video>",),
    ),
    "qwen2_5_vl": Family(
        QWEN_CHAT,
        IM_ENDS,
        _qwen_processor("Qwen2_5_VLProcessor", "Qwen2VLVideoProcessor"),
        _qwen_config({"mrope_section": [2, 3, 3]}, fullatt_block_indexes=[1], window_size=4 * PATCH),
        special=QWEN_TOKENS,
    ),
    "qwen3_vl": Family(
        QWEN_CHAT,
        IM_ENDS,
        _qwen_processor("Qwen3VLProcessor", "Qwen3VLVideoProcessor"),
        _qwen_config(
            {"mrope_section": [2, 3, 3], "mrope_interleaved": True}, deepstack_visual_indexes=[0], num_position_embeddings=64
        ),
        special=QWEN_TOKENS,
    ),
    "internvl": Family(
        chat_ml("<IMG_CONTEXT>\n"),
        IM_ENDS,
        _internvl_processor,
        _internvl_config,
        named={
            "start_image_token": "<img>",
            "end_image_token": "</img>",
            "context_image_token": "<IMG_CONTEXT>",
            "video_token": "<video>",
        },
        special=("<|im_start|>",),
    ),
    "llava": Family(LLAVA, ("</s>",), _llava_processor, _llava_config, adds_bos=True),
    "llava_onevision": Family(
        chat_ml("<image>\n"), IM_ENDS, _onevision_processor, _onevision_config, special=("<|im_start|>", "<video>")
    ),
    "gemma3": Family(
        GEMMA,
        ("<eos>", "<end_of_turn>"),
        _gemma3_processor,
        _gemma3_config,
        named={"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"},
        special=("<start_of_turn>",),
        adds_bos=True,
    ),
    "minicpmv4_6": Family(
        chat_ml("<|image_pad|>", THOUGHT),
        IM_ENDS,
        _minicpm_processor,
        _minicpm_config,
        named={
            "image_token": "<|image_pad|>",
            "video_token": "<|video_pad|>",
            "image_start_token": "<img_start>",
            "image_end_token": "<img_end>",
            "slice_start_token": "<slice>",
            "slice_end_token": "</slice>",
            "image_id_start_token": "<image_id>",
            "image_id_end_token": "</image_id>",
        },
        special=("<|im_start|>", "<think>", "</think>"),
    ),
}
