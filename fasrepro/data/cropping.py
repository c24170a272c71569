"""Conventions of the field for cutting a face out of a frame; params.yaml's `index.crop` names one.

Each convention is an entry of `CROPS`: the place of its square, given the eyes, and the size of the crop. Other projects align
faces by five landmarks; here the two eyes alone decide: the face is rotated until they are level and scaled by their distance. So
the crops resemble those of the project that a convention is named after, but are not equal to them.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable

import cv2
import numpy as np

from fasrepro.archives.layout import Box, Eyes
from fasrepro.data import mtcnn

# Expected eyes in a face's box: their distance as a share of its width, and their place below its top as a share of its height.
EYES_APART, EYES_DOWN = 0.42, 0.4
AROUND = 0.3  # of a box's sides: what the detector of eyes sees on every side of it
# The mean places of the five landmarks in the unpadded square of MTCNN's `extract_image_chips` (TYY/mxnet_mtcnn and its many
# copies): eyes 0.53195 of the side apart, 0.21195 from the top. With padding p on each side the square has 1 + 2p of its side.
CHIP_APART, CHIP_DOWN = 0.75610125 - 0.224152, 0.2119465
# The landmark template of InsightFace, 112 pixels square: eyes 35.2 apart, 51.6 from the top; the tip of the nose 20.1 below.
TEMPLATE_APART, TEMPLATE_DOWN, TEMPLATE_NOSE = 35.2372 / 112, 51.5989 / 112, 20.1377 / 35.2372


@dataclasses.dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in a frame: its centre, width and height in pixels, and its clockwise rotation in radians."""

    x: float
    y: float
    width: float
    height: float
    angle: float


@dataclasses.dataclass(frozen=True, slots=True)
class Convention:
    """A way of cropping.

    Args:
        place: returns the rectangle, given the eyes; None for the face's box as it is, which needs no eyes.
        side: width and height of the crop in pixels.
        border: OpenCV's border mode where the rectangle extends beyond the frame.
        through: pixels of the longer side that a crop is shrunk to and enlarged from; 0 leaves it as it is.
    """

    place: Callable[[Eyes], Area] | None
    side: int = 0
    border: int = cv2.BORDER_CONSTANT
    through: int = 0


def from_eyes(eyes: Eyes, apart: float, down: float) -> Area:
    """Return the square in which the eyes are level, `apart` of its side from each other, and `down` of its side below its
    top."""
    x1, y1, x2, y2 = eyes
    distance = max(math.dist((x1, y1), (x2, y2)), 1.0)
    angle = math.atan2(y2 - y1, x2 - x1)
    side = distance / apart
    below = (0.5 - down) * side  # from the middle of the eyes to the square's centre, along the face
    return Area((x1 + x2) / 2 - below * math.sin(angle), (y1 + y2) / 2 + below * math.cos(angle), side, side, angle)


def chip(padding: float) -> Callable[[Eyes], Area]:
    """Return the `place` of MTCNN's image chips: the mean face with `padding` of its side added on every side."""
    whole = 1 + 2 * padding
    return functools.partial(from_eyes, apart=CHIP_APART / whole, down=(CHIP_DOWN + padding) / whole)


CROPS: dict[str, Convention] = {
    # Paper 1's companion code: "facenet MTCNN tight box, no resize", no margin, no alignment.
    "tight": Convention(None),
    # Ours: the same crops with what 48 pixels hold of them, so that a network of the same size is given less to see.
    "tight/through_48": Convention(None, through=48),
    # SSDG: "MTCNN aligned, 256". It does not name the template; we take that of InsightFace.
    "ssdg/aligned_256": Convention(functools.partial(from_eyes, apart=TEMPLATE_APART, down=TEMPLATE_DOWN), 256),
    # few_shot_fas and FLIP: "MTCNN aligned, 224"; the template as for SSDG.
    "flip/aligned_224": Convention(functools.partial(from_eyes, apart=TEMPLATE_APART, down=TEMPLATE_DOWN), 224),
    # InstructFLIP: "mxnet MTCNN extract_image_chips 224, padding 0.37".
    "instructflip/padding_37": Convention(chip(0.37), 224),
    # SAFAS: "square rotated crop 3x eye distance, 400 px"; preposess.py centres it on the tip of the nose and mirrors the frame
    # at its edges. (It first shrinks a square that does not fit, which is not done here.)
    "safas/eyes_3x": Convention(functools.partial(from_eyes, apart=1 / 3, down=0.5 - TEMPLATE_NOSE / 3), 400, cv2.BORDER_REFLECT),
    # GD-FAS: "MTCNN align, padding 0.6". It does not state the size; we take 224, that of its CLIP backbone.
    "gdfas/padding_60": Convention(chip(0.6), 224),
}


def bounds(area: Area, height: int, width: int) -> Box | None:
    """Return the upright box around the part of an area inside a frame; None if there is none."""
    across = (abs(area.width * math.cos(area.angle)) + abs(area.height * math.sin(area.angle))) / 2
    down = (abs(area.width * math.sin(area.angle)) + abs(area.height * math.cos(area.angle))) / 2
    left, top = max(0, math.floor(area.x - across)), max(0, math.floor(area.y - down))
    right, bottom = min(width, math.ceil(area.x + across)), min(height, math.ceil(area.y + down))
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


def cut(rgb: np.ndarray, area: Area, side: int, border: int) -> np.ndarray:
    """Return an area of a frame, rotated upright, as uint8 RGB of (side, side, 3)."""
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


def detect_eyes(rgb: np.ndarray, box: Box) -> Eyes | None:
    """Return the eyes of the face in a box, from the detector's landmarks; None if it finds no face about there.

    Of several faces, the one nearest to the middle of the box is taken. Its middle must lie inside the box.
    """
    x, y, w, h = box
    left, top = max(0, x - round(AROUND * w)), max(0, y - round(AROUND * h))
    around = np.ascontiguousarray(rgb[top : y + h + round(AROUND * h), left : x + w + round(AROUND * w)])
    detections = mtcnn.detect(around, max(mtcnn.CELL, w // 2))
    middles = [
        (left + fx + fw / 2 - x - w / 2, top + fy + fh / 2 - y - h / 2) for fx, fy, fw, fh in (one.box for one in detections)
    ]
    inside = [place for place, (dx, dy) in enumerate(middles) if abs(dx) < w / 2 and abs(dy) < h / 2]
    if not inside:
        return None
    x1, y1, x2, y2 = detections[min(inside, key=lambda place: math.hypot(*middles[place]))].eyes
    return (left + x1, top + y1, left + x2, top + y2)


def expected_eyes(box: Box) -> Eyes:
    """Return the expected eyes of an upright face that fills a box."""
    x, y, w, h = box
    level = y + EYES_DOWN * h
    return (x + (0.5 - EYES_APART / 2) * w, level, x + (0.5 + EYES_APART / 2) * w, level)


def resized(rgb: np.ndarray, convention: Convention) -> np.ndarray:
    """Return a picture that is a crop already as a convention's crops are: in their size, or as it is where they have none.

    Args:
        rgb: uint8 of (height, width, 3).
        convention: entry of `CROPS`.
    """
    if not convention.side:
        return through(rgb, convention.through)
    smaller = convention.side < min(rgb.shape[:2])
    interpolation = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return cv2.resize(rgb, (convention.side, convention.side), interpolation=interpolation)


def through(rgb: np.ndarray, pixels: int) -> np.ndarray:
    """Return a picture in its own size with what `pixels` of its longer side hold; as it is for 0, and if it is smaller."""
    height, width = rgb.shape[:2]
    shrink = pixels / max(height, width)
    if not 0 < shrink < 1:
        return rgb
    small = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return cv2.resize(cv2.resize(rgb, small, interpolation=cv2.INTER_AREA), (width, height), interpolation=cv2.INTER_LINEAR)


def crop(rgb: np.ndarray, box: Box, convention: Convention, sidecar: Eyes | None) -> tuple[np.ndarray, Box, str]:
    """Cut a face out of a frame by a convention.

    Args:
        rgb: uint8 of (height, width, 3).
        box: of the face, inside the frame.
        convention: entry of `CROPS`.
        sidecar: eyes that the archive gives for this frame.

    Returns:
        The crop as a contiguous uint8 RGB array, the box in the frame that it covers, and the source of the eyes: "sidecar",
        "detector", "box" (by its proportions) or "" (no eyes are needed).
    """
    if convention.place is None:
        x, y, w, h = box
        return through(np.ascontiguousarray(rgb[y : y + h, x : x + w]), convention.through), box, ""
    eyes, source = sidecar, "sidecar"
    if eyes is None or math.dist(eyes[:2], eyes[2:]) < 1:
        eyes, source = detect_eyes(rgb, box), "detector"
    if eyes is None:
        eyes, source = expected_eyes(box), "box"
    area = convention.place(eyes)
    return cut(rgb, area, convention.side, convention.border), bounds(area, *rgb.shape[:2]) or box, source
