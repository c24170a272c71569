"""Images that look the same in two parts of a protocol, though their pixels differ.

The stage `splits` refuses crops of equal pixels. The same picture that was encoded, resized or cut anew has other pixels, but
nearly the same hash: 64 bits that say which of the lowest frequencies of the luminance lie above their median (the discrete
cosine transform, as in pHash). Of the pairs whose hashes nearly agree, those look the same whose thumbnails correlate.

Both bounds were set on 576 crops of the synthetic archives. A copy (JPEG of quality 50, half the size, brighter) lies within
`BOUND` bits for 99 crops in 100, and one that lacks a row and a column of pixels for 88; their thumbnails correlate at 0.969 or
more. Of 159,744 pairs of different people two lie within `BOUND` bits, and no two thumbnails correlate at more than 0.900.
Mirrored copies, and most cuts that move a picture by 4 % of its side, are not found.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import cv2
import numpy as np

from fasrepro.evaluation.results.audit import NearImages, SharedImages
from fasrepro.rows.faces import Face

BOUND = 4  # bits that may differ
ALIKE = 0.95  # the least correlation of two thumbnails
BITS = 64
SIDE = 32  # pixels: what a crop is reduced to
LOWEST = 8  # by 8: the frequencies that are kept
THUMBNAIL = 16  # pixels
EXAMPLES = 5  # pairs that a protocol's report names
Array = np.ndarray


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """What is compared of a picture: 64 bits, and a grey thumbnail, uint8 of (`THUMBNAIL` squared,)."""

    bits: int
    thumbnail: Array


def look(rgb: Array) -> Look:
    """Return the look of a picture, uint8 RGB of (height, width, 3)."""
    grey = cv2.resize(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    low = cv2.dct(grey.astype(np.float32))[:LOWEST, :LOWEST].ravel()
    bits = int(np.packbits(low > np.median(low)).view(np.uint64)[0])
    return Look(bits, cv2.resize(grey, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA).ravel())


def near_pairs(hashes: Array, people: Array) -> Array:
    """Return the pairs of rows of two people whose bits nearly agree: int of shape (pairs, 2), the lower row first, sorted.

    The search is exact. The bits are dealt out to one band more than may differ, so that two hashes within `BOUND` agree in all
    bits of a band, and only rows that agree in a band are compared.

    Args:
        hashes: uint64 of shape (rows,).
        people: the number of each row's person, of shape (rows,).
    """
    pairs = [np.empty((0, 2), np.int64)]
    for band in range(BOUND + 1):
        bits = np.uint64(sum(1 << bit for bit in range(band, BITS, BOUND + 1)))
        order = np.argsort(hashes & bits, kind="stable")
        keys = (hashes & bits)[order]
        starts, distance = np.arange(len(order)), 0
        while len(starts):  # rows of one key stand together: each with the next one, then with the next but one, and so on
            distance += 1
            starts = starts[starts + distance < len(order)]
            starts = starts[keys[starts] == keys[starts + distance]]
            first, second = order[starts], order[starts + distance]
            near = (np.bitwise_count(hashes[first] ^ hashes[second]) <= BOUND) & (people[first] != people[second])
            pairs.append(np.stack([np.minimum(first, second)[near], np.maximum(first, second)[near]], axis=1))
    return np.unique(np.concatenate(pairs), axis=0)


def correlated(first: Array, second: Array) -> Array:
    """Return which thumbnails correlate at `ALIKE` or more with those of the same row: bool of shape (pairs,).

    Args:
        first: uint8 of shape (pairs, pixels).
        second: the same.
    """
    first, second = (rows - rows.mean(axis=1, keepdims=True) for rows in (first.astype(float), second.astype(float)))
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return (first * second).sum(axis=1) >= ALIKE * lengths


def report(faces: Sequence[Face], looks: Sequence[Look], parts_of: Mapping[str, Mapping[str, Iterable[str]]]) -> NearImages:
    """Return which faces of each protocol look like a face of another part.

    Args:
        faces: of all protocols.
        looks: of their crops.
        parts_of: protocol -> part -> ids of its faces. No person is in two of a protocol's parts.
    """
    _, people = np.unique([face.subject for face in faces], return_inverse=True)
    pairs = near_pairs(np.array([one.bits for one in looks], np.uint64), people)
    thumbnails = np.stack([one.thumbnail for one in looks])
    pairs = pairs[correlated(thumbnails[pairs[:, 0]], thumbnails[pairs[:, 1]])]
    ids = [(faces[first].face_id, faces[second].face_id) for first, second in pairs]
    protocols = {}
    for name, parts in sorted(parts_of.items()):
        part_of = {face_id: part for part, members in parts.items() for face_id in members}
        shared = [pair for pair in ids if {*pair} <= part_of.keys() and part_of[pair[0]] != part_of[pair[1]]]
        examples = [[f"{face_id} ({part_of[face_id]})" for face_id in pair] for pair in shared[:EXAMPLES]]
        protocols[name] = SharedImages(len(shared), examples)
    return NearImages(bound=BOUND, alike=ALIKE, faces=len(faces), pairs=len(pairs), protocols=protocols)


def notice(near: NearImages) -> str:
    """Return in a sentence which protocols hold such images, with one example of each."""
    if not near.shared:
        return "no two parts of a protocol hold images that look the same"
    named = [f"{name} {shared.pairs} pairs, such as {' and '.join(shared.examples[0])}" for name, shared in near.shared.items()]
    return f"images that look the same stand in two parts: {'; '.join(named)}"
