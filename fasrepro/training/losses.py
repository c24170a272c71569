"""The losses by name, and the trainer of a phase, which weighs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Sampler, WeightedRandomSampler

from fasrepro.models.inputs import IGNORED
from fasrepro.models.vlm import FasVlm, Output
from fasrepro.training.recipe import PROMPT_OF
from fasrepro.training.trainer import CaptionTrainer


def cross_entropy_of_attack(logits: Float[Tensor, " batch"], attack: Float[Tensor, " batch"]) -> Float[Tensor, ""]:
    """Return the mean binary cross-entropy; `attack` is 1 for an attack, and a positive logit means attack."""
    return functional.binary_cross_entropy_with_logits(logits.float(), attack.float())


def cross_entropy_of_tokens(
    logits: Float[Tensor, "batch tokens vocabulary"], labels: Int[Tensor, "batch tokens"]
) -> Float[Tensor, ""]:
    """Return the mean cross-entropy a token; `logits` are those of the token before, a label of `IGNORED` does not count."""
    return functional.cross_entropy(logits.float().flatten(0, 1), labels.flatten(), ignore_index=IGNORED)


def head_loss(output: Output, batch: Mapping[str, Any]) -> Tensor:
    """Return the loss of the classification head."""
    return cross_entropy_of_attack(output.head_logits, batch["attack"])


def caption_loss(output: Output, batch: Mapping[str, Any]) -> Tensor | None:
    """Return the loss of the captions' tokens; None for a batch without captions."""
    if "labels" not in batch:
        return None
    return cross_entropy_of_tokens(output.logits[:, :-1], batch["labels"][:, batch["prompt_tokens"] :])


def answer_loss(output: Output, batch: Mapping[str, Any]) -> Tensor:
    """Return the loss of the first token of the answers to the label question, over all words of the model."""
    return functional.cross_entropy(output.logits[:, 0].float(), batch["answer"])


LOSSES: dict[str, Callable[[Output, Mapping[str, Any]], Tensor | None]] = {
    "head": head_loss,
    "caption": caption_loss,
    "answer": answer_loss,
}
NOT_INPUTS = ("attack", "labels", "answer", "face_ids")  # what of a batch the model does not read


class PhaseTrainer(CaptionTrainer):
    """Trains a `FasVlm` on a weighted sum of losses (paper 1, second-hand: 0.7 of the head's and 0.3 of the captions').

    The weights stay as they are where a batch has no captions, so that a run on labels alone differs from the others by the
    captions only. Batches come from `batches.phase_collator`.

    Args:
        weights: of each loss, by its name in `LOSSES`.
        row_weights: how often each row is drawn, with replacement; None for each row once an epoch.
    """

    def __init__(self, weights: Mapping[str, float], row_weights: Sequence[float] | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.weights, self.row_weights = weights, row_weights

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler | None:
        if self.row_weights is None:
            return super()._get_train_sampler(train_dataset)
        generator = torch.Generator().manual_seed(self.args.data_seed)
        return WeightedRandomSampler(self.row_weights, len(self.row_weights), generator=generator)

    def compute_loss(self, model: FasVlm, inputs: Mapping[str, dict[str, Any]], *args: Any, **kwargs: Any) -> Tensor:
        """Return the weighted sum of a batch's losses and keep each of them.

        Raises:
            ValueError: for a loss that is not finite, naming the step and its faces: weights that follow would be NaN;
                and for a batch of rows without captions, if no loss but the captions' has a weight.
        """
        outputs = {
            prompt: model(**{name: value for name, value in batch.items() if name not in NOT_INPUTS})
            for prompt, batch in inputs.items()
        }
        total: Tensor | None = None
        for name, weight in self.weights.items():
            prompt = PROMPT_OF[name]
            if prompt not in inputs:  # no row was left for it
                continue
            loss = LOSSES[name](outputs[prompt], inputs[prompt])
            if loss is None:
                continue
            self._check_finite(name, loss, inputs[prompt])
            self.keep(name, loss)
            total = weight * loss if total is None else total + weight * loss
        if total is None:
            raise ValueError(f"a batch has none of the losses {', '.join(self.weights)}: its rows have no captions")
        return total

    def _check_finite(self, name: str, loss: Tensor, batch: Mapping[str, Any]) -> None:
        if not bool(torch.isfinite(loss)):
            step = f"step {self.state.global_step + 1} of {self.state.max_steps}"
            raise ValueError(
                f"{step}: the loss {name} is {float(loss.detach())} on the faces {', '.join(batch['face_ids'])}; lower the "
                f"learning rate ({self.args.learning_rate}), or look at these faces. Nothing of this training is saved"
            )
