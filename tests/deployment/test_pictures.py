from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from fasrepro.deployment import pictures
from tests.layout import ROOT


def png_header(width: int, height: int) -> bytes:
    """A PNG file that claims a size and holds none of its pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def truncated(path: Path) -> None:
    Image.fromarray(np.random.default_rng(1).integers(0, 256, (90, 90, 3), dtype=np.uint8)).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:2000])


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "bomb": (lambda path: path.write_bytes(png_header(60_000, 60_000)), pictures.TOO_LARGE),
    "just over the limit": (lambda path: path.write_bytes(png_header(10_000, 5_001)), pictures.TOO_LARGE),
    "truncated": (truncated, pictures.UNREADABLE),
    "empty": (lambda path: path.write_bytes(b""), pictures.UNREADABLE),
    "text": (lambda path: path.write_text("no picture"), pictures.NOT_A_PICTURE),
    "postscript": (lambda path: path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), pictures.NOT_A_PICTURE),
    "fifo": (os.mkfifo, pictures.NOT_A_PICTURE),
    "absent": (lambda path: None, pictures.UNREADABLE),
    "link to itself": (lambda path: path.symlink_to(path), pictures.UNREADABLE),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_has_the_state_of_its_kind(name: str, tmp_path: Path) -> None:
    write, state = HOSTILE[name]
    write(tmp_path / "a.jpg")
    with pytest.raises(pictures.PictureError) as error:
        pictures.read(tmp_path / "a.jpg")
    assert error.value.state == state


# Prints by how many kilobytes a file raised the peak of memory on its way to faces. VmHWM belongs to this program alone, while a
# child's ru_maxrss begins with its parent's.
MEASURE = """
import sys
from pathlib import Path
import numpy as np
from fasrepro.deployment import found_faces, pictures
from tests.index_settings import INDEX

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:"))

def faces(picture):
    try:
        return found_faces.of_picture(picture, INDEX)
    except pictures.PictureError:
        return []

faces(pictures.Picture(np.zeros((99, 99, 3), np.uint8), []))  # loads the detector
before = peak()
try:
    faces(pictures.read(Path(sys.argv[1])))
except pictures.PictureError:
    pass
print(peak() - before)
"""


def kilobytes(path: Path) -> int:
    command = [sys.executable, "-c", MEASURE, str(path)]
    return int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def turned(path: Path) -> None:
    """A JPEG file at the limit of pixels, to be turned by its EXIF data."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (10_000, 5_000), (90, 80, 70)).save(path, "JPEG", exif=exif)


def deep(path: Path) -> None:
    """A PNG file of 16-bit grey at the limit of pixels."""
    Image.fromarray(np.full((5_000, 10_000), 999, np.uint16)).save(path, "PNG", compress_level=1)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured on Linux")
@pytest.mark.parametrize(
    ("write", "most"),
    [
        (lambda path: path.write_bytes(png_header(12_000, 12_000)), 30 << 20),  # a bomb: 432 MB of pixels, refused
        (turned, pictures.MEMORY),
        (deep, pictures.MEMORY),
        (lambda path: Image.new("CMYK", (10_000, 5_000), (9, 8, 7, 6)).save(path, "JPEG"), pictures.MEMORY),
    ],
    ids=["bomb", "turned", "16 bits", "CMYK"],
)
def test_memory_stays_within_the_stated_limit(write: Callable[[Path], object], most: int, tmp_path: Path) -> None:
    write(tmp_path / "large")
    assert kilobytes(tmp_path / "large") << 10 <= most


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_of_an_animation_the_first_frame_is_taken_and_said(suffix: str, tmp_path: Path) -> None:
    first, second = (Image.new("RGB", (20, 10), colour) for colour in ("white", "black"))
    first.save(tmp_path / f"a.{suffix}", save_all=True, append_images=[second])
    picture = pictures.read(tmp_path / f"a.{suffix}")
    assert picture.rgb.min() > 250
    assert picture.remarks == ["several frames in the file: the first alone"]


def test_exif_turns_a_picture(tmp_path: Path) -> None:
    pixels = np.zeros((10, 20, 3), np.uint8)
    pixels[:, :10] = 255  # white on the left
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise: the left side becomes the upper one
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    rgb = pictures.read(tmp_path / "a.png").rgb
    assert rgb.shape == (20, 10, 3)
    assert rgb[:10].min() == 255 and rgb[10:].max() == 0


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_gives_the_pixels_that_pillow_gives(orientation: int, suffix: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = np.random.default_rng(orientation).integers(0, 256, (300, 20, 3), dtype=np.uint8)  # more rows than a band
    Image.fromarray(pixels).save(tmp_path / f"a.{suffix}", exif=exif)
    with Image.open(tmp_path / f"a.{suffix}") as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    picture = pictures.read(tmp_path / f"a.{suffix}")
    np.testing.assert_array_equal(picture.rgb, expected)
    assert picture.remarks == (["turned as its EXIF data says"] if orientation > 1 else [])


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 5), 0x7FFF, np.uint16)).save(tmp_path / "a.png")
    assert np.unique(pictures.read(tmp_path / "a.png").rgb).tolist() == [0x7F]


@pytest.mark.parametrize(
    ("mode", "suffix", "remark"),
    [
        ("CMYK", "jpg", ["CMYK converted without a colour profile"]),
        ("RGBA", "png", ["transparency dropped"]),
        ("LA", "png", ["transparency dropped"]),
        ("L", "png", []),
    ],
)
def test_a_mode_is_converted_and_said(mode: str, suffix: str, remark: list[str], tmp_path: Path) -> None:
    Image.new(mode, (6, 4)).save(tmp_path / f"a.{suffix}")
    picture = pictures.read(tmp_path / f"a.{suffix}")
    assert (picture.rgb.shape, picture.rgb.dtype, picture.remarks) == ((4, 6, 3), np.uint8, remark)


def test_a_palette_with_transparency_is_converted_and_said(tmp_path: Path) -> None:
    Image.new("P", (6, 4)).save(tmp_path / "a.png", transparency=0)
    assert pictures.read(tmp_path / "a.png").remarks == ["transparency dropped"]


def test_folders_are_walked_in_order_and_a_loop_of_links_ends(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/1.png", "a.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    names = [str(path.relative_to(tmp_path)) for path in pictures.expand([tmp_path])]
    assert names == ["a.png", "b/1.png", "b/2.png", "b/loop"]
    with pytest.raises(pictures.PictureError, match="not followed"):
        pictures.read(tmp_path / "b" / "loop")
