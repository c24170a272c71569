from __future__ import annotations

import io
import os

import numpy as np
import pytest
from PIL import Image

from fasrepro.deployment import picture_stream
from fasrepro.deployment.picture_stream import StreamError

NOISE = Image.fromarray(np.random.default_rng(1).integers(0, 256, (48, 40, 3), dtype=np.uint8))


def encoded(kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    NOISE.save(file, kind, **options)
    return file.getvalue()


def with_thumbnail() -> bytes:
    """A JPEG file with another whole one in a segment, end marker and all, as cameras write it."""
    plain, thumbnail = encoded("JPEG"), encoded("JPEG", quality=5)
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    return plain[:2] + segment + plain[2:]


PICTURES = {
    "baseline": encoded("JPEG"),
    "progressive": encoded("JPEG", progressive=True),
    "restart markers": encoded("JPEG", restart_marker_blocks=2),
    "thumbnail inside": with_thumbnail(),
    "fill bytes": encoded("JPEG").replace(b"\xff\xdb", b"\xff\xff\xff\xdb", 1),
    "png": encoded("PNG"),
}


class Dribble(io.BytesIO):
    """A stream that gives few bytes at once, as a pipe may."""

    def read1(self, size: int | None = -1) -> bytes:
        return super().read1(min(size or 7, 7))


@pytest.mark.parametrize("stream", [io.BytesIO, Dribble])
def test_a_stream_is_split_into_the_files_that_were_joined(stream: type[io.BytesIO]) -> None:
    joined = [*PICTURES.values(), *reversed(PICTURES.values())]
    assert list(picture_stream.split(stream(b"".join(joined)))) == joined


def test_a_picture_is_there_before_the_next_one_begins() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as camera, os.fdopen(writing, "wb", buffering=0) as sent:
        frames = picture_stream.split(camera)
        for picture in PICTURES.values():
            sent.write(picture)
            assert next(frames) == picture  # the pipe is still open: waiting for more would never end


@pytest.mark.parametrize("name", PICTURES)
def test_a_cut_picture_is_an_error_that_numbers_it(name: str) -> None:
    whole = PICTURES[name]
    for length in (1, 5, 30, len(whole) // 2, len(whole) - 1):
        frames = picture_stream.split(io.BytesIO(whole + whole[:length]))
        assert next(frames) == whole
        with pytest.raises(StreamError, match="picture 1: the stream ends in the middle of it"):
            next(frames)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"RIFF, a video", "neither JPEG nor PNG"),
        (b"\x89PNG but not quite", "neither JPEG nor PNG"),
        (b"\xff\xd8 no marker", "no JPEG marker at byte 2"),
        (picture_stream.PNG + b"\x7f\xff\xff\xffIDAT" + b"x" * 99, "more than 134217728 bytes"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_remedy(data: bytes, fault: str) -> None:
    with pytest.raises(StreamError, match=f"picture 0: .*{fault}.*; send JPEG or PNG"):
        next(picture_stream.split(io.BytesIO(data)))


def test_an_empty_stream_has_no_pictures() -> None:
    assert list(picture_stream.split(io.BytesIO())) == []
