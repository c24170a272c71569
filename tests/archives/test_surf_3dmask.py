"""CASIA-SURF-3DMask: names, the official counts, and the reader."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.archives import surf_3dmask
from fasrepro.archives.layout import ArchiveError, UnknownName
from fasrepro.archives.tree import walk
from fasrepro.rows.faces import Label
from fasrepro.vocabulary import SPECIES

NAMES = st.builds(
    surf_3dmask.Name, st.from_regex(r"[0-9]{4}_[0-9]{3}", fullmatch=True), st.sampled_from([0, 1, 2, 3]), st.integers(1, 99)
)


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"")


@given(NAMES)
def test_formatted_names_parse_back(name: surf_3dmask.Name) -> None:
    assert surf_3dmask.parse_name(surf_3dmask.format_name(name)) == name


@given(st.text(max_size=60))
def test_other_text_is_an_unknown_name(junk: str) -> None:
    try:
        name = surf_3dmask.parse_name(junk)
    except ArchiveError:
        return
    assert surf_3dmask.format_name(name) == junk


@pytest.mark.parametrize(
    "path",
    [
        "Real/0927_013/1/1.MOV",  # bona fide videos have no mask
        "Fake/0927_013/1.MOV",
        "Fake/0927_013/4/1.MOV",  # there are three masks
        "Fake/0927_013/1/01.MOV",
        "Fake/0927_013/1/0.MOV",
        "Real/927_13/1.MOV",
        "Real/0927_013/1.mp4",
    ],
)
def test_malformed_names_are_unknown(path: str) -> None:
    with pytest.raises(UnknownName, match=path):
        surf_3dmask.parse_name(path)


def test_a_full_plan_has_the_official_counts() -> None:
    plan = surf_3dmask.plan(surf_3dmask.Size(48))
    subjects = {p.subject for p in plan}
    bona_fide = sum(p.label is Label.BONA_FIDE for p in plan)
    attacks = [p for p in plan if p.label is Label.ATTACK]
    assert (len(subjects), bona_fide, len(attacks)) == (48, 288, 858) == surf_3dmask.PUBLISHED["test"]
    assert len({p.id for p in plan}) == len(plan)
    assert {p.split for p in plan} == {"test"}
    of_mask = [p.instrument for p in attacks if p.subject == "surf_3dmask/0927_021"]
    assert {mask: of_mask.count(mask) for mask in of_mask} == {"mask 1": 4, "mask 2": 4, "mask 3": 4}
    assert {p.species for p in plan} == {"bona_fide", "mask_3d"} <= SPECIES.keys()
    assert all((p.species == "bona_fide") == (p.label is Label.BONA_FIDE) == (p.instrument == "") for p in plan)


def test_a_plan_larger_than_the_release_is_an_error() -> None:
    with pytest.raises(ArchiveError, match=r"archives\.datasets\.surf_3dmask: 49 subjects; the release has 48"):
        surf_3dmask.plan(surf_3dmask.Size(49))


def test_the_reader_reads_what_the_writer_wrote(tmp_path: Path) -> None:
    plan = surf_3dmask.plan(surf_3dmask.Size(2))
    write(tmp_path, *(p.path for p in plan), "CASIA_SURF_3DMask_list.txt")
    surf_3dmask.write_sidecar(tmp_path, plan[0].path, {0: (1, 2, 3, 4)}, {})
    surf_3dmask.write_lists(tmp_path, plan)
    reading = surf_3dmask.read(walk(tmp_path))
    assert reading.presentations == sorted(plan, key=lambda p: p.path)
    assert reading.exclusions == []
    assert {p.path for p in plan if p.label is Label.BONA_FIDE and "0927_013" in p.path} == {
        f"Real/0927_013/{take}.MOV" for take in (1, 15, 16, 17, 22, 23)
    }
    assert surf_3dmask.boxes(tmp_path, plan[0].path) is None
    assert surf_3dmask.eyes(tmp_path, plan[0].path) is None
    assert surf_3dmask.rotation(plan[0].path) is None


def test_suffixes_of_any_case_and_container_are_the_same_video(tmp_path: Path) -> None:
    write(tmp_path, "Real/0927_013/1.mov", "Real/0927_013/15.MP4", "Fake/0927_013/2/3.MOV", "Fake/0927_013/2/3.avi")
    reading = surf_3dmask.read(walk(tmp_path))
    assert [(p.path, p.id) for p in reading.presentations] == [
        ("Fake/0927_013/2/3.MOV", "surf_3dmask/Fake/0927_013/2/3"),
        ("Real/0927_013/1.mov", "surf_3dmask/Real/0927_013/1"),
        ("Real/0927_013/15.MP4", "surf_3dmask/Real/0927_013/15"),
    ]
    assert [(e.path, e.reason) for e in reading.exclusions] == [
        ("Fake/0927_013/2/3.avi", "surf_3dmask/Fake/0927_013/2/3 is Fake/0927_013/2/3.MOV already")
    ]


def test_a_stray_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, "Real/0927_013/holiday.MOV", "Fake/0927_013/9/1.MOV", "notes.txt")
    reading = surf_3dmask.read(walk(tmp_path))
    assert reading.presentations == []
    assert {e.path for e in reading.exclusions} == {"Real/0927_013/holiday.MOV", "Fake/0927_013/9/1.MOV", "notes.txt"}
    assert not any(e.by_design for e in reading.exclusions)
