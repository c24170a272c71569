"""How projects of the field cut a face out of a frame, by name; params.yaml's `index.crop` chooses one.

Each convention is an entry of `CROPS`: where its square lies, given the eyes, and how large the picture is that comes out. What a
project does with a landmark detector is done here with the two eyes alone: rotate until they are level, scale by their distance.
So names say whose convention it is, and the crops are like that project's, not equal to them.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable

import cv2
import numpy as np

from fasrepro.archives.layout import Box, Eyes
from fasrepro.data.faces import cascade

# Where eyes are expected in a face's box, as shares of its width and height: they lie about 0.42 of the width apart.
EYES_APART, EYES_DOWN = 0.42, 0.4
# Of a detected pair of eyes: their distance as a share of the box's width, and the steepest line between them.
APART = (0.25, 0.65)
STEEPEST = math.radians(25)
# The five landmarks' mean places in the unpadded square of MTCNN's `extract_image_chips` (TYY/mxnet_mtcnn and its many copies):
# eyes 0.53195 of the side apart, 0.21195 from the top. With padding p on each side the square has 1 + 2p of its side.
CHIP_APART, CHIP_DOWN = 0.75610125 - 0.224152, 0.2119465
# The landmark template of InsightFace, 112 pixels square: eyes 35.2 apart, 51.6 from the top; the tip of the nose 20.1 below.
TEMPLATE_APART, TEMPLATE_DOWN, TEMPLATE_NOSE = 35.2372 / 112, 51.5989 / 112, 20.1377 / 35.2372


@dataclasses.dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in a frame: its centre, width and height in pixels, and how far it is turned clockwise, in radians."""

    x: float
    y: float
    width: float
    height: float
    angle: float


@dataclasses.dataclass(frozen=True, slots=True)
class Convention:
    """A way of cropping: `place` gives the rectangle, `side` the width and height of the crop in pixels.

    `border` is what OpenCV puts where the rectangle reaches over the frame's edge. A `place` of None takes the face's box as it
    is, and no eyes are looked for.
    """

    place: Callable[[Eyes], Area] | None
    side: int = 0
    border: int = cv2.BORDER_CONSTANT


def from_eyes(eyes: Eyes, apart: float, down: float) -> Area:
    """Return the square in which the eyes lie level, `apart` of its side from each other and `down` of it below its top."""
    x1, y1, x2, y2 = eyes
    distance = max(math.dist((x1, y1), (x2, y2)), 1.0)
    angle = math.atan2(y2 - y1, x2 - x1)
    side = distance / apart
    below = (0.5 - down) * side  # from the middle of the eyes to the square's centre, along the face
    return Area((x1 + x2) / 2 - below * math.sin(angle), (y1 + y2) / 2 + below * math.cos(angle), side, side, angle)


def chip(padding: float) -> Callable[[Eyes], Area]:
    """Return the placing of MTCNN's image chips: the mean face with `padding` of its side added on every side."""
    whole = 1 + 2 * padding
    return functools.partial(from_eyes, apart=CHIP_APART / whole, down=(CHIP_DOWN + padding) / whole)


CROPS: dict[str, Convention] = {
    # Paper 1's companion code: "facenet MTCNN tight box, no resize", no margin, no alignment.
    "tight": Convention(None),
    # SSDG: "MTCNN aligned, 256". By which template is not told: InsightFace's is taken.
    "ssdg/aligned_256": Convention(functools.partial(from_eyes, apart=TEMPLATE_APART, down=TEMPLATE_DOWN), 256),
    # few_shot_fas and FLIP: "MTCNN aligned, 224"; the template as for SSDG.
    "flip/aligned_224": Convention(functools.partial(from_eyes, apart=TEMPLATE_APART, down=TEMPLATE_DOWN), 224),
    # InstructFLIP: "mxnet MTCNN extract_image_chips 224, padding 0.37".
    "instructflip/padding_37": Convention(chip(0.37), 224),
    # SAFAS: "square rotated crop 3x eye distance, 400 px"; preposess.py centres it on the tip of the nose and mirrors the frame
    # where it does not reach. (It first shrinks a square that does not fit, which is not done here.)
    "safas/eyes_3x": Convention(functools.partial(from_eyes, apart=1 / 3, down=0.5 - TEMPLATE_NOSE / 3), 400, cv2.BORDER_REFLECT),
    # GD-FAS: "MTCNN align, padding 0.6". The size is not told: 224, as its CLIP backbone takes.
    "gdfas/padding_60": Convention(chip(0.6), 224),
}


def bounds(area: Area, height: int, width: int) -> Box | None:
    """Return the upright box around the part of an area's outline that lies in a frame; None where nothing does."""
    across = (abs(area.width * math.cos(area.angle)) + abs(area.height * math.sin(area.angle))) / 2
    down = (abs(area.width * math.sin(area.angle)) + abs(area.height * math.cos(area.angle))) / 2
    left, top = max(0, math.floor(area.x - across)), max(0, math.floor(area.y - down))
    right, bottom = min(width, math.ceil(area.x + across)), min(height, math.ceil(area.y + down))
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def cut(rgb: np.ndarray, area: Area, side: int, border: int) -> np.ndarray:
    """Return an area of a frame, turned upright, as uint8 RGB of (side, side, 3)."""
    scale = side / area.width
    cos, sin = math.cos(area.angle) * scale, math.sin(area.angle) * scale
    forward = np.array(
        [
            [cos, sin, side / 2 - 0.5 - cos * area.x - sin * area.y],
            [-sin, cos, side / 2 - 0.5 + sin * area.x - cos * area.y],
        ]
    )
    if scale < 1:  # bilinear sampling alone would skip pixels
        rgb = cv2.GaussianBlur(rgb, (0, 0), 0.5 * (1 / scale - 1) + 1e-3)
    return cv2.warpAffine(rgb, forward, (side, side), flags=cv2.INTER_LINEAR, borderMode=border)


def detect_eyes(grey: np.ndarray, box: Box) -> Eyes | None:
    """Return the eyes that OpenCV's cascade finds in the upper part of a face's box in a uint8 grey frame; None for no pair.

    Of all pairs of detections that lie on either side of the face's middle, are neither too close nor too far, and nearly level,
    that whose distance and height come nearest to what the box makes expect.
    """
    x, y, w, h = box
    upper = np.ascontiguousarray(grey[y : y + round(0.62 * h), x : x + w])
    least = max(8, round(0.12 * w))
    found = cascade("eye").detectMultiScale(
        upper, scaleFactor=1.05, minNeighbors=4, minSize=(least, least), maxSize=(w // 2, w // 2)
    )
    centres = sorted((int(ex) + int(ew) / 2, int(ey) + int(eh) / 2) for ex, ey, ew, eh in found)
    pairs = [
        (abs((right[0] - left[0]) / w - EYES_APART) + abs((left[1] + right[1]) / 2 / h - EYES_DOWN), left, right)
        for place, left in enumerate(centres)
        for right in centres[place + 1 :]
        if left[0] < 0.5 * w < right[0]
        and APART[0] <= (right[0] - left[0]) / w <= APART[1]
        and abs(math.atan2(right[1] - left[1], right[0] - left[0])) <= STEEPEST
    ]
    if not pairs:
        return None
    _, left, right = min(pairs)
    return (x + left[0], y + left[1], x + right[0], y + right[1])


def expected_eyes(box: Box) -> Eyes:
    """Return where eyes lie in an upright face that fills a box."""
    x, y, w, h = box
    level = y + EYES_DOWN * h
    return (x + (0.5 - EYES_APART / 2) * w, level, x + (0.5 + EYES_APART / 2) * w, level)


def crop(rgb: np.ndarray, box: Box, convention: Convention, known: Eyes | None) -> tuple[np.ndarray, Box, str]:
    """Cut a face out of a frame (uint8, height x width x 3) by a convention.

    `box` is the face's, inside the frame; `known` the eyes that the archive gives for this frame. Returns the crop as a
    contiguous uint8 RGB array, the box in the frame that it covers, and where the eyes came from: "sidecar", "detector", "box"
    (its proportions) or "" (no eyes are needed).
    """
    if convention.place is None:
        x, y, w, h = box
        return np.ascontiguousarray(rgb[y : y + h, x : x + w]), box, ""
    found, source = known, "sidecar"
    if found is None or math.dist(found[:2], found[2:]) < 1:
        found, source = detect_eyes(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), box), "detector"
    if found is None:
        found, source = expected_eyes(box), "box"
    area = convention.place(found)
    return cut(rgb, area, convention.side, convention.border), bounds(area, *rgb.shape[:2]) or box, source
