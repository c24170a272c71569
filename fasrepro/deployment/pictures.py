"""Anybody's picture files: decoded within a limit, turned upright, or refused with the state that says why.

Nothing is decoded before the header's size is checked, so memory stays bounded whatever a file claims.
"""

from __future__ import annotations

import dataclasses
import os
import stat
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from fasrepro.archives.layout import VIDEOS

PIXEL_LIMIT = 50_000_000  # of one picture; a phone's 48 megapixels fit
# Formats that Pillow decodes by itself. Others may start a program (EPS starts Ghostscript).
FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "GIF", "TIFF")
NOT_A_PICTURE, UNREADABLE, TOO_LARGE = "not_a_picture", "unreadable", "too_large"


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
        with warnings.catch_warnings():
            # Our own limit is lower and always an error; Pillow's warnings about odd EXIF data say nothing of the pixels.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=FORMATS) as image:
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
    turned = image.getexif().get(0x0112, 1) not in (0, 1)
    if turned:
        remarks.append("turned as its EXIF data says")
    if image.mode.startswith("I") or image.mode == "F":
        return Picture(_grey(np.asarray(ImageOps.exif_transpose(image))), [*remarks, "more than 8 bits a pixel: scaled to 8"])
    if "A" in image.mode or "transparency" in image.info:
        remarks.append("transparency dropped")
    if image.mode == "CMYK":
        remarks.append("CMYK converted without a colour profile")
    rgb = image.convert("RGB")
    if turned:
        rgb = ImageOps.exif_transpose(rgb)
    return Picture(np.ascontiguousarray(rgb), remarks)


def _grey(values: np.ndarray) -> np.ndarray:
    """Return 16-bit grey values as uint8 of (height, width, 3). Raises `PictureError` for values beyond 16 bits."""
    if not np.issubdtype(values.dtype, np.integer) or values.min() < 0 or values.max() > 0xFFFF:
        raise PictureError(UNREADABLE, "grey values that are no whole numbers of 16 bits")
    return np.repeat((values >> 8).astype(np.uint8)[:, :, None], 3, axis=2)
