"""Occlusion of scores whose attention is known, and regions on patches."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image

from fasrepro.evaluation.analyses import saliency
from fasrepro.rows.truth import Truth
from tests.regions import box_region


def picture(seed: int = 1) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (30, 21, 3), dtype=np.uint8))


def at_one_patch(images: Sequence[Image.Image]) -> np.ndarray:
    """Return how much the top right of three by three patches varies: nothing, once it is grey."""
    return np.array([np.asarray(one)[:10, 14:].std() for one in images])


def truth(*regions: str) -> Truth:
    cues = ("glare", "bezel", "moire")[: len(regions)]
    return Truth("f", cues, (0.5,) * len(regions), regions, (), (), "{}")


def test_a_scorer_that_looks_at_one_patch_has_all_its_saliency_there() -> None:
    fallen = saliency.falls(at_one_patch, picture(), patches=3)
    expected = np.zeros((3, 3))
    expected[0, 2] = 1
    assert saliency.shares(fallen) == pytest.approx(expected)
    assert saliency.inside(fallen[None], expected[None]) == pytest.approx([1.0])
    assert saliency.inside(fallen[None], 1 - expected[None]) == pytest.approx([0.0])


def test_a_scorer_that_looks_nowhere_has_no_share() -> None:
    fallen = saliency.all_falls(lambda images: np.zeros(len(images)), [picture(), picture(2)], patches=3)
    assert np.isnan(saliency.inside(fallen, np.ones((2, 3, 3)))).all()


def test_a_patch_without_which_the_score_rises_has_no_saliency() -> None:
    assert saliency.shares(np.array([[3.0, -5.0], [1.0, 0.0]])).tolist() == [[0.75, 0.0], [0.25, 0.0]]


def test_a_map_without_preference_reaches_the_regions_share_of_the_area() -> None:
    covered = saliency.coverage((0, 0, 24, 24), box_region(0, 0, 12, 8), (24, 24), patches=4)
    assert saliency.inside(np.ones((1, 4, 4)), covered[None]) == pytest.approx([12 * 8 / 24**2])


def test_an_occluded_patch_has_the_mean_colour_and_the_rest_is_as_it_was() -> None:
    pixels = np.asarray(picture())
    copies = [np.asarray(copy) for copy in saliency.occluded(picture(), 3)]
    assert len(copies) == 9
    second = copies[1]
    assert (second[:10, 7:14] == pixels.reshape(-1, 3).mean(axis=0).round()).all()
    changed = (second != pixels).any(axis=2)
    assert not changed[10:].any() and not changed[:, :7].any() and not changed[:, 14:].any()


def test_a_crop_that_is_too_small_names_the_param() -> None:
    with pytest.raises(ValueError, match=r"21 x 30 pixels has no 25 patches a side: lower encoders\.patches"):
        saliency.occluded(picture(), 25)


def test_coverage_is_that_of_the_crops_own_box() -> None:
    """Cells of four pixels from (8, 4) to (16, 8), in a crop that begins at (8, 0)."""
    covered = saliency.coverage((8, 0, 16, 16), box_region(8, 4, 8, 4), (16, 16), patches=4)
    assert covered.tolist() == [[0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_a_cue_all_over_the_crop_has_no_local_region_and_hides_none() -> None:
    local, everywhere = box_region(0, 0, 8, 8), box_region(0, 0, 32, 32)
    box = (0, 0, 32, 32)
    assert saliency.local_region(box, truth(local)) == local
    assert saliency.local_region(box, truth(everywhere)) == ""
    assert saliency.local_region(box, truth(local, everywhere)) == local


def test_local_regions_that_cover_most_of_the_crop_together_are_none() -> None:
    box = (0, 0, 32, 32)
    assert saliency.local_region(box, truth(box_region(0, 0, 32, 12), box_region(0, 16, 32, 12))) == ""
