"""Each cue changes the pixels where it says it does, more so the stronger it is, and no cue tints the whole picture."""

import numpy as np
import pytest

from fasrepro.cues import CUES, SPECIES, cues_of
from fasrepro.synthetic import attacks, cameras, drawing, effects, people


def sheet() -> effects.Sheet:
    who, where = people.person(2), people.sitting(3)
    figure = drawing.figure(who, where, 180, 240, drawing.Place(120, 85, 43))
    behind = drawing.background(where, 180, 240)
    picture = behind + (figure.rgb - behind) * figure.alpha[..., None]
    return effects.Sheet.of(picture, picture, figure.box, 5.0)


def shown(cue: str, strength: float, seed: int = 7) -> tuple[np.ndarray, list[effects.Region], effects.Sheet]:
    made = sheet()
    boxes = effects.EFFECTS[cue](made, strength, np.random.default_rng(seed))
    return np.clip(made.picture * made.gain + made.add, 0, 1), boxes, made


def test_there_is_an_effect_for_each_cue() -> None:
    assert effects.EFFECTS.keys() == CUES.keys()


@pytest.mark.parametrize("cue", CUES)
def test_a_cue_shows_in_the_face_and_grows_with_its_strength(cue: str) -> None:
    plain = sheet()
    x, y, width, height = (round(v) for v in plain.box)
    face = np.s_[y : y + height, x : x + width]
    changes = [np.abs(shown(cue, strength)[0] - plain.picture)[face].mean() for strength in (0.4, 0.6, 1.0)]
    assert changes == sorted(changes)
    assert changes[1] > 0.012


@pytest.mark.parametrize("cue", CUES)
def test_a_cues_boxes_overlap_the_face(cue: str) -> None:
    _, boxes, made = shown(cue, 0.6)
    fx, fy, fw, fh = made.box
    for x, y, width, height in boxes:
        assert max(x, fx) < min(x + width, fx + fw)
        assert max(y, fy) < min(y + height, fy + fh)


@pytest.mark.parametrize("cue", ["paper_border", "bezel"])
def test_a_border_on_two_sides_has_two_boxes_and_both_hold_its_colour(cue: str) -> None:
    numbers = set()
    for seed in range(8):
        picture, boxes, _ = shown(cue, 1.0, seed)
        numbers.add(len(boxes))
        for x, y, width, height in boxes:
            colour = picture[round(y + height / 2), round(x + width / 2)]
            assert (colour.min() > 0.7) if cue == "paper_border" else (colour.max() < 0.2)
    assert numbers == {1, 2}


@pytest.mark.parametrize("cue", ["halftone", "moire"])
def test_a_pattern_is_no_tint(cue: str) -> None:
    picture, _, made = shown(cue, 1.0)
    assert np.abs(picture.mean(axis=(0, 1)) - made.picture.mean(axis=(0, 1))).max() < 0.02


def test_borders_end_the_sheet_and_patterns_do_not() -> None:
    assert shown("paper_border", 0.6)[2].alpha.min() == 0
    assert shown("bezel", 0.6)[2].alpha.min() == 0
    assert shown("halftone", 0.6)[2].alpha.min() == 1


@pytest.mark.parametrize("species", [name for name in SPECIES if name != "bona_fide"])
def test_no_cue_is_in_every_attack_of_a_species_and_none_is_without(species: str) -> None:
    rng = np.random.default_rng(0)
    drawn = [attacks.draw_cues(species, rng) for _ in range(400)]
    assert set(attacks.CUE_RATES[species]) == set(cues_of(species))
    for cue in cues_of(species):
        assert 0.3 < np.mean([cue in cues for cues in drawn]) < 0.9
    assert all(cues for cues in drawn)
    assert all(attacks.STRENGTH[0] <= s <= attacks.STRENGTH[1] for cues in drawn for s in cues.values())


@pytest.mark.parametrize("cue", CUES)
def test_look_alikes_change_something_harmless(cue: str) -> None:
    who, where = people.person(2), people.sitting(3)
    figure = drawing.figure(who, where, 180, 240, drawing.Place(120, 85, 43))
    behind = drawing.background(where, 180, 240)
    new_figure, new_behind = effects.look_alike(cue, figure, behind, False, np.random.default_rng(1))
    change = np.abs(new_behind - behind).max() + np.abs(new_figure.rgb - figure.rgb).max()
    assert change > 0.05
    assert np.array_equal(new_figure.alpha, figure.alpha)


def test_a_data_sets_camera_varies_more_than_data_sets_differ() -> None:
    """So that no plain tint tells one data set, or one label, from another."""
    grey = np.full((20, 20, 3), 128, np.uint8)
    tints = {}
    for name, camera in cameras.CAMERAS.items():
        rng = np.random.default_rng(3)
        pictures = [cameras.film(grey, cameras.draw(camera, rng), np.zeros((20, 20, 3), np.int16)) for _ in range(60)]
        tints[name] = np.array([p[..., 0].mean() - p[..., 2].mean() for p in pictures])
    means = [t.mean() for t in tints.values()]
    assert max(means) - min(means) < 4 * np.mean([t.std() for t in tints.values()])
    assert all(t.std() > 3 for t in tints.values())


def test_noise_has_the_camera_s_deviation_and_no_mean() -> None:
    settings = cameras.draw(cameras.CAMERAS["replay"], np.random.default_rng(0))
    [field] = cameras.noise_bank(settings, 90, 120, 1, np.random.default_rng(1))
    assert field.shape == (90, 120, 3)
    assert abs(field.mean()) < 0.3
    assert 0.7 * settings.noise < field.std() < 1.3 * settings.noise
