"""training_losses.json, which the stage `training_losses` writes: how the losses of each training fell.

Imported from here and not from `results`, so that the stage `encoders`, which reads other results, does not depend on it.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class PhaseLosses:
    """One phase of a training.

    Args:
        name: of the phase.
        steps: of the optimiser.
        losses: by name, the mean over each tenth of the steps, in nats, on the rows that were trained on.
    """

    name: str
    steps: int
    losses: dict[str, list[float]]


@dataclasses.dataclass(frozen=True)
class RunLosses:
    """The trainings of a run on a protocol: the phases of each, in order, by seed."""

    protocol: str
    run: str
    by_seed: dict[int, list[PhaseLosses]]


@dataclasses.dataclass(frozen=True)
class TrainingLosses:
    """training_losses.json: `cells` by protocol and run, such as "oci_m-vanilla"."""

    cells: dict[str, RunLosses]


def curves(phases: list[PhaseLosses]) -> list[dict[str, float]]:
    """Return a training's losses as a row a tenth of each phase, with the "step" at its end counted through all phases.

    >>> curves([PhaseLosses("describe", 4, {"caption": [2.0, 1.0]}), PhaseLosses("joint", 2, {"answer": [0.5]})])
    [{'step': 2, 'caption': 2.0}, {'step': 4, 'caption': 1.0}, {'step': 6, 'answer': 0.5}]
    """
    rows: list[dict[str, float]] = []
    before = 0
    for phase in phases:
        count = max(map(len, phase.losses.values()), default=0)
        for place in range(count):
            row: dict[str, float] = {"step": before + round(phase.steps * (place + 1) / count)}
            rows.append(row | {name: values[place] for name, values in phase.losses.items() if place < len(values)})
        before += phase.steps
    return rows
