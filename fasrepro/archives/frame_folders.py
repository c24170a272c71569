"""Presentations that are stored as a folder of frames: one frame is read, in the middle, because a presentation has one path."""

from __future__ import annotations

import re
from collections.abc import Iterable

_COLOUR = re.compile(r"(?:.*/)?color/[0-9]+\.jpg", re.IGNORECASE | re.DOTALL)
_OTHER_CHANNEL = re.compile(r"(?:.*/)?(?:depth|ir)/[0-9]+\.jpg", re.IGNORECASE | re.DOTALL)


def frame_number(path: str) -> tuple[int, str]:
    """Return the number of a frame in its folder, and its name, which orders frames of the same number.

    >>> frame_number("Data/1_05_0_2_6_1/0009.png")
    (9, '0009.png')
    """
    name = path.rpartition("/")[2]
    return int(name.partition(".")[0]), name


def middle_frames(frames: Iterable[str]) -> set[str]:
    """Return the middle frame of each folder, in order of numbers; of an even count, the later one of the two.

    >>> middle_frames(["a/2.png", "a/10.png", "a/1.png"])
    {'a/2.png'}
    """
    frames_by_folder: dict[str, list[str]] = {}
    for path in frames:
        frames_by_folder.setdefault(path.rpartition("/")[0], []).append(path)
    ordered = [sorted(paths, key=frame_number) for paths in frames_by_folder.values()]
    return {paths[len(paths) // 2] for paths in ordered}


def unread_of_three_channels(paths: Iterable[str]) -> set[str]:
    """Return the frames that are not read where each video has the folders color, depth and ir.

    >>> sorted(unread_of_three_channels(["a/color/1.jpg", "a/color/2.jpg", "a/depth/1.jpg"]))
    ['a/color/1.jpg', 'a/depth/1.jpg']
    """
    paths = list(paths)
    colour = [path for path in paths if _COLOUR.fullmatch(path)]
    other_channels = [path for path in paths if _OTHER_CHANNEL.fullmatch(path)]
    return {*colour, *other_channels} - middle_frames(colour)
