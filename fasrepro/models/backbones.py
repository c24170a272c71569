"""Vision-language checkpoints: loading them, and where each architecture keeps its three parts."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path

import torch
from torch import nn
from transformers import AutoModelForImageTextToText, AutoProcessor, PreTrainedModel, ProcessorMixin
from transformers.utils import logging

from fasrepro import hashing

logging.disable_progress_bar()
# PEFT asks transformers by the old name; nothing a user could do about it.
warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated", category=FutureWarning)


class BackboneError(ValueError):
    """A checkpoint that cannot be used; the message names it and what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Backbone:
    """Dotted names, inside the model that `load` returns, of the vision encoder, the projector and the language model."""

    vision: str
    projector: str
    language: str


BACKBONES: dict[str, Backbone] = {  # by config.model_type
    "idefics3": Backbone("model.vision_model", "model.connector", "model.text_model"),
    "smolvlm": Backbone("model.vision_model", "model.connector", "model.text_model"),
    "qwen2_5_vl": Backbone("model.visual", "model.visual.merger", "model.language_model"),
    "internvl": Backbone("model.vision_tower", "model.multi_modal_projector", "model.language_model"),
    "llava": Backbone("model.vision_tower", "model.multi_modal_projector", "model.language_model"),
    "minicpmv4_6": Backbone("model.vision_tower", "model.merger", "model.language_model"),
}


def backbone(model: PreTrainedModel) -> Backbone:
    """Return where the model's parts are. Raises `BackboneError` for an architecture that is not in `BACKBONES`."""
    kind = model.config.model_type
    if kind not in BACKBONES:
        raise BackboneError(f"model type {kind!r} is none of {', '.join(BACKBONES)}: add its part names to models/backbones.py")
    return BACKBONES[kind]


def load_processor(checkpoint: str) -> ProcessorMixin:
    """Load a processor from a folder or a hub id. Raises `BackboneError` where there is none.

    Prompts are padded on the left, so that every row's last prompt token stands in the same place.
    """
    try:
        processor = AutoProcessor.from_pretrained(checkpoint)
    except (OSError, ValueError) as error:
        raise _not_loaded(checkpoint, error) from None
    tokenizer = processor.tokenizer
    tokenizer.padding_side = "left"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return processor


def load(checkpoint: str, device: str = "cpu") -> tuple[PreTrainedModel, ProcessorMixin]:
    """Load a model and its processor from a folder or a hub id; safetensors only, no code from the checkpoint is run.

    Weights are bfloat16 on a GPU and float32 on a CPU. Raises `BackboneError` where there is no such checkpoint.
    """
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    processor = load_processor(checkpoint)
    try:
        model = AutoModelForImageTextToText.from_pretrained(checkpoint, use_safetensors=True, dtype=dtype)
    except (OSError, ValueError) as error:
        raise _not_loaded(checkpoint, error) from None
    backbone(model)
    return model.to(device), processor


def _not_loaded(checkpoint: str, error: Exception) -> BackboneError:
    return BackboneError(f"backbone {checkpoint!r} cannot be loaded ({str(error).splitlines()[0]})")


def linear_layers(model: nn.Module, prefixes: tuple[str, ...]) -> list[str]:
    """Return the names of all linear layers below the given parts, in the model's order."""
    return [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and any(name.startswith(prefix + ".") for prefix in prefixes)
    ]


def device() -> str:
    """Return where models run: the GPU if there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def weights_hash(checkpoint: str) -> str:
    """Return a hash of a checkpoint folder's weights; a hub id, which has no files here, stands for itself."""
    weights = sorted(Path(checkpoint).glob("*.safetensors"))
    return hashing.sha256_json([hashing.sha256_file(path) for path in weights]) if weights else checkpoint


def use_threads(threads: int) -> None:
    """Fix the number of threads and ask for deterministic kernels: on one machine, the same bytes again."""
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
