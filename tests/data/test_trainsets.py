from __future__ import annotations

import dataclasses
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.data import trainsets
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face, Label, face_id

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


def test_a_face_without_a_caption_in_one_style_is_in_no_set_whatever_its_mix() -> None:
    rows = faces({"bona_fide": 3, "print": 3})
    texts = {"vanilla": captions(rows[:-1], "vanilla"), "reasoning": captions(rows[1:], "reasoning")}
    assert trainsets.captioned(rows, texts)[1] == [rows[0].face_id, rows[-1].face_id]
    for mix in ({}, {"vanilla": 1.0}, HALVES):
        assert [row.face_id for row in trainsets.build(rows, mix, texts)] == [face.face_id for face in rows[1:-1]]


def test_a_style_that_is_not_annotated_or_a_face_left_over_is_an_error() -> None:
    rows = faces({"print": 3})
    with pytest.raises(trainsets.TrainsetError, match="no captions of style 'prose': add it to styles"):
        trainsets.build(rows, {"prose": 1.0}, {"vanilla": captions(rows, "vanilla")})
    other = [dataclasses.replace(face, dataset="siw", face_id=f"siw/{face.face_id}") for face in rows]
    with pytest.raises(trainsets.TrainsetError, match=r"siw: no face has .* annotator\.datasets of params"):
        trainsets.build(rows + other, {"vanilla": 1.0}, {"vanilla": captions(rows, "vanilla")})
    with pytest.raises(trainsets.TrainsetError, match="msu: no face has a caption in every style"):
        trainsets.build(rows, {}, {"vanilla": []})


@pytest.mark.parametrize("shares", [{"vanilla": 0.5}, {"vanilla": 1.5, "reasoning": -0.5}])
def test_shares_must_add_up(shares: dict[str, float]) -> None:
    with pytest.raises(trainsets.TrainsetError, match="add up to 1"):
        trainsets.assign_styles(faces({"print": 2}), shares)


def test_mixes_are_named_and_parsed() -> None:
    assert trainsets.mix_name({}) == "labels"
    assert trainsets.mix_name({"vanilla": 1.0}) == "vanilla"
    assert trainsets.mix_name(HALVES) == "reasoning50-vanilla50"
    assert trainsets.mix_name({"vanilla": 0.502, "reasoning": 0.498}) == "reasoning49p8-vanilla50p2"
    assert trainsets.parse_shares(["reasoning=0.5", "vanilla=0.5"]) == HALVES
    with pytest.raises(trainsets.TrainsetError, match="style=share"):
        trainsets.parse_shares(["vanilla"])
