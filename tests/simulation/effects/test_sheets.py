"""Properties of every cue on a sheet or screen."""

from __future__ import annotations

import numpy as np
import pytest

from fasrepro.simulation.effects import SHEET_EFFECTS
from fasrepro.simulation.effects.prints import face_slices
from tests.sheets import LAYERS, appearance, changed, sheet, with_cue

# A dark border beside black hair is hard to see, so it is tested on people with other hair.
PEOPLE = dict.fromkeys(SHEET_EFFECTS, (2, 9)) | {"bezel": (2, 4)}
CASES = [(name, person) for name, persons in PEOPLE.items() for person in persons]


@pytest.mark.parametrize(("name", "person"), CASES)
def test_a_cue_shows_in_the_face_and_grows_with_its_strength(name: str, person: int) -> None:
    plain = appearance(sheet(person))
    face = face_slices(sheet(person))
    changes = [np.abs(appearance(with_cue(name, strength, 7, person)) - plain)[face].mean() for strength in (0.3, 0.6, 1.0)]
    assert changes == sorted(changes)
    assert changes[1] > 0.008


@pytest.mark.parametrize("name", SHEET_EFFECTS)
def test_only_equal_seeds_give_equal_bytes(name: str) -> None:
    one, same, other = with_cue(name, 0.6), with_cue(name, 0.6), with_cue(name, 0.6, 8)
    assert not changed(one, same).any()
    assert changed(one, other).any()
    assert all(getattr(one, layer).dtype == np.float32 for layer in LAYERS)


@pytest.mark.parametrize("name", SHEET_EFFECTS)
def test_random_draws_do_not_depend_on_the_picture(name: str) -> None:
    one, other = np.random.default_rng(4), np.random.default_rng(4)
    SHEET_EFFECTS[name](sheet(2), 0.6, one)
    SHEET_EFFECTS[name](sheet(9), 0.6, other)
    assert one.bit_generator.state == other.bit_generator.state
