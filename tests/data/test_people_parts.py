"""People cut into parts: nobody in two, shares kept, and what is refused."""

from __future__ import annotations

import collections
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.data import people_parts
from fasrepro.data.protocols import ProtocolError
from tests.faces import face

SHARES = {"A": 0.3, "B": 0.35, "C": 0.15, "D_cap": 0.1, "D": 0.1}
KINDS = ("bona_fide", "print", "mask_3d")


@given(st.integers(1, 200), st.lists(st.integers(1, 9), min_size=2, max_size=5))
def test_everybody_is_in_one_part_and_every_part_has_its_share(count: int, weights: list[int]) -> None:
    shares = {part: weight / sum(weights) for part, weight in zip(people_parts.PURPOSES, weights, strict=False)}
    part_of = people_parts.cut([(f"s{number}", "print") for number in range(count)], shares)
    assert part_of.keys() == {f"s{number}" for number in range(count)}
    sizes = collections.Counter(part_of.values())
    assert all(abs(sizes[part] - share * count) < 2 for part, share in shares.items())


def test_each_part_has_its_share_of_those_who_show_a_rare_species() -> None:
    shown = [(f"live/{number}", "bona_fide") for number in range(400)] + [
        (f"doll/{number}", "adult_doll") for number in range(20)
    ]
    sizes = collections.Counter(part for subject, part in people_parts.cut(shown, SHARES).items() if subject.startswith("doll"))
    assert all(abs(sizes[part] - 20 * share) <= 1 for part, share in SHARES.items())


@given(st.permutations([(f"s{number}", KINDS[number % 3]) for number in range(24)]))
def test_the_cut_does_not_depend_on_any_order(shown: list[tuple[str, str]]) -> None:
    part_of = people_parts.cut(sorted(shown), SHARES)
    assert people_parts.cut([*shown, *shown], dict(reversed(SHARES.items()))) == part_of


def test_only_official_train_people_of_the_sources_that_are_cut_have_parts() -> None:
    faces = [
        face(f"{dataset}/{split}/{number}", KINDS[number % 3], split=split)
        for dataset in ("wfas", "msu")
        for split in ("train", "test")
        for number in range(30)
    ]
    by_part = {part: people_parts.faces_of_part(faces, {"wfas": SHARES}, part) for part in SHARES}
    assert sorted(one.face_id for rows in by_part.values() for one in rows) == sorted(
        one.face_id for one in faces if (one.dataset, one.split) == ("wfas", "train")
    )
    assert all(rows == [one for one in faces if one in rows] for rows in by_part.values())


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"wfass": SHARES}, "parts: unknown data set 'wfass'. Did you mean 'wfas'"),
        ({"wfas": {"A": 0.5, "E": 0.5}}, "parts.wfas: unknown part 'E'"),
        ({"wfas": {"A": 1.5, "D": -0.5}}, "parts.wfas.A: 1.5 is no share between 0 and 1"),
        ({"wfas": {"A": 0.5, "D": 0.4}}, "parts.wfas: the shares add up to 0.9, not to 1"),
        ({"wfas": {"A": 1.0}}, "parts.wfas: D (dev of the detector) needs a share above 0"),
    ],
)
def test_shares_that_cannot_be_are_refused(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(ProtocolError) as error:
        people_parts.check(parts)
    assert message in str(error.value)
