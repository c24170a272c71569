"""One face as a training job sees it."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from fasrepro.rows.faces import Label
from fasrepro.rows.table import require


@dataclasses.dataclass(frozen=True, slots=True)
class TrainRow:
    """A face and its caption; no caption (empty style and text) means that it is trained on its label alone."""

    KEY: ClassVar = ("face_id",)

    face_id: str
    dataset: str
    species: str
    label: Label
    crop: str
    crop_sha256: str
    style: str
    caption: str

    def check(self) -> None:
        """Raise `RowError` where there is a style without a caption, or a caption without a style."""
        require(bool(self.style) == bool(self.caption), f"{self.face_id}: style and caption must come together")
