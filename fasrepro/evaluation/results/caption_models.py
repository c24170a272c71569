"""caption_models.json, which the stage `caption_models` writes: what each caption model can read, and how it came to it."""

from __future__ import annotations

import dataclasses

from fasrepro.evaluation.results.shared import Counts, Figures


@dataclasses.dataclass(frozen=True)
class Gate:
    """What a model must reach on its dev people before reinforcement learning, which lifts what can be read already.

    Args:
        parse_rate: the least share of greedy texts that have the form.
        min_accuracy: the least balanced accuracy of those that have it.
        max_accuracy: the highest, above which little is left to lift.
        auc: the least of the conclusion's log-odds.
        mixed: the least share of faces with right and wrong conclusions among their samples: others give no signal.
    """

    parse_rate: float
    min_accuracy: float
    max_accuracy: float
    auc: float
    mixed: float


@dataclasses.dataclass(frozen=True)
class CaptionModelSettings:
    """How caption models are evaluated.

    Args:
        parts: of people, of `data.people_parts`; the gate looks at the first.
        faces: of each part, half of each label.
        samples: texts a face.
        temperature: of the samples.
        max_new_tokens: of a text.
        shifted: caption models of which a copy is evaluated whose log-odds are shifted by a constant, chosen on the first part.
        gate: before reinforcement learning.
    """

    parts: list[str]
    faces: int
    samples: int
    temperature: float
    max_new_tokens: int
    shifted: list[str]
    gate: Gate


@dataclasses.dataclass(frozen=True)
class PartFigures:
    """What a model writes about the faces of one part's people.

    Args:
        counts: faces of each label, and their people.
        figures: by name of `caption_models.TITLES`; precision and recall of named cues only where the cues are known.
        successes: the share of faces of which 0, 1, ... of the samples conclude rightly: `samples` + 1 numbers; none for a model
            whose conclusions are not its own.
    """

    counts: Counts
    figures: Figures
    successes: list[float]


@dataclasses.dataclass(frozen=True)
class ShownText:
    """A greedy text about a face after a step of the training."""

    step: int
    face_id: str
    text: str


@dataclasses.dataclass(frozen=True)
class CaptionModel:
    """One caption model with one seed.

    Args:
        entry: of params.yaml's `captioners`.
        seed: of it and of what it starts from.
        start: the caption model that it goes on from; "" for one that begins at the backbone.
        parts: figures by part.
        missed: conditions of the gate that a supervised model misses, in words; none where it passes. None: the gate is not for
            this model.
        steps: of a training by rewards: a row a step, as `training.grpo.train` logs it.
        texts: of a training by rewards, about the same faces at a few steps.
        faces_asked_about: distinct faces that the training asked about; 0 for a supervised one.
    """

    entry: str
    seed: int
    start: str
    parts: dict[str, PartFigures]
    missed: list[str] | None
    steps: list[dict[str, float]]
    texts: list[ShownText]
    faces_asked_about: int


@dataclasses.dataclass(frozen=True)
class CaptionModels:
    """caption_models.json: every caption model by name; none in a profile without captioners."""

    models: dict[str, CaptionModel]
    settings: CaptionModelSettings
