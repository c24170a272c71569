"""The settings of the index: params.yaml's `index`. Imports no OpenCV, because every stage reads its settings through
`config`."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class IndexSettings:
    """Which frames of a video are indexed, and how their faces are cropped.

    Args:
        every: of the frames of a video, every `every`-th is a candidate.
        first: of the candidates with a face, the one at this position is taken, and the one half their number later.
        min_face: smallest width of a detected face, in pixels.
        neighbours: how far from a candidate without a face the frame may be that stands in for it; 0 for none.
        crop: key of `cropping.CROPS`.
        max_exclusion_rate: share of a data set's videos that may be unreadable.
    """

    every: int
    first: int
    min_face: int
    neighbours: int
    crop: str
    max_exclusion_rate: float
