"""Looks at a model on its way through a training, which goes on as if nobody had looked."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from fasrepro.models import vlm


class Watch(TrainerCallback):
    """Calls `look` with the step's number and the model, set to evaluation, after each of `steps`.

    `look` must draw no random number: the batches that follow would be others than those of a training without looks.
    """

    def __init__(self, steps: Collection[int], look: Callable[[int, vlm.FasVlm], None]) -> None:
        self.steps, self.look = frozenset(steps), look

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, *, model: vlm.FasVlm, **kwargs: Any
    ) -> None:
        if state.global_step not in self.steps:
            return
        training = model.training
        model.eval()
        try:
            self.look(state.global_step, model)
        finally:
            model.train(training)
