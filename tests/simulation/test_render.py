"""Rendered presentations of every species, and that they are pure functions."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from fasrepro.archives import casia, msu, replay
from fasrepro.archives.layout import Presentation
from fasrepro.config import Synthetic
from fasrepro.rows.faces import Label
from fasrepro.simulation import archive_writer, recordings, render, worlds
from fasrepro.simulation.drawing import people
from fasrepro.simulation.drawing.layers import Place
from tests import synthetic

SMALL = synthetic.settings(seed=1, frames=8)
SIZES = {
    "msu": {"train": 1, "test": 1},
    "casia": {"train": 1, "test": 1},
    "replay": {"train": 1, "devel": 0, "test": 0},
    "oulu": {"train": 1, "dev": 1, "test": 1, "phones": 1, "sessions": 1},
    "siw_mv2": {"share": 0.001},
}


def recorded(presentation: Presentation, world: Synthetic = SMALL) -> recordings.Recording:
    return recordings.plan_recording(presentation, recordings.person_of(presentation, world), world)


def filmed(presentation: Presentation, world: Synthetic = SMALL) -> list[np.ndarray]:
    recording = recorded(presentation, world)
    return list(render.film(recording, render.pictures(recording, render.draw_layers(recording, recording.cues))))


def test_every_kind_of_presentation_renders_and_moves() -> None:
    one_each = {(p.dataset, p.species): p for p in archive_writer.plan(SIZES)}
    assert len(one_each) == 3 + 4 + 4 + 3 + 15  # in msu, casia, replay, oulu, siw_mv2
    for presentation in one_each.values():
        frames = filmed(presentation)
        assert len(frames) == 8
        assert frames[0].shape == (120, 160, 3)
        assert frames[0].dtype == np.uint8
        assert 20 < np.mean(frames[0]) < 235
        assert not np.array_equal(frames[0], frames[4])


def test_rendering_is_a_pure_function_of_presentation_and_settings() -> None:
    presentation = msu.presentation(msu.Name(1, "android", "ipad_video"), "train")
    assert np.array_equal(filmed(presentation), filmed(presentation))
    for change in ({"seed": 2}, {"world": "b"}):
        assert not np.array_equal(filmed(presentation), filmed(presentation, dataclasses.replace(SMALL, **change)))


def test_a_data_set_that_is_not_drawn_is_an_error() -> None:
    presentation = dataclasses.replace(msu.presentation(msu.Name(1, "android", ""), "train"), dataset="threedmad")
    with pytest.raises(ValueError, match=r"worlds\.WORLDS\['a'\]\.studios: unknown data set 'threedmad'\..* Known: msu"):
        recorded(presentation)


def test_living_eyes_blink_once() -> None:
    bona_fide, photo = (msu.presentation(msu.Name(1, "android", instrument), "train") for instrument in ("", "printed_photo"))
    for presentation, alive in ((bona_fide, True), (photo, False)):
        recording = recorded(presentation)
        layers = render.draw_layers(recording, {})
        assert 1 <= len(recording.blinks) <= 3
        assert np.array_equal(layers.picture, layers.closed) is not alive
    with_holes = render.draw_layers(recorded(photo), {"cut_eyes": 0.8})
    assert not np.array_equal(with_holes.picture, with_holes.closed)


def test_look_alikes_have_one_rate_in_bona_fide_faces_and_attacks() -> None:
    for label in Label:
        presentations = [p for p in casia.plan(casia.Size(4, 4)) if p.label is label]
        for rate in (0.0, 0.5, 1.0):
            world = dataclasses.replace(SMALL, look_alike_rate=rate)
            counts = [len(recorded(presentation, world).look_alikes) for presentation in presentations]
            assert np.mean(counts) / len(render.LOOK_ALIKES) == pytest.approx(rate, abs=0.1)


def test_a_setting_decides_light_and_background() -> None:
    tight = dataclasses.replace(SMALL, spurious_strength=1.0)
    tie = worlds.WORLDS["a"].studios["replay"].parts()[1]
    for presentation in replay.plan(replay.Size(1, 0, 0)):
        sitting = recorded(presentation, tight).sitting
        setting = tie.attack if presentation.label is Label.ATTACK else tie.bona_fide
        assert sitting.light in setting.lights
        assert sitting.background in setting.backgrounds


def test_all_species_are_equally_sharp_without_cues() -> None:
    """Softness would be a label that no cue tells."""
    world = dataclasses.replace(SMALL, width=240, height=180)
    plan = replay.plan(replay.Size(2, 0, 0))
    sharpness = {}
    for species in ("bona_fide", "print", "replay_photo", "replay_video"):
        values = []
        for number, presentation in enumerate([p for p in plan if p.species == species][:8]):
            recording = recordings.plan_recording(presentation, recordings.person_of(plan[0], world), world)
            alike = dataclasses.replace(
                recording,
                sitting=people.draw_sitting(number % 2),
                place=Place(120, 85, 43),
                look_alikes=(),
                blinks=frozenset(),
            )
            frames = render.pictures(alike, render.draw_layers(alike, {}), (1, 6))
            values += [cv2.Laplacian(frame[45:125, 85:155], cv2.CV_32F).var() for frame in frames]
        sharpness[species] = np.mean(values)
    assert sharpness == pytest.approx(dict.fromkeys(sharpness, sharpness["bona_fide"]), rel=0.25)
