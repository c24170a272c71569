"""Gain on overlap, on a target small enough to check every figure."""

from __future__ import annotations

import dataclasses

import pytest

from fasrepro.evaluation.analyses import unseen
from fasrepro.evaluation.analyses.cue_overlap import CueOverlap
from fasrepro.evaluation.analyses.unseen import ScoredCell
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import Cell, EvaluationSettings, Figure
from fasrepro.evaluation.results.unseen import Range, SpeciesCounts, UnseenTarget
from fasrepro.rows.faces import Face
from tests.faces import face

SETTINGS = EvaluationSettings(replicates=200, confidence=0.95, seed=1, digits=6)
RUNS = ("reasoning", "vanilla")


def siw_face(species: str, number: int) -> Face:
    return face(f"siw_mv2/{species}_{number}", species)


# Two prints whose cues all overlap, two masks whose cues do not, and two live faces; one frame each. The threshold is 0.5.
FACES = [siw_face(species, number) for species in ("bona_fide", "print", "silicone_mask") for number in (1, 2)]
SCORES = {  # by run and seed, in the order of FACES
    ("vanilla", 0): [0.1, 0.6, 0.4, 0.8, 0.7, 0.9],  # misses one print
    ("vanilla", 1): [0.1, 0.2, 0.4, 0.4, 0.7, 0.9],  # misses both prints
    ("reasoning", 0): [0.1, 0.2, 0.6, 0.8, 0.3, 0.9],  # misses one mask
    ("reasoning", 1): [0.1, 0.2, 0.6, 0.8, 0.3, 0.4],  # misses both masks
}
OVERLAP = CueOverlap(
    {one.face_id: float(one.species == "print") for one in FACES if one.label}, {"print": 1.0, "silicone_mask": 0.25}, True
)


def scored(cell: str, run: str) -> ScoredCell:
    scores = {seed: {one.face_id: value for one, value in zip(FACES, SCORES[run, seed], strict=True)} for seed in (0, 1)}
    return ScoredCell(Cell(f"protocol of {cell}", run, "siw_mv2", cell), scores, {0: 0.5, 1: 0.5})


def summarise(
    cells: list[ScoredCell], faces: list[Face] = FACES, runs: tuple[str, str] = RUNS, replicates: int = 200
) -> UnseenTarget | None:
    overlaps = {one.cell.cell: OVERLAP for one in cells}
    return unseen.summarise(cells, faces, overlaps, runs, dataclasses.replace(SETTINGS, replicates=replicates))


def test_a_target_by_hand() -> None:
    report = summarise([scored("oci_w", "vanilla"), scored("oci_w", "reasoning")])
    gains = report.mean
    assert gains == report.cells["oci_w"]
    prints, masks = gains.species["print"], gains.species["silicone_mask"]
    assert prints.runs["vanilla"]["apcer"] == 0.75
    assert (prints.gain["apcer"].value, masks.gain["apcer"].value) == (0.75, -0.75)
    assert prints.gain["p_attack"].value == pytest.approx(0.7 - 0.5)
    assert (masks.overlap, masks.nominal) == (0.0, 0.25)
    line = gains.lines["apcer"]
    assert (line.slope.value, line.intercept.value, line.spearman.value) == pytest.approx((1.5, -0.75, 1.0))
    assert line.without_one == Range(None, None)  # one species remains, which makes no line
    assert [(line.band[at].overlap, line.band[at].value) for at in (0, 5, 10)] == [
        (0.0, pytest.approx(-0.75)),
        (0.5, pytest.approx(0.0)),
        (1.0, pytest.approx(0.75)),
    ]
    # Two subjects and two seeds are drawn with replacement, so bounds are within what one subject and one seed can give.
    assert -1.0 <= line.intercept.low <= -0.75 <= line.intercept.high <= 0.0
    assert gains.bona_fide["vanilla"]["bpcer"] == 0.25
    assert report.counts.species["print"] == SpeciesCounts(family="print", videos=2, subjects=2)
    assert (report.counts.attack, report.counts.bona_fide, report.counts.no_interval) == (4, 2, [])


def test_exchanging_the_runs_changes_every_sign() -> None:
    cells = [scored(cell, run) for cell in ("oci_w", "ocm_w") for run in ("vanilla", "reasoning")]
    report, exchanged = summarise(cells), summarise(cells, runs=("vanilla", "reasoning"))
    for measure in unseen.MEASURES:
        one, other = (each.mean.lines[measure].slope for each in (report, exchanged))
        assert one.value == pytest.approx(-other.value)
        assert one.low == pytest.approx(-other.high)


def test_the_mean_of_equal_cells_is_that_of_each() -> None:
    report = summarise([scored(cell, run) for cell in ("oci_w", "ocm_w") for run in ("vanilla", "reasoning")])
    for measure in unseen.MEASURES:
        assert report.mean.lines[measure].slope.value == report.cells["ocm_w"].lines[measure].slope.value


def test_species_of_one_subject_each_have_no_interval() -> None:
    lone = [one for one in FACES if one.presentation.endswith("1")]
    report = summarise([scored("oci_w", run) for run in RUNS], lone, replicates=50)
    assert report.counts.no_interval == ["print", "silicone_mask"]
    assert report.mean.lines["apcer"].slope == Figure(2.0, None, None)


def test_without_bona_fide_faces_their_rates_are_none() -> None:
    report = summarise([scored("oci_w", run) for run in RUNS], [one for one in FACES if one.label], replicates=50)
    assert report.mean.bona_fide["vanilla"] == {"bpcer": None, "p_attack_bona_fide": None}
    assert report.mean.lines["apcer"].slope.value == pytest.approx(1.5)


def test_a_target_without_both_runs_is_omitted() -> None:
    assert summarise([scored("oci_w", "vanilla")]) is None


def test_runs_without_a_common_seed_are_refused() -> None:
    other = scored("oci_w", "vanilla")
    with pytest.raises(MetricError, match="oci_w: reasoning and vanilla have no seed in common"):
        summarise([ScoredCell(other.cell, {7: other.scores[0]}, {7: 0.5}), scored("oci_w", "reasoning")])
