"""Videos whose frames grow behind those that the header describes: refused, or decoded within the memory of a picture."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from fasrepro.deployment import found_faces, pictures
from tests.index_settings import INDEX

ROOT = Path(__file__).parents[2]
SMALL = (64, 48)
AT_LIMIT, BEYOND = (4096, 4096), (4112, 4096)  # width and height, against FRAME_LIMIT
UNSEEN = 300  # frames: more than FFmpeg looks at to describe a stream


def write(path: Path, form: str, codec: str, packets: Iterable[bytes]) -> None:
    """Write packets of which each is a frame, under a header that describes `SMALL` ones."""
    rate = Fraction(1, 25)
    with av.open(str(path), "w", format=form) as output:
        stream = output.add_stream(codec, rate=25)
        stream.width, stream.height = SMALL
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for number, content in enumerate(packets):
            packet = av.Packet(content)
            packet.stream, packet.time_base, packet.is_keyframe = stream, rate, True
            packet.pts = packet.dts = number
            output.mux(packet)


def jpeg(size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (120, 90, 60)).save(file, "JPEG", subsampling=0)
    return file.getvalue()


def h264(size: tuple[int, int], count: int) -> Iterator[bytes]:
    """Yield frames of H.264; the first one brings the new size."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 25)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "threads": "1", "x264-params": "repeat-headers=1"}
    pixels = np.full((size[1] * 3 // 2, size[0]), 99, np.uint8)
    for number in range(count):
        frame = av.VideoFrame.from_ndarray(pixels, format="yuv420p")
        frame.pts = number
        yield from (bytes(packet) for packet in encoder.encode(frame))


def mjpeg_video(folder: Path, size: tuple[int, int], count: int = 6) -> Path:
    write(folder / "a.avi", "avi", "mjpeg", [jpeg(SMALL)] * 20 + [jpeg(size)] * count)
    return folder / "a.avi"


def h264_video(folder: Path, size: tuple[int, int], count: int = 6) -> Path:
    write(folder / "a.mp4", "mpegts", "h264", [*h264(SMALL, UNSEEN), *h264(size, count)])
    return folder / "a.mp4"


VIDEOS = {"mjpeg": mjpeg_video, "h264": h264_video}


@pytest.mark.parametrize("codec", VIDEOS)
def test_a_video_that_grows_beyond_the_limit_is_refused(codec: str, tmp_path: Path) -> None:
    path = VIDEOS[codec](tmp_path, BEYOND)
    with av.open(str(path)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == SMALL  # the header hides it
    with pytest.raises(pictures.PictureError, match=f"grow to more than {found_faces.FRAME_LIMIT} pixels") as error:
        found_faces.of_video(path, INDEX)
    assert error.value.state == pictures.TOO_LARGE


@pytest.mark.parametrize("codec", VIDEOS)
def test_a_video_that_grows_within_the_limit_is_searched_for_faces(codec: str, tmp_path: Path) -> None:
    with pytest.raises(pictures.PictureError) as error:
        found_faces.of_video(VIDEOS[codec](tmp_path, (640, 480)), INDEX)
    assert error.value.state == found_faces.NO_FACE


def test_a_broken_frame_is_not_taken_for_a_large_one(tmp_path: Path) -> None:
    broken = jpeg(SMALL)[:40] + bytes(400)
    write(tmp_path / "a.avi", "avi", "mjpeg", [jpeg(SMALL)] * 20 + [broken] + [jpeg(SMALL)] * 9)
    with pytest.raises(pictures.PictureError) as error:
        found_faces.of_video(tmp_path / "a.avi", INDEX)
    assert error.value.state == found_faces.NO_FACE


# As in test_pictures: VmHWM belongs to this program alone.
MEASURE = """
import sys
from pathlib import Path
import numpy as np
from fasrepro.deployment import found_faces, pictures
from tests.index_settings import INDEX

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:"))

try:
    found_faces.of_picture(pictures.Picture(np.zeros((99, 99, 3), np.uint8), []), INDEX)  # loads the detector
except pictures.PictureError:
    pass
before = peak()
try:
    found_faces.of_video(Path(sys.argv[1]), INDEX)
except pictures.PictureError:
    pass
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured on Linux")
@pytest.mark.parametrize(
    ("codec", "size", "most"),
    [("mjpeg", (12_000, 12_000), 64 << 20), ("mjpeg", AT_LIMIT, pictures.MEMORY), ("h264", AT_LIMIT, pictures.MEMORY)],
    ids=["mjpeg, refused", "mjpeg", "h264"],
)
def test_memory_stays_within_the_limit_of_a_picture(codec: str, size: tuple[int, int], most: int, tmp_path: Path) -> None:
    command = [sys.executable, "-c", MEASURE, str(VIDEOS[codec](tmp_path, size))]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert int(printed) << 10 <= most
