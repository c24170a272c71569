"""Cues of a screen: their patterns, their light, and moire as an effect of sampling."""

import cv2
import numpy as np
import pytest

from fasrepro.simulation.drawing.layers import Array
from fasrepro.simulation.effects import screens
from fasrepro.simulation.effects.prints import face_slices
from tests.sheets import appearance, changed, sheet, with_cue

PATTERNS = ("banding", "pixel_grid", "moire", "refresh_lines")


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("seed", range(3))
def test_a_pattern_does_not_tint_the_face(name: str, seed: int) -> None:
    before = sheet(9)
    face = face_slices(before)
    means = [appearance(s)[face].mean(axis=(0, 1)) for s in (with_cue(name, 1.0, seed, 9), before)]
    assert np.abs(means[0] - means[1]).max() < 0.025


@pytest.mark.parametrize("name", ["screen_tint", "pixel_grid", "moire", "refresh_lines", "glare"])
def test_effects_on_the_glass_leave_the_picture_unchanged(name: str) -> None:
    before, after = sheet(), with_cue(name, 0.8)
    assert np.array_equal(after.picture, before.picture)
    assert np.array_equal(after.closed, before.closed)
    assert after.alpha.min() == 1


def rings(field: Array) -> Array:
    """Return the energy of a picture of (128, 128) without its mean, by frequency in 64 steps up to half a cycle a pixel."""
    window = np.outer(np.hanning(128), np.hanning(128))
    energy = np.abs(np.fft.fft2((field - field.mean()) * window)) ** 2
    f = np.hypot(*np.meshgrid(np.fft.fftfreq(128), np.fft.fftfreq(128)))
    return np.bincount(np.minimum((f * 128).astype(int), 64).ravel(), energy.ravel(), 65)[:64]


def gain_of(name: str, pixels: float, seed: int) -> Array:
    return with_cue(name, 0.8, seed, pixels=pixels).gain[26:154, 56:184]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("pixels", [0.92, 1.1])
def test_moire_has_low_frequencies_and_the_pixel_grid_has_none(pixels: float, seed: int) -> None:
    low = {}
    for name in ("moire", "pixel_grid"):
        energy = rings(gain_of(name, pixels, seed)[..., 0])
        low[name] = energy[:22].sum() / energy.sum()  # slower than about a sixth of a cycle a pixel
    assert low["moire"] > 0.5
    assert low["pixel_grid"] < 0.02


@pytest.mark.parametrize("seed", range(4))
def test_moire_bands_narrow_as_frequencies_move_apart(seed: int) -> None:
    """A frequency near that of the sensor aliases to the difference of the two."""
    peaks = [int(rings(gain_of("moire", pixels, seed)[..., 1]).argmax()) / 128 for pixels in (1.02, 1.12, 1.22)]
    assert peaks == sorted(peaks)
    assert peaks[2] == pytest.approx(0.22, abs=0.07)
    assert peaks[0] < 0.13


def test_moire_is_coloured_and_survives_a_cameras_blur() -> None:
    for pixels in (0.62, 0.8, 1.0, 1.2, 1.38):
        gain = cv2.GaussianBlur(gain_of("moire", pixels, 5), (0, 0), 0.8)
        assert gain.std(axis=(0, 1)).max() > 0.03
        assert (gain[..., 0] - gain[..., 1]).std() > 0.03


@pytest.mark.parametrize("pixels", [0.6, 1.0, 1.4])
def test_the_pixel_grid_is_resolved(pixels: float) -> None:
    peak = int(rings(gain_of("pixel_grid", pixels, 0)[..., 1]).argmax()) / 128
    assert peak == pytest.approx(0.125 + pixels / 8, abs=0.02)  # three to five pixels a period


def test_banding_makes_steps_of_a_slope() -> None:
    ramp = sheet()
    ramp.picture[:] = np.linspace(0.2, 0.8, 240, dtype=np.float32)[None, :, None]
    screens.banding(ramp, 1.0, np.random.default_rng(0))
    rise = np.diff(ramp.picture[90, 5:-5, 0])
    assert np.median(rise) < 0.4 * (0.6 / 239)  # flat nearly everywhere
    assert rise.max() > 2.5 * (0.6 / 239)
    assert 3 <= ((rise[1:] > 0.003) & (rise[:-1] <= 0.003)).sum() <= 6  # 0.6 in steps of 0.14


def test_a_screen_glows_in_the_dark_and_from_one_corner() -> None:
    dark, light = sheet(), sheet()
    dark.picture[:], light.picture[:] = 0.05, 0.9
    lifts = []
    for glowing in (dark, light):
        start = glowing.picture.copy()
        screens.screen_tint(glowing, 0.8, np.random.default_rng(3))
        lifts.append(appearance(glowing) - start)
    blue = lifts[0][..., 2]
    assert blue.mean() > 4 * np.abs(lifts[1][..., 2]).mean()
    assert lifts[0][..., 2].mean() > lifts[0][..., 0].mean() > 0
    corners = sorted((blue[0, 0], blue[0, -1], blue[-1, 0], blue[-1, -1]))
    assert corners[-1] > 0.15 > 0.02 > corners[0]


def test_refresh_bars_are_rows() -> None:
    after = with_cue("refresh_lines", 1.0)
    assert (np.ptp(after.gain, axis=(1, 2)) == 0).all()
    rows = after.gain[face_slices(after)[0], 0, 0]
    assert rows.min() < 0.75 * np.median(rows)
    assert rows.mean() == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("seed", range(6))
def test_glare_is_bright_and_ends(seed: int) -> None:
    before, after = sheet(), with_cue("glare", 1.0, seed)
    spots = changed(after, before)
    face = face_slices(before)
    assert 0.02 < spots.mean() < 0.35
    assert appearance(after)[face].max() > 0.9
    # Glass adds light to pixels darker than the lamp, and removes none.
    assert (appearance(after) >= np.minimum(appearance(before), 0.85) - 1e-3).all()


@pytest.mark.parametrize("seed", range(6))
def test_a_bezel_is_dark_and_ends_the_sheet_inside_the_box(seed: int) -> None:
    before, after = sheet(), with_cue("bezel", 0.8, seed)
    face = face_slices(before)
    spots = changed(after, before)
    assert 0.05 < spots[face].mean() < 0.7
    assert np.array_equal(after.picture, before.picture)
    assert after.alpha.min() == 0
    rim = spots & (after.alpha == 1) & (after.gain[..., 0] == 0)
    assert np.median(after.add[rim]) < 0.2
    assert after.add.max() < 0.5
