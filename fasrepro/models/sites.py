"""The states that a head can read of a run, by site and by picture, and whether a backbone keeps pictures apart there."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from PIL import Image
from torch import Tensor, nn
from transformers import PreTrainedModel, ProcessorMixin

from fasrepro.models import backbones
from fasrepro.models.backbones import BackboneError
from fasrepro.models.inputs import encode_prompts

SIDE = 224  # of the pictures of `check`, for an encoder whose config names no size
APART = 0.02  # of the distance between two pictures' states: what the arithmetic of another batch may move them by


class StateReader:
    """Keeps the states of a model's last run.

    Hooks, because what `get_image_features` returns differs between architectures, and modules do not. A projector's states are
    of one call or several, a tensor or a list, and some are dropped on the way or joined by others. Where they are not one
    tensor with a state for each image token, the states that the language model is given at those tokens are read.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        parts = backbones.backbone(model)
        self.image_token = model.config.image_token_id
        self._vision: list[Tensor] = []
        self._projected: list[Any] = []
        self._given: Tensor | None = None
        self._language: Tensor | None = None
        language = model.get_submodule(parts.language)
        self._hooks = [
            model.get_submodule(parts.vision).register_forward_hook(self._keep_vision),
            model.get_submodule(parts.projector).register_forward_hook(self._keep_projected),
            language.register_forward_pre_hook(self._keep_given, with_kwargs=True),
            language.register_forward_hook(self._keep_language),
        ]

    def _keep_vision(self, module: nn.Module, inputs: Any, output: Any) -> None:
        self._vision.append(output if isinstance(output, Tensor) else output[0])

    def _keep_projected(self, module: nn.Module, inputs: Any, output: Any) -> None:
        self._projected.append(output)

    def _keep_given(self, module: nn.Module, arguments: Any, named: dict[str, Any]) -> None:
        self._given = named.get("inputs_embeds")

    def _keep_language(self, module: nn.Module, inputs: Any, output: Any) -> None:
        self._language = output if isinstance(output, Tensor) else output[0]

    def clear(self) -> None:
        """Forget the last run."""
        self._vision, self._projected, self._given, self._language = [], [], None, None

    def remove(self) -> None:
        """Take the hooks off the model."""
        for hook in self._hooks:
            hook.remove()

    def by_picture(self, site: str, prompt_ids: Int[Tensor, "batch tokens"]) -> list[Float[Tensor, "states features"]]:
        """Return each row's states at a site: its picture's, or at "prompt" the one of its last prompt token.

        Args:
            site: of `recipe.HEAD_SITES`.
            prompt_ids: tokens of the prompts, without what follows them.

        Raises:
            ValueError: where the vision encoder's states cannot be divided by the rows' image tokens.
        """
        last = prompt_ids.shape[1]
        own = prompt_ids == self.image_token
        if site == "prompt":
            return list(self._language[:, last - 1 : last])
        if site == "projector" and not self._one_a_token(int(own.sum())):
            return at_image_tokens(self._given[:, :last], own)
        if site == "projector":
            return split_by_image(self._projected[0], own.sum(dim=1))
        flat = [states.flatten(0, -2) for states in self._vision]
        return split_by_image(flat[0] if len(flat) == 1 else torch.cat(flat), own.sum(dim=1))

    def _one_a_token(self, image_tokens: int) -> bool:
        """Return whether the projector's states are one tensor, with a state for each of the prompts' image tokens."""
        states = self._projected[0] if len(self._projected) == 1 else None
        return isinstance(states, Tensor) and states.shape[:-1].numel() == image_tokens


def at_image_tokens(
    given: Float[Tensor, "batch tokens features"], own: Bool[Tensor, "batch tokens"]
) -> list[Float[Tensor, "states features"]]:
    """Return what the language model is given at each row's image tokens."""
    return [row[tokens] for row, tokens in zip(given, own, strict=True)]


def split_by_image(states: Tensor, image_tokens: Int[Tensor, " batch"]) -> list[Float[Tensor, "states features"]]:
    """Return the states that belong to each row's image.

    Args:
        states: (tiles, tokens, features) or (tokens of all rows, features), row after row. Architectures differ in that, and in
            how many states make one image token; the ratio is the same for all rows of a batch, or `check` refuses the backbone.
        image_tokens: number of image tokens in each row's prompt.

    Raises:
        ValueError: where the states cannot be divided by those counts.
    """
    flat = states.flatten(0, -2)
    total = int(image_tokens.sum())
    counts = (image_tokens * flat.shape[0]) // max(total, 1)
    if int(counts.sum()) != flat.shape[0]:
        raise ValueError(f"{flat.shape[0]} image states cannot be dealt out to rows with {image_tokens.tolist()} image tokens")
    return list(flat.split(counts.tolist()))


@torch.inference_mode()
def check(model: PreTrainedModel, processor: ProcessorMixin, site: str, prompt: str) -> None:
    """Refuse a site at which a picture's states depend on the pictures beside it.

    Two pictures of two sizes are shown alone and in one batch. Where the number of states for each image token differs between
    sizes, a row would be given states of another row's picture.

    Args:
        model: a plain backbone in evaluation mode.
        processor: of the model.
        site: whose states a head reads; nothing is dealt out at "prompt", nor for "", a model without a head.
        prompt: that the pictures are shown with.

    Raises:
        BackboneError: naming the site and the family.
    """
    if site in ("", "prompt"):
        return
    pictures = _two_sizes(model)
    reader = StateReader(model)
    try:
        alone = [_means(model, processor, reader, site, prompt, [picture])[0] for picture in pictures]
        together = _means(model, processor, reader, site, prompt, pictures)
    except ValueError:
        together = []
    finally:
        reader.remove()
    distance = float((alone[0] - alone[1]).norm()) if together else 0.0
    moved = max((float((one - other).norm()) for one, other in zip(alone, together, strict=False)), default=1.0)
    if not together or moved > APART * distance:
        raise BackboneError(
            f"head_site {site!r} cannot be read with a backbone of type {model.config.model_type}: a picture's states differ"
            " there beside a picture of another size; take head_site 'prompt' or 'projector', or another backbone"
        )


def _two_sizes(model: PreTrainedModel) -> list[Image.Image]:
    """Return a square picture and a wide one, both noise, in the sizes of a tile and of two."""
    side = getattr(model.config.vision_config, "image_size", SIDE)
    side = max(side) if isinstance(side, (list, tuple)) else side
    generator = np.random.default_rng(0)
    bright = generator.integers(128, 256, (side, side, 3), dtype=np.uint8)
    dark = generator.integers(0, 128, (side, 2 * side, 3), dtype=np.uint8)
    return [Image.fromarray(bright), Image.fromarray(dark)]


def _means(
    model: PreTrainedModel,
    processor: ProcessorMixin,
    reader: StateReader,
    site: str,
    prompt: str,
    pictures: list[Image.Image],
) -> list[Tensor]:
    """Return the mean of each picture's states."""
    reader.clear()
    inputs = {name: value.to(model.device) for name, value in encode_prompts(processor, pictures, prompt).items()}
    model(**inputs, use_cache=False)
    return [states.float().mean(dim=0) for states in reader.by_picture(site, inputs["input_ids"])]
