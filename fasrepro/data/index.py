"""From an archive on disk to faces: two frames a video, a box, a crop, and a report on all that was excluded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2

from fasrepro import crops, names
from fasrepro.archives import archive, locate
from fasrepro.archives.layout import ArchiveError, Exclusion, Presentation, Reading
from fasrepro.data import cropping, faces, index_report, inspection, mtcnn, progress
from fasrepro.data.frames import VideoError, decode, held_frames
from fasrepro.data.index_report import IndexedVideo
from fasrepro.data.settings import IndexSettings
from fasrepro.rows import table
from fasrepro.rows.faces import Face, face_id


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


def read_archive(folder: Path, name: str) -> tuple[Path, Reading]:
    """Return where a data set lies in `folder`, and what is read there; its presentations' paths are relative to that place.

    Raises:
        ArchiveError: the data set is unknown or absent, or its tree is not the official one.
        IndexingError: no video is recognised, a class of a split is missing, or a subject is in two splits.
    """
    tree = locate.tree_of(folder, name)
    root, reading = tree.root, archive(name).read(tree)
    if not reading.presentations:
        raise IndexingError(f"{root}: no video recognised; {excluded(reading.exclusions)}; restore the official tree")
    lacks = inspection.lacks(name, reading)
    if lacks:
        raise IndexingError(f"{root}: {', '.join(lacks)}; restore the official tree (`fasrepro inspect` names what is missing)")
    split_of: dict[str, str] = {}
    for presentation in reading.presentations:
        subject, split = presentation.subject, presentation.split
        if split_of.setdefault(subject, split) != split:
            raise IndexingError(
                f"{root / presentation.path}: {subject} is in {split_of[subject]} and in {split}: a subject in two splits;"
                " restore the official tree"
            )
    return root, reading


def excluded(exclusions: list[Exclusion]) -> str:
    """Return, for a message about a data set without faces, how many files were excluded, and the first with its reason."""
    if not exclusions:
        return "the folder is empty"
    return f"{len(exclusions)} excluded, the first: {exclusions[0].path}: {exclusions[0].reason}"


def index_video(root: Path, presentation: Presentation, settings: IndexSettings) -> tuple[IndexedVideo, list[bytes]] | Exclusion:
    """Return the faces of one video and their crops as PNG files, or the reason why it has none.

    Args:
        root: of the archive.
        presentation: the video.
        settings: which frames are taken, and how they are cropped.

    Raises:
        IndexingError: naming the video, for an error that is not the file's fault.
    """
    try:
        return _indexed(root, presentation, settings)
    except (VideoError, ArchiveError) as error:
        return Exclusion(presentation.path, str(error).replace(f"{root}/", ""))
    except (OSError, cv2.error, ValueError) as error:  # decoders and OpenCV raise these for malformed files
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return Exclusion(presentation.path, reason.replace(f"{root}/", ""))
    except Exception as error:
        raise IndexingError(
            f"{root / presentation.path}: {type(error).__name__}: {error}; if only this video fails, remove it"
        ) from error


def _indexed(root: Path, presentation: Presentation, settings: IndexSettings) -> tuple[IndexedVideo, list[bytes]]:
    official = archive(presentation.dataset)
    path = root / presentation.path
    sidecar = official.boxes(root, presentation.path)
    turns = official.rotation(presentation.official or presentation.path)
    if turns is None and sidecar is not None:
        turns = 0  # a sidecar refers to the frame as stored, whatever the file asks players to do
    frames = decode(path, settings.every, turns)
    frames, boxes, source = faces.find(path, frames, sidecar, settings.min_face)
    with_face = len(boxes)
    stand_ins: faces.StandIns = {}
    if settings.neighbours and source != "centre":
        missed = [number for number in frames.candidates if number not in boxes]
        neighbours = {number: faces.neighbours(number, settings.neighbours, settings.every) for number in missed}
        boxes_by_sidecar = sidecar if source == "sidecar" else None
        stand_ins = faces.stand_ins(path, frames, boxes, neighbours, settings.min_face, boxes_by_sidecar)
        boxes |= dict(stand_ins.values())
    picked = faces.pick(list(boxes), settings.first)
    convention = cropping.CROPS[settings.crop]
    eyes = (official.eyes(root, presentation.path) if convention.place and source == "sidecar" else None) or {}
    rows, pictures, eye_sources = [], [], []
    for number, holder in held_frames(path, frames, picked):
        crop, box, eye_source = cropping.crop(holder.rgb(number), boxes[number], convention, eyes.get(number))
        picture, sha256 = crops.encode(crop)
        pictures.append(picture)
        eye_sources.append(eye_source)
        rows.append(
            Face(
                face_id=face_id(presentation.id, number),
                dataset=presentation.dataset,
                split=presentation.split,
                subject=presentation.subject,
                presentation=presentation.id,
                frame=number,
                label=presentation.label,
                species=presentation.species,
                instrument=presentation.instrument,
                camera=presentation.camera,
                box=box,
                box_source=source,
                crop=f"{presentation.id}_{number:04d}.png",
                crop_sha256=sha256,
            )
        )
    missed_by_picked = {number: missed for missed, (number, _) in stand_ins.items() if number in picked}
    video = IndexedVideo(
        path=presentation.path,
        rows=rows,
        candidates=len(frames.candidates),
        with_face=with_face,
        stand_ins=missed_by_picked,
        eye_sources=eye_sources,
        turns=frames.turns,
    )
    return video, pictures


def build(archives: Path, name: str, folder: Path, settings: IndexSettings) -> dict[str, Any]:
    """Index a data set into `folder` (<name>.parquet and crops/<name>.zip) and return `index_report.report`.

    One video is held in memory at a time.

    Args:
        archives: the folder that holds the official tree.
        name: of the data set.
        folder: to write to.
        settings: which frames are taken, and how they are cropped.

    Raises:
        IndexingError: as `check` and `read_archive` do; too many videos are unreadable; no face is found; the table cannot be
            written.
    """
    check(settings)
    cv2.setNumThreads(1)
    root, reading = read_archive(archives, name)
    videos: list[IndexedVideo] = []
    unreadable: list[Exclusion] = []
    show = progress.on_terminal(f"index {name}", len(reading.presentations))
    with crops.packed(folder / "crops") as pack:
        for done, presentation in enumerate(reading.presentations, start=1):
            result = index_video(root, presentation, settings)
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
