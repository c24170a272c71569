"""The log of trials by which the foundation was chosen, read from foundation_trials.yaml.

They were compared by probes of the frozen foundation, by a training on labels alone, and at last by what the language model reads
of new pictures; never by what a caption style gains over another.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from fasrepro import config

FILE = Path(__file__).with_suffix(".yaml")


@dataclasses.dataclass(frozen=True)
class Trial:
    """One foundation that was pretrained and probed.

    Args:
        changed: against the trial before, or what it is.
        why: in words.
        faces: bona fide faces.
        stills: pictures without a face.
        epochs: over all of them, on the captions.
        attack_auc: of a probe for attacks on unseen people, by site.
        cue_auc: the mean over cues of the archives, by site.
        pairs: the mean share of pairs that are ordered rightly, by site.
        least_pairs: the same of the cue that is seen worst, by site.
        word_epochs: over all of them before, of the vision encoder on the captions' words.
        own_picture: by kind of new picture, the share of descriptions that the language model finds likelier with their own
            picture than with another; None where it was not measured.
        dev_auc: of one training on labels alone, the mean over the sources' dev videos; None where none was made.
    """

    changed: str
    why: str
    faces: int
    stills: int
    epochs: int
    attack_auc: dict[str, float]
    cue_auc: dict[str, float]
    pairs: dict[str, float]
    least_pairs: dict[str, float]
    word_epochs: int = 0
    own_picture: dict[str, float] | None = None
    dev_auc: float | None = None


@dataclasses.dataclass(frozen=True)
class Log:
    """All trials in order, and what decided between them."""

    decided: str
    trials: list[Trial]


def load(path: Path = FILE) -> Log:
    """Return the log. Raises `ConfigError` naming the entry that does not fit."""
    log: Log = config.build(Log, config.read_yaml(path), str(path))
    return log
