"""Which pairs of pictures an encoder puts in order: the foundation's, and that of a trained model.

The pictures of a pair differ in one cue (the stage `probe_pairs` draws them). For each cue a probe (`probes.fit`) is fitted on
the pairs of some people, on the states of one encoder. It puts a pair of another person in order if its margin is higher for the
picture with the cue. What the orders amount to: `pair_gains`.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from fasrepro import files
from fasrepro.evaluation.analyses import probes, shortcuts
from fasrepro.evaluation.analyses.probes import PairStates

Array = np.ndarray
ENCODERS = ("foundation", "trained")


@dataclasses.dataclass(frozen=True)
class PairOrders:
    """The tested pairs, and whether each encoder puts them in order.

    Args:
        cues: (pairs,) the cue in which a pair differs.
        subjects: (pairs,) the person in both pictures.
        ordered: (2, pairs) of `ENCODERS`: 1 in order, 0 the other way round, 0.5 a tie.
    """

    cues: Array
    subjects: Array
    ordered: Array


def write(path: Path, orders: PairOrders) -> None:
    """Write a job's orders."""
    arrays = {field.name: getattr(orders, field.name) for field in dataclasses.fields(orders)}
    with files.replaced(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)


def read(path: Path) -> PairOrders:
    """Read what `write` wrote. Raises `ValueError` for a file that lacks an array."""
    with np.load(path) as content:
        missing = [field.name for field in dataclasses.fields(PairOrders) if field.name not in content.files]
        if missing:
            raise ValueError(f"{path}: has no {missing[0]}; run `dvc repro pair_orders@{path.stem}`")
        return PairOrders(**{field.name: content[field.name] for field in dataclasses.fields(PairOrders)})


def is_tested(cues: Array, fitted: Array) -> Array:
    """Return which pairs are tested, (pairs,) bool: those that no probe is fitted on, of a cue that has a probe."""
    return ~fitted & np.isin(cues, cues[fitted])


def ordered(states: PairStates) -> Array:
    """Return whether the probe of its cue puts each tested pair in order: 1, 0, or 0.5 for a tie; (tested pairs,)."""
    orders = np.zeros(len(states.cues))
    for cue in dict.fromkeys(states.cues[is_tested(states.cues, states.fitted)].tolist()):
        fitted, tested = ((states.cues == cue) & rows for rows in (states.fitted, ~states.fitted))
        numbers = np.concatenate([states.without[fitted], states.present[fitted]])
        margins = probes.fit(numbers, np.repeat([0, 1], fitted.sum()))
        change = margins(states.present[tested]) - margins(states.without[tested])
        orders[tested] = (np.sign(np.round(change, shortcuts.DECIMALS)) + 1) / 2
    return orders[is_tested(states.cues, states.fitted)]
