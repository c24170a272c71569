"""The tables of kinds and cues of attacks."""

from __future__ import annotations

import collections

import numpy as np
import pytest

from fasrepro.simulation import attacks
from fasrepro.simulation.effects import FACE_EFFECTS, SHEET_EFFECTS, SITTING_EFFECTS
from fasrepro.vocabulary import CUES, SPECIES, cues_of


def test_every_species_has_a_kind_and_at_least_two_optional_cues() -> None:
    assert attacks.KINDS.keys() == attacks.CUE_RATES.keys() == SPECIES.keys() - {"bona_fide"}
    for species, rates in attacks.CUE_RATES.items():
        assert set(rates) <= set(cues_of(species)), species
        assert all(0 < rate < 1 for rate in rates.values()), species
        assert len(rates) >= 2, species


def test_every_cue_is_used_and_common_cues_by_two_species() -> None:
    species_of = collections.Counter(cue for rates in attacks.CUE_RATES.values() for cue in rates)
    assert species_of.keys() == CUES.keys()
    common = {cue for rates in attacks.CUE_RATES.values() for cue, rate in rates.items() if rate >= 0.4}
    assert all(species_of[cue] >= 2 for cue in common)


def test_a_cue_can_be_drawn_on_the_medium_of_its_species() -> None:
    worn = {*SITTING_EFFECTS, *FACE_EFFECTS}
    for species, rates in attacks.CUE_RATES.items():
        assert set(rates) <= (worn if attacks.KINDS[species].medium == "worn" else SHEET_EFFECTS.keys()), species


def test_cues_are_drawn_at_their_rates_and_never_none() -> None:
    rng = np.random.default_rng(0)
    rates = {"moire": 0.5, "glare": 0.25}
    drawn = [attacks.draw_cues(rates, (0.4, 0.9), rng) for _ in range(4000)]
    assert all(cues and all(0.4 <= strength <= 0.9 for strength in cues.values()) for cues in drawn)
    # Given at least one cue: P(moire) = 0.5 / (1 - 0.5 * 0.75), P(glare) = 0.25 / (1 - 0.5 * 0.75)
    for cue, expected in (("moire", 0.5 / 0.625), ("glare", 0.25 / 0.625)):
        assert np.mean([cue in cues for cues in drawn]) == pytest.approx(expected, abs=0.03)


def test_an_instrument_lies_within_the_ranges_of_its_workshop() -> None:
    for workshop in attacks.WORKSHOPS.values():
        instrument = attacks.draw_instrument(workshop, np.random.default_rng(3))
        assert workshop.raster[0] <= instrument.raster <= workshop.raster[1]
        assert workshop.pixels[0] <= instrument.pixels <= workshop.pixels[1]
        assert all(0 <= part <= 1 for part in (*instrument.paper, *instrument.device))
