"""Truth by counterfactual: the region of a cue, and when a cue counts as present."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro.archives import casia, oulu, replay, siw_mv2
from fasrepro.archives.layout import Presentation
from fasrepro.config import Synthetic
from fasrepro.regions import decode_region
from fasrepro.rows import table
from fasrepro.rows.faces import Label
from fasrepro.rows.truth import Truth
from fasrepro.simulation import attacks, cue_pairs, recordings, render, truth
from fasrepro.vocabulary import FIRST_SPECIES
from tests import synthetic

SMALL = synthetic.settings()
LARGE = synthetic.settings(width=240, height=180)


@functools.cache
def attack_of_species() -> dict[str, Presentation]:
    """Return one attack of each species."""
    plan = [
        *casia.plan(casia.Size(1, 1)),
        *siw_mv2.plan(siw_mv2.Size(0.001)),
        *replay.plan(replay.Size(1, 1, 1)),
        *oulu.plan(oulu.Size(1, 1, 1, 1, 1)),
    ]
    return {presentation.species: presentation for presentation in plan if presentation.label is Label.ATTACK}


def recorded(
    species: str, cues: dict[str, float] | None = None, attempt: int = 0, world: Synthetic = SMALL
) -> recordings.Recording:
    """Return a recording of an attack, with other cues if any are given."""
    attack = attack_of_species()[species]
    recording = recordings.plan_recording(attack, recordings.person_of(attack, world), world, attempt)
    return recording if cues is None else dataclasses.replace(recording, cues=cues)


def surveyed(presentation: Presentation) -> truth.Survey:
    return truth.survey_presentation(presentation, recordings.person_of(presentation, SMALL), SMALL)


def test_the_presentations_cover_every_species_of_the_drawn_archives() -> None:
    assert attack_of_species().keys() == FIRST_SPECIES.keys() - {"bona_fide"}


POSSIBLE = [(species, cue) for species in attack_of_species() for cue in attacks.CUE_RATES[species]]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.sampled_from(POSSIBLE), st.integers(0, SMALL.frames - 1), st.floats(0.3, 1.0), st.integers(0, 3))
def test_removing_a_cue_changes_pixels_only_inside_its_region(
    species_and_cue: tuple[str, str], number: int, strength: float, attempt: int
) -> None:
    """Before the camera, with whatever other cues the attempt drew, and equal to the byte outside."""
    species, cue = species_and_cue
    recording = recorded(species, attempt=attempt)
    recording = dataclasses.replace(recording, cues={**recording.cues, cue: strength})
    pair = cue_pairs.pair(recording, cue, strength, number, filmed=False)
    changed = (pair.without != pair.present).any(axis=2)
    assert not (changed & ~pair.region).any()


@pytest.mark.parametrize("species", ["mannequin", "paper_mask", "silicone_mask"])
def test_a_rigid_expression_changes_nothing_beside_the_face(species: str) -> None:
    """It changes the outline of the head, and the picture must not move with that."""
    recording = recorded(species, {}, world=LARGE)
    for number in range(0, LARGE.frames, 2):
        pair = cue_pairs.pair(recording, "rigid_expression", 1.0, number, filmed=False)
        changed = (pair.without != pair.present).any(axis=2)
        assert changed.any()
        assert not (changed & ~pair.region).any()


def test_attributes_describe_the_face_as_drawn() -> None:
    species = ("mannequin", "paper_mask", "silicone_mask", "transparent_mask")
    rigid = {truth.attributes_of(recorded(name, {"rigid_expression": 1.0}))["expression"] for name in species}
    free = {truth.attributes_of(recorded(name, {}))["expression"] for name in species}
    assert rigid == {"calm"}
    assert free - rigid


@pytest.mark.parametrize(
    ("species", "cue"), [("replay_video", "glare"), ("print", "hand_on_medium"), ("partial_eye", "pasted_patch")]
)
def test_the_region_of_a_local_cue_is_tight(species: str, cue: str) -> None:
    pair = cue_pairs.pair(recorded(species, {}), cue, 0.8, 7, filmed=False)
    changed = (pair.without != pair.present).any(axis=2)
    assert changed.any()
    assert pair.region.mean() < 3 * changed.mean() + 0.05


def test_a_recording_renders_equally_twice_and_cues_leave_other_choices() -> None:
    recording = recorded("replay_video")
    one, two = (list(render.pictures(recording, render.draw_layers(recording, recording.cues), [0, 5])) for _ in range(2))
    assert np.array_equal(one, two)
    other = recorded("replay_video", attempt=1)
    assert other.cues != recording.cues
    for choice in ("place", "sitting", "blinks", "look_alikes"):
        assert getattr(other, choice) == getattr(recording, choice)


def test_a_cue_that_does_not_survive_the_camera_is_faint(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = recorded("replay_video", {"moire": 1.0, "glare": 1.0})
    assert set(truth.survey(recording, 25).present) == {"moire", "glare"}
    monkeypatch.setattr(truth, "SURVIVING_LEVEL", 256)
    assert truth.survey(recording, 25).faint == ("moire", "glare")


def test_attacks_have_a_present_cue_and_bona_fide_faces_none() -> None:
    for species, attack in attack_of_species().items():
        survey = surveyed(attack)
        assert survey.present, species
        assert set(survey.present) | set(survey.faint) == set(survey.recording.cues)
    bona_fide = next(p for p in casia.plan(casia.Size(1, 1)) if p.label is Label.BONA_FIDE)
    assert not surveyed(bona_fide).present


def test_an_attack_whose_cues_never_survive_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truth, "ATTEMPTS", 2)
    monkeypatch.setattr(truth, "SURVIVING_SHARE", 1.1)
    with pytest.raises(ValueError, match=r"no cue of print survives its camera; raise its strength"):
        surveyed(attack_of_species()["print"])


def test_boxes_eyes_and_regions_follow_the_motion() -> None:
    survey = surveyed(attack_of_species()["replay_video"])
    frames = truth.frames_of(survey)
    assert len(frames.truths) == SMALL.frames
    table.check(table.from_rows(frames.truths, Truth), Truth, "truths")
    for number, row in enumerate(frames.truths):
        x, y, width, height = frames.boxes[number]
        left_x, left_y, right_x, right_y = frames.eyes[number]
        assert x < left_x < right_x < x + width
        assert y < left_y < y + height and y < right_y < y + height
        assert all(decode_region(region).shape == (30, 40) for region in row.regions)
    assert len(set(frames.boxes.values())) > 1
    assert {"device", "quality", "light"} <= truth.attributes_of(survey.recording).keys()


def test_cells_cover_every_pixel_of_any_frame_size() -> None:
    pixels = np.zeros((10, 9), bool)
    pixels[9, 8] = pixels[0, 3] = True
    grid = truth.cells(pixels)
    assert grid.tolist() == [[True, False, False], [False, False, False], [False, False, True]]
