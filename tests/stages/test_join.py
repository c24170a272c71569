"""The stage `join`: a set that holds two others, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from fasrepro import paths
from fasrepro.captions.sets import CaptionSetError
from fasrepro.rows import table
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.stages import join

SETS = {
    "gold": {"style": "cot", "author": "annotator"},
    "more": {"style": "cot", "author": "annotator"},
    "all": {"joined": ["gold", "more"]},
}


def caption(face_id: str) -> Caption:
    return Caption(face_id, "cot", "a chain", Verdict.ATTACK, "v1", "m", True, 1, "key")


def test_a_joined_set_holds_the_rows_of_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths.PARAMS.write_text(yaml.safe_dump({"captions": SETS}))
    table.write(paths.captions("gold"), [caption("wfas/a")], Caption)
    table.write(paths.captions("more"), [caption("wfas/b")], Caption)
    join.main(["--set", "all"])
    assert table.read(paths.captions("all"), Caption) == [caption("wfas/a"), caption("wfas/b")]
    with pytest.raises(CaptionSetError, match="gold: it joins no other sets: run `dvc repro annotate@gold`"):
        join.main(["--set", "gold"])
