"""Vision-language checkpoints: loading them, and where each architecture keeps its three parts."""

from __future__ import annotations

import dataclasses
import warnings
from pathlib import Path

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoModelForImageTextToText,
    AutoProcessor,
    PreTrainedConfig,
    PreTrainedModel,
    ProcessorMixin,
)
from transformers.utils import cached_file, logging
from transformers.utils.hub import extract_commit_hash

from fasrepro import hashing
from fasrepro.models import needs

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
    "qwen3_vl": Backbone("model.visual", "model.visual.merger", "model.language_model"),
    "internvl": Backbone("model.vision_tower", "model.multi_modal_projector", "model.language_model"),
    "llava": Backbone("model.vision_tower", "model.multi_modal_projector", "model.language_model"),
    "llava_onevision": Backbone("model.vision_tower", "model.multi_modal_projector", "model.language_model"),
    "gemma3": Backbone("model.vision_tower", "model.multi_modal_projector", "model.language_model"),
    "minicpmv4_6": Backbone("model.vision_tower", "model.merger", "model.language_model"),
}


def backbone(model: PreTrainedModel) -> Backbone:
    """Return where the model's parts are. Raises `BackboneError` for an architecture that is not in `BACKBONES`."""
    kind = model.config.model_type
    if kind not in BACKBONES:
        raise BackboneError(f"model type {kind!r} is none of {', '.join(BACKBONES)}: add its part names to models/backbones.py")
    return BACKBONES[kind]


def load_processor(checkpoint: str) -> ProcessorMixin:
    """Load a processor from a folder or a hub id, which may name a revision: see `split_revision`.

    Prompts are padded on the left, so that every row's last prompt token stands in the same place. Images are processed by PIL
    where the family's processor can: torchvision, which transformers prefers where it is installed, gives other pixels.

    Raises:
        BackboneError: there is none, or its family needs a package that is not installed.
    """
    name, revision = split_revision(checkpoint)
    family = load_config(checkpoint).model_type
    lacking = needs.lacking(family)
    if lacking:
        raise BackboneError(f"{checkpoint}: the processor of {family} needs {' and '.join(lacking)}: {needs.REMEDY}")
    try:
        processor = AutoProcessor.from_pretrained(name, revision=revision, trust_remote_code=False)
        if not type(processor.image_processor).__name__.endswith("Pil"):
            processor.image_processor = AutoImageProcessor.from_pretrained(
                name, revision=revision, trust_remote_code=False, backend="pil"
            )
    except (OSError, ValueError, ImportError) as error:
        raise _not_loaded(checkpoint, error) from None
    tokenizer = processor.tokenizer
    tokenizer.padding_side = "left"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return processor


def load(checkpoint: str, device: str = "cpu") -> tuple[PreTrainedModel, ProcessorMixin]:
    """Load a model and its processor from a folder or a hub id; safetensors only, no code from the checkpoint is run.

    Weights are bfloat16 on a GPU and float32 on a CPU. Raises `BackboneError` where there is no such checkpoint, and as
    `load_processor` does.
    """
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    processor = load_processor(checkpoint)
    name, revision = split_revision(checkpoint)
    try:
        model = AutoModelForImageTextToText.from_pretrained(
            name, revision=revision, use_safetensors=True, trust_remote_code=False, dtype=dtype
        )
    except (OSError, ValueError, ImportError) as error:
        raise _not_loaded(checkpoint, error) from None
    backbone(model)
    return model.to(device), processor


def load_config(checkpoint: str) -> PreTrainedConfig:
    """Return the config of a folder or a hub id. Raises `BackboneError` where there is none."""
    name, revision = split_revision(checkpoint)
    try:
        return AutoConfig.from_pretrained(name, revision=revision, trust_remote_code=False)
    except (OSError, ValueError, ImportError) as error:
        raise _not_loaded(checkpoint, error) from None


def split_revision(checkpoint: str) -> tuple[str, str]:
    """Return a checkpoint's folder or hub id, and the commit, tag or branch that follows it behind an "@".

    >>> split_revision("org/name@1f2e3d")
    ('org/name', '1f2e3d')
    >>> split_revision("org/name")
    ('org/name', 'main')
    """
    name, _, revision = checkpoint.rpartition("@")
    return (name, revision) if name and not Path(checkpoint).exists() else (checkpoint, "main")


def commit(checkpoint: str) -> str:
    """Return the commit of a checkpoint from a hub; "" for a folder. Raises `BackboneError` where there is none."""
    if Path(checkpoint).is_dir():
        return ""
    name, revision = split_revision(checkpoint)
    try:
        config = cached_file(name, "config.json", revision=revision)
    except (OSError, ValueError) as error:
        raise _not_loaded(checkpoint, error) from None
    return extract_commit_hash(config, None) or ""


def _not_loaded(checkpoint: str, error: Exception) -> BackboneError:
    return BackboneError(f"backbone {checkpoint!r} cannot be loaded ({str(error).strip().splitlines()[0]})")


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
    """Return a hash of a checkpoint folder's weights; for a hub id its commit, which names them as well."""
    if not Path(checkpoint).is_dir():
        return commit(checkpoint) or checkpoint
    weights = sorted(Path(checkpoint).glob("*.safetensors"))
    return hashing.sha256_json([hashing.sha256_file(path) for path in weights]) if weights else checkpoint


def use_threads(threads: int) -> None:
    """Fix the number of threads and ask for deterministic kernels: on one machine, the same bytes again."""
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True, warn_only=True)
