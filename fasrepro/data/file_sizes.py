"""The bytes that a video's file spends on a frame: a trace of its making that no picture shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import av

from fasrepro.archives import hdf5, layout
from fasrepro.archives.layout import ArchiveError, MediaFile, Reading
from fasrepro.data import progress


def bytes_per_frame(path: Path) -> float:
    """Return the size of a file over the number of its frames, which are counted without decoding; a still image has one.

    Raises `ArchiveError` naming a file that is no video or has no frames.
    """
    frames = hdf5.count(path) if path.suffix.lower() in hdf5.SUFFIXES else _packets(path)
    if not frames:
        raise ArchiveError(f"{path}: a video without frames; restore the file, then `dvc repro`")
    return path.stat().st_size / frames


def _packets(path: Path) -> int:
    try:
        with av.open(str(path)) as container:
            return sum(1 for packet in container.demux(video=0) if packet.size)
    except (av.FFmpegError, IndexError, OSError) as error:
        raise ArchiveError(f"{path}: not readable as a video ({error}); restore the file, then `dvc repro`") from None


def of_files(root: Path, listed: list[MediaFile]) -> float:
    """Return the bytes per frame of the files that stand in for an official video: of a video, or the mean size of pictures."""
    paths = [root / file.path for file in listed]
    if paths[0].suffix.lower() in layout.VIDEOS:
        return bytes_per_frame(paths[0])
    return sum(path.stat().st_size for path in paths) / len(paths)


def of_presentations(read: Callable[[str], tuple[Path, Reading]], wanted: Iterable[str]) -> dict[str, float]:
    """Return the bytes per frame of presentations, by id. Standard error shows the progress.

    Args:
        read: returns where a data set lies and what is read there, as `formats.read` does.
        wanted: ids of presentations.

    Raises:
        ArchiveError: an archive lacks a presentation.
    """
    missing = set(wanted)
    sizes: dict[str, float] = {}
    show = progress.to_stderr("audit: video sizes", len(missing))
    for name in sorted({presentation_id.partition("/")[0] for presentation_id in missing}):
        root, reading = read(name)
        for presentation in reading.presentations:
            if presentation.id in missing:
                missing.discard(presentation.id)
                listed = reading.files.get(presentation.id, [])
                sizes[presentation.id] = of_files(root, listed) if listed else bytes_per_frame(root / presentation.path)
                show(len(sizes))
        absent = sorted(one for one in missing if one.startswith(f"{name}/"))
        if absent:
            raise ArchiveError(f"{root}: no video of {absent[0]}, which the index names; `dvc repro` reads the archives anew")
    return sizes
