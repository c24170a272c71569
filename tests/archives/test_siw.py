"""SiW: names, the official shape, and what the reader does with the release's irregular files."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.archives import siw
from fasrepro.archives.layout import ArchiveError, UnknownName
from fasrepro.archives.tree import walk
from fasrepro.rows.faces import Label
from fasrepro.vocabulary import SPECIES

TYPE_AND_MEDIUM = [(kind, medium) for kind, media in siw.MEDIA.items() for medium in range(1, media + 1)]
NAMES = st.builds(
    lambda folder, subject, sensor, kind, session, suffix: siw.Name(folder, subject, sensor, *kind, session, suffix),
    st.sampled_from(sorted(siw.SPLITS)),
    st.integers(1, 999),
    st.sampled_from(sorted(siw.SENSORS)),
    st.sampled_from(TYPE_AND_MEDIUM),
    st.sampled_from(siw.SESSIONS),
    st.sampled_from([".mov", ".m.mov"]),
)


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"")


@given(NAMES)
def test_formatted_names_parse_back(name: siw.Name) -> None:
    assert siw.parse_name(siw.format_name(name)) == name


@given(st.text(max_size=60))
def test_other_text_is_an_unknown_name(junk: str) -> None:
    try:
        name = siw.parse_name(junk)
    except ArchiveError:
        return
    assert siw.format_name(name) == junk


@pytest.mark.parametrize(
    "path",
    [
        "Train/live/003/003-1-2-1-1.mov",  # a print among the bona fide videos
        "Train/spoof/003/003-1-1-1-1.mov",  # a bona fide video among the attacks
        "Train/spoof/003/003-1-2-3-1.mov",  # prints have two media
        "Train/spoof/003/003-3-3-1-1.mov",  # there are two sensors
        "Train/spoof/003/003-1-3-1-1.mp4",
        "Train/spoof/003/003-1-3-1-1_60.mov",  # of bob's lists alone
        "Train/live/3/3-1-1-1-1.mov",
        "Train/live/٠٠٣/٠٠٣-1-1-1-1.mov",
        "Dev/live/003/003-1-1-1-1.mov",
    ],
)
def test_misplaced_or_malformed_names_are_unknown(path: str) -> None:
    with pytest.raises(UnknownName, match=path.rsplit("/", 1)[-1]):
        siw.parse_name(path)


def test_a_video_in_the_folder_of_another_subject_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "Train/live/003/004-1-1-1-1.mov")
    with pytest.raises(ArchiveError, match=r"Train/live/003/004-1-1-1-1\.mov: names subject 004 in the folder of 003; move it"):
        siw.read(walk(tmp_path))


def test_a_full_plan_has_the_counts_of_the_paper() -> None:
    plan = siw.plan(siw.Size(90, 75))
    counts = {
        split: tuple(sum(p.split == split and p.label is label for p in plan) for label in (Label.BONA_FIDE, Label.ATTACK))
        for split in ("train", "test")
    }
    assert counts == {"train": (720, 1800), "test": (600, 1500)}  # 1,320 and 3,300 together
    assert len({p.subject for p in plan}) == 165
    assert len({p.id for p in plan}) == len(plan)
    assert {p.species for p in plan} <= SPECIES.keys()
    assert all((p.species == "bona_fide") == (p.label is Label.BONA_FIDE) == (p.instrument == "") for p in plan)
    subjects, bona_fide, attacks = zip(*siw.PUBLISHED.values(), strict=True)
    assert (sum(subjects), sum(bona_fide), sum(attacks)) == (165, 1313, 3156)


def test_a_plan_larger_than_the_release_is_an_error() -> None:
    with pytest.raises(ArchiveError, match=r"archives\.datasets\.siw: 91 subjects for Train, which has 90"):
        siw.plan(siw.Size(91, 1))


@pytest.mark.parametrize(
    ("path", "species", "instrument", "camera"),
    [
        ("Train/live/003/003-2-1-2-1.mov", "bona_fide", "", "Logitech C920"),
        ("Test/spoof/001/001-1-2-1-2.mov", "print", "print/HR/matte", "Canon T6"),
        ("Test/spoof/001/001-1-2-2-1.mov", "print", "print/LR/glossy", "Canon T6"),
        ("Test/spoof/001/001-2-3-4-1.mov", "replay_video", "replay/Galaxy S8", "Logitech C920"),
    ],
)
def test_a_name_tells_species_medium_and_camera(path: str, species: str, instrument: str, camera: str) -> None:
    shown = siw.presentation(siw.parse_name(path))
    assert (shown.species, shown.instrument, shown.camera) == (species, instrument, camera)
    assert shown.subject == f"siw/{path.split('/')[2]}"


def test_the_reader_reads_what_the_writer_wrote(tmp_path: Path) -> None:
    plan = siw.plan(siw.Size(1, 1))
    write(tmp_path, *(p.path for p in plan))
    siw.write_lists(tmp_path, plan)
    reading = siw.read(walk(tmp_path))
    assert reading.exclusions == []
    assert reading.presentations == sorted(plan, key=lambda shown: shown.path)


def test_names_in_m_mov_are_read_once(tmp_path: Path) -> None:
    write(tmp_path, "Test/live/153/153-2-1-1-1.m.mov", "Test/live/153/153-2-1-1-2.mov", "Test/live/153/153-2-1-1-2.m.MOV")
    reading = siw.read(walk(tmp_path))
    assert [p.id for p in reading.presentations] == ["siw/Test/live/153/153-2-1-1-1.m", "siw/Test/live/153/153-2-1-1-2.m"]
    assert [(e.path, e.reason) for e in reading.exclusions] == [
        ("Test/live/153/153-2-1-1-2.mov", "the same video as Test/live/153/153-2-1-1-2.m.mov")
    ]


def test_boxes_of_the_release_are_left_to_the_detector(tmp_path: Path) -> None:
    write(tmp_path, "Train/live/003/003-1-1-1-1.mov")
    (tmp_path / "Train/live/003/003-1-1-1-1.face").write_text("10 20 110 140\n")
    assert siw.boxes(tmp_path, "Train/live/003/003-1-1-1-1.mov") is None
    assert siw.eyes(tmp_path, "Train/live/003/003-1-1-1-1.mov") is None
    assert siw.rotation("Train/live/003/003-1-1-1-1.mov") is None
    reading = siw.read(walk(tmp_path))
    assert (len(reading.presentations), reading.exclusions) == (1, [])


def test_a_stray_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, "Train/live/003/003-1-1-1-1.mov", "Train/live/003/holiday.mov", "Train/notes.txt")
    reading = siw.read(walk(tmp_path))
    assert len(reading.presentations) == 1
    assert {e.path: e.by_design for e in reading.exclusions} == {"Train/live/003/holiday.mov": False, "Train/notes.txt": False}
