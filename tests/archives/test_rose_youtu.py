"""Rose-Youtu: names, rotations, and the reader."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.archives import rose_youtu
from fasrepro.archives.layout import ArchiveError, UnknownName
from fasrepro.archives.tree import walk
from fasrepro.rows.faces import Label
from fasrepro.vocabulary import SPECIES

NAMES = st.builds(
    rose_youtu.Name,
    st.sampled_from(["train", "test"]),
    st.sampled_from(sorted(rose_youtu.KINDS)),
    st.sampled_from(rose_youtu.SPEAKING),
    st.sampled_from(sorted(rose_youtu.PHONES)),
    st.sampled_from(rose_youtu.GLASSES),
    st.text(alphabet="AEmx2", min_size=1, max_size=4),
    st.integers(0, 99),
    st.integers(0, 999),
)


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"")


@given(NAMES)
def test_formatted_names_parse_back(name: rose_youtu.Name) -> None:
    assert rose_youtu.parse_name(rose_youtu.format_name(name)) == name


@given(st.text(max_size=60))
def test_other_text_is_an_unknown_name(junk: str) -> None:
    try:
        name = rose_youtu.parse_name(junk)
    except ArchiveError:
        return
    assert rose_youtu.format_name(name) == junk


@pytest.mark.parametrize(
    "path",
    [
        "2/G_NT_5s_wg_E_2_1.mp4",  # neither train nor test
        "devel/2/G_NT_5s_wg_E_2_1.mp4",
        "train/2/X_NT_5s_wg_E_2_1.mp4",
        "train/2/G_NT_S8_wg_E_2_1.mp4",
        "train/2/G_NT_5s_E_2_1.mp4",
        "train/2/G_NT_5s_wg_E_02_1.mp4",
        "train/02/G_NT_5s_wg_E_02_1.mp4",
        "train/2/G_NT_5s_wg_E_2_1.avi",
    ],
)
def test_malformed_names_are_unknown(path: str) -> None:
    with pytest.raises(UnknownName, match=path):
        rose_youtu.parse_name(path)


@pytest.mark.parametrize(
    ("kind", "species", "instrument"),
    [
        ("G", "bona_fide", ""),
        ("Ps", "print", "still print"),
        ("Pq", "print", "quivering print"),
        ("Vl", "replay_video", "laptop video"),
        ("Vm", "replay_video", "monitor video"),
        ("Mc", "paper_mask", "cropped mask"),
        ("Mf", "paper_mask", "full mask"),
        ("Mu", "paper_mask", "upper mask"),
        ("Ml", "paper_mask", "lower mask"),
    ],
)
def test_a_name_tells_species_person_and_phone(kind: str, species: str, instrument: str) -> None:
    shown = rose_youtu.presentation(rose_youtu.parse_name(f"train/2/{kind}_T_IP_g_E_2_31.mp4"))
    assert (shown.species, shown.instrument, shown.camera, shown.split) == (species, instrument, "iPad 4", "train")
    assert shown.label is (Label.BONA_FIDE if kind == "G" else Label.ATTACK)
    assert (shown.subject, shown.id) == ("rose_youtu/2", f"rose_youtu/train/2/{kind}_T_IP_g_E_2_31")
    assert species in SPECIES


UPRIGHT = {  # the expressions of the public loader, on a frame of height, width and colour
    "left": lambda x: x.transpose(1, 0, 2)[::-1],
    "right": lambda x: x.transpose(1, 0, 2)[:, ::-1],
    "as is": lambda x: x,
    "upside down": lambda x: x[::-1, ::-1],
}


@pytest.mark.parametrize(
    ("kinds", "phones", "turn"),
    [
        (("G", "Mc", "Mf", "Mu", "Pq", "Ps"), ("5s", "IP"), "left"),
        (("G", "Mc", "Mf", "Mu", "Pq", "Ps"), ("HS", "HW", "ZTE"), "right"),
        (("Vl", "Vm"), ("5s", "IP"), "as is"),
        (("Vl", "Vm"), ("HS", "HW", "ZTE"), "upside down"),
        (("Ml",), ("5s", "IP"), "left"),  # by analogy to the other masks
        (("Ml",), ("HS", "HW", "ZTE"), "right"),
    ],
)
def test_rotations_are_those_of_the_public_loader(kinds: tuple[str, ...], phones: tuple[str, ...], turn: str) -> None:
    frame = np.arange(2 * 3 * 3).reshape(2, 3, 3)
    for kind in kinds:
        for phone in phones:
            for suffix in (".mp4", ".MP4"):
                turns = rose_youtu.rotation(f"test/13/{kind}_NT_{phone}_wg_E_13_1{suffix}")
                np.testing.assert_array_equal(np.rot90(frame, turns), UPRIGHT[turn](frame))


def test_the_rotation_of_a_path_of_another_form_is_unknown() -> None:
    for path in ("holiday.mp4", "train/2/X_NT_5s_wg_E_2_1.mp4", "train/2/G_NT_S8_wg_E_2_1.mp4"):
        assert rose_youtu.rotation(path) is None


def test_a_small_archive_has_ten_videos_a_person_and_phone() -> None:
    plan = rose_youtu.plan(rose_youtu.Size(train=10, test=10, phones=5))
    assert len(plan) == 20 * 5 * 10
    assert sum(p.label is Label.BONA_FIDE for p in plan) == 20 * 5 * 2
    assert len({p.subject for p in plan}) == 20
    assert len({p.id for p in plan}) == len(plan)
    assert all((p.species == "bona_fide") == (p.label is Label.BONA_FIDE) == (p.instrument == "") for p in plan)


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (rose_youtu.Size(11, 1, 1), "11 people for train, which has 10"),
        (rose_youtu.Size(1, 1, 6), "6 phones; there are 5"),
        (rose_youtu.Size(1, 1, 0), "0 phones; there are 5"),
    ],
)
def test_a_plan_larger_than_the_release_is_an_error(size: rose_youtu.Size, message: str) -> None:
    with pytest.raises(ArchiveError, match=rf"archives\.datasets\.rose_youtu: {message}"):
        rose_youtu.plan(size)


def test_the_reader_reads_what_the_writer_wrote(tmp_path: Path) -> None:
    plan = rose_youtu.plan(rose_youtu.Size(1, 1, 2))
    write(tmp_path, *(p.path for p in plan))
    rose_youtu.write_sidecar(tmp_path, plan[0].path, {0: (1, 2, 3, 4)}, {})
    rose_youtu.write_lists(tmp_path, plan)
    reading = rose_youtu.read(walk(tmp_path))
    assert reading.presentations == sorted(plan, key=lambda p: p.path)
    assert reading.exclusions == []
    assert rose_youtu.boxes(tmp_path, plan[0].path) is None
    assert rose_youtu.eyes(tmp_path, plan[0].path) is None


def test_files_that_are_not_read_are_named_with_their_fault(tmp_path: Path) -> None:
    write(tmp_path, "train/2/G_NT_5s_wg_E_2_1.MP4", "train/2/G_NT_5s_wg_E_3_1.mp4", "3/G_NT_5s_wg_E_3_1.mp4", "list.txt")
    reading = rose_youtu.read(walk(tmp_path))
    assert [p.path for p in reading.presentations] == ["train/2/G_NT_5s_wg_E_2_1.MP4"]
    excluded = {e.path: e.reason for e in reading.exclusions}
    assert excluded.keys() == {"train/2/G_NT_5s_wg_E_3_1.mp4", "3/G_NT_5s_wg_E_3_1.mp4", "list.txt"}
    assert "names person 3 in the folder of 2; move it" in excluded["train/2/G_NT_5s_wg_E_3_1.mp4"]
    assert "expected a path like test/13/G_NT_5s_wg_E_13_1.mp4" in excluded["3/G_NT_5s_wg_E_3_1.mp4"]
