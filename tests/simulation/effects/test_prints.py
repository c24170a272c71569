"""Cues of a print: their colours, their light, their extent."""

import numpy as np
import pytest

from fasrepro.simulation.drawing.layers import grid
from fasrepro.simulation.effects import prints
from tests.sheets import appearance, changed, sheet, with_cue


def test_halftone_changes_neither_mean_colour_nor_surface() -> None:
    before, after = sheet(), with_cue("halftone", 1.0)
    assert np.abs(after.picture.mean(axis=(0, 1)) - before.picture.mean(axis=(0, 1))).max() < 0.02
    assert after.gain.min() == after.gain.max() == after.alpha.min() == 1
    assert after.add.max() == 0


def test_halftone_has_the_printers_period_and_more_ink_in_the_dark() -> None:
    flat = sheet(raster=5.0)
    flat.picture[:, :120], flat.picture[:, 120:] = 0.25, 0.75
    prints.halftone(flat, 1.0, np.random.default_rng(0))
    size = 100
    for left in (10, 130):
        patch = flat.picture[40 : 40 + size, left : left + size, 0]
        spectrum = np.abs(np.fft.fft2(patch - patch.mean()))
        down, across = np.unravel_index(spectrum[:, : size // 2].argmax(), (size, size // 2))
        # The two gratings of period 5 that are summed lie at right angles: the dots' main frequency is 1 / 5.
        assert np.hypot(min(down, size - down), across) / size == pytest.approx(0.2, abs=0.015)
    means = flat.picture[:, :110].mean(), flat.picture[:, 130:].mean()
    assert means == pytest.approx((0.25, 0.75), abs=0.02)
    # Bright areas have small dark dots, dark areas have small bright dots: the tails lie on opposite sides.
    dark, light = flat.picture[:, :110, 0], flat.picture[:, 130:, 0]
    assert ((dark - dark.mean()) ** 3).mean() > 0 > ((light - light.mean()) ** 3).mean()


def test_narrow_gamut_reduces_colour_and_contrast_but_not_brightness() -> None:
    before, after = sheet(9), with_cue("narrow_gamut", 0.8, person=9)
    face = prints.face_slices(before)
    assert after.picture[face].mean() == pytest.approx(before.picture[face].mean(), abs=0.005)
    assert after.picture.min() > before.picture.min() + 0.05
    assert after.picture.max() < before.picture.max() - 0.05
    spread = [np.ptp(s.picture[face], axis=2).mean() for s in (before, after)]
    assert spread[1] < 0.6 * spread[0]


def test_flat_light_removes_shading_and_keeps_brightness() -> None:
    before, after = sheet(9), with_cue("flat_light", 1.0, person=9)
    face = prints.face_slices(before)
    coarse = [s.picture[face][:96, :84].mean(axis=2).reshape(8, 12, 7, 12).mean(axis=(1, 3)) for s in (before, after)]
    assert coarse[1].std() < 0.6 * coarse[0].std()
    assert appearance(after)[face].mean() == pytest.approx(appearance(before)[face].mean(), abs=0.05)


@pytest.mark.parametrize("seed", range(6))
def test_cut_eyes_are_local_and_blink_behind_the_holes(seed: int) -> None:
    before, after = sheet(9), with_cue("cut_eyes", 1.0, seed, 9)
    rows, columns = grid(before.picture)
    ex, ey, fx, fy = (float(v) for v in before.eyes)
    away = np.minimum(np.hypot(columns - ex, rows - ey), np.hypot(columns - fx, rows - fy))
    spots = changed(after, before)
    assert not spots[away > 0.45 * before.radius].any()
    assert spots[away < 0.1 * before.radius].all()
    middle = np.s_[round(ey) - 1 : round(ey) + 2, round(ex) - 3 : round(ex) + 4]
    assert np.abs(after.picture[middle] - after.closed[middle]).mean() > 0.05
    ring = (away < 0.4 * before.radius) & (np.abs(after.picture - before.picture).max(axis=2) > 0)
    assert after.picture[ring].max() > 0.8  # the cut edge of the paper in the light


def test_light_and_ink_of_the_sheet_end_at_the_holes() -> None:
    inked = sheet()
    inked.gain *= 0.5
    inked.add += 0.1
    prints.cut_eyes(inked, 0.6, np.random.default_rng(1))
    x, y = (round(float(v)) for v in inked.eyes[:2])
    assert (inked.gain[y, x] == 1).all()
    assert (inked.add[y, x] == 0).all()


@pytest.mark.parametrize("seed", range(6))
def test_a_paper_border_ends_the_sheet_inside_the_box(seed: int) -> None:
    before, after = sheet(), with_cue("paper_border", 0.8, seed)
    face = prints.face_slices(before)
    assert after.alpha.max() == 1
    assert after.alpha[face].min() == 0
    spots = changed(after, before)
    assert 0.05 < spots[face].mean() < 0.6
    assert np.array_equal(after.picture, before.picture)
    margin = spots & (after.alpha == 1) & (after.gain[..., 0] == 0)
    assert after.add[margin].min() > 0.5
    assert np.median(after.add[margin]) > 0.75


def test_a_border_lies_on_one_or_two_sides() -> None:
    sides = set()
    for seed in range(12):
        x, y, w, h = (round(float(v)) for v in sheet().box)
        alpha = with_cue("paper_border", 1.0, seed).alpha
        ends = (alpha[y + h // 2, x + 1], alpha[y + h // 2, x + w - 2], alpha[y + 1, x + w // 2], alpha[y + h - 2, x + w // 2])
        sides.add(sum(value == 0 for value in ends))
    assert sides == {1, 2}


@pytest.mark.parametrize("seed", range(6))
def test_a_curl_keeps_the_middle_and_ends_in_a_curve(seed: int) -> None:
    rows, columns = grid(sheet().picture)
    marked = sheet()
    marked.picture[..., 0], marked.picture[..., 1] = columns / 256, rows / 256  # places as colours
    prints.curl(marked, 1.0, np.random.default_rng(seed))
    face = prints.face_slices(marked)
    moved = np.hypot(marked.picture[..., 0] * 256 - columns, marked.picture[..., 1] * 256 - rows)
    x, y, w, h = (float(v) for v in marked.box)
    assert moved[round(y + h / 2), round(x + w / 2)] < 0.1
    assert 2 < moved[face].max() < 6
    assert marked.alpha[round(y + h / 2), round(x + w / 2)] == 1
    end = (marked.alpha > 0.5).sum(axis=0)[face[1]].astype(float)  # the sheet's length in each column
    assert 0 < marked.alpha[face].min() + (marked.alpha[face] == 0).sum() < 0.4 * marked.alpha[face].size
    places = np.arange(len(end))
    assert np.abs(end - np.polyval(np.polyfit(places, end, 1), places)).max() > 1.5  # no straight line fits it
    assert np.ptp(marked.gain[face].mean(axis=2)) > 0.3


@pytest.mark.parametrize("seed", range(6))
def test_fingers_cover_at_most_a_quarter_of_the_box(seed: int) -> None:
    before, after = sheet(), with_cue("hand_on_medium", 1.0, seed)
    before.alpha[:] = 0.0  # over nothing they are still there
    bare = sheet()
    bare.alpha[:] = 0.0
    prints.hand_on_medium(bare, 1.0, np.random.default_rng(seed))
    assert np.array_equal(after.picture, before.picture)
    assert np.array_equal(after.closed, before.closed)
    fingers = (after.gain == 0).all(axis=2)
    assert fingers.any()
    assert (bare.alpha[fingers] == 1).all()
    assert (after.add[fingers].max(axis=1) > 0.05).all()
    x, y, w, h = (float(v) for v in before.box)
    rows, columns = grid(before.picture)
    deep = np.minimum(np.minimum(columns - x, x + w - columns), y + h - rows)[fingers].max()
    assert 0.2 * w < deep < 0.27 * w
    untouched = ~changed(after, sheet())
    assert untouched[round(y + h / 2), round(x + w / 2)]
    assert untouched.mean() > 0.5
