"""Backgrounds: of every kind, in any size, in the wall's colour, lit from the sitting's side."""

import dataclasses

import numpy as np
import pytest

from fasrepro.simulation.drawing import backgrounds, people


def test_there_is_a_drawing_for_every_background() -> None:
    assert tuple(backgrounds.BACKGROUNDS) == people.BACKGROUNDS


@pytest.mark.parametrize("kind", people.BACKGROUNDS)
@pytest.mark.parametrize("size", [(180, 240), (101, 87)])
def test_a_background_is_a_picture_that_differs_by_seed_only(kind: str, size: tuple[int, int]) -> None:
    pictures = []
    for seed in range(6):
        where = dataclasses.replace(people.draw_sitting(seed), background=kind, wall="cream", light="front")
        picture = backgrounds.background(where, *size)
        assert picture.shape == (*size, 3)
        assert picture.dtype == np.float32
        assert picture.min() >= 0
        assert picture.max() <= 1
        assert picture.std() > 0.01
        assert np.array_equal(picture, backgrounds.background(dataclasses.replace(where, clothes="red", smile=0.3), *size))
        pictures.append(picture)
    assert all(np.abs(pictures[0] - other).mean() > 0.005 for other in pictures[1:])


@pytest.mark.parametrize("kind", [kind for kind in people.BACKGROUNDS if kind not in ("garden", "shelves")])
def test_a_wall_has_its_colour(kind: str) -> None:
    blue, pink = (
        np.mean(
            [
                backgrounds.background(dataclasses.replace(people.draw_sitting(seed), background=kind, wall=wall), 90, 120).mean(
                    (0, 1)
                )
                for seed in range(5)
            ],
            axis=0,
        )
        for wall in ("blue", "pink")
    )
    assert pink[0] - pink[2] > blue[0] - blue[2] + 0.1


def test_light_from_the_right_falls_on_the_right_of_the_wall() -> None:
    for light, sign in (("left", -1), ("right", 1)):
        where = dataclasses.replace(people.draw_sitting(1), background="wall", light=light)
        picture = backgrounds.background(where, 90, 120)
        assert sign * (picture[:, 80:].mean() - picture[:, :40].mean()) > 0.03
