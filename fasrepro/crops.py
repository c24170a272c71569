"""Crops on disk: PNG files whose pixels the index knows by their hash, packed into one ZIP file a data set.

A crop is named `<data set>/<member>`: a member of `<data set>.zip` in the crops' folder. Members are stored, not deflated (PNG
is deflated already), without times, so the same crops in the same order are the same bytes. One file a data set instead of
thousands: DVC looks at every file of an output each time that it is asked whether there is anything to do.
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
OPEN_PACKS = 16
LOCAL_HEADER = struct.Struct("<26xHH")  # of a member: 26 bytes, then the lengths of its name and of its extra field


class CropError(ValueError):
    """A crop that is missing, unreadable, or not the one that the index wrote; the message names file and member."""


def encode(rgb: np.ndarray) -> tuple[bytes, str]:
    """Return a crop (uint8, height x width x 3) as the bytes of a PNG file, and the hash of its pixels."""
    data = io.BytesIO()
    Image.fromarray(rgb).save(data, format="PNG", compress_level=3)
    return data.getvalue(), pixel_hash(rgb)


@contextlib.contextmanager
def packed(folder: Path) -> Iterator[Callable[[str, bytes], None]]:
    """Yield a function that appends a crop's PNG bytes to the pack of its data set in `folder`, which is made if it is not there.

    Packs are written in the order of the calls and are whole when the block ends well. Raises `CropError` that names the pack
    where one cannot be written.
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
        for pack in packs.values():  # after an error: the packs are lost anyway, and the error that counts is the first
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
    """Return the pack and the member that a crop's name stands for."""
    dataset, _, member = crop.partition("/")
    return folder / f"{dataset}.zip", member


@dataclasses.dataclass(frozen=True, slots=True)
class _Pack:
    """A pack that is open for reading: positions are given with each read, so threads and forked processes may share it."""

    file: BinaryIO
    members: dict[str, zipfile.ZipInfo]

    def read(self, member: str) -> bytes:
        info = self.members[member]
        header = os.pread(self.file.fileno(), LOCAL_HEADER.size, info.header_offset)
        start = info.header_offset + LOCAL_HEADER.size + sum(LOCAL_HEADER.unpack(header))
        return os.pread(self.file.fileno(), info.file_size, start)


@functools.lru_cache(OPEN_PACKS)
def _opened(path: Path, stamp: tuple[int, int, int]) -> _Pack:
    """Open a pack and read the list of its members, once for each state (`stamp`) of the file."""
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
    """Return a crop's PNG bytes as they are, and as an RGB picture whose pixels have the hash `sha256`. Raises `CropError`."""
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
