"""Examples of each cue, and pairs on request."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fasrepro.archives import casia
from fasrepro.simulation import cue_pairs, recordings
from tests import synthetic

SMALL = synthetic.settings(look_alike_rate=0.0)


def test_examples_show_each_cue_of_the_plan(tmp_path: Path) -> None:
    arrays = cue_pairs.examples(casia.plan(casia.Size(1, 0)), SMALL)
    cues = {name.rpartition("_")[0] for name in arrays}
    assert {"halftone", "moire", "cut_eyes"} <= cues
    assert "waxy_skin" not in cues
    for cue in cues:
        without, present, region = (arrays[f"{cue}_{part}"] for part in ("without", "with", "mask"))
        assert without.shape == present.shape == (cue_pairs.SIDE, cue_pairs.SIDE, 3)
        assert region.any(), cue
        assert np.abs(without.astype(int) - present)[region > 0].mean() > 1, cue
    for name in ("a", "b"):
        cue_pairs.write(tmp_path / f"{name}.npz", arrays)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz") as stored:
        assert set(stored) == set(arrays)


def test_a_cue_that_the_medium_cannot_show_is_an_error() -> None:
    replay = next(p for p in casia.plan(casia.Size(1, 0)) if p.species == "replay_video")
    recording = recordings.plan_recording(replay, recordings.person_of(replay, SMALL), SMALL)
    with pytest.raises(ValueError, match=r"cannot show 'waxy_skin'\. What can be shown: .*moire"):
        cue_pairs.pair(recording, "waxy_skin", 0.5, 0)
