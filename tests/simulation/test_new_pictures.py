from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from fasrepro import config, paths
from fasrepro.evaluation.analyses import reading
from fasrepro.simulation import media_stills, new_pictures
from tests.layout import ROOT


def test_written_pictures_come_back_with_their_captions_and_what_these_name(tmp_path: Path) -> None:
    settings = config.load("foundation", path=ROOT / paths.PARAMS).foundation
    new_pictures.write(tmp_path / "new.npz", settings.new_pictures(4), 32, "plain", "procedural")
    with np.load(tmp_path / "new.npz") as written:
        assert written["faces"].shape == written["stills"].shape == (4, 32, 32, 3)
        assert len(set(written["face_captions"])) == 4
        stills = media_stills.captioned_stills(settings.new_pictures(4), 32)
        assert written["still_captions"].tolist() == [still.plain_caption for still in stills]
        assert written["media_captions"].tolist() == [still.media_caption for still in stills]
        wordings = dict(zip(written["wordings"].tolist(), written["effects"].tolist(), strict=True))
    for effect, ways in media_stills.EFFECT_WORDS.items():  # no wording is a part of another effect's
        assert all(reading.effects_in(f"A wall. Also, {way}.", wordings) == {effect} for way in ways)


def test_the_pretraining_does_not_show_them() -> None:
    settings = config.load("foundation", path=ROOT / paths.PARAMS).foundation
    last = settings.first_picture + max(settings.faces, settings.stills)
    assert last <= min(settings.new_pictures(1000))
    assert max(settings.new_pictures(1000)) < dataclasses.replace(settings, seed=settings.seed + 1).first_picture
