"""What holds of every cue on a sheet or screen."""

from __future__ import annotations

import numpy as np
import pytest

from fasrepro.simulation.effects import SHEET_EFFECTS
from fasrepro.simulation.effects.prints import face_slices
from tests.sheets import LAYERS, changed, made, seen, sheet

# A dark border beside black hair shows little, so it is tried on people without.
PEOPLE = dict.fromkeys(SHEET_EFFECTS, (2, 9)) | {"bezel": (2, 4)}
TRIED = [(name, person) for name, who in PEOPLE.items() for person in who]


@pytest.mark.parametrize(("name", "person"), TRIED)
def test_a_cue_shows_in_the_face_and_grows_with_its_strength(name: str, person: int) -> None:
    plain = seen(sheet(person))
    face = face_slices(sheet(person))
    changes = [np.abs(seen(made(name, strength, 7, person)) - plain)[face].mean() for strength in (0.3, 0.6, 1.0)]
    assert changes == sorted(changes)
    assert changes[1] > 0.008


@pytest.mark.parametrize("name", SHEET_EFFECTS)
def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(name: str) -> None:
    one, same, other = made(name, 0.6), made(name, 0.6), made(name, 0.6, 8)
    assert not changed(one, same).any()
    assert changed(one, other).any()
    assert all(getattr(one, layer).dtype == np.float32 for layer in LAYERS)


@pytest.mark.parametrize("name", SHEET_EFFECTS)
def test_the_number_of_draws_does_not_depend_on_the_picture(name: str) -> None:
    one, other = np.random.default_rng(4), np.random.default_rng(4)
    SHEET_EFFECTS[name](sheet(2), 0.6, one)
    SHEET_EFFECTS[name](sheet(9), 0.6, other)
    assert one.bit_generator.state == other.bit_generator.state
