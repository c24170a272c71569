"""Faces chosen evenly over classes and kinds of attack."""

from __future__ import annotations

import collections

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro import vocabulary
from fasrepro.data import balanced
from fasrepro.rows.faces import Face
from tests.faces import face

# Far more prints than anything else, and few of the rare kinds, as in the releases.
COUNTS = {"bona_fide": 50, "poster": 200, "a4_print": 100, "replay_pad": 40, "replay_pc": 40, "mask_3d": 3, "region_mask": 60}


FACES = [face(f"wfas/{kind}/{number}", kind, frame=0) for kind, count in COUNTS.items() for number in range(count)]


def sizes(chosen: list[Face]) -> dict[str, int]:
    return dict(collections.Counter(one.species for one in chosen))


def test_classes_are_even_and_rare_kinds_are_kept_whole() -> None:
    """80 faces: 20 of each of the four classes; of masks, the 3 rare ones and 17 others."""
    assert sizes(balanced.balanced(FACES, 80)) == {
        "bona_fide": 20,
        "poster": 10,
        "a4_print": 10,
        "replay_pad": 10,
        "replay_pc": 10,
        "mask_3d": 3,
        "region_mask": 17,
    }


def test_what_a_small_class_lacks_goes_to_the_others() -> None:
    """300 faces are 75 of each class, and there are 50 bona fide ones and 63 masks: the rest is shared by the others."""
    chosen = sizes(balanced.balanced(FACES, 300))
    assert (chosen["bona_fide"], chosen["mask_3d"], chosen["region_mask"]) == (50, 3, 60)
    assert chosen["replay_pad"] + chosen["replay_pc"] == 80 and chosen["poster"] + chosen["a4_print"] == 107


@given(st.permutations(range(30)), st.integers(0, 40))
def test_a_larger_choice_keeps_a_smaller_one_whatever_the_order(order: list[int], count: int) -> None:
    some = [FACES[12 * number] for number in order]
    smaller = balanced.balanced(some, count)
    assert smaller == [one for one in some if one in smaller] and len(smaller) == min(count, len(some))
    assert {one.face_id for one in smaller} == {one.face_id for one in balanced.balanced(sorted(some, key=str), count)}
    assert {one.face_id for one in balanced.lowest(some, count)} <= {one.face_id for one in balanced.lowest(some, count + 1)}


@pytest.mark.parametrize("species", vocabulary.SPECIES)
def test_each_species_is_in_one_class(species: str) -> None:
    assert sum(species in members for members in balanced.CLASSES.values()) == 1
