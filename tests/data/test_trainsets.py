from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.data import trainsets
from fasrepro.records import Caption, Face, Label, Verdict, face_id

HALVES = {"vanilla": 0.5, "reasoning": 0.5}


def faces(counts: dict[str, int]) -> list[Face]:
    """`counts` faces of each species, of one data set."""
    rows = []
    for species, count in counts.items():
        for number in range(count):
            presentation = f"msu/{species}/{number}"
            label = Label.BONA_FIDE if species == "bona_fide" else Label.ATTACK
            rows.append(
                Face(face_id(presentation, 20), "msu", "train", f"msu/{number}", presentation, 20, label, species, "", "msu",
                     (0, 0, 9, 9), "sidecar", f"{number}.png", "")
            )  # fmt: skip
    return rows


def captions(rows: list[Face], style: str) -> list[Caption]:
    return [Caption(f.face_id, style, f"{style} {f.face_id}", Verdict.ATTACK, "v1", "m", True, 1, "k") for f in rows]


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.05, 0.95))
def test_every_species_keeps_the_shares_to_within_one_face(live: int, prints: int, share: float) -> None:
    rows = faces({"bona_fide": live, "print": prints})
    styles = trainsets.assign_styles(rows, {"vanilla": share, "reasoning": 1 - share})
    for species, total in (("bona_fide", live), ("print", prints)):
        dealt = Counter(styles[f.face_id] for f in rows if f.species == species)
        assert abs(dealt["vanilla"] - share * total) <= 1 + 1e-9
        assert sum(dealt.values()) == total


def test_a_face_keeps_its_style_in_any_order() -> None:
    rows = faces({"bona_fide": 9, "print": 12})
    assert trainsets.assign_styles(rows, HALVES) == trainsets.assign_styles(rows[::-1], HALVES)


def test_single_faces_of_many_species_do_not_all_get_the_same_style() -> None:
    rows = faces({"bona_fide": 1, "print": 1, "warped_photo": 1, "cut_photo": 1, "replay_photo": 1, "replay_video": 1})
    assert len(set(trainsets.assign_styles(rows, HALVES).values())) == 2


def test_rows_carry_the_caption_of_their_own_face_and_style() -> None:
    rows = faces({"bona_fide": 4, "print": 4})
    built = trainsets.build(rows, HALVES, {style: captions(rows, style) for style in HALVES})
    assert all(row.caption == f"{row.style} {row.face_id}" for row in built)
    assert Counter(row.style for row in built) == {"vanilla": 4, "reasoning": 4}
    assert [row.face_id for row in built] == [f.face_id for f in rows]


def test_labels_alone_need_no_captions() -> None:
    assert {(row.style, row.caption) for row in trainsets.build(faces({"print": 3}), {}, {})} == {("", "")}


def test_a_face_without_its_caption_is_an_error() -> None:
    rows = faces({"print": 3})
    with pytest.raises(trainsets.TrainsetError, match=r"1 faces have no caption .* msu/print/2#0020 \(vanilla\)"):
        trainsets.build(rows, {"vanilla": 1.0}, {"vanilla": captions(rows[:2], "vanilla")})


@pytest.mark.parametrize("shares", [{"vanilla": 0.5}, {"vanilla": 1.5, "reasoning": -0.5}])
def test_shares_must_add_up(shares: dict[str, float]) -> None:
    with pytest.raises(trainsets.TrainsetError, match="add up to 1"):
        trainsets.assign_styles(faces({"print": 2}), shares)


def test_mixes_are_named_and_parsed() -> None:
    assert trainsets.mix_name({}) == "labels"
    assert trainsets.mix_name({"vanilla": 1.0}) == "vanilla"
    assert trainsets.mix_name(HALVES) == "reasoning50-vanilla50"
    assert trainsets.parse_shares(["reasoning=0.5", "vanilla=0.5"]) == HALVES
    with pytest.raises(trainsets.TrainsetError, match="style=share"):
        trainsets.parse_shares(["vanilla"])
