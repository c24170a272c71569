"""Cells: what the trainings of a run on a protocol left about one target, and which cells are averaged.

A mean is over cells of protocols with equally many sources, because fewer sources make another task. Among these, targets that
several protocols share are averaged apart from targets that one protocol alone tests. So the leave-one-out targets of the MCIO
protocols have one mean, SiW-Mv2, which all four of them test, has another, and the eleven targets of one training have one.
Protocols within a data set are averaged with their own folds alone: OULU-NPU's Protocol 1 asks another question than its
Protocol 2.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from fasrepro.evaluation.results import Cell
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face


@dataclasses.dataclass(frozen=True)
class CellResults(Cell):
    """What the trainings of one run on one protocol left about one target.

    Args:
        dev: faces of the sources.
        test: faces of the target.
        scores: seed -> face_id -> p_attack, of dev and test faces.
        verdicts: reader -> seed -> face_id -> verdict, of explained test faces.
    """

    dev: Sequence[Face]
    test: Sequence[Face]
    scores: Mapping[int, Mapping[str, float]]
    verdicts: Mapping[str, Mapping[int, Mapping[str, Verdict]]] = dataclasses.field(default_factory=dict)

    @property
    def sources(self) -> int:
        """How many data sets the protocol trains on: dev holds faces of each."""
        return len({face.dataset for face in self.dev})

    @property
    def series(self) -> str:
        """The protocol within a data set that this cell is a fold of; "" where the target is no source.

        A published name is the data set, the protocol (a number, or "loo") and perhaps the fold: `oulu_3_2` is a fold of
        "oulu_3", and `wmca_loo_prints` of "wmca_loo". A protocol of another name has no folds.
        """
        if all(face.dataset != self.target for face in self.dev):
            return ""
        fold = re.match(rf"({re.escape(self.target)}_(?:[0-9]+|loo))_", self.protocol)
        return fold[1] if fold else self.protocol

    @property
    def fewest_dev_people(self) -> int:
        """How many dev people the source has that has the fewest."""
        people: dict[str, set[str]] = {}
        for face in self.dev:
            people.setdefault(face.dataset, set()).add(face.subject)
        return min(map(len, people.values()))


class Pool(NamedTuple):
    """Cells that are averaged together.

    `shared_target`: whether several protocols of the same series, of as many sources, test the cell's target.
    """

    shared_target: bool
    sources: int
    series: str = ""  # see `CellResults.series`


def pools(cells: Iterable[CellResults]) -> dict[str, Pool]:
    """Return the pool of each cell, by its short name."""
    cells = list(cells)
    protocols: dict[tuple[str, int, str], set[str]] = {}
    for cell in cells:
        protocols.setdefault((cell.target, cell.sources, cell.series), set()).add(cell.protocol)
    return {
        cell.cell: Pool(len(protocols[cell.target, cell.sources, cell.series]) > 1, cell.sources, cell.series) for cell in cells
    }
