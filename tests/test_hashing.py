from __future__ import annotations

from pathlib import Path

import numpy as np

from fasrepro import hashing


def test_pixels_hash_alike_in_any_memory_order_and_differ_by_one_value() -> None:
    rgb = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    assert hashing.pixel_hash(rgb) == hashing.pixel_hash(np.asfortranarray(rgb))
    other = rgb.copy()
    other[0, 0, 0] ^= 1
    assert hashing.pixel_hash(rgb) != hashing.pixel_hash(other)
    assert hashing.pixel_hash(rgb) != hashing.pixel_hash(rgb.reshape(5, 4, 3))


def test_unit_hash_is_even_and_a_function_of_its_parts() -> None:
    values = [hashing.unit_hash("coin", n) for n in range(4000)]
    assert values == [hashing.unit_hash("coin", n) for n in range(4000)]
    assert all(0 <= value < 1 for value in values)
    assert abs(sum(value < 0.1 for value in values) / 4000 - 0.1) < 0.02
    assert hashing.unit_hash("a", "bc") != hashing.unit_hash("ab", "c")


def test_hashes_name_content_alone(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    assert hashing.sha256_file(tmp_path / "a") == hashing.sha256_bytes(b"x")
    assert hashing.sha256_json({"a": 1, "b": 2}) == hashing.sha256_json({"b": 2, "a": 1})
