"""Anybody's picture files: decoded within a limit, turned upright, or refused with the state that says why.

Nothing is decoded before the header's size is checked, so memory stays bounded whatever a file claims. Pillow holds four bytes a
pixel; the pixels are taken out of it in bands of rows, so that no second copy of the picture is held. A picture at `PIXEL_LIMIT`
takes at most `MEMORY` bytes from the file to its faces; a test measures it.
"""

from __future__ import annotations

import dataclasses
import os
import stat
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from fasrepro.archives.layout import VIDEOS

PIXEL_LIMIT = 50_000_000  # of one picture; a phone's 48 megapixels fit
MEMORY = 1 << 30  # bytes that a picture may take beside the model
BAND = 256  # rows of a picture that are converted at once
# Formats that Pillow decodes by itself. Others may start a program (EPS starts Ghostscript).
FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "GIF", "TIFF")
NOT_A_PICTURE, UNREADABLE, TOO_LARGE = "not_a_picture", "unreadable", "too_large"
# What makes pixels upright, by the value of EXIF's orientation; 1 is upright.
UPRIGHT: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: np.fliplr,
    3: lambda rgb: np.rot90(rgb, 2),
    4: np.flipud,
    5: lambda rgb: np.swapaxes(rgb, 0, 1),
    6: lambda rgb: np.rot90(rgb, -1),
    7: lambda rgb: np.swapaxes(np.rot90(rgb, 2), 0, 1),
    8: np.rot90,
}


class PictureError(ValueError):
    """A file that gives no pixels; `state` is one of `NOT_A_PICTURE`, `UNREADABLE` and `TOO_LARGE`."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(reason)
        self.state = state


@dataclasses.dataclass(frozen=True)
class Picture:
    """A decoded picture, upright.

    Args:
        rgb: uint8 of (height, width, 3).
        remarks: what was changed or left out on the way to `rgb`.
    """

    rgb: np.ndarray
    remarks: list[str]


def expand(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield files as they are named, and the files below each folder in sorted order.

    Links to folders inside a folder are yielded and not followed, so that a loop of links ends and is reported.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for name, folders, files in os.walk(path):
            folders.sort()
            links = [folder for folder in folders if (Path(name) / folder).is_symlink()]
            yield from (Path(name) / file for file in sorted([*files, *links]))


def check_file(path: Path) -> None:
    """Raise `PictureError` for what is no regular file with bytes in it. Opens nothing: a FIFO would wait for ever."""
    try:
        status = path.stat()
    except OSError as error:
        raise PictureError(UNREADABLE, error.strerror or str(error)) from None
    if stat.S_ISDIR(status.st_mode):
        raise PictureError(NOT_A_PICTURE, "a link to a folder, which is not followed; name the folder itself")
    if not stat.S_ISREG(status.st_mode):
        raise PictureError(NOT_A_PICTURE, "not a regular file")
    if status.st_size == 0:
        raise PictureError(UNREADABLE, "empty file")


def is_video(path: Path) -> bool:
    """Return whether a file's name is that of a video.

    >>> is_video(Path("a.MOV")), is_video(Path("a.jpg"))
    (True, False)
    """
    return path.suffix.lower() in VIDEOS


def read(path: Path) -> Picture:
    """Return a picture file's first frame as RGB, turned as its EXIF data says. Raises `PictureError`."""
    check_file(path)
    try:
        with path.open("rb") as file:
            return decode(file)
    except OSError as error:
        raise PictureError(UNREADABLE, error.strerror or str(error)) from None


def decode(file: BinaryIO) -> Picture:
    """Return the first frame of an open picture, as `read` does. Raises `PictureError`."""
    try:
        with warnings.catch_warnings():
            # Our own limit is lower and always an error; Pillow's warnings about odd EXIF data say nothing of the pixels.
            warnings.simplefilter("ignore")
            with Image.open(file, formats=FORMATS) as image:
                return _decoded(image)
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError(NOT_A_PICTURE, f"none of {', '.join(FORMATS)}, and no video by its name") from None
    except Image.DecompressionBombError:
        raise PictureError(TOO_LARGE, f"more than {PIXEL_LIMIT} pixels; shrink it first") from None
    except (OSError, ValueError, SyntaxError, EOFError, OverflowError, MemoryError) as error:  # of malformed files
        raise PictureError(UNREADABLE, " ".join(str(error).split()) or type(error).__name__) from None


def _decoded(image: Image.Image) -> Picture:
    width, height = image.size
    if width * height > PIXEL_LIMIT:
        raise PictureError(TOO_LARGE, f"{width} x {height} is more than {PIXEL_LIMIT} pixels; shrink it first")
    remarks = []
    if getattr(image, "is_animated", False):
        image.seek(0)
        remarks.append("several frames in the file: the first alone")
    if image.getexif().get(ExifTags.Base.Orientation) in UPRIGHT:
        remarks.append("turned as its EXIF data says")
    image.load()  # which turns a TIFF file by itself, and removes its orientation
    turn = UPRIGHT.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    if image.mode.startswith("I") or image.mode == "F":
        remarks.append("more than 8 bits a pixel: scaled to 8")
    if "A" in image.mode or "transparency" in image.info:
        remarks.append("transparency dropped")
    if image.mode == "CMYK":
        remarks.append("CMYK converted without a colour profile")
    rgb = _pixels(image)
    image.close()  # before the pixels are turned, which takes a copy of them
    return Picture(rgb if turn is None else np.ascontiguousarray(turn(rgb)), remarks)


def _pixels(image: Image.Image) -> np.ndarray:
    """Return a picture as uint8 RGB of (height, width, 3), converted band by band."""
    width, height = image.size
    rgb = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, BAND):
        band = image.crop((0, top, width, min(top + BAND, height)))
        deep = band.mode.startswith("I") or band.mode == "F"
        rgb[top : top + BAND] = _grey(np.asarray(band)) if deep else np.asarray(band.convert("RGB"))
    return rgb


def _grey(values: np.ndarray) -> np.ndarray:
    """Return 16-bit grey values as uint8 of (height, width, 1). Raises `PictureError` for values beyond 16 bits."""
    if not np.issubdtype(values.dtype, np.integer) or values.min() < 0 or values.max() > 0xFFFF:
        raise PictureError(UNREADABLE, "grey values that are no whole numbers of 16 bits")
    return (values >> 8).astype(np.uint8)[:, :, None]
