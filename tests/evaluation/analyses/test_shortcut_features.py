"""The views of a face, on pictures whose numbers are known by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from fasrepro.evaluation.analyses import shortcut_features, shortcuts
from fasrepro.vocabulary import CUES

SIDE, RIM = shortcut_features.SIDE, shortcut_features.RIM


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)


def flat(*colour: int) -> np.ndarray:
    return np.full((SIDE, SIDE, 3), colour, np.uint8)


def test_a_crop_of_any_size_becomes_a_picture_of_one_size() -> None:
    for size in ((40, 52), (96, 96), (300, 200)):
        assert shortcut_features.picture(Image.new("RGB", size, (10, 20, 30))).shape == (SIDE, SIDE, 3)


def test_colour_and_contrast_by_hand() -> None:
    assert shortcut_features.mean_colour(flat(255, 51, 0)).tolist() == pytest.approx([1.0, 0.2, 0.0])
    half = flat(0, 0, 0)
    half[: SIDE // 2] = 255
    assert shortcut_features.contrast(half).tolist() == pytest.approx([0.5, 0, 0, 0.5, 1, 1])


def test_the_border_is_compared_with_the_middle() -> None:
    framed = flat(0, 0, 0)
    framed[RIM:-RIM, RIM:-RIM] = 255
    assert shortcut_features.border(framed).tolist() == pytest.approx([0, 0, -1, 0])
    striped = flat(0, 0, 0)
    striped[:, ::2] = 255
    assert shortcut_features.border(striped).tolist() == pytest.approx([0.5, 0.5, 0, 0], abs=0.01)


def test_stripes_peak_at_their_frequency() -> None:
    x = np.arange(SIDE)
    stripes = np.broadcast_to((128 + 100 * np.cos(2 * np.pi * 12 * x / SIDE))[None, :, None], (SIDE, SIDE, 3)).astype(np.uint8)
    levels = shortcut_features.radial(shortcut_features.power(stripes))
    assert levels.shape == (SIDE // 2,)
    assert int(levels.argmax()) == 12


def test_white_noise_has_a_flat_spectrum_and_blur_a_falling_one() -> None:
    slope = shortcut_features.spectrum_slope(noise())[0]
    blurred = np.asarray(Image.fromarray(noise()).resize((24, 24), Image.Resampling.BOX).resize((SIDE, SIDE)))
    assert abs(slope) < 0.2
    assert shortcut_features.spectrum_slope(blurred)[0] < slope - 2


def test_there_are_58_uniform_codes_and_one_for_the_rest() -> None:
    assert len(set(shortcut_features.UNIFORM.tolist())) == 59
    assert (shortcut_features.UNIFORM == 58).sum() == 256 - 58
    assert shortcut_features.UNIFORM[0b00001111] != 58
    assert shortcut_features.UNIFORM[0b01010101] == 58
    assert shortcut_features.UNIFORM[0b10000001] != 58  # one run of ones, across the end of the ring


def test_a_local_binary_pattern_by_hand() -> None:
    channel = np.array([[9, 9, 9], [1, 5, 1], [1, 1, 1]], np.uint8)  # the three above are no darker: bits 0, 1 and 2
    assert shortcut_features.local_binary_pattern(channel).tolist() == [[shortcut_features.UNIFORM[0b111]]]
    same = np.full((5, 6), 7, np.uint8)
    assert shortcut_features.local_binary_pattern(same).tolist() == [[shortcut_features.UNIFORM[255]] * 4] * 3


def test_texture_is_a_root_of_shares_and_ignores_brightness() -> None:
    texture = shortcut_features.colour_texture(noise())
    histograms = texture.reshape(6, 1 + shortcut_features.BLOCKS**2, 59)
    assert np.allclose((histograms**2).sum(axis=2), 1)
    grey = np.repeat(np.random.default_rng(1).integers(40, 140, (SIDE, SIDE, 1), dtype=np.uint8), 3, axis=2)
    luma, brighter_luma = (shortcut_features.colour_texture(rgb.astype(np.uint8)).reshape(6, -1)[0] for rgb in (grey, grey + 60))
    assert np.array_equal(luma, brighter_luma)  # only the order of pixels counts


def test_file_and_box_by_hand() -> None:
    assert shortcut_features.file_size(math.e**7).tolist() == pytest.approx([7.0])
    assert shortcut_features.crop_size((5, 6, 40, 50)).tolist() == [40, 50, 0.8]


def test_cues_are_counted_and_have_their_place() -> None:
    names = list(CUES)
    vector = shortcut_features.cue_vector({names[2]: 0.5, names[0]: 0.25}, [names[1]])
    assert vector.shape == (2 + 3 * len(names),)
    assert vector[:2].tolist() == [2, 0.75]
    present, strengths, resembled = vector[2:].reshape(3, -1)
    assert present.tolist()[:3] == [1, 0, 1]
    assert strengths.tolist()[:3] == [0.25, 0, 0.5]
    assert resembled.tolist()[:3] == [0, 1, 0]
    assert present.sum() + resembled.sum() == 3


def test_every_view_is_finite_even_of_a_black_crop() -> None:
    for crop in (Image.new("RGB", (50, 60)), Image.fromarray(noise(3))):
        views = shortcut_features.measure(crop, (0, 0, 50, 60), 900.0)
        assert list(views) == ["mean_colour", "contrast", "spectrum_slope", "border", "file_size", "crop_size", "vision"]
        assert list(views) == [*shortcuts.SIMPLE, shortcuts.VISION]
        assert all(np.isfinite(view).all() and view.ndim == 1 for view in views.values())
