"""Crops of faces on disk: PNG files in one ZIP file a data set, each checked against the hash of its pixels in the index.

The crop `<data set>/<member>` is a member of `<data set>.zip` in the crops' folder. Members are stored without compression (PNG
is compressed already) and without times, so that the same crops in the same order are the same bytes. A data set is one file
because DVC looks at every file of an output whenever it checks whether anything has changed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import os
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from fasrepro.hashing import pixel_hash

NO_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP file can hold
OPEN_PACKS = 16  # ZIP files that stay open
LOCAL_HEADER = struct.Struct("<26xHH")  # of a member: 26 bytes, then the lengths of its name and of its extra field


class CropError(ValueError):
    """A crop that is missing, unreadable or not the one in the index; the message names file and member."""


def encode(rgb: np.ndarray) -> tuple[bytes, str]:
    """Return the bytes of a crop's PNG file, and the hash of its pixels. `rgb`: uint8 of shape (height, width, 3)."""
    data = io.BytesIO()
    Image.fromarray(rgb).save(data, format="PNG", compress_level=3)
    return data.getvalue(), pixel_hash(rgb)


@contextlib.contextmanager
def packed(folder: Path) -> Iterator[Callable[[str, bytes], None]]:
    """Yield a function that appends a crop, given its name and PNG bytes, to its data set's ZIP file in `folder`.

    Crops are written in the order of the calls; the files are complete when the block ends without an error. Raises `CropError`
    naming a file that cannot be written.
    """
    packs: dict[Path, zipfile.ZipFile] = {}

    def add(crop: str, data: bytes) -> None:
        path, member = _place(folder, crop)
        with _written(path):
            if path not in packs:
                folder.mkdir(parents=True, exist_ok=True)
                packs[path] = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
            info = zipfile.ZipInfo(member, NO_TIME)
            info.create_system, info.external_attr = 3, 0o100644 << 16
            packs[path].writestr(info, data)

    try:
        yield add
        for path, pack in packs.items():
            with _written(path):
                pack.close()
    finally:
        for pack in packs.values():  # after an error, these would only hide it
            with contextlib.suppress(OSError, ValueError):
                pack.close()


@contextlib.contextmanager
def _written(path: Path) -> Iterator[None]:
    """Turn a failure to write `path` into an error that names it."""
    try:
        yield
    except OSError as error:
        raise CropError(f"{path}: cannot be written: {error.strerror or error}; make room and run the stage again") from None


def _place(folder: Path, crop: str) -> tuple[Path, str]:
    """Return the ZIP file and the member that a crop's name stands for."""
    dataset, _, member = crop.partition("/")
    return folder / f"{dataset}.zip", member


@dataclasses.dataclass(frozen=True, slots=True)
class _Pack:
    """An open ZIP file. Each read gives its own position, so that threads and forked processes can share the file."""

    file: BinaryIO
    members: dict[str, zipfile.ZipInfo]

    def read(self, member: str) -> bytes:
        info = self.members[member]
        header = os.pread(self.file.fileno(), LOCAL_HEADER.size, info.header_offset)
        start = info.header_offset + LOCAL_HEADER.size + sum(LOCAL_HEADER.unpack(header))
        return os.pread(self.file.fileno(), info.file_size, start)


@functools.lru_cache(OPEN_PACKS)
def _opened(path: Path, stamp: tuple[int, int, int]) -> _Pack:
    """Open a ZIP file and read the list of its members, once for each state (`stamp`) of the file."""
    del stamp
    file = path.open("rb")
    with zipfile.ZipFile(file) as pack:
        return _Pack(file, {info.filename: info for info in pack.infolist()})


def _pack(path: Path) -> _Pack:
    try:
        state = path.stat()
        return _opened(path, (state.st_ino, state.st_size, state.st_mtime_ns))
    except FileNotFoundError:
        raise CropError(f"{path}: no such file of crops; `dvc repro index` makes it") from None
    except (OSError, zipfile.BadZipFile) as error:
        raise CropError(f"{path}: not a readable file of crops ({error}); `dvc repro --force index` writes it anew") from None


def read_png(folder: Path, crop: str, sha256: str) -> tuple[bytes, Image.Image]:
    """Return a crop's PNG bytes, and the decoded RGB picture, whose pixels have the hash `sha256`. Raises `CropError`."""
    path, member = _place(folder, crop)
    pack = _pack(path)
    if member not in pack.members:
        raise CropError(f"{path}: {member}: no such crop; `dvc repro index` makes it")
    try:
        data = pack.read(member)
        image = Image.open(io.BytesIO(data)).convert("RGB")
    except (OSError, struct.error) as error:
        raise CropError(f"{path}: {member}: not a readable picture ({error}); `dvc repro --force index` writes it anew") from None
    if pixel_hash(np.asarray(image)) != sha256:
        raise CropError(f"{path}: {member}: its pixels are not those of the index; `dvc repro --force index` writes it anew")
    return data, image


def read_crop(folder: Path, crop: str, sha256: str) -> Image.Image:
    """Return a face's crop as an RGB picture. Raises `CropError`."""
    return read_png(folder, crop, sha256)[1]
