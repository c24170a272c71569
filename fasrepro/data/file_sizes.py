"""The bytes that a video's file spends on a frame: a trace of its making that no picture shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import av

from fasrepro.archives import archive, locate
from fasrepro.archives.layout import ArchiveError
from fasrepro.data import progress


def bytes_per_frame(path: Path) -> float:
    """Return the size of a video's file over the number of its frames, which are counted without decoding.

    Raises `ArchiveError` naming a file that is no video or has no frames.
    """
    try:
        with av.open(str(path)) as container:
            frames = sum(1 for packet in container.demux(video=0) if packet.size)
    except (av.FFmpegError, IndexError, OSError) as error:
        raise ArchiveError(f"{path}: not readable as a video ({error}); restore the file, then `dvc repro`") from None
    if not frames:
        raise ArchiveError(f"{path}: a video without frames; restore the file, then `dvc repro`")
    return path.stat().st_size / frames


def of_presentations(folder_of: Callable[[str], Path], wanted: Iterable[str]) -> dict[str, float]:
    """Return the bytes per frame of presentations, by id. Standard error shows the progress.

    Args:
        folder_of: returns the folder that holds the official tree of a data set.
        wanted: ids of presentations.

    Raises:
        ArchiveError: an archive lacks a presentation.
    """
    missing = set(wanted)
    sizes: dict[str, float] = {}
    show = progress.to_stderr("audit: video sizes", len(missing))
    for name in sorted({presentation_id.partition("/")[0] for presentation_id in missing}):
        tree = locate.tree_of(folder_of(name), name)
        for presentation in archive(name).read(tree).presentations:
            if presentation.id in missing:
                missing.discard(presentation.id)
                sizes[presentation.id] = bytes_per_frame(tree.root / presentation.path)
                show(len(sizes))
    if missing:
        first = min(missing)
        folder = folder_of(first.partition("/")[0])
        raise ArchiveError(f"{folder}: no video of {first}, which the index names; `dvc repro` reads the archives anew")
    return sizes
