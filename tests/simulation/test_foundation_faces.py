"""The foundation's faces: functions of their seed, of people that no archive shows."""

from __future__ import annotations

import numpy as np

from fasrepro.simulation import archive_writer, foundation_faces, recordings
from fasrepro.simulation.descriptions import describe
from fasrepro.simulation.drawing import people
from fasrepro.simulation.effects import LOOK_ALIKES
from tests import synthetic


def test_faces_are_functions_of_their_seed_and_vary() -> None:
    picture, _ = foundation_faces.draw_face(5, 96)
    again, _ = foundation_faces.draw_face(5, 96)
    assert picture.shape == (96, 96, 3)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture, again)
    others = [foundation_faces.draw_face(seed, 48) for seed in range(40)]
    assert len({other.tobytes() for other, _ in others}) == 40
    assert np.std([other.mean() for other, _ in others]) > 8
    bright = {kind: [other.mean() for other, words in others if words["brightness"] == kind] for kind in ("dark", "bright")}
    assert np.mean(bright["dark"]) < np.mean(bright["bright"])
    harmless = {name for _, words in others for name in words["harmless"].split()}
    assert len(harmless) > 8
    assert harmless <= set(LOOK_ALIKES)


def test_each_face_is_described_by_its_attributes() -> None:
    faces = foundation_faces.captioned_faces(range(5, 8), 48, "procedural")
    for number, (picture, text) in enumerate(faces):
        expected, words = foundation_faces.draw_face(5 + number, 48)
        assert np.array_equal(picture, expected)
        assert text == describe(words, number)


def test_the_foundations_people_are_in_no_archive() -> None:
    plan = archive_writer.plan({"msu": {"train": 8, "test": 8}, "siw_mv2": {"share": 0.1}})
    in_archives = {recordings.person_of(presentation, synthetic.SMALL).seed for presentation in plan}
    in_foundation = {people.seed_of(people.seed_of("foundation", seed), "person") for seed in range(500)}
    assert not in_archives & in_foundation
