"""Files of a synthetic world: read, and their faults named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fasrepro import files
from fasrepro.report import known_world
from fasrepro.report.known_world import KnownWorld, WorldError


def written(folder: Path, **arrays: np.ndarray) -> tuple[Path, Path]:
    files.write_json(folder / "world.json", {})
    np.savez(folder / "cue_pairs.npz", **arrays)  # type: ignore[arg-type]
    return folder / "world.json", folder / "cue_pairs.npz"


def test_pairs_are_read_and_faults_are_named(tmp_path: Path) -> None:
    arrays = {f"curl_{part}": np.full((4, 4), number) for number, part in enumerate(known_world.PARTS)}
    known = known_world.load(*written(tmp_path, **arrays))
    assert [part[0, 0] for part in known.pairs["curl"]] == [0, 1, 2]
    assert known_world.load(*written(tmp_path)) == KnownWorld({}, {})
    with pytest.raises(WorldError, match=r"cue_pairs\.npz: curl_mask is missing; run `dvc repro"):
        known_world.load(*written(tmp_path, **{name: arrays[name] for name in ("curl_with", "curl_without")}))
    with pytest.raises(WorldError, match=r"cue_pairs\.npz: crul_with is not a cue's picture"):
        known_world.load(*written(tmp_path, crul_with=arrays["curl_with"]))
    (tmp_path / "cue_pairs.npz").write_bytes(b"no zip")
    with pytest.raises(WorldError, match=r"cue_pairs\.npz: not a readable file"):
        known_world.load(tmp_path / "world.json", tmp_path / "cue_pairs.npz")
    (tmp_path / "cue_pairs.npz").unlink()
    with pytest.raises(WorldError, match=r"cue_pairs\.npz.*`dvc repro` writes it"):
        known_world.load(tmp_path / "world.json", tmp_path / "cue_pairs.npz")
