"""How likely a model finds given texts about images."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from transformers import ProcessorMixin

from fasrepro.models.inputs import IGNORED, append_captions, encode_prompts


@torch.inference_mode()
def log_likelihood(
    model: nn.Module, processor: ProcessorMixin, images: Sequence[Image.Image], prompt: str, texts: Sequence[str], limit: int
) -> Float[Tensor, " images"]:
    """Return the mean log-likelihood a token of each image's text behind the prompt.

    Args:
        model: a backbone in evaluation mode.
        processor: of the model.
        images: RGB, one batch.
        prompt: that asks about an image.
        texts: one an image.
        limit: of a text's tokens.
    """
    inputs = append_captions(encode_prompts(processor, images, prompt), texts, processor, limit)
    labels = inputs.pop("labels").to(model.device)
    logits = model(**{name: value.to(model.device) for name, value in inputs.items()}, use_cache=False).logits
    losses = functional.cross_entropy(
        logits[:, :-1].float().transpose(1, 2), labels[:, 1:], ignore_index=IGNORED, reduction="none"
    )
    return -losses.sum(dim=1) / (labels[:, 1:] != IGNORED).sum(dim=1)
