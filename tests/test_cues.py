"""Which cues are seen in a crop."""

import pytest

from fasrepro import cues


def test_boxes_of_a_region() -> None:
    assert cues.boxes("1 2 3 4") == [(1, 2, 3, 4)]
    assert cues.boxes("1 2 3 4;-5 6 7 8") == [(1, 2, 3, 4), (-5, 6, 7, 8)]
    with pytest.raises(ValueError):
        cues.boxes("1 2 3")


@pytest.mark.parametrize(
    ("region", "seen"),
    [
        ("0 0 100 100", True),
        ("10 20 1 25", True),  # 25 of the face's 5000 pixels: just the share
        ("10 20 1 24", False),
        ("10 20 1 12;109 20 9 13", True),  # 12 + 13 = 25 inside: the boxes count together
        ("10 20 1 12;110 20 9 13", False),  # the second lies outside
    ],
)
def test_a_cue_is_seen_where_its_boxes_cover_enough_of_the_crop(region: str, seen: bool) -> None:
    assert cues.VISIBLE_SHARE == 0.005
    assert cues.visible((10, 20, 100, 50), ["glare", "bezel"], ["500 0 9 9", region]) == ["bezel"] * seen
