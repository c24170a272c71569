"""What a training says while it runs: a line of JSON every few steps to a file, and now and then a line for people."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

LINES = 100  # of JSON a phase, at most
SECONDS = 30.0  # between two lines for people


class Counts(Protocol):
    """What a trainer counts: each loss by step, and the rows and tokens that it has taken, on all devices."""

    losses: Mapping[str, Sequence[float]]
    rows: int
    tokens: int


class Progress(TrainerCallback):
    """Reports a phase. No result depends on it: times differ from run to run, and outputs hold none.

    A line of JSON has `phase`, `step`, `steps`, the mean of each loss since the line before as `losses`, `learning_rate` (of the
    next step), `rows_per_s`, `tokens_per_s`, `waiting` (the share of time that the model waited for rows) and `seconds_left` of
    the phase.

    Args:
        file: to which lines are appended.
        phase: its name.
    """

    def __init__(self, file: Path, phase: str) -> None:
        self.file, self.phase = file, phase
        self.trainer: Counts | None = None

    def watch(self, trainer: Trainer) -> None:
        """Report what this trainer counts."""
        self.trainer = trainer
        trainer.add_callback(self)

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Begin to measure; a training that goes on from a save begins at its step."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.began = self.line_at = self.printed_at = self.step_ended = time.monotonic()
        self.first = state.global_step
        self.waited = 0.0
        self._begin_line()

    def _begin_line(self) -> None:
        self.line_rows, self.line_tokens = self.trainer.rows, self.trainer.tokens
        self.line_losses = {name: len(values) for name, values in self.trainer.losses.items()}

    def on_step_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Count how long the step's rows took to come."""
        self.waited += time.monotonic() - self.step_ended

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, *, lr_scheduler: Any = None, **kwargs: Any
    ) -> None:
        """Write a line if one is due."""
        self.step_ended = time.monotonic()
        due = state.global_step % max(1, state.max_steps // LINES) == 0 or state.global_step == state.max_steps
        if not due:
            return
        line = self._line(state, lr_scheduler)
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if self.step_ended - self.printed_at >= SECONDS:
            self.printed_at = self.step_ended
            print(sentence(line), file=sys.stderr, flush=True)
        self.line_at, self.waited = self.step_ended, 0.0
        self._begin_line()

    def _line(self, state: TrainerState, lr_scheduler: Any) -> dict[str, Any]:
        seconds = self.step_ended - self.line_at
        a_step = (self.step_ended - self.began) / (state.global_step - self.first)
        recent = {name: values[self.line_losses.get(name, 0) :] for name, values in self.trainer.losses.items()}
        return {
            "phase": self.phase,
            "step": state.global_step,
            "steps": state.max_steps,
            "losses": {name: round(sum(values) / len(values), 6) for name, values in recent.items() if values},
            "learning_rate": lr_scheduler.get_last_lr()[0],
            "rows_per_s": round((self.trainer.rows - self.line_rows) / seconds, 1),
            "tokens_per_s": round((self.trainer.tokens - self.line_tokens) / seconds, 1),
            "waiting": round(self.waited / seconds, 3),
            "seconds_left": round(a_step * (state.max_steps - state.global_step), 1),
        }


def sentence(line: Mapping[str, Any]) -> str:
    """Return a line of JSON for people.

    >>> sentence({"phase": "joint", "step": 3, "steps": 9, "losses": {"head": 0.51}, "rows_per_s": 7.0, "seconds_left": 130.0})
    'joint: step 3 of 9, head 0.510, 7.0 rows/s, 3 min left'
    """
    losses = ", ".join(f"{name} {value:.3f}" for name, value in line["losses"].items())
    minutes = -(-line["seconds_left"] // 60)
    return (
        f"{line['phase']}: step {line['step']} of {line['steps']}, {losses}, {line['rows_per_s']} rows/s, {minutes:.0f} min left"
    )
