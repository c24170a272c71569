"""Where an output came from: hashes of its inputs and versions of what made it. Never a time, a host or a git revision."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

PACKAGES = ("numpy", "torch", "transformers", "peft", "scikit-learn", "opencv-python-headless", "av")


def sha256_bytes(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pixel_hash(rgb: np.ndarray) -> str:
    """Hash decoded pixels: `rgb` is uint8 of shape (height, width, 3). The same picture in another file has the same hash."""
    height, width, channels = rgb.shape
    return sha256_bytes(f"{height}x{width}x{channels}:{rgb.dtype}".encode() + np.ascontiguousarray(rgb).tobytes())


def sha256_json(value: Any) -> str:
    """Hash a JSON-able value by its canonical form: sorted keys, no blanks."""
    return sha256_bytes(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def unit_hash(*parts: object) -> float:
    """Return a number in [0, 1) that is a pure function of `parts`: a coin whose throw can be repeated."""
    digest = hashlib.sha256("\x1f".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def versions() -> dict[str, str]:
    """Return the versions of the installed packages that can change a result's bytes."""
    return {name: importlib.metadata.version(name) for name in PACKAGES}


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside `path` for a file to be written to, and rename it when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def replaced_folder(folder: Path, work: Path) -> Iterator[Path]:
    """Yield an empty folder under `work` to be filled, and put it in the place of `folder` when the block ends well."""
    temporary = work / folder.name  # one at a time, as DVC sees to; what a killed run left is removed
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            shutil.rmtree(folder)
        temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` whole or not at all."""
    with replaced(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write `value` with sorted keys, whole or not at all."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file; raises `ValueError` naming the file where it is missing or broken."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; `dvc repro` makes it") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: not JSON ({error}); delete it and run `dvc repro`") from None


def rounded(value: Any, digits: int) -> Any:
    """Return a JSON-able value with every float rounded; -0.0 becomes 0.0."""
    if isinstance(value, dict):
        return {key: rounded(item, digits) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item, digits) for item in value]
    return round(value, digits) + 0.0 if isinstance(value, float) else value
