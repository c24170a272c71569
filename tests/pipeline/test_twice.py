"""The same bytes twice: the tiny profile in two folders that share nothing, by two ways. `make test-twice` runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fasrepro.commands import reproduce
from tests.layout import ROOT
from tests.pipeline.runs import hashes, run_tiny


@pytest.mark.twice
def test_one_after_another_and_side_by_side_have_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = run_tiny(tmp_path / "one"), tmp_path / "other"
    reproduce.make_copy(ROOT, "tiny", other)
    monkeypatch.setenv("FASREPRO_STORE", str(other / ".store"))
    assert reproduce.run_stages(other, workers=3) == 0
    locks = [yaml.safe_load((folder / "dvc.lock").read_text(encoding="utf-8")) for folder in (one, other)]
    assert locks[0] == locks[1]
    first, second = hashes(one), hashes(other)
    assert len(first) > 100
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []
