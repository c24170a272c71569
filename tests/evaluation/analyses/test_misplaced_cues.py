"""Print and replay cues named on other attacks: what counts as one, and shares by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fasrepro import vocabulary
from fasrepro.evaluation.analyses import misplaced_cues
from fasrepro.evaluation.metrics import MetricError
from tests.evaluation.analyses.test_unseen import face

FACES = {one.face_id: one for one in (face(s, n) for s in ("bona_fide", "silicone_mask", "makeup_cosmetic") for n in (1, 2))}
IDS = list(FACES)
SEEN = dict(zip(IDS, [[], [], ["waxy_skin"], ["mask_edge"], ["heavy_makeup"], ["heavy_makeup"]], strict=True))


def says(*names: str) -> str:
    return f"One sees {' and '.join(vocabulary.CUES[name].phrasings[0] for name in names)}." if names else "A face."


def test_a_foreign_cue_goes_with_prints_and_replays_alone() -> None:
    assert {"moire", "paper_border", "glare", "hand_on_medium", "cut_eyes"} <= misplaced_cues.FOREIGN
    assert not misplaced_cues.FOREIGN & {"halftone", "waxy_skin", "uniform_texture"}  # paper masks have halftone dots too
    masks = {species for family in misplaced_cues.FAMILIES for species in vocabulary.FAMILIES[family]}
    assert not {name for species in masks for name in vocabulary.cues_of(species)} & misplaced_cues.FOREIGN


def test_marks() -> None:
    assert misplaced_cues.marks(says("moire", "waxy_skin"), ["waxy_skin"]) == (1.0, 1.0, 1.0)
    assert misplaced_cues.marks(says("halftone"), []) == (0.0, 0.0, 1.0)
    assert misplaced_cues.marks(says(), ["moire"]) == (0.0, 0.0, 0.0)
    named, there, anything = misplaced_cues.marks(says("bezel"), None)
    assert (named, anything) == (1.0, 1.0)
    assert np.isnan(there)


def texts(*said: str) -> dict[str, str]:
    return dict(zip(IDS, said, strict=True))


VANILLA = texts(says("moire"), says(), says(), says("mask_edge"), says("heavy_makeup"), says())
REASONING = texts(says(), says(), says("moire"), says("moire", "mask_edge"), says("bezel"), says())


def summary(written: dict[tuple[str, str], dict[int, dict[str, str]]], seen: dict[str, list[str]] | None = SEEN) -> dict:
    return misplaced_cues.summarise(written, FACES, seen, "reasoning", "vanilla", "siw", 100, 0.95, 1)


def test_shares_and_their_difference_by_hand() -> None:
    found = summary({("oci_w", "vanilla"): {0: VANILLA}, ("oci_w", "reasoning"): {0: REASONING, 1: VANILLA}})
    values = {
        run: {kind: [cell[m]["value"] for m in misplaced_cues.MEASURES] for kind, cell in kinds.items()}
        for run, kinds in found["mean"].items()
    }
    assert values["vanilla"] == {
        "bona_fide": [0.5, 0.0, 0.5],
        "mask": [0.0, 0.5, 0.5],
        "makeup": [0.0, 0.5, 0.5],
        "unseen": [0.0, 0.5, 0.5],
    }
    # Of seed 0: masks 1.0, 0.5, 1.0; make-up 0.5, 0.0, 0.5; bona fide nothing. Seed 1 says what vanilla says.
    assert values["reasoning"]["mask"] == [0.5, 0.5, 0.75]
    assert values["reasoning"]["makeup"] == [0.25, 0.25, 0.5]
    assert values["reasoning"]["unseen"] == [0.375, 0.375, 0.625]
    assert found["difference"]["unseen"]["foreign"]["value"] == 0.75  # of seed 0, which both have
    assert found["counts"]["unseen"] == {"faces": 4, "subjects": 4}


def test_a_difference_is_of_the_seeds_that_both_runs_have() -> None:
    found = summary({("oci_w", "vanilla"): {1: VANILLA}, ("oci_w", "reasoning"): {0: REASONING, 1: VANILLA}})
    assert found["mean"]["reasoning"]["unseen"]["foreign"]["value"] == 0.375
    assert found["difference"]["unseen"]["foreign"] == {"value": 0.0, "low": 0.0, "high": 0.0}


def test_what_is_in_the_images_can_be_unknown_and_what_was_not_explained_is_empty() -> None:
    found = summary({("oci_w", "vanilla"): {0: VANILLA}}, None)
    assert found["mean"]["vanilla"]["mask"]["present"]["value"] is None
    assert found["mean"]["vanilla"]["bona_fide"]["foreign"]["value"] == 0.5
    assert found["difference"] == {}
    assert summary({}) == {}
    masks = {name: VANILLA[name] for name in IDS[2:3]}  # one face, and none that is bona fide
    found = summary({("oci_w", "vanilla"): {0: masks}})
    assert found["counts"] == {"mask": {"faces": 1, "subjects": 1}, "unseen": {"faces": 1, "subjects": 1}}
    assert found["mean"]["vanilla"]["mask"]["foreign"] == {"value": 0.0, "low": None, "high": None}


def test_runs_that_explain_other_faces_are_refused() -> None:
    less = {name: VANILLA[name] for name in IDS[1:]}
    with pytest.raises(MetricError, match="ocm_w-vanilla: explains other faces of siw"):
        summary({("oci_w", "vanilla"): {0: VANILLA}, ("ocm_w", "vanilla"): {0: less}})
