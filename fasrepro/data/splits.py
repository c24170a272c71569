"""The faces of a protocol, as the stage `splits` writes them. How they are chosen: `partition.split_columns`."""

from __future__ import annotations

import dataclasses

from fasrepro import paths
from fasrepro.rows import table
from fasrepro.rows.faces import Face

PARTS = ("train", "dev", "test")


@dataclasses.dataclass(frozen=True, slots=True)
class Split:
    """The faces of a protocol. Dev belongs to the sources; test holds the faces of all targets."""

    train: list[Face]
    dev: list[Face]
    test: list[Face]

    def of_target(self, dataset: str) -> list[Face]:
        """Return the test faces of one target."""
        return [face for face in self.test if face.dataset == dataset]


def read(protocol: str) -> Split:
    """Read what the stage `splits` wrote of a protocol. Raises `RowError`."""
    return Split(*(table.read(paths.split(protocol, part), Face) for part in PARTS))
