"""The dual loss of paper 1: classification first, explanation second."""

from __future__ import annotations

from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from fasrepro.models.inputs import IGNORED


def classification_loss(logits: Float[Tensor, " batch"], labels: Float[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Binary cross-entropy; label 1 is an attack, and so is a positive logit."""
    return functional.binary_cross_entropy_with_logits(logits.float(), labels.float())


def caption_loss(logits: Float[Tensor, "batch tokens vocabulary"], labels: Int[Tensor, "batch tokens"]) -> Float[Tensor, ""]:
    """Mean cross-entropy a token; `logits` are those of the token before, and a label of `inputs.IGNORED` counts for nothing."""
    return functional.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED)


def dual_loss(
    classification: Float[Tensor, ""], caption: Float[Tensor, ""] | None, classification_weight: float, caption_weight: float
) -> Float[Tensor, ""]:
    """L = w_cls L_cls + w_cap L_cap (paper 1, second-hand: 0.7 and 0.3); without captions the first term alone.

    The weight of the first term stays, so that a run on labels alone differs from the others by the captions only.
    """
    loss = classification_weight * classification
    return loss if caption is None else loss + caption_weight * caption
