"""Rendered presentations: every species, and pure functions of what they are made from."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from fasrepro.archives import ARCHIVES, casia, msu
from fasrepro.archives.layout import Presentation
from fasrepro.rows.faces import Label
from fasrepro.simulation import archive_writer, recordings, render
from fasrepro.simulation.drawing.layers import Place

SCENE = recordings.Scene(seed=1, world="a", frames=8, width=160, height=120, look_alike_rate=0.1, spurious_strength=0.5)
SIZES = {
    "msu": {"train": 1, "test": 1},
    "casia": {"train": 1, "test": 1},
    "replay": {"train": 1, "devel": 0, "test": 0},
    "oulu": {"train": 1, "dev": 1, "test": 1, "phones": 1, "sessions": 1},
    "siw": {"share": 0.001},
}


def filmed(shown: Presentation, scene: recordings.Scene = SCENE) -> list[np.ndarray]:
    take = recordings.take(shown, recordings.person_of(shown, scene), scene)
    return list(render.film(take, render.pictures(take, render.layers(take, take.cues))))


def test_every_kind_of_presentation_renders_and_moves() -> None:
    one = {(p.dataset, p.species): p for p in archive_writer.plan(SIZES)}
    assert len(one) == 3 + 4 + 4 + 3 + 15  # in msu, casia, replay, oulu, siw
    for shown in one.values():
        frames = filmed(shown)
        assert len(frames) == 8
        assert frames[0].shape == (120, 160, 3)
        assert frames[0].dtype == np.uint8
        assert 20 < np.mean(frames[0]) < 235
        assert not np.array_equal(frames[0], frames[4])


def test_rendering_is_a_pure_function_of_presentation_person_and_scene() -> None:
    shown = msu.presentation(msu.Name(1, "android", "ipad_video"), "train")
    assert np.array_equal(filmed(shown), filmed(shown))
    for changed in ({"seed": 2}, {"world": "b"}):
        assert not np.array_equal(filmed(shown), filmed(shown, dataclasses.replace(SCENE, **changed)))


def test_eyes_blink_once_where_eyes_are_alive() -> None:
    live, photo = (msu.presentation(msu.Name(1, "android", instrument), "train") for instrument in ("", "printed_photo"))
    for shown, alive in ((live, True), (photo, False)):
        take = recordings.take(shown, recordings.person_of(shown, SCENE), SCENE)
        drawn = render.layers(take, {})
        assert 1 <= len(take.blinks) <= 3
        assert np.array_equal(drawn.picture, drawn.closed) is not alive
    held = render.layers(take, {"cut_eyes": 0.8})
    assert not np.array_equal(held.picture, held.closed)


def test_look_alikes_come_at_their_rate_in_live_faces_and_in_pictures_of_them() -> None:
    for label in Label:
        shown = [p for p in casia.plan(4, 4) if p.label is label]
        for rate in (0.0, 0.5, 1.0):
            scene = dataclasses.replace(SCENE, look_alike_rate=rate)
            found = [len(recordings.take(p, recordings.person_of(p, scene), scene).look_alikes) for p in shown]
            assert np.mean(found) / len(render.LOOK_ALIKES) == pytest.approx(rate, abs=0.1)


def test_a_setting_places_light_and_background_and_leaves_the_rest() -> None:
    tight = dataclasses.replace(SCENE, spurious_strength=1.0)
    tie = recordings.worlds.WORLDS["a"].studios["replay"].parts()[1]
    for shown in ARCHIVES["replay"].plan(1, 0, 0):
        where = recordings.take(shown, recordings.person_of(shown, tight), tight).where
        setting = tie.attack if shown.label is Label.ATTACK else tie.bona_fide
        assert where.light in setting.lights
        assert where.background in setting.backgrounds


def test_no_presentation_is_softer_than_another_by_the_way_it_is_drawn() -> None:
    """Without cues a print and a replay are as sharp as a live face: softness would be a label that no cue tells."""
    scene = dataclasses.replace(SCENE, width=240, height=180)
    everything = ARCHIVES["replay"].plan(2, 0, 0)
    sharpness = {}
    for species in ("bona_fide", "print", "replay_photo", "replay_video"):
        found = []
        for number, shown in enumerate([p for p in everything if p.species == species][:8]):
            own = recordings.take(shown, recordings.person_of(everything[0], scene), scene)
            same = dataclasses.replace(
                own,
                where=recordings.people.draw_sitting(number % 2),
                place=Place(120, 85, 43),
                look_alikes=(),
                blinks=frozenset(),
            )
            frames = render.pictures(same, render.layers(same, {}), (1, 6))
            found += [cv2.Laplacian(frame[45:125, 85:155], cv2.CV_32F).var() for frame in frames]
        sharpness[species] = np.mean(found)
    assert sharpness == pytest.approx(dict.fromkeys(sharpness, sharpness["bona_fide"]), rel=0.25)
