"""Hashes of inputs and versions of packages: what an output was made from. Never a time, a host or a git revision."""

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
    """Return the SHA-256 of a JSON value in its canonical form: sorted keys, no blanks."""
    return sha256_bytes(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def pixel_hash(rgb: np.ndarray) -> str:
    """Return a hash of decoded pixels, so that the same picture in another file format has the same hash.

    `rgb`: uint8 of shape (height, width, 3).
    """
    height, width, channels = rgb.shape
    return sha256_bytes(f"{height}x{width}x{channels}:{rgb.dtype}".encode() + np.ascontiguousarray(rgb).tobytes())


def unit_hash(*parts: object) -> float:
    """Return a number in [0, 1) that is a pure function of `parts`: a random draw that can be repeated.

    >>> unit_hash("style", "msu/a#0004") == unit_hash("style", "msu/a#0004")
    True
    """
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def versions() -> dict[str, str]:
    """Return the versions of the installed packages that can change a result's bytes."""
    return {name: importlib.metadata.version(name) for name in PACKAGES}
