"""What a frozen backbone makes of pictures: the states of its vision encoder and of its projector, in a few numbers a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from transformers import PreTrainedModel, ProcessorMixin

from fasrepro.models.inputs import encode_prompts
from fasrepro.models.sites import StateReader

SITES = {"encoder": "vision", "projector": "projector"}  # name -> site of a head


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
    reader = StateReader(model)
    numbers: dict[str, list[np.ndarray]] = {site: [] for site in SITES}
    try:
        for start in range(0, len(pictures), batch):
            reader.clear()
            inputs = encode_prompts(processor, pictures[start : start + batch], prompt)
            inputs = {name: value.to(model.device) for name, value in inputs.items()}
            model(**inputs, use_cache=False)
            for name, site in SITES.items():
                numbers[name] += [_numbers(states.float()) for states in reader.by_picture(site, inputs["input_ids"])]
    finally:
        reader.remove()
    return {site: np.stack(rows) for site, rows in numbers.items()}


def _numbers(states: Tensor) -> np.ndarray:
    """Return the mean, the deviation and the maximum over states; (states, features) -> (3 * features,)."""
    spread = states.std(dim=0, correction=0)
    return torch.cat([states.mean(dim=0), spread, states.amax(dim=0)]).cpu().numpy()
