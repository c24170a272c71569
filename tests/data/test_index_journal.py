"""The journal of indexed videos: what was added is read again, and half a record is cut off."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.data import index_journal
from fasrepro.data.index_journal import JournalError
from fasrepro.data.index_report import IndexedVideo
from fasrepro.rows.faces import Face, Label, face_id


def video(name: str) -> IndexedVideo:
    """A video of one face, which stands in for two others."""
    presentation = f"casia/{name}"
    words = ("print", "warped", "low")
    key = face_id(presentation, 12)
    box, crop = (1, 2, 30, 40), f"{presentation}_0012.png"
    row = Face(key, "casia", "test", "casia/1", presentation, 12, Label.ATTACK, *words, box, "detector", crop, "ab")
    return IndexedVideo(f"{name}.avi", [row], 10, 8, {12: 10, 2: 5}, [""], 0)


VIDEOS = {name: (video(name), [name.encode() * 50, b"\n\x00"]) for name in ("first", "second \u00e9", "third")}


def write(path: Path) -> list[int]:
    """Write the videos and return the size of the file after each."""
    sizes = []
    with index_journal.opened(path) as journal:
        for key, one in VIDEOS.items():
            journal.add(key, *one)
            sizes.append(path.stat().st_size)
    return sizes


def test_videos_are_read_as_they_were_added(tmp_path: Path) -> None:
    write(tmp_path / "j")
    with index_journal.opened(tmp_path / "j") as journal:
        assert {key: journal.read(key) for key in VIDEOS} == VIDEOS
        assert isinstance(journal.read("first")[0].rows[0].label, Label)
        assert journal.read("fourth") is None
        journal.add("fourth", video("fourth"), [b"4"])
        assert journal.read("fourth") == (video("fourth"), [b"4"])
        assert journal.read("first") == VIDEOS["first"]


@given(st.data())
def test_a_file_cut_anywhere_holds_the_records_before_the_cut(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    sizes = write(path)
    cut = data.draw(st.integers(0, sizes[-1]))
    os.truncate(path, cut)
    with index_journal.opened(path) as journal:
        assert list(journal.places) == [key for key, size in zip(VIDEOS, sizes, strict=True) if size <= cut]
        journal.add("third", *VIDEOS["third"])
    with index_journal.opened(path) as journal:
        assert journal.read("third") == VIDEOS["third"]


def test_a_changed_byte_ends_what_is_kept(tmp_path: Path) -> None:
    first, second, _ = write(tmp_path / "j")
    content = bytearray((tmp_path / "j").read_bytes())
    content[second - 5] ^= 1
    (tmp_path / "j").write_bytes(content)
    with index_journal.opened(tmp_path / "j") as journal:
        assert list(journal.places) == ["first"]
    assert (tmp_path / "j").stat().st_size == first


def test_a_full_disk_leaves_whole_records(tmp_path: Path) -> None:
    size = write(tmp_path / "j")[-1]
    with index_journal.opened(tmp_path / "j") as journal:
        full = dataclasses.replace(journal, writer=FullDisk(journal.writer))
        with pytest.raises(JournalError, match=r"j: cannot be written: No space left on device; make room"):
            full.add("fourth", video("fourth"), [b"4"])
        assert journal.read("fourth") is None
    assert (tmp_path / "j").stat().st_size == size


class FullDisk:
    """Takes ten bytes and no more."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.truncate, self.room = file, file.truncate, 10

    def write(self, data: bytes) -> int:
        if not self.room:
            raise OSError(28, "No space left on device")
        taken = self.file.write(data[: self.room])
        self.room -= taken
        return taken
