"""Masks that can be read back, and how much of a box they cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fasrepro import regions
from tests.regions import box_region


def test_a_mask_by_hand() -> None:
    grid = np.array([[False, False, True], [True, False, False]])
    assert regions.encode_region(grid) == "3x2:2,2,2"
    assert regions.encode_region(~grid) == "3x2:0,2,2,2"
    assert np.array_equal(regions.decode_region("3x2:2,2,2"), grid)
    assert not regions.decode_region("60x45:2700").any()
    assert regions.decode_region("60x45:0,2700").all()


@given(arrays.arrays(np.bool_, arrays.array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_regions_survive_the_round_trip(grid: np.ndarray) -> None:
    text = regions.encode_region(grid)
    assert regions.is_region(text)
    assert np.array_equal(regions.decode_region(text), grid)


@given(
    st.builds(
        lambda columns, rows, runs: f"{columns}x{rows}:{','.join(map(str, runs))}",
        st.integers(0, 3),
        st.integers(0, 3),
        st.lists(st.integers(0, 4), max_size=5),
    )
)
def test_what_is_decoded_is_what_would_be_encoded_and_all_else_is_an_error(text: str) -> None:
    try:
        grid = regions.decode_region(text)
    except ValueError as error:
        assert "region" in str(error)
    else:
        assert regions.encode_region(grid) == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "1 2 3 4",
            "3x2",
            "3x2:",
            "3x2:2,2",
            "3x2:2,2,3",
            "3x2:2,0,4",
            "3x2:0",
            "0x2:0",
            "3x2:2,2,2,",
            "3x2:-1,7",
            "3x2:02,4",
        ),
        *("3x2:-1,7", "3x2:02,4", "3x2:2,2,2\n", "9999x9999:99980001", "\u0663x2:6"),
    ],
)
def test_a_text_that_is_no_region_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="region"):
        regions.decode_region(text)


@pytest.mark.parametrize(
    "grid", [np.zeros((2, 2)), np.zeros(4, dtype=bool), np.zeros((0, 3), dtype=bool), np.zeros((1, 1000), bool)]
)
def test_an_array_that_is_no_grid_is_not_encoded(grid: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a region is a boolean grid"):
        regions.encode_region(grid)


@pytest.mark.parametrize(
    ("box", "share"),
    [
        ((8, 16, 4, 4), 1.0),  # the one cell itself
        ((8, 16, 8, 4), 0.5),
        ((10, 18, 4, 4), 0.25),  # 2 x 2 of its pixels
        ((11.5, 16, 2, 2), 0.25),  # half a column of a box of 4 pixels
        ((12, 16, 4, 4), 0.0),
        ((-4, -4, 20, 30), 16 / 600),
    ],
)
def test_the_share_of_a_box_that_a_cell_covers(box: tuple[float, ...], share: float) -> None:
    assert regions.share(box, box_region(8, 16, 4, 4)) == pytest.approx(share)
