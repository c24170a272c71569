"""How much species share cues with the sources, by hand: from what is seen, and by name where nothing is known."""

from __future__ import annotations

import numpy as np
import pytest

from fasrepro import vocabulary
from fasrepro.evaluation.analyses import cue_overlap
from fasrepro.evaluation.metrics import MetricError
from tests.evaluation.analyses.test_unseen import face

SOURCES = [face("print", 8), face("replay_video", 9), face("bona_fide", 7)]
TARGET = [face("print", 1), face("paper_mask", 1), face("mannequin", 1), face("bona_fide", 1)]
SEEN = dict(
    zip(
        [one.face_id for one in (*SOURCES, *TARGET)],
        [["halftone", "curl"], ["moire"], [], ["halftone", "glare"], ["halftone", "mask_edge", "eye_hole_seam"], [], []],
        strict=True,
    )
)


def test_the_share_of_visible_cues_that_the_sources_show_at_all() -> None:
    found = cue_overlap.shared(TARGET, SOURCES, SEEN)
    values = [found.by_face[one.face_id] for one in TARGET[:3]]
    assert values[:2] == [0.5, pytest.approx(1 / 3)]  # the sources' prints happen to show no glare
    assert np.isnan(values[2])  # nothing is seen in it
    assert TARGET[3].face_id not in found.by_face
    assert found.measured


def test_the_nominal_sharing_counts_cues_that_go_with_a_species_of_the_sources() -> None:
    assert cue_overlap.nominal("print", ["print"]) == 1.0
    assert cue_overlap.nominal("paper_mask", ["print", "replay_video"]) == 1 / len(
        vocabulary.cues_of("paper_mask")
    )  # halftone alone
    assert cue_overlap.nominal("silicone_mask", ["print", "replay_video"]) == 0.0
    found = cue_overlap.shared(TARGET, SOURCES, None)
    assert found.by_face[TARGET[1].face_id] == found.nominal["paper_mask"]
    assert not found.measured


def test_families() -> None:
    assert cue_overlap.families(TARGET) == {"print", "mask"}
    assert cue_overlap.family("bona_fide") == "bona_fide"
    assert {cue_overlap.family(name) for name in vocabulary.SPECIES} == {"bona_fide", *vocabulary.FAMILIES}
    with pytest.raises(MetricError, match=r"species 'hologram' is in no family of cues\.FAMILIES"):
        cue_overlap.family("hologram")
    with pytest.raises(MetricError, match="no attack among the training rows"):
        cue_overlap.shared(TARGET, [SOURCES[2]], SEEN)
