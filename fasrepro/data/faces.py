"""The face's box in a frame, and the choice of frames.

Boxes come from the archive's sidecar. Without one they come from OpenCV's frontal face detectors. If these fire in too few of the
frames to be trusted, the box is the middle of the picture, and the report counts the video.
"""

from __future__ import annotations

import functools
import statistics
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from fasrepro.archives.layout import Box
from fasrepro.data.frames import Frames, held_frames

CENTRE = 0.6  # side of the fallback box, relative to the frame's shorter side
CASCADES = {
    "frontalface_default": 4,
    "frontalface_alt2": 2,
}  # of OpenCV, with the number of neighbours that must agree with a detection
DETECTOR_HEIGHT = 480  # a larger frame is shrunk to this before detection
# Smallest share of the candidate frames with a detection. A person stays before the camera for the whole video, so a detector
# that fires in fewer frames fires at something else or loses the face, and its few boxes would keep the video from the fallback.
TRUSTED_SHARE = 0.5
# Largest factor between the width of a box and the median of its video. A face hardly changes its size in a short video; a false
# box may have any size.
SIZE_FACTOR = 1.35
StandIns = dict[int, tuple[int, Box]]  # candidate frame without a face -> the frame that stands in for it, its box


def pick(numbers: list[int], first: int) -> list[int]:
    """Return the frames that the papers take: of the N sorted `numbers`, those at `first` and min(first + N // 2, N - 1).

    With fewer than `first` + 1 numbers, the last replaces the first. Source: the companion code of paper 1
    (1jimin3/MCIO_public-image-reattach, reproduce_images.py).

    >>> pick([0, 5, 10, 15, 20, 25, 30, 35, 40, 45], 4)
    [20, 45]
    """
    if not numbers:
        return []
    ordered = sorted(numbers)
    last = len(ordered) - 1
    places = (min(first, last), min(first + len(ordered) // 2, last))
    return sorted({ordered[place] for place in places})


@functools.cache
def cascade(name: str) -> cv2.CascadeClassifier:
    """Return one of OpenCV's detectors. Raises `RuntimeError` if the installed OpenCV lacks it."""
    classifier = cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / f"haarcascade_{name}.xml"))
    if classifier.empty():
        raise RuntimeError(f"OpenCV's cascade {name} is missing: install opencv-python-headless 4.x (version 5 has none)")
    return classifier


def detect(grey: np.ndarray, min_face: int) -> Box | None:
    """Return the largest face that a detector finds in a uint8 grey frame; None if there is none of `min_face` pixels' width.

    The result is that of the first of `CASCADES` that finds any, first in the frame as it is, then with locally raised contrast.
    The cascades miss dark faces more often than light ones, and the crops must not depend on skin.
    """
    shrink = min(1.0, DETECTOR_HEIGHT / grey.shape[0])
    if shrink < 1:
        grey = cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    least = max(20, round(min_face * shrink))
    for raised in (False, True):
        picture = cv2.createCLAHE(2.0, (4, 4)).apply(grey) if raised else grey
        for name, votes in CASCADES.items():
            detections = cascade(name).detectMultiScale(picture, scaleFactor=1.1, minNeighbors=votes, minSize=(least, least))
            if len(detections):
                w, x, y, h = max((int(w), int(x), int(y), int(h)) for x, y, w, h in detections)
                return (round(x / shrink), round(y / shrink), round(w / shrink), round(h / shrink))
    return None


def clip(box: Box, height: int, width: int) -> Box | None:
    """Return the part of a box inside a frame; None if there is none."""
    x, y, w, h = box
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def centre(height: int, width: int) -> Box:
    """Return the fallback box: a square in the middle of the frame, with `CENTRE` of the shorter side."""
    side = max(1, round(CENTRE * min(height, width)))
    return ((width - side) // 2, (height - side) // 2, side, side)


def similar_width(box: Box, median: float) -> bool:
    """Return whether a box is about as wide as the median of its video."""
    return median / SIZE_FACTOR <= box[2] <= median * SIZE_FACTOR


def trusted(detections: Mapping[int, Box | None]) -> dict[int, Box]:
    """Return the trusted boxes of a detector, by frame.

    A box whose width differs from the median by more than `SIZE_FACTOR` is rejected. If fewer than `TRUSTED_SHARE` of the frames
    then have a box, all are rejected.

    Args:
        detections: every candidate frame -> its box, None for no face.
    """
    boxes = {number: box for number, box in detections.items() if box is not None}
    if not boxes:
        return {}
    median = statistics.median(box[2] for box in boxes.values())
    similar = {number: box for number, box in boxes.items() if similar_width(box, median)}
    return similar if len(similar) >= TRUSTED_SHARE * len(detections) else {}


def find(path: Path, frames: Frames, sidecar: Mapping[int, Box] | None, min_face: int) -> tuple[dict[int, Box], str]:
    """Return frame -> box for the candidate frames with a face, and the source of the boxes (`rows.faces.BOX_SOURCES`).

    A sidecar counts if it has a box inside the picture for any candidate frame; a frame without one then has no face. Otherwise
    the detector searches each frame. If its boxes are not `trusted`, all frames get the centre.
    """
    sizes = {number: frames.size(number) for number in frames.candidates}
    clipped = {number: clip(sidecar[number], *size) for number, size in sizes.items() if sidecar and number in sidecar}
    boxes = {number: box for number, box in clipped.items() if box is not None}
    if boxes:
        return boxes, "sidecar"
    holders = held_frames(path, frames, frames.candidates)
    boxes = trusted({number: detect(holder.grey(number), min_face) for number, holder in holders})
    if boxes:
        return boxes, "detector"
    return {number: centre(*size) for number, size in sizes.items()}, "centre"


def neighbours(missed: int, reach: int, every: int) -> list[int]:
    """Return the frames that may stand in for frame `missed`, nearest first, the later of two before the earlier.

    They lie at most `reach` frames away and are not candidates (multiples of `every`) themselves. The paper's companion code goes
    on to the next frame with a face; here both sides count.
    """
    both_sides = [missed + step * sign for step in range(1, reach + 1) for sign in (1, -1)]
    return [number for number in both_sides if number >= 0 and number % every]


def stand_ins(
    path: Path,
    frames: Frames,
    boxes: Mapping[int, Box],
    neighbours_of: Mapping[int, list[int]],
    min_face: int,
    sidecar: Mapping[int, Box] | None,
) -> StandIns:
    """Return the neighbours that stand in for candidate frames without a face, with their boxes. No neighbour stands in twice.

    Args:
        path: of the video.
        frames: of the video.
        boxes: those that `find` returned.
        neighbours_of: the `neighbours` of each candidate without a face.
        min_face: smallest width of a detected face, in pixels.
        sidecar: boxes of the neighbours. With None, the detector decodes the video again and must find a face of about the same
            size.
    """
    wanted = {number for numbers in neighbours_of.values() for number in numbers if number < frames.count}
    if not wanted or not boxes:
        return {}
    if sidecar is None:
        median = statistics.median(box[2] for box in boxes.values())
        holders = held_frames(path, frames, sorted(wanted))
        detections = {number: detect(holder.grey(number), min_face) for number, holder in holders}
        free = {number: box for number, box in detections.items() if box is not None and similar_width(box, median)}
    else:
        size = frames.size(frames.candidates[0])
        clipped = {number: clip(sidecar[number], *size) for number in wanted if number in sidecar}
        free = {number: box for number, box in clipped.items() if box is not None}
    result: StandIns = {}
    for missed, numbers in neighbours_of.items():
        nearest = next((number for number in numbers if number in free), None)
        if nearest is not None:
            result[missed] = (nearest, free.pop(nearest))
    return result
