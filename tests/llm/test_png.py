from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fasrepro import crops
from fasrepro.llm import png

PIXELS = np.random.default_rng(1).integers(0, 256, (9, 7, 3), dtype=np.uint8)


def test_metadata_is_removed_and_pixels_are_kept() -> None:
    about = PngInfo()
    about.add_text("Comment", "taken at home by somebody")
    about.add(b"eXIf", b"II*\x00 somewhere")
    about.add(b"tIME", b"\x07\xea\x0b\x19\x00\x00\x00")
    data = io.BytesIO()
    Image.fromarray(PIXELS).save(data, "PNG", pnginfo=about, dpi=(72, 72), icc_profile=b"a profile")
    bare = png.without_metadata(data.getvalue())
    assert b"somebody" in data.getvalue()
    assert not any(word in bare for word in (b"tEXt", b"eXIf", b"tIME", b"pHYs", b"iCCP", b"some"))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(bare))), PIXELS)
    assert png.size(bare) == (7, 9)
    ours = crops.encode(PIXELS)[0]
    assert png.without_metadata(ours) == ours


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff" * 20, crops.encode(PIXELS)[0][:-5]])
def test_bytes_that_are_no_whole_png_are_an_error(data: bytes) -> None:
    with pytest.raises(png.PictureError, match="not a whole PNG file"):
        png.without_metadata(data)


def test_the_size_of_other_bytes_is_an_error() -> None:
    with pytest.raises(png.PictureError, match="not a PNG file"):
        png.size(b"JFIF" * 10)
