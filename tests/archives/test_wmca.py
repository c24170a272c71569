"""WMCA: names, the table of instruments, the protocol list, HDF5 files, and the plan."""

import collections
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.archives import locate, wmca
from fasrepro.archives.layout import ArchiveError, Presentation, UnknownName
from fasrepro.archives.tree import walk
from fasrepro.rows.faces import Label
from fasrepro.vocabulary import SPECIES

RGB = "preprocessed-face-station_RGB"
NAMES = st.builds(
    lambda day, client, session, presenter, instrument: wmca.Name(
        f"{day:02d}.02.18", client, session, presenter, instrument[0], instrument[1]
    ),
    st.integers(1, 31),
    st.integers(0, 999),
    st.integers(0, 99),
    st.integers(0, 999),
    st.sampled_from(sorted(wmca.SPECIES)),
)


def write(root: Path, share: float = 0.001) -> list[Presentation]:
    plan = wmca.plan(wmca.Size(share))
    for shown in plan:
        (root / shown.path).parent.mkdir(parents=True, exist_ok=True)
        (root / shown.path).write_bytes(b"")
    wmca.write_lists(root, plan)
    return plan


@given(NAMES)
def test_formatted_names_parse_back(name: wmca.Name) -> None:
    assert wmca.parse_name(wmca.format_name(name)) == name


@given(st.one_of(st.text(max_size=60), st.from_regex(RGB + r"/\d\d\.\d\d\.\d\d/\d{3}_\d\d_\d{3}_\d_\d\d\.hdf5", fullmatch=True)))
def test_other_text_is_an_unknown_name(junk: str) -> None:
    try:
        name = wmca.parse_name(junk)
    except UnknownName:
        return
    assert wmca.format_name(name) == junk


@pytest.mark.parametrize("stem", ["002_01_000_5_01", "002_01_000_0_03", "002_01_000_1_08", "002_01_000_2_19", "002_01_000_3_00"])
def test_make_up_wigs_and_other_unknown_instruments_are_unknown(stem: str) -> None:
    with pytest.raises(UnknownName, match=rf"not an instrument of WMCA: type {stem[11]}, pai {stem[13:]}: .*{stem}"):
        wmca.parse_name(f"{RGB}/01.02.18/{stem}.hdf5")


@pytest.mark.parametrize("path", [f"{RGB}/01.13.18/002_01_000_0_00.hdf5", f"{RGB}/01.02.18/2_01_000_0_00.hdf5", f"{RGB}/2.hdf5"])
def test_malformed_names_are_unknown(path: str) -> None:
    with pytest.raises(UnknownName, match=path):
        wmca.parse_name(path)


@pytest.mark.parametrize(
    ("kind", "species", "pais"),
    [
        (0, "bona_fide", (0, 1, 2)),
        (1, "partial_funny_eye", (1, 4, 5, 6, 7)),
        (1, "partial_paper_glasses", (15, 16)),
        (1, "rigid_mask", (2, 13, 14)),
        (2, "mannequin", (1, 7)),
        (2, "paper_mask", (8, 11)),
        (2, "rigid_mask", (12, 17)),
        (2, "flexible_mask", (18, 75, 99)),
        (3, "replay_photo", (5, 10, 15)),
        (3, "print", (1, 4, 6, 14)),
        (4, "replay_video", (1, 17)),
        (4, "replay_photo", (2, 18)),
    ],
)
def test_type_and_pai_give_the_species(kind: int, species: str, pais: tuple[int, ...]) -> None:
    for pai in pais:
        shown = wmca.presentation(wmca.Name("09.02.18", 530, 3, 1, kind, pai), "test")
        assert shown.species == species in SPECIES
        assert shown.label is (Label.BONA_FIDE if kind == 0 else Label.ATTACK)
        assert (shown.instrument, shown.subject) == ("" if kind == 0 else f"{kind}_{pai:02d}", "wmca/530")


def test_a_full_plan_has_the_official_counts() -> None:
    plan = wmca.plan(wmca.Size(1.0))
    for split, (clients, bona_fide, attacks) in wmca.PUBLISHED.items():
        own = [p for p in plan if p.split == split]
        assert len({p.subject for p in own}) == clients
        assert collections.Counter(p.label for p in own) == {Label.BONA_FIDE: bona_fide, Label.ATTACK: attacks}
    assert len({p.path for p in plan}) == len(plan) == 347 + 1332
    assert len({(p.subject, p.split) for p in plan}) == 35 + 34 + 34
    assert {p.split for p in plan if p.species == "paper_mask"} == {"test"}


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_outside_zero_and_one_is_an_error(share: float) -> None:
    assert wmca.plan(wmca.Size(0.0)) == []
    with pytest.raises(ArchiveError, match=r"archives\.datasets\.wmca: share"):
        wmca.plan(wmca.Size(share))


def test_the_reader_reads_what_the_writer_wrote(tmp_path: Path) -> None:
    plan = write(tmp_path)
    reading = wmca.read(walk(tmp_path))
    assert (reading.presentations, reading.exclusions) == (sorted(plan, key=lambda shown: shown.path), [])
    rows = (tmp_path / "WMCA_Grandtest.txt").read_text().splitlines()
    assert rows[:2] == [",client_id,filepath,group,label", "1,1,face-station/01.02.18/001_01_000_0_00,train,bonafide"]


def test_other_channels_are_excluded_by_design_and_without_a_list_all_is_test(tmp_path: Path) -> None:
    for path in (
        f"WMCA/{RGB}/face-station/31.01.18/514_01_035_1_05.HDF5",
        "WMCA/preprocessed-face-station_CDIT/face-station/31.01.18/514_01_035_1_05.hdf5",
        "WMCA/documentation/attack_illustration_files.csv",
        f"WMCA/{RGB}/face-station/31.01.18/514_01_035_5_05.hdf5",
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"")
    reading = wmca.read(locate.tree_of(tmp_path, "wmca"))
    [shown] = reading.presentations
    assert (shown.id, shown.split, shown.subject) == (f"wmca/{RGB}/31.01.18/514_01_035_1_05", "test", "wmca/514")
    assert [(e.path.split("_")[1][:4], e.by_design) for e in reading.exclusions] == [("CDIT", True), ("RGB/", False)]
    assert reading.notices == ["no WMCA_Grandtest.txt: all videos are of the test set; it comes with bob"]


def test_videos_and_list_are_compared(tmp_path: Path) -> None:
    plan = write(tmp_path)
    (tmp_path / plan[0].path).rename((tmp_path / plan[0].path).with_name("777_01_000_0_00.hdf5"))
    (tmp_path / "protocols").mkdir()
    (tmp_path / "WMCA_Grandtest.txt").rename(tmp_path / "protocols/WMCA_Grandtest.txt")
    reading = wmca.read(walk(tmp_path))
    assert [e.reason for e in reading.exclusions] == [
        "in no row of protocols/WMCA_Grandtest.txt",
        "listed in protocols/WMCA_Grandtest.txt, but absent",
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1,2,face-station/01.02.18/002_01_000_0_00,train,attack", "client 2, attack contradicts the name"),
        ("1,2,face-station/01.02.18/002_01_000_2_81,train,bonafide", "client 2, bonafide contradicts the name"),
        ("1,3,face-station/01.02.18/002_01_000_0_00,train,bonafide", "client 3, bonafide contradicts the name"),
        ("1,2,face-station/01.02.18/002_01_000_5_00,train,attack", "type 5, pai 00"),
        ("1,2,face-station/01.02.18/002_01_000_0_00,test,bonafide", "is not like"),
        ("1,9,face-station/01.02.18/009_01_000_0_00,dev,bonafide", "is in another group too"),
    ],
)
def test_a_contradictory_row_is_an_error_with_its_line(row: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "WMCA_Grandtest.txt").write_text(f"8,9,face-station/01.02.18/009_01_000_0_00,eval,bonafide\n{row}\n")
    with pytest.raises(ArchiveError, match=rf"WMCA_Grandtest\.txt, line 2: .*{message}.*; restore the official list"):
        wmca.read(walk(tmp_path))


def test_printable_videos_are_those_of_both_documents(tmp_path: Path) -> None:
    assert wmca.printable(walk(tmp_path)) == set()
    (tmp_path / "documentation").mkdir()
    (tmp_path / "documentation/attack_illustration_files.csv").write_text(
        '31.01.18/514_01_035_1_05.hdf5\n"530_03_001_2_18",x\n\n'
    )
    assert wmca.printable(walk(tmp_path)) == {"514_01_035_1_05", "530_03_001_2_18"}
    (tmp_path / "documentation/bonafide_illustration_files.csv").write_text("face-station\\18.01.18\\005_01_000_0_01\r\n")
    assert wmca.printable(walk(tmp_path)) == {"514_01_035_1_05", "530_03_001_2_18", "005_01_000_0_01"}


def test_a_document_that_is_a_web_page_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "documentation").mkdir()
    (tmp_path / "documentation/attack_illustration_files.csv").write_text("<html><p>Sign in</p></html>")
    with pytest.raises(ArchiveError, match=r"attack_illustration_files\.csv: a web page in place of the list: fetch the file"):
        wmca.printable(walk(tmp_path))


def test_boxes_are_the_whole_picture_of_every_frame(tmp_path: Path) -> None:
    picture = np.random.default_rng(3).integers(0, 256, (128, 128, 3), np.uint8)
    for file in ("a.hdf5", "b.hdf5"):
        wmca.write_frames(tmp_path / file, [picture] * 11)
    assert (tmp_path / "a.hdf5").read_bytes() == (tmp_path / "b.hdf5").read_bytes()
    with h5py.File(tmp_path / "a.hdf5", "a") as file:
        assert file["Frame_10/array"].shape == (3, 128, 128)
        assert (file["Frame_10/array"][2] == picture[:, :, 2]).all()
        del file["Frame_4"]
    assert list(wmca.boxes(tmp_path, "a.hdf5").items()) == [(n, (0, 0, 128, 128)) for n in (0, 1, 2, 3, 5, 6, 7, 8, 9, 10)]


def test_a_truncated_or_foreign_hdf5_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    wmca.write_frames(tmp_path / "a.hdf5", [np.zeros((128, 128, 3), np.uint8)] * 3)
    whole = (tmp_path / "a.hdf5").read_bytes()
    for content in (whole[: len(whole) // 2], b""):
        (tmp_path / "a.hdf5").write_bytes(content)
        with pytest.raises(ArchiveError, match=r"a\.hdf5: not a whole HDF5 file .*; restore it"):
            wmca.boxes(tmp_path, "a.hdf5")
    with h5py.File(tmp_path / "b.hdf5", "w") as file:
        file["Frame_x"] = 1
    with pytest.raises(ArchiveError, match=r"b\.hdf5: no group Frame_0"):
        wmca.boxes(tmp_path, "b.hdf5")
    with h5py.File(tmp_path / "b.hdf5", "a") as file:
        file["Frame_0"] = 1
    with pytest.raises(ArchiveError, match=r"b\.hdf5: Frame_0/array is \(\), not \(3, 128, 128\)"):
        wmca.boxes(tmp_path, "b.hdf5")
