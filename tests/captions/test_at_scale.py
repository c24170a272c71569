"""Ray Data with two local workers, of which one is killed: every shard once. Needs the extra `scale`."""

from __future__ import annotations

import dataclasses
import functools
import os
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from fasrepro import cli
from fasrepro.captions import at_scale, shards
from fasrepro.captions.sets import Generation
from fasrepro.captions.shards import Write
from fasrepro.captions.silver import SilverError, Text
from fasrepro.rows.faces import Face
from fasrepro.stages import caption, caption_writer
from tests import caption_models


def slow_writer(folder: Path, seconds: float) -> Write:
    """Return what writes slowly, and leaves its process's number in `folder`."""
    (folder / str(os.getpid())).touch()

    def write(faces: Sequence[Face]) -> list[Text]:
        time.sleep(seconds)
        return [Text(face.face_id, f"on {face.crop}", 3, True) for face in faces]

    return write


def failing_writer() -> Write:
    raise ValueError("no such checkpoint")


def test_without_ray_the_remedy_is_named(world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SilverError, match=r"need Ray: pip install -r requirements-scale\.lock"):
        next(at_scale.fill(shards.cut(world.faces, 9, tmp_path), failing_writer, workers=2))


def test_every_shard_is_written_once_although_a_worker_is_killed(world: Any, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    (tmp_path / "workers").mkdir()
    pieces = shards.cut(world.faces, 2, tmp_path / "shards")
    with at_scale.cluster():
        written = []
        for shard in at_scale.fill(pieces, functools.partial(slow_writer, tmp_path / "workers", 0.3), workers=2):
            written.append(shard.path.name)
            if len(written) == 3:
                killed = int(min(path.name for path in (tmp_path / "workers").iterdir()))
                os.kill(killed, signal.SIGKILL)
    assert sorted(written) == [f"{number:05d}.json" for number in range(23)]
    assert len(list((tmp_path / "workers").iterdir())) == 3  # two, and the one in the place of the killed one
    assert [text.face_id for text in shards.texts(pieces)] == [face.face_id for face in world.faces]


def test_two_workers_write_the_bytes_of_one_process(
    world: Any, captioner: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ray")
    monkeypatch.chdir(tmp_path)
    generation = Generation(temperature=0.7, max_new_tokens=24, shard_size=2, batch_size=2)
    caption_models.project(world, captioner, generation=dataclasses.asdict(generation))
    assert cli.main(["caption", "silver", "--workers", "2"]) == 0
    assert "silver: 3 of 3 shards to write" in capsys.readouterr().out
    by_workers = [path.read_bytes() for path in sorted(caption_writer.work("silver").glob("*/0*.json"))]
    shutil.rmtree(caption_writer.work("silver"))
    with pytest.raises(SilverError, match="none of its 6 texts is accepted"):  # all are cut; the shards stay
        caption.main(["--set", "silver"])
    assert [path.read_bytes() for path in sorted(caption_writer.work("silver").glob("*/0*.json"))] == by_workers


def test_what_a_worker_raises_is_a_message(world: Any, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    with at_scale.cluster(), pytest.raises(SilverError, match=r"^a worker failed: ValueError: no such checkpoint$"):
        list(at_scale.fill(shards.cut(world.faces, 20, tmp_path), failing_writer, workers=1))
    assert not list(tmp_path.iterdir())
