"""Cues of masks: they are visible, grow with their strength, and stay on the face, with open and closed eyes."""

import dataclasses

import cv2
import numpy as np
import pytest

from fasrepro.simulation.drawing import figures, people
from fasrepro.simulation.drawing.layers import Array, Figure, Place
from fasrepro.simulation.effects import masks

NAMES = tuple(masks.FACE_EFFECTS)
STAND_OFF = ("paper_glasses", "pasted_patch", "painted_eyes", "halftone")  # may cover hair on the face too
WITHOUT_CHANCE = ("uniform_texture",)
PERSONS = (2, 9, 10)  # fair, and two darker skins
SEEN = 6 / 255


def plain(person: int = 2, covered: str = "face") -> Figure:
    figure = figures.draw_figure(people.draw_person(person), people.draw_sitting(person + 1), 180, 240, Place(120, 85, 43))
    figure.covered = covered
    return figure


def with_cue(name: str, strength: float, person: int = 2, covered: str = "face", seed: int = 7) -> Figure:
    figure = plain(person, covered)
    masks.FACE_EFFECTS[name](figure, strength, np.random.default_rng(seed))
    return figure


def crop(picture: Array, figure: Figure) -> Array:
    """The face at 96 pixels, after a camera's blur."""
    x, y, width, height = (round(float(value)) for value in figure.box)
    return cv2.resize(
        cv2.GaussianBlur(picture, (0, 0), 0.8)[y : y + height, x : x + width], (96, 96), interpolation=cv2.INTER_AREA
    )


def changed(one: Figure, other: Figure) -> Array:
    return (one.rgb != other.rgb).any(axis=2) | (one.closed != other.closed).any(axis=2)


@pytest.mark.parametrize("person", PERSONS)
@pytest.mark.parametrize("name", NAMES)
def test_a_cue_grows_with_its_strength(name: str, person: int) -> None:
    before = plain(person)
    levels = [with_cue(name, strength, person) for strength in (0.3, 0.6, 1.0)]
    for layer in ("rgb", "closed"):
        changes = [np.abs(getattr(after, layer) - getattr(before, layer)).mean() for after in levels]
        assert 0 < changes[0] < changes[1] < changes[2]


@pytest.mark.parametrize("covered", ["face", "eyes", "mouth"])
@pytest.mark.parametrize("person", PERSONS)
@pytest.mark.parametrize("name", NAMES)
def test_a_cue_of_medium_strength_is_visible_at_96_pixels(name: str, person: int, covered: str) -> None:
    before, after = plain(person, covered), with_cue(name, 0.6, person, covered)
    for layer in ("rgb", "closed"):
        difference = np.abs(crop(getattr(after, layer), after) - crop(getattr(before, layer), before)).max(axis=2)
        assert (difference > SEEN).mean() > 0.02


@pytest.mark.parametrize("person", PERSONS)
@pytest.mark.parametrize("name", NAMES)
def test_a_mask_changes_only_the_face(name: str, person: int) -> None:
    before, after = plain(person), with_cue(name, 1.0, person)
    spots = changed(before, after)
    assert not spots[before.alpha == 0].any()
    assert not spots[before.v > 1.6].any()  # the clothes
    if name not in STAND_OFF:
        assert not spots[before.face == 0].any()
    for layer in ("alpha", "face", "u", "v"):
        assert np.array_equal(getattr(before, layer), getattr(after, layer))
    assert name == "paper_glasses" or np.array_equal(before.depth, after.depth)
    for picture in after.both():
        assert picture.dtype == np.float32
        assert 0 <= picture.min() <= picture.max() <= 1


@pytest.mark.parametrize("name", NAMES)
def test_only_equal_seeds_give_equal_bytes(name: str) -> None:
    one, same, other = with_cue(name, 0.6), with_cue(name, 0.6), with_cue(name, 0.6, seed=8)
    assert not changed(one, same).any()
    assert changed(one, other).any() == (name not in WITHOUT_CHANCE)


@pytest.mark.parametrize("name", NAMES)
def test_random_draws_do_not_depend_on_the_picture(name: str) -> None:
    states = []
    for person, covered in ((2, "face"), (10, "eyes"), (9, "mouth")):
        rng = np.random.default_rng(4)
        masks.FACE_EFFECTS[name](plain(person, covered), 0.6, rng)
        states.append(rng.bit_generator.state)
    assert states[0] == states[1] == states[2]


@pytest.mark.parametrize("name", ["waxy_skin", "pasted_patch", "halftone", "mask_edge", "eye_hole_seam"])
def test_a_partial_mask_changes_only_its_part_of_the_face(name: str) -> None:
    low = changed(plain(2), with_cue(name, 1.0, covered="mouth"))
    high = changed(plain(2), with_cue(name, 1.0, covered="eyes"))
    v = plain(2).v
    assert low.any()
    assert high.any()
    assert not high[v > 0.85].any()
    assert not low[v < -0.15].any()


def test_a_rigid_expression_changes_only_expression_and_lines() -> None:
    person, sitting = people.draw_person(5), dataclasses.replace(people.draw_sitting(6), smile=0.8, mouth=0.5, brows=-0.6)
    rng = np.random.default_rng(0)
    half = masks.rigid_expression(person, sitting, 0.5, rng)
    full = masks.rigid_expression(person, sitting, 1.0, rng)
    assert (full[0].age, full[1].smile, full[1].mouth, full[1].brows) == (0, 0, 0, 0)
    assert 0 < half[1].smile < sitting.smile
    assert sitting.brows < half[1].brows < 0
    assert dataclasses.replace(full[0], age=person.age) == person
    assert dataclasses.replace(full[1], smile=0.8, mouth=0.5, brows=-0.6) == sitting


def test_even_skin_has_less_colour_and_keeps_its_shading() -> None:
    before, after = plain(9), with_cue("uniform_texture", 1.0, 9)
    cheek = (before.face > 0.99) & (np.hypot(np.abs(before.u) - 0.5, before.v - 0.35) < 0.2)
    hue = [(figure.rgb[cheek][:, 0] / figure.rgb[cheek][:, 2]).std() for figure in (before, after)]
    assert hue[1] < 0.5 * hue[0]
    shading = [figure.rgb.mean(axis=2)[cheek] for figure in (before, after)]
    assert np.corrcoef(*shading)[0, 1] > 0.8


@pytest.mark.parametrize("person", PERSONS)
def test_plastic_shines_white_on_the_side_of_the_light(person: int) -> None:
    before, after = plain(person), with_cue("hard_specular", 1.0, person)
    shone = np.abs(after.rgb - before.rgb).sum(axis=2)
    assert after.rgb[shone > 0.5].min(axis=1).max() > 0.9
    left, right = shone[before.u < -0.2].sum(), shone[before.u > 0.2].sum()
    assert (right > left) == (before.light[0] > 0)


def test_painted_eyes_do_not_close() -> None:
    after = with_cue("painted_eyes", 1.0)
    for x, y in (after.eyes[:2], after.eyes[2:]):
        eye = np.s_[round(y) - 2 : round(y) + 3, round(x) - 5 : round(x) + 6]
        assert np.abs(after.rgb[eye] - after.closed[eye]).max() < 1e-6
        assert np.abs(plain().rgb[eye] - plain().closed[eye]).max() > 0.1


def test_paper_glasses_stand_off_the_face_and_show_the_eyes() -> None:
    before, after = plain(), with_cue("paper_glasses", 1.0)
    for x, y in (after.eyes[:2], after.eyes[2:]):
        assert np.array_equal(before.rgb[round(y), round(x)], after.rgb[round(y), round(x)])
    assert (after.depth >= before.depth).all()
    assert (after.depth - before.depth).max() == pytest.approx(0.1 * before.radius, rel=1e-3)


def test_a_patch_has_a_pale_edge_and_another_skin_tone() -> None:
    before, after = plain(10), with_cue("pasted_patch", 1.0, 10)
    spots = np.abs(after.rgb - before.rgb).max(axis=2) > 0.1
    rows, columns = np.nonzero(spots)
    assert np.ptp(columns) > 1.5 * np.ptp(rows)  # a strip over both eyes
    assert after.rgb[spots].max(axis=0).min() > 0.6
    assert np.median(after.rgb[spots], axis=0).mean() > 1.5 * np.median(before.rgb[spots], axis=0).mean()
