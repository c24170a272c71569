"""HiFiMask: names, both forms of a presentation, protocol lists, and the plan."""

import collections
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.archives import hifimask
from fasrepro.archives.layout import ArchiveError, Presentation, UnknownName
from fasrepro.archives.tree import walk
from fasrepro.rows.faces import Label
from fasrepro.vocabulary import SPECIES

NAMES = st.builds(
    hifimask.Name,
    st.integers(1, 3),
    st.integers(0, 99),
    st.integers(0, 3),
    st.integers(1, 6),
    st.integers(0, 6),
    st.integers(0, 8),
)
SMALL = hifimask.Size(train=1, dev=1, test=1, conditions=1, sensors=2)


def touch(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"")


def write(root: Path) -> list[Presentation]:
    plan = hifimask.plan(SMALL)
    touch(root, *(shown.path for shown in plan))
    hifimask.write_lists(root, plan)
    return plan


@given(NAMES)
def test_formatted_names_parse_back(name: hifimask.Name) -> None:
    assert hifimask.parse_name(hifimask.format_name(name)) == name
    frame = f"train/{hifimask.stem(name)}/0003.PNG"
    assert hifimask.find_name(hifimask.stem(name)) == hifimask.find_name(frame) == name
    assert hifimask.is_frame(frame)


@given(st.one_of(st.text(max_size=40), st.from_regex(r"Data/[0-9]_[0-9]{2,3}(_[0-9]){4}\.mp4", fullmatch=True)))
def test_other_text_is_an_unknown_name(junk: str) -> None:
    try:
        name = hifimask.parse_name(junk)
    except UnknownName:
        return
    assert hifimask.format_name(name) == junk


@pytest.mark.parametrize("stem", ["4_05_0_2_6_1", "1_5_0_2_6_1", "1_05_4_2_6_1", "1_05_0_0_6_1", "1_05_0_2_7_1", "1_05_0_2_6_9"])
def test_codes_outside_the_documented_ones_are_unknown(stem: str) -> None:
    with pytest.raises(UnknownName, match=stem):
        hifimask.parse_name(f"Data/{stem}.mp4")


def test_a_full_plan_has_the_published_totals_and_subjects() -> None:
    plan = hifimask.plan(hifimask.Size(45, 6, 24, conditions=26, sensors=7))
    assert collections.Counter(p.label for p in plan) == {Label.BONA_FIDE: 13_650, Label.ATTACK: 40_950}
    assert len({p.path for p in plan}) == len(plan)
    subjects = collections.Counter(split for split, _ in {(p.split, p.subject) for p in plan})
    assert subjects == {"train": 45, "dev": 6, "test": 24}
    assert {p.species for p in plan} == {"bona_fide", "transparent_mask", "plaster_mask", "resin_mask"} <= SPECIES.keys()
    assert {p.camera for p in plan} == {"iPhone11", "iPhoneX", "MI10", "P40", "S20", "Vivo", "HJIM"}
    assert all((p.species == "bona_fide") == (p.label is Label.BONA_FIDE) == (p.instrument == "") for p in plan)


@pytest.mark.parametrize(
    "change", [(46, 6, 24, 26, 7), (45, 7, 24, 26, 7), (45, 6, -1, 26, 7), (1, 1, 1, 27, 7), (1, 1, 1, 1, 0)]
)
def test_a_plan_larger_than_the_archive_is_an_error(change: tuple[int, ...]) -> None:
    with pytest.raises(ArchiveError, match=r"archives\.datasets\.hifimask"):
        hifimask.plan(hifimask.Size(*change))


def test_the_reader_reads_what_the_writer_wrote(tmp_path: Path) -> None:
    plan = write(tmp_path)
    reading = hifimask.read(walk(tmp_path))
    assert reading.presentations == sorted(plan, key=lambda shown: shown.path)
    assert reading.exclusions == []
    assert hifimask.boxes(tmp_path, plan[0].path) is hifimask.eyes(tmp_path, plan[0].path) is None
    assert hifimask.rotation(plan[0].path) is None


def test_a_subject_beyond_75_is_read_and_without_lists_all_is_test(tmp_path: Path) -> None:
    touch(tmp_path, "a/1_83_3_6_4_8.mov", "b/c/1_83_0_4_0_4.MP4")
    touch(tmp_path, "readme.txt", "holiday.mp4")
    reading = hifimask.read(walk(tmp_path))
    assert [(p.id, p.path, p.split, p.subject, p.species, p.camera) for p in reading.presentations] == [
        ("hifimask/Data/1_83_3_6_4_8", "a/1_83_3_6_4_8.mov", "test", "hifimask/1_83", "resin_mask", "HJIM"),
        ("hifimask/Data/1_83_0_4_0_4", "b/c/1_83_0_4_0_4.MP4", "test", "hifimask/1_83", "bona_fide", "P40"),
    ]
    assert {e.path for e in reading.exclusions} == {"readme.txt", "holiday.mp4"}
    assert reading.splits == ("test",)
    assert [notice.partition(";")[0] for notice in reading.notices] == ["no protocol list: all videos are of the test set"]


def test_of_a_folder_of_frames_the_middle_one_is_the_presentation(tmp_path: Path) -> None:
    touch(tmp_path, *(f"Data/1_05_0_2_6_1/{number:04d}.png" for number in range(10)))
    touch(tmp_path, *(f"Data/2_66_1_1_6_2/{number}.JPG" for number in (1, 2, 10)))  # without zeros in front
    touch(tmp_path, "Data/2_66_1_1_6_2/cover.png", "holiday/0001.png", "2_66_1_1_6_2.png")
    reading = hifimask.read(walk(tmp_path))
    assert [(p.path, p.id) for p in reading.presentations] == [
        ("Data/1_05_0_2_6_1/0005.png", "hifimask/Data/1_05_0_2_6_1"),
        ("Data/2_66_1_1_6_2/2.JPG", "hifimask/Data/2_66_1_1_6_2"),
    ]
    assert [(e.path, e.reason, e.by_design) for e in reading.exclusions] == [
        (path, "no frame <name>/<number>.jpg or .png", False)
        for path in ("2_66_1_1_6_2.png", "Data/2_66_1_1_6_2/cover.png", "holiday/0001.png")
    ]


def test_a_second_form_of_a_presentation_is_excluded(tmp_path: Path) -> None:
    touch(tmp_path, "1_05_0_2_6_1.avi", "frames/1_05_0_2_6_1/0000.png")
    reading = hifimask.read(walk(tmp_path))
    assert [p.path for p in reading.presentations] == ["1_05_0_2_6_1.avi"]
    [second] = reading.exclusions
    assert (second.path, second.reason) == (
        "frames/1_05_0_2_6_1/0000.png",
        "hifimask/Data/1_05_0_2_6_1 is 1_05_0_2_6_1.avi already",
    )


def test_lists_in_any_form_split_the_presentations(tmp_path: Path) -> None:
    """Labels of either polarity are ignored: the name holds the type."""
    touch(tmp_path, "1_01_0_1_1_1.mp4", "1_02_3_1_1_1.mp4", "1_03_0_1_1_1.mp4", "1_04_0_1_1_1.mp4")
    for file, text in (
        ("Protocol1/train.txt", "1_01_0_1_1_1\n"),
        ("Protocol1/val_list.txt", "1_02_3_1_1_1.mp4,0\n"),
        (
            "CASIA_HiFiMask@p1_image_test.txt",
            "Data/1_03_0_1_1_1/0000.png 0\nData/1_03_0_1_1_1/0001.png 0\n\nData/1_05_0_1_1_1 1\n",
        ),
    ):
        touch(tmp_path, file)
        (tmp_path / file).write_text(text)
    reading = hifimask.read(walk(tmp_path))
    assert [(p.subject, p.split, p.label) for p in reading.presentations] == [
        ("hifimask/1_01", "train", Label.BONA_FIDE),
        ("hifimask/1_02", "dev", Label.ATTACK),
        ("hifimask/1_03", "test", Label.BONA_FIDE),
    ]
    assert [(e.path, e.reason, e.by_design) for e in reading.exclusions] == [
        ("1_04_0_1_1_1.mp4", "1_04_0_1_1_1 is in no protocol list", True),
        ("1_05_0_1_1_1", "listed in CASIA_HiFiMask@p1_image_test.txt, but absent", False),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1_05_0_2_6_1\n\n1_05_9_2_6_1 1\n", r"dev\.txt, line 3: '1_05_9_2_6_1 1' is not like .*restore the official list"),
        ("1_01_0_1_1_1 0\n", r"test\.txt, line 1: 1_01_0_1_1_1 is in Protocol1/dev\.txt too: .*keep the lists of one protocol"),
    ],
)
def test_a_bad_list_is_an_error_with_its_line(text: str, message: str, tmp_path: Path) -> None:
    touch(tmp_path, "1_01_0_1_1_1.mp4", "Protocol1/dev.txt", "Protocol1/test.txt")
    (tmp_path / "Protocol1/dev.txt").write_text(text)
    (tmp_path / "Protocol1/test.txt").write_text("1_01_0_1_1_1 0\n")
    with pytest.raises(ArchiveError, match=message):
        hifimask.read(walk(tmp_path))


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("a/CASIA_HiFiMask@p3_video_train.txt", "train"),
        ("TestList.TXT", "test"),
        ("evaluation.txt", None),
        ("train_and_test.txt", None),
        ("train/names.txt", None),
        ("train.csv", None),
    ],
)
def test_a_list_is_known_by_a_word_of_its_name(path: str, split: str | None) -> None:
    assert hifimask.split_of_list(path) == split
