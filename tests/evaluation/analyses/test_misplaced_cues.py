"""Print and replay cues that are named on other attacks: which cues count, and shares by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fasrepro import vocabulary
from fasrepro.evaluation.analyses import misplaced_cues
from fasrepro.evaluation.metrics import MetricError
from fasrepro.evaluation.results import Cell, EvaluationSettings, Figure
from fasrepro.evaluation.results.shared import FaceCounts
from fasrepro.evaluation.results.unseen import MisplacedCues
from tests.evaluation.analyses.test_unseen import siw_face

FACES = {one.face_id: one for one in (siw_face(s, n) for s in ("bona_fide", "silicone_mask", "makeup_cosmetic") for n in (1, 2))}
IDS = list(FACES)
VISIBLE = dict(zip(IDS, [[], [], ["waxy_skin"], ["mask_edge"], ["heavy_makeup"], ["heavy_makeup"]], strict=True))
SETTINGS = EvaluationSettings(replicates=100, confidence=0.95, seed=1, digits=6)
Texts = dict[tuple[str, str], dict[int, dict[str, str]]]


def says(*names: str) -> str:
    return f"One sees {' and '.join(vocabulary.CUES[name].phrasings[0] for name in names)}." if names else "A face."


def texts(*by_face: str) -> dict[str, str]:
    return dict(zip(IDS, by_face, strict=True))


VANILLA = texts(says("moire"), says(), says(), says("mask_edge"), says("heavy_makeup"), says())
REASONING = texts(says(), says(), says("moire"), says("moire", "mask_edge"), says("bezel"), says())


def summarise(by_cell: Texts, visible: dict[str, list[str]] | None = VISIBLE) -> MisplacedCues | None:
    """Return the report; `by_cell` by the cell's name and run."""
    cells = {Cell(f"protocol of {cell}", run, "siw_mv2", cell): by_seed for (cell, run), by_seed in by_cell.items()}
    return misplaced_cues.summarise(cells, FACES, visible, ("reasoning", "vanilla"), SETTINGS)


def test_print_replay_cues_go_with_no_other_attack() -> None:
    cues = misplaced_cues.PRINT_REPLAY_CUES
    assert {"moire", "paper_border", "glare", "hand_on_medium", "cut_eyes"} <= cues
    assert not cues & {"halftone", "waxy_skin", "uniform_texture"}  # paper masks have halftone dots too
    masks = {species for family in misplaced_cues.FAMILIES for species in vocabulary.FAMILIES[family]}
    assert not {name for species in masks for name in vocabulary.cues_of(species)} & cues


def test_marks_of_a_text_by_hand() -> None:
    assert misplaced_cues.marks(says("moire", "waxy_skin"), ["waxy_skin"]) == (1.0, 1.0, 1.0)
    assert misplaced_cues.marks(says("halftone"), []) == (0.0, 0.0, 1.0)
    assert misplaced_cues.marks(says(), ["moire"]) == (0.0, 0.0, 0.0)
    print_replay, present, any_cue = misplaced_cues.marks(says("bezel"), None)
    assert (print_replay, any_cue) == (1.0, 1.0)
    assert np.isnan(present)


def test_shares_and_their_difference_by_hand() -> None:
    report = summarise({("oci_w", "vanilla"): {0: VANILLA}, ("oci_w", "reasoning"): {0: REASONING, 1: VANILLA}})
    values = {
        run: {kind: [figures[name].value for name in misplaced_cues.MEASURES] for kind, figures in kinds.items()}
        for run, kinds in report.mean.items()
    }
    assert values["vanilla"] == {
        "bona_fide": [0.5, 0.0, 0.5],
        "mask": [0.0, 0.5, 0.5],
        "makeup": [0.0, 0.5, 0.5],
        "unseen": [0.0, 0.5, 0.5],
    }
    # Seed 0: masks 1.0, 0.5, 1.0; make-up 0.5, 0.0, 0.5; bona fide nothing. Seed 1 has the texts of vanilla.
    assert values["reasoning"]["mask"] == [0.5, 0.5, 0.75]
    assert values["reasoning"]["makeup"] == [0.25, 0.25, 0.5]
    assert values["reasoning"]["unseen"] == [0.375, 0.375, 0.625]
    assert report.cells["oci_w-vanilla"] == report.mean["vanilla"]
    assert report.difference["unseen"]["print_replay"].value == 0.75  # of seed 0, which both runs have
    assert report.counts["unseen"] == FaceCounts(faces=4, subjects=4)


def test_a_difference_is_of_the_seeds_that_both_runs_have() -> None:
    report = summarise({("oci_w", "vanilla"): {1: VANILLA}, ("oci_w", "reasoning"): {0: REASONING, 1: VANILLA}})
    assert report.mean["reasoning"]["unseen"]["print_replay"].value == 0.375
    assert report.difference["unseen"]["print_replay"] == Figure(0.0, 0.0, 0.0)


def test_without_known_cues_their_share_is_none() -> None:
    report = summarise({("oci_w", "vanilla"): {0: VANILLA}}, None)
    assert report.mean["vanilla"]["mask"]["present"].value is None
    assert report.mean["vanilla"]["bona_fide"]["print_replay"].value == 0.5
    assert report.difference == {}


def test_one_face_has_no_interval_and_no_text_no_report() -> None:
    mask = {name: VANILLA[name] for name in IDS[2:3]}
    report = summarise({("oci_w", "vanilla"): {0: mask}})
    assert report.counts == {"mask": FaceCounts(1, 1), "unseen": FaceCounts(1, 1)}
    assert report.mean["vanilla"]["mask"]["print_replay"] == Figure(0.0, None, None)
    assert summarise({}) is None


def test_runs_that_explain_different_faces_are_refused() -> None:
    fewer = {name: VANILLA[name] for name in IDS[1:]}
    with pytest.raises(MetricError, match="ocm_w-vanilla: explains other faces of siw_mv2"):
        summarise({("oci_w", "vanilla"): {0: VANILLA}, ("ocm_w", "vanilla"): {0: fewer}})
