"""The readers on small trees: splits, sidecars, stray files, missing and contradictory lists."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fasrepro.archives import ARCHIVES, casia, msu, oulu, replay
from fasrepro.archives.fingerprint import fingerprint
from fasrepro.archives.layout import ArchiveError, Presentation, read_numbers, write_numbers

Tree = Callable[[str], tuple[Path, list[Presentation]]]

SMALL = {
    "msu": {"train": 1, "test": 2},
    "casia": {"train": 1, "test": 1},
    "replay": {"train": 1, "devel": 1, "test": 1},
    "oulu": {"train": 1, "dev": 1, "test": 1, "phones": 1, "sessions": 2},
}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Make an official tree of empty videos; what the reader reads is names, lists and sidecars."""

    def make(name: str) -> tuple[Path, list[Presentation]]:
        archive = ARCHIVES[name]
        root, plan = tmp_path / archive.FOLDER, archive.plan(**SMALL[name])
        for shown in plan:
            (root / shown.path).parent.mkdir(parents=True, exist_ok=True)
            (root / shown.path).write_bytes(b"")
        archive.write_lists(root, plan)
        return root, plan

    return make


@pytest.mark.parametrize("name", ARCHIVES)
def test_the_reader_reads_what_the_writer_plans(name: str, tree: Tree) -> None:
    root, plan = tree(name)
    faces = {0: (10, 20, 80, 100), 7: (12, 21, 80, 100)}
    eyes = {0: (30, 60, 66, 60), 7: (32, 61, 68, 61)}
    ARCHIVES[name].write_sidecar(root, plan[0].path, faces, eyes)
    reading = ARCHIVES[name].read(root)
    assert reading.presentations == sorted(plan, key=lambda p: p.path)
    assert reading.exclusions == []
    assert ARCHIVES[name].boxes(root, plan[1].path) is None
    boxes = ARCHIVES[name].boxes(root, plan[0].path)
    if name == "casia":
        assert boxes is None
    elif name == "oulu":
        # eyes 36 pixels apart: 2.3 x 36 wide, 2.9 x 36 high, from 1.15 x 36 above their line
        assert boxes == {0: (7, 19, 83, 104), 7: (9, 20, 83, 104)}
    else:
        assert boxes == faces


@pytest.mark.parametrize("name", ARCHIVES)
def test_stray_files_are_counted_and_named(name: str, tree: Tree) -> None:
    root, plan = tree(name)
    strays = ["Thumbs.db", ".DS_Store", plan[0].path.rsplit("/", 1)[0] + "/holiday" + plan[0].path[-4:]]
    for stray in strays:
        (root / stray).write_bytes(b"x")
    reading = ARCHIVES[name].read(root)
    assert {e.path for e in reading.exclusions} == set(strays)
    assert all(e.reason for e in reading.exclusions)
    assert len(reading.presentations) == len(plan)


@pytest.mark.parametrize(("name", "file"), [("msu", "test_sub_list.txt"), ("oulu", "Protocols/Protocol_1/Dev.txt")])
def test_a_missing_split_list_is_an_error(name: str, file: str, tree: Tree) -> None:
    root, _ = tree(name)
    (root / file).unlink()
    with pytest.raises(ArchiveError, match=rf"{file}: missing .*put it back"):
        ARCHIVES[name].read(root)


def test_a_missing_archive_is_an_error(tmp_path: Path) -> None:
    for archive in ARCHIVES.values():
        with pytest.raises(ArchiveError, match=r"no such folder|missing"):
            archive.read(tmp_path / "nowhere")


def test_msu_lists_of_two_digits_split_the_clients(tree: Tree) -> None:
    root, _ = tree("msu")
    assert (root / "train_sub_list.txt").read_text() == "01\n"
    assert (root / "test_sub_list.txt").read_text() == "02\n03\n"
    (root / "train_sub_list.txt").write_text("02 \n")
    (root / "test_sub_list.txt").write_text("03\n\n")
    reading = msu.read(root)
    assert {(p.subject, p.split) for p in reading.presentations} == {("msu/client002", "train"), ("msu/client003", "test")}
    assert {e.reason for e in reading.exclusions} == {"client 001 is in neither split list"}
    assert len(reading.exclusions) == 8


def test_msu_client_in_both_lists_is_an_error(tree: Tree) -> None:
    root, _ = tree("msu")
    (root / "test_sub_list.txt").write_text("01\n02\n03\n")
    with pytest.raises(ArchiveError, match=r"client 01.*two splits"):
        msu.read(root)


def test_casia_subjects_of_the_two_halves_are_different_people(tree: Tree) -> None:
    root, _ = tree("casia")
    assert {p.subject for p in casia.read(root).presentations} == {"casia/train/1", "casia/test/1"}


def test_replay_enrolment_is_excluded_by_name(tree: Tree) -> None:
    root, plan = tree("replay")
    video = root / "enroll/train/client001_session01_webcam_enroll_adverse_1.mov"
    video.parent.mkdir(parents=True)
    video.write_bytes(b"")
    reading = replay.read(root)
    assert [(e.path[:7], "enrolment" in e.reason) for e in reading.exclusions] == [("enroll/", True)]
    assert len(reading.presentations) == len(plan)


def test_replay_boxes_beside_the_video_are_read_too_and_empty_ones_are_no_face(tree: Tree) -> None:
    root, plan = tree("replay")
    (root / plan[0].path).with_suffix(".face").write_text("0 0 0 0 0\n1 5 6 70 80\n")
    assert replay.boxes(root, plan[0].path) == {1: (5, 6, 70, 80)}


def test_oulu_lists_are_held_against_the_files(tree: Tree) -> None:
    root, _ = tree("oulu")
    train = root / "Protocols/Protocol_1/Train.txt"
    assert train.read_text().splitlines() == ["+1,1_1_01_1", "-1,1_1_01_2", "-1,1_1_01_3", "-1,1_1_01_4", "-1,1_1_01_5"]
    assert (root / "Protocols/Protocol_1/Test.txt").read_text().startswith("+1,1_3_36_1\n")
    (root / "Train_files/1_1_01_2.avi").unlink()
    [missing] = oulu.read(root).exclusions
    assert (missing.path, "Train.txt" in missing.reason) == ("Train_files/1_1_01_2.avi", True)
    train.write_text("+1,1_1_01_2\n")
    with pytest.raises(ArchiveError, match=r"Train.txt, line 1.*contradicts"):
        oulu.read(root)
    train.write_text("hello\n")
    with pytest.raises(ArchiveError, match=r"Train.txt, line 1"):
        oulu.read(root)


def test_eyes_in_one_point_give_no_box() -> None:
    assert oulu.box_from_eyes((40, 50), (40, 50)) is None
    assert oulu.box_from_eyes((100, 50), (60, 50)) == oulu.box_from_eyes((60, 50), (100, 50)) == (34, 4, 92, 116)


@pytest.mark.parametrize("first", [0, 1])
def test_sidecars_may_count_from_nought_or_one(first: int, tmp_path: Path) -> None:
    rows = {0: (1, 2, 3, 4), 3: (5, 6, 7, 8)}
    write_numbers(tmp_path / "a.face", rows, ",", first)
    assert read_numbers(tmp_path / "a.face", ",", 4) == rows


@pytest.mark.parametrize("text", ["0,1,2,x,4\n", "0,1,2\n", "\x00\x01\n"])
def test_a_broken_sidecar_names_file_and_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.face").write_text("0,1,2,3,4\n" + text)
    with pytest.raises(ArchiveError, match=r"a\.face, line 2"):
        read_numbers(tmp_path / "a.face", ",", 4)


def test_a_fingerprint_sees_names_sizes_and_where_asked_contents(tmp_path: Path, tree: Tree) -> None:
    root, plan = tree("casia")
    video = root / plan[0].path
    plain, full = fingerprint(tmp_path, contents=False), fingerprint(tmp_path, contents=True)
    assert plain["casia"]["videos"] == plain["casia"]["files"] == len(plan)
    assert list(plain) == ["casia"]
    video.write_bytes(b"ab")
    sized = fingerprint(tmp_path, contents=False)
    assert sized != plain
    first = fingerprint(tmp_path, contents=True)
    video.write_bytes(b"ba")
    assert fingerprint(tmp_path, contents=False) == sized
    assert fingerprint(tmp_path, contents=True) != first
    assert full != first
    with pytest.raises(ArchiveError, match="CASIA-FASD"):
        fingerprint(tmp_path / "nowhere", contents=False)
