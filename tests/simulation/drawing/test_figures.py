"""Figures: their place, the effects of turn, light and blink, and the identity of a person."""

import dataclasses

import cv2
import numpy as np
import pytest

from fasrepro.simulation.drawing import figures, people
from fasrepro.simulation.drawing.layers import Figure, Place

STILL = {"turn": 0.0, "tilt": 0.0, "nod": 0.0, "smile": 0.0, "mouth": 0.0, "brows": 0.0}
BARE = {"style": "short", "beard": "none", "glasses": "none", "cover": "none", "fringe": 0.0}


def drawn(person_seed: int, sitting_seed: int, worn: dict[str, object] | None = None, **changes: object) -> Figure:
    person = dataclasses.replace(people.draw_person(person_seed), **(worn or {}))
    return figures.draw_figure(
        person, dataclasses.replace(people.draw_sitting(sitting_seed), **changes), 180, 240, Place(130, 85, 42)
    )


def test_a_figure_is_a_function_of_its_arguments() -> None:
    one, two = drawn(4, 9), drawn(4, 9)
    for field in dataclasses.fields(Figure):
        assert np.array_equal(getattr(one, field.name), getattr(two, field.name)), field.name


def test_a_person_looks_alike_in_all_sittings() -> None:
    """On average, the features of two pictures of one person differ less than those of pictures of two people."""
    pictures = []
    for person_seed in range(6):
        still = [drawn(person_seed, seed, light="front", **STILL) for seed in range(2)]
        pictures.append([figure.rgb[48:135, 90:170] for figure in still])
    same = np.mean([np.abs(a - b).mean() for a, b in pictures])
    other = np.mean([np.abs(pictures[i][0] - pictures[j][1]).mean() for i in range(6) for j in range(6) if i != j])
    assert same < 0.5 * other


@pytest.mark.parametrize("seed", range(12))
def test_a_figure_lies_at_its_place(seed: int) -> None:
    figure = drawn(seed, seed)
    x, _, width, height = figure.box
    assert abs(x + width / 2 - 130) < 6  # a turn moves the face a little
    assert 80 <= width <= 86
    assert 80 <= height <= 115
    left, _, right, _ = figure.eyes
    assert x < left < x + width / 2 < right < x + width
    # archives/oulu.py relies on this: eyes are about 0.44 of a face's width apart
    assert 0.38 < (right - left) / width < 0.49
    assert figure.alpha[85, 130] == 1
    assert figure.alpha[5, 5] == 0
    for picture in figure.both():
        assert picture.dtype == np.float32
        assert picture.min() >= 0
        assert picture.max() <= 1


def test_a_face_looking_ahead_is_centred_in_its_box() -> None:
    for seed in range(4):
        figure = drawn(seed, seed, **STILL)
        assert abs(figure.box[0] + figure.box[2] / 2 - 130) < 0.5
        assert abs((figure.eyes[0] + figure.eyes[2]) / 2 - 130) < 0.5


@pytest.mark.parametrize("seed", range(12))
def test_face_coordinates_stay_on_the_features(seed: int) -> None:
    """The eyes lie at u = 0.42 on either side and v = -0.05 in any pose, and a blink changes only pixels there."""
    figure = drawn(seed, seed, {"glasses": "none", "cover": "none"})
    for x, y, sign in ((*figure.eyes[:2], -1), (*figure.eyes[2:], 1)):
        assert abs(figure.u[round(y), round(x)] - 0.42 * sign) < 0.03
        assert abs(figure.v[round(y), round(x)] + 0.05) < 0.03
    blink = np.abs(figure.rgb - figure.closed).max(axis=-1)
    assert blink.max() > 0.2
    assert np.abs(np.abs(figure.u[blink > 0]) - 0.42).max() < 0.40
    assert np.abs(figure.v[blink > 0] + 0.05).max() < 0.29


def test_a_turn_moves_the_nose_further_than_the_cheeks() -> None:
    def nose(figure: Figure) -> tuple[int, int]:
        row, column = np.unravel_index(np.argmax(figure.depth), figure.depth.shape)
        return int(column), int(row)

    left, ahead, right = (drawn(5, 5, BARE, **{**STILL, "turn": turn}) for turn in (-1.0, 0.0, 1.0))
    assert nose(left)[0] + 8 < nose(ahead)[0] < nose(right)[0] - 8
    assert right.eyes[0] - left.eyes[0] < nose(right)[0] - nose(left)[0]
    down = drawn(5, 5, BARE, **{**STILL, "nod": 1.0})
    assert down.eyes[1] > ahead.eyes[1] + 2


@pytest.mark.parametrize("seed", range(8))
def test_depth_is_smooth_on_the_head_and_zero_beside_it(seed: int) -> None:
    figure = drawn(seed, seed)
    head = cv2.erode((figure.depth > 15).astype(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
    down, across = np.abs(np.diff(figure.depth, axis=0)), np.abs(np.diff(figure.depth, axis=1))
    assert down[head[1:] & head[:-1]].max() < 7
    assert across[head[:, 1:] & head[:, :-1]].max() < 7
    assert figure.depth.max() > 0.8 * figure.radius
    assert figure.depth[:, :20].max() == 0
    near = cv2.dilate(figure.alpha, np.ones((17, 17), np.uint8))
    assert figure.depth[near == 0].max() < 0.5


def test_light_falls_from_its_side() -> None:
    left, right = (drawn(8, 1, BARE, **STILL, light=light, hardness=0.8) for light in ("left", "right"))
    cheeks = [(left.face > 0.9) & (np.abs(left.u - side) < 0.2) & (np.abs(left.v - 0.3) < 0.15) for side in (-0.6, 0.6)]
    assert left.rgb[cheeks[0]].mean() > 1.15 * left.rgb[cheeks[1]].mean()
    assert right.rgb[cheeks[1]].mean() > 1.15 * right.rgb[cheeks[0]].mean()


def test_the_face_mask_excludes_hair_cover_neck_and_ears() -> None:
    bare, hooded = drawn(2, 2, BARE, **STILL), drawn(2, 2, {**BARE, "cover": "headscarf"}, **STILL)
    for figure in (bare, hooded):
        inner = (np.abs(figure.u) < 0.45) & (figure.v > -0.35) & (figure.v < 0.95)
        assert figure.face[inner].min() > 0.95
        assert figure.face[(figure.v > 1.40) | (figure.v < -1.3) | (np.abs(figure.u) > 1.15)].max() < 0.05
    assert hooded.face.sum() < bare.face.sum() - 300


@pytest.mark.parametrize("kind", [*({"cover": c} for c in people.COVERS), *({"style": s} for s in people.STYLES),
                                  *({"beard": b} for b in people.BEARDS), {"glasses": "thin"}, {"glasses": "thick"}],
                         ids=lambda kind: "-".join(kind.values()))  # fmt: skip
def test_hair_beards_covers_and_glasses_are_visible(kind: dict[str, str]) -> None:
    base = {**BARE, "style": "none", "hair": "black", "skin": "fair"}
    without, worn = drawn(7, 7, base, **STILL), drawn(7, 7, {**base, **kind}, **STILL)
    assert (np.abs(without.rgb - worn.rgb).max(axis=-1) > 0.1).sum() > 150
    assert np.allclose(without.eyes, worn.eyes)


def test_a_figure_may_be_cut_by_the_picture() -> None:
    figure = figures.draw_figure(people.draw_person(1), people.draw_sitting(1), 60, 50, Place(10, 55, 40))
    assert figure.rgb.shape == (60, 50, 3)
