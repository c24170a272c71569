"""CelebA-Spoof: names, label lists, the traps of the release, and boxes on the grid."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fasrepro.archives import celeba_spoof
from fasrepro.archives.celeba_spoof import Name, Size
from fasrepro.archives.layout import ArchiveError, Presentation, UnknownName
from fasrepro.archives.tree import listed, walk
from fasrepro.rows.faces import Label
from fasrepro.vocabulary import SPECIES

NAMES = st.builds(
    Name,
    st.sampled_from(celeba_spoof.SPLITS),
    st.integers(1, 99_999),
    st.sampled_from(["live", "spoof"]),
    st.integers(0, 999_999),
    st.sampled_from(celeba_spoof.SUFFIXES),
)
SPOOF = "Data/train/1/spoof/000003"
TEST_LIST = "metas/intra_test/test_label.json"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write an archive of two subjects with images of 448 by 112 pixels, and return its folder."""
    for shown in plan():
        path = tmp_path / shown.path
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (448, 112)).save(path)
    celeba_spoof.write_lists(tmp_path, plan())
    return tmp_path


def plan() -> list[Presentation]:
    return celeba_spoof.plan(Size(train=1, test=1, live=2, per_type=1))


def change_list(root: Path, key: str, value: Any, file: str = TEST_LIST) -> None:
    rows = json.loads((root / file).read_text())
    (root / file).write_text(json.dumps(rows | {key: value}))


@given(NAMES)
def test_formatted_names_parse_back(name: Name) -> None:
    assert celeba_spoof.parse_name(celeba_spoof.format_name(name)) == name


@given(st.text(max_size=60))
def test_other_text_is_an_unknown_name(junk: str) -> None:
    try:
        name = celeba_spoof.parse_name(junk)
    except UnknownName:
        return
    assert celeba_spoof.format_name(name) == junk


@pytest.mark.parametrize(
    "path",
    [
        "Data/val/1/live/000001.jpg",
        "Data/train/01/live/000001.jpg",
        "Data/train/1/fake/000001.jpg",
        "Data/train/1/live/00001.jpg",
        "Data/train/1/live/000001.bmp",
        "Data/train/1/live/٠٠٠٠٠١.jpg",
        "train/1/live/000001.jpg",
    ],
)
def test_malformed_names_are_unknown(path: str) -> None:
    with pytest.raises(UnknownName, match="not a CelebA-Spoof name"):
        celeba_spoof.parse_name(path)


def test_the_reader_reads_what_the_writer_wrote(root: Path) -> None:
    first, second = plan()[:2]
    celeba_spoof.write_sidecar(root, first.path, {0: (100, 20, 200, 60)}, {})
    reading = celeba_spoof.read(walk(root))
    assert (reading.presentations, reading.exclusions) == (sorted(plan(), key=lambda shown: shown.path), [])
    # 100 of 448 is 50 of 224; 20 of 112 is 40 of 224
    assert (root / "Data/train/1/live/000001_BB.txt").read_text() == "50 40 100 120 1.0\n"
    assert celeba_spoof.boxes(root, first.path) == {0: (100, 20, 200, 60)}
    assert celeba_spoof.boxes(root, second.path) is None
    assert celeba_spoof.eyes(root, first.path) is None


def test_a_plan_has_live_images_and_ten_types_of_each_subject() -> None:
    rows = celeba_spoof.plan(Size(train=2, test=1, live=3, per_type=2))
    assert [sum(p.label is label for p in rows) for label in Label] == [3 * 3, 3 * 2 * 10]
    assert {p.species for p in rows} == {"bona_fide", *(species for _, species in celeba_spoof.TYPES.values())} <= SPECIES.keys()
    assert all((p.species == "bona_fide") == (p.instrument == "") for p in rows)
    assert {p.split for p in rows if p.subject == "celeba_spoof/3"} == {"test"}
    assert {p.camera for p in rows if p.label} >= {"normal/indoor", "strong/outdoor", "back/indoor", "dark/outdoor"}
    assert len({p.id for p in rows}) == len(rows)
    with pytest.raises(ArchiveError, match=r"archives\.datasets\.celeba_spoof: .* 10178 subjects; there are 625537 of 10177"):
        celeba_spoof.plan(Size(train=10_000, test=178, live=1, per_type=0))


def test_a_row_gives_type_illumination_and_environment(root: Path) -> None:
    change_list(root, f"{SPOOF}.jpg", [0] * 40 + [5, 4, 2, 1], "metas/intra_test/train_label.json")
    [shown] = [p for p in celeba_spoof.read(walk(root)).presentations if p.path == f"{SPOOF}.jpg"]
    assert (shown.species, shown.instrument, shown.camera) == ("upper_body_photo", "Upper Body Mask", "dark/outdoor")


def test_images_match_the_lists_without_their_suffix(root: Path) -> None:
    (root / f"{SPOOF}.jpg").rename(root / f"{SPOOF}.png")
    reading = celeba_spoof.read(walk(root))
    assert reading.exclusions == []
    assert f"{SPOOF}.png" in {p.path for p in reading.presentations}


def test_listed_absent_unlisted_and_junk_images_are_exclusions(root: Path) -> None:
    (root / f"{SPOOF}.jpg").unlink()
    for extra in ("Data/train/9/live/000999.png", "Data/train-2/9/live/000999.png", "Data/train/1/live/holiday.png"):
        (root / extra).parent.mkdir(parents=True, exist_ok=True)
        (root / extra).write_bytes(b"")
    exclusions = celeba_spoof.read(walk(root)).exclusions
    assert {(e.path, e.reason.split(";")[0], e.by_design) for e in exclusions} == {
        ("Data/train-2/9/live/000999.png", "in the release's junk folder train-2", True),
        ("Data/train/9/live/000999.png", "in no list of metas/intra_test", True),
        ("Data/train/1/live/holiday.png", "not a CelebA-Spoof name: Data/train/1/live/holiday.png", False),
        (SPOOF, "listed in metas/intra_test, but absent", False),
    }


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("Data/test/2/spoof/000015.jpg", [0] * 43, "not a row of 44 whole numbers"),
        ("Data/test/2/spoof/000015.jpg", [0.0] * 44, "not a row of 44 whole numbers"),
        ("Data/test/2/spoof/000015.jpg", {"type": 1}, "not a row of 44 whole numbers"),
        ("Data/test/2/spoof/000015.jpg", [0] * 44, "type 0 and label 0 .* contradict the folder spoof"),
        ("Data/test/2/live/000013.jpg", [0] * 40 + [1, 1, 1, 1], "type 1 and label 1 .* contradict the folder live"),
        ("Data/test/2/spoof/000015.jpg", [0] * 40 + [11, 1, 1, 1], r"unknown type, .* \[11, 1, 1, 1\]"),
        ("Data/test/2/spoof/000015.png", [0] * 40 + [9, 1, 1, 1], "another row of this image differs"),
        ("../Data/test/2/live/000013.jpg", [0] * 44, "not like 'Data/train/4980/spoof/000003.jpg'"),
        ("15.jpg", [0] * 44, "not like 'Data/train/4980/spoof/000003.jpg'"),
    ],
)
def test_a_bad_row_is_an_error_with_file_key_and_remedy(key: str, value: Any, message: str, root: Path) -> None:
    change_list(root, key, value)
    with pytest.raises(ArchiveError, match=rf"test_label\.json: '{key}': {message}.*; restore the official list"):
        celeba_spoof.read(walk(root))


@pytest.mark.parametrize("text", ["", "{", '{"a": [1,', "[" * 100_000, "<html></html>", "[]", "é".encode("latin-1")])
def test_a_broken_list_is_an_error_with_file_and_remedy(text: str | bytes, root: Path) -> None:
    (root / TEST_LIST).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ArchiveError, match=r"test_label\.json: not (JSON|a JSON object).*; restore the official list"):
        celeba_spoof.read(walk(root))


def test_a_missing_list_is_an_error_with_a_remedy(root: Path) -> None:
    (root / TEST_LIST).unlink()
    with pytest.raises(
        ArchiveError, match=r"test_label\.json: missing label list; .* unpack the release's folder metas beside Data"
    ):
        celeba_spoof.read(walk(root))


@pytest.mark.parametrize("text", ["", "\n", "10 -5 200 170 .997", "10 5 0 170 .9", "10 5 20 -1 .9", "0 0 0.1 0.1 .9"])
def test_empty_negative_and_zero_sized_boxes_are_none(text: str, root: Path) -> None:
    (root / f"{SPOOF}_BB.txt").write_text(text)
    assert celeba_spoof.boxes(root, f"{SPOOF}.jpg") is None


@pytest.mark.parametrize("text", ["1 2 3 4", "a 2 3 4 1", "nan 2 3 4 1", "1 2 inf 4 1"])
def test_another_box_text_is_an_error(text: str, root: Path) -> None:
    (root / f"{SPOOF}_BB.TXT").write_text(text)
    with pytest.raises(ArchiveError, match=r"000003_BB\.TXT, line 1: .* is not 'x y w h score'; restore the file or delete it"):
        celeba_spoof.boxes(root, f"{SPOOF}.jpg")


def test_a_box_of_an_unreadable_image_is_an_error(root: Path) -> None:
    (root / f"{SPOOF}_BB.txt").write_text("10 20 100 112 0.9\n")
    assert celeba_spoof.boxes(root, f"{SPOOF}.jpg") == {0: (20, 10, 200, 56)}  # twice across, half down
    (root / f"{SPOOF}.jpg").write_bytes(b"x")
    with pytest.raises(ArchiveError, match=r"000003\.jpg: no readable image, .*restore the image"):
        celeba_spoof.boxes(root, f"{SPOOF}.jpg")


def test_a_listing_holds_no_types_so_its_attacks_are_exclusions(tmp_path: Path) -> None:
    names = [f"Data/train/{1 + n // 60}/{'spoof' if n % 4 else 'live'}/{n:06d}" for n in range(62_000)]
    lists = "metas/intra_test/train_label.json\n"
    (tmp_path / "files.txt").write_text(lists + "".join(f"./{name}.png\n./{name}_BB.txt\n" for name in names))
    reading = celeba_spoof.read(listed(tmp_path / "files.txt"))
    assert {(p.species, p.label) for p in reading.presentations} == {("bona_fide", Label.BONA_FIDE)}
    assert (len(reading.presentations), len(reading.exclusions)) == (15_500, 46_500)
    assert {(e.reason, e.by_design) for e in reading.exclusions} == {
        ("an attack of unknown type: metas/intra_test names it, which a listing does not hold", False)
    }
