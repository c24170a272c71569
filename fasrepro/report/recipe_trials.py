"""The log of trials by which the recipe of paper 2's runs was chosen, read from recipe_trials.yaml.

Each trains `label_two_stage`, the run that learns no captions, and is compared by its AUC on the sources' dev people: never by a
target, and never by what captions gain.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from fasrepro import config

FILE = Path(__file__).with_suffix(".yaml")


@dataclasses.dataclass(frozen=True)
class Trial:
    """One training of `label_two_stage`.

    Args:
        trained: what stage 1 trained, besides projector and embeddings.
        steps: of stage 1 and stage 2.
        rate: learning rate.
        dev_auc: by source, over the dev people's images.
    """

    trained: str
    steps: list[int]
    rate: float
    dev_auc: dict[str, float]


@dataclasses.dataclass(frozen=True)
class Log:
    """All trials in order, and what decided between them."""

    decided: str
    trials: list[Trial]


def load(path: Path = FILE) -> Log:
    """Return the log. Raises `ConfigError` naming the entry that does not fit."""
    log: Log = config.build(Log, config.read_yaml(path), str(path))
    return log
