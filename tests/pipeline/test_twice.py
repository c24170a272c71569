"""The same bytes twice: the tiny profile in two folders that share nothing, side by side. `make test-twice` runs it."""

from __future__ import annotations

import concurrent.futures
from pathlib import Path

import pytest

from tests.pipeline.runs import hashes, run_tiny


@pytest.mark.twice
def test_another_folder_has_the_same_bytes(tmp_path: Path) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        one, other = pool.map(lambda name: hashes(run_tiny(tmp_path / name)), ("one", "other"))
    assert len(one) > 100
    assert sorted(one) == sorted(other)
    assert [name for name in one if one[name] != other[name]] == []
