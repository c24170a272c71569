"""The stage `train`, run by `benchmarks.startup`, with the times of its imports and of its first step written to a file.

python -m benchmarks.first_step <when it was started, by time.monotonic()> <arguments of the stage>
"""

from __future__ import annotations

import sys
import time

from fasrepro.stages import train

IMPORTED = time.monotonic()  # the same clock in all processes of a machine

import functools  # noqa: E402 - what the stage imports is timed
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from transformers import TrainerCallback  # noqa: E402

from fasrepro import files  # noqa: E402

TIMES = Path("first_step.json")


class FirstStep(TrainerCallback):
    """Writes {"imports", "first_step"}, seconds since `started`, when the first step has ended."""

    def __init__(self, started: float) -> None:
        self.started = started

    def on_step_end(self, *args: Any, **kwargs: Any) -> None:
        if not TIMES.is_file():
            files.write_json(TIMES, {"imports": IMPORTED - self.started, "first_step": time.monotonic() - self.started})


def main() -> None:
    """Run the stage as it is, but for a callback that reads the clock."""
    train.training.train_job = functools.partial(train.training.train_job, callbacks=[FirstStep(float(sys.argv[1]))])
    train.main(sys.argv[2:])


if __name__ == "__main__":
    main()
