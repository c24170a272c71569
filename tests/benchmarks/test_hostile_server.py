from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import hostile_server
from tests.annotated_world import make_world


@pytest.fixture(scope="module")
def captioned(tmp_path_factory: pytest.TempPathFactory) -> tuple:
    root = tmp_path_factory.mktemp("hostile")
    world = make_world(root, 120)
    annotator = world.annotator()
    captions, server = hostile_server.run(world.faces, world.crops, annotator, root / "store", every=3)
    return world, annotator, captions, server, root


def test_a_hostile_server_costs_no_caption_and_leaves_none_that_is_no_caption(captioned: tuple) -> None:
    world, annotator, captions, server, _ = captioned
    assert set(server.met()) == set(hostile_server.FAULTS) and len(hostile_server.FAULTS) >= 30
    assert len(captions) == len(world.faces)
    assert server.repeated() == []
    assert hostile_server.no_captions(captions, world.faces, annotator, server) == []


def test_the_key_that_a_hostile_server_quotes_is_not_stored(captioned: tuple) -> None:
    store: Path = captioned[-1] / "store"
    assert all(hostile_server.KEY.encode() not in path.read_bytes() for path in store.iterdir())
