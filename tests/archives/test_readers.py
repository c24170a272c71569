"""The readers on small trees: splits, sidecars, stray files, missing and contradictory lists; and fingerprints."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fasrepro.archives import ARCHIVES, casia, msu, oulu, replay, siw_mv2
from fasrepro.archives.fingerprint import fingerprint
from fasrepro.archives.layout import ArchiveError, Presentation, read_numbers, write_numbers
from fasrepro.archives.tree import walk
from tests.archives import empty_trees

Tree = Callable[[str], tuple[Path, list[Presentation]]]

NAMES = ("msu", "casia", "replay", "oulu", "siw_mv2")


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Return a function that writes an official tree of empty videos: readers read only names, lists and sidecars."""

    def make(name: str) -> tuple[Path, list[Presentation]]:
        root = tmp_path / ARCHIVES[name].FOLDER
        return root, empty_trees.write(root, name, empty_trees.SMALL[name])

    return make


@pytest.mark.parametrize("name", NAMES)
def test_the_reader_reads_what_the_writer_wrote(name: str, tree: Tree) -> None:
    root, plan = tree(name)
    faces = {0: (10, 20, 80, 100), 7: (12, 21, 80, 100)}
    eyes = {0: (30, 60, 66, 60), 7: (32, 61, 68, 61)}
    ARCHIVES[name].write_sidecar(root, plan[0].path, faces, eyes)
    reading = ARCHIVES[name].read(walk(root))
    assert reading.presentations == sorted(plan, key=lambda p: p.path)
    assert reading.exclusions == []
    assert ARCHIVES[name].boxes(root, plan[1].path) is None
    boxes = ARCHIVES[name].boxes(root, plan[0].path)
    if name in ("casia", "siw_mv2"):
        assert boxes is None
    elif name == "oulu":
        # eyes 36 pixels apart: 2.3 x 36 wide, 2.9 x 36 high, from 1.15 x 36 above their line
        assert boxes == {0: (7, 19, 83, 104), 7: (9, 20, 83, 104)}
    else:
        assert boxes == faces
    assert ARCHIVES[name].eyes(root, plan[1].path) is None
    assert ARCHIVES[name].eyes(root, plan[0].path) == (eyes if name in ("msu", "oulu") else None)


@pytest.mark.parametrize("name", NAMES)
def test_stray_files_are_named_and_those_of_systems_set_aside(name: str, tree: Tree) -> None:
    root, plan = tree(name)
    folder = plan[0].path.rsplit("/", 1)[0]
    stray = f"{folder}/holiday{plan[0].path[-4:]}"
    for file in ("Thumbs.db", ".DS_Store", f"{folder}/._{plan[0].path.rsplit('/', 1)[1]}", stray):
        (root / file).write_bytes(b"x")
    reading = ARCHIVES[name].read(walk(root))
    assert [(e.path, bool(e.reason), e.by_design) for e in reading.exclusions] == [(stray, True, False)]
    assert len(reading.presentations) == len(plan)


@pytest.mark.parametrize(
    ("name", "file", "remedy"),
    [
        ("msu", "test_sub_list.txt", "put it back"),
        ("oulu", "Protocols/Protocol_1/Dev.txt", "put it back"),
        (
            "siw_mv2",
            "pro_3_text/testlist_all.txt",
            "copy the folder source_SiW_Mv2/pro_3_text of github.com/CHELSEA234/Multi-domain-learning-FAS beside Live",
        ),
    ],
)
def test_a_missing_split_list_is_an_error_with_a_remedy(name: str, file: str, remedy: str, tree: Tree) -> None:
    root, _ = tree(name)
    (root / file).unlink()
    with pytest.raises(ArchiveError, match=rf"{file}: missing .*{remedy}$"):
        ARCHIVES[name].read(walk(root))


def test_a_missing_archive_is_an_error(tmp_path: Path) -> None:
    for archive in ARCHIVES.values():
        with pytest.raises(ArchiveError, match=r"no such folder|missing"):
            archive.read(walk(tmp_path / "nowhere"))


def test_msu_lists_of_two_digits_split_the_clients(tree: Tree) -> None:
    root, _ = tree("msu")
    assert (root / "train_sub_list.txt").read_text() == "01\n"
    assert (root / "test_sub_list.txt").read_text() == "02\n03\n"
    (root / "train_sub_list.txt").write_text("02 \n")
    (root / "test_sub_list.txt").write_text("03\n\n")
    reading = msu.read(walk(root))
    assert {(p.subject, p.split) for p in reading.presentations} == {("msu/client002", "train"), ("msu/client003", "test")}
    assert {e.reason for e in reading.exclusions} == {"client 001 is in neither split list"}
    assert len(reading.exclusions) == 8


def test_msu_client_in_both_lists_is_an_error(tree: Tree) -> None:
    root, _ = tree("msu")
    (root / "test_sub_list.txt").write_text("01\n02\n03\n")
    with pytest.raises(
        ArchiveError, match=r"test_sub_list\.txt, line 1: client 01 is in train_sub_list\.txt too: .*two splits; restore"
    ):
        msu.read(walk(root))


@pytest.mark.parametrize("line", ["x7", "²"])
def test_an_msu_list_line_without_a_number_is_an_error(line: str, tree: Tree) -> None:
    root, _ = tree("msu")
    (root / "test_sub_list.txt").write_text(f"02\n\n{line}\n", encoding="utf-8")
    with pytest.raises(ArchiveError, match=rf"test_sub_list\.txt, line 3: '{line}' is not a client number; restore"):
        msu.read(walk(root))


@pytest.mark.parametrize(
    ("name", "file"),
    [("msu", "test_sub_list.txt"), ("oulu", "Protocols/Protocol_1/Dev.txt"), ("siw_mv2", "pro_3_text/testlist_all.txt")],
)
def test_a_list_is_utf_8_with_or_without_byte_order_mark(name: str, file: str, tree: Tree) -> None:
    root, plan = tree(name)
    text = (root / file).read_text()
    (root / file).write_text(text, encoding="utf-8-sig")
    reading = ARCHIVES[name].read(walk(root))
    assert (len(reading.presentations), reading.exclusions) == (len(plan), [])
    (root / file).write_text(text, encoding="utf-16")
    with pytest.raises(ArchiveError, match=rf"{file}: not UTF-8 text at byte 0; restore"):
        ARCHIVES[name].read(walk(root))


@pytest.mark.parametrize("name", NAMES)
def test_a_suffix_may_be_in_any_letter_case(name: str, tree: Tree) -> None:
    root, plan = tree(name)
    boxes = {0: (10, 20, 80, 100)}
    for shown in plan:
        ARCHIVES[name].write_sidecar(root, shown.path, boxes, {0: (30, 60, 66, 60)})
    known = [ARCHIVES[name].boxes(root, shown.path) for shown in sorted(plan, key=lambda p: p.path)]
    for shown in plan:
        (root / shown.path).rename((root / shown.path).with_suffix((root / shown.path).suffix.upper()))
    reading = ARCHIVES[name].read(walk(root))
    assert reading.exclusions == []
    assert [p.id for p in reading.presentations] == sorted(p.id for p in plan)
    assert all((root / p.path).is_file() for p in reading.presentations)
    assert [ARCHIVES[name].boxes(root, p.path) for p in reading.presentations] == known
    for path in [path for suffix in (".face", ".txt") for path in root.rglob(f"*{suffix}") if path.parent.name != "Protocol_1"]:
        path.rename(path.with_suffix(path.suffix.upper()))
    assert [ARCHIVES[name].boxes(root, p.path) for p in reading.presentations] == known
    turned = {p.id for p in plan if ARCHIVES[name].rotation(p.path)}
    assert {p.id for p in reading.presentations if ARCHIVES[name].rotation(p.path)} == turned


def test_a_second_file_of_a_presentation_is_excluded(tree: Tree) -> None:
    root, plan = tree("casia")
    (root / "test_release/1/1.AVI").write_bytes(b"")
    reading = casia.read(walk(root))
    assert len(reading.presentations) == len(plan)
    assert [(e.path, e.reason) for e in reading.exclusions] == [
        ("test_release/1/1.avi", "casia/test_release/1/1 is test_release/1/1.AVI already")
    ]


def test_casia_subjects_of_the_two_halves_are_different_people(tree: Tree) -> None:
    root, _ = tree("casia")
    assert {p.subject for p in casia.read(walk(root)).presentations} == {"casia/train/1", "casia/test/1"}


def test_replay_enrolment_is_excluded_by_name(tree: Tree) -> None:
    root, plan = tree("replay")
    video = root / "enroll/train/client001_session01_webcam_enroll_adverse_1.mov"
    video.parent.mkdir(parents=True)
    video.write_bytes(b"")
    reading = replay.read(walk(root))
    assert [(e.path[:7], "enrolment" in e.reason) for e in reading.exclusions] == [("enroll/", True)]
    assert len(reading.presentations) == len(plan)


@pytest.mark.parametrize("name", ["replay", "casia"])
@pytest.mark.parametrize("folder", ["", "face-locations/"])
def test_boxes_in_a_tree_of_their_own_or_beside_the_video_are_read_without_empty_ones(name: str, folder: str, tree: Tree) -> None:
    root, plan = tree(name)
    sidecar = (root / folder / plan[0].path).with_suffix(".face")
    sidecar.parent.mkdir(parents=True, exist_ok=True)
    sidecar.write_text("0 0 0 0 0\n1 5 6 70 80\n")
    assert ARCHIVES[name].boxes(root, plan[0].path) == {1: (5, 6, 70, 80)}
    assert ARCHIVES[name].read(walk(root)).exclusions == []


def test_oulu_lists_are_compared_with_the_files(tree: Tree) -> None:
    root, _ = tree("oulu")
    train = root / "Protocols/Protocol_1/Train.txt"
    assert train.read_text().splitlines() == ["+1,1_1_01_1", "-1,1_1_01_2", "-1,1_1_01_3", "-1,1_1_01_4", "-1,1_1_01_5"]
    assert (root / "Protocols/Protocol_1/Test.txt").read_text().startswith("+1,1_3_36_1\n")
    (root / "Train_files/1_1_01_2.avi").unlink()
    [missing] = oulu.read(walk(root)).exclusions
    assert (missing.path, "Train.txt" in missing.reason) == ("Train_files/1_1_01_2.avi", True)
    train.write_text("+1,1_1_01_2\n")
    with pytest.raises(ArchiveError, match=r"Train.txt, line 1.*contradicts"):
        oulu.read(walk(root))
    train.write_text("\n\nhello\n")
    with pytest.raises(ArchiveError, match=r"Train.txt, line 3: 'hello'"):
        oulu.read(walk(root))


def test_the_eye_at_the_left_of_the_picture_comes_first(tree: Tree) -> None:
    root, plan = tree("msu")
    video = next(p.path for p in plan if p.subject == "msu/client001")
    (root / video).with_suffix(".face").write_text("1,10,20,90,120,66,61,30,60\n")
    assert msu.eyes(root, video) == {0: (30, 60, 66, 61)}


def test_sidecars_of_upside_down_videos_are_ignored(tree: Tree) -> None:
    root, plan = tree("msu")
    turned = next(p.path for p in plan if msu.rotation(p.path))
    msu.write_sidecar(root, turned, {0: (10, 20, 80, 100)}, {0: (30, 60, 66, 60)})
    assert (root / turned).with_suffix(".face").is_file()
    assert msu.boxes(root, turned) is None
    assert msu.eyes(root, turned) is None


def test_siw_lists_split_the_videos_and_repeats_count_once(tree: Tree) -> None:
    root, _ = tree("siw_mv2")
    lists = root / "pro_3_text"
    assert (lists / "trainlist_live.txt").read_text() == "Live_1\n"
    assert (lists / "testlist_live.txt").read_text() == "Live_2\nLive_3\n"
    assert (lists / "testlist_all.txt").read_text().startswith("Makeup_Co_2\nMakeup_Co_3\nMakeup_Im_2\n")
    (lists / "trainlist_all.txt").write_text("Mask_Mann_1\nPaper_1\n" * 100)
    (lists / "train_C_race.txt").write_text("a list of another protocol\n")
    for stray in ("README.pdf", "DRA.pdf"):
        (root / stray).write_bytes(b"x")
    (root / "Live/Live_2.mov").rename(root / "Live/Live_9.mov")
    (root / "Live/Live_3.mp4").write_bytes(b"")
    (root / "Spoof/Paper").mkdir()
    (root / "Spoof/Print/Paper_1.mov").rename(root / "Spoof/Paper/Paper_1.mov")
    reading = siw_mv2.read(walk(root))
    train = [p for p in reading.presentations if p.split == "train"]
    assert [p.path for p in train] == ["Live/Live_1.mov", "Spoof/Mannequin/Mask_Mann_1.mov", "Spoof/Paper/Paper_1.mov"]
    excluded = {e.path: e.reason for e in reading.exclusions}
    assert excluded.pop("Live/Live_9.mov") == "Live_9 is in no list of Protocol I"
    assert excluded.pop("Live/Live_3.mp4") == "Live_3 is Live/Live_3.mov already"
    assert excluded.pop("Live_2") == "listed in pro_3_text/testlist_*.txt, but absent"
    assert len(excluded) == 12  # the train videos of the other kinds, which no list names any more
    assert all("no list of Protocol I" in reason for reason in excluded.values())


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("trainlist_live.txt", "Paper_1\n", r"trainlist_live\.txt, line 1: 'Paper_1' is not like Live_12"),
        ("trainlist_all.txt", "Paper_1\n\nLive_1\n", r"trainlist_all\.txt, line 3: 'Live_1' is not like Makeup_Co_12"),
        ("testlist_all.txt", "Paper_x\n", r"testlist_all\.txt, line 1: 'Paper_x'"),
        ("testlist_all.txt", "Paper_1\n", r"testlist_all\.txt, line 1: Paper_1 is in the train lists too"),
    ],
)
def test_a_contradictory_siw_list_is_an_error(file: str, text: str, message: str, tree: Tree) -> None:
    root, _ = tree("siw_mv2")
    (root / "pro_3_text" / file).write_text(text)
    with pytest.raises(ArchiveError, match=message):
        siw_mv2.read(walk(root))


def test_eyes_in_one_point_give_no_box() -> None:
    assert oulu.box_from_eyes((40, 50), (40, 50)) is None
    assert oulu.box_from_eyes((100, 50), (60, 50)) == oulu.box_from_eyes((60, 50), (100, 50)) == (34, 4, 92, 116)


@pytest.mark.parametrize("first", [0, 1])
def test_sidecars_may_number_frames_from_zero_or_one(first: int, tmp_path: Path) -> None:
    rows = {0: (1, 2, 3, 4), 3: (5, 6, 7, 8)}
    write_numbers(tmp_path / "a.face", rows, ",", first)
    assert read_numbers(tmp_path / "a.face", ",", 4) == rows


@pytest.mark.parametrize("text", ["0,1,2,x,4\n", "0,1,2\n", "\x00\x01\n"])
def test_a_broken_sidecar_names_file_and_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.face").write_text("0,1,2,3,4\n" + text, encoding="utf-8-sig")
    with pytest.raises(ArchiveError, match=r"a\.face, line 2"):
        read_numbers(tmp_path / "a.face", ",", 4)


def test_a_fingerprint_covers_names_sizes_and_optionally_contents(tmp_path: Path, tree: Tree) -> None:
    root, plan = tree("casia")
    video = root / plan[0].path
    empty = fingerprint(tmp_path, "casia", contents=False)
    assert empty["root"] == "CASIA-FASD"
    assert empty["videos"] == empty["files"] == len(plan)
    video.write_bytes(b"ab")
    sized, full = (fingerprint(tmp_path, "casia", contents) for contents in (False, True))
    assert sized["list_sha256"] != empty["list_sha256"]
    video.write_bytes(b"ba")
    assert fingerprint(tmp_path, "casia", contents=False) == sized
    assert fingerprint(tmp_path, "casia", contents=True) != full


def test_a_fingerprint_of_an_absent_archive_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"CASIA-FASD: no such folder, .*; put .* or remove casia from archives\.datasets"):
        fingerprint(tmp_path, "casia", contents=False)
