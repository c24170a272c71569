"""Cells: what the trainings of a run on a protocol left about one target, and which cells are averaged.

A mean is over cells of protocols with equally many sources, because fewer sources make another task. Among these, targets that
several protocols share are averaged apart from targets that one protocol alone tests. So the leave-one-out targets of the MCIO
protocols have one mean, SiW-Mv2, which all four of them test, has another, and the eleven targets of one training have one.
"""

from __future__ import annotations

import dataclasses
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
    def fewest_dev_people(self) -> int:
        """How many dev people the source has that has the fewest."""
        people: dict[str, set[str]] = {}
        for face in self.dev:
            people.setdefault(face.dataset, set()).add(face.subject)
        return min(map(len, people.values()))


class Pool(NamedTuple):
    """Cells that are averaged together.

    `shared_target`: whether several protocols, of as many sources, test the cell's target.
    """

    shared_target: bool
    sources: int


def pools(cells: Iterable[CellResults]) -> dict[str, Pool]:
    """Return the pool of each cell, by its short name."""
    cells = list(cells)
    protocols: dict[tuple[str, int], set[str]] = {}
    for cell in cells:
        protocols.setdefault((cell.target, cell.sources), set()).add(cell.protocol)
    return {cell.cell: Pool(len(protocols[cell.target, cell.sources]) > 1, cell.sources) for cell in cells}
