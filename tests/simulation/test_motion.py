"""Motion, compared with displacements computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fasrepro.simulation import motion
from fasrepro.simulation.drawing import figures, layers, people


def figure() -> layers.Figure:
    return figures.draw_figure(people.draw_person(4), people.draw_sitting(5), 120, 160, layers.Place(80, 57, 30))


def shifted(x: float, y: float, side: float = 0.0) -> motion.Sway:
    return motion.Sway(np.array([[[1, 0, x], [0, 1, y]]], float), np.array([[side, 0.0]]))


def test_a_shift_moves_the_head_but_not_the_corners() -> None:
    body = motion.Body.of(figure())
    across, down = body.displacement(shifted(2.0, -1.0), 0)
    assert across[57, 80] == pytest.approx(2.0, abs=0.01)
    assert down[57, 80] == pytest.approx(-1.0, abs=0.01)
    assert across[0, 0] == down[0, 0] == 0


def test_a_turn_slides_near_points_further_than_far_ones() -> None:
    body = motion.Body.of(figure())
    across, down = body.displacement(shifted(0, 0, side=1.0), 0)
    assert across[57, 80] == pytest.approx(motion.PARALLAX * body.depth[57, 80], rel=1e-5)
    assert across[57, 80] > 1.0 > across[57, 54] > 0
    assert not down.any()


def test_points_follow_their_pixels() -> None:
    body = motion.Body.of(figure())
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[50:53, 90:93] = 255
    displacement = body.displacement(shifted(3.0, -2.0, side=0.5), 0)
    frame = body.warp(picture, displacement)
    rows, columns = np.nonzero(frame[..., 0] > 127)
    x, y = motion.follow(np.array([[91.0, 51.0]]), displacement)[0]
    assert (columns.mean(), rows.mean()) == pytest.approx((x, y), abs=0.6)


def test_a_sheets_points_follow_its_affine_map() -> None:
    sway = motion.sway(np.random.default_rng(3), 20, (80, 60), 2.0)
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[39:42, 99:102] = 255
    frame = motion.affine(picture, sway.matrices[13])
    rows, columns = np.nonzero(frame[..., 0] > 100)
    assert (columns.mean(), rows.mean()) == pytest.approx(
        tuple(motion.follow_affine(np.array([[100.0, 40.0]]), sway.matrices[13])[0]), abs=0.6
    )


def test_a_sway_is_small_and_smooth_and_turns_on_request() -> None:
    sway = motion.sway(np.random.default_rng(7), 56, (80, 60), 2.0, turning=1.0)
    shifts = np.stack([m @ (80, 60, 1) - (80, 60) for m in sway.matrices])
    assert 0.3 < np.abs(shifts).max() < 2.5
    assert np.abs(np.diff(shifts, axis=0)).max() < 0.5
    assert 0.1 < np.abs(sway.turns).max() <= 1
    assert not motion.sway(np.random.default_rng(7), 5, (0, 0), 2.0).turns.any()
    assert np.array_equal(motion.still(2).matrices[1], np.eye(2, 3))
