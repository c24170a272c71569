"""Where a score looks: a patch of the picture is replaced by the picture's mean colour, and the score falls or does not.

The saliency of a patch is how far the score of an attack falls without it; where it rises, the patch has none. The share of the
saliency inside the regions of the cues is compared with the regions' share of the area, which a map without any preference would
reach. Only cues that cover at most half of the crop count: of moire or a tint, which lie all over it, no map could miss the
region.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from fasrepro import regions
from fasrepro.rows.truth import Truth

SCORES = ("score", "trained_probe", "foundation_probe")  # the model's own; the margins of the attack probe on each encoder
MOST_COVERED = 0.5  # of the crop by a cue's region, and by all of them together
PatchScorer = Callable[[Sequence[Image.Image]], np.ndarray]  # a number of each picture, higher for an attack


def local_region(box: Sequence[float], truth: Truth) -> str:
    """Return the region of all local cues of a face, as `regions.encode_region` writes it; "" where it has none.

    A cue is local where it covers at most `MOST_COVERED` of the crop. All of them together must not cover more either.
    """
    shares = [regions.share(box, region) for region in truth.regions]
    grids = [
        regions.decode_region(region)
        for region, share in zip(truth.regions, shares, strict=True)
        if regions.VISIBLE_SHARE <= share <= MOST_COVERED
    ]
    if not grids:
        return ""
    region = regions.encode_region(np.logical_or.reduce(grids))
    return region if regions.share(box, region) <= MOST_COVERED else ""


def edges(length: int, patches: int) -> list[int]:
    """Return where `patches` even parts of a side begin and end, in whole pixels.

    >>> edges(10, 4)
    [0, 2, 5, 8, 10]
    """
    return [round(length * number / patches) for number in range(patches + 1)]


def coverage(box: Sequence[float], region: str, size: tuple[int, int], patches: int) -> np.ndarray:
    """Return the share of each patch that a region covers; (patches, patches), rows from the top.

    Args:
        box: x, y, width, height of the crop in pixels of the frame.
        region: as `regions.encode_region` writes it.
        size: width and height of the crop's picture, which is the box itself.
        patches: a side.
    """
    across, down = edges(size[0], patches), edges(size[1], patches)
    covered = np.zeros((patches, patches))
    for row in range(patches):
        for column in range(patches):
            corner = (box[0] + across[column], box[1] + down[row])
            sides = (across[column + 1] - across[column], down[row + 1] - down[row])
            covered[row, column] = regions.share((*corner, *sides), region)
    return covered


def occluded(picture: Image.Image, patches: int) -> list[Image.Image]:
    """Return a copy of the picture for each patch, row by row, in which the patch has the picture's mean colour.

    Raises:
        ValueError: for a picture with fewer pixels a side than patches.
    """
    pixels = np.asarray(picture)
    if min(pixels.shape[:2]) < patches:
        raise ValueError(
            f"a crop of {picture.width} x {picture.height} pixels has no {patches} patches a side: lower encoders.patches"
        )
    mean = pixels.reshape(-1, pixels.shape[2]).mean(axis=0).round().astype(pixels.dtype)
    across, down = edges(picture.width, patches), edges(picture.height, patches)
    copies = []
    for row in range(patches):
        for column in range(patches):
            copy = pixels.copy()
            copy[down[row] : down[row + 1], across[column] : across[column + 1]] = mean
            copies.append(Image.fromarray(copy))
    return copies


def falls(score: PatchScorer, picture: Image.Image, patches: int) -> np.ndarray:
    """Return how far the score falls without each patch, below zero where it rises; (patches, patches)."""
    own, *without = score([picture, *occluded(picture, patches)])
    return (own - np.array(without)).reshape(patches, patches)


def all_falls(score: PatchScorer, pictures: Sequence[Image.Image], patches: int) -> np.ndarray:
    """Return the falls of several pictures, each with its copies as one batch; (pictures, patches, patches)."""
    return np.array([falls(score, picture, patches) for picture in pictures]).reshape(-1, patches, patches)


def shares(fallen: np.ndarray) -> np.ndarray:
    """Return each patch's share of a picture's saliency; NaN where no patch lowers the score. Of (..., patches, patches)."""
    salient = np.maximum(fallen, 0.0)
    total = salient.sum(axis=(-2, -1), keepdims=True)
    return np.divide(salient, total, out=np.full(salient.shape, np.nan), where=total > 0)


def inside(fallen: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """Return the share of each picture's saliency inside the regions; (pictures, patches, patches) twice -> (pictures,)."""
    return (shares(fallen) * covered).sum(axis=(-2, -1))
