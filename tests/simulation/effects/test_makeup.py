"""Cues of makeup: they are visible on the skin, grow with their strength, and do not change eyes, hair or clothes."""

import cv2
import numpy as np
import pytest

from fasrepro.simulation.drawing import figures, people
from fasrepro.simulation.drawing.layers import Array, Figure, Place
from fasrepro.simulation.effects import makeup

NAMES = tuple(makeup.FACE_EFFECTS)
PERSONS = (2, 9, 10)
SEEN = 6 / 255


def plain(person: int = 2) -> Figure:
    return figures.draw_figure(people.draw_person(person), people.draw_sitting(person + 1), 180, 240, Place(120, 85, 43))


def with_cue(name: str, strength: float, person: int = 2, seed: int = 7) -> Figure:
    figure = plain(person)
    makeup.FACE_EFFECTS[name](figure, strength, np.random.default_rng(seed))
    return figure


def crop(picture: Array, figure: Figure) -> Array:
    """The face at 96 pixels, after a camera's blur."""
    x, y, width, height = (round(float(value)) for value in figure.box)
    return cv2.resize(
        cv2.GaussianBlur(picture, (0, 0), 0.8)[y : y + height, x : x + width], (96, 96), interpolation=cv2.INTER_AREA
    )


@pytest.mark.parametrize("person", PERSONS)
@pytest.mark.parametrize("name", NAMES)
def test_a_cue_grows_with_strength_and_is_visible_at_96_pixels(name: str, person: int) -> None:
    before = plain(person)
    for layer in ("rgb", "closed"):
        plain_face = crop(getattr(before, layer), before)
        differences = [
            np.abs(crop(getattr(with_cue(name, s, person), layer), before) - plain_face).max(axis=2) for s in (0.3, 0.6, 1.0)
        ]
        means = [difference.mean() for difference in differences]
        assert 0 < means[0] < means[1] < means[2]
        assert (differences[1] > SEEN).mean() > 0.02


@pytest.mark.parametrize("person", PERSONS)
@pytest.mark.parametrize("name", NAMES)
def test_only_skin_changes(name: str, person: int) -> None:
    before, after = plain(person), with_cue(name, 1.0, person)
    for layer in ("rgb", "closed"):
        spots = (getattr(before, layer) != getattr(after, layer)).any(axis=2)
        assert spots.any()
        assert not spots[before.face == 0].any()
        assert 0 <= getattr(after, layer).min() <= getattr(after, layer).max() <= 1
    for layer in ("alpha", "depth", "face"):
        assert np.array_equal(getattr(before, layer), getattr(after, layer))


@pytest.mark.parametrize("name", NAMES)
def test_only_equal_seeds_give_equal_bytes(name: str) -> None:
    one, same, other = with_cue(name, 0.6), with_cue(name, 0.6), with_cue(name, 0.6, seed=8)
    assert np.array_equal(one.rgb, same.rgb)
    assert np.array_equal(one.closed, same.closed)
    assert not np.array_equal(one.rgb, other.rgb)


@pytest.mark.parametrize("name", NAMES)
def test_random_draws_do_not_depend_on_the_picture(name: str) -> None:
    one, other = np.random.default_rng(4), np.random.default_rng(4)
    makeup.FACE_EFFECTS[name](plain(2), 0.6, one)
    makeup.FACE_EFFECTS[name](plain(10), 0.6, other)
    assert one.bit_generator.state == other.bit_generator.state


@pytest.mark.parametrize("person", PERSONS)
def test_makeup_reddens_lips_and_cheeks_but_not_eyeballs(person: int) -> None:
    before, after = plain(person), with_cue("heavy_makeup", 1.0, person)
    redder = after.rgb[..., 0] - after.rgb[..., 1] - before.rgb[..., 0] + before.rgb[..., 1]
    lips = (np.abs(before.u) < 0.2) & (np.abs(before.v - 0.8) < 0.12)
    cheeks = np.hypot(np.abs(before.u) - 0.55, before.v - 0.30) < 0.08
    assert redder[lips].mean() > 0.04
    assert redder[cheeks & (before.face > 0.9)].mean() > 0.04
    for x, y in (after.eyes[:2], after.eyes[2:]):
        assert np.array_equal(before.rgb[round(y), round(x)], after.rgb[round(y), round(x)])


def test_closed_lids_are_painted() -> None:
    before, after = plain(), with_cue("heavy_makeup", 1.0)
    x, y = (round(float(value)) for value in before.eyes[:2])
    lid = np.s_[y - 2 : y + 1, x - 3 : x + 4]
    assert np.abs(after.closed[lid] - before.closed[lid]).mean() > np.abs(after.rgb[lid] - before.rgb[lid]).mean()


def test_drawn_lines_are_thin_and_dark() -> None:
    before, after = plain(), with_cue("drawn_lines", 1.0)
    darker = (before.rgb - after.rgb).mean(axis=2) > 0.15
    area = darker.sum() / (before.face > 0.5).sum()
    assert 0.01 < area < 0.2
    inner = cv2.erode(darker.astype(np.uint8), np.ones((5, 5), np.uint8))
    assert not inner.any()  # nowhere five pixels thick


@pytest.mark.parametrize("seed", range(5))
def test_paint_comes_in_patches_of_strong_contrast(seed: int) -> None:
    before, after = plain(9), with_cue("face_paint", 1.0, 9, seed)
    difference = np.abs(after.rgb - before.rgb).max(axis=2)
    count, _, stats, _ = cv2.connectedComponentsWithStats((difference > 0.08).astype(np.uint8))
    assert sum(stats[1:, cv2.CC_STAT_AREA] > 12) >= 1
    assert count - 1 <= 5 * 3 + 8  # stripes are three a patch, and glasses may cut them
    assert np.percentile(difference[difference > 0], 90) > 0.2
