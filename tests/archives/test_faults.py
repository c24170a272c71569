"""Faults that any archive may have: lists that are web pages or name paths elsewhere, digits of other scripts, other polarity."""

from pathlib import Path

import pytest

from fasrepro import archives
from fasrepro.archives import ARCHIVES
from fasrepro.archives.layout import ArchiveError
from fasrepro.archives.tree import walk
from tests.archives import empty_trees

LISTS = [
    ("msu", "train_sub_list.txt"),
    ("msu", "test_sub_list.txt"),
    ("oulu", "Protocols/Protocol_1/Train.txt"),
    ("siw_mv2", "pro_3_text/trainlist_live.txt"),
    ("siw_mv2", "pro_3_text/testlist_all.txt"),
    ("celeba_spoof", "metas/intra_test/train_label.json"),
    ("wfas", "train.list"),
    ("hifimask", "protocol/CASIA_HiFiMask@p1_video_train.txt"),
    ("wmca", "WMCA_Grandtest.txt"),
]
TEXTS = [(name, file) for name, file in LISTS if not file.endswith(".json")]


def test_every_archive_that_writes_lists_is_tested_here(tmp_path: Path) -> None:
    for name in ARCHIVES:
        ARCHIVES[name].write_lists(tmp_path / name, archives.plan(name, empty_trees.SMALL[name]))
    assert {path.name for path in tmp_path.iterdir()} == {name for name, _ in LISTS}


@pytest.mark.parametrize(("name", "file"), LISTS)
def test_a_list_that_is_a_web_page_is_an_error(name: str, file: str, tmp_path: Path) -> None:
    empty_trees.write(tmp_path, name, empty_trees.SMALL[name])
    (tmp_path / file).write_text("\n<!DOCTYPE html>\n<html><p>Sign in to download</p></html>\n")
    message = "not JSON .*; restore" if file.endswith(".json") else "a web page in place of the .*list: fetch the file itself"
    with pytest.raises(ArchiveError, match=f"{file}: {message}"):
        ARCHIVES[name].read(walk(tmp_path))


@pytest.mark.parametrize("way", ["../", "a/../../", "..\\"])
@pytest.mark.parametrize(("name", "file"), TEXTS)
def test_a_line_of_a_list_that_leaves_the_archive_is_an_error(name: str, file: str, way: str, tmp_path: Path) -> None:
    empty_trees.write(tmp_path, name, empty_trees.SMALL[name])
    lines = (tmp_path / file).read_text().splitlines()
    (tmp_path / file).write_text("\n".join([*lines, way + lines[-1]]))
    with pytest.raises(ArchiveError, match=rf"{file}, line {len(lines) + 1}: .* leaves the archive; restore the official"):
        ARCHIVES[name].read(walk(tmp_path))


@pytest.mark.parametrize("name", sorted(ARCHIVES.keys() - {"siw_m"}))  # whose videos have any names
def test_digits_of_another_script_make_another_name(name: str) -> None:
    """Unicode's normal forms leave them as they are, and Python reads them as numbers."""
    for shown in archives.plan(name, empty_trees.SMALL[name]):
        for place, char in enumerate(shown.path):
            if char.isdecimal():
                other = f"{shown.path[:place]}{chr(0x660 + int(char))}{shown.path[place + 1 :]}"
                with pytest.raises(ArchiveError):
                    ARCHIVES[name].parse_name(other)


@pytest.mark.parametrize(
    ("name", "file", "digit", "message"),
    [
        ("msu", "test_sub_list.txt", "٢", r"line 1: .* is not a client number"),
        ("siw_mv2", "pro_3_text/testlist_live.txt", "Live_٢", r"line 1: 'Live_٢' is not like Live_12"),
        ("oulu", "Protocols/Protocol_1/Train.txt", "+1,1_1_٠١_1", r"line 1: .* is not like '\+1,1_1_01_1'"),
    ],
)
def test_digits_of_another_script_in_a_list_are_an_error(name: str, file: str, digit: str, message: str, tmp_path: Path) -> None:
    empty_trees.write(tmp_path, name, empty_trees.SMALL[name])
    (tmp_path / file).write_text(f"{digit}\n", encoding="utf-8")
    with pytest.raises(ArchiveError, match=f"{file}, {message}"):
        ARCHIVES[name].read(walk(tmp_path))


def swap(text: str, one: str, other: str) -> str:
    return text.replace(one, "\0").replace(other, one).replace("\0", other)


@pytest.mark.parametrize(
    ("name", "file", "one", "other"),
    [
        ("oulu", "Protocols/Protocol_1/Train.txt", "+1", "-1"),
        ("wmca", "WMCA_Grandtest.txt", "attack", "bonafide"),
        ("celeba_spoof", "metas/intra_test/test_label.json", ", 0]", ", 1]"),
    ],
)
def test_a_list_of_the_other_polarity_is_an_error(name: str, file: str, one: str, other: str, tmp_path: Path) -> None:
    empty_trees.write(tmp_path, name, empty_trees.SMALL[name])
    text = (tmp_path / file).read_text()
    (tmp_path / file).write_text(swap(text, one, other))
    with pytest.raises(ArchiveError, match=rf"{file}.*contradict"):
        ARCHIVES[name].read(walk(tmp_path))
