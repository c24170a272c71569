"""The overlap of species' cues with the sources', by hand: from visible cues, and by name where none are known."""

from __future__ import annotations

import numpy as np
import pytest

from fasrepro import vocabulary
from fasrepro.evaluation.analyses import cue_overlap
from fasrepro.evaluation.metrics import MetricError
from tests.evaluation.analyses.test_unseen import siw_face

SOURCES = [siw_face("print", 8), siw_face("replay_video", 9), siw_face("bona_fide", 7)]
TARGET = [siw_face("print", 1), siw_face("paper_mask", 1), siw_face("mannequin", 1), siw_face("bona_fide", 1)]
VISIBLE = dict(
    zip(
        [one.face_id for one in (*SOURCES, *TARGET)],
        [["halftone", "curl"], ["moire"], [], ["halftone", "glare"], ["halftone", "mask_edge", "eye_hole_seam"], [], []],
        strict=True,
    )
)


def test_overlap_is_the_share_of_visible_cues_that_sources_show() -> None:
    overlap = cue_overlap.overlap(TARGET, SOURCES, VISIBLE)
    by_face = [overlap.by_face[one.face_id] for one in TARGET[:3]]
    assert by_face[:2] == [0.5, pytest.approx(1 / 3)]  # the sources' prints happen to show no glare
    assert np.isnan(by_face[2])  # no cue is visible in it
    assert TARGET[3].face_id not in overlap.by_face
    assert overlap.measured


def test_nominal_overlap_counts_cues_of_source_species() -> None:
    assert cue_overlap.nominal("print", ["print"]) == 1.0
    only_halftone = 1 / len(vocabulary.cues_of("paper_mask"))
    assert cue_overlap.nominal("paper_mask", ["print", "replay_video"]) == only_halftone
    assert cue_overlap.nominal("silicone_mask", ["print", "replay_video"]) == 0.0
    overlap = cue_overlap.overlap(TARGET, SOURCES, None)
    assert overlap.by_face[TARGET[1].face_id] == overlap.nominal["paper_mask"]
    assert not overlap.measured


def test_every_species_has_a_family() -> None:
    assert cue_overlap.families(TARGET) == {"print", "mask"}
    assert cue_overlap.family("bona_fide") == "bona_fide"
    assert {cue_overlap.family(name) for name in vocabulary.SPECIES} == {"bona_fide", *vocabulary.FAMILIES}
    with pytest.raises(MetricError, match=r"species 'hologram' is in no family of vocabulary\.FAMILIES"):
        cue_overlap.family("hologram")


def test_sources_without_attacks_are_refused() -> None:
    with pytest.raises(MetricError, match="no attack among the training rows"):
        cue_overlap.overlap(TARGET, [SOURCES[2]], VISIBLE)
