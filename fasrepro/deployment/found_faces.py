"""The faces of anybody's picture or video, found and cut out by the code of the index."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image

from fasrepro.archives.layout import Box, MediaFile, Presentation
from fasrepro.data import cropping, faces, mtcnn, presentations
from fasrepro.data.frames import Frames, VideoError
from fasrepro.data.settings import IndexSettings
from fasrepro.deployment import pictures
from fasrepro.deployment.pictures import PictureError
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

NO_FACE, TOO_SMALL = "no_face", "too_small"
SAME_FACE = 0.3  # intersection over union of two boxes of one face
FRAME_LIMIT = 4096 * 4096  # pixels of a video's frame: a decoder holds up to 17 of them
# What a video's file may be, by the names of FFmpeg's demuxers. Others are lists that name further files or addresses.
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm,mpeg,mpegts,asf,flv"


@dataclasses.dataclass(frozen=True)
class FoundFace:
    """A face and its crop as the model sees it.

    Args:
        crop: RGB.
        box: x, y, width, height in pixels of the upright frame.
        box_source: what found the box.
        turns: quarter turns, counter-clockwise, that made the frame upright.
        frame: number of the frame in a video, from 0.
    """

    crop: Image.Image
    box: Box
    box_source: str
    turns: int = 0
    frame: int = 0


def of_video(path: Path, settings: IndexSettings) -> list[FoundFace]:
    """Return the faces of a video, one a frame, of the frames that the index takes. Raises `PictureError`."""
    pictures.check_file(path)
    _check_frames(path)
    # The index does not read a label; the table of its rows wants one.
    shown = Presentation("own", path.name, "test", "own", Label.BONA_FIDE, BONA_FIDE_SPECIES, "", "")
    try:
        video, crops = presentations.of_files(path.parent, shown, [MediaFile(path.name, None, None)], settings)
    except (VideoError, cv2.error, av.FFmpegError, OSError, ValueError) as error:
        raise PictureError(pictures.UNREADABLE, " ".join(str(error).split())) from None
    if any(row.box_source == "centre" for row in video.rows):
        raise PictureError(NO_FACE, "no face in at least half of the candidate frames")
    return [
        FoundFace(Image.open(io.BytesIO(crop)).convert("RGB"), row.box, row.box_source, video.turns, row.frame)
        for row, crop in zip(video.rows, crops, strict=True)
    ]


def _check_frames(path: Path) -> None:
    """Raise `PictureError` for a video that cannot be opened, or that has frames of more than `FRAME_LIMIT` pixels anywhere."""
    try:
        with av.open(str(path), options={"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}) as container:
            sizes = [stream.codec_context.width * stream.codec_context.height for stream in container.streams.video]
            largest = max(sizes, default=0)
            grows = 0 < largest <= FRAME_LIMIT and _grows(container)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise PictureError(pictures.UNREADABLE, f"not a readable video: {error}") from None
    if largest > FRAME_LIMIT:
        raise PictureError(pictures.TOO_LARGE, f"frames of {largest} pixels, more than {FRAME_LIMIT}; shrink it first")
    if grows:
        raise PictureError(pictures.TOO_LARGE, f"frames that grow to more than {FRAME_LIMIT} pixels; shrink it first")


def _grows(container: av.container.InputContainer) -> bool:
    """Return whether a frame of the video that the index takes is larger than `FRAME_LIMIT`, whatever the header says.

    The decoder refuses such a frame before it makes room for it. Its size is then too large, or unknown, as it was not before.
    """
    video = container.streams.video[0]
    decoder = video.codec_context
    decoder.options = {"max_pixels": str(FRAME_LIMIT)}
    decoder.thread_count = 1
    for packet in container.demux(video):
        size_before = decoder.width * decoder.height
        try:
            packet.decode()
        except av.FFmpegError:  # or the packet is broken, which the index judges
            size = decoder.width * decoder.height
            if size > FRAME_LIMIT or size_before > size == 0:
                return True
    return False


def of_picture(picture: pictures.Picture, settings: IndexSettings) -> list[FoundFace]:
    """Return the faces of a picture, the one that the index would take first, at least `settings.min_face` wide.

    Raises:
        PictureError: there is none, or none that is large enough.
    """
    height, width = picture.rgb.shape[:2]
    # The detector shrinks a frame, and its quarter turns, to its own height; what is left of a narrow one must hold a cell.
    shorter, longer = sorted((height, width))
    if shorter < settings.min_face or shorter * faces.DETECTOR_HEIGHT < mtcnn.CELL * longer:
        raise PictureError(TOO_SMALL, f"{width} x {height} pixels hold no face of {settings.min_face} pixels' width")
    stored = av.VideoFrame.from_ndarray(picture.rgb, format="rgb24")
    frames, boxes, source = faces.find(Path(), Frames(1, {0: stored}, {0: (height, width)}), None, settings.min_face)
    upright = frames.rgb(0)
    if source == "centre":
        small = faces.detect(upright, mtcnn.CELL)
        if small is None:
            raise PictureError(NO_FACE, "the detector finds none")
        raise PictureError(TOO_SMALL, f"a face of {small.box[2]} pixels' width, less than {settings.min_face}")
    convention = cropping.CROPS[settings.crop]
    found = [boxes[0], *(box for box in _all_boxes(upright, settings.min_face) if _overlap(box, boxes[0]) < SAME_FACE)]
    crops = [cropping.crop(upright, box, convention, None) for box in found]
    return [FoundFace(Image.fromarray(crop), covered, source, frames.turns) for crop, covered, _ in crops]


def _all_boxes(rgb: np.ndarray, min_face: int) -> list[Box]:
    """Return the boxes of all faces in an upright frame, the largest first; `faces.detect` returns the largest alone."""
    height, width = rgb.shape[:2]
    shrink = min(1.0, faces.DETECTOR_HEIGHT / height)
    small = cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else rgb
    found = mtcnn.detect(small, max(mtcnn.CELL, round(min_face * shrink)))
    scaled = [tuple(round(value / shrink) for value in one.box) for one in found]
    clipped = [faces.clip((x, y, w, h), height, width) for x, y, w, h in scaled]
    return [box for box in clipped if box is not None]


def _overlap(one: Box, other: Box) -> float:
    """Return the intersection over the union of two boxes.

    >>> _overlap((0, 0, 2, 2), (0, 0, 2, 1))
    0.5
    """
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(across, 0) * max(down, 0)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)
