"""Where the face is in a frame, and which frames are taken.

Boxes come from the archive's sidecar; where it has none, from OpenCV's frontal face detector; where that fires in too few of the
frames to be believed, from the middle of the picture, which is counted.
"""

from __future__ import annotations

import functools
import statistics
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from fasrepro.data.frames import Frames

Box = tuple[int, int, int, int]  # x, y, width, height in pixels of the frame
CENTRE = 0.6  # of the frame's shorter side: the fallback's side
DETECTOR_HEIGHT = 480  # a larger frame is shrunk to this before detection
# Of the candidate frames: a person stays before the camera for the whole video, so a detector that fires in fewer of its frames
# fires at something else (or has lost the face), and its few boxes would keep the video from the fallback.
BELIEVED_SHARE = 0.5
# Between a box's width and the median of the video's: a face in a short video hardly changes its size, a false box may have any.
SIZE_FACTOR = 1.35


def pick(numbers: list[int], first: int) -> list[int]:
    """Return the frames that the papers take: of the sorted `numbers`, those at `first` and min(first + N // 2, N - 1).

    With fewer than `first` + 1 numbers the last stands in for the first; a single number is taken once. Source: the paper's
    companion code (1jimin3/MCIO_public-image-reattach, reproduce_images.py).
    """
    if not numbers:
        return []
    ordered = sorted(numbers)
    last = len(ordered) - 1
    places = (min(first, last), min(first + len(ordered) // 2, last))
    return sorted({ordered[place] for place in places})


@functools.cache
def _cascade() -> cv2.CascadeClassifier:
    cascade = cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / "haarcascade_frontalface_default.xml"))
    if cascade.empty():
        raise ValueError("OpenCV's face cascade is missing: install opencv-python-headless 4.x (version 5 has none)")
    return cascade


def detect(grey: np.ndarray, min_face: int) -> Box | None:
    """Return the largest face that the detector finds in a uint8 grey frame, `min_face` pixels wide at least; None for none."""
    shrink = min(1.0, DETECTOR_HEIGHT / grey.shape[0])
    if shrink < 1:
        grey = cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    least = max(20, round(min_face * shrink))
    found = _cascade().detectMultiScale(grey, scaleFactor=1.1, minNeighbors=4, minSize=(least, least))
    boxes = sorted(((int(w), int(x), int(y), int(h)) for x, y, w, h in found), reverse=True)
    if not boxes:
        return None
    w, x, y, h = boxes[0]
    return (round(x / shrink), round(y / shrink), round(w / shrink), round(h / shrink))


def clip(box: Box, height: int, width: int) -> Box | None:
    """Return the part of a box that lies inside a frame; None where nothing does."""
    x, y, w, h = box
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def centre(height: int, width: int) -> Box:
    """Return the fallback: a square of `CENTRE` of the shorter side in the middle of the frame."""
    side = max(1, round(CENTRE * min(height, width)))
    return ((width - side) // 2, (height - side) // 2, side, side)


def believed(found: Mapping[int, Box | None]) -> dict[int, Box]:
    """Return those of a detector's boxes that are believed; `found` maps every candidate frame to its box, None for no face.

    A box whose width differs from the median by more than `SIZE_FACTOR` is no face; if less than `BELIEVED_SHARE` of the frames
    have a box then, none is believed.
    """
    boxes = {number: box for number, box in found.items() if box is not None}
    if not boxes:
        return {}
    median = statistics.median(box[2] for box in boxes.values())
    alike = {number: box for number, box in boxes.items() if median / SIZE_FACTOR <= box[2] <= median * SIZE_FACTOR}
    return alike if len(alike) >= BELIEVED_SHARE * len(found) else {}


def find(frames: Frames, sidecar: Mapping[int, Box] | None, min_face: int) -> tuple[dict[int, Box], str]:
    """Return frame -> box for the kept frames that have a face, and where the boxes come from (records.BOX_SOURCES).

    A sidecar that has a box inside the picture for any kept frame is believed, and a frame without one has no face; else the
    detector looks at each; where it is not `believed`, all get the centre.
    """
    sizes = {number: (frame.height, frame.width) for number, frame in frames.kept.items()}
    given = {number: clip(sidecar[number], *size) for number, size in sizes.items() if sidecar and number in sidecar}
    boxes = {number: box for number, box in given.items() if box is not None}
    if boxes:
        return boxes, "sidecar"
    boxes = believed({number: detect(frames.grey(number), min_face) for number in frames.kept})
    if boxes:
        return boxes, "detector"
    return {number: centre(*size) for number, size in sizes.items()}, "centre"


def crop(rgb: np.ndarray, box: Box) -> np.ndarray:
    """Cut `box` out of a frame: tight, no margin, no resizing (paper 1's companion code); a contiguous uint8 RGB array."""
    x, y, w, h = box
    return np.ascontiguousarray(rgb[y : y + h, x : x + w])
