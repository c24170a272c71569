"""SiW-M: names of any kind, thirteen kinds of attack, and the reader."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.archives import locate, siw_m
from fasrepro.archives.layout import ArchiveError, UnknownName
from fasrepro.archives.tree import walk
from fasrepro.rows.faces import Label
from fasrepro.vocabulary import SPECIES
from tests.archives import empty_trees

STEMS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1).map(
    lambda text: unicodedata.normalize("NFC", text)
)
NAMES = st.builds(siw_m.Name, st.sampled_from([*siw_m.LIVE, *siw_m.ATTACKS]), STEMS)


@given(NAMES)
def test_formatted_names_parse_back(name: siw_m.Name) -> None:
    assert siw_m.parse_name(siw_m.format_name(name)) == name


@pytest.mark.parametrize(
    "path", ["Live/1.mov", "Live/Train/1.mp4", "Spoof/Paper/1.mov", "Mask/1.mov", "Paper/a/1.mov", "Paper/.mov"]
)
def test_other_paths_are_unknown(path: str) -> None:
    with pytest.raises(UnknownName, match=rf"not a SiW-M name: {path}; expected a \.mov file in one of Live/Train, "):
        siw_m.parse_name(path)


def test_a_folder_tells_label_species_and_split() -> None:
    shown = siw_m.presentation(siw_m.Name("Partial/PaperCut", "7"))
    assert (shown.label, shown.species, shown.instrument, shown.split) == (Label.ATTACK, "region_mask", "PaperCut", "test")
    assert [siw_m.presentation(siw_m.Name(folder, "7")).split for folder in siw_m.LIVE] == ["train", "test"]
    assert len(siw_m.ATTACKS) == len(set(siw_m.PAI_SPECIES)) == 13
    assert set(siw_m.PAI_SPECIES) <= SPECIES.keys()


def test_the_reader_reads_what_the_writer_wrote(tmp_path: Path) -> None:
    plan = empty_trees.write(tmp_path, "siw_m", {"train": 2, "test": 1, "per_kind": 2})
    siw_m.write_sidecar(tmp_path, plan[0].path, {0: (1, 2, 3, 4)}, {})
    (tmp_path / "Live/notes.txt").touch()
    reading = siw_m.read(walk(tmp_path))
    assert reading.presentations == sorted(plan, key=lambda shown: shown.path)
    assert [(e.path, e.reason) for e in reading.exclusions] == [("Live/notes.txt", "not a file of this archive's layout")]
    assert len({p.subject for p in plan}) == len(plan) == 3 + 2 * 13
    assert siw_m.boxes(tmp_path, plan[0].path) is siw_m.eyes(tmp_path, plan[0].path) is siw_m.rotation(plan[0].path) is None
    with pytest.raises(ArchiveError, match=r"archives\.datasets\.siw_m: 0 videos of each kind of attack"):
        siw_m.plan(siw_m.Size(1, 1, 0))


def test_a_name_has_one_id_in_every_unicode_form(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Paper/Müller.mov")
    (tmp_path / "Paper").mkdir()
    (tmp_path / decomposed).touch()
    [shown] = siw_m.read(walk(tmp_path)).presentations
    assert (shown.id, shown.path) == ("siw_m/Paper/Müller", decomposed)
    (tmp_path / "Paper/Müller.mov").touch()
    reading = siw_m.read(walk(tmp_path))
    assert [e.reason for e in reading.exclusions] == [f"siw_m/Paper/Müller is {decomposed} already"]


def test_siw_mv2_beside_it_keeps_its_own_videos(tmp_path: Path) -> None:
    """Both have a folder Paper: that of SiW-Mv2 lies below Spoof."""
    empty_trees.write(tmp_path / "a", "siw_mv2", empty_trees.SMALL["siw_mv2"])
    (tmp_path / "a/Spoof/Print").rename(tmp_path / "a/Spoof/Paper")
    empty_trees.write(tmp_path / "b", "siw_m", empty_trees.SMALL["siw_m"])
    assert locate.folders(walk(tmp_path)) == {"siw_mv2": ["a"], "siw_m": ["b"]}
