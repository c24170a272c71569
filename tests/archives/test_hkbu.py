"""HKBU-MARs V2: names, the official counts, and the names of attack/09."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.archives import hkbu
from fasrepro.archives.layout import ArchiveError, UnknownName
from fasrepro.archives.tree import walk
from fasrepro.rows.faces import Label
from fasrepro.vocabulary import SPECIES

NAMES = st.builds(hkbu.Name, st.sampled_from(sorted(hkbu.LABELS)), st.integers(1, 12), st.integers(1, 7), st.integers(1, 6))


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"")


@given(NAMES)
def test_formatted_names_parse_back(name: hkbu.Name) -> None:
    assert hkbu.parse_name(hkbu.format_name(name)) == name


@given(st.text(max_size=60))
def test_other_text_is_an_unknown_name(junk: str) -> None:
    try:
        name = hkbu.parse_name(junk)
    except ArchiveError:
        return
    assert hkbu.format_name(name) == junk


@pytest.mark.parametrize(
    "path",
    [
        "real/13/01_01_13.avi",
        "real/01/08_01_01.avi",
        "real/01/01_07_01.avi",
        "real/01/01_01_1.avi",
        "real/09/01_01_9.avi",  # the short ending is of attack/09 alone
        "attack/09/01_01_09.avi",
        "attack/03/01_01_04.avi",
        "01/01_01_01.avi",
    ],
)
def test_malformed_names_are_unknown(path: str) -> None:
    with pytest.raises(UnknownName, match=path):
        hkbu.parse_name(path)


def test_a_full_plan_has_the_official_counts() -> None:
    plan = hkbu.plan(hkbu.Size(12, 7, 6))
    bona_fide = sum(p.label is Label.BONA_FIDE for p in plan)
    assert (len({p.subject for p in plan}), bona_fide, len(plan) - bona_fide) == (12, 504, 504) == hkbu.PUBLISHED["test"]
    assert len({p.id for p in plan}) == len(plan)
    assert {p.split for p in plan} == {"test"}
    assert {p.species for p in plan} == {"bona_fide", "rigid_mask"} <= SPECIES.keys()
    assert all((p.species == "bona_fide") == (p.label is Label.BONA_FIDE) == (p.instrument == "") for p in plan)
    short = [p.path for p in plan if p.path.endswith("_9.avi")]
    assert len(short) == 42
    assert all(path.startswith("attack/09/") for path in short)


@pytest.mark.parametrize("size", [hkbu.Size(13, 1, 1), hkbu.Size(1, 8, 1), hkbu.Size(1, 1, 7), hkbu.Size(1, 0, 1)])
def test_a_plan_larger_than_the_release_is_an_error(size: hkbu.Size) -> None:
    with pytest.raises(ArchiveError, match=r"archives\.datasets\.hkbu: .* there are 12, 7 and 6"):
        hkbu.plan(size)


def test_a_name_tells_subject_and_camera() -> None:
    shown = hkbu.presentation(hkbu.parse_name("attack/09/02_05_9.avi"))
    assert (shown.subject, shown.camera, shown.instrument) == ("hkbu/v2/09", "camera2", "attack")
    assert shown.id == "hkbu/attack/09/02_05_9"


def test_the_reader_reads_what_the_writer_wrote(tmp_path: Path) -> None:
    plan = hkbu.plan(hkbu.Size(9, 1, 2))
    write(tmp_path, *(p.path for p in plan))
    hkbu.write_sidecar(tmp_path, plan[0].path, {0: (1, 2, 3, 4)}, {})
    hkbu.write_lists(tmp_path, plan)
    reading = hkbu.read(walk(tmp_path))
    assert reading.exclusions == []
    assert reading.presentations == sorted(plan, key=lambda shown: shown.path)
    assert hkbu.boxes(tmp_path, plan[0].path) is None
    assert hkbu.eyes(tmp_path, plan[0].path) is None
    assert hkbu.rotation(plan[0].path) is None


def test_a_repaired_ending_in_attack_09_is_the_official_video(tmp_path: Path) -> None:
    write(tmp_path, "attack/09/01_02_09.AVI", "attack/09/01_03_9.avi", "attack/09/01_03_09.avi", "real/09/01_02_09.avi")
    reading = hkbu.read(walk(tmp_path))
    assert [(p.path, p.id) for p in reading.presentations] == [
        ("attack/09/01_02_09.AVI", "hkbu/attack/09/01_02_9"),
        ("attack/09/01_03_09.avi", "hkbu/attack/09/01_03_9"),
        ("real/09/01_02_09.avi", "hkbu/real/09/01_02_09"),
    ]
    assert [(e.path, e.reason) for e in reading.exclusions] == [
        ("attack/09/01_03_9.avi", "hkbu/attack/09/01_03_9 is attack/09/01_03_09.avi already")
    ]


def test_names_of_other_versions_and_misplaced_files_are_named(tmp_path: Path) -> None:
    write(tmp_path, "s3/1_3_a.mp4", "real/03/01_01_04.avi", "notes.txt")
    reading = hkbu.read(walk(tmp_path))
    assert reading.presentations == []
    excluded = {e.path: e.reason for e in reading.exclusions}
    assert "copies of V1 and V1+ need a manifest" in excluded.pop("s3/1_3_a.mp4")
    assert "names subject 04 in the folder of 03; move it" in excluded.pop("real/03/01_01_04.avi")
    assert excluded.keys() == {"notes.txt"}
