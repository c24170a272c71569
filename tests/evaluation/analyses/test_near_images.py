from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fasrepro.evaluation.analyses import near_images
from tests.faces import face


def picture(seed: int, side: int = 90) -> np.ndarray:
    """Return a smooth random picture."""
    rng = np.random.default_rng(seed)
    return cv2.resize(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8), (side, side), interpolation=cv2.INTER_CUBIC)


def compressed(rgb: np.ndarray) -> np.ndarray:
    data = io.BytesIO()
    Image.fromarray(rgb).save(data, "JPEG", quality=50)
    return np.asarray(Image.open(data))


def differing(first: np.ndarray, second: np.ndarray) -> int:
    return (near_images.look(first).bits ^ near_images.look(second).bits).bit_count()


@pytest.mark.parametrize("seed", range(5))
def test_a_copy_that_was_encoded_resized_or_lit_anew_keeps_its_hash(seed: int) -> None:
    original = picture(seed)
    assert differing(original, compressed(original)) <= near_images.BOUND
    assert differing(original, cv2.resize(original, (45, 45), interpolation=cv2.INTER_AREA)) <= near_images.BOUND
    assert differing(original, (original * 0.8 + 20).astype(np.uint8)) <= near_images.BOUND
    assert differing(original, picture(seed + 5)) > 4 * near_images.BOUND


def test_a_picture_without_contrast_has_a_hash() -> None:
    assert differing(np.full((9, 9, 3), 80, np.uint8), np.full((30, 20, 3), 90, np.uint8)) <= 1


@st.composite
def related_hashes(draw: st.DrawFn) -> list[int]:
    """Return hashes of which many are few bits apart."""
    base = draw(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=3))
    flips = st.lists(st.integers(0, 63), max_size=6).map(lambda bits: sum({1 << bit for bit in bits}))
    return [draw(st.sampled_from(base)) ^ draw(flips) for _ in range(draw(st.integers(0, 12)))]


@given(related_hashes(), st.data())
def test_the_pairs_are_all_that_lie_within_the_bound_and_show_two_people(hashes: list[int], data: st.DataObject) -> None:
    people = data.draw(st.lists(st.integers(0, 3), min_size=len(hashes), max_size=len(hashes)))
    expected = [
        [first, second]
        for first in range(len(hashes))
        for second in range(first + 1, len(hashes))
        if (hashes[first] ^ hashes[second]).bit_count() <= near_images.BOUND and people[first] != people[second]
    ]
    assert near_images.near_pairs(np.array(hashes, np.uint64), np.array(people, int)).tolist() == expected


def test_thumbnails_are_compared_whatever_their_light() -> None:
    ramp = np.arange(0, 80, 10)
    rows = np.array([ramp, ramp, ramp, [7] * 8], np.uint8)
    others = np.array([ramp // 2 + 90, ramp[::-1], [40, 0, 20, 30, 10, 60, 50, 70], [9] * 8], np.uint8)
    assert near_images.correlated(rows, others).tolist() == [True, False, False, True]


def test_only_pairs_in_two_parts_count_for_a_protocol() -> None:
    faces = [face(f"msu/{number}", "print") for number in range(5)]
    ids = [row.face_id for row in faces]
    thumbnails = [np.arange(256, dtype=np.uint8)] * 4 + [np.arange(255, -1, -1, dtype=np.uint8)]
    near = near_images.report(
        faces,
        [near_images.Look(*one) for one in zip([0, 0b1111, 2**63, 0b11111 << 40, 0], thumbnails, strict=True)],
        {"a": {"train": ids[:1], "test": ids[1:]}, "b": {"train": ids[:2], "test": ids[3:]}, "c": {"train": ids[:1]}},
    )
    assert (near.faces, near.pairs) == (5, 2)  # the first with the second and with the third
    assert {name: shared.pairs for name, shared in near.protocols.items()} == {"a": 2, "b": 0, "c": 0}
    assert near.protocols["a"].examples[0] == ["msu/0#0004 (train)", "msu/1#0004 (test)"]
    assert near_images.notice(near).endswith("a 2 pairs, such as msu/0#0004 (train) and msu/1#0004 (test)")
    alone = near_images.report(faces[:1], [near_images.look(picture(0))], {"c": {"train": ids[:1]}})
    assert near_images.notice(alone) == "no two parts of a protocol hold images that look the same"
