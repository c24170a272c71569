"""How many bytes a video's file spends on a frame: a mark of its making that no picture shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import av

from fasrepro.archives import ARCHIVES
from fasrepro.archives.layout import ArchiveError
from fasrepro.data import progress


def bytes_per_frame(path: Path) -> float:
    """Return the size of a video's file over the number of its frames, which are counted and not decoded.

    Raises `ArchiveError` naming the file where it is no video or has no frames.
    """
    try:
        with av.open(str(path)) as container:
            frames = sum(1 for packet in container.demux(video=0) if packet.size)
    except (av.FFmpegError, IndexError, OSError) as error:
        raise ArchiveError(f"{path}: not readable as a video ({error}); restore the file, then `dvc repro`") from None
    if not frames:
        raise ArchiveError(f"{path}: a video without frames; restore the file, then `dvc repro`")
    return path.stat().st_size / frames


def of_presentations(archives: Callable[[str], Path], wanted: Iterable[str]) -> dict[str, float]:
    """Return the bytes a frame of each presentation that is `wanted` by its id.

    `archives` returns the folder that holds the official tree of a data set.

    A terminal on standard error is shown how far it is. Raises `ArchiveError` for one that no archive holds.
    """
    left = set(wanted)
    found: dict[str, float] = {}
    show = progress.on_terminal("audit: video sizes", len(left))
    for name in sorted({presentation.partition("/")[0] for presentation in left}):
        root = archives(name) / ARCHIVES[name].FOLDER
        for shown in ARCHIVES[name].read(root).presentations:
            if shown.id in left:
                left.discard(shown.id)
                found[shown.id] = bytes_per_frame(root / shown.path)
                show(len(found))
    if left:
        first = min(left)
        folder = archives(first.partition("/")[0])
        raise ArchiveError(f"{folder}: holds no video of {first}, which the index names; `dvc repro` reads the archives anew")
    return found
