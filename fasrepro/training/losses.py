"""The losses by name, and the trainer of a phase, which weighs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate.data_loader import prepare_data_loader
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Sampler

from fasrepro.models.inputs import IGNORED
from fasrepro.models.vlm import Output
from fasrepro.training import devices, unfinished
from fasrepro.training.batches import WeightedOrder
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


def batch_rows(batch: Mapping[str, Any]) -> int:
    """Return the rows of a batch."""
    return len(batch["face_ids"])


def caption_tokens(batch: Mapping[str, Any]) -> int:
    """Return the captions' tokens in a batch."""
    return int((batch["labels"] != IGNORED).sum()) if "labels" in batch else 0


MEAN_OVER: dict[str, Callable[[Mapping[str, Any]], int]] = {"head": batch_rows, "caption": caption_tokens, "answer": batch_rows}
Pass = Mapping[str, dict[str, Any]]  # a batch behind each prompt


class PhaseTrainer(CaptionTrainer):
    """Trains a `FasVlm` on a weighted sum of losses (paper 1, second-hand: 0.7 of the head's and 0.3 of the captions').

    The weights stay as they are where a batch has no captions, so that a run on labels alone differs from the others by the
    captions only. A step's rows come from `batches.phase_collator`, in passes. Each loss is a mean over the whole step, over rows
    or over tokens, however the step is divided into passes and among devices.

    Args:
        weights: of each loss, by its name in `LOSSES`.
        row_weights: how often each row is drawn, with replacement; None for each row once an epoch.
        saves: where and how often the unfinished training is saved; None for never.
        begun: how this phase began, which saves hold.
    """

    def __init__(
        self,
        weights: Mapping[str, float],
        row_weights: Sequence[float] | None,
        *,
        saves: unfinished.Saves | None = None,
        begun: unfinished.Begun | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.weights, self.row_weights = weights, row_weights
        self.saves, self.begun = saves, begun
        self.rows = self.tokens = 0  # so far, on all devices
        # `training_step` adds gradients up itself. The wrapper that the Trainer would put around the model expects one forward
        # pass a backward pass, and a step has one for each prompt.
        self.is_distributed_loading_by_transformers = devices.count() > 1

    def _sync_replicated_trainable_parameters(self, model: nn.Module) -> None:
        devices.share_weights(model)

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler | None:
        if self.row_weights is None:
            return super()._get_train_sampler(train_dataset)
        return WeightedOrder(self.row_weights, self.args.data_seed)

    def get_train_dataloader(self) -> DataLoader:
        """Return the loader of steps: every device draws the rows of whole steps, and the collator takes its share of each."""
        workers = self.args.dataloader_num_workers
        loader = DataLoader(
            self.train_dataset,
            batch_size=self.args.per_device_train_batch_size,
            sampler=self._get_train_sampler(),
            collate_fn=self.data_collator,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=self.args.dataloader_pin_memory,
        )
        return prepare_data_loader(
            loader,
            num_processes=1,
            process_index=0,
            put_on_device=False,
            use_seedable_sampler=True,
            data_seed=self.args.data_seed,
        )

    def training_step(self, model: nn.Module, inputs: Sequence[Pass], num_items_in_batch: Any = None) -> Tensor:
        """Leave the gradients of a whole step in the model, keep the step's losses, and return their weighted sum.

        Raises:
            ValueError: for a loss that is not finite, naming the step and its faces: weights that follow would be NaN;
                and for rows without captions, if no loss but the captions' has a weight.
        """
        model.train()
        totals = devices.totals(self._counts(inputs), self.args.device)
        if not any(totals[name] for name in self.weights):
            raise ValueError(f"a batch has none of the losses {', '.join(self.weights)}: its rows have no captions")
        parts: dict[str, list[float]] = {name: [] for name in self.weights}
        for batch in inputs:
            with self.compute_loss_context_manager():
                loss = self.compute_loss(model, self._prepare_inputs(batch), totals, parts)
            if loss is not None:
                self.accelerator.backward(loss)
        devices.add_up_gradients(self.model)
        step = devices.totals({name: sum(losses) for name, losses in parts.items()}, self.args.device)
        for name, loss in step.items():
            if totals[name]:
                self.losses.setdefault(name, []).append(loss)
        self.rows += int(totals["rows"])
        self.tokens += int(totals["tokens"])
        return torch.tensor(sum(weight * step[name] for name, weight in self.weights.items()), device=self.args.device)

    def _counts(self, inputs: Sequence[Pass]) -> dict[str, int]:
        """Return what each loss is a mean over, and the rows and tokens of the model's inputs, in all passes of this device."""
        batches = [batch for one in inputs for batch in one.values()]
        counts = {
            name: sum(MEAN_OVER[name](one[PROMPT_OF[name]]) for one in inputs if PROMPT_OF[name] in one) for name in self.weights
        }
        tokens = sum(int(batch["attention_mask"].sum()) for batch in batches)
        return {**counts, "rows": sum(map(batch_rows, batches)), "tokens": tokens}

    def compute_loss(
        self, model: nn.Module, inputs: Pass, totals: Mapping[str, float | int], parts: Mapping[str, list[float]]
    ) -> Tensor | None:
        """Return a pass's part of the weighted sum of losses; None for a pass that has none.

        Args:
            model: in training mode.
            inputs: of the pass.
            totals: what each loss is a mean over in the whole step.
            parts: to which the pass's part of each loss is appended, without its weight.
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
            share = MEAN_OVER[name](inputs[prompt]) / totals[name]
            parts[name].append(share * float(loss.detach()))
            total = weight * share * loss if total is None else total + weight * share * loss
        return total

    def _check_finite(self, name: str, loss: Tensor, batch: Mapping[str, Any]) -> None:
        if not bool(torch.isfinite(loss)):
            step = f"step {self.state.global_step + 1} of {self.state.max_steps}"
            raise ValueError(
                f"{step}: the loss {name} is {float(loss.detach())} on the faces {', '.join(batch['face_ids'])}; lower the "
                f"learning rate ({self.args.learning_rate}), or look at these faces. This training writes no checkpoint"
            )

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        # After the last step there is nothing to go on with, and the Trainer would take one step more.
        if self.saves is not None and devices.is_first() and self.state.global_step < self.state.max_steps:
            unfinished.write(self.saves, self.begun, self.state, self.model, self.optimizer, self.lr_scheduler, self.losses)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        save = Path(resume_from_checkpoint)
        unfinished.restore_weights(save, self.model)
        self.losses = {name: values.tolist() for name, values in unfinished.read(save, "losses").items()}

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            unfinished.restore_optimizer(Path(checkpoint), self.optimizer, self.lr_scheduler)

    def _load_rng_state(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            unfinished.restore_random(Path(checkpoint))
