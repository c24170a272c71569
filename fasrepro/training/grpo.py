"""Reinforcement learning of a caption model: trl's `GRPOTrainer` on a bare backbone, with our rewards.

A face's label reaches the rewards alone, as the word that its conclusion should hold: the model sees the image and the neutral
prompt. The mean of a group's rewards is subtracted, and nothing is divided by their deviation (Dr. GRPO). Dividing would turn a
group that is wrong throughout, but for its form, into a full gradient about form.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from PIL import Image
from torch import nn
from transformers import PreTrainedModel, PrinterCallback, ProcessorMixin
from trl import GRPOConfig, GRPOTrainer

from fasrepro.models import backbones, vlm
from fasrepro.training import rewards
from fasrepro.training.captioners import Reinforcement
from fasrepro.training.trainer import AtSteps

DIGITS = 6  # of the log
# What trl logs of a step, by the name that it has here.
LOGGED = {
    "reward": "reward",
    "frac_reward_zero_std": "groups_without_signal",
    "entropy": "entropy",
    "completions/mean_length": "length",
    "completions/clipped_ratio": "cut",
    "kl": "kl",
    "loss": "loss",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Drawn:
    """A face of the pool, and the word that its conclusion should hold."""

    read_image: Callable[[], Image.Image]
    truth: str


def prompt_dataset(faces: Sequence[Drawn], prompt: str) -> Dataset:
    """Return the prompts of a training, in order, as trl reads them; an image is read when its turn comes.

    A row holds the image and the prompt for the model, and `truth` for the rewards.
    """

    def rows(batch: Mapping[str, Sequence[int]]) -> dict[str, list[Any]]:
        asked = [faces[number] for number in batch["number"]]
        return {
            "prompt": [[{"role": "user", "content": prompt}] for _ in asked],
            "image": [face.read_image() for face in asked],
            "truth": [face.truth for face in asked],
        }

    return Dataset.from_dict({"number": list(range(len(faces)))}).with_transform(rows)


def reward_function(name: str) -> Callable[..., list[float]]:
    """Return a reward of `rewards.REWARDS` as trl calls it. Its name is the reward's: trl logs by it."""
    reward = rewards.REWARDS[name]
    drawn = 0

    def function(completions: Sequence[Any], truth: Sequence[str], **_: Any) -> list[float]:
        nonlocal drawn
        values = []
        for completion, word in zip(completions, truth, strict=True):
            text = completion[0]["content"].strip()
            # Else equal texts would have equal luck, and a model could learn which texts are lucky.
            values.append(rewards.random(text, word, drawn) if reward is rewards.random else reward(text, word))
            drawn += 1
        return values

    function.__name__ = name
    return function


def arguments(settings: Reinforcement, work: Path, seed: int) -> GRPOConfig:
    """Return trl's arguments; nothing is saved or reported, and every step is logged."""
    on_gpu = backbones.device() != "cpu"
    return GRPOConfig(
        output_dir=str(work),
        max_steps=settings.steps,
        per_device_train_batch_size=settings.group * settings.faces // settings.micro_batches,
        gradient_accumulation_steps=settings.micro_batches,
        num_generations=settings.group,
        max_completion_length=settings.max_completion_tokens,
        temperature=settings.temperature,
        beta=settings.beta,
        loss_type="dr_grpo",
        scale_rewards="none",
        reward_weights=list(settings.rewards.values()),
        learning_rate=settings.learning_rate,
        lr_scheduler_type="constant",
        max_grad_norm=settings.max_grad_norm,
        seed=seed,
        data_seed=seed,
        shuffle_dataset=False,  # the pool is in the order in which it is asked
        bf16=on_gpu,
        use_cpu=not on_gpu,
        gradient_checkpointing=False,
        logging_strategy="steps",
        logging_steps=1,
        save_strategy="no",
        eval_strategy="no",
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_num_workers=0,
        dataloader_pin_memory=on_gpu,
    )


def train(
    start: Path | str,
    faces: Sequence[Drawn],
    prompt: str,
    settings: Reinforcement,
    *,
    lora: tuple[int, int],
    seed: int,
    work: Path,
    on_snapshot: Callable[[int, nn.Module], None] = lambda step, model: None,
    functions: Sequence[Callable[..., list[float]]] | None = None,
) -> tuple[PreTrainedModel, ProcessorMixin, list[dict[str, float]]]:
    """Train a bare backbone on the rewards of what it writes, and return it after the last step.

    Args:
        start: folder of the backbone, as `save_pretrained` writes it.
        faces: in the order in which they are asked about, `settings.faces` a step.
        prompt: the student prompt.
        settings: of the training.
        lora: rank and scale of the adapters, where `settings.train` names one.
        seed: of sampling, and of the adapters' weights.
        work: folder for trl's files.
        on_snapshot: is called with the number of the step and the model, at the beginning and after each quarter of the steps:
            see `trainer.AtSteps`.
        functions: the rewards in trl's form, as many as `settings` has weights; None for those that it names.

    Returns:
        The model, in evaluation mode and without adapters; its processor; and a row a step: its number, the mean of each reward
        as "reward/<name>", and those of `LOGGED`. "kl" is the divergence from the start, a token; missing for a beta of 0.
    """
    base, processor = backbones.load(str(start), backbones.device())
    base = base.float()  # in bfloat16, steps of this rate would leave most weights as they are
    rank, alpha = lora
    model = vlm.with_trainable(base, settings.train, head=None, site="", rank=rank, alpha=alpha, seed=seed)
    functions = functions or [reward_function(name) for name in settings.rewards]
    quarters = [round(settings.steps * quarter / 4) for quarter in (1, 2, 3, 4)]
    trainer = GRPOTrainer(
        model=model.body,
        reward_funcs=list(functions),
        args=arguments(settings, work, seed),
        train_dataset=prompt_dataset(faces, prompt),
        processing_class=processor,
        callbacks=[AtSteps([0, *quarters], on_snapshot)],
    )
    trainer.remove_callback(PrinterCallback)  # stages print what a reader needs
    trainer.train()
    log = [_row(entry) for entry in trainer.state.log_history if "reward" in entry]
    return model.release().eval(), processor, log


def _row(entry: Mapping[str, Any]) -> dict[str, float]:
    row = {"step": float(entry["step"])}
    for key, value in entry.items():
        if key in LOGGED:
            row[LOGGED[key]] = round(float(value), DIGITS)
        elif key.startswith("rewards/") and key.endswith("/mean"):
            row[f"reward/{key.split('/')[1]}"] = round(float(value), DIGITS)
    return row
