from __future__ import annotations

import pytest

from fasrepro.rows.faces import Face, Label
from fasrepro.training import tuning


def face(dataset: str, video: int, frame: int, attack: bool) -> Face:
    presentation = f"{dataset}/v{video}"
    return Face(
        face_id=f"{presentation}#{frame:04d}",
        dataset=dataset,
        split="test",
        subject=f"{dataset}/{video}",
        presentation=presentation,
        species="print" if attack else "bona_fide",
        instrument="",
        label=Label.ATTACK if attack else Label.BONA_FIDE,
        camera="",
        frame=frame,
        box=(0, 0, 50, 50),
        box_source="sidecar",
        crop="",
        crop_sha256="",
    )


def test_dev_auc_is_by_video_and_data_set() -> None:
    dev = [face("msu", video, frame, video > 1) for video in range(4) for frame in (0, 1)]
    dev += [face("replay", video, 0, video > 0) for video in range(2)]
    scores = dict.fromkeys((f.face_id for f in dev), 0.0)
    # Frame by frame two attacks lie below a bona fide face; the means of videos are in order.
    for name, value in (("msu/v0", (0.1, 0.1)), ("msu/v1", (0.5, 0.1)), ("msu/v2", (0.4, 0.9)), ("msu/v3", (0.9, 0.3))):
        scores |= {f"{name}#0000": value[0], f"{name}#0001": value[1]}
    scores |= {"replay/v0#0000": 0.9, "replay/v1#0000": 0.2}
    found = tuning.dev_auc(dev, scores)
    assert found == {"msu": 1.0, "replay": 0.0}
    assert tuning.mean_auc(found) == 0.5
    with pytest.raises(ValueError, match="dev of replay: all videos have one label"):
        tuning.dev_auc([f for f in dev if f.presentation != "replay/v1"], scores)


def test_the_best_dev_auc_is_chosen_and_of_equal_ones_the_lowest_rate() -> None:
    assert tuning.choose({0.0005: 0.8, 0.001: 0.9, 0.002: 0.85}) == 0.001
    assert tuning.choose({0.002: 0.9, 0.001: 0.9}) == 0.001
    with pytest.raises(ValueError, match="no learning rate was tried"):
        tuning.choose({})
    assert tuning.name("vanilla", 0.0005) == "vanilla@0.0005"
