"""Examples of each cue, and counterfactuals on demand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fasrepro.archives import casia
from fasrepro.simulation import cue_pairs, recordings

SCENE = recordings.Scene(seed=3, world="a", frames=12, width=160, height=120, look_alike_rate=0.0, spurious_strength=0.5)


def test_examples_show_each_cue_of_the_plan_and_nothing_else_changes(tmp_path: Path) -> None:
    plan = casia.plan(1, 0)
    arrays = cue_pairs.examples(plan, SCENE)
    names = {name.rpartition("_")[0] for name in arrays}
    assert {"halftone", "moire", "cut_eyes"} <= names
    assert "waxy_skin" not in names
    for cue in names:
        without, present, mask = (arrays[f"{cue}_{part}"] for part in ("without", "with", "mask"))
        assert without.shape == present.shape == (cue_pairs.SIDE, cue_pairs.SIDE, 3)
        assert mask.any(), cue
        assert np.abs(without.astype(int) - present)[mask > 0].mean() > 1, cue
    for name in ("a", "b"):
        cue_pairs.write(tmp_path / f"{name}.npz", arrays)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with np.load(tmp_path / "a.npz") as again:
        assert set(again) == set(arrays)


def test_a_cue_that_the_medium_cannot_show_is_an_error() -> None:
    shown = next(p for p in casia.plan(1, 0) if p.species == "replay_video")
    taken = recordings.take(shown, recordings.person_of(shown, SCENE), SCENE)
    with pytest.raises(ValueError, match=r"'waxy_skin' cannot be put there\. What can: .*moire"):
        cue_pairs.pair(taken, "waxy_skin", 0.5, 0)
