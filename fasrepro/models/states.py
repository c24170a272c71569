"""What a frozen backbone makes of pictures: the states of its vision encoder and of its projector, in a few numbers a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from transformers import PreTrainedModel, ProcessorMixin

from fasrepro.models import backbones
from fasrepro.models.inputs import encode_prompts
from fasrepro.models.vlm import split_by_image

SITES = ("encoder", "projector")


@torch.inference_mode()
def pooled_states(
    model: PreTrainedModel, processor: ProcessorMixin, pictures: Sequence[Image.Image], prompt: str, batch: int
) -> dict[str, np.ndarray]:
    """Return the mean, the deviation and the maximum of the states at each of `SITES`.

    Args:
        model: as `backbones.load` returns it, in evaluation mode.
        processor: of the model.
        pictures: RGB.
        prompt: that the pictures are shown with; no state before the language model depends on it.
        batch: pictures at once; no number depends on it.

    Returns:
        By site, an array of shape (pictures, 3 times the features of a state).
    """
    parts = backbones.backbone(model)
    kept: dict[str, Tensor] = {}
    hooks = [
        model.get_submodule(path).register_forward_hook(_keep(kept, site))
        for site, path in zip(SITES, (parts.vision, parts.projector), strict=True)
    ]
    numbers: dict[str, list[np.ndarray]] = {site: [] for site in SITES}
    try:
        for start in range(0, len(pictures), batch):
            inputs = encode_prompts(processor, pictures[start : start + batch], prompt)
            inputs = {name: value.to(model.device) for name, value in inputs.items()}
            model(**inputs, use_cache=False)
            image_tokens = (inputs["input_ids"] == model.config.image_token_id).sum(dim=1)
            for site, states in kept.items():
                numbers[site] += [_numbers(part.float()) for part in split_by_image(states, image_tokens)]
    finally:
        for hook in hooks:
            hook.remove()
    return {site: np.stack(rows) for site, rows in numbers.items()}


def _keep(kept: dict[str, Tensor], site: str) -> Callable[[nn.Module, Any, Any], None]:
    def hook(module: nn.Module, inputs: Any, output: Any) -> None:
        kept[site] = output if isinstance(output, Tensor) else output[0]

    return hook


def _numbers(states: Tensor) -> np.ndarray:
    """Return the mean, the deviation and the maximum over states; (states, features) -> (3 * features,)."""
    spread = states.std(dim=0, correction=0)
    return torch.cat([states.mean(dim=0), spread, states.amax(dim=0)]).cpu().numpy()
