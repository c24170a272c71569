"""Backgrounds: of every kind, in any size, in the colour of the wall, lit from the side of the sitting's light."""

import dataclasses

import numpy as np
import pytest

from fasrepro.simulation.drawing import backgrounds, people


def test_every_background_can_be_drawn() -> None:
    assert tuple(backgrounds.BACKGROUNDS) == people.BACKGROUNDS


@pytest.mark.parametrize("kind", people.BACKGROUNDS)
@pytest.mark.parametrize("size", [(180, 240), (101, 87)])
def test_a_background_depends_on_its_seed_but_not_on_the_person(kind: str, size: tuple[int, int]) -> None:
    pictures = []
    for seed in range(6):
        sitting = dataclasses.replace(people.draw_sitting(seed), background=kind, wall="cream", light="front")
        picture = backgrounds.background(sitting, *size)
        assert picture.shape == (*size, 3)
        assert picture.dtype == np.float32
        assert picture.min() >= 0
        assert picture.max() <= 1
        assert picture.std() > 0.01
        assert np.array_equal(picture, backgrounds.background(dataclasses.replace(sitting, clothes="red", smile=0.3), *size))
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


def test_light_from_one_side_brightens_that_side_of_the_wall() -> None:
    for light, sign in (("left", -1), ("right", 1)):
        sitting = dataclasses.replace(people.draw_sitting(1), background="wall", light=light)
        picture = backgrounds.background(sitting, 90, 120)
        assert sign * (picture[:, 80:].mean() - picture[:, :40].mean()) > 0.03
