"""One face as a training job sees it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from fasrepro.rows.faces import Label
from fasrepro.rows.table import Fault


@dataclasses.dataclass(frozen=True, slots=True)
class TrainRow:
    """A face and its caption; style and caption are empty where it is trained on its label alone."""

    KEY: ClassVar = ("face_id",)

    face_id: str
    dataset: str
    species: str
    label: Label
    crop: str
    crop_sha256: str
    style: str
    caption: str

    @staticmethod
    def faults(columns: pa.RecordBatch) -> Iterator[Fault]:
        """Yield the faults of a training row: see `table.RowType`."""
        one_alone = pc.xor(pc.equal(columns["style"], ""), pc.equal(columns["caption"], ""))
        yield one_alone, lambda _: "style and caption must come together"
