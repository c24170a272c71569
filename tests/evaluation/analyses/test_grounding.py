"""Cues named against cues present, by hand, and against a sampler that does not look."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro import vocabulary
from fasrepro.evaluation.analyses import grounding
from fasrepro.evaluation.analyses.grounding import NamedCues
from fasrepro.evaluation.differences import OnCell
from fasrepro.evaluation.inference import TargetDifference
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import Cell, EvaluationSettings, Figure
from fasrepro.evaluation.results.explanations import GroundingCounts
from fasrepro.rows.faces import Face, Label
from tests.faces import face

NAMES = sorted(vocabulary.CUES)
CELL = Cell("oci_m", "vanilla", "msu", "oci_m")
SETTINGS = EvaluationSettings(replicates=200, confidence=0.95, seed=1, digits=6)


def numbered_face(number: int, label: Label) -> Face:
    return face(f"msu/{number}", "print" if label is Label.ATTACK else "bona_fide", subject=f"msu/{number % 4}")


def text(names: Collection[str]) -> str:
    """Return a sentence that names these cues."""
    return f"One can see {' and '.join(vocabulary.CUES[name].phrasings[0] for name in names)}." if names else "A face."


def rows(named: list[Collection[str]], present: list[Collection[str]], labels: list[Label]) -> NamedCues:
    faces = [numbered_face(number, label) for number, label in enumerate(labels)]
    ids = [one.face_id for one in faces]
    return grounding.of_texts(faces, dict(zip(ids, map(text, named), strict=True)), dict(zip(ids, present, strict=True)))


def ones(count: int) -> np.ndarray:
    return np.ones((1, count))


def test_figures_by_hand() -> None:
    labels = [Label.ATTACK, Label.ATTACK, Label.BONA_FIDE, Label.BONA_FIDE]
    cues = rows([["moire", "glare"], ["bezel"], ["moire"], []], [["moire"], ["moire", "bezel"], [], []], labels)
    assert cues.hits.tolist() == [[1, 1, 0], [1, 0, 1], [0, 1, 0], [0, 0, 0]]
    figures = {name: float(value[0]) for name, value in cues.measure(ones(4)).items()}
    assert figures == pytest.approx({"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "named_on_bona_fide": 0.5})
    weighted = cues.measure(np.array([[2.0, 0.0, 1.0, 0.0]]))
    assert (weighted["precision"][0], weighted["recall"][0], weighted["named_on_bona_fide"][0]) == (0.5, 1.0, 1.0)


def test_without_a_named_cue_precision_is_nan_and_recall_zero() -> None:
    figures = rows([[], []], [["moire"], []], [Label.ATTACK, Label.BONA_FIDE]).measure(ones(2))
    assert np.isnan(figures["precision"][0])
    assert (figures["recall"][0], figures["f1"][0]) == (0.0, 0.0)


@given(st.lists(st.tuples(st.sets(st.sampled_from(NAMES), max_size=4), st.sets(st.sampled_from(NAMES), min_size=1, max_size=4)),
                min_size=1, max_size=8))  # fmt: skip
def test_exchanging_named_and_present_exchanges_precision_and_recall(pairs: list[tuple[set[str], set[str]]]) -> None:
    labels = [Label.ATTACK] * len(pairs) + [Label.BONA_FIDE]
    named, present = [a for a, _ in pairs] + [set()], [b for _, b in pairs] + [set()]
    one = rows(named, present, labels).measure(ones(len(labels)))
    other = rows(present, named, labels).measure(ones(len(labels)))
    assert one["precision"].tolist() == pytest.approx(other["recall"].tolist(), nan_ok=True)
    assert one["f1"].tolist() == other["f1"].tolist()


def test_the_sampler_averages_all_captions_of_the_label() -> None:
    faces = [numbered_face(0, Label.ATTACK), numbered_face(1, Label.BONA_FIDE)]
    captions = {Label.ATTACK: [text(["moire", "glare"]), text(["bezel"])], Label.BONA_FIDE: [text([]), text([])]}
    present = {faces[0].face_id: ["moire", "bezel"], faces[1].face_id: []}
    sampler = grounding.of_sampler(faces, captions, present)
    # The first caption: 1 right, 1 wrong, 1 missed. The second: 1 right, 0 wrong, 1 missed.
    assert sampler.hits.tolist() == [[1.0, 0.5, 1.0], [0.0, 0.0, 0.0]]
    with pytest.raises(MetricError, match="no training caption of a face that is bona_fide"):
        grounding.of_sampler(faces, {Label.ATTACK: ["x"]}, present)


def test_each_run_has_its_tests_and_their_mean_over_a_pool() -> None:
    values = np.array([[0.1, 0.3], [0.2, 0.4]])
    cells = [Cell(f"{name}_m", run, name, f"{name}_m") for run in ("reasoning", "vanilla") for name in ("msu", "casia")]
    on_cells = [OnCell(cell, TargetDifference(cell.target, cell.protocol, ["a", "b"], values), 0.5) for cell in cells]
    paired, means = grounding.tests([(one, "pool") for one in on_cells], 0.95)
    assert [(row.run, row.baseline, row.channel, row.metric, row.cell) for row in paired[:2]] == [
        ("reasoning", "sampler", "explanations", "f1", "msu_m"),
        ("reasoning", "sampler", "explanations", "f1", "casia_m"),
    ]
    assert [(row.run, row.cells, row.difference) for row in means] == [
        ("reasoning", ["msu_m", "casia_m"], pytest.approx(0.25)),
        ("vanilla", ["msu_m", "casia_m"], pytest.approx(0.25)),
    ]
    assert {row.variance.keys() == {"people", "trainings"} for row in (*paired, *means)} == {True}


def test_only_a_run_that_looks_beats_the_sampler() -> None:
    random = np.random.default_rng(3)
    labels = [Label.ATTACK, Label.ATTACK, Label.BONA_FIDE] * 8
    present = [list(random.choice(NAMES, 2, replace=False)) if label is Label.ATTACK else [] for label in labels]
    faces = [numbered_face(number, label) for number, label in enumerate(labels)]
    by_face = dict(zip([one.face_id for one in faces], present, strict=True))
    captions = {Label.ATTACK: [text(names) for names in present if names], Label.BONA_FIDE: [text([])]}
    sampler = grounding.of_sampler(faces, captions, by_face)
    looks = rows(present, present, labels)
    repeats = rows([present[0] if label is Label.ATTACK else [] for label in labels], present, labels)

    report = grounding.summarise({0: looks, 1: looks}, sampler, CELL, SETTINGS)
    assert report.explained["f1"] == Figure(1.0, 1.0, 1.0)
    assert report.difference["f1"].low > 0.5
    assert report.counts == GroundingCounts(bona_fide=8, attack=16, subjects=4, seeds=2)
    assert report.key == "oci_m-vanilla"
    assert grounding.summarise({0: repeats}, sampler, CELL, SETTINGS).difference["f1"].value < 0.2
    compared = grounding.compared_with_sampler({0: looks, 1: repeats}, sampler, CELL)
    assert compared is not None and compared.difference.values.shape == (2, 4)
    by_seed = compared.difference.values.mean(axis=1)
    assert by_seed[0] == pytest.approx(report.difference["f1"].value) and by_seed[1] < 0.2
    assert compared.baseline_value == pytest.approx(report.sampler["f1"].value)
    mixed = grounding.summarise({0: looks, 1: repeats}, sampler, CELL, SETTINGS)
    assert mixed.explained["f1"].value == pytest.approx((1.0 + repeats.measure(ones(24))["f1"][0]) / 2)
