"""Where the face is in a frame, and which frames are taken.

Boxes come from the archive's sidecar; where it has none, from OpenCV's frontal face detectors; where they fire in too few of the
frames to be believed, from the middle of the picture, which is counted.
"""

from __future__ import annotations

import functools
import statistics
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from fasrepro.archives.layout import Box
from fasrepro.data.frames import Frames, look

CENTRE = 0.6  # of the frame's shorter side: the fallback's side
CASCADES = {"frontalface_default": 4, "frontalface_alt2": 2}  # of OpenCV, and how many neighbours must agree with a detection
DETECTOR_HEIGHT = 480  # a larger frame is shrunk to this before detection
# Of the candidate frames: a person stays before the camera for the whole video, so a detector that fires in fewer of its frames
# fires at something else (or has lost the face), and its few boxes would keep the video from the fallback.
BELIEVED_SHARE = 0.5
# Between a box's width and the median of the video's: a face in a short video hardly changes its size, a false box may have any.
SIZE_FACTOR = 1.35
StandIns = dict[int, tuple[int, Box]]  # candidate frame without a face -> the frame that stands in for it, its box


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
def cascade(name: str) -> cv2.CascadeClassifier:
    """Return one of OpenCV's detectors; raises `RuntimeError` where the installed OpenCV lacks it."""
    found = cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / f"haarcascade_{name}.xml"))
    if found.empty():
        raise RuntimeError(f"OpenCV's cascade {name} is missing: install opencv-python-headless 4.x (version 5 has none)")
    return found


def detect(grey: np.ndarray, min_face: int) -> Box | None:
    """Return the largest face that a detector finds in a uint8 grey frame, `min_face` pixels wide at least; None for none.

    The first of `CASCADES` that finds any counts, in the frame as it is, then in one whose contrast is raised locally: the
    cascades overlook dark faces more often than light ones, and nobody should get other crops than others for that.
    """
    shrink = min(1.0, DETECTOR_HEIGHT / grey.shape[0])
    if shrink < 1:
        grey = cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    least = max(20, round(min_face * shrink))
    for raised in (False, True):
        picture = cv2.createCLAHE(2.0, (4, 4)).apply(grey) if raised else grey
        for name, votes in CASCADES.items():
            found = cascade(name).detectMultiScale(picture, scaleFactor=1.1, minNeighbors=votes, minSize=(least, least))
            if len(found):
                w, x, y, h = max((int(w), int(x), int(y), int(h)) for x, y, w, h in found)
                return (round(x / shrink), round(y / shrink), round(w / shrink), round(h / shrink))
    return None


def clip(box: Box, height: int, width: int) -> Box | None:
    """Return the part of a box that lies inside a frame; None where nothing does."""
    x, y, w, h = box
    left, top, right, bottom = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def centre(height: int, width: int) -> Box:
    """Return the fallback: a square of `CENTRE` of the shorter side in the middle of the frame."""
    side = max(1, round(CENTRE * min(height, width)))
    return ((width - side) // 2, (height - side) // 2, side, side)


def alike(box: Box, median: float) -> bool:
    """Tell whether a box is about as wide as the median of its video's."""
    return median / SIZE_FACTOR <= box[2] <= median * SIZE_FACTOR


def believed(found: Mapping[int, Box | None]) -> dict[int, Box]:
    """Return those of a detector's boxes that are believed; `found` maps every candidate frame to its box, None for no face.

    A box whose width differs from the median by more than `SIZE_FACTOR` is no face; if less than `BELIEVED_SHARE` of the frames
    have a box then, none is believed.
    """
    boxes = {number: box for number, box in found.items() if box is not None}
    if not boxes:
        return {}
    median = statistics.median(box[2] for box in boxes.values())
    likely = {number: box for number, box in boxes.items() if alike(box, median)}
    return likely if len(likely) >= BELIEVED_SHARE * len(found) else {}


def find(path: Path, frames: Frames, sidecar: Mapping[int, Box] | None, min_face: int) -> tuple[dict[int, Box], str]:
    """Return frame -> box for the candidate frames that have a face, and where the boxes come from (records.BOX_SOURCES).

    A sidecar that has a box inside the picture for any candidate frame is believed, and a frame without one has no face; else the
    detector looks at each; where it is not `believed`, all get the centre.
    """
    sizes = {number: frames.size(number) for number in frames.candidates}
    given = {number: clip(sidecar[number], *size) for number, size in sizes.items() if sidecar and number in sidecar}
    boxes = {number: box for number, box in given.items() if box is not None}
    if boxes:
        return boxes, "sidecar"
    boxes = believed({number: detect(held.grey(number), min_face) for number, held in look(path, frames, frames.candidates)})
    if boxes:
        return boxes, "detector"
    return {number: centre(*size) for number, size in sizes.items()}, "centre"


def neighbours(missed: int, reach: int, every: int) -> list[int]:
    """Return the frames that may stand in for frame `missed`, nearest first, the later of two before the earlier.

    They lie at most `reach` frames away and are no candidates (multiples of `every`) themselves. The paper's companion code goes
    on to the next frame with a face; here either side counts.
    """
    beside = [missed + step * sign for step in range(1, reach + 1) for sign in (1, -1)]
    return [number for number in beside if number >= 0 and number % every]


def stand_ins(
    path: Path,
    frames: Frames,
    boxes: Mapping[int, Box],
    beside: Mapping[int, list[int]],
    min_face: int,
    sidecar: Mapping[int, Box] | None,
) -> StandIns:
    """Return for candidate frames without a face, where there is one, the neighbour that stands in for it, and its box.

    `boxes` are those that `find` gave; `beside` maps the other candidates to their `neighbours`. Neighbours' boxes come from
    `sidecar`, or with None from the detector, which then reads the video again and must find a face of about the same size. No
    neighbour stands in twice.
    """
    wanted = {number for numbers in beside.values() for number in numbers if number < frames.count}
    if not wanted or not boxes:
        return {}
    if sidecar is None:
        median = statistics.median(box[2] for box in boxes.values())
        detected = {number: detect(held.grey(number), min_face) for number, held in look(path, frames, sorted(wanted))}
        found = {number: box for number, box in detected.items() if box is not None and alike(box, median)}
    else:
        size = frames.size(frames.candidates[0])
        given = {number: clip(sidecar[number], *size) for number in wanted if number in sidecar}
        found = {number: box for number, box in given.items() if box is not None}
    chosen: StandIns = {}
    for missed, numbers in beside.items():
        nearest = next((number for number in numbers if number in found), None)
        if nearest is not None:
            chosen[missed] = (nearest, found.pop(nearest))
    return chosen
