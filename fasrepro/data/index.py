"""From an archive on disk to faces: two frames a video, a box, a crop, and a report on all that was excluded."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import cv2

from fasrepro import crops, names
from fasrepro.archives import archive, formats
from fasrepro.archives.layout import ArchiveError, Exclusion, MediaFile, Presentation, Reading
from fasrepro.data import cropping, index_journal, index_report, inspection, mtcnn, presentations, progress
from fasrepro.data.frames import VideoError
from fasrepro.data.index_report import IndexedVideo
from fasrepro.data.settings import IndexSettings
from fasrepro.hashing import sha256_json
from fasrepro.rows import table
from fasrepro.rows.faces import Face

WORST_REASONS = 3  # of excluded files, that are named where they are too many


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

    One video is held in memory at a time. Videos that an earlier call with this folder, these settings and this code has decoded
    are taken from its journal, <name>.journal, which is removed at the end. So a folder is for one code and one `settings`, but
    that `max_exclusion_rate` may differ.

    Args:
        archives: the folder that holds the data set.
        name: of the data set.
        folder: to write to.
        settings: which frames are taken, and how they are cropped.
        form: a format of `archives.formats`.

    Raises:
        IndexingError: as `check` and `read_archive` do; too many videos are unreadable, as soon as that is certain; no face is
            found; the table cannot be written.
        JournalError: the journal cannot be written.
    """
    check(settings)
    cv2.setNumThreads(1)
    root, reading = read_archive(archives, name, form)
    total = len(reading.presentations)
    limit = settings.max_exclusion_rate * total
    videos: list[IndexedVideo] = []
    unreadable: list[Exclusion] = []
    faults = [one for one in reading.exclusions if not one.by_design]
    _check_faults(faults, limit, root, total)
    with index_journal.opened(folder / f"{name}.journal") as journal, crops.packed(folder / "crops") as pack:
        show = progress.to_stderr(f"index {name}", total)
        kept = 0
        for done, presentation in enumerate(reading.presentations, start=1):
            listed = reading.files.get(presentation.id, [])
            key = _journal_key(root, presentation, listed)
            result = journal.read(key)
            if result is None:
                result = index_video(root, presentation, settings, listed)
                if not isinstance(result, Exclusion):  # a file that could not be read is tried again by the next run
                    journal.add(key, *result)
            else:
                kept += 1
            if isinstance(result, Exclusion):
                unreadable.append(result)
                faults.append(result)
                _check_faults(faults, limit, root, total)
            else:
                video, pictures = result
                videos.append(video)
                for row, picture in zip(video.rows, pictures, strict=True):
                    pack(row.crop, picture)
            show(done, kept)
    rows = [row for video in videos for row in video.rows]
    if not rows:
        raise IndexingError(f"{root}: no face; {excluded(unreadable)}; restore the official tree")
    path = folder / f"{name}.parquet"
    try:
        table.write(path, rows, Face)
    except OSError as error:
        raise IndexingError(f"{path}: cannot be written: {error.strerror or error}; make room and run the stage again") from None
    journal.path.unlink()
    report = index_report.report(videos, total, reading, unreadable)
    if not form and hasattr(archive(name), "printable"):
        report["printable"] = sorted(archive(name).printable(formats.tree_of(archives, name, form)))
    return report


def _journal_key(root: Path, presentation: Presentation, listed: list[MediaFile]) -> str:
    """Return a hash of all that a video's faces are made of, but for settings and code: its name, its files and its sidecar.

    A file is known by its size and time, because reading it takes as long as decoding it. `listed` as in `index_video`.
    """
    made_of: list[Any] = [dataclasses.asdict(presentation), *map(dataclasses.asdict, listed)]
    try:
        for path in [file.path for file in listed] or [presentation.path]:
            state = (root / path).stat()
            made_of += [state.st_size, state.st_mtime_ns]
        if not listed:
            official = archive(presentation.dataset)
            made_of.append(official.boxes(root, presentation.path))
            made_of.append(official.eyes(root, presentation.path))
    except Exception as error:  # `index_video` meets it again, and says what is wrong with the video
        made_of.append(str(error))
    return sha256_json(made_of)


def _check_faults(faults: list[Exclusion], limit: float, root: Path, total: int) -> None:
    """Raise `IndexingError` once there are more faults than the limit, however the videos that are left may turn out."""
    if len(faults) <= limit:
        return
    reasons: dict[str, list[Exclusion]] = {}
    for fault in faults:
        reasons.setdefault(fault.reason.replace(fault.path, "").rstrip(": "), []).append(fault)
    worst = sorted(reasons.values(), key=len, reverse=True)[:WORST_REASONS]
    named = "; ".join(f"{len(alike)} like {alike[0].path}: {alike[0].reason}" for alike in worst)
    raise IndexingError(
        f"{root}: {len(faults)} files left out or unreadable, more than index.max_exclusion_rate allows of {total} videos"
        f" ({limit / total:g}), so that no other is read: {named}"
    )
