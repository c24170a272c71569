"""3DMAD: names, folders of sessions, eyes and boxes from HDF5 files, and the plan."""

import collections
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.archives import threedmad
from fasrepro.archives.layout import ArchiveError, UnknownName
from fasrepro.archives.tree import walk
from fasrepro.rows.faces import Label
from fasrepro.vocabulary import SPECIES

NAMES = st.builds(threedmad.Name, st.integers(1, 17), st.integers(1, 3), st.integers(1, 5))


@given(NAMES)
def test_formatted_names_parse_back(name: threedmad.Name) -> None:
    assert threedmad.parse_name(threedmad.format_name(name)) == name


@given(st.one_of(st.text(max_size=40), st.from_regex(r"session0[1-3]/[0-9]{2}_[0-9]{2}_[0-9]{2}\.hdf5", fullmatch=True)))
def test_other_text_is_an_unknown_name(junk: str) -> None:
    try:
        name = threedmad.parse_name(junk)
    except UnknownName:
        return
    assert threedmad.format_name(name) == junk


@pytest.mark.parametrize(
    "path",
    [
        "session01/18_01_01.hdf5",
        "session01/00_01_01.hdf5",
        "session04/01_04_01.hdf5",
        "session01/01_01_06.hdf5",
        "session01/1_1_1.hdf5",
        "session01/01_01_01.h5",
        "session01/01_02_01.hdf5",
        "01_01_01.hdf5",
    ],
)
def test_names_outside_the_archive_are_unknown(path: str) -> None:
    with pytest.raises(UnknownName, match=path):
        threedmad.parse_name(path)


def test_a_full_plan_has_the_official_counts() -> None:
    plan = threedmad.plan(threedmad.Size(17, 5))
    [(split, (subjects, bona_fide, attacks))] = threedmad.PUBLISHED.items()
    assert collections.Counter(p.label for p in plan) == {Label.BONA_FIDE: bona_fide, Label.ATTACK: attacks}
    assert (len({p.subject for p in plan}), {p.split for p in plan}) == (subjects, {split})
    assert (min(p.path for p in plan), max(p.path for p in plan)) == ("session01/01_01_01.hdf5", "session03/17_03_05.hdf5")
    assert {(p.path[8], p.species, p.instrument) for p in plan} == {
        ("1", "bona_fide", ""),
        ("2", "bona_fide", ""),
        ("3", "rigid_mask", "mask"),
    }
    assert {p.species for p in plan} <= SPECIES.keys()


@pytest.mark.parametrize("size", [(18, 5), (17, 6), (-1, 1), (1, 0)])
def test_a_plan_larger_than_the_archive_is_an_error(size: tuple[int, int]) -> None:
    with pytest.raises(ArchiveError, match=r"archives\.datasets\.threedmad: .*there are 17 and 5"):
        threedmad.plan(threedmad.Size(*size))


def test_the_reader_reads_what_the_writer_wrote(tmp_path: Path) -> None:
    plan = threedmad.plan(threedmad.Size(2, 1))
    for shown in plan:
        (tmp_path / shown.path).parent.mkdir(exist_ok=True)
        (tmp_path / shown.path).write_bytes(b"")
    threedmad.write_lists(tmp_path, plan)
    reading = threedmad.read(walk(tmp_path))
    assert (reading.presentations, reading.exclusions) == (sorted(plan, key=lambda shown: shown.path), [])
    assert threedmad.rotation(plan[0].path) is None


def test_folders_of_sessions_are_read_and_one_of_another_session_is_excluded(tmp_path: Path) -> None:
    for path in (
        "session01/04_01_05.hdf5",
        "session03/Data/04_03_05.HDF5",
        "Data/05_02_01.hdf5",
        "session01/06_03_01.hdf5",
        "other/07_01_01.hdf5",
        "04_01_05.hdf5",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"")
    reading = threedmad.read(walk(tmp_path))
    assert [(p.id, p.path, p.species) for p in reading.presentations] == [
        ("threedmad/session01/04_01_05", "04_01_05.hdf5", "bona_fide"),
        ("threedmad/session02/05_02_01", "Data/05_02_01.hdf5", "bona_fide"),
        ("threedmad/session03/04_03_05", "session03/Data/04_03_05.HDF5", "rigid_mask"),
    ]
    assert {e.path: e.reason.split(":")[0] for e in reading.exclusions} == {
        "other/07_01_01.hdf5": "not a 3DMAD name, or in another folder than session01 to session03",
        "session01/04_01_05.hdf5": "threedmad/session01/04_01_05 is 04_01_05.hdf5 already",
        "session01/06_03_01.hdf5": "in session01, but its name belongs to session03; move it there",
    }


def test_the_eye_at_the_left_of_the_picture_comes_first(tmp_path: Path) -> None:
    rows = [[300, 200, 360, 202], [360, 202, 300, 200], [0, 0, 0, 0], [float("nan")] * 4, [10.5, 20, 50.5, 20]]
    with h5py.File(tmp_path / "01_01_01.hdf5", "w") as file:
        file["Eye_Pos"] = np.array(rows)
    eyes = threedmad.eyes(tmp_path, "01_01_01.hdf5")
    assert eyes == {0: (300, 200, 360, 202), 1: (300, 200, 360, 202), 4: (10.5, 20, 50.5, 20)}
    # eyes 40 pixels apart, their middle at (30, 20): 92 wide from 46 to the left, 116 high from 46 above
    assert threedmad.boxes(tmp_path, "01_01_01.hdf5")[4] == (-16, -26, 92, 116)


def test_frames_and_eyes_are_written_into_one_file(tmp_path: Path) -> None:
    eyes = {0: (30, 60, 66, 60), 2: (32, 61, 68, 61)}
    threedmad.write_frames(tmp_path / "01_01_01.hdf5", [np.full((48, 64, 3), (1, 2, 3), np.uint8)] * 3)
    (tmp_path / "01_01_02.hdf5").write_bytes(b"")
    for path in ("01_01_01.hdf5", "01_01_01.hdf5", "01_01_02.hdf5", "session01/01_01_03.hdf5"):
        threedmad.write_sidecar(tmp_path, path, {}, eyes)
        assert threedmad.eyes(tmp_path, path) == eyes
    # eyes 36 pixels apart: 2.3 x 36 wide, 2.9 x 36 high, from 1.15 x 36 above their line
    assert threedmad.boxes(tmp_path, "01_01_01.hdf5") == {0: (7, 19, 83, 104), 2: (9, 20, 83, 104)}
    with h5py.File(tmp_path / "01_01_01.hdf5") as file:
        assert file["Color_Data"].shape == (3, 3, 48, 64)
        assert file["Color_Data"][2, :, 0, 0].tolist() == [1, 2, 3]


def test_a_damaged_file_or_one_without_eyes_is_an_error_that_names_it(tmp_path: Path) -> None:
    threedmad.write_frames(tmp_path / "01_01_01.hdf5", [np.zeros((48, 64, 3), np.uint8)])
    with pytest.raises(ArchiveError, match=r"01_01_01\.hdf5: no dataset Eye_Pos of four columns; restore"):
        threedmad.boxes(tmp_path, "01_01_01.hdf5")
    content = (tmp_path / "01_01_01.hdf5").read_bytes()
    (tmp_path / "01_01_01.hdf5").write_bytes(content[: len(content) // 2])
    for path in ("01_01_01.hdf5", "17_03_05.hdf5"):
        with pytest.raises(ArchiveError, match=rf"{path}: not a whole HDF5 file .*; restore it"):
            threedmad.eyes(tmp_path, path)
