"""WFAS: names, unlabelled sets, the list of Train, boxes and eyes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.archives import wfas
from fasrepro.archives.layout import ArchiveError, Presentation, UnknownName
from fasrepro.archives.tree import listed, walk
from fasrepro.archives.wfas import Name, Size
from fasrepro.rows.faces import Label
from fasrepro.vocabulary import SPECIES

DIGITS = st.from_regex(r"[0-9]{1,9}", fullmatch=True)
NAMES = st.builds(Name, st.sampled_from([wfas.LIVING, *wfas.TYPES]), DIGITS, DIGITS)
PHONE = "Train/spoof/2D-Display-Phone/000001/000001"
# The example of the challenge's README.
README = "192 148\n234 203\n216 171\n230 168\n231 180\n218 190\n229 188\n"


def plan() -> list[Presentation]:
    return wfas.plan(Size(living=2, per_type=1, images=2))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write an archive of empty images, and return its folder."""
    for shown in plan():
        path = tmp_path / shown.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    wfas.write_lists(tmp_path, plan())
    return tmp_path


@given(NAMES)
def test_formatted_names_parse_back(name: Name) -> None:
    assert wfas.parse_name(wfas.format_name(name)) == name


@given(st.text(max_size=60))
def test_other_text_is_an_unknown_name(junk: str) -> None:
    try:
        name = wfas.parse_name(junk)
    except UnknownName:
        return
    assert wfas.format_name(name) == junk


@pytest.mark.parametrize(
    "path",
    [
        "Train/live/000001/000001.jpg",  # the release's word is living
        "Train/spoof/000001/000001.jpg",
        "Train/spoof/living/000001/000001.jpg",
        "Train/spoof/2D-Print-Cloth/000001/000001.jpg",
        "Train/2D-Print-Photo/000001/000001.jpg",
        "Train/living/000001/holiday.jpg",
        "Train/living/000001/000001.png",
        "Train/living/000001.jpg",
        "Train/living/٠٠٠/000001.jpg",
        "dev/000001.jpg",
    ],
)
def test_malformed_names_are_unknown(path: str) -> None:
    with pytest.raises(UnknownName, match="not a WFAS name"):
        wfas.parse_name(path)


def test_the_reader_reads_what_the_writer_wrote(root: Path) -> None:
    first, second = plan()[:2]
    wfas.write_sidecar(root, first.path, {0: (10, 20, 80, 100)}, {0: (30, 60, 70, 60)})
    reading = wfas.read(walk(root))
    assert (reading.presentations, reading.exclusions) == (sorted(plan(), key=lambda shown: shown.path), [])
    # eyes 40 pixels apart: the nose 24 below their middle, the mouth 44 below each
    text = "10 20\n90 120\n30 60\n70 60\n50 84\n30 104\n70 104\n"
    assert (root / "Train/living/000001/000001.txt").read_text() == text
    assert wfas.boxes(root, first.path) == {0: (10, 20, 80, 100)}
    assert wfas.eyes(root, first.path) == {0: (30, 60, 70, 60)}
    assert wfas.boxes(root, second.path) is None
    assert wfas.eyes(root, second.path) is None


def test_a_plan_has_living_folders_and_nine_types() -> None:
    rows = wfas.plan(Size(living=3, per_type=2, images=4))
    assert [sum(p.label is label for p in rows) for label in Label] == [3 * 4, 9 * 2 * 4]
    assert {p.species for p in rows} == {"bona_fide", *wfas.TYPES.values()} <= SPECIES.keys()
    assert len(set(wfas.TYPES.values())) == 9
    assert all((p.species == "bona_fide") == (p.instrument == "") for p in rows)
    assert {p.split for p in rows} == {"train"}
    assert len({p.subject for p in rows}) == 3 + 9 * 2
    assert {"wfas/living/000001", "wfas/2D-Print-Photo/000001"} <= {p.subject for p in rows}
    assert len({p.id for p in rows}) == len(rows)


def test_published_counts_add_up_to_the_totals_of_the_challenge() -> None:
    """529,571 live images and 853,729 attacks over train, dev (140,058 images) and test (755,179 images)."""
    _, live, attacks = wfas.PUBLISHED["train"]
    assert live + 51_299 + 273_126 == 529_571
    assert attacks + (140_058 - 51_299) + (755_179 - 273_126) == 853_729


def test_images_of_dev_and_test_are_excluded_by_design(root: Path) -> None:
    unlabelled = ["CVPR2023-Anti_Spoof-Challenge-ReleaseData-Dev-20230211/data/000001", "Test/data/000002", "dev/000001"]
    for stem in (*unlabelled, "Train/living/000001/holiday", "developers/000001"):
        (root / stem).parent.mkdir(parents=True, exist_ok=True)
        (root / f"{stem}.jpg").write_bytes(b"")
        (root / f"{stem}.txt").write_text(README)
    reading = wfas.read(walk(root))
    assert len(reading.presentations) == len(plan())
    assert [(e.path.removesuffix(".jpg"), e.by_design) for e in reading.exclusions] == [
        (unlabelled[0], True),
        (unlabelled[1], True),
        ("Train/living/000001/holiday", False),
        (unlabelled[2], True),
        ("developers/000001", False),
    ]


def test_the_list_may_be_absent_and_its_absent_images_are_named(root: Path) -> None:
    assert (root / "train.list").read_text().startswith("Train/living/000001/000001.jpg\nTrain/living/000001/000002.jpg\n")
    (root / f"{PHONE}.jpg").unlink()
    [missing] = wfas.read(walk(root)).exclusions
    assert (missing.path, missing.reason) == (f"{PHONE}.jpg", "listed in train.list, but absent; unpack the archive again")
    (root / "train.list").unlink()
    assert wfas.read(walk(root)).exclusions == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"{PHONE}.jpg 1", "its label .1 live, 0 fake. contradicts its path"),
        ("Train/living/000001/000001.jpg,0", "its label .1 live, 0 fake. contradicts its path"),
        ("Train/living/000001/000001.jpg 2", "is not like 'Train/spoof/3D-Mask/000001/000001.jpg 0'"),
        ("hello", "is not like 'Train/spoof/3D-Mask/000001/000001.jpg 0'"),
    ],
)
def test_a_bad_line_of_the_list_is_an_error_with_file_row_and_remedy(line: str, message: str, root: Path) -> None:
    (root / "train.list").write_text(f"{PHONE}.jpg 0\nTrain/living/000001/000001.jpg 1\n\n{line}\n")
    with pytest.raises(ArchiveError, match=rf"train\.list, line 4: '{line}':? {message}; restore the official list or delete it"):
        wfas.read(walk(root))


def test_box_and_eyes_of_the_readme_example(root: Path) -> None:
    (root / f"{PHONE}.TXT").write_text(README)
    assert wfas.boxes(root, f"{PHONE}.jpg") == {0: (192, 148, 42, 55)}
    assert wfas.eyes(root, f"{PHONE}.jpg") == {0: (216, 171, 230, 168)}


def test_the_eye_at_the_left_comes_first_and_empty_boxes_are_none(root: Path) -> None:
    (root / f"{PHONE}.txt").write_text("-3 10\n-3 50\n70 20\n30 20.5\n0 0\n0 0\n0 0\n")
    assert wfas.boxes(root, f"{PHONE}.jpg") is None
    assert wfas.eyes(root, f"{PHONE}.jpg") == {0: (30, 20.5, 70, 20)}
    (root / f"{PHONE}.txt").write_text("-3 10\n40 50\n" + "0 0\n" * 5)
    assert wfas.boxes(root, f"{PHONE}.jpg") == {0: (-3, 10, 43, 40)}
    assert wfas.eyes(root, f"{PHONE}.jpg") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r": 0 lines, expected 7"),
        ("1 2\n" * 6, r": 6 lines, expected 7"),
        ("1 2\n" * 2 + "1\n" + "1 2\n" * 4, r", line 3: '1' is not x y \(left eye\)"),
        ("1 2\n" * 6 + "a b\n", r", line 7: 'a b' is not x y \(mouth right\)"),
        ("nan 2\n" + "1 2\n" * 6, r", line 1: 'nan 2' is not x y \(left top\)"),
    ],
)
def test_a_broken_sidecar_names_file_line_and_remedy(text: str, message: str, root: Path) -> None:
    (root / f"{PHONE}.txt").write_text(text)
    for read in (wfas.boxes, wfas.eyes):
        with pytest.raises(ArchiveError, match=rf"000001\.txt{message}; restore the file or delete it"):
            read(root, f"{PHONE}.jpg")


def test_a_listing_counts_living_spoof_and_unlabelled_images(tmp_path: Path) -> None:
    living = [f"Train/living/{n // 3:06d}/{n % 3:06d}" for n in range(20_000)]
    spoof = [f"Train/spoof/{kind}/{n:06d}/000001" for kind in wfas.TYPES for n in range(3_000)]
    dev = [f"dev/{n:06d}" for n in range(91_000)]
    text = "".join(f"./{name}.jpg\n./{name}.txt\n" for name in (*living, *spoof, *dev))
    (tmp_path / "files.txt").write_text(f"train.list\n{text}")
    reading = wfas.read(listed(tmp_path / "files.txt"))
    assert [sum(p.label is label for p in reading.presentations) for label in Label] == [20_000, 27_000]
    assert (len(reading.exclusions), all(e.by_design for e in reading.exclusions)) == (91_000, True)
