"""Worlds, and the ties between scene and label in them."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fasrepro.datasets import DATASETS
from fasrepro.simulation import archive_writer, cameras, spurious_ties, worlds
from fasrepro.simulation.drawing import backgrounds, people
from tests import synthetic


def test_each_world_has_its_own_studio_for_every_data_set() -> None:
    drawn = worlds.WORLDS["a"].studios.keys()
    assert drawn <= DATASETS.keys()
    for world in worlds.WORLDS.values():
        assert world.studios.keys() == drawn
        assert world.people in people.PEOPLE
        assert 0 < world.strength[0] < world.strength[1] <= 1
        for studio in world.studios.values():
            assert len(studio.parts()) == 3
        for part in ("camera", "tie", "workshop"):
            assert len({getattr(studio, part) for studio in world.studios.values()}) == len(drawn), part
    a, b, c = worlds.WORLDS.values()
    for name in drawn:
        for part in ("camera", "tie", "workshop"):
            assert len({getattr(world.studios[name], part) for world in (a, b, c)}) == 3, (name, part)


def test_the_tables_of_a_world_are_json_and_name_its_parts() -> None:
    tables = json.loads(json.dumps(worlds.tables("b", synthetic.default_plan())))
    assert tables["studios"]["msu"]["camera"] == "tablet"
    assert tables["studios"]["msu"]["parts"]["camera"]["crf"] == cameras.CAMERAS["tablet"].crf
    assert tables["cue_rates"].keys() == tables["kinds"].keys()


def test_the_tables_hold_what_some_presentations_need() -> None:
    plan = archive_writer.plan({"hkbu": {"subjects": 1, "cameras": 1, "lights": 1}})
    tables = worlds.tables("a", plan)
    assert tables["studios"].keys() == {"hkbu"} and tables["kinds"].keys() == {"rigid_mask"}


def test_an_unknown_world_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown world 'd'.*Known: a, b, c"):
        worlds.world("d")


def test_settings_name_known_lights_backgrounds_and_walls() -> None:
    for tie in spurious_ties.TIES.values():
        for setting in (tie.bona_fide, tie.attack):
            assert set(setting.lights) <= people.LIGHTS.keys()
            assert set(setting.backgrounds) <= set(backgrounds.BACKGROUNDS)
            assert set(setting.walls) <= people.WALLS.keys()


def test_no_setting_goes_with_attacks_in_all_data_sets() -> None:
    all_ties = spurious_ties.TIES.values()
    for measure in ("exposure", "warmth", "focus", "distance"):
        signs = {np.sign(round(getattr(tie.attack, measure) - getattr(tie.bona_fide, measure), 6)) for tie in all_ties}
        assert {-1.0, 1.0} <= signs, measure


@pytest.mark.parametrize("strength", [0.0, 0.5, 0.9])
def test_a_tie_is_as_tight_as_its_strength(strength: float) -> None:
    tie = spurious_ties.TIES["lobby"]
    rng = np.random.default_rng(1)
    own = np.mean([spurious_ties.draw(tie, True, strength, rng) is tie.attack for _ in range(4000)])
    other = np.mean([spurious_ties.draw(tie, False, strength, rng) is tie.attack for _ in range(4000)])
    assert own == pytest.approx(0.5 + strength / 2, abs=0.03)
    assert other == pytest.approx(0.5 - strength / 2, abs=0.03)


def test_a_shot_lies_within_its_camera_plus_the_setting() -> None:
    camera = cameras.CAMERAS["phone"]
    plain, bright = (cameras.draw(camera, np.random.default_rng(5), exposure=e, focus=f) for e, f in ((0.0, 0.0), (0.5, 0.3)))
    assert camera.blur[0] <= plain.blur <= camera.blur[1]
    assert bright.blur == pytest.approx(plain.blur + 0.3)
    assert bright.table[128].mean() > plain.table[128].mean()
    assert (bright.noise, bright.scale) == (plain.noise, plain.scale)


def test_a_camera_films_equal_pictures_equally() -> None:
    shot = cameras.draw(cameras.CAMERAS["webcam"], np.random.default_rng(2))
    sensor = cameras.sensor(shot, 60, 80, 2, np.random.default_rng(3))
    picture = np.random.default_rng(4).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    one, again, next_field = (cameras.film(picture, shot, sensor, number) for number in (0, 2, 1))
    assert one.shape == picture.shape
    assert np.array_equal(one, again)
    assert not np.array_equal(one, next_field)
    assert sensor.falloff[30, 40].mean() > sensor.falloff[0, 0].mean()
