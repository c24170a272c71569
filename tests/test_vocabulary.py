"""Words of cues that can be read back, and which cues are seen in a crop."""

import itertools

import numpy as np
import pytest

from fasrepro import regions, vocabulary
from fasrepro.datasets import FACECOT_TYPES
from fasrepro.evaluation.readers.lexical import _NOT
from tests.regions import box_region

PHRASINGS = [(name, phrasing) for name, cue in vocabulary.CUES.items() for phrasing in cue.phrasings]


def test_cues_go_with_known_species_and_steps_and_every_attack_has_some() -> None:
    assert len(vocabulary.CUES) == 26
    attacks = [species for species in vocabulary.SPECIES if species != "bona_fide"]
    assert len(attacks) == 35
    for cue in vocabulary.CUES.values():
        assert cue.step in {"artifacts", "features", "lighting", "context"}
        assert cue.species and set(cue.species) <= set(attacks)
        assert len(set(cue.species)) == len(cue.species) >= 2
    assert all(len(vocabulary.cues_of(species)) >= 2 for species in attacks)
    assert vocabulary.cues_of("bona_fide") == []


def test_every_attack_belongs_to_one_family_and_has_words_of_its_own() -> None:
    members = [species for family in vocabulary.FAMILIES.values() for species in family]
    assert sorted(members) == sorted(set(vocabulary.SPECIES) - {"bona_fide"})
    assert len(set(vocabulary.SPECIES.values())) == len(vocabulary.SPECIES)


def test_the_types_of_facecot_are_fourteen_species() -> None:
    assert len(FACECOT_TYPES) == len(set(FACECOT_TYPES.values())) == 14
    assert FACECOT_TYPES.keys() <= vocabulary.SPECIES.keys()


def test_phrasings_are_plain_short_and_distinct() -> None:
    for name, cue in vocabulary.CUES.items():
        assert len(cue.phrasings) >= 5, name
    for name, phrasing in PHRASINGS:
        assert 3 <= len(phrasing.split()) <= 7, phrasing
        assert phrasing == " ".join(phrasing.lower().split()), phrasing
        assert not _NOT.search(phrasing), f"{name}: a negation in {phrasing!r}"
    for (_, one), (_, other) in itertools.permutations(PHRASINGS, 2):
        assert one not in other


def test_two_phrasings_in_one_sentence_name_their_two_cues_and_no_third() -> None:
    for (name, one), (other, two) in itertools.permutations(PHRASINGS, 2):
        assert set(vocabulary.named_cues(f"One can see {one} and {two}.")) == {name, other}
        assert set(vocabulary.named_cues(f"One can see {one}, {two}.")) == {name, other}


def test_cues_are_named_in_their_order_whatever_case_and_blanks() -> None:
    assert vocabulary.named_cues("The rim of a Monitor,\n halftone  dots from a printer.") == ["halftone", "bezel"]
    assert vocabulary.named_cues("") == []


@pytest.mark.parametrize(
    ("boxes", "seen"),
    [
        ([(0, 0, 240, 180)], True),
        ([(20, 20, 4, 8)], True),  # 32 of the face's 5000 pixels; the share is 25
        ([(20, 20, 4, 4)], False),
        ([(8, 20, 4, 12)], False),  # 2 of 4 columns inside: 24
        ([(8, 20, 4, 12), (108, 68, 4, 4)], True),  # 4 more from another part
        ([(120, 20, 100, 100)], False),
    ],
)
def test_a_cue_is_seen_where_its_mask_covers_enough_of_the_crop(boxes: list[tuple[int, int, int, int]], seen: bool) -> None:
    assert regions.VISIBLE_SHARE == 0.005
    mask = regions.encode_region(np.logical_or.reduce([regions.decode_region(box_region(*box)) for box in boxes]))
    far = box_region(200, 100, 8, 8)
    assert regions.visible((10, 20, 100, 50), ["glare", "bezel"], [far, mask]) == ["bezel"] * seen
