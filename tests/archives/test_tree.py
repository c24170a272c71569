"""The files of an archive, on disk and in a listing."""

import os
from pathlib import Path

import pytest

from fasrepro.archives.layout import ArchiveError, Exclusion
from fasrepro.archives.tree import listed, walk


def put(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x" * len(path))


def test_a_walk_gives_sizes_by_path_and_sets_aside_what_systems_add(tmp_path: Path) -> None:
    put(tmp_path, "b/1.avi", "a.avi", "b/Thumbs.db", "__MACOSX/b/1.avi", "b/._1.avi", ".DS_Store")
    tree = walk(tmp_path)
    assert (list(tree.sizes.items()), tree.junk, tree.faults) == ([("a.avi", 5), ("b/1.avi", 7)], 4, [])


def test_links_to_folders_are_followed_and_loops_refused(tmp_path: Path) -> None:
    put(tmp_path, "disk/1.avi", "root/2.avi")
    root = tmp_path / "root"
    (root / "linked").symlink_to(tmp_path / "disk")
    (root / "again").symlink_to(tmp_path / "disk")  # the same folder twice is no loop
    (root / "loop").symlink_to(root)
    (root / "gone").symlink_to(tmp_path / "nowhere")
    tree = walk(root)
    assert list(tree.sizes) == ["2.avi", "again/1.avi", "linked/1.avi"]
    assert tree.faults == [Exclusion("gone", "a link to nothing"), Exclusion("loop", "a link to a folder that holds it")]


def test_what_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "closed/1.avi", "open/2.avi")
    (tmp_path / os.fsdecode(b"stra\xdfe.avi")).write_bytes(b"x")  # Latin-1
    scandir = os.scandir

    def refusing(folder: str) -> object:
        if folder.endswith("closed"):  # the superuser, who runs tests in containers, may read every folder
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refusing)
    tree = walk(tmp_path)
    assert list(tree.sizes) == ["open/2.avi"]
    assert [(fault.path, fault.reason) for fault in tree.faults] == [
        ("closed", "folder not readable: Permission denied"),
        ("stra\\xdfe.avi", "its name is not UTF-8: rename it"),
    ]


def test_lines_of_a_list_keep_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("\n one \r\n\n  \ntwo", encoding="utf-8-sig")
    assert walk(tmp_path).lines("list.txt", "list", "write one") == [(2, "one"), (5, "two")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe1\x002\x00", r"list\.txt: not UTF-8 text at byte 0; restore the official split list"),
        (b"\n<!DOCTYPE html><p>Sign in</p>", r"list\.txt: a web page in place of the split list: fetch the file itself"),
    ],
)
def test_a_list_that_is_none_is_an_error(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(ArchiveError, match=message):
        walk(tmp_path).lines("list.txt", "split list", "put it back")


def test_a_listing_names_files_with_or_without_sizes(tmp_path: Path) -> None:
    listing = tmp_path / "listing.txt"
    listing.write_text("12\t./b/1.avi\r\na b.avi\n\n7\tb\\2.avi\n9\t__MACOSX/x\n", encoding="utf-8-sig")
    tree = listed(listing)
    assert (tree.sizes, tree.junk, tree.on_disk) == ({"a b.avi": 0, "b/1.avi": 12, "b/2.avi": 7}, 1, False)
    with pytest.raises(ArchiveError, match=r"names b/1\.avi and does not hold it: a split list is read from the archive alone"):
        tree.lines("b/1.avi", "split list", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.avi\nbig\tb.avi\n", r"listing\.txt, line 2: 'big' is no size in bytes"),
        ("5\t../b.avi\n", r"line 1: '\.\./b\.avi' leaves the archive"),
        ("/data/b.avi\n", r"line 1: '/data/b\.avi' leaves the archive"),
        ("\n\n", "names no file"),
    ],
)
def test_a_listing_that_lists_no_archive_is_an_error(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "listing.txt").write_text(text)
    with pytest.raises(ArchiveError, match=message):
        listed(tmp_path / "listing.txt")
    with pytest.raises(ArchiveError, match="No such file or directory; give the file that lists"):
        listed(tmp_path / "absent.txt")
