"""Groups of pictures, and what runs did to each: on two runs of which one errs on dark skin alone."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.evaluation.analyses import fairness
from fasrepro.evaluation.cells import CellResults
from fasrepro.evaluation.results.fairness import Fairness
from fasrepro.rows.faces import Face
from tests.faces import face

MONK = {"dark": "9", "light": "2"}
PEOPLE = [(tone, number) for tone in MONK for number in range(3)]
FACES = [
    face(f"msu/{tone}{number}/{species}", species, frame, subject=f"msu/{tone}{number}")
    for tone, number in PEOPLE
    for species in ("bona_fide", "print")
    for frame in (4, 9)
]
DEV = [
    face(f"oulu/{n}/{species}", species, subject=f"oulu/{n}", split="dev") for n in range(3) for species in ("bona_fide", "print")
]
ATTRIBUTES = {one.face_id: {"monk": MONK[one.subject[4:-1]], "light": "above"} for one in FACES}


def scores(run: str) -> dict[str, float]:
    """Return scores that are right, but for two of the three bona fide dark people of `biased`."""
    missed = [one.subject in ("msu/dark0", "msu/dark1") and not one.label and run == "biased" for one in FACES]
    of_test = {one.face_id: float(one.label or error) for one, error in zip(FACES, missed, strict=True)}
    return of_test | {one.face_id: float(one.label) for one in DEV}


def cell(run: str, target: str = "msu", faces: list[Face] = FACES) -> CellResults:
    return CellResults("o_m", run, target, "o_m", dev=DEV, test=faces, scores={seed: scores(run) for seed in (0, 1)})


def summarise(*cells: CellResults, attributes: dict[str, dict[str, str]] = ATTRIBUTES) -> Fairness:
    return fairness.summarise(cells, attributes, [("fair", "biased"), ("cepl", "biased")], confidence=0.95, draw_seed=1)


def test_a_run_that_errs_on_dark_skin_has_a_gap_there() -> None:
    tones = summarise(cell("biased")).runs["o_m-biased"].attributes["skin_tone"]
    dark, light = tones["Monk 8 to 10"], tones["Monk 1 to 4"]
    assert (dark.rates["bpcer"].value, light.rates["bpcer"].value) == (pytest.approx(2 / 3), 0.0)
    assert (dark.rates["apcer"].value, dark.rates["hter"].value) == (0.0, pytest.approx(1 / 3))
    assert dark.gaps["bpcer"].value == pytest.approx(2 / 3) == -light.gaps["bpcer"].value
    assert dark.gaps["apcer"].value == 0.0
    assert (dark.bona_fide.faces, dark.bona_fide.subjects, dark.attack.faces) == (3, 3, 3)  # videos, not frames


def test_an_attribute_with_one_group_has_rates_and_no_gap() -> None:
    above = summarise(cell("biased")).runs["o_m-biased"].attributes["light"]["above"]
    assert above.rates["bpcer"].value == pytest.approx(1 / 3)
    assert above.gaps["bpcer"].value is None


def test_a_change_is_run_minus_baseline_and_pairs_that_were_not_trained_are_left_out() -> None:
    (change,) = summarise(cell("biased"), cell("fair")).changes
    assert (change.run, change.baseline, change.cells, change.seeds) == ("fair", "biased", ["o_m"], 2)
    dark = change.attributes["skin_tone"]["Monk 8 to 10"]
    assert dark.gaps["bpcer"].value == pytest.approx(-2 / 3) == -dark.baseline_gaps["bpcer"]
    assert dark.rates["hter"].value == pytest.approx(-1 / 3) == -dark.baseline_rates["hter"]


def test_a_picture_of_which_nothing_is_known_is_in_no_group() -> None:
    (entry,) = summarise(cell("biased"), attributes={}).runs.values()
    assert not any(entry.attributes.values())
    assert entry.unknown["skin_tone"] == len(PEOPLE) * 2


def test_licensed_faces_are_grouped_by_their_archives_camera() -> None:
    filmed = [dataclasses.replace(one, camera="laptop") for one in FACES]
    (entry,) = summarise(cell("biased", faces=filmed), attributes={}).runs.values()
    assert list(entry.attributes["camera"]) == ["msu laptop"]


@given(st.integers(1, 10))
def test_every_step_of_the_scale_is_in_one_group(step: int) -> None:
    first, last = fairness.skin_tone({"monk": str(step)}).removeprefix("Monk ").split(" to ")
    assert int(first) <= step <= int(last)


def test_beards_of_every_kind_are_one_group() -> None:
    assert [fairness.beard({"beard": kind}) for kind in ("none", "full", "stubble")] == ["no beard", "beard", "beard"]
    assert fairness.beard({}) == ""


def test_only_seeds_that_every_cell_has_are_taken() -> None:
    one_seed = dataclasses.replace(cell("biased"), scores={1: scores("biased")})
    (change,) = summarise(one_seed, cell("fair")).changes
    assert change.seeds == 1
    other = dataclasses.replace(cell("biased", "casia"), protocol="o_c", cell="o_c", scores={1: scores("biased")})
    runs = summarise(cell("biased"), other).runs
    assert {entry.seeds for entry in runs.values()} == {1}
    no_seed = dataclasses.replace(other, scores={2: scores("biased")})
    assert summarise(cell("biased"), no_seed).runs == {}
