"""Shards of texts: whole or not there, and the same ones however often a run was stopped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.captions import shards
from fasrepro.captions.silver import SilverError, Text
from fasrepro.rows.faces import Face


def write(faces: Sequence[Face]) -> list[Text]:
    return [Text(face.face_id, f"on {face.crop}", len(faces), True) for face in faces]


@given(size=st.integers(1, 60))
def test_each_face_is_in_one_shard(world: Any, size: int) -> None:
    pieces = shards.cut(world.faces, size, Path("work"))
    assert [face for shard in pieces for face in shard.faces] == world.faces
    assert len({shard.path for shard in pieces}) == len(pieces) and all(len(shard.faces) <= size for shard in pieces)


def test_what_is_written_is_not_written_again(world: Any, tmp_path: Path) -> None:
    pieces = shards.cut(world.faces, 10, tmp_path)
    first = shards.fill(pieces, write)
    assert [next(first).path.name, next(first).path.name] == ["00000.json", "00001.json"]
    first.close()
    asked: list[str] = []

    def watched(faces: Sequence[Face]) -> list[Text]:
        asked.extend(face.face_id for face in faces)
        return write(faces)

    assert len(list(shards.fill(pieces, watched))) == 3
    assert asked == [face.face_id for face in world.faces[20:]]
    assert shards.texts(pieces) == [text for shard in pieces for text in write(shard.faces)]


def test_a_failing_writer_leaves_no_part_of_a_shard(world: Any, tmp_path: Path) -> None:
    def fail(faces: Sequence[Face]) -> list[Text]:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        list(shards.fill(shards.cut(world.faces, 10, tmp_path), fail))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "not JSON"),
        ('[["msu/a#0004"]]', "no texts of a caption model"),
        ('[["msu/a#0004", "t", 3, true]]', "1 texts, the first of "),
    ],
)
def test_a_damaged_shard_is_named(content: str, message: str, world: Any, tmp_path: Path) -> None:
    [shard] = shards.cut(world.faces[:3], 3, tmp_path)
    shard.path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=message) as error:
        shards.texts([shard])
    assert str(shard.path) in str(error.value) and "delete it and run" in str(error.value)


def test_a_size_below_one_is_refused(world: Any) -> None:
    with pytest.raises(SilverError, match="shard_size is 0"):
        shards.cut(world.faces, 0, Path("work"))
