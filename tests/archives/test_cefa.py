"""CeFA: names of persons and masks, splits by number, copies with other folders, and the plan."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.archives import cefa, locate
from fasrepro.archives.cefa import MaskName, Name
from fasrepro.archives.layout import ArchiveError, UnknownName
from fasrepro.archives.tree import walk
from fasrepro.rows.faces import Label
from fasrepro.vocabulary import SPECIES
from tests.archives import empty_trees

DIGITS = st.integers(0, 999_999).map(str)
NAMES = st.one_of(
    st.builds(
        Name,
        st.sampled_from([*cefa.ETHNICITIES]),
        st.integers(0, 499),
        st.integers(1, 4),
        st.integers(1, 3),
        st.integers(1, 4),
        DIGITS,
    ),
    st.builds(
        MaskName,
        st.sampled_from([*cefa.MASKS]),
        st.integers(0, 999),
        st.integers(0, 1),
        st.integers(0, 1),
        st.integers(1, 2),
        st.integers(1, 2),
        st.integers(1, 4),
        DIGITS,
    ),
)


@given(NAMES)
def test_formatted_names_parse_back(name: Name | MaskName) -> None:
    assert cefa.parse_name(cefa.format_name(name)) == name


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("Ethnicity/AF/AF-120/2_120_1_1_1/color/0001.jpg", "the codes contradict the folder; .*1_120_1_1_1"),
        ("Ethnicity/AF/AF-120/1_121_1_1_1/color/0001.jpg", "the codes contradict the folder; .*AF-121"),
        ("Ethnicity/AF/CA-120/1_120_1_1_1/color/0001.jpg", "not a CeFA name"),
        ("Ethnicity/AF/AF-500/1_500_1_1_1/color/0001.jpg", "there are persons 000 to 499"),
        ("Ethnicity/AF/AF-120/1_120_1_1_5/color/0001.jpg", "not a CeFA name"),
        ("Ethnicity/AF/AF-120/1_120_1_1_1/depth/0001.jpg", "not a CeFA name"),
        ("Mask/3D-Mask/073/2_073_1_0_2_1_2/color/0001.jpg", "the codes contradict the folder; .*1_073"),
        ("Mask/Paper-Mask/073/1_073_1_0_2_1_2/color/0001.jpg", "not a CeFA name"),
    ],
)
def test_malformed_and_contradictory_names_are_unknown(path: str, message: str) -> None:
    with pytest.raises(UnknownName, match=message):
        cefa.parse_name(path)


@pytest.mark.parametrize(
    ("shown", "species", "instrument"),
    [(1, "bona_fide", ""), (2, "cloth_print", "cloth"), (3, "print", "picture"), (4, "replay_video", "screen")],
)
def test_a_name_tells_what_is_shown(shown: int, species: str, instrument: str) -> None:
    one = cefa.presentation(Name("EA", 199, 3, 1, shown))
    assert (one.species, one.instrument, one.camera, one.split) == (species, instrument, "bag", "train")
    assert one.label is (Label.ATTACK if instrument else Label.BONA_FIDE)
    assert (one.id, one.subject) == (f"cefa/Ethnicity/EA/EA-199/3_199_3_1_{shown}/color", "cefa/EA-199")
    assert species in SPECIES


def test_persons_are_split_by_number_and_masks_are_test() -> None:
    numbers = {0: "train", 199: "train", 200: "dev", 299: "dev", 300: "test", 499: "test"}
    assert {number: cefa.presentation(Name("AF", number, 1, 1, 1)).split for number in numbers} == numbers
    mask, silicone = (cefa.presentation(MaskName(kind, 6, 1, 0, 2, 1, 2)) for kind in cefa.MASKS)
    assert [(p.split, p.species, p.subject, p.camera) for p in (mask, silicone)] == [
        ("test", "mask_3d", "cefa/3D-Mask/006", "D435i"),
        ("test", "silicone_mask", "cefa/Silicone-Mask/006", "D435i"),
    ]


def test_the_reader_reads_what_the_writer_wrote(tmp_path: Path) -> None:
    plan = empty_trees.write(tmp_path, "cefa", empty_trees.SMALL["cefa"])
    cefa.write_sidecar(tmp_path, plan[0].path, {0: (1, 2, 3, 4)}, {})
    reading = cefa.read(walk(tmp_path))
    assert (reading.presentations, reading.exclusions) == (sorted(plan, key=lambda shown: shown.path), [])
    assert len(plan) == 3 * 3 * 4 + 12 + 6
    assert {p.species for p in plan} == {"bona_fide", *cefa.PAI_SPECIES} - {"print"}  # no list names a video of a picture


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dev": 101}, "101 persons for dev, which has 100 of each ethnicity"),
        ({"masks": 100}, "100 of 3D-Mask; there are 99"),
        ({"silicone": 9}, "9 of Silicone-Mask; there are 8"),
    ],
)
def test_a_plan_larger_than_the_release_is_an_error(change: dict[str, int], message: str) -> None:
    with pytest.raises(ArchiveError, match=rf"archives\.datasets\.cefa: {message}"):
        cefa.plan(cefa.Size(**empty_trees.SMALL["cefa"] | change))


def test_copies_in_the_readmes_form_are_read_without_the_card_in_any_id(tmp_path: Path) -> None:
    for path in (
        "EA/EA-012-198006250024/3_012_1_1_1/profile/0001.jpg",
        "EA/EA-012-198006250024/3_012_1_1_1/profile/0002.jpg",
        "EA/EA-012-198006250024/3_012_1_1_1/depth/0001.jpg",
        "3D-MASK/002/1_002_1_1_2_1_3/profile/0001.jpg",
        "Silicone-Mask/001/2_001_1_1_2_1_3/color/0001.jpg",
    ):
        (tmp_path / "copy" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "copy" / path).touch()
    assert locate.folders(walk(tmp_path)) == {"cefa": ["copy"]}
    reading = cefa.read(locate.tree_of(tmp_path, "cefa"))
    assert [p.id for p in reading.presentations] == [
        "cefa/Ethnicity/EA/EA-012/3_012_1_1_1/color",
        "cefa/Mask/3D-Mask/002/1_002_1_1_2_1_3/color",
        "cefa/Mask/Silicone-Mask/001/2_001_1_1_2_1_3/color",
    ]
    assert reading.presentations[0].path == "copy/EA/EA-012-198006250024/3_012_1_1_1/profile/0002.jpg"
    assert reading.exclusions == []
