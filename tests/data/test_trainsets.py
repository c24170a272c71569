from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.data import trainsets
from fasrepro.rows import table
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face, Label, face_id
from fasrepro.rows.training import TrainRow

Build = Callable[[list[Face], Mapping[str, float], Mapping[str, list[Caption]]], list[TrainRow]]

HALVES = {"vanilla": 0.5, "reasoning": 0.5}


def faces(counts: dict[str, int]) -> list[Face]:
    """`counts` faces of each species, of one data set."""
    rows = []
    for species, count in counts.items():
        for number in range(count):
            presentation = f"msu/{species}/{number:02d}"
            label = Label.BONA_FIDE if species == "bona_fide" else Label.ATTACK
            rows.append(
                Face(face_id(presentation, 20), "msu", "train", f"msu/{number}", presentation, 20, label, species, "", "msu",
                     (0, 0, 9, 9), "sidecar", f"{number}.png", "")
            )  # fmt: skip
    return rows


def assigned(rows: list[Face], shares: Mapping[str, float]) -> dict[str, str]:
    """The caption set of each face."""
    names = sorted(shares)
    sets = trainsets.assign_captions(table.from_rows(rows, Face), shares)
    return {row.face_id: names[number] for row, number in zip(rows, sets, strict=True)}


def captions(rows: list[Face], style: str) -> list[Caption]:
    return [Caption(f.face_id, style, f"{style} {f.face_id}", Verdict.ATTACK, "v1", "m", True, 1, "k") for f in rows]


def ids(rows: list[Face]) -> pa.Array:
    return pa.array([face.face_id for face in rows], pa.string())


@pytest.fixture
def built(tmp_path: Path) -> Build:
    """Writes captions and a training set of them; returns its rows."""

    def build(rows: list[Face], shares: Mapping[str, float], texts: Mapping[str, list[Caption]]) -> list[TrainRow]:
        paths = {name: tmp_path / f"{name}.parquet" for name in texts}
        for name, path in paths.items():
            table.write(path, texts[name], Caption)
        batches = trainsets.rows(table.from_rows(rows, Face), shares, paths, tmp_path / "work")
        table.write_batches(tmp_path / "trainset.parquet", batches, TrainRow)
        assert not [*(tmp_path / "work").glob("*")]
        return table.read(tmp_path / "trainset.parquet", TrainRow)

    return build


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0.05, 0.95))
def test_every_species_keeps_the_shares_to_within_one_face(live: int, prints: int, share: float) -> None:
    rows = faces({"bona_fide": live, "print": prints})
    sets = assigned(rows, {"vanilla": share, "reasoning": 1 - share})
    for species, total in (("bona_fide", live), ("print", prints)):
        counts = Counter(sets[f.face_id] for f in rows if f.species == species)
        assert abs(counts["vanilla"] - share * total) <= 1 + 1e-9
        assert sum(counts.values()) == total


def test_a_face_keeps_its_captions_in_any_order_of_the_faces() -> None:
    rows = faces({"bona_fide": 9, "print": 12})
    assert assigned(rows, HALVES) == assigned(rows[::-1], HALVES)


def test_the_assignment_is_pinned() -> None:
    """Another one would train other models from the same captions."""
    rows = faces({"bona_fide": 4, "print": 4})
    sets = assigned(rows, {"vanilla": 0.25, "reasoning": 0.5, "prose": 0.25})
    assert "".join(name[0] for name in sets.values()) == "rvprrvpr"


def test_single_faces_of_many_species_do_not_all_get_the_same_style() -> None:
    rows = faces({"bona_fide": 1, "print": 1, "warped_photo": 1, "cut_photo": 1, "replay_photo": 1, "replay_video": 1})
    assert len(set(assigned(rows, HALVES).values())) == 2


@pytest.mark.parametrize("shares", [{"vanilla": 0.5}, {"vanilla": 1.5, "reasoning": -0.5}])
def test_shares_must_add_up(shares: dict[str, float]) -> None:
    with pytest.raises(trainsets.TrainsetError, match="add up to 1"):
        assigned(faces({"print": 2}), shares)


def test_rows_carry_the_caption_of_their_own_face_and_set(built: Build) -> None:
    rows = faces({"bona_fide": 4, "print": 4})
    made = built(rows[::-1], HALVES, {name: captions(rows, name) for name in HALVES})
    assert all(row.caption == f"{row.style} {row.face_id}" for row in made)
    assert {row.face_id: row.style for row in made} == assigned(rows, HALVES)
    assert [(row.face_id, row.crop, row.label) for row in made] == [(f.face_id, f.crop, f.label) for f in rows]


def test_the_style_of_a_row_is_its_captions_whatever_the_set_is_called(built: Build) -> None:
    rows = faces({"print": 3})
    assert {row.style for row in built(rows, {"gold": 1.0}, {"gold": captions(rows, "cot")})} == {"cot"}


def test_labels_alone_need_no_captions(built: Build) -> None:
    made = built(faces({"print": 3})[::-1], {}, {})
    assert {(row.style, row.caption) for row in made} == {("", "")}


def test_a_join_that_fails_names_the_folder_that_needs_room(built: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = faces({"bona_fide": 50, "print": 50})
    monkeypatch.setattr(trainsets, "MEMORY", "1kB")
    with pytest.raises(trainsets.TrainsetError, match=r"cannot be joined: .*; is there room in"):
        built(rows, {"vanilla": 1.0}, {"vanilla": captions(rows, "vanilla")})


def test_a_face_without_a_caption_in_one_compared_set_is_left_out() -> None:
    rows = faces({"bona_fide": 3, "print": 3})
    kept, others = trainsets.with_every_caption(table.from_rows(rows, Face), {"vanilla": ids(rows[:-1]), "cot": ids(rows[1:])})
    assert others == [rows[0].face_id, rows[-1].face_id]
    assert kept["face_id"].to_pylist() == [face.face_id for face in rows[1:-1]]


def test_a_data_set_of_which_no_face_is_left_is_an_error() -> None:
    rows = faces({"print": 3})
    other = [dataclasses.replace(face, dataset="siw_mv2", face_id=f"siw_mv2/{face.face_id}") for face in rows]
    with pytest.raises(trainsets.TrainsetError, match=r"siw_mv2: no face has a caption .* annotator\.datasets of params"):
        trainsets.with_every_caption(table.from_rows(rows + other, Face), {"vanilla": ids(rows)})
    with pytest.raises(trainsets.TrainsetError, match="msu: no face has a caption in every set of vanilla"):
        trainsets.with_every_caption(table.from_rows(rows, Face), {"vanilla": ids([])})


def test_mixes_are_named() -> None:
    assert trainsets.mix_name({}) == "labels"
    assert trainsets.mix_name({"vanilla": 1.0}) == "vanilla"
    assert trainsets.mix_name(HALVES) == "reasoning50-vanilla50"
    assert trainsets.mix_name({"vanilla": 0.502, "reasoning": 0.498}) == "reasoning49p8-vanilla50p2"
