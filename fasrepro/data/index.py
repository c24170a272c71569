"""From an archive on disk to faces: two frames a video, a box, a crop, and a report on all that was excluded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2

from fasrepro import crops, names
from fasrepro.archives import formats
from fasrepro.archives.layout import ArchiveError, Exclusion, MediaFile, Presentation, Reading
from fasrepro.data import cropping, index_report, inspection, mtcnn, presentations, progress
from fasrepro.data.frames import VideoError
from fasrepro.data.index_report import IndexedVideo
from fasrepro.data.settings import IndexSettings
from fasrepro.rows import table
from fasrepro.rows.faces import Face


class IndexingError(ValueError):
    """An archive or settings that give no index; the message names the fault and the remedy."""


def check(settings: IndexSettings) -> None:
    """Raise `IndexingError` for settings that cannot be."""
    where = "params.yaml: index"
    names.lookup(cropping.CROPS, settings.crop, "crop convention", IndexingError, f"{where}.crop")
    if settings.every < 1 or settings.first < 0 or settings.neighbours < 0:
        raise IndexingError(f"{where}: every must be at least 1, first and neighbours at least 0")
    if settings.min_face < mtcnn.CELL:
        raise IndexingError(f"{where}: min_face must be at least {mtcnn.CELL} pixels: the detector finds no smaller face")


def read_archive(folder: Path, name: str, form: str = "") -> tuple[Path, Reading]:
    """Return where a data set lies in `folder`, and what is read there; all paths of the reading are relative to that place.

    Raises:
        ArchiveError: the data set is unknown or absent, or it is not in the format `form` of `archives.formats`.
        IndexingError: no video is recognised, a class of a split is missing, or a subject is in two splits.
    """
    root, reading = formats.read(folder, name, form)
    remedy = f"complete the {form}" if form else "restore the official tree"
    if not reading.presentations:
        raise IndexingError(f"{root}: no video recognised; {excluded(reading.exclusions)}; {remedy}")
    lacks = inspection.lacks(name, reading)
    if lacks:
        raise IndexingError(f"{root}: {', '.join(lacks)}; {remedy} (`fasrepro inspect` names what is missing)")
    split_of: dict[str, str] = {}
    for presentation in reading.presentations:
        subject, split = presentation.subject, presentation.split
        if split_of.setdefault(subject, split) != split:
            raise IndexingError(
                f"{root / presentation.path}: {subject} is in {split_of[subject]} and in {split}: a subject in two splits;"
                f" {remedy}"
            )
    return root, reading


def excluded(exclusions: list[Exclusion]) -> str:
    """Return, for a message about a data set without faces, how many files were excluded, and the first with its reason."""
    if not exclusions:
        return "the folder is empty"
    return f"{len(exclusions)} excluded, the first: {exclusions[0].path}: {exclusions[0].reason}"


def index_video(
    root: Path, presentation: Presentation, settings: IndexSettings, listed: list[MediaFile]
) -> tuple[IndexedVideo, list[bytes]] | Exclusion:
    """Return the faces of one video and their crops as PNG files, or the reason why it has none.

    Args:
        root: of the archive.
        presentation: the video.
        settings: which frames are taken, and how they are cropped.
        listed: the files that stand in for the official video; empty for the video itself.

    Raises:
        IndexingError: naming the video, for an error that is not the file's fault.
    """
    try:
        if listed:
            return presentations.of_files(root, presentation, listed, settings)
        return presentations.of_archive(root, presentation, settings)
    except (VideoError, ArchiveError) as error:
        return Exclusion(presentation.path, str(error).replace(f"{root}/", ""))
    except (OSError, cv2.error, ValueError) as error:  # decoders and OpenCV raise these for malformed files
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return Exclusion(presentation.path, reason.replace(f"{root}/", ""))
    except Exception as error:
        raise IndexingError(
            f"{root / presentation.path}: {type(error).__name__}: {error}; if only this video fails, remove it"
        ) from error


def build(archives: Path, name: str, folder: Path, settings: IndexSettings, form: str = "") -> dict[str, Any]:
    """Index a data set into `folder` (<name>.parquet and crops/<name>.zip) and return `index_report.report`.

    One video is held in memory at a time.

    Args:
        archives: the folder that holds the data set.
        name: of the data set.
        folder: to write to.
        settings: which frames are taken, and how they are cropped.
        form: a format of `archives.formats`.

    Raises:
        IndexingError: as `check` and `read_archive` do; too many videos are unreadable; no face is found; the table cannot be
            written.
    """
    check(settings)
    cv2.setNumThreads(1)
    root, reading = read_archive(archives, name, form)
    videos: list[IndexedVideo] = []
    unreadable: list[Exclusion] = []
    show = progress.on_terminal(f"index {name}", len(reading.presentations))
    with crops.packed(folder / "crops") as pack:
        for done, presentation in enumerate(reading.presentations, start=1):
            result = index_video(root, presentation, settings, reading.files.get(presentation.id, []))
            if isinstance(result, Exclusion):
                unreadable.append(result)
            else:
                video, pictures = result
                videos.append(video)
                for row, picture in zip(video.rows, pictures, strict=True):
                    pack(row.crop, picture)
            show(done)
    total = len(reading.presentations)
    faults = unreadable + [one for one in reading.exclusions if not one.by_design]
    if len(faults) > settings.max_exclusion_rate * total:
        raise IndexingError(
            f"{root}: {len(faults)} files left out or unreadable beside {total} videos, more than index.max_exclusion_rate ="
            f" {settings.max_exclusion_rate}; the first: {faults[0].path}: {faults[0].reason}"
        )
    rows = [row for video in videos for row in video.rows]
    if not rows:
        raise IndexingError(f"{root}: no face; {excluded(unreadable)}; restore the official tree")
    path = folder / f"{name}.parquet"
    try:
        table.write(path, rows, Face)
    except OSError as error:
        raise IndexingError(f"{path}: cannot be written: {error.strerror or error}; make room and run the stage again") from None
    return index_report.report(videos, total, reading, unreadable)
