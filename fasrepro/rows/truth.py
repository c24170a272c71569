"""What is known of a synthetic frame because it was drawn. No training or prediction code reads it."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from fasrepro import regions
from fasrepro.rows.table import require


@dataclasses.dataclass(frozen=True, slots=True)
class Truth:
    """The cues of one frame.

    A cue is present if the frame differs from the same frame without it after camera and codec, and its face's crop shows that.
    """

    KEY: ClassVar = ("face_id",)

    face_id: str
    cues: tuple[str, ...]  # names in vocabulary.CUES that are present, look-alikes excluded
    strengths: tuple[float, ...]  # in (0, 1], one a cue
    regions: tuple[str, ...]  # one a cue: the cells of the frame that it changes, as regions.encode_region writes them
    faint: tuple[str, ...]  # cues that were drawn but did not survive camera, codec and crop
    look_alikes: tuple[str, ...]  # cues that something harmless in the scene resembles
    attributes: str  # JSON object of words: skin_tone, hair, glasses, light, background, ...

    def check(self) -> None:
        """Raise `RowError` where fields contradict each other."""
        require(
            len(self.cues) == len(self.strengths) == len(self.regions),
            f"{self.face_id}: cues, strengths and regions differ in number",
        )
        require(all(0 < s <= 1 for s in self.strengths), f"{self.face_id}: a strength lies outside (0, 1]")
        require(not set(self.cues) & set(self.faint), f"{self.face_id}: a cue is both present and faint: {self.faint}")
        for name, text in zip(self.cues, self.regions, strict=True):
            require(
                regions.is_region(text), f"{self.face_id}: the region of {name} is none, like 60x45:100,3,2597: {text[:60]!r}"
            )
