"""How much species share cues with the sources, by hand: from what is seen, and by name where nothing is known."""

from __future__ import annotations

import numpy as np
import pytest

from fasrepro import cues
from fasrepro.evaluation import sharing
from fasrepro.evaluation.metrics import MetricError
from tests.evaluation.test_unseen import face

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
    found = sharing.shared(TARGET, SOURCES, SEEN)
    values = [found.by_face[one.face_id] for one in TARGET[:3]]
    assert values[:2] == [0.5, pytest.approx(1 / 3)]  # the sources' prints happen to show no glare
    assert np.isnan(values[2])  # nothing is seen in it
    assert TARGET[3].face_id not in found.by_face
    assert found.measured


def test_the_nominal_sharing_counts_cues_that_go_with_a_species_of_the_sources() -> None:
    assert sharing.nominal("print", ["print"]) == 1.0
    assert sharing.nominal("paper_mask", ["print", "replay_video"]) == 1 / len(cues.cues_of("paper_mask"))  # halftone alone
    assert sharing.nominal("silicone_mask", ["print", "replay_video"]) == 0.0
    found = sharing.shared(TARGET, SOURCES, None)
    assert found.by_face[TARGET[1].face_id] == found.nominal["paper_mask"]
    assert not found.measured


def test_families() -> None:
    assert sharing.families(TARGET) == {"print", "mask"}
    assert sharing.family("bona_fide") == "bona_fide"
    assert {sharing.family(name) for name in cues.SPECIES} == {"bona_fide", *cues.FAMILIES}
    with pytest.raises(MetricError, match=r"species 'hologram' is in no family of cues\.FAMILIES"):
        sharing.family("hologram")
    with pytest.raises(MetricError, match="no attack among the training rows"):
        sharing.shared(TARGET, [SOURCES[2]], SEEN)
