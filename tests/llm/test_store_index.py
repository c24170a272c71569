"""The index of a store by itself; that a store says the same with it is in test_store.py."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from fasrepro.llm import store_index
from fasrepro.llm.store_index import Index

CONTENT = b"a line\nanother line\n"
INDEX = Index(
    size=7,
    crc32=zlib.crc32(b"a line\n"),
    rows=1,
    torn=0,
    damaged=0,
    places={"k\u2028\udcff": (0, 7), "": (7, 13)},
    errors={"e": "timeout"},
    final={},
    usage=[["m", "v", True, 1, 2, 3, 0.5]],
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "store").write_bytes(CONTENT)
    file = os.open(tmp_path / "store", os.O_RDWR)
    yield file
    os.close(file)


def test_an_index_is_read_as_it_was_written(tmp_path: Path, store: int) -> None:
    store_index.write(tmp_path / "index", INDEX)
    assert store_index.read(tmp_path / "index", store) == INDEX
    os.pwrite(store, b"x", 12)  # behind what it is about
    assert store_index.read(tmp_path / "index", store) == INDEX


def test_an_index_of_other_bytes_is_none(tmp_path: Path, store: int) -> None:
    store_index.write(tmp_path / "index", INDEX)
    os.pwrite(store, b"A", 0)
    assert store_index.read(tmp_path / "index", store) is None
    os.ftruncate(store, 3)
    assert store_index.read(tmp_path / "index", store) is None


def test_an_index_of_another_version_is_none(tmp_path: Path, store: int, monkeypatch: pytest.MonkeyPatch) -> None:
    store_index.write(tmp_path / "index", INDEX)
    monkeypatch.setattr(store_index, "VERSION", store_index.VERSION + 1)
    assert store_index.read(tmp_path / "index", store) is None


def test_a_missing_index_is_none(tmp_path: Path, store: int) -> None:
    assert store_index.read(tmp_path / "index", store) is None


@pytest.mark.parametrize("size", [0, 7, len(CONTENT)])
def test_the_checksum_is_that_of_the_first_bytes(store: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_index, "CHUNK", 4)
    assert store_index.crc32_of(store, size) == zlib.crc32(CONTENT[:size])
    assert store_index.crc32_of(store, len(CONTENT) + 1) is None
