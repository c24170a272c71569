"""Crops on disk: PNG files whose pixels the index knows by their hash."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from fasrepro.provenance import pixel_hash


class CropError(ValueError):
    """A crop that is missing, unreadable, or not the one that the index wrote."""


def write_crop(path: Path, rgb: np.ndarray) -> str:
    """Write a crop (uint8, height x width x 3) as PNG and return the hash of its pixels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(rgb).save(path, format="PNG", compress_level=3)
    return pixel_hash(rgb)


def read_png(folder: Path, crop: str, sha256: str) -> tuple[bytes, Image.Image]:
    """Return a crop's file as it is, and as an RGB picture whose pixels have the hash `sha256`. Raises `CropError`."""
    path = folder / crop
    try:
        data = path.read_bytes()
        image = Image.open(io.BytesIO(data)).convert("RGB")
    except FileNotFoundError:
        raise CropError(f"{path}: no such crop; `dvc repro index` makes it") from None
    except OSError as error:
        raise CropError(f"{path}: not a readable picture ({error}); `dvc repro --force index` writes it anew") from None
    if pixel_hash(np.asarray(image)) != sha256:
        raise CropError(f"{path}: its pixels are not those of the index; `dvc repro --force index` writes it anew")
    return data, image


def read_crop(folder: Path, crop: str, sha256: str) -> Image.Image:
    """Return a face's crop as an RGB picture. Raises `CropError`."""
    return read_png(folder, crop, sha256)[1]
