"""Truth by counterfactual: what a cue's mask covers, and when a cue counts as present."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro.archives import ARCHIVES, casia, siw
from fasrepro.archives.layout import Presentation
from fasrepro.regions import decode_region
from fasrepro.rows import table
from fasrepro.rows.faces import Label
from fasrepro.rows.truth import Truth
from fasrepro.simulation import attacks, cue_pairs, recordings, render, truth

SCENE = recordings.Scene(seed=3, world="a", frames=12, width=160, height=120, look_alike_rate=0.1, spurious_strength=0.5)


@functools.cache
def presentations() -> dict[str, Presentation]:
    """One attack of each species."""
    shown = [*casia.plan(1, 1), *siw.plan(0.001), *ARCHIVES["replay"].plan(1, 1, 1), *ARCHIVES["oulu"].plan(1, 1, 1, 1, 1)]
    return {p.species: p for p in shown if p.label is Label.ATTACK}


def taken(
    species: str, cues: dict[str, float] | None = None, attempt: int = 0, scene: recordings.Scene = SCENE
) -> recordings.Take:
    shown = presentations()[species]
    made = recordings.take(shown, recordings.person_of(shown, scene), scene, attempt)
    return made if cues is None else dataclasses.replace(made, cues=cues)


def test_there_is_a_presentation_of_every_species() -> None:
    assert presentations().keys() == attacks.CUE_RATES.keys()


POSSIBLE = [(species, cue) for species, rates in attacks.CUE_RATES.items() for cue in rates]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.sampled_from(POSSIBLE), st.integers(0, SCENE.frames - 1), st.floats(0.3, 1.0), st.integers(0, 3))
def test_taking_a_cue_out_changes_pixels_inside_its_mask_and_nowhere_else(
    which: tuple[str, str], number: int, strength: float, attempt: int
) -> None:
    """Before the camera, with whatever other cues the attempt drew, and byte-equal outside."""
    species, cue = which
    made = taken(species, attempt=attempt)
    made = dataclasses.replace(made, cues={**made.cues, cue: strength})
    shown = cue_pairs.pair(made, cue, strength, number, filmed=False)
    changed = (shown.without != shown.present).any(axis=2)
    assert not (changed & ~shown.mask).any()


@pytest.mark.parametrize("species", ["mannequin", "paper_mask", "silicone_mask"])
def test_a_face_held_stiff_changes_nothing_but_the_face(species: str) -> None:
    """It changes the head's outline, and the picture must not move with that."""
    made = taken(species, {}, scene=dataclasses.replace(SCENE, width=240, height=180))
    for number in range(0, SCENE.frames, 2):
        shown = cue_pairs.pair(made, "rigid_expression", 1.0, number, filmed=False)
        changed = (shown.without != shown.present).any(axis=2)
        assert changed.any()
        assert not (changed & ~shown.mask).any()


def test_attributes_tell_the_face_as_it_is_drawn() -> None:
    species = ("mannequin", "paper_mask", "silicone_mask", "transparent_mask")
    held = {truth.attributes_of(taken(name, {"rigid_expression": 1.0}))["expression"] for name in species}
    free = {truth.attributes_of(taken(name, {}))["expression"] for name in species}
    assert held == {"calm"}
    assert free - held


@pytest.mark.parametrize(
    ("species", "cue"), [("replay_video", "glare"), ("print", "hand_on_medium"), ("partial_eye", "pasted_patch")]
)
def test_a_local_cues_mask_is_no_larger_than_it_needs_to_be(species: str, cue: str) -> None:
    shown = cue_pairs.pair(taken(species, {}), cue, 0.8, 7, filmed=False)
    changed = (shown.without != shown.present).any(axis=2)
    assert changed.any()
    assert shown.mask.mean() < 3 * changed.mean() + 0.05


def test_two_draws_of_one_take_are_byte_equal_and_other_cues_leave_the_choices_alone() -> None:
    made = taken("replay_video")
    one, two = (list(render.pictures(made, render.layers(made, made.cues), [0, 5])) for _ in range(2))
    assert np.array_equal(one, two)
    other = taken("replay_video", attempt=1)
    assert other.cues != made.cues
    assert (other.place, other.where, other.blinks, other.look_alikes) == (made.place, made.where, made.blinks, made.look_alikes)


def test_a_cue_that_the_camera_swallows_is_faint(monkeypatch: pytest.MonkeyPatch) -> None:
    made = taken("replay_video", {"moire": 1.0, "glare": 1.0})
    found = truth.survey(made, 25)
    assert set(found.present) == {"moire", "glare"}
    monkeypatch.setattr(truth, "SURVIVING_LEVEL", 256)
    assert truth.survey(made, 25).faint == ("moire", "glare")


def test_an_attack_has_a_present_cue_and_a_live_face_none() -> None:
    for species, shown in presentations().items():
        found = truth.surveyed(shown, recordings.person_of(shown, SCENE), SCENE, 25)
        assert found.present, species
        assert set(found.present) | set(found.faint) == set(found.take.cues)
    live = next(p for p in casia.plan(1, 1) if p.label is Label.BONA_FIDE)
    assert not truth.surveyed(live, recordings.person_of(live, SCENE), SCENE, 25).present


def test_an_attack_whose_cues_never_survive_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(truth, "ATTEMPTS", 2)
    monkeypatch.setattr(truth, "SURVIVING_SHARE", 1.1)
    shown = presentations()["print"]
    with pytest.raises(ValueError, match=r"no cue of print survives its camera; raise its strength"):
        truth.surveyed(shown, recordings.person_of(shown, SCENE), SCENE, 25)


def test_truth_by_frame_follows_what_moves() -> None:
    shown = presentations()["replay_video"]
    found = truth.surveyed(shown, recordings.person_of(shown, SCENE), SCENE, 25)
    known = truth.frames(found)
    assert len(known.truths) == SCENE.frames
    table.check(table.from_rows(known.truths, Truth), Truth, "truths")
    for number, row in enumerate(known.truths):
        x, y, width, height = known.boxes[number]
        left_x, left_y, right_x, right_y = known.eyes[number]
        assert x < left_x < right_x < x + width
        assert y < left_y < y + height and y < right_y < y + height
        assert all(decode_region(mask).shape == (30, 40) for mask in row.regions)
    assert len(set(known.boxes.values())) > 1
    assert {"device", "quality", "light"} <= truth.attributes_of(found.take).keys()


def test_cells_are_true_where_any_pixel_is_and_cover_a_frame_that_is_no_multiple() -> None:
    mask = np.zeros((10, 9), bool)
    mask[9, 8] = mask[0, 3] = True
    grid = truth.cells(mask)
    assert grid.tolist() == [[True, False, False], [False, False, False], [False, False, True]]
