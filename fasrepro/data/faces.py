"""The face's box in a frame, and the choice of frames.

Boxes come from the archive's sidecar. Without one they come from a detector, which looks at the frames as they are, and then at
them in the other quarter turns. If it fires in too few frames to be trusted, the box is the middle of the picture, and the report
counts the video.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path

import cv2
import numpy as np

from fasrepro.archives.layout import Box
from fasrepro.data import mtcnn
from fasrepro.data.frames import Frames, held_frames
from fasrepro.data.mtcnn import Detection

CENTRE = 0.6  # side of the fallback box, relative to the frame's shorter side
DETECTOR_HEIGHT = 480  # a larger frame is shrunk to this before detection
BLUR = 1.0  # pixels, of a frame in which no face was found at first
# Smallest share of the candidate frames with a detection. A person stays before the camera for the whole video, so a detector
# that fires in fewer frames fires at something else or loses the face, and its few boxes would keep the video from the fallback.
TRUSTED_SHARE = 0.5
SURE = 0.9  # mean score of a video's boxes from which its frames are not tried in other turns
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


def detect(rgb: np.ndarray, min_face: int) -> Detection | None:
    """Return the largest upright face in a uint8 RGB frame; None if there is none of `min_face` pixels' width.

    A frame without a face is searched again slightly blurred, because the raster of a print or of a screen can hide a face. If
    the eyes lie rather one above the other than side by side, the face is not upright. The box is clipped to the frame.
    """
    height, width = rgb.shape[:2]
    shrink = min(1.0, DETECTOR_HEIGHT / height)
    if width * shrink < mtcnn.CELL:
        return None  # narrower than any face that the detector finds, or than a pixel
    if shrink < 1:
        rgb = cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    least = max(mtcnn.CELL, round(min_face * shrink))
    for found in mtcnn.detect(rgb, least) or mtcnn.detect(cv2.GaussianBlur(rgb, (0, 0), BLUR), least):
        x1, y1, x2, y2 = (value / shrink for value in found.eyes)
        x, y, w, h = (round(value / shrink) for value in found.box)
        box = clip((x, y, w, h), height, width)
        if box is not None and x2 - x1 > abs(y2 - y1):
            return Detection(box, (x1, y1, x2, y2), found.score)
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


def of_sidecar(sidecar: Mapping[int, Box], frames: Frames, numbers: Iterable[int], min_face: int) -> dict[int, Box]:
    """Return frame -> box for those of `numbers` where a sidecar has a box of at least `min_face` pixels' width in the frame."""
    size = frames.size(frames.candidates[0])
    clipped = {number: clip(sidecar[number], *size) for number in numbers if number in sidecar}
    return {number: box for number, box in clipped.items() if box is not None and box[2] >= min_face}


def detected(path: Path, frames: Frames, min_face: int) -> tuple[dict[int, Box], float]:
    """Return the `trusted` boxes of the detector in the candidate frames, and the sum of their scores."""
    holders = held_frames(path, frames, frames.candidates)
    detections = {number: detect(holder.rgb(number), min_face) for number, holder in holders}
    boxes = trusted({number: one and one.box for number, one in detections.items()})
    return boxes, sum(one.score for number, one in detections.items() if one and number in boxes)


def find(path: Path, frames: Frames, sidecar: Mapping[int, Box] | None, min_face: int) -> tuple[Frames, dict[int, Box], str]:
    """Return the frames, frame -> box for the candidates with a face, and the source of the boxes (`rows.faces.BOX_SOURCES`).

    A sidecar counts if it has a box for any candidate frame; a frame without one then has no face. Otherwise the detector
    searches each frame. Unless it is `SURE`, it also searches the frames in the other three quarter turns, and returns them in
    the turn with the best scores in which it is. If no turn has a face, all frames get the centre.
    """
    boxes = of_sidecar(sidecar, frames, frames.candidates, min_face) if sidecar else {}
    if boxes:
        return frames, boxes, "sidecar"
    boxes, score = detected(path, frames, min_face)
    if not boxes or score < SURE * len(boxes):
        stored = frames.turns
        for more in (1, 2, 3):
            turned = dataclasses.replace(frames, turns=(stored + more) % 4)
            others, other_score = detected(path, turned, min_face)
            if other_score >= max(score, SURE * len(others)) and others:
                frames, boxes, score = turned, others, other_score
    if boxes:
        return frames, boxes, "detector"
    return frames, {number: centre(*frames.size(number)) for number in frames.candidates}, "centre"


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
        detections = {number: detect(holder.rgb(number), min_face) for number, holder in holders}
        free = {number: one.box for number, one in detections.items() if one is not None and similar_width(one.box, median)}
    else:
        free = of_sidecar(sidecar, frames, sorted(wanted), min_face)
    result: StandIns = {}
    for missed, numbers in neighbours_of.items():
        nearest = next((number for number in numbers if number in free), None)
        if nearest is not None:
            result[missed] = (nearest, free.pop(nearest))
    return result
