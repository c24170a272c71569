"""The stage `world`: tables and examples of the synthetic world; both empty for licensed archives."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from fasrepro import config, files, paths
from fasrepro.simulation import archive_writer, worlds
from fasrepro.stages import world

ROOT = Path(__file__).parents[2]


def write_params(source: str) -> None:
    params = config.read_yaml(ROOT / "params.yaml")
    params["archives"] = {"source": source, "datasets": {"casia": {"train": 1, "test": 0}}}
    params["synthetic"] |= {"world": "b", "frames": 12, "width": 120, "height": 90}
    paths.PARAMS.write_text(yaml.safe_dump(params))


def test_the_stage_writes_tables_and_examples_of_its_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_params("synthetic")
    world.main([])
    assert files.read_json(paths.WORLD) == json.loads(
        json.dumps(worlds.tables("b", archive_writer.plan({"casia": {"train": 1, "test": 0}})))
    )
    with np.load(paths.CUE_PAIRS) as examples:
        assert {"moire_without", "moire_with", "moire_mask"} <= set(examples)
    first = paths.CUE_PAIRS.read_bytes()
    world.main([])
    assert paths.CUE_PAIRS.read_bytes() == first


def test_licensed_archives_have_no_tables_and_no_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_params("licensed")
    world.main([])
    assert files.read_json(paths.WORLD) == {}
    with np.load(paths.CUE_PAIRS) as examples:
        assert list(examples) == []
