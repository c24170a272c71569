"""The shape of the head: its coordinates, and its projection."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.simulation.drawing import people, relief

ANGLES = st.floats(-0.4, 0.4)
LENGTHS = st.floats(-1.5, 1.5)


@given(ANGLES, ANGLES, LENGTHS, LENGTHS, LENGTHS)
def test_projection_and_its_inverse_agree(yaw: float, pitch: float, a: float, b: float, z: float) -> None:
    pose = relief.Pose(yaw, pitch, 0.0)
    point = pose.head(*(np.float32(part) for part in pose.seen(a, b, z)))
    assert np.allclose(point, (a, b, z), atol=1e-5)


def test_a_turn_to_the_right_moves_nose_right_and_ears_left() -> None:
    """By hand, at 30 degrees: x = 0 + (1.45 - 0.45) / 2 for a nose, and 0 - 0.45 / 2 for the middle between the ears."""
    pose = relief.Pose(np.pi / 6, 0.0, 0.0)
    assert np.isclose(pose.seen(0.0, 0.0, 1.45)[0], 0.5)
    assert np.isclose(pose.seen(0.0, 0.0, 0.0)[0], -0.225)


@given(st.integers(0, 10_000), st.floats(-1.2, 1.2), st.floats(-1.2, 1.6))
def test_face_coordinates_and_lengths_are_inverse(seed: int, u: float, v: float) -> None:
    measures = relief.Measures.of(people.draw_person(seed))
    a, b = measures.head(u, v)
    assert np.isclose(measures.u(np.float32(a)), u, atol=1e-4)
    assert np.isclose(measures.v(np.float32(b)), v, atol=1e-4)


@pytest.mark.parametrize("yaw", [-0.3, 0.0, 0.3])
def test_lines_of_sight_hit_a_ball_at_its_surface(yaw: float) -> None:
    """A ball around the pivot looks the same from all sides: its nearness is the height of a circle."""
    a, b = relief.axes()
    square = 0.64 - a * a - b * b
    height = np.where(square > 0, relief.PIVOT + np.sqrt(np.maximum(square, 0)), relief.NOWHERE).astype(np.float32)
    y, x = np.mgrid[-1:1:41j, -1:1:41j].astype(np.float32)
    _, _, near, hit = relief.project(relief.Pose(yaw, 0.0, 0.0), height, x, y)
    inside = x * x + y * y < 0.70**2 - 0.02
    front = inside & (x * np.sign(yaw) > -0.4)  # a relief has no back side
    assert hit[front].all()
    assert np.abs(near - np.sqrt(np.maximum(0.64 - x * x - y * y, 0)))[front].max() < 0.02
    if yaw == 0:  # from a side, lines of sight also hit the wall below the ball's edge
        assert not hit[x * x + y * y > 0.85**2].any()


def test_the_nose_protrudes_beyond_the_eyes_and_the_mouth_beyond_the_jaw() -> None:
    for seed in range(20):
        person, sitting = people.draw_person(seed), people.draw_sitting(seed)
        measures = relief.Measures.of(person)
        a, b = relief.axes()
        u, v = measures.u(a), measures.v(b)
        skin = relief.skull(person, measures, a, v)[0] + relief.face(person, sitting, u, v)

        def height(side: float, down: float) -> float:
            place = measures.head(side, down)  # noqa: B023
            return float(relief.at(skin, *(np.full((1, 1), part, np.float32) for part in place))[0, 0])  # noqa: B023

        assert height(0.0, 0.42) > height(0.0, -0.1) + 0.1
        assert height(0.0, 0.42) > height(relief.EYE_GAP, relief.EYE_LINE) + 0.15
        assert height(0.0, 0.8) > height(0.6, 0.8) + 0.1


def test_the_bounding_window_of_a_mask_is_tight() -> None:
    mask = np.zeros((5, 7), bool)
    assert relief.bounding_window(mask) == (slice(0, 1), slice(0, 1))
    mask[1, 2] = mask[3, 5] = True
    assert relief.bounding_window(mask) == (slice(1, 4), slice(2, 6))
