"""CASIA-SURF: both forms of the release, folders of frames, and the lists' columns and polarity."""

import collections
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.archives import casia_surf
from fasrepro.archives.casia_surf import Name, Still
from fasrepro.archives.layout import ArchiveError, UnknownName
from fasrepro.archives.tree import listed, walk
from fasrepro.rows.faces import Label
from tests.archives import empty_trees

DIGITS = st.integers(0, 999_999).map(str)
SUBJECTS = st.integers(0, 9999).map(lambda number: f"CLKJ_BS{number:04d}")
VIDEOS = ["real", "01_e_s", "02_e_b", "03_en_s", "04_en_b", "05_enm_s", "06_enm_b"]
NAMES = st.one_of(
    st.builds(Name, st.sampled_from([*casia_surf.SPLITS]), SUBJECTS, st.sampled_from(VIDEOS), DIGITS),
    st.builds(
        Still,
        st.sampled_from(["Val", "Testing"]),
        st.integers(0, 9999).map("{:04d}".format),
        st.integers(0, 999_999).map("{:06d}".format),
    ),
)
REAL = "Training/real_part/CLKJ_CS0110/real.rssdk/color"
FAKE = "Training/fake_part/CLKJ_CS0110/06_enm_b.rssdk/color"


def touch(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def row(colour: str, label: int, infrared_first: bool = False) -> str:
    """Return a row of a list, with the channels in either order."""
    others = [colour.replace("color", channel) for channel in (("ir", "depth") if infrared_first else ("depth", "ir"))]
    return " ".join([colour, *others, str(label)])


def challenge(root: Path, live: int) -> None:
    """Write a small copy of the challenge's release, in whose lists `live` is the label of bona fide images."""
    touch(
        root,
        f"{REAL}/91.jpg",
        f"{FAKE}/7.jpg",
        *(f"Val/0007/00724{n}-{c}.jpg" for n in range(3) for c in ("color", "depth", "ir")),
    )
    rows = [row(f"{REAL}/91.jpg", live), row(f"{FAKE}/7.jpg", 1 - live)]
    (root / "train_list.txt").write_text("\n".join(rows))
    rows = [row("Val/0007/007240-color.jpg", live), row("Val/0007/007241-color.jpg", 1 - live, infrared_first=True)]
    (root / "val_private_list.txt").write_text("\n".join(rows))


@given(NAMES)
def test_formatted_names_parse_back(name: Name | Still) -> None:
    assert casia_surf.parse_name(casia_surf.format_name(name)) == name


@pytest.mark.parametrize(
    "path",
    [
        "Training/real_part/CLKJ_CS0110/real.rssdk/depth/91.jpg",
        "Training/real_part/CS0110/real.rssdk/color/91.jpg",
        "Training/fake_part/CLKJ_CS0110/07_e_s.rssdk/color/91.jpg",
        "Training/0007/007243-color.jpg",
        "Val/0007/7243-color.jpg",
        "Val/0007/007243-ir.jpg",
    ],
)
def test_malformed_names_are_unknown(path: str) -> None:
    with pytest.raises(UnknownName, match=path):
        casia_surf.parse_name(path)


def test_a_video_in_the_folder_of_the_other_class_is_unknown() -> None:
    with pytest.raises(UnknownName, match="real contradicts the folder fake_part; move it to Val/real_part"):
        casia_surf.parse_name("Val/fake_part/CLKJ_CS0110/real.rssdk/color/1.jpg")
    with pytest.raises(UnknownName, match="01_e_s contradicts the folder real_part; move it to Val/fake_part"):
        casia_surf.parse_name("Val/real_part/CLKJ_CS0110/01_e_s.rssdk/color/1.jpg")


def test_the_middle_frame_of_a_folder_is_the_presentation(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{REAL}/{number}.jpg" for number in (1, 91, 100)), *(f"{FAKE}/{number:04d}.JPG" for number in range(4)))
    touch(tmp_path, *(f"{REAL}/{number}.jpg".replace("color", "depth") for number in (1, 91, 100)), "holiday/color/1.jpg")
    reading = casia_surf.read(walk(tmp_path))
    assert [(p.path, p.id, p.label, p.species, p.subject) for p in reading.presentations] == [
        (f"{FAKE}/0002.JPG", f"casia_surf/{FAKE}", Label.ATTACK, "cut_photo", "casia_surf/CLKJ_CS0110"),
        (f"{REAL}/91.jpg", f"casia_surf/{REAL}", Label.BONA_FIDE, "bona_fide", "casia_surf/CLKJ_CS0110"),
    ]
    assert [e.path for e in reading.exclusions] == ["holiday/color/1.jpg"]


def test_the_reader_reads_what_the_writer_wrote(tmp_path: Path) -> None:
    plan = empty_trees.write(tmp_path, "casia_surf", {"train": 2, "dev": 1, "test": 1})
    casia_surf.write_sidecar(tmp_path, plan[0].path, {0: (1, 2, 3, 4)}, {})
    reading = casia_surf.read(walk(tmp_path))
    assert (reading.presentations, reading.exclusions) == (sorted(plan, key=lambda shown: shown.path), [])
    attacks = collections.defaultdict(set)
    for shown in plan:
        attacks[shown.split].add(shown.instrument)
    assert attacks["train"] == {"", "04_en_b", "05_enm_s", "06_enm_b"}
    assert attacks["dev"] == attacks["test"] == {"", "01_e_s", "02_e_b", "03_en_s"}
    with pytest.raises(ArchiveError, match=r"archives\.datasets\.casia_surf: 101 subjects for Val, which has 100"):
        casia_surf.plan(casia_surf.Size(1, 101, 1))


@pytest.mark.parametrize("live", [0, 1])
def test_the_training_list_tells_what_the_numbers_of_the_others_mean(live: int, tmp_path: Path) -> None:
    challenge(tmp_path, live)
    reading = casia_surf.read(walk(tmp_path))
    stills = [(p.path, p.label, p.subject, p.split) for p in reading.presentations if p.split == "dev"]
    assert stills == [
        ("Val/0007/007240-color.jpg", Label.BONA_FIDE, "casia_surf/Val/007240", "dev"),
        ("Val/0007/007241-color.jpg", Label.ATTACK, "casia_surf/Val/007241", "dev"),
    ]
    assert [(e.path, e.by_design) for e in reading.exclusions] == [("Val/0007/007242-color.jpg", True)]


def test_an_absent_image_of_a_list_is_an_exclusion(tmp_path: Path) -> None:
    challenge(tmp_path, live=1)
    (tmp_path / "Val/0007/007241-color.jpg").unlink()
    [_, absent] = casia_surf.read(walk(tmp_path)).exclusions
    assert (absent.path, absent.reason) == (
        "Val/0007/007241-color.jpg",
        "listed with its label, but absent; unpack the archive again",
    )


def test_a_listing_holds_no_labels_so_images_of_the_challenge_are_excluded(tmp_path: Path) -> None:
    (tmp_path / "files.txt").write_text(f"{REAL}/91.jpg\nval_private_list.txt\nVal/0007/007240-color.jpg\n")
    reading = casia_surf.read(listed(tmp_path / "files.txt"))
    assert ([p.path for p in reading.presentations], [e.path for e in reading.exclusions]) == (
        [f"{REAL}/91.jpg"],
        ["Val/0007/007240-color.jpg"],
    )


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (
            "train_list.txt",
            f"{row(f'{REAL}/1.jpg', 1)}\n{row(f'{FAKE}/1.jpg', 1)}",
            "line 2: 1 is the label of bona fide and of fake",
        ),
        ("train_list.txt", row(f"{REAL}/1.jpg", 1), "does not tell what 0 and 1 mean"),
        ("train_list.txt", row("Training/1/color/1.jpg", 1), "line 1: not a CASIA-SURF name"),
        ("val_private_list.txt", "Val/0007/007240-color.jpg Val/0007/007240-depth.jpg", "line 1: .* is not like"),
        ("val_private_list.txt", "Val/0007/007240-color.jpg Val/0007/007240-color.jpg 1", "line 1: .* is not like"),
        ("val_private_list.txt", row(f"{REAL}/1.jpg", 1), "line 1: .* is not like 'Val/0007/007243-color.jpg'"),
    ],
)
def test_a_bad_list_is_an_error_with_file_and_line(file: str, text: str, message: str, tmp_path: Path) -> None:
    challenge(tmp_path, live=1)
    (tmp_path / file).write_text(text)
    with pytest.raises(ArchiveError, match=rf"{file}(, |: ){message}.*; restore the official list"):
        casia_surf.read(walk(tmp_path))


def test_private_lists_without_the_training_list_are_an_error_with_a_remedy(tmp_path: Path) -> None:
    challenge(tmp_path, live=1)
    (tmp_path / "train_list.txt").unlink()
    with pytest.raises(ArchiveError, match=r"train_list\.txt: missing list; the challenge's release carries it: put it beside"):
        casia_surf.read(walk(tmp_path))
