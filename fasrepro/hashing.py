"""Hashes of inputs and versions of packages, for provenance. No time, host or git revision is ever part of an output."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = ("numpy", "torch", "transformers", "peft", "scikit-learn", "opencv-python-headless", "av")


def sha256_bytes(data: bytes) -> str:
    """Return the SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_json(value: Any) -> str:
    """Return the SHA-256 of a JSON value in its canonical form: sorted keys, no blanks.

    >>> sha256_json({"a": 1, "b": 2}) == sha256_json({"b": 2, "a": 1})
    True
    """
    return sha256_bytes(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def pixel_hash(rgb: np.ndarray) -> str:
    """Return a hash of decoded pixels; the same picture in another lossless file format has the same hash.

    Args:
        rgb: uint8 of shape (height, width, 3).
    """
    height, width, channels = rgb.shape
    return sha256_bytes(f"{height}x{width}x{channels}:{rgb.dtype}".encode() + np.ascontiguousarray(rgb).tobytes())


def unit_hash(*parts: object) -> float:
    """Return a number in [0, 1) that depends on `parts` alone: a random draw that anybody can repeat.

    >>> round(unit_hash("style", "msu/a#0004"), 6)
    0.082954
    """
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def versions() -> dict[str, str]:
    """Return the versions of the installed packages that can change a result's bytes."""
    return {name: importlib.metadata.version(name) for name in PACKAGES}
