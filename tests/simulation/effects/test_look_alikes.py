"""Look-alikes are visible, milder than their cue, and confined to their layer."""

import numpy as np
import pytest

from fasrepro.simulation.drawing import figures, people
from fasrepro.simulation.drawing.layers import Array, Figure, Place
from fasrepro.simulation.effects import makeup, masks
from fasrepro.simulation.effects.look_alikes import LOOK_ALIKES
from fasrepro.vocabulary import CUES

FACE_EFFECTS = {**masks.FACE_EFFECTS, **makeup.FACE_EFFECTS}
PERSONS = (2, 9, 10)
BARE = [seed for seed in range(100) if people.draw_person(seed).cover == "none"]
SHORT = next(seed for seed in BARE if people.draw_person(seed).style in ("short", "cropped"))  # leaves the crop's corners free
ON_SKIN = (
    "uniform_texture",
    "waxy_skin",
    "hard_specular",
    "halftone",
    "heavy_makeup",
    "drawn_lines",
    "face_paint",
    "eye_hole_seam",
    "flat_light",
)
BEHIND = ("pixel_grid", "curl", "paper_border", "bezel")
ON_BOTH = ("moire", "banding", "refresh_lines", "narrow_gamut")


def plain(person: int = SHORT) -> tuple[Figure, Array]:
    figure = figures.draw_figure(people.draw_person(person), people.draw_sitting(person + 1), 180, 240, Place(120, 85, 43))
    figure.covered = "face"
    behind = np.linspace(0.35, 0.65, 180 * 240 * 3, dtype=np.float32).reshape(180, 240, 3)
    return figure, np.ascontiguousarray(behind)


def with_look_alike(name: str, person: int = SHORT, seed: int = 7) -> tuple[Figure, Array]:
    figure, behind = plain(person)
    LOOK_ALIKES[name](figure, behind, np.random.default_rng(seed))
    return figure, behind


def face(figure: Figure, behind: Array) -> Array:
    """Return the visible picture in the face's box."""
    x, y, width, height = (round(float(value)) for value in figure.box)
    picture = behind + (figure.rgb - behind) * figure.alpha[..., None]
    return picture[y : y + height, x : x + width]


def test_every_look_alike_resembles_a_known_cue() -> None:
    assert LOOK_ALIKES.keys() <= CUES.keys()
    assert len(LOOK_ALIKES) >= 22


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_a_look_alike_is_visible_in_most_crops(name: str) -> None:
    before = face(*plain())
    shares = [(np.abs(face(*with_look_alike(name, seed=seed)) - before).max(axis=2) > 6 / 255).mean() for seed in range(5)]
    assert np.median(shares) > 0.005


@pytest.mark.parametrize("person", PERSONS)
@pytest.mark.parametrize("name", sorted(LOOK_ALIKES.keys() & FACE_EFFECTS.keys()))
def test_a_look_alike_changes_less_than_its_cue(name: str, person: int) -> None:
    before = face(*plain(person))
    figure, behind = plain(person)
    FACE_EFFECTS[name](figure, 1.0, np.random.default_rng(3))
    cue = np.abs(face(figure, behind) - before).mean()
    assert 0 < np.abs(face(*with_look_alike(name, person)) - before).mean() < cue


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_a_look_alike_changes_only_its_own_layer(name: str) -> None:
    (before, wall), (after, behind) = plain(), with_look_alike(name)
    rgb, closed = ((getattr(before, layer) != getattr(after, layer)).any(axis=2) for layer in ("rgb", "closed"))
    assert (wall != behind).any() == (name in (*BEHIND, *ON_BOTH))
    if name in BEHIND:
        assert not rgb.any()
        assert not closed.any()
        return
    assert rgb.any()
    assert closed.any()
    assert np.array_equal(before.alpha, after.alpha) == (name != "hand_on_medium")
    if name not in ON_BOTH:
        assert not rgb[after.alpha == 0].any()
    if name in ON_SKIN:
        assert not rgb[before.face == 0].any()
        assert not closed[before.face == 0].any()
    assert all(layer.dtype == np.float32 and layer.min() >= 0 and layer.max() <= 1 for layer in (*after.both(), behind))


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_equal_seeds_give_equal_bytes_whatever_the_picture(name: str) -> None:
    (one, wall), (same, other_wall) = with_look_alike(name), with_look_alike(name)
    assert np.array_equal(one.rgb, same.rgb)
    assert np.array_equal(one.closed, same.closed)
    assert np.array_equal(wall, other_wall)
    states = []
    for person in PERSONS:
        rng = np.random.default_rng(4)
        LOOK_ALIKES[name](*plain(person), rng)
        states.append(rng.bit_generator.state)
    assert states[0] == states[1] == states[2]


def test_a_lamp_is_mirrored_in_glasses_or_on_the_forehead() -> None:
    wearer = next(seed for seed in range(50) if people.draw_person(seed).glasses != "none")
    bare = next(seed for seed in BARE if people.draw_person(seed).glasses == "none")
    for person, inside in ((wearer, True), (bare, False)):
        (before, _), (after, _) = plain(person), with_look_alike("glare", person)
        rows = before.v[(before.rgb != after.rgb).any(axis=2)]
        assert (rows.mean() > -0.3) == inside


def test_a_hand_covers_the_face_from_below() -> None:
    (before, _), (after, _) = plain(), with_look_alike("hand_on_medium")
    hand = (before.rgb != after.rgb).any(axis=2)
    assert hand[before.face > 0.5].any()
    assert not hand[before.v < 0.2].any()
    assert (after.alpha >= before.alpha).all()
    assert after.face[hand].sum() < before.face[hand].sum()
