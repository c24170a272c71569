"""HDF5 files of colour frames: one dataset of all frames (3DMAD), or a group a frame (WMCA)."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from fasrepro.archives.layout import ArchiveError

SUFFIXES = (".hdf5", ".h5")
ALL_FRAMES = "Color_Data"  # of (frames, 3, height, width)
_GROUP = re.compile(r"Frame_(\d+)")  # holds a dataset `array` of (3, height, width)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Yield an HDF5 file, an `h5py.File`, to read. Raises `ArchiveError` for one that is absent, truncated or damaged."""
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, KeyError, RuntimeError) as error:  # h5py raises these for damaged files
        reason = " ".join(str(error).split())
        raise ArchiveError(f"{path}: not a whole HDF5 file ({reason}); restore it from the official archive") from None


def groups(file: Any) -> dict[int, str]:
    """Return the dataset of each frame's group by the frame's number, in order."""
    matches = [match for match in map(_GROUP.fullmatch, file) if match]
    return {int(match[1]): f"{match[0]}/array" for match in sorted(matches, key=lambda match: int(match[1]))}


def count(path: Path) -> int:
    """Return how many frames a file holds. Raises `ArchiveError` as `opened`."""
    with opened(path) as file:
        return len(file[ALL_FRAMES]) if ALL_FRAMES in file else len(groups(file))


def frames(path: Path) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the frames of a file as uint8 RGB of (height, width, 3), each with its number. Raises `ArchiveError` as `opened`."""
    with opened(path) as file:
        if ALL_FRAMES in file:
            numbered: Iterator[tuple[int, Any]] = enumerate(file[ALL_FRAMES])
        else:
            numbered = ((number, file[dataset][()]) for number, dataset in groups(file).items())
        for number, pixels in numbered:
            yield number, np.ascontiguousarray(pixels.transpose(1, 2, 0))
